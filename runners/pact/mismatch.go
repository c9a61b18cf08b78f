package pact

import (
	"encoding/json"
	"fmt"
	"strings"
)

// mismatch is how the core says in JSON what is wrong with an interaction.
type mismatch struct {
	Type       string     `json:"type"`
	Message    string     `json:"message"`
	Path       string     `json:"path"`
	Key        string     `json:"key"`
	Mismatch   string     `json:"mismatch"`
	Mismatches []mismatch `json:"mismatches"`
}

// readable turns the core's JSON into lines for people; what is not of that
// form is left as it is.
func readable(text string) []string {
	var m mismatch
	if err := json.Unmarshal([]byte(text), &m); err != nil || len(m.Mismatches) == 0 {
		if m.Message != "" {
			return []string{m.Message}
		}
		return []string{text}
	}
	var out []string
	for _, x := range m.Mismatches {
		switch {
		case x.Type == "StatusMismatch": // explains the others
			out = append([]string{status(x.Mismatch)}, out...)
		case x.Type == "BodyMismatch" && x.Path != "":
			out = append(out, fmt.Sprintf("body %s: %s", x.Path, x.Mismatch))
		case x.Key != "":
			out = append(out, fmt.Sprintf("%s: %s", x.Key, x.Mismatch))
		default:
			out = append(out, x.Mismatch)
		}
	}
	return out
}

// status says of a status that no rule allows what the core says of one that is
// not the only one.
func status(text string) string {
	rest, ok := strings.CutPrefix(text, "Expected status code ")
	got, want, listed := strings.Cut(rest, " to be a ")
	if !ok || !listed {
		return text
	}
	return fmt.Sprintf("expected %s but was %s", strings.ReplaceAll(want, ", ", " or "), got)
}
