package sample

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// encodingOf is how a member of a form is written (OpenAPI 3.1 §4.8.15).
func encodingOf(mt *openapi3.MediaType, name string) (st style, contentType string) {
	st = style{name: "form", explode: true}
	if mt == nil || mt.Encoding[name] == nil {
		return st, ""
	}
	e := mt.Encoding[name]
	st.reserved = e.AllowReserved
	if e.Style != "" {
		st.name, st.explode = e.Style, e.Style == "form"
	}
	if e.Explode != nil {
		st.explode = *e.Explode
	}
	return st, strings.TrimSpace(strings.Split(e.ContentType, ",")[0])
}

// encodeForm writes an object as application/x-www-form-urlencoded. What has
// structure and no style of its own is written as JSON.
func (g *generator) encodeForm(mt *openapi3.MediaType, m map[string]any) ([]byte, bool) {
	var pairs []string
	for _, k := range sortedKeys(m) {
		st, contentType := encodingOf(mt, k)
		v := m[k]
		if inJSON(mt, k, v, contentType) {
			data, err := json.Marshal(v)
			if err != nil {
				return nil, false
			}
			v = string(data)
		}
		more, ok := encodePairs(k, st, v)
		if !ok {
			return nil, false
		}
		pairs = append(pairs, more...)
	}
	return []byte(strings.Join(pairs, "&")), len(pairs) > 0
}

// inJSON tells whether a member of a form is written as JSON: where the
// document says so, and where it has structure for which no style is said.
func inJSON(mt *openapi3.MediaType, name string, v any, contentType string) bool {
	if contentType != "" && rank(contentType) <= rankPlusJSON {
		return true
	}
	styled := mt != nil && mt.Encoding[name] != nil && mt.Encoding[name].Style != ""
	switch x := v.(type) {
	case map[string]any:
		return !styled
	case []any:
		return slices.ContainsFunc(x, isComposite)
	}
	return false
}

// decodeForm reads application/x-www-form-urlencoded.
func (g *generator) decodeForm(f *flat, mt *openapi3.MediaType, body string) any {
	raw := map[string][]string{}
	var order []string
	for _, p := range splitPairs(body, "&") {
		name := p.name
		if base, _, bracket := strings.Cut(name, "["); bracket && f.props[name] == nil {
			// What is no object has no parts: such a name is one of its own.
			if st, _ := encodingOf(mt, base); st.name == "deepObject" && g.mayBeObject(g.flats.of(g.governing(f, base))) {
				name = base
				p.raw = p.name + "=" + p.raw
			}
		}
		if raw[name] == nil {
			order = append(order, name)
		}
		raw[name] = append(raw[name], p.raw)
	}
	out := map[string]any{}
	for _, name := range order {
		out[name] = g.formMember(f, mt, name, raw[name])
	}
	return out
}

func (g *generator) formMember(f *flat, mt *openapi3.MediaType, name string, raw []string) any {
	st, contentType := encodingOf(mt, name)
	sub := g.flats.of(g.governing(f, name))
	kind := sub.kinds()[0]
	if contentType != "" && rank(contentType) <= rankPlusJSON && len(raw) == 1 {
		if v, err := decodeJSON([]byte(unescape(raw[0]))); err == nil {
			return v
		}
	}
	if st.name == "deepObject" && (kind == "object" || g.mayBeObject(sub) && bracketed(raw)) {
		return deepMembers(raw)
	}
	if kind == "array" && !st.explode && len(raw) == 1 {
		return separated(kind, st, raw[0])
	}
	return lexemeOf(raw)
}

// deepMembers reads name[member]=value.
func deepMembers(raw []string) any {
	m := map[string]any{}
	for _, r := range raw {
		k, v, _ := strings.Cut(r, "=")
		_, inner, _ := strings.Cut(k, "[")
		m[strings.TrimSuffix(inner, "]")] = lexeme{unescape(v)}
	}
	return m
}

// mayBeObject tells whether a member is an object in one of its alternatives.
func (g *generator) mayBeObject(f *flat) bool {
	for alt := range g.alternatives(f, 0) {
		if alt.admits("object") {
			return true
		}
	}
	return false
}

// bracketed tells whether all pairs of a member name a part of it.
func bracketed(raw []string) bool {
	return !slices.ContainsFunc(raw, func(r string) bool {
		k, _, _ := strings.Cut(r, "=")
		return !strings.Contains(unescape(k), "[")
	})
}

func separated(kind string, st style, raw string) any {
	switch st.name {
	case "spaceDelimited":
		return structured(kind, strings.Split(unescape(raw), " "))
	case "pipeDelimited":
		return structured(kind, strings.Split(unescape(raw), "|"))
	}
	return rawDelimited(kind, raw)
}
