package scenarios

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A complaint is what a refusal says about one part of a request.
type complaint struct {
	field string // tokens joined by slashes: "address/zip"; empty when none is named
	text  string
}

// mostComplaints bounds what is read of one refusal.
const mostComplaints = 16

// complaintsIn reads what the body of a refusal complains of: problem details
// with errors or invalid-params (RFC 9457 §3), JSON:API, and what the validators
// of the widespread frameworks answer, which all list pairs of a place and a
// sentence, or map places to sentences.
func complaintsIn(body string) []complaint {
	var v any
	if json.Unmarshal([]byte(body), &v) != nil {
		return plainComplaints(body)
	}
	w := &grumbler{}
	w.walk(v)
	if len(w.found) == 0 {
		if m, ok := v.(map[string]any); ok {
			w.sentence("", textOf(m, sentenceKeys()))
		}
	}
	return w.found[:min(len(w.found), mostComplaints)]
}

func placeKeys() []string {
	return []string{"pointer", "instancePath", "dataPath", "field", "propertyPath", "property", "param", "parameter", "loc", "path", "name", "in_field", "location", "attribute"}
}

func sentenceKeys() []string {
	return []string{"detail", "message", "msg", "reason", "defaultMessage", "description", "error", "title"}
}

// mapsOfPlaces are the members under which a refusal maps places to sentences.
func mapsOfPlaces(name string) bool {
	return slices.Contains([]string{"errors", "fieldErrors", "field_errors", "validationErrors", "validation_errors", "violations", "fields", "details", "detail", "json", "body", "query", "invalid-params"}, name)
}

type grumbler struct{ found []complaint }

func (w *grumbler) walk(v any) {
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			if m, ok := e.(map[string]any); ok && w.entry(m) {
				continue
			}
			w.walk(e)
		}
	case map[string]any:
		for _, k := range sortedKeys(x) {
			if m, ok := x[k].(map[string]any); ok && mapsOfPlaces(k) {
				w.places(m)
			}
			w.walk(x[k])
		}
	}
}

// entry takes an element of a list for a complaint when it has a sentence, and
// a place or another sentence beside it.
func (w *grumbler) entry(m map[string]any) bool {
	text := textOf(m, sentenceKeys())
	if text == "" {
		return false
	}
	place := m
	if source, ok := m["source"].(map[string]any); ok {
		place = source
	}
	for _, k := range placeKeys() {
		if at := placeText(place[k]); at != "" {
			w.sentence(at, text)
			return true
		}
	}
	return w.sentence("", text)
}

// places takes the members of an object for places, where they hold sentences.
func (w *grumbler) places(m map[string]any) {
	for _, k := range sortedKeys(m) {
		switch x := m[k].(type) {
		case string:
			w.sentence(k, x)
		case []any:
			for _, e := range x {
				if s, ok := e.(string); ok {
					w.sentence(k, s)
				}
			}
		}
	}
}

// sentence notes a complaint. Where no place is given, the sentence may begin
// with one: "quantity: must be at most 5".
func (w *grumbler) sentence(at, text string) bool {
	if text == "" {
		return false
	}
	if at == "" {
		if m := leading().FindStringSubmatch(text); m != nil {
			at, text = m[1], m[2]
		}
	}
	c := complaint{tidy(at), text}
	if !slices.Contains(w.found, c) {
		w.found = append(w.found, c)
	}
	return true
}

func leading() *regexp.Regexp {
	return regexp.MustCompile(`^["'\x60]?([A-Za-z_][\w.\-\[\]]*)["'\x60]?\s*(?::|(?:must|should|is|has|cannot|may)\b)\s*(.+)$`)
}

func textOf(m map[string]any, keys []string) string {
	for _, k := range keys {
		if s, ok := m[k].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

// placeText is a place that is written as a text or as a list of tokens.
func placeText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, fmt.Sprint(e))
		}
		return strings.Join(parts, "/")
	}
	return ""
}

// tidy brings a place into one form: "#/a/b", "$.a.b", "body.a.b", "a[0].b" and
// "/data/attributes/a" become "a/b", "a/0/b" and "a".
func tidy(at string) string {
	at = strings.TrimLeft(at, "#$/.")
	at = strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(at)
	for _, prefix := range []string{"data/attributes/", "body/", "json/", "query/", "path/", "header/"} {
		at = strings.TrimPrefix(at, prefix)
	}
	return strings.Trim(at, "/")
}

// plainComplaints reads sentences of plain text, those of go-playground's
// validator among them.
func plainComplaints(body string) []complaint {
	w := &grumbler{}
	for line := range strings.SplitSeq(body, "\n") {
		if m := regexp.MustCompile(`Key: '(?:\w+\.)?([\w.]+)' Error:.* failed on the '(\w+)' tag`).FindStringSubmatch(line); m != nil {
			w.sentence(strings.ToLower(m[1]), m[2])
		} else if leading().MatchString(strings.TrimSpace(line)) && !strings.HasPrefix(strings.TrimSpace(line), "<") {
			w.sentence("", strings.TrimSpace(line))
		}
	}
	return w.found[:min(len(w.found), mostComplaints)]
}
