package compare

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// leaf holds one value, or what the rules at its place stand for, against the
// document.
func (w *walker) leaf(v any, at place, parts reading, rule rule) result {
	var r result
	ms := slices.DeleteFunc(slices.Clone(rule.matchers), func(m matcher) bool { return m.Match == "equality" })
	if len(ms) == 0 {
		if why := w.refused(v, parts); why != "" {
			r.say(at, incompatible, "%s: %s", shown(v), why)
		}
		return r
	}
	var failed []problem
	for _, m := range ms {
		p := problem{pointer: at.pointer(), kind: incompatible}
		if w.way == schema.Response {
			p.message = w.unanswerable(m, v, parts)
			if p.message == "" {
				p.message, p.kind = w.narrower(m, parts), wider
			}
		} else {
			p.message, p.kind = w.unsendable(m, v, parts)
		}
		if p.message != "" {
			failed = append(failed, p)
		}
	}
	// One of several alternatives has to do for a response; a request may be any of them.
	if rule.or && w.way == schema.Response && len(failed) < len(ms) {
		return r
	}
	r.problems = failed
	return r
}

func shown(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data[:min(len(data), 80)])
}

// refused says why the parts do not accept a value; empty when they do.
func (w *walker) refused(v any, parts reading) string {
	for _, p := range parts {
		if s := p.Value; s.Always != nil && !*s.Always {
			return "the document allows nothing here"
		}
		for _, b := range w.set.Check(p, w.way, v) {
			return b.Message
		}
	}
	return ""
}

// kindOf is the JSON type of a value.
func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number, float64, int:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// listed are the values that an enumeration or a constant leaves, as far as
// all parts accept them.
func (w *walker) listed(parts reading) (values []any, ok bool) {
	for _, p := range parts {
		all := p.Value.Enum
		if p.Value.Const != nil {
			all = []any{p.Value.Const}
		}
		if len(all) == 0 {
			continue
		}
		for _, v := range all {
			if v = plain(v); w.refused(v, parts) == "" {
				values = append(values, v)
			}
		}
		return values, true
	}
	return nil, false
}

// plain is a value as a decoder with UseNumber gives it.
func plain(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if decode(data, &out) != nil {
		return v
	}
	return out
}

// unanswerable says why no answer that the document allows satisfies the
// matcher.
func (w *walker) unanswerable(m matcher, v any, parts reading) string {
	if values, ok := w.listed(parts); ok {
		if slices.ContainsFunc(values, func(x any) bool { return m.takes(x, v) }) {
			return ""
		}
		return fmt.Sprintf("%s accepts none of the values %s that the document has", m, shown(values))
	}
	switch m.Match {
	case "regex":
		return w.unmatched(m, v, parts)
	case "date", "time", "timestamp", "datetime", "semver", "include":
		return w.refused(v, parts)
	}
	return m.mistyped(v, parts)
}

// mistyped says why no value of the types that the document has satisfies the
// matcher.
func (m matcher) mistyped(v any, parts reading) string {
	kind := kindOf(v)
	reads, types := map[string]string{
		"type": "a " + kind, "notEmpty": "a " + kind, "integer": "a number", "number": "a number",
		"decimal": "a number with a fraction", "boolean": "a boolean", "null": "null",
	}[m.Match], map[string][]string{
		"type": {kind}, "notEmpty": {kind}, "integer": {"integer"}, "number": {"integer"}, "decimal": {"number"}, "boolean": {"boolean", "string"}, "null": {"null"},
	}[m.Match]
	if len(types) == 1 && types[0] == "number" && m.Match != "decimal" {
		types = []string{"integer"} // which any number may be
	}
	if len(types) == 0 || slices.ContainsFunc(types, parts.admits) {
		return ""
	}
	return fmt.Sprintf("the consumer reads %s, and the document has %s", reads, parts.types())
}

