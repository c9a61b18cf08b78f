package sample

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// deepest bounds how far schemas are followed: circular ones end there.
const deepest = 7

// A generator makes one value of a schema.
type generator struct {
	set  *schema.Set
	way  schema.Direction
	full bool // all properties, not only the required ones
}

func newGenerator(s *schema.Set, way schema.Direction, full bool) generator {
	return generator{s, way, full}
}

// value makes a value; ok is false when none was found that the schema
// accepts.
func (g generator) value(ref *openapi3.SchemaRef) (any, bool) {
	v, ok := g.make(ref, 0)
	if ok && len(g.set.Check(ref, g.way, plain(v))) == 0 {
		return v, true
	}
	return v, false
}

func (g generator) make(ref *openapi3.SchemaRef, depth int) (any, bool) {
	if ref == nil || ref.Value == nil {
		return "plumbline", true
	}
	if depth > deepest {
		return nil, ref.Value.Nullable
	}
	s := ref.Value
	if v, ok := g.given(ref); ok {
		return v, true
	}
	switch {
	case len(s.AllOf) > 0:
		return g.all(s, depth)
	case len(s.OneOf) > 0:
		return g.first(s.OneOf, depth)
	case len(s.AnyOf) > 0:
		return g.first(s.AnyOf, depth)
	}
	return g.typed(s, depth)
}

// given takes what the document itself gives: example, default, const, enum.
func (g generator) given(ref *openapi3.SchemaRef) (any, bool) {
	s := ref.Value
	candidates := []any{s.Example}
	if len(s.Examples) > 0 {
		candidates = append(candidates, s.Examples[0])
	}
	candidates = append(candidates, s.Default, s.Const)
	candidates = append(candidates, s.Enum[:min(len(s.Enum), 1)]...)
	for _, c := range candidates {
		if c == nil {
			continue
		}
		if m, ok := c.(map[string]any); ok {
			c = g.directed(s, m)
		}
		if len(g.set.Check(ref, g.way, plain(c))) == 0 {
			return c, true
		}
	}
	return nil, false
}

// directed leaves out of an example what does not go this way.
func (g generator) directed(s *openapi3.Schema, m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if p := s.Properties[k]; p == nil || p.Value == nil || !g.skips(p.Value) {
			out[k] = v
		}
	}
	return out
}

func (g generator) skips(s *openapi3.Schema) bool {
	return g.way == schema.Request && s.ReadOnly || g.way == schema.Response && s.WriteOnly
}

// all joins the parts of an allOf, its own properties included.
func (g generator) all(s *openapi3.Schema, depth int) (any, bool) {
	joined := map[string]any{}
	own := *s
	own.AllOf = nil
	parts := append(slices.Clone(s.AllOf), &openapi3.SchemaRef{Value: &own})
	var last any
	for _, p := range parts {
		if p.Value == &own && len(own.Properties) == 0 {
			continue
		}
		v, ok := g.make(p, depth+1)
		m, object := v.(map[string]any)
		if !object {
			if ok && last == nil && p.Value != &own {
				last = v
			}
			continue
		}
		for k, x := range m {
			joined[k] = x
		}
	}
	if len(joined) == 0 && last != nil {
		return last, true
	}
	return joined, true
}

func (g generator) first(refs openapi3.SchemaRefs, depth int) (any, bool) {
	for _, r := range refs {
		if v, ok := g.make(r, depth+1); ok && len(g.set.Check(r, g.way, plain(v))) == 0 {
			return v, true
		}
	}
	return nil, false
}

func (g generator) typed(s *openapi3.Schema, depth int) (any, bool) {
	switch kind(s) {
	case "object":
		return g.object(s, depth)
	case "array":
		return g.array(s, depth)
	case "integer":
		return integer(s), true
	case "number":
		return number(s), true
	case "boolean":
		return true, true
	case "null":
		return nil, true
	}
	return text(s)
}

