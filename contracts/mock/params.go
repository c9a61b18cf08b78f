package mock

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A raw pair is a name and a value of a query or a cookie; the name decoded,
// the value as on the wire.
type pair struct{ name, value string }

func pairsOf(raw, sep string) []pair {
	var out []pair
	for _, p := range strings.Split(raw, sep) {
		if p = strings.TrimSpace(p); p != "" {
			k, v, _ := strings.Cut(p, "=")
			out = append(out, pair{unescapeQuery(k), v})
		}
	}
	return out
}

// parameter reads one parameter of a request: all its readings, and whether it
// is there.
func (r reader) parameter(c *call, p *openapi3.Parameter) (readings []any, present bool) {
	switch p.In {
	case openapi3.ParameterInPath:
		return r.path(p, c.captures[p.Name]), true
	case openapi3.ParameterInHeader:
		values := c.req.Header.Values(p.Name)
		if strings.EqualFold(p.Name, "Content-Length") && c.req.ContentLength >= 0 {
			values = []string{strconv.FormatInt(c.req.ContentLength, 10)} // net/http takes it out of the header
		}
		if len(values) == 0 {
			return nil, false
		}
		return r.plain(p, strings.Join(values, ","), asIs), true
	case openapi3.ParameterInCookie:
		return r.named(p, pairsOf(strings.Join(c.req.Header.Values("Cookie"), ";"), ";"), nil)
	}
	return r.named(p, pairsOf(c.req.URL.RawQuery, "&"), c.op.Params)
}

func schemaOf(p *openapi3.Parameter) *openapi3.SchemaRef { return p.Schema }

// content reads a parameter that is documented by a media type.
func content(p *openapi3.Parameter, text string) ([]any, *openapi3.SchemaRef) {
	for media, m := range p.Content {
		if m == nil || !strings.Contains(media, "json") {
			return nil, nil
		}
		v, err := decodeJSON([]byte(text))
		if err != nil {
			return []any{}, m.Schema
		}
		return []any{v}, m.Schema
	}
	return nil, nil
}

// plain reads a parameter in style simple.
func (r reader) plain(p *openapi3.Parameter, raw string, unescape func(string) string) []any {
	if len(p.Content) > 0 {
		v, _ := content(p, unescape(raw))
		return v
	}
	return r.delimited(p.Schema, raw, ",", p.Explode != nil && *p.Explode, unescape)
}

// path reads a path parameter in style simple, label or matrix.
func (r reader) path(p *openapi3.Parameter, raw string) []any {
	explode := p.Explode != nil && *p.Explode
	switch p.Style {
	case openapi3.SerializationLabel:
		raw = strings.TrimPrefix(raw, ".")
		out := r.delimited(p.Schema, raw, ",", explode, unescapePath)
		return append(out, r.delimited(p.Schema, raw, ".", explode, unescapePath)...)
	case openapi3.SerializationMatrix:
		raw = strings.TrimPrefix(raw, ";")
		if explode {
			return r.named2(p, pairsOf(raw, ";"))
		}
		return r.delimited(p.Schema, strings.TrimPrefix(raw, p.Name+"="), ",", false, unescapePath)
	}
	return r.plain(p, raw, unescapePath)
}

func (r reader) named2(p *openapi3.Parameter, all []pair) []any {
	out, _ := r.named(p, all, nil)
	return out
}

// named reads a parameter of a query or of cookies in style form,
// spaceDelimited, pipeDelimited or deepObject.
func (r reader) named(p *openapi3.Parameter, all []pair, others []*openapi3.Parameter) ([]any, bool) {
	own := ownOf(p, all)
	if p.Style == openapi3.SerializationDeepObject {
		return r.deep(p, all, own)
	}
	style, explode := styleOf(p)
	if explode && len(own) == 0 && may(p.Schema, "object") {
		return r.exploded(p, all, others)
	}
	if len(own) == 0 {
		return nil, false
	}
	if len(p.Content) > 0 {
		v, _ := content(p, unescapeQuery(own[0]))
		return v, true
	}
	if explode || len(own) > 1 {
		return r.repeated(p, own), true
	}
	var out []any
	seps := separators(style)
	used := slices.DeleteFunc(slices.Clone(seps), func(sep string) bool { return !strings.Contains(own[0], sep) })
	if len(used) == 0 {
		used = seps[:1]
	}
	for _, sep := range used {
		out = append(out, r.delimited(p.Schema, own[0], sep, false, unescapeQuery)...)
	}
	return out, true
}

