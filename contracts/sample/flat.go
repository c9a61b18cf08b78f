package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A node is a place of a value: the schemas that all apply to it.
type node []*openapi3.SchemaRef

// A flat is what the schemas of a node say together: allOf is gone into, and
// bounds are intersected. Alternatives stay as choices.
type flat struct {
	never      bool
	types      []string // admitted; nil for any
	enum       []any    // nil for any
	constant   bool     // the enum is a const
	min, max   *bound
	multiple   []float64
	minLen     uint64
	maxLen     *uint64
	patterns   []string
	formats    []string
	minItems   uint64
	maxItems   *uint64
	unique     bool
	items      node
	prefix     node // each alone, by position
	contains   *openapi3.SchemaRef
	minContain uint64
	maxContain *uint64
	props      map[string]node
	required   map[string]bool
	forced     map[string]any // values that a discriminator asks for
	minProps   uint64
	maxProps   *uint64
	closed     bool // additionalProperties: false
	unknown    bool // unevaluatedProperties: false
	sealed     bool // unevaluatedItems: false
	additional node
	patternP   map[string]node
	names      *openapi3.SchemaRef
	depReq     map[string][]string
	depSch     map[string]*openapi3.SchemaRef
	choices    []choice
	nots       node
	disc       *openapi3.Discriminator
	given      []any // examples, defaults and constants, in the order of their worth
	readOnly   bool
	writeOnly  bool
}

// A bound is one end of a range of numbers.
type bound struct {
	at        float64
	exclusive bool
}

// A choice is a keyword with alternatives, each of which joins the node.
type choice struct {
	keyword  string
	branches []node
	disc     *openapi3.Discriminator
}

// flattest bounds how deep allOf is followed.
const flattest = 12

// A flattener flattens nodes, each schema once.
type flattener struct{ done map[*openapi3.Schema]*flat }

func (x *flattener) of(n node) *flat {
	if len(n) == 1 && n[0] != nil && n[0].Value != nil {
		if f := x.done[n[0].Value]; f != nil {
			return f
		}
	}
	f := &flat{}
	for _, ref := range n {
		f.join(ref, 0)
	}
	if len(n) == 1 && n[0] != nil && n[0].Value != nil {
		x.done[n[0].Value] = f
	}
	return f
}

// with is the node joined by one branch of its first choice.
func (f *flat) with(branch node, c choice) *flat {
	g := *f
	g.choices = slices.Clone(f.choices[1:])
	g.props, g.required, g.forced = maps.Clone(f.props), maps.Clone(f.required), maps.Clone(f.forced)
	g.patternP, g.depReq, g.depSch = maps.Clone(f.patternP), maps.Clone(f.depReq), maps.Clone(f.depSch)
	g.given = nil
	for _, ref := range branch {
		g.join(ref, 0)
	}
	if c.disc != nil && c.disc.PropertyName != "" && len(branch) == 1 {
		if v := discriminates(c.disc, branch[0].Ref); v != "" {
			g.force(c.disc.PropertyName, v)
		}
	}
	return &g
}

func (f *flat) force(name, value string) {
	if f.forced == nil {
		f.forced = map[string]any{}
	}
	if f.required == nil {
		f.required = map[string]bool{}
	}
	f.forced[name], f.required[name] = value, true
}

// discriminates is the value that names a schema: the key of the mapping that
// leads to it, else its own name (OpenAPI 3.1 §4.8.25).
func discriminates(d *openapi3.Discriminator, ref string) string {
	for _, k := range slices.Sorted(maps.Keys(d.Mapping)) {
		to := d.Mapping[k].Ref
		if to != "" && (to == ref || strings.HasSuffix(ref, "/"+to)) {
			return k
		}
	}
	return ref[strings.LastIndex(ref, "/")+1:]
}

func (f *flat) join(ref *openapi3.SchemaRef, depth int) {
	if ref == nil || ref.Value == nil || depth > flattest {
		return
	}
	s := ref.Value
	if s.Always != nil {
		f.never = f.never || !*s.Always
		return
	}
	f.joinTypes(s)
	f.joinNumbers(s)
	f.joinText(s)
	f.joinArray(s)
	f.joinObject(s)
	f.joinMore(s)
	for _, part := range s.AllOf {
		f.join(part, depth+1)
	}
	f.joinChoices(s)
	f.readOnly, f.writeOnly = f.readOnly || s.ReadOnly, f.writeOnly || s.WriteOnly
	f.joinDiscriminator(ref)
	f.joinGiven(s)
}

