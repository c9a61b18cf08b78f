package compare

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A reading is one way to read a composed schema: a conjunction of schemas
// without regard to their own compositions. allOf adds to a reading, oneOf and
// anyOf make several.
type reading []*openapi3.SchemaRef

// mostReadings bounds how many are tried; beyond it anything is accepted.
const mostReadings = 256

func cross(a, b []reading) []reading {
	if len(a)*len(b) > mostReadings {
		return []reading{{}}
	}
	var out []reading
	for _, x := range a {
		for _, y := range b {
			out = append(out, slices.Concat(x, y))
		}
	}
	return out
}

// readings are those of a schema that can be meant by the value: a
// discriminator that stands there literally leaves one.
func (w *walker) readings(ref *openapi3.SchemaRef, v any, at place, above []*openapi3.Schema) []reading {
	if ref == nil || ref.Value == nil {
		return []reading{{}}
	}
	s := ref.Value
	out := []reading{{ref}}
	if slices.Contains(above, s) {
		return out
	}
	above = append(slices.Clone(above), s)
	for _, a := range s.AllOf {
		out = cross(out, w.readings(a, v, at, above))
	}
	name, literal := w.discriminated(s, v, at)
	if len(s.OneOf) > 0 {
		out = cross(out, w.branches(s, s.OneOf, v, at, above))
	}
	if len(s.AnyOf) > 0 {
		branches := w.branches(s, s.AnyOf, v, at, above)
		all := []reading{{}}
		for _, b := range s.AnyOf {
			all = cross(all, w.readings(b, v, at, above))
		}
		if !literal {
			branches = append(branches, all...)
		}
		out = cross(out, branches)
	}
	if s.Discriminator != nil && len(s.OneOf)+len(s.AnyOf) == 0 {
		out = cross(out, w.heirs(s, name, literal, func(child *openapi3.SchemaRef) []reading { return w.readings(child, v, at, above) }))
	}
	return out
}

// discriminated is the value of the schema's discriminator, where the body
// states it literally.
func (w *walker) discriminated(s *openapi3.Schema, v any, at place) (string, bool) {
	m, ok := v.(map[string]any)
	if !ok || s.Discriminator == nil {
		return "", false
	}
	name, ok := m[s.Discriminator.PropertyName].(string)
	if r, _ := w.rules.at(at.child(s.Discriminator.PropertyName, false).tokens); len(r.matchers) > 0 && r.matchers[0].Match != "equality" {
		return "", false
	}
	return name, ok
}

func (w *walker) branches(s *openapi3.Schema, refs openapi3.SchemaRefs, v any, at place, above []*openapi3.Schema) []reading {
	name, literal := w.discriminated(s, v, at)
	var out []reading
	for _, b := range refs {
		if literal && !names(s.Discriminator, name, b.Ref) {
			continue
		}
		out = append(out, w.readings(b, v, at, above)...)
	}
	return out
}

// names tells whether a value of a discriminator stands for a schema: by the
// mapping, or by the last part of its reference (OpenAPI 3.1 §4.8.25).
func names(d *openapi3.Discriminator, value, ref string) bool {
	if m, ok := d.Mapping[value]; ok {
		return ref == m.Ref || last(ref) == last(m.Ref)
	}
	return ref == "" || last(ref) == value
}

func last(ref string) string { return ref[strings.LastIndex(ref, "/")+1:] }

// heirs are the readings of a schema with a discriminator and without
// alternatives: itself, and every schema that has it in its allOf.
func (w *walker) heirs(s *openapi3.Schema, name string, literal bool, of func(*openapi3.SchemaRef) []reading) []reading {
	out := []reading{{}}
	if w.doc.Components == nil {
		return out
	}
	found := false
	for _, key := range slices.Sorted(maps.Keys(w.doc.Components.Schemas)) {
		c := w.doc.Components.Schemas[key]
		ref := "#/components/schemas/" + key
		if !inherits(c, s) || literal && !names(s.Discriminator, name, ref) {
			continue
		}
		found = true
		if c.Value == s {
			continue
		}
		child := of(&openapi3.SchemaRef{Ref: ref, Value: c.Value})
		if literal {
			return child
		}
		out = append(out, child...)
	}
	if literal && !found {
		return nil
	}
	return out
}

