package pactfile

import (
	"encoding/json"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// sending are rules for the body that a consumer sends: a client of its own
// sends other values than the example, of the same kind. Where the body takes
// another alternative of a schema than the first, it stays as it is.
func sending(src openapi.Op, i interaction, k *kit) ruled {
	b := src.Op.RequestBody
	if i.Request.Body == nil || b == nil || b.Value == nil {
		return nil
	}
	mt := b.Value.Content.Get(i.Request.Body.ContentType)
	if mt == nil || mt.Schema == nil {
		return nil
	}
	w := &writer{op: src.ID, kit: k, rules: map[string]any{}}
	w.sent(mt.Schema, i.Request.Body.Content, "$", 0)
	return w.rules
}

// sent states the scalars of a value that is sent.
func (w *writer) sent(ref *openapi3.SchemaRef, v any, path string, depth int) {
	parts, ok := w.parts(ref, path, 0)
	if !ok || depth > deepest || !w.fits(parts, v) {
		return
	}
	switch x := v.(type) {
	case map[string]any:
		properties, _ := members(parts)
		for name, p := range properties {
			if value, there := x[name]; there {
				w.sent(p, value, child(path, name), depth+1)
			}
		}
	case []any:
		items, _, _ := lengths(parts)
		for n, e := range x {
			w.sent(items, e, path+"["+strconv.Itoa(n)+"]", depth+1)
		}
	default:
		w.sentScalar(parts, v, path)
	}
}

func (w *writer) sentScalar(parts openapi3.SchemaRefs, v any, path string) {
	switch x := v.(type) {
	case string:
		if listed := enumeration(parts); len(listed) > 0 {
			w.listed(listed, path)
			return
		}
		w.text(parts, path, x)
	case json.Number:
		kind := kindOf(parts)
		if kind != "integer" {
			kind = "number"
		}
		w.rule(path, map[string]any{"match": kind})
	case bool:
		w.rule(path, map[string]any{"match": "boolean"})
	}
}

// fits tells whether the chosen alternatives accept a value.
func (w *writer) fits(parts openapi3.SchemaRefs, v any) bool {
	for _, p := range parts {
		if !w.set.Valid(p, schema.Request, v) {
			return false
		}
	}
	return true
}
