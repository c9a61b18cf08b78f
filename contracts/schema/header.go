package schema

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// A headerRule is a documented header of a response.
type headerRule struct {
	name     string // in the usual spelling
	at       string
	required bool
	json     bool // documented by content of a JSON media type
	explode  bool
	schema   *lazy // nil when there is none
}

// headerRules lists the documented headers in order. Content-Type is governed
// by the media types (OpenAPI 3.1 §4.8.17).
func (i *Inspector) headerRules(hs openapi3.Headers, at string) []*headerRule {
	var out []*headerRule
	for _, name := range sortedKeys(hs) {
		h := hs[name]
		if h == nil || h.Value == nil || strings.EqualFold(name, "Content-Type") {
			continue
		}
		r := &headerRule{name: http.CanonicalHeaderKey(name), at: placeOf(h.Ref, at+"/headers/"+token(name)), required: h.Value.Required, explode: h.Value.Explode != nil && *h.Value.Explode}
		ref := h.Value.Schema
		for media, m := range h.Value.Content {
			if base, _ := parseMedia(media); formOf(base) == formJSON && m != nil {
				ref, r.json = m.Schema, true
			}
		}
		if ref != nil && ref.Value != nil {
			r.schema = &lazy{set: i.set, ref: ref}
		}
		out = append(out, r)
	}
	return out
}

// inspect checks that a header is there and that its value matches, in any
// legal reading of it.
func (h *headerRule) inspect(resp plumbline.Response) []plumbline.Mark {
	values := headerValues(resp, h.name)
	if len(values) == 0 {
		if h.required {
			return []plumbline.Mark{{Kind: plumbline.MarkHeader, Pointer: "header/" + h.name, Message: "the required header " + h.name + " is missing", Schema: h.at}}
		}
		return nil
	}
	e := h.schema.get()
	if e == nil || e.schema == nil || h.name == "Set-Cookie" {
		return nil
	}
	text := values[0]
	if len(values) > 1 {
		text = strings.Join(values, ",")
	}
	return h.value(e, text)
}

func (h *headerRule) value(e *entry, text string) []plumbline.Mark {
	if !h.json && textual(h.schema.ref.Value) {
		if e.node.welcomes(text) {
			return nil
		}
		return h.wrong(e.check(text))
	}
	var first []Breach
	for _, v := range h.readings(text) {
		b := e.check(v)
		if len(b) == 0 {
			return nil
		}
		if first == nil {
			first = b
		}
	}
	if first == nil {
		first = []Breach{{Message: "is not of the documented type"}}
	}
	return h.wrong(first)
}

func (h *headerRule) wrong(breaches []Breach) []plumbline.Mark {
	if len(breaches) == 0 {
		return nil
	}
	return []plumbline.Mark{{Kind: plumbline.MarkHeader, Pointer: "header/" + h.name, Message: h.name + " " + breaches[0].Message, Schema: h.at + "/schema"}}
}

// readings are the values that a header may mean, the one that its schema
// suggests first.
func (h *headerRule) readings(text string) []any {
	if h.json {
		var v any
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			return nil
		}
		return []any{v}
	}
	return Readings(h.schema.ref, text, h.explode)
}

// Readings are the values that a text in style "simple" may mean for a schema
// (RFC 6570 §3.2.2): a number, a truth value, a list or an object where the
// text has the form of one, and the text itself.
func Readings(ref *openapi3.SchemaRef, text string, explode bool) []any {
	s := ref.Value
	if textual(s) {
		return []any{text}
	}
	var out []any
	if v, ok := scalar(text); ok {
		out = append(out, v)
	}
	if may(s, "array") {
		out = append(out, list(s, text))
	}
	if v, ok := pairs(s, text, explode); ok && may(s, "object") {
		out = append(out, v)
	}
	if text == "" && (s.Nullable || may(s, "null")) {
		out = append(out, nil)
	}
	return append(out, text)
}

// may tells whether a schema allows for a type, as far as it says.
func may(s *openapi3.Schema, kind string) bool {
	return s == nil || s.Type == nil || s.Type.Includes(kind)
}

// textual tells whether a schema is of type string alone.
func textual(s *openapi3.Schema) bool { return s != nil && s.Type != nil && s.Type.Is("string") }

// scalar reads a number or a truth value.
func scalar(text string) (any, bool) {
	switch text {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	if n := json.Number(text); text != "" && strings.IndexByte("-0123456789", text[0]) >= 0 && json.Valid([]byte(text)) {
		return n, true
	}
	return nil, false
}

func list(s *openapi3.Schema, text string) []any {
	out := []any{}
	if text == "" {
		return out
	}
	for _, e := range strings.Split(text, ",") {
		e = strings.TrimSpace(e)
		var item *openapi3.Schema
		if s != nil && s.Items != nil {
			item = s.Items.Value
		}
		out = append(out, single(item, e))
	}
	return out
}

// single is the reading of a text that has no structure.
func single(s *openapi3.Schema, text string) any {
	if v, ok := scalar(text); ok && !textual(s) {
		return v
	}
	return text
}

func pairs(s *openapi3.Schema, text string, explode bool) (map[string]any, bool) {
	out := map[string]any{}
	parts := strings.Split(text, ",")
	if explode {
		for _, p := range parts {
			k, v, ok := strings.Cut(p, "=")
			if !ok {
				return nil, false
			}
			out[k] = single(property(s, k), v)
		}
		return out, true
	}
	for pair := range slices.Chunk(parts, 2) {
		if len(pair) < 2 {
			return nil, false
		}
		out[pair[0]] = single(property(s, pair[0]), pair[1])
	}
	return out, true
}

func property(s *openapi3.Schema, name string) *openapi3.Schema {
	if s == nil || s.Properties[name] == nil {
		return nil
	}
	return s.Properties[name].Value
}
