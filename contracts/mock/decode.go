package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A reader turns what the wire says into values. It is lenient as OpenAPI is:
// a text is whatever the schema can make of it, and a place is valid when one
// of its readings is.
type reader struct{ set *schema.Set }

// decodeJSON reads one JSON value and nothing else.
func decodeJSON(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if dec.More() {
		return nil, errors.New("read JSON: more than one value")
	}
	return v, nil
}

// accepts tells whether a schema accepts one of several readings.
func (r reader) accepts(ref *openapi3.SchemaRef, readings []any) bool {
	return ref == nil || slices.ContainsFunc(readings, func(v any) bool { return len(r.set.Check(ref, schema.Request, v)) == 0 })
}

// single is what one text may mean: a number, a truth value, null when empty,
// and itself.
func single(text string) []any {
	out := []any{text}
	switch text {
	case "true":
		return append(out, true)
	case "false":
		return append(out, false)
	case "null", "":
		return append(out, nil)
	}
	if strings.IndexByte("-0123456789", text[0]) >= 0 && json.Valid([]byte(text)) {
		out = append(out, json.Number(text))
	}
	return out
}

// best is the reading of a text that a schema accepts; the text itself when it
// accepts none.
func (r reader) best(ref *openapi3.SchemaRef, text string) any {
	for _, v := range single(text) {
		if r.accepts(ref, []any{v}) {
			return v
		}
	}
	return text
}

// kinds are the types that a schema allows, through all that it is made of;
// none means any.
func kinds(ref *openapi3.SchemaRef, depth int) []string {
	if ref == nil || ref.Value == nil || depth > 6 {
		return nil
	}
	s := ref.Value
	if s.Type != nil {
		return *s.Type
	}
	var out []string
	for _, list := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		for _, e := range list {
			out = append(out, kinds(e, depth+1)...)
		}
	}
	if len(s.Properties) > 0 && !slices.Contains(out, "object") {
		out = append(out, "object")
	}
	if s.Items != nil && !slices.Contains(out, "array") {
		out = append(out, "array")
	}
	return out
}

func may(ref *openapi3.SchemaRef, kind string) bool { return slices.Contains(kinds(ref, 0), kind) }

// items is the schema of the elements of a list.
func items(ref *openapi3.SchemaRef, depth int) *openapi3.SchemaRef {
	if ref == nil || ref.Value == nil || depth > 6 {
		return nil
	}
	if ref.Value.Items != nil {
		return ref.Value.Items
	}
	for _, list := range []openapi3.SchemaRefs{ref.Value.AllOf, ref.Value.OneOf, ref.Value.AnyOf} {
		for _, e := range list {
			if i := items(e, depth+1); i != nil {
				return i
			}
		}
	}
	return nil
}

// properties are the properties that a schema names, through all that it is
// made of.
func properties(ref *openapi3.SchemaRef, depth int) openapi3.Schemas {
	out := openapi3.Schemas{}
	if ref == nil || ref.Value == nil || depth > 6 {
		return out
	}
	for _, list := range []openapi3.SchemaRefs{ref.Value.AllOf, ref.Value.OneOf, ref.Value.AnyOf} {
		for _, e := range list {
			maps.Copy(out, properties(e, depth+1))
		}
	}
	maps.Copy(out, ref.Value.Properties)
	return out
}

// property is the schema of a property, named or not.
func property(ref *openapi3.SchemaRef, name string) *openapi3.SchemaRef {
	if p := properties(ref, 0)[name]; p != nil {
		return p
	}
	if ref != nil && ref.Value != nil {
		return ref.Value.AdditionalProperties.Schema
	}
	return nil
}

// list reads the elements of a list.
func (r reader) list(ref *openapi3.SchemaRef, texts []string) []any {
	out, item := []any{}, items(ref, 0)
	for _, t := range texts {
		out = append(out, r.best(item, t))
	}
	return out
}

// object reads the members of an object.
func (r reader) object(ref *openapi3.SchemaRef, pairs [][2]string) map[string]any {
	out := map[string]any{}
	for _, p := range pairs {
		sub := property(ref, p[0])
		v := r.best(sub, p[1])
		if have, twice := out[p[0]]; twice || may(sub, "array") {
			before, isList := have.([]any)
			if !isList && twice {
				before = []any{have}
			}
			out[p[0]] = append(before, r.best(items(sub, 0), p[1]))
			continue
		}
		out[p[0]] = v
	}
	return out
}

// delimited reads a text in style simple, or form without explode: a value, a
// list, or names and values in turn.
func (r reader) delimited(ref *openapi3.SchemaRef, raw, sep string, explode bool, unescape func(string) string) []any {
	out := single(unescape(raw))
	parts := strings.Split(raw, sep)
	for i, p := range parts {
		parts[i] = unescape(strings.TrimSpace(p))
	}
	if may(ref, "array") || len(kinds(ref, 0)) == 0 {
		out = append(out, r.list(ref, parts))
		if raw == "" {
			out = append(out, []any{})
		}
	}
	if may(ref, "object") {
		if pairs, ok := paired(parts, explode); ok {
			out = append(out, r.object(ref, pairs))
		}
		if raw == "" {
			out = append(out, map[string]any{})
		}
	}
	return out
}

func paired(parts []string, explode bool) ([][2]string, bool) {
	var out [][2]string
	if explode {
		for _, p := range parts {
			k, v, ok := strings.Cut(p, "=")
			if !ok {
				return nil, false
			}
			out = append(out, [2]string{k, v})
		}
		return out, true
	}
	for c := range slices.Chunk(parts, 2) {
		if len(c) < 2 {
			return nil, false
		}
		out = append(out, [2]string{c[0], c[1]})
	}
	return out, true
}

func unescapeQuery(s string) string {
	if v, err := url.QueryUnescape(s); err == nil {
		return v
	}
	return s
}

func unescapePath(s string) string {
	if v, err := url.PathUnescape(s); err == nil {
		return v
	}
	return s
}

func asIs(s string) string { return s }
