package pactfile

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// scalar states a value by the tightest rules that hold for all of them.
// Pact's decimal is not used: it refuses 100.
func (w *writer) scalar(parts openapi3.SchemaRefs, kind, path string) (any, bool) {
	v, ok := w.example(parts, kind)
	if !ok {
		w.lose(path, "schema", "no example could be made that the schema accepts")
		return nil, false
	}
	if listed := enumeration(parts); len(listed) > 0 {
		w.listed(listed, path)
		return v, true
	}
	switch kind {
	case "integer", "number", "boolean", "null":
		w.kind(path, kind)
		return v, true
	}
	text, ok := v.(string)
	if !ok {
		return nil, false
	}
	w.text(parts, path, text)
	return text, true
}

// An example of a schema that stands alone, and whether there is one.
type example struct {
	value any
	ok    bool
}

type exampleKey struct {
	schema *openapi3.SchemaRef
	kind   string
}

// example is a value of the kind that all parts accept. That of a schema which
// stands alone is looked for once: the same ones come back in every variant.
func (k *kit) example(parts openapi3.SchemaRefs, kind string) (any, bool) {
	if len(parts) != 1 {
		return k.search(parts, kind)
	}
	key := exampleKey{parts[0], kind}
	e, known := k.examples[key]
	if !known {
		e.value, e.ok = k.search(parts, kind)
		k.examples[key] = e
	}
	return e.value, e.ok
}

// search finds an example: of the chosen alternative, which stands last, before
// that of the whole.
func (k *kit) search(parts openapi3.SchemaRefs, kind string) (any, bool) {
	if kind == "null" {
		return nil, true
	}
	for _, p := range slices.Backward(parts) {
		for _, v := range k.candidates(p, kind) {
			if typeOf(v) == kind || kind == "number" && typeOf(v) == "integer" {
				if !slices.ContainsFunc(parts, func(q *openapi3.SchemaRef) bool { return !k.set.Valid(q, schema.Response, v) }) {
					return v, true
				}
			}
		}
	}
	return nil, false
}

func (k *kit) candidates(p *openapi3.SchemaRef, kind string) []any {
	var out []any
	if v, ok := k.make.Value(p, false); ok {
		out = append(out, v)
	}
	out = append(out, p.Value.Enum...)
	usual := map[string]any{"string": "plumbline", "integer": json.Number("1"), "number": json.Number("1.5"), "boolean": true}
	return append(out, usual[kind])
}

func typeOf(v any) string {
	switch x := v.(type) {
	case string:
		return "string"
	case bool:
		return "boolean"
	case json.Number:
		if strings.ContainsAny(x.String(), ".eE") {
			return "number"
		}
		return "integer"
	}
	return ""
}

// enumeration are the values of the first enumeration or constant, without
// null.
func enumeration(parts openapi3.SchemaRefs) []any {
	for _, p := range parts {
		all := p.Value.Enum
		if p.Value.Const != nil {
			all = []any{p.Value.Const}
		}
		if len(all) > 0 {
			return slices.DeleteFunc(slices.Clone(all), func(v any) bool { return v == nil })
		}
	}
	return nil
}

// listed states an enumeration of texts as a pattern; of others Pact knows the
// type alone.
func (w *writer) listed(values []any, path string) {
	var words []string
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			w.kind(path, "type")
			w.lose(path, "enum", "values that are no texts have no rule but their type")
			return
		}
		words = append(words, regexp.QuoteMeta(s))
	}
	w.rule(path, map[string]any{"match": "regex", "regex": "^(" + strings.Join(words, "|") + ")$"})
}

// text states a string: by its format, its pattern and its length, or by its
// type alone.
func (w *writer) text(parts openapi3.SchemaRefs, path, example string) {
	var rules []map[string]any
	for _, p := range parts {
		s := p.Value
		switch re, ok := w.formats[s.Format]; {
		case ok && re.MatchString(example):
			rules = append(rules, map[string]any{"match": "regex", "regex": re.String()})
		case s.Format != "":
			w.lose(path, "format", fmt.Sprintf("Pact has no rule for %s that accepts all of it", s.Format))
		}
		switch {
		case s.Pattern == "":
		case w.portable(s.Pattern, example):
			rules = append(rules, map[string]any{"match": "regex", "regex": s.Pattern})
		default:
			w.lose(path, "pattern", "it does not mean the same to every verifier, or is not bound to the whole text")
		}
		if r := w.characters(s, path); r != nil {
			rules = append(rules, r)
		}
	}
	if len(rules) == 0 {
		w.kind(path, "type")
		return
	}
	w.rule(path, rules...)
}

// portable tells whether a pattern means the same in ECMAScript, in Go and to
// the verifiers, or less to them: bound at both ends, and without the classes
// that Unicode widens.
func (k *kit) portable(pattern, example string) bool {
	if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") || strings.HasSuffix(pattern, `\$`) {
		return false
	}
	for _, class := range []string{`\D`, `\W`, `\S`, `\B`, `\b`, `\p`, `\P`, `\u`, `\x`, `\c`, "[[", "&&", "(?"} {
		if strings.Contains(pattern, class) {
			return false
		}
	}
	re := k.pattern(pattern)
	return re != nil && re.MatchString(example)
}