// unmatched looks for a text that both the pattern of a rule and the document
// accept.
func (w *walker) unmatched(m matcher, v any, parts reading) string {
	if !parts.admits("string") {
		for _, kind := range []string{"integer", "number", "boolean"} {
			if parts.admits(kind) {
				return "" // Pact matches the text of a number or a boolean
			}
		}
		return fmt.Sprintf("the consumer reads text, and the document has %s", parts.types())
	}
	candidates, _ := texts(m.Regex)
	for _, p := range parts {
		if p.Value.Pattern != "" {
			more, _ := texts(p.Value.Pattern)
			candidates = append(candidates, more...)
		}
		candidates = append(candidates, formatted(p.Value.Format)...)
	}
	if s, ok := v.(string); ok {
		candidates = append(candidates, s)
	}
	why := ""
	for _, c := range candidates {
		if !matches(m.Regex, c) {
			continue
		}
		if why = w.refused(c, parts); why == "" {
			return ""
		}
	}
	if why == "" {
		why = "nothing that the document describes matches it"
	}
	return fmt.Sprintf("%s: %s", m, why)
}

// narrower says which answer the document allows that the matcher does not
// take: the state of the provider may rule it out, so that it is a doubt only.
func (w *walker) narrower(m matcher, parts reading) string {
	if values, ok := w.listed(parts); ok && m.Match == "regex" {
		for _, x := range values {
			if x != nil && !m.takes(x, x) {
				return fmt.Sprintf("the document allows %s, which %s does not accept", shown(x), m)
			}
		}
	}
	if m.Match == "integer" && parts.admits("number") && !slices.ContainsFunc(parts, func(p *openapi3.SchemaRef) bool { return p.Value.Type == nil }) {
		return "the document allows numbers with a fraction, which the consumer does not accept"
	}
	return ""
}

// unsendable says what the matcher lets the consumer send that the document
// does not take.
func (w *walker) unsendable(m matcher, v any, parts reading) (message, kind string) {
	switch m.Match {
	case "type", "notEmpty":
		if constrained(parts) {
			return fmt.Sprintf("a type rule lets the consumer send any %s, and the document takes fewer", kindOf(v)), wider
		}
	case "number", "decimal":
		if parts.admits("integer") && !parts.admits("number") {
			return "the consumer says that it sends numbers with a fraction, and the document takes integers", incompatible
		}
	case "null":
		if !parts.admits("null") {
			return "the consumer says that it sends null, and the document does not take it", incompatible
		}
	case "regex":
		return w.unsendableText(m, parts)
	}
	return "", ""
}

func (w *walker) unsendableText(m matcher, parts reading) (message, kind string) {
	if !parts.admits("string") {
		return "", "" // the text of a number: only the example can be judged
	}
	all, finite := texts(m.Regex)
	for _, text := range all {
		why := w.refused(text, parts)
		switch {
		case why == "" || !matches(m.Regex, text):
		case finite:
			return fmt.Sprintf("the consumer says that it sends %q: %s", text, why), incompatible
		default:
			return fmt.Sprintf("%s lets the consumer send %q: %s", m, text, why), wider
		}
	}
	return "", ""
}

func constrained(parts reading) bool {
	return slices.ContainsFunc(parts, func(p *openapi3.SchemaRef) bool {
		s := p.Value
		return len(s.Enum) > 0 || s.Const != nil || s.Pattern != "" || s.MinLength > 0 || s.MaxLength != nil ||
			s.Min != nil || s.Max != nil || s.MultipleOf != nil || s.Format != "" && !slices.Contains([]string{"int32", "int64", "float", "double", "password"}, s.Format)
	})
}

// String is how the rule is called in messages.
func (m matcher) String() string {
	if m.Match == "regex" {
		return "the pattern " + m.Regex
	}
	return "the rule " + m.Match
}

// takes tells whether the matcher accepts a value, given its example.
func (m matcher) takes(x, example any) bool {
	text, isText := x.(string)
	if !isText {
		text = strings.Trim(shown(x), `"`)
	}
	switch m.Match {
	case "type", "notEmpty":
		return kindOf(x) == kindOf(example)
	case "regex":
		return x != nil && matches(m.Regex, text)
	case "integer", "number", "decimal":
		return kindOf(x) == "number" && m.takesNumber(text)
	case "boolean":
		return kindOf(x) == "boolean" || text == "true" || text == "false"
	case "null":
		return x == nil
	case "include":
		return strings.Contains(text, fmt.Sprint(m.Value))
	}
	return true
}

func (m matcher) takesNumber(text string) bool {
	switch m.Match {
	case "integer":
		return !strings.ContainsAny(text, ".eE")
	case "decimal":
		return strings.Contains(text, ".")
	}
	return true
}