// kind is the type of a schema, inferred where it is not said.
func kind(s *openapi3.Schema) string {
	if s.Type != nil {
		for _, t := range *s.Type {
			if t != "null" {
				return t
			}
		}
		return "null"
	}
	switch {
	case len(s.Properties) > 0 || s.AdditionalProperties.Schema != nil:
		return "object"
	case s.Items != nil:
		return "array"
	case s.Min != nil || s.Max != nil:
		return "number"
	}
	return "string"
}

func (g generator) object(s *openapi3.Schema, depth int) (any, bool) {
	out := map[string]any{}
	for name, p := range s.Properties {
		required := slices.Contains(s.Required, name)
		if !g.wants(p, required, depth) {
			continue
		}
		v, ok := g.make(p, depth+1)
		if !ok && required {
			return nil, false
		}
		if ok {
			out[name] = v
		}
	}
	for _, name := range s.Required {
		if _, done := out[name]; !done && s.Properties[name] == nil {
			out[name] = "plumbline"
		}
	}
	return out, g.fill(out, s, depth)
}

// wants tells whether a property belongs in the value.
func (g generator) wants(p *openapi3.SchemaRef, required bool, depth int) bool {
	if p == nil || p.Value == nil || g.skips(p.Value) {
		return false
	}
	return required || g.full && depth <= 2
}

// fill adds properties until there are as many as the schema asks for.
func (g generator) fill(out map[string]any, s *openapi3.Schema, depth int) bool {
	for i := 0; uint64(len(out)) < s.MinProps && i < 16; i++ {
		v, ok := g.make(s.AdditionalProperties.Schema, depth+1)
		if !ok {
			return false
		}
		out[fmt.Sprintf("key%d", i)] = v
	}
	return true
}

func (g generator) array(s *openapi3.Schema, depth int) (any, bool) {
	n := max(int(min(s.MinItems, 64)), 1)
	if s.MaxItems != nil {
		n = min(n, int(*s.MaxItems))
	}
	out := []any{}
	for i := range n {
		v, ok := g.make(s.Items, depth+1)
		if !ok {
			if s.MinItems == 0 {
				return []any{}, true
			}
			return nil, false
		}
		if s.UniqueItems && i > 0 {
			v = distinct(v, i)
		}
		out = append(out, v)
	}
	return out, true
}

func distinct(v any, i int) any {
	switch x := v.(type) {
	case string:
		return fmt.Sprintf("%s%d", x, i)
	case json.Number:
		f, _ := x.Float64()
		return json.Number(fmt.Sprint(f + float64(i)))
	}
	return v
}

// bounds are the least and greatest numbers of a schema, exclusive ones moved
// by a step.
func bounds(s *openapi3.Schema, step float64) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	if s.Min != nil {
		low = *s.Min
	}
	if s.Max != nil {
		high = *s.Max
	}
	if s.ExclusiveMin.Value != nil {
		low = max(low, *s.ExclusiveMin.Value+step)
	} else if s.ExclusiveMin.IsTrue() {
		low += step
	}
	if s.ExclusiveMax.Value != nil {
		high = min(high, *s.ExclusiveMax.Value-step)
	} else if s.ExclusiveMax.IsTrue() {
		high -= step
	}
	return low, high
}

func integer(s *openapi3.Schema) any {
	low, high := bounds(s, 1)
	v := math.Min(math.Max(1, math.Ceil(low)), math.Floor(high))
	if m := s.MultipleOf; m != nil && *m > 0 {
		v = math.Ceil(v / *m) * *m
		if v == 0 {
			v = *m
		}
	}
	return json.Number(fmt.Sprintf("%.0f", v))
}

func number(s *openapi3.Schema) any {
	low, high := bounds(s, 0.5)
	v := math.Min(math.Max(1.5, low), high)
	if m := s.MultipleOf; m != nil && *m > 0 {
		v = math.Ceil(v / *m) * *m
	}
	return json.Number(strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.6f", v), "0"), "."))
}
