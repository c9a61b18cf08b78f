package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// resourceRef is the reference of the schema of a resource in an answer: of
// the whole, or of what an envelope holds.
func resourceRef(r *openapi3.Response) string {
	for _, m := range contentOf(r) {
		if m.Schema.Ref != "" && envelope(m.Schema.Value) == "" {
			return m.Schema.Ref
		}
		if key := envelope(m.Schema.Value); key != "" {
			return properties(m.Schema.Value, 0)[key].Ref
		}
	}
	return ""
}

// envelopes are the names that APIs give to the one thing in an answer.
func envelopes() []string {
	return []string{"data", "result", "item", "resource", "object", "payload", "response", "content", "value"}
}

// envelope is the member of an answer that holds the resource, when the answer
// itself names no identifier.
func envelope(s *openapi3.Schema) string {
	all := properties(s, 0)
	if _, ok := idProperty(s, "", "id"); ok {
		return ""
	}
	var objects []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		v := all[k]
		if v == nil || v.Value == nil || len(properties(v.Value, 0)) == 0 {
			continue
		}
		if slices.Contains(envelopes(), strings.ToLower(k)) {
			return k
		}
		if _, ok := idProperty(v.Value, singular(strings.ToLower(k)), "id"); ok {
			objects = append(objects, k)
		}
	}
	if len(objects) == 1 {
		return objects[0]
	}
	return ""
}

// member finds the identifier of the resource in an answer: at its top, in an
// envelope, or in the first of the things that it lists.
func member(r *openapi3.Response, stem, name string) (string, bool) {
	for _, m := range contentOf(r) {
		s := m.Schema.Value
		if key, ok := idProperty(s, stem, name); ok {
			return "/" + key, true
		}
		all := properties(s, 0)
		for _, key := range []string{stem, envelope(s)} {
			for _, k := range slices.Sorted(maps.Keys(all)) {
				if key == "" || !strings.EqualFold(k, key) || all[k] == nil || all[k].Value == nil {
					continue
				}
				if id, ok := idProperty(all[k].Value, stem, name); ok {
					return "/" + pointerToken(k) + "/" + id, true
				}
			}
		}
		if scalarKind(s) && m.Schema.Value.Type != nil {
			return "", len(all) == 0 // the whole answer is the identifier
		}
	}
	return "", false
}

// contentOf are the documented JSON-like bodies of a response, in order.
func contentOf(r *openapi3.Response) []*openapi3.MediaType {
	var out []*openapi3.MediaType
	for _, k := range sortedKeys(r.Content) {
		if m := r.Content[k]; m != nil && m.Schema != nil && m.Schema.Value != nil && (strings.Contains(k, "json") || strings.Contains(k, "*")) {
			out = append(out, m)
		}
	}
	return out
}

// listing finds the array of an answer and the schema of its items.
func listing(r *openapi3.Response) (pointer string, item *openapi3.SchemaRef, ok bool) {
	for _, m := range contentOf(r) {
		if at, item, ok := arrayIn(m.Schema.Value, 0); ok {
			return at, item, true
		}
	}
	return "", nil, false
}

func arrayIn(s *openapi3.Schema, depth int) (string, *openapi3.SchemaRef, bool) {
	if s.Items != nil && s.Items.Value != nil {
		return "", s.Items, true
	}
	all := properties(s, 0)
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(k string) bool { return all[k] == nil || all[k].Value == nil })
	for _, k := range keys {
		if items := all[k].Value.Items; items != nil && items.Value != nil && len(properties(items.Value, 0)) > 0 {
			return "/" + pointerToken(k), items, true
		}
	}
	for _, k := range keys {
		if at, item, ok := arrayAt(k, all[k].Value, depth); ok {
			return at, item, true
		}
	}
	return "", nil, false
}

// arrayAt finds the array in a member that is called as such members are: the
// array itself, or an envelope of it.
func arrayAt(k string, v *openapi3.Schema, depth int) (string, *openapi3.SchemaRef, bool) {
	if v.Items != nil && slices.Contains([]string{"items", "data", "results", "values", "entries", "ids"}, strings.ToLower(k)) {
		return "/" + pointerToken(k), v.Items, true
	}
	if depth >= 1 || k != "_embedded" && !slices.Contains(envelopes(), strings.ToLower(k)) {
		return "", nil, false
	}
	at, item, ok := arrayIn(v, depth+1)
	return "/" + pointerToken(k) + at, item, ok
}

// idProperty finds the property that names a thing: that of the parameter's
// own name, then that of its kind, then the usual ones.
func idProperty(s *openapi3.Schema, stem, name string) (string, bool) {
	wants := []string{name, stem + "id", stem + "uuid", "id", "_id", "uuid", "guid", "identifier", stem + "key", stem + "code", stem + "name", stem + "number", "key", "slug", "name", stem}
	if stem == "" {
		wants = []string{name, "id", "_id", "uuid", "guid"}
	}
	if name == "" {
		wants = wants[1:]
	}
	for i := range wants {
		wants[i] = squash(wants[i])
	}
	best, key := len(wants), ""
	for k, v := range properties(s, 0) {
		i := slices.Index(wants[:min(best+1, len(wants))], squash(k))
		if i < 0 || i == best && k > key || v == nil || v.Value == nil || !scalarKind(v.Value) {
			continue
		}
		best, key = i, k
	}
	return pointerToken(key), best < len(wants)
}

// scalarKind tells whether a schema can describe an identifier.
func scalarKind(s *openapi3.Schema) bool {
	switch schemaType(s) {
	case "string", "integer", "number":
		return true
	case "object", "array", "boolean":
		return false
	}
	return len(properties(s, 0)) == 0 && s.Items == nil
}

// properties are those of an object: its own, those of its parts, and those of
// its alternatives. They are for reading: most are the schema's own table.
func properties(s *openapi3.Schema, depth int) openapi3.Schemas {
	if s == nil || depth > 3 {
		return nil
	}
	if len(s.OneOf)+len(s.AnyOf)+len(s.AllOf) == 0 {
		return s.Properties
	}
	out := openapi3.Schemas{}
	for _, refs := range []openapi3.SchemaRefs{s.OneOf, s.AnyOf, s.AllOf} {
		for _, p := range refs {
			if p != nil && p.Value != nil {
				maps.Copy(out, properties(p.Value, depth+1))
			}
		}
	}
	maps.Copy(out, s.Properties)
	return out
}
