package sample

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A lexeme is what the wire says of a value whose type the wire does not say:
// one text, or several under the same name.
type lexeme []string

// A reading is what the bytes of one place say. Its tree is a value with
// lexemes in it.
type reading struct {
	absent bool
	broken string // the bytes do not decode: why
	unsure bool   // nothing can be said
	tree   any
}

// readParameter decodes one parameter of a request.
func (g *generator) readParameter(op openapi.Op, p *openapi3.Parameter, req plumbline.Request) reading {
	f := g.flats.of(parameterNode(p))
	switch p.In {
	case openapi3.ParameterInPath:
		return g.readPath(op, p, f, req.Path)
	case openapi3.ParameterInHeader:
		v, has := headerOf(req, p.Name)
		if !has {
			return reading{absent: true}
		}
		return contentOr(p, v, func() any { return delimited(f, v, ",", styleOf(p).explode) })
	case openapi3.ParameterInCookie:
		v, _ := headerOf(req, "Cookie")
		return readPairs(op, p, f, splitPairs(v, ";"))
	}
	return readPairs(op, p, f, splitPairs(req.Query, "&"))
}

func headerOf(req plumbline.Request, name string) (string, bool) {
	for k, v := range req.Header {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return strings.Join(v, ","), true
		}
	}
	return "", false
}

// parameterNode are the schemas of a parameter.
func parameterNode(p *openapi3.Parameter) node {
	if p.Schema != nil {
		return node{p.Schema}
	}
	for _, name := range sortedKeys(p.Content) {
		if c := p.Content[name]; c != nil && c.Schema != nil {
			return node{c.Schema}
		}
	}
	return nil
}

// contentOr decodes a parameter that has a media type as JSON.
func contentOr(p *openapi3.Parameter, text string, otherwise func() any) reading {
	if len(p.Content) == 0 {
		return reading{tree: otherwise()}
	}
	for name := range p.Content {
		if rank(name) > 1 {
			return reading{unsure: true}
		}
	}
	v, err := decodeJSON([]byte(text))
	if err != nil {
		return reading{broken: "is not JSON"}
	}
	return reading{tree: v}
}

// A pair is a name with a value, raw as on the wire.
type pair struct{ name, raw string }

func splitPairs(s, sep string) []pair {
	var out []pair
	for _, part := range strings.Split(s, sep) {
		if part = strings.TrimLeft(part, " "); part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		out = append(out, pair{unescape(k), v})
	}
	return out
}

func unescape(s string) string {
	out, err := url.QueryUnescape(s)
	if err != nil {
		return s
	}
	return out
}

// readPairs decodes a parameter of a query or of cookies.
func readPairs(op openapi.Op, p *openapi3.Parameter, f *flat, pairs []pair) reading {
	st := styleOf(p)
	kind := f.kinds()[0]
	if kind == "object" && len(p.Content) == 0 && (st.name == "deepObject" || st.explode) {
		return readMembers(op, p, pairs)
	}
	raw := rawValues(pairs, p.Name)
	if len(raw) == 0 {
		return reading{absent: true}
	}
	return contentOr(p, unescape(raw[0]), func() any {
		whole := kind == "array" && st.explode || kind != "array" && kind != "object"
		if whole || len(raw) > 1 {
			return lexemeOf(raw)
		}
		return separated(kind, st, raw[0])
	})
}

func rawValues(pairs []pair, name string) []string {
	var out []string
	for _, x := range pairs {
		if x.name == name {
			out = append(out, x.raw)
		}
	}
	return out
}

func lexemeOf(raw []string) lexeme {
	out := make(lexeme, len(raw))
	for i, r := range raw {
		out[i] = unescape(r)
	}
	return out
}

// rawDelimited splits at the commas that are commas on the wire.
func rawDelimited(kind, raw string) any {
	return structured(kind, lexemeOf(strings.Split(raw, ",")))
}

// structured makes an array of parts, or an object of every other one.
func structured(kind string, parts lexeme) any {
	if kind == "object" {
		m := map[string]any{}
		for i := 0; i+1 < len(parts); i += 2 {
			m[parts[i]] = lexeme{parts[i+1]}
		}
		return m
	}
	list := []any{}
	for _, s := range parts {
		list = append(list, lexeme{s})
	}
	return list
}

// delimited decodes a text as the node's kind asks for.
func delimited(f *flat, text, sep string, explode bool) any {
	kind := f.kinds()[0]
	switch kind {
	case "array":
		return structured(kind, strings.Split(text, sep))
	case "object":
		if !explode {
			return structured(kind, strings.Split(text, sep))
		}
		m := map[string]any{}
		for _, part := range strings.Split(text, sep) {
			k, v, _ := strings.Cut(part, "=")
			m[k] = lexeme{v}
		}
		return m
	}
	return lexeme{text}
}

// readMembers decodes an object whose members are pairs of their own.
func readMembers(op openapi.Op, p *openapi3.Parameter, pairs []pair) reading {
	m := map[string]any{}
	for _, x := range pairs {
		name := x.name
		if styleOf(p).name == "deepObject" {
			inner, ok := strings.CutPrefix(name, p.Name+"[")
			if !ok {
				continue
			}
			name = strings.TrimSuffix(inner, "]")
		} else if slices.ContainsFunc(op.Params, func(o *openapi3.Parameter) bool { return o != p && o.In == p.In && o.Name == name }) {
			continue
		}
		old, _ := m[name].(lexeme)
		m[name] = append(old, unescape(x.raw))
	}
	if len(m) == 0 {
		return reading{absent: true}
	}
	return reading{tree: m}
}

// readPath decodes a path parameter: the segment of the path at its place in
// the template.
func (g *generator) readPath(op openapi.Op, p *openapi3.Parameter, f *flat, path string) reading {
	mark := "{" + p.Name + "}"
	templates, segments := strings.Split(op.Path, "/"), strings.Split(path, "/")
	i := slices.IndexFunc(templates, func(s string) bool { return strings.Contains(s, mark) })
	if i < 0 || len(templates) != len(segments) {
		return reading{unsure: true}
	}
	before, after, _ := strings.Cut(templates[i], mark)
	if strings.ContainsAny(before+after, "{}") {
		return reading{unsure: true}
	}
	text, ok := strings.CutPrefix(segments[i], before)
	text, also := strings.CutSuffix(text, after)
	if !ok || !also || text == mark {
		return reading{unsure: true}
	}
	return contentOr(p, unescapePath(text), func() any { return pathTree(p, f, text) })
}

func unescapePath(s string) string {
	out, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return out
}

func pathTree(p *openapi3.Parameter, f *flat, text string) any {
	st := styleOf(p)
	sep := ","
	switch st.name {
	case "label":
		text = strings.TrimPrefix(text, ".")
		if st.explode {
			sep = "."
		}
	case "matrix":
		parts := strings.Split(strings.TrimPrefix(text, ";"), ";")
		for i := range parts {
			if !st.explode || f.kinds()[0] != "object" {
				parts[i] = strings.TrimPrefix(parts[i], url.PathEscape(p.Name)+"=")
			}
		}
		if text = strings.Join(parts, ";"); st.explode {
			sep = ";"
		}
	}
	return delimited(f, unescapePath(text), sep, st.explode)
}

func decodeJSON(data []byte) (any, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errTrailing()
	}
	return v, nil
}
