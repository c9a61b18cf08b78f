package pactfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// deepest bounds how far a response schema is stated.
const deepest = 5

// A writer turns a response schema into an example and matching rules. What is
// in the example is required by Pact, so only required properties are.
type writer struct {
	op     string
	set    *schema.Set
	rules  map[string]any
	losses []Loss
}

func (w *writer) lose(path, keyword, reason string) {
	w.losses = append(w.losses, Loss{w.op, path, keyword, reason})
}

func (w *writer) rule(path string, rule map[string]any) {
	w.rules[path] = map[string]any{"combine": "AND", "matchers": []any{rule}}
}

func (w *writer) value(ref *openapi3.SchemaRef, path string, depth int) (any, bool) {
	if ref == nil || ref.Value == nil || depth > deepest {
		return nil, false
	}
	s := ref.Value
	if nullable(s) || len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) > 0 {
		w.lose(path, "nullable, oneOf, anyOf, allOf", "Pact has one shape for one place")
		return nil, false
	}
	w.bounds(s, path)
	switch kind(s) {
	case "object":
		return w.object(s, path, depth)
	case "array":
		w.rule(path, map[string]any{"match": "type", "min": 0})
		w.lose(path, "items", "a list may be empty, and Pact states at least one item")
		return []any{}, true
	case "integer":
		w.rule(path, map[string]any{"match": "integer"})
		return 1, true
	case "number":
		w.rule(path, map[string]any{"match": "number"})
		return 1.5, true
	case "boolean":
		w.rule(path, map[string]any{"match": "boolean"})
		return true, true
	case "string":
		return w.text(s, path), true
	}
	return nil, false
}

func nullable(s *openapi3.Schema) bool {
	return s.Nullable || s.Type != nil && slices.Contains(*s.Type, "null")
}

func kind(s *openapi3.Schema) string {
	if s.Type == nil || len(*s.Type) != 1 {
		if len(s.Properties) > 0 {
			return "object"
		}
		return ""
	}
	return (*s.Type)[0]
}

func (w *writer) bounds(s *openapi3.Schema, path string) {
	if s.Min != nil || s.Max != nil || s.MultipleOf != nil {
		w.lose(path, "minimum, maximum, multipleOf", "Pact has no rule for them")
	}
	if s.MinLength > 0 || s.MaxLength != nil {
		w.lose(path, "minLength, maxLength", "Pact has no rule for them")
	}
}

func (w *writer) object(s *openapi3.Schema, path string, depth int) (any, bool) {
	out := map[string]any{}
	for _, name := range sorted(s.Properties) {
		p := s.Properties[name]
		at := child(path, name)
		if !slices.Contains(s.Required, name) || p == nil || p.Value == nil || p.Value.WriteOnly {
			w.lose(at, "properties", "an optional property cannot be stated")
			continue
		}
		if v, ok := w.value(p, at, depth+1); ok {
			out[name] = v
		}
	}
	if s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has {
		w.lose(path, "additionalProperties", "Pact allows further properties in responses")
	}
	if len(out) == 0 {
		w.rule(path, map[string]any{"match": "type"})
	}
	return out, true
}

// child is the JSONPath of a property.
func child(path, name string) string {
	if regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`).MatchString(name) {
		return path + "." + name
	}
	return path + "['" + strings.ReplaceAll(name, "'", `\'`) + "']"
}

// text states a string: by its enumeration, its format, or its type alone.
func (w *writer) text(s *openapi3.Schema, path string) string {
	if len(s.Enum) > 0 {
		var words []string
		for _, e := range s.Enum {
			words = append(words, regexp.QuoteMeta(fmt.Sprint(e)))
		}
		w.rule(path, map[string]any{"match": "regex", "regex": "^(" + strings.Join(words, "|") + ")$"})
		return fmt.Sprint(s.Enum[0])
	}
	known := map[string][2]string{
		"date-time": {`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$`, "2026-01-02T03:04:05Z"},
		"date":      {`^\d{4}-\d\d-\d\d$`, "2026-01-02"},
		"uuid":      {`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`, "3fa85f64-5717-4562-b3fc-2c963f66afa6"},
	}
	if f, ok := known[s.Format]; ok {
		w.rule(path, map[string]any{"match": "regex", "regex": f[0]})
		return f[1]
	}
	if s.Pattern != "" {
		w.lose(path, "pattern", "no example of it is at hand that is certain to match")
	}
	w.rule(path, map[string]any{"match": "type"})
	return "plumbline"
}

func sorted(m openapi3.Schemas) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
