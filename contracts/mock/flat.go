package mock

import (
	"maps"
	"math/big"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// A flat is what a schema says together with the schemas that it is made of,
// one branch chosen wherever there are several.
type flat struct {
	types      []string // empty for any
	constant   any
	enum       []any
	format     string
	patterns   []string
	minLength  uint64
	maxLength  *uint64
	low, high  *big.Rat
	openLow    bool
	openHigh   bool
	multiple   *big.Rat
	props      map[string]*prop
	required   []string
	additional *openapi3.SchemaRef
	patterned  openapi3.Schemas // of properties, by the pattern of their names
	minProps   uint64
	maxProps   *uint64
	dependent  map[string][]string
	items      *openapi3.SchemaRef
	prefix     openapi3.SchemaRefs
	contains   *openapi3.SchemaRef
	minItems   uint64
	maxItems   *uint64
	unique     bool
	property   string // of a discriminator
	name       string // its value for the branch that was chosen
}

// A prop is a property with all the schemas that it has.
type prop struct {
	refs   openapi3.SchemaRefs
	hidden bool // not in a response
}

// of is the schema of a property: all that are given for its name, and those of
// the patterns that its name has.
func (f *flat) of(name string) *openapi3.SchemaRef {
	var refs openapi3.SchemaRefs
	if p := f.props[name]; p != nil {
		refs = slices.Clone(p.refs)
	}
	for _, pattern := range slices.Sorted(maps.Keys(f.patterned)) {
		if found(pattern, name) {
			refs = append(refs, f.patterned[pattern])
		}
	}
	switch len(refs) {
	case 0:
		return f.additional
	case 1:
		return refs[0]
	}
	return &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: refs}}
}

// flat joins a schema with its parts; nil when a circle does not end.
func (m *maker) flat(s *openapi3.Schema, depth int) *flat {
	f := &flat{props: map[string]*prop{}, patterned: openapi3.Schemas{}, dependent: map[string][]string{}}
	if !m.join(f, s, depth) {
		return nil
	}
	return f
}

func (m *maker) join(f *flat, s *openapi3.Schema, depth int) bool {
	if s == nil {
		return true
	}
	if depth > deepest+4 || s.Always != nil && !*s.Always {
		return false
	}
	f.values(s)
	f.numbers(s)
	f.shapes(s)
	for _, e := range s.AllOf {
		if e != nil && !m.join(f, e.Value, depth+1) {
			return false
		}
	}
	return m.choose(f, s, s.OneOf, depth) && m.choose(f, s, s.AnyOf, depth)
}

// choose joins one branch of several.
func (m *maker) choose(f *flat, s *openapi3.Schema, branches openapi3.SchemaRefs, depth int) bool {
	if len(branches) == 0 {
		return true
	}
	b := branches[m.rng.IntN(len(branches))]
	if s.Discriminator != nil && b.Ref != "" {
		f.property, f.name = s.Discriminator.PropertyName, nameOf(s.Discriminator, b.Ref)
	}
	return m.join(f, b.Value, depth+1)
}

func (f *flat) values(s *openapi3.Schema) {
	if s.Type != nil {
		f.types = meet(f.types, *s.Type)
	}
	if s.Const != nil {
		f.constant = s.Const
	}
	if s.Enum != nil && len(f.enum) == 0 {
		f.enum = s.Enum
	}
	if s.Format != "" {
		f.format = s.Format
	}
	if s.Pattern != "" && !slices.Contains(f.patterns, s.Pattern) {
		f.patterns = append(f.patterns, s.Pattern)
	}
	f.minLength, f.maxLength = max(f.minLength, s.MinLength), least(f.maxLength, s.MaxLength)
}

// meet is what two lists of types have in common, "integer" being a "number".
func meet(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	var out []string
	for _, t := range a {
		switch {
		case slices.Contains(b, t), t == "integer" && slices.Contains(b, "number"):
			out = append(out, t)
		case t == "number" && slices.Contains(b, "integer"):
			out = append(out, "integer")
		}
	}
	if len(out) == 0 {
		return a
	}
	return out
}

func least(a, b *uint64) *uint64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

func (f *flat) numbers(s *openapi3.Schema) {
	f.lower(s.Min, s.ExclusiveMin.Bool != nil && *s.ExclusiveMin.Bool)
	f.lower(s.ExclusiveMin.Value, true)
	f.upper(s.Max, s.ExclusiveMax.Bool != nil && *s.ExclusiveMax.Bool)
	f.upper(s.ExclusiveMax.Value, true)
	if s.MultipleOf != nil {
		f.multiple = ratOf(*s.MultipleOf)
	}
}

func (f *flat) lower(v *float64, open bool) {
	if v == nil {
		return
	}
	if r := ratOf(*v); f.low == nil || r.Cmp(f.low) >= 0 {
		f.low, f.openLow = r, open
	}
}

func (f *flat) upper(v *float64, open bool) {
	if v == nil {
		return
	}
	if r := ratOf(*v); f.high == nil || r.Cmp(f.high) <= 0 {
		f.high, f.openHigh = r, open
	}
}

func (f *flat) shapes(s *openapi3.Schema) {
	for name, ref := range s.Properties {
		if ref == nil || ref.Value == nil {
			continue
		}
		p := f.props[name]
		if p == nil {
			p = &prop{}
			f.props[name] = p
		}
		p.refs = append(p.refs, ref)
		p.hidden = p.hidden || hidden(ref.Value, 0)
	}
	f.required = append(f.required, s.Required...)
	if a := s.AdditionalProperties; a.Schema != nil {
		f.additional = a.Schema
	}
	maps.Copy(f.patterned, s.PatternProperties)
	f.minProps, f.maxProps = max(f.minProps, s.MinProps), least(f.maxProps, s.MaxProps)
	for k, list := range s.DependentRequired {
		f.dependent[k] = append(f.dependent[k], list...)
	}
	f.elements(s)
}

func (f *flat) elements(s *openapi3.Schema) {
	if s.Items != nil {
		f.items = s.Items
	}
	if s.Contains != nil {
		f.contains, f.minItems = s.Contains, max(f.minItems, 1)
	}
	if len(s.PrefixItems) > 0 {
		f.prefix = s.PrefixItems
	}
	f.minItems, f.maxItems = max(f.minItems, s.MinItems), least(f.maxItems, s.MaxItems)
	f.unique = f.unique || s.UniqueItems
}

// hidden tells whether a property is not for responses.
func hidden(s *openapi3.Schema, depth int) bool {
	if s.WriteOnly {
		return true
	}
	return depth < 4 && slices.ContainsFunc(s.AllOf, func(e *openapi3.SchemaRef) bool { return e != nil && e.Value != nil && hidden(e.Value, depth+1) })
}