// joinDiscriminator names the schema itself where a discriminator stands
// without alternatives, as it does in the base of an inheritance.
func (f *flat) joinDiscriminator(ref *openapi3.SchemaRef) {
	s := ref.Value
	if s.Discriminator == nil || len(s.OneOf)+len(s.AnyOf) > 0 || f.disc != nil {
		return
	}
	f.disc = s.Discriminator
	if v := discriminates(s.Discriminator, ref.Ref); v != "" && f.forced[s.Discriminator.PropertyName] == nil {
		f.force(s.Discriminator.PropertyName, v)
	}
}

func (f *flat) joinGiven(s *openapi3.Schema) {
	if s.Example != nil {
		f.given = append(f.given, s.Example)
	}
	f.given = append(f.given, s.Examples...)
	if s.Default != nil {
		f.given = append(f.given, s.Default)
	}
}

func (f *flat) joinTypes(s *openapi3.Schema) {
	if s.Type != nil {
		types := slices.Clone(*s.Type)
		if s.Nullable && !slices.Contains(types, "null") {
			types = append(types, "null")
		}
		f.types = commonTypes(f.types, types)
		f.never = f.never || len(f.types) == 0
	}
	enum := s.Enum
	if s.Const != nil {
		enum, f.constant = []any{s.Const}, true
	}
	if enum == nil {
		return
	}
	if f.enum == nil {
		f.enum = slices.Clone(enum)
		return
	}
	f.enum = slices.DeleteFunc(f.enum, func(a any) bool {
		return !slices.ContainsFunc(enum, func(b any) bool { return same(a, b) })
	})
}

func commonTypes(a, b []string) []string {
	if a == nil {
		return b
	}
	out := []string{}
	for _, t := range a {
		switch {
		case slices.Contains(b, t), t == "integer" && slices.Contains(b, "number"):
			out = append(out, t)
		case t == "number" && slices.Contains(b, "integer"):
			out = append(out, "integer")
		}
	}
	return out
}

func (f *flat) joinNumbers(s *openapi3.Schema) {
	f.atLeast(s.Min, s.ExclusiveMin.IsTrue())
	f.atLeast(s.ExclusiveMin.Value, true)
	f.atMost(s.Max, s.ExclusiveMax.IsTrue())
	f.atMost(s.ExclusiveMax.Value, true)
	if s.MultipleOf != nil && *s.MultipleOf > 0 {
		f.multiple = append(slices.Clone(f.multiple), *s.MultipleOf)
	}
}

func (f *flat) atLeast(at *float64, exclusive bool) {
	if at != nil && (f.min == nil || *at > f.min.at || *at == f.min.at && exclusive) {
		f.min = &bound{*at, exclusive}
	}
}

func (f *flat) atMost(at *float64, exclusive bool) {
	if at != nil && (f.max == nil || *at < f.max.at || *at == f.max.at && exclusive) {
		f.max = &bound{*at, exclusive}
	}
}

func (f *flat) joinText(s *openapi3.Schema) {
	f.minLen = max(f.minLen, s.MinLength)
	f.maxLen = least(f.maxLen, s.MaxLength)
	if s.Pattern != "" && !slices.Contains(f.patterns, s.Pattern) {
		f.patterns = append(slices.Clone(f.patterns), s.Pattern)
	}
	if s.Format != "" && !slices.Contains(f.formats, s.Format) {
		f.formats = append(slices.Clone(f.formats), s.Format)
	}
}

func least(a, b *uint64) *uint64 {
	if a == nil || b != nil && *b < *a {
		return b
	}
	return a
}

func (f *flat) joinArray(s *openapi3.Schema) {
	f.minItems = max(f.minItems, s.MinItems)
	f.maxItems = least(f.maxItems, s.MaxItems)
	f.unique = f.unique || s.UniqueItems
	if s.Items != nil {
		f.items = append(slices.Clone(f.items), s.Items)
	}
	if len(s.PrefixItems) > len(f.prefix) {
		f.prefix = node(s.PrefixItems)
	}
	if s.Contains != nil {
		f.contains, f.minContain = s.Contains, 1
		if s.MinContains != nil {
			f.minContain = *s.MinContains
		}
		f.maxContain = least(f.maxContain, s.MaxContains)
	}
	f.sealed = f.sealed || isFalse(s.UnevaluatedItems)
}