func styleOf(p *openapi3.Parameter) (style string, explode bool) {
	style = cmp.Or(p.Style, openapi3.SerializationForm)
	return style, p.Explode == nil && style == openapi3.SerializationForm || p.Explode != nil && *p.Explode
}

// ownOf are the values under the name of a parameter.
func ownOf(p *openapi3.Parameter, all []pair) []string {
	var out []string
	for _, e := range all {
		if e.name == p.Name || e.name == p.Name+"[]" {
			out = append(out, e.value)
		}
	}
	return out
}

// repeated reads a parameter that is given once for each element.
func (r reader) repeated(p *openapi3.Parameter, own []string) []any {
	texts := make([]string, len(own))
	for i, t := range own {
		texts[i] = unescapeQuery(t)
	}
	out := append(single(texts[0]), r.list(p.Schema, texts))
	if len(own) == 1 && own[0] == "" {
		out = append(out, []any{})
	}
	return out
}

// separators of a style, in all the ways in which clients escape them.
func separators(style string) []string {
	switch style {
	case openapi3.SerializationSpaceDelimited:
		return []string{"%20", "+", " "}
	case openapi3.SerializationPipeDelimited:
		return []string{"|", "%7C", "%7c"}
	}
	return []string{","}
}

// exploded reads an object whose members are parameters of their own.
func (r reader) exploded(p *openapi3.Parameter, all []pair, others []*openapi3.Parameter) ([]any, bool) {
	named := properties(p.Schema, 0)
	open := p.Schema.Value.AdditionalProperties.Schema != nil || len(named) == 0
	var pairs [][2]string
	for _, e := range all {
		foreign := slices.ContainsFunc(others, func(o *openapi3.Parameter) bool { return o != p && o.In == p.In && o.Name == e.name })
		if named[e.name] != nil || open && !foreign {
			pairs = append(pairs, [2]string{e.name, unescapeQuery(e.value)})
		}
	}
	if len(pairs) == 0 {
		return nil, false
	}
	return []any{r.object(p.Schema, pairs)}, true
}

// deep reads an object in style deepObject: name[member]=value, and deeper.
func (r reader) deep(p *openapi3.Parameter, all []pair, own []string) ([]any, bool) {
	out, found := map[string]any{}, false
	for _, e := range all {
		rest, ok := strings.CutPrefix(e.name, p.Name+"[")
		if !ok || !strings.HasSuffix(rest, "]") {
			continue
		}
		found = true
		r.put(out, p.Schema, strings.Split(strings.TrimSuffix(rest, "]"), "]["), unescapeQuery(e.value))
	}
	if !found {
		if len(own) == 0 {
			return nil, false
		}
		return r.repeated(p, own), true // the style has no form for lists: as form would
	}
	return []any{out}, true
}

func (r reader) put(out map[string]any, ref *openapi3.SchemaRef, path []string, text string) {
	sub := property(ref, path[0])
	if len(path) > 1 && path[1] != "" {
		next, ok := out[path[0]].(map[string]any)
		if !ok {
			next = map[string]any{}
			out[path[0]] = next
		}
		r.put(next, sub, path[1:], text)
		return
	}
	have, twice := out[path[0]]
	if !may(sub, "array") && !twice {
		out[path[0]] = r.best(sub, text)
		return
	}
	list, ok := have.([]any)
	if !ok && twice {
		list = []any{have}
	}
	out[path[0]] = append(list, r.best(items(sub, 0), text))
}

// checkParameters tells what is wrong with the parameters of a request; empty
// when nothing is.
func (s *Server) checkParameters(c *call) string {
	for _, p := range c.op.Params {
		if governed(p) {
			continue
		}
		readings, present := s.reader.parameter(c, p)
		if !present {
			if p.Required {
				return p.In + "/" + p.Name + " is required"
			}
			continue
		}
		ref := schemaOf(p)
		if len(p.Content) > 0 {
			_, ref = content(p, "null")
		}
		if p.AllowEmptyValue && slices.Contains(readings, any("")) {
			continue
		}
		if !s.reader.accepts(ref, readings) {
			return p.In + "/" + p.Name + " is not valid"
		}
	}
	return ""
}

// governed names headers that other parts of a document govern (OpenAPI 3.1
// §4.8.12.1).
func governed(p *openapi3.Parameter) bool {
	return p.In == openapi3.ParameterInHeader && slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, http.CanonicalHeaderKey(p.Name))
}
