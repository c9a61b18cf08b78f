package pactfile

import (
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Depths that bound how far a response schema is stated: circular ones end
// there, and optional properties sooner.
const (
	deepest  = 6
	optional = 3
)

// A writer turns a response schema into an example and matching rules.
//
// In the sound mode it states only what every answer that the schema allows
// fulfils, because a right provider must not be accused: what is in the example
// is required by Pact, so only required properties are, and nothing that has
// alternatives. In the other mode it states one of the alternatives: which one
// is chosen at each point where there are several.
type writer struct {
	op, status string
	*kit
	sound   bool
	full    bool           // with optional properties; never when sound
	chosen  map[string]int // by path; nothing stands for the first
	points  []point        // met on the way
	partial bool           // something required could not be stated
	rules   map[string]any
	losses  []Loss
}

// A kit is what the writers of one document share.
type kit struct {
	set      *schema.Set
	make     *sample.Maker
	examples map[exampleKey]example
	kinds    map[string]any            // rules by the kind that they name
	formats  map[string]*regexp.Regexp // of texts, by the name of the format
	patterns map[string]*regexp.Regexp // by their text; nil for one that Go does not know
}

func newKit(s *schema.Set) *kit {
	k := &kit{set: s, make: sample.NewMaker(s), examples: map[exampleKey]example{}, kinds: map[string]any{}, formats: map[string]*regexp.Regexp{}, patterns: map[string]*regexp.Regexp{}}
	for format, expr := range map[string]string{
		"date-time": `^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$`,
		"date":      `^\d{4}-\d\d-\d\d$`,
		"uuid":      `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`,
	} {
		k.formats[format] = regexp.MustCompile(expr)
	}
	return k
}

// pattern is an expression of the document, compiled once.
func (k *kit) pattern(expr string) *regexp.Regexp {
	re, known := k.patterns[expr]
	if !known {
		re, _ = regexp.Compile(expr) // nil where Go does not know it
		k.patterns[expr] = re
	}
	return re
}

// A point is a place with alternatives.
type point struct {
	path string
	n    int
	what string // "null", "branch", "empty"
}

func (w *writer) lose(path, keyword, reason string) {
	if w.sound {
		w.losses = append(w.losses, Loss{w.op, w.status, pointer(path), keyword, reason})
	}
}

// rule states what holds at a place.
func (w *writer) rule(path string, rules ...map[string]any) {
	list := make([]any, 0, len(rules))
	for _, r := range rules {
		list = append(list, r)
	}
	w.rules[path] = map[string]any{"combine": "AND", "matchers": list}
}

// kind states the rule that is a kind and nothing more. Nobody changes a rule, so
// that all places share one.
func (w *writer) kind(path, kind string) {
	if w.kinds[kind] == nil {
		w.rule(path, map[string]any{"match": kind})
		w.kinds[kind] = w.rules[path]
	}
	w.rules[path] = w.kinds[kind]
}

// choose tells which alternative of a place is stated.
func (w *writer) choose(path, what string, n int) int {
	if n > 1 {
		w.points = append(w.points, point{path + " " + what, n, what})
	}
	return w.chosen[path+" "+what]
}

// value states a schema; ok is false when it cannot be.
func (w *writer) value(ref *openapi3.SchemaRef, path string, depth int) (any, bool) {
	parts, ok := w.parts(ref, path, 0)
	if !ok || depth > deepest {
		return nil, false
	}
	kind, null := kindOf(parts), nullable(parts)
	if w.sound { // the others keep no ledger
		for _, p := range parts {
			w.unsaid(p.Value, path)
		}
	}
	composed := kind == "object" || kind == "array"
	switch {
	case w.isNull(kind, path, null):
		return nil, true
	case composed && null && w.sound:
		w.lose(path, "nullable", "Pact has one shape for one place: an object or a list, or null")
		return nil, false
	case kind == "object":
		return w.object(parts, path, depth)
	case kind == "array":
		return w.array(parts, path, depth)
	}
	return w.single(parts, kind, path, null)
}

// isNull tells whether null is the chosen alternative of a nullable place.
func (w *writer) isNull(kind, path string, null bool) bool {
	if !null || w.sound || kind == "null" || w.choose(path, "null", 2) == 0 {
		return false
	}
	w.kind(path, "null")
	return true
}

func (w *writer) single(parts openapi3.SchemaRefs, kind, path string, null bool) (any, bool) {
	if kind == "" {
		w.lose(path, "type", "Pact has no rule for a value of any type")
		return nil, false
	}
	v, ok := w.scalar(parts, kind, path)
	if ok && null && w.sound {
		w.orNull(path)
	}
	return v, ok
}

// orNull lets a scalar be null as well.
func (w *writer) orNull(path string) {
	r, ok := w.rules[path].(map[string]any)
	list, many := r["matchers"].([]any)
	if !ok || !many || len(list) != 1 {
		w.kind(path, "type")
		list = []any{map[string]any{"match": "type"}}
	}
	w.rules[path] = map[string]any{"combine": "OR", "matchers": append([]any{map[string]any{"match": "null"}}, list...)}
}

// parts are the schemas that hold together at a place: the schema itself, those
// of its allOf, and the chosen alternative.
func (w *writer) parts(ref *openapi3.SchemaRef, path string, depth int) (openapi3.SchemaRefs, bool) {
	if ref == nil || ref.Value == nil || depth > deepest {
		return nil, false
	}
	s := ref.Value
	out := openapi3.SchemaRefs{ref}
	refs := slices.Clone(s.AllOf)
	for i, branches := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf} {
		keyword := []string{"oneOf", "anyOf"}[i]
		switch {
		case len(branches) == 0:
		case len(branches) > 1 && w.sound:
			w.lose(path, keyword, "Pact has one shape for one place; each alternative has an interaction of its own in the surface file")
			return nil, false
		default:
			k := w.choose(path+strings.Repeat("'", depth), keyword, len(branches))
			refs = append(refs, branches[min(k, len(branches)-1)])
		}
	}
	for _, r := range refs {
		more, ok := w.parts(r, path, depth+1)
		if !ok {
			return nil, false
		}
		out = append(out, more...)
	}
	return out, true
}

func nullable(parts openapi3.SchemaRefs) bool {
	typed := false
	for _, p := range parts {
		s := p.Value
		if s.Nullable || s.Type != nil && slices.Contains(*s.Type, "null") {
			typed = true
		} else if s.Type != nil {
			return false
		}
		if len(s.Enum) > 0 && !s.Nullable && !slices.Contains(s.Enum, nil) {
			return false
		}
	}
	return typed
}

// kindOf is the type of the parts together; empty when there is none, or more
// than one.
func kindOf(parts openapi3.SchemaRefs) string {
	for _, p := range parts {
		if t := p.Value.Type; t != nil {
			types := slices.DeleteFunc(slices.Clone(*t), func(s string) bool { return s == "null" })
			switch {
			case len(types) == 1:
				return types[0]
			case len(types) == 0 && len(*t) > 0:
				return "null"
			}
		}
	}
	for _, p := range parts {
		switch s := p.Value; {
		case len(s.Properties) > 0:
			return "object"
		case len(s.Enum) > 0:
			if _, ok := s.Enum[0].(string); ok {
				return "string"
			}
		}
	}
	return ""
}

func sorted(m openapi3.Schemas) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
