package mock

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

func (w *wounder) lists(s *openapi3.Schema, x []any, path []string, depth int) {
	if s.MinItems > 0 {
		w.add("minItems", path, x[:min(int(s.MinItems)-1, len(x))])
	}
	if s.MaxItems != nil && len(x) > 0 && *s.MaxItems < 1000 {
		long := slices.Clone(x)
		for len(long) <= int(*s.MaxItems) {
			long = append(long, x[0])
		}
		w.add("maxItems", path, long)
	}
	if s.UniqueItems && len(x) > 0 {
		w.add("uniqueItems", path, append(slices.Clone(x), x[0]))
	}
	w.elements(s, x, path)
	for i, e := range x {
		ref := s.Items
		if i < len(s.PrefixItems) {
			ref = s.PrefixItems[i]
		}
		w.walk(ref, e, append(slices.Clone(path), strconv.Itoa(i)), depth+1)
	}
}

func (w *wounder) objects(s *openapi3.Schema, x map[string]any, path []string, depth int) {
	for _, k := range s.Required {
		if p := s.Properties[k]; p != nil && p.Value != nil && !hidden(p.Value, 0) {
			w.out = append(w.out, wound{keyword: "required", pointer: pointerTo(append(slices.Clone(path), k)), path: append(slices.Clone(path), k), remove: true})
		}
	}
	w.sizes(s, x, path)
	w.names(s, x, path)
	w.secrets(s, path)
	for _, k := range slices.Sorted(maps.Keys(x)) {
		sub := append(slices.Clone(path), k)
		if p := s.Properties[k]; p != nil {
			w.walk(p, x[k], sub, depth+1)
		} else if s.AdditionalProperties.Schema != nil && len(s.PatternProperties) == 0 {
			w.walk(s.AdditionalProperties.Schema, x[k], sub, depth+1)
		}
	}
}

func (w *wounder) sizes(s *openapi3.Schema, x map[string]any, path []string) {
	if a := s.AdditionalProperties; a.Has != nil && !*a.Has && len(s.PatternProperties) == 0 {
		w.out = append(w.out, wound{keyword: "additionalProperties", pointer: pointerTo(path), path: append(slices.Clone(path), "rot-unknown"), value: true})
	}
	if s.MinProps > 0 {
		w.add("minProperties", path, map[string]any{})
	}
	if s.MaxProps != nil && *s.MaxProps < 1000 {
		many := maps.Clone(x)
		for i := range int(*s.MaxProps) + 1 {
			many[fmt.Sprint("rot", i)] = "rot"
		}
		w.add("maxProperties", path, many)
	}
}

// unfit is a value that a schema surely refuses.
func unfit(ref *openapi3.SchemaRef) (any, bool) {
	if ref == nil || ref.Value == nil {
		return nil, false
	}
	s := ref.Value
	switch {
	case s.Always != nil:
		return "rot", !*s.Always
	case s.Const != nil:
		return "rot-no-constant", s.Const != "rot-no-constant"
	case len(s.Enum) > 0:
		return "rot-no-member", !slices.Contains(s.Enum, any("rot-no-member"))
	case s.Type != nil:
		return alien(*s.Type)
	}
	return nil, false
}

// elements are the wounds of what a schema says of the elements of a list.
func (w *wounder) elements(s *openapi3.Schema, x []any, path []string) {
	w.contained(s, x, path)
	for i := range min(len(s.PrefixItems), len(x)) {
		if v, ok := unfit(s.PrefixItems[i]); ok {
			w.add("prefixItems", append(slices.Clone(path), strconv.Itoa(i)), v)
		}
	}
	if v, ok := unfit(s.Items); ok && len(x) >= len(s.PrefixItems) {
		w.add("items", path, append(slices.Clone(x), v))
	}
	if u := s.UnevaluatedItems; u.Has != nil && !*u.Has && s.Items == nil && s.Contains == nil && len(x) >= len(s.PrefixItems) {
		w.add("unevaluatedItems", path, append(slices.Clone(x), "rot"))
	}
}

