package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// deepest bounds how far schemas are followed; below wide, optional properties
// are left out.
const (
	deepest = 12
	wide    = 3
	tries   = 24
)

// A maker makes random values that a schema accepts in a response. It shares
// nothing with the generator of cases, so that each can find the other's
// mistakes.
type maker struct {
	set *schema.Set
	rng *rand.Rand
}

// value makes a value; ok is false when none was found in a few tries.
func (m *maker) value(ref *openapi3.SchemaRef) (any, bool) {
	if ref == nil || ref.Value == nil {
		return map[string]any{}, true
	}
	for try := range tries {
		share := 0.7
		if try > tries/2 {
			share = 0
		}
		v, ok := m.make(ref, 0, share)
		if v = plain(v); ok && m.valid(ref, v) {
			return v, true
		}
	}
	for _, v := range []any{ref.Value.Example, ref.Value.Default, map[string]any{}, []any{}, "", json.Number("0"), nil} {
		if v = plain(v); m.valid(ref, v) {
			return v, true
		}
	}
	return nil, false
}

func (m *maker) valid(ref *openapi3.SchemaRef, v any) bool {
	return len(m.set.Check(ref, schema.Response, v)) == 0
}

// make makes a value that follows what the schema plainly says; share is how
// many of the optional properties it has.
func (m *maker) make(ref *openapi3.SchemaRef, depth int, share float64) (any, bool) {
	if ref == nil || ref.Value == nil {
		return "anything", true
	}
	s := m.flat(ref.Value, depth)
	if s == nil || depth > deepest {
		return nil, false
	}
	switch kind := m.kind(s); kind {
	case "constant":
		return s.constant, true
	case "enum":
		return s.enum[m.rng.IntN(len(s.enum))], true
	case "object":
		return m.object(s, depth, share)
	case "array":
		return m.array(s, depth, share)
	case "integer", "number":
		return m.number(s, kind == "integer")
	case "boolean":
		return m.rng.IntN(2) == 0, true
	case "null":
		return nil, true
	}
	return m.text(s)
}

// kind picks a type that the schema allows, or how else its values are given.
func (m *maker) kind(s *flat) string {
	switch {
	case s.constant != nil:
		return "constant"
	case len(s.enum) > 0:
		return "enum"
	}
	if types := slices.DeleteFunc(slices.Clone(s.types), func(t string) bool { return t == "null" }); len(types) > 0 {
		return types[m.rng.IntN(len(types))]
	}
	if len(s.types) > 0 {
		return "null"
	}
	return s.implied()
}

// implied is the type that the keywords of a schema without one are for.
func (s *flat) implied() string {
	switch {
	case len(s.props) > 0 || s.additional != nil || len(s.required) > 0:
		return "object"
	case s.items != nil || len(s.prefix) > 0:
		return "array"
	case s.low != nil || s.high != nil || s.multiple != nil:
		return "number"
	}
	return "string"
}

func (m *maker) object(s *flat, depth int, share float64) (any, bool) {
	out := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.props)) {
		if !m.wants(s, name, len(out), depth, share) {
			continue
		}
		v, ok := m.make(s.of(name), depth+1, share)
		if name == s.property && s.name != "" && !m.named(s, name) {
			v, ok = s.name, true
		}
		if ok {
			out[name] = v
		} else if slices.Contains(s.required, name) {
			return nil, false
		}
	}
	if !m.unnamed(out, s, depth, share) {
		return nil, false
	}
	m.asked(out, s, depth, share)
	return out, m.more(out, s, depth, share)
}

// unnamed adds the properties that are required and not declared.
func (m *maker) unnamed(out map[string]any, s *flat, depth int, share float64) bool {
	for _, name := range s.required {
		if _, done := out[name]; done || s.props[name] != nil {
			continue
		}
		v, ok := m.make(s.of(name), depth+1, share)
		if name == s.property && s.name != "" {
			v = s.name
		}
		if !ok {
			return false
		}
		out[name] = v
	}
	return true
}

