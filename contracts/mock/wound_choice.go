package mock

import (
	"slices"

	"github.com/dlclark/regexp2"
	"github.com/getkin/kin-openapi/openapi3"
)

// choices are the wounds of keywords that hold schemas of the same value.
func (w *wounder) choices(s *openapi3.Schema, v any, path []string) {
	w.branches(s, path)
	w.unnamed(s, v, path)
	w.forbidden(s, path)
	if x, ok := v.(map[string]any); ok {
		w.consequence(s, x, path)
	}
}

// branches puts a value where none of several branches allows for its type.
func (w *wounder) branches(s *openapi3.Schema, path []string) {
	for _, c := range []struct {
		keyword string
		list    openapi3.SchemaRefs
	}{{"oneOf", s.OneOf}, {"anyOf", s.AnyOf}} {
		types, sure := said(c.list, 0)
		if v, ok := alien(types); ok && sure && !s.Nullable {
			w.add(c.keyword, path, v)
		}
		if demanding(c.list) {
			w.add(c.keyword, path, map[string]any{})
		}
	}
}

// demanding tells whether every branch asks for a property that a response has.
func demanding(list openapi3.SchemaRefs) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(e *openapi3.SchemaRef) bool {
		return e == nil || e.Value == nil || !slices.ContainsFunc(e.Value.Required, func(k string) bool {
			p := e.Value.Properties[k]
			return p != nil && p.Value != nil && !hidden(p.Value, 0)
		})
	})
}

// said are the types that branches say they have; sure is false when one says
// nothing, and so allows for all of them.
func said(list openapi3.SchemaRefs, depth int) (types []string, sure bool) {
	for _, e := range list {
		if e == nil || e.Value == nil || depth > 4 {
			return nil, false
		}
		own, ok := []string(nil), e.Value.Type != nil && len(*e.Value.Type) > 0
		if ok {
			own = *e.Value.Type
		}
		for _, part := range e.Value.AllOf {
			if !ok {
				own, ok = said(openapi3.SchemaRefs{part}, depth+1)
			}
		}
		if !ok {
			return nil, false
		}
		types = append(types, own...)
	}
	return types, len(list) > 0
}

// unnamed gives a discriminator a value that names none of the branches.
func (w *wounder) unnamed(s *openapi3.Schema, v any, path []string) {
	x, object := v.(map[string]any)
	branches := slices.Concat(s.OneOf, s.AnyOf)
	if s.Discriminator == nil || !object || len(branches) == 0 {
		return
	}
	_, has := x[s.Discriminator.PropertyName].(string)
	if has && !slices.ContainsFunc(branches, func(e *openapi3.SchemaRef) bool { return e == nil || e.Ref == "" }) {
		w.add("discriminator", append(slices.Clone(path), s.Discriminator.PropertyName), "rot-no-branch")
	}
}

// forbidden are values that must not be.
func (w *wounder) forbidden(s *openapi3.Schema, path []string) {
	if s.Not == nil || s.Not.Value == nil {
		return
	}
	switch n := s.Not.Value; {
	case n.Const != nil:
		w.add("not", path, n.Const)
	case len(n.Enum) > 0:
		w.add("not", path, n.Enum[0])
	}
}

// consequence breaks what follows from a condition, or from its lack.
func (w *wounder) consequence(s *openapi3.Schema, x map[string]any, path []string) {
	holds, sure := conditional(s.If, x)
	keyword, ref := "else", s.Else
	if holds {
		keyword, ref = "then", s.Then
	}
	if !sure || ref == nil || ref.Value == nil {
		return
	}
	for _, k := range ref.Value.Required {
		if _, has := x[k]; has && s.If.Value.Properties[k] == nil {
			sub := append(slices.Clone(path), k)
			w.out = append(w.out, wound{keyword: keyword, pointer: pointerTo(sub), path: sub, remove: true})
		}
	}
}

// conditional tells whether a condition on the texts of properties holds;
// sure is false for any other condition.
func conditional(ref *openapi3.SchemaRef, x map[string]any) (holds, sure bool) {
	if ref == nil || ref.Value == nil || len(ref.Value.Properties) == 0 {
		return false, false
	}
	holds = true
	for k, p := range ref.Value.Properties {
		if p == nil || p.Value == nil {
			return false, false
		}
		if _, text := p.Value.Const.(string); !text {
			return false, false
		}
		v, has := x[k]
		holds = holds && (v == p.Value.Const || !has && !slices.Contains(ref.Value.Required, k))
	}
	return holds, true
}

// found tells whether a pattern is found in a text.
func found(pattern, text string) bool {
	re, err := regexp2.Compile(pattern, regexp2.ECMAScript)
	if err != nil {
		return false
	}
	ok, err := re.MatchString(text)
	return ok && err == nil
}
