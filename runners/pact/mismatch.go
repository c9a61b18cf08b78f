package pact

import (
	"encoding/json"
	"fmt"
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
			out = append([]string{x.Mismatch}, out...)
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