// wants tells whether a property belongs into a value that has so many.
func (m *maker) wants(s *flat, name string, have, depth int, share float64) bool {
	switch {
	case s.props[name].hidden:
		return false
	case slices.Contains(s.required, name), naming(name):
		return true
	}
	return depth < wide && m.rng.Float64() < share && (s.maxProps == nil || have < int(*s.maxProps))
}

// naming tells whether a property looks like a name of the object: it is never
// left out, so that what was made can be asked for.
func naming(name string) bool {
	name = strings.ToLower(name)
	return name == "id" || name == "_id" || name == "uuid" || name == "uid" || name == "name" || name == "key"
}

// named tells whether the schema of a discriminator's property gives its value.
func (m *maker) named(s *flat, name string) bool {
	f := m.flat(s.of(name).Value, 0)
	return f != nil && (len(f.enum) == 1 || f.constant != nil)
}

// asked adds what the presence of other properties asks for, and declared
// properties until there are enough.
func (m *maker) asked(out map[string]any, s *flat, depth int, share float64) {
	for _, name := range slices.Sorted(maps.Keys(s.dependent)) {
		for _, k := range s.dependent[name] {
			if _, has := out[name]; has && out[k] == nil && s.props[k] != nil {
				out[k], _ = m.make(s.of(k), depth+1, share)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.props)) {
		if _, has := out[name]; !has && len(out) < int(s.minProps) && !s.props[name].hidden {
			if v, ok := m.make(s.of(name), depth+1, share); ok {
				out[name] = v
			}
		}
	}
}

// more adds properties that the schema does not name until there are enough.
func (m *maker) more(out map[string]any, s *flat, depth int, share float64) bool {
	n := int(s.minProps) - len(out)
	if len(s.props) == 0 && s.additional != nil && share > 0 && depth < wide {
		n = max(n, m.rng.IntN(3))
	}
	for i := range max(min(n, 32), 0) {
		v, ok := m.make(s.additional, depth+1, share)
		if !ok {
			return n <= 0 || len(out) >= int(s.minProps)
		}
		out[fmt.Sprintf("key%d%d", i, m.rng.IntN(100))] = v
	}
	return true
}

func (m *maker) array(s *flat, depth int, share float64) (any, bool) {
	n := max(int(s.minItems), len(s.prefix))
	if share > 0 && depth < wide {
		n += 1 + m.rng.IntN(2)
	}
	if s.maxItems != nil {
		n = min(n, int(*s.maxItems))
	}
	out := []any{}
	for i := range min(n, 200) {
		ref := s.items
		if i < len(s.prefix) {
			ref = s.prefix[i]
		} else if s.contains != nil && i == n-1 {
			ref = s.contains
		}
		for range 20 {
			v, ok := m.make(ref, depth+1, share)
			if !ok {
				return out, len(out) >= int(s.minItems)
			}
			if !s.unique || !holds(out, plain(v)) {
				out = append(out, v)
				break
			}
		}
	}
	return out, len(out) >= int(s.minItems)
}

func holds(list []any, v any) bool {
	want, _ := json.Marshal(v)
	return slices.ContainsFunc(list, func(e any) bool {
		got, _ := json.Marshal(plain(e))
		return string(got) == string(want)
	})
}

// plain brings a value into the form in which encoding/json decodes it with
// UseNumber.
func plain(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	out, err := decodeJSON(data)
	if err != nil {
		return v
	}
	return out
}

// nameOf is the value of a discriminator that chooses a branch.
func nameOf(d *openapi3.Discriminator, ref string) string {
	for _, k := range slices.Sorted(maps.Keys(d.Mapping)) {
		if v := d.Mapping[k]; v.Ref == ref || path.Base(v.Ref) == path.Base(ref) {
			return k
		}
	}
	return path.Base(ref)
}