// contained are lists with none, too few, and too many of what they must hold.
func (w *wounder) contained(s *openapi3.Schema, x []any, path []string) {
	no, ok := unfit(s.Contains)
	if !ok {
		return
	}
	least := uint64(1)
	if s.MinContains != nil {
		least = *s.MinContains
	}
	if least > 0 {
		w.add("contains", path, slices.Repeat([]any{no}, max(len(x), 1)))
	}
	yes := s.Contains.Value.Const
	if yes == nil && len(s.Contains.Value.Enum) > 0 {
		yes = s.Contains.Value.Enum[0]
	}
	if yes == nil {
		return
	}
	if least > 1 {
		few := slices.Repeat([]any{yes}, int(least)-1) //nolint:gosec // of a document
		w.add("minContains", path, append(few, slices.Repeat([]any{no}, max(len(x)-len(few), 0))...))
	}
	if s.MaxContains != nil && *s.MaxContains < 1000 {
		w.add("maxContains", path, slices.Repeat([]any{yes}, int(*s.MaxContains)+1))
	}
}

// names are the wounds of what a schema says of the names that an object has.
func (w *wounder) names(s *openapi3.Schema, x map[string]any, path []string) {
	if name, ok := misnamed(s.PropertyNames); ok {
		w.add("propertyNames", append(slices.Clone(path), name), "rot")
	}
	if u := s.UnevaluatedProperties; u.Has != nil && !*u.Has && evaluatesNamed(s, 0) {
		w.add("unevaluatedProperties", append(slices.Clone(path), "rot-unknown"), "rot")
	}
	w.patterned(s, x, path)
	for _, k := range slices.Sorted(maps.Keys(s.DependentRequired)) {
		w.without("dependentRequired", k, s.DependentRequired[k], x, path)
	}
	for _, k := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
		if sub := s.DependentSchemas[k]; sub != nil && sub.Value != nil {
			w.without("dependentSchemas", k, sub.Value.Required, x, path)
		}
	}
}

func (w *wounder) patterned(s *openapi3.Schema, x map[string]any, path []string) {
	for _, pattern := range slices.Sorted(maps.Keys(s.PatternProperties)) {
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if v, ok := unfit(s.PatternProperties[pattern]); ok && found(pattern, k) {
				w.add("patternProperties", append(slices.Clone(path), k), v)
			}
		}
	}
}

// without takes away a property that another one asks for.
func (w *wounder) without(keyword, name string, asked []string, x map[string]any, path []string) {
	_, there := x[name]
	for _, k := range asked {
		if _, has := x[k]; has && there && k != name {
			sub := append(slices.Clone(path), k)
			w.out = append(w.out, wound{keyword: keyword, pointer: pointerTo(sub), path: sub, remove: true})
		}
	}
}

// misnamed is a name that a schema of names surely refuses.
func misnamed(ref *openapi3.SchemaRef) (string, bool) {
	if ref == nil || ref.Value == nil {
		return "", false
	}
	s := ref.Value
	switch {
	case s.Pattern != "":
		return unlike(s.Pattern)
	case s.MaxLength != nil && *s.MaxLength < 1000:
		return fmt.Sprintf("%0*d", int(*s.MaxLength)+1, 0), true
	case len(s.Enum) > 0:
		return "rot-unknown", !slices.Contains(s.Enum, any("rot-unknown"))
	}
	return "", false
}

// evaluatesNamed tells whether a schema and all that it is made of speak of no
// properties but of named ones.
func evaluatesNamed(s *openapi3.Schema, depth int) bool {
	if depth > 6 || s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil || len(s.PatternProperties) > 0 {
		return false
	}
	more := slices.Concat(s.AllOf, s.OneOf, s.AnyOf, openapi3.SchemaRefs{s.If, s.Then, s.Else})
	return !slices.ContainsFunc(more, func(e *openapi3.SchemaRef) bool {
		return e != nil && e.Value != nil && (depth > 0 && e.Value.UnevaluatedProperties.Has != nil || !evaluatesNamed(e.Value, depth+1))
	})
}

// secrets are properties that are only written.
func (w *wounder) secrets(s *openapi3.Schema, path []string) {
	for _, k := range slices.Sorted(maps.Keys(s.Properties)) {
		if p := s.Properties[k]; p != nil && p.Value != nil && hidden(p.Value, 0) {
			w.add("writeOnly", append(slices.Clone(path), k), plainly(p.Value))
		}
	}
}

// plainly is a value of the first type of a schema.
func plainly(s *openapi3.Schema) any {
	if s.Type != nil && len(*s.Type) > 0 {
		switch (*s.Type)[0] {
		case "integer", "number":
			return 1
		case "boolean":
			return true
		case "array":
			return []any{}
		case "object":
			return map[string]any{}
		}
	}
	return "rot-secret"
}