// inherits tells whether a schema is the other, or has it in its allOf.
func inherits(c *openapi3.SchemaRef, s *openapi3.Schema) bool {
	if c == nil || c.Value == nil {
		return false
	}
	return c.Value == s || slices.ContainsFunc(c.Value.AllOf, func(a *openapi3.SchemaRef) bool { return a.Value == s })
}

// admits tells whether all parts allow a JSON type.
func (r reading) admits(kind string) bool {
	for _, p := range r {
		s := p.Value
		if s.Always != nil && !*s.Always {
			return false
		}
		if kind == "null" && s.Nullable {
			continue
		}
		if s.Type == nil || len(*s.Type) == 0 || s.Type.Includes(kind) || kind == "integer" && s.Type.Includes("number") {
			continue
		}
		return false
	}
	return true
}

// types says in words what the parts allow.
func (r reading) types() string {
	var out []string
	for _, p := range r {
		if p.Value.Type != nil {
			out = append(out, *p.Value.Type...)
		}
	}
	slices.Sort(out)
	return "type " + strings.Join(slices.Compact(out), " and ")
}

// A declaration is what the parts say of one property.
type declaration struct {
	refs      openapi3.SchemaRefs
	known     bool
	star      bool // by a map, not by its name
	forbidden bool // a part closes its object and does not have it
	hidden    bool // writeOnly
}

func (r reading) declared(key string) declaration {
	var d declaration
	byName := false
	for _, p := range r {
		s := p.Value
		if c, ok := s.Properties[key]; ok && c != nil {
			d.refs, d.known, byName = append(d.refs, c), true, true
			d.hidden = d.hidden || c.Value != nil && c.Value.WriteOnly
			continue
		}
		d.unnamed(s, key)
	}
	d.star = d.known && !byName
	return d
}

// unnamed adds what a schema says of a property that it does not name.
func (d *declaration) unnamed(s *openapi3.Schema, key string) {
	matched := false
	for _, pattern := range slices.Sorted(maps.Keys(s.PatternProperties)) {
		if matches(pattern, key) {
			d.refs, d.known, matched = append(d.refs, s.PatternProperties[pattern]), true, true
		}
	}
	a := s.AdditionalProperties
	switch {
	case matched:
	case a.Schema != nil:
		d.refs, d.known = append(d.refs, a.Schema), true
	case a.Has != nil && *a.Has:
		d.known = true
	case a.Has != nil:
		d.forbidden = true
	}
}

// open tells whether objects may hold what is not declared: where the document
// says so, and where it declares nothing at all.
func (r reading) open() bool {
	declares := false
	for _, p := range r {
		s := p.Value
		declares = declares || len(s.Properties)+len(s.PatternProperties) > 0
		if u := s.UnevaluatedProperties; u.Schema != nil || u.Has != nil && *u.Has {
			return true
		}
	}
	return !declares
}

// anyProperty are the schemas of all properties that there may be.
func (r reading) anyProperty() openapi3.SchemaRefs {
	var out openapi3.SchemaRefs
	for _, p := range r {
		for _, all := range []openapi3.Schemas{p.Value.Properties, p.Value.PatternProperties} {
			for _, key := range slices.Sorted(maps.Keys(all)) {
				out = append(out, all[key])
			}
		}
		if c := p.Value.AdditionalProperties.Schema; c != nil {
			out = append(out, c)
		}
	}
	return out
}

// items are the schemas of the item at an index.
func (r reading) items(i int) openapi3.SchemaRefs {
	var out openapi3.SchemaRefs
	for _, p := range r {
		switch {
		case i < len(p.Value.PrefixItems):
			out = append(out, p.Value.PrefixItems[i])
		case p.Value.Items != nil:
			out = append(out, p.Value.Items)
		}
	}
	return out
}

// lengths are the least and the greatest number of items; -1 is no bound.
func (r reading) lengths() (least, most int) {
	most = -1
	for _, p := range r {
		least = max(least, int(min(p.Value.MinItems, 1<<30)))
		if m := p.Value.MaxItems; m != nil && (most < 0 || int(min(*m, 1<<30)) < most) {
			most = int(min(*m, 1<<30))
		}
	}
	return least, most
}