func isFalse(b openapi3.BoolSchema) bool { return b.Has != nil && !*b.Has }

func (f *flat) joinObject(s *openapi3.Schema) {
	if len(s.Properties) > 0 && f.props == nil {
		f.props = map[string]node{}
	}
	for name, p := range s.Properties {
		f.props[name] = append(slices.Clone(f.props[name]), p)
	}
	if len(s.Required) > 0 && f.required == nil {
		f.required = map[string]bool{}
	}
	for _, name := range s.Required {
		f.required[name] = true
	}
	f.minProps = max(f.minProps, s.MinProps)
	f.maxProps = least(f.maxProps, s.MaxProps)
	f.closed = f.closed || isFalse(s.AdditionalProperties)
	f.unknown = f.unknown || isFalse(s.UnevaluatedProperties)
	if a := s.AdditionalProperties.Schema; a != nil {
		f.additional = append(slices.Clone(f.additional), a)
	}
}

// joinMore joins the keywords of JSON Schema 2020-12 for objects.
func (f *flat) joinMore(s *openapi3.Schema) {
	if len(s.PatternProperties) > 0 && f.patternP == nil {
		f.patternP = map[string]node{}
	}
	for p, sub := range s.PatternProperties {
		f.patternP[p] = append(slices.Clone(f.patternP[p]), sub)
	}
	if s.PropertyNames != nil {
		f.names = s.PropertyNames
	}
	if len(s.DependentRequired) > 0 && f.depReq == nil {
		f.depReq = map[string][]string{}
	}
	for k, names := range s.DependentRequired {
		f.depReq[k] = append(slices.Clone(f.depReq[k]), names...)
	}
	if len(s.DependentSchemas) > 0 && f.depSch == nil {
		f.depSch = map[string]*openapi3.SchemaRef{}
	}
	maps.Copy(f.depSch, s.DependentSchemas)
	if s.Not != nil {
		f.nots = append(slices.Clone(f.nots), s.Not)
	}
}

func (f *flat) joinChoices(s *openapi3.Schema) {
	alternatives := func(keyword string, refs openapi3.SchemaRefs) {
		c := choice{keyword: keyword, disc: s.Discriminator}
		for _, r := range refs {
			if r != nil {
				c.branches = append(c.branches, node{r})
			}
		}
		if len(c.branches) > 0 {
			f.choices = append(slices.Clone(f.choices), c)
		}
	}
	alternatives("oneOf", s.OneOf)
	alternatives("anyOf", s.AnyOf)
	if s.If != nil && (s.Then != nil || s.Else != nil) {
		c := choice{keyword: "if", branches: []node{{s.If}, {}}}
		if s.Then != nil {
			c.branches[0] = append(c.branches[0], s.Then)
		}
		if s.Else != nil {
			c.branches[1] = append(c.branches[1], s.Else)
		}
		f.choices = append(slices.Clone(f.choices), c)
	}
}

// kinds are the types that a value of the node may have, the likeliest first.
func (f *flat) kinds() []string {
	switch {
	case f.types != nil:
		out := slices.DeleteFunc(slices.Clone(f.types), func(t string) bool { return t == "null" })
		if len(out) < len(f.types) || len(out) == 0 {
			out = append(out, "null")
		}
		return out
	case f.objectLike():
		return []string{"object"}
	case len(f.items) > 0 || len(f.prefix) > 0 || f.minItems > 0 || f.contains != nil:
		return []string{"array"}
	case f.min != nil || f.max != nil || len(f.multiple) > 0:
		return []string{"number"}
	}
	return []string{"string"}
}

// objectLike tells whether an untyped node speaks of properties.
func (f *flat) objectLike() bool {
	return len(f.props)+len(f.additional)+len(f.required)+len(f.patternP) > 0 || f.minProps > 0
}

// admits tells whether the node says that a value may have the type.
func (f *flat) admits(t string) bool {
	return f.types == nil || slices.Contains(f.types, t) || t == "integer" && slices.Contains(f.types, "number")
}

// names of the properties, the required ones first.
func (f *flat) order() []string {
	names := slices.Sorted(maps.Keys(f.props))
	slices.SortStableFunc(names, func(a, b string) int {
		switch {
		case f.required[a] == f.required[b]:
			return 0
		case f.required[a]:
			return -1
		}
		return 1
	})
	return names
}
