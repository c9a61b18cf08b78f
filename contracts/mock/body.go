package mock

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostBody bounds what is read of a request.
const mostBody = 16 << 20

// checkBody reads and checks the body of a request. The status is zero when it
// is valid, else that of the refusal.
func (s *Server) checkBody(c *call) (status int, why string) {
	b := c.op.Op.RequestBody
	if b == nil || b.Value == nil || len(b.Value.Content) == 0 {
		return 0, ""
	}
	if len(c.body) == 0 {
		if b.Value.Required {
			return http.StatusBadRequest, "the body is required"
		}
		return 0, ""
	}
	got := c.req.Header.Get("Content-Type")
	m := pick(b.Value.Content, got)
	if m == nil {
		return http.StatusUnsupportedMediaType, "media type " + got + " is not supported"
	}
	readings, known := s.reader.body(m, got, c.body)
	if !known {
		return 0, ""
	}
	for _, v := range readings {
		if m.Schema == nil || len(s.set.Check(m.Schema, schema.Request, v)) == 0 {
			c.value = v
			return 0, ""
		}
	}
	why = "the body cannot be read"
	if len(readings) > 0 {
		why = "the body is not valid: " + s.set.Check(m.Schema, schema.Request, readings[0])[0].Message
	}
	return http.StatusBadRequest, why
}

// pick finds the documented media type of a Content-Type.
func pick(c openapi3.Content, got string) *openapi3.MediaType {
	base, params, err := mime.ParseMediaType(got)
	if err != nil {
		base = strings.ToLower(strings.TrimSpace(strings.Split(got, ";")[0]))
	}
	kind, _, _ := strings.Cut(base, "/")
	var ranged *openapi3.MediaType
	for _, name := range slices.Sorted(maps.Keys(c)) {
		want, wanted, err := mime.ParseMediaType(name)
		if err != nil {
			want = strings.ToLower(strings.TrimSpace(strings.Split(name, ";")[0]))
		}
		differs := slices.ContainsFunc(slices.Collect(maps.Keys(wanted)), func(k string) bool { return k != "charset" && params[k] != "" && params[k] != wanted[k] })
		switch {
		case c[name] == nil || differs:
		case want == base:
			return c[name]
		case want == "*/*" || want == kind+"/*":
			ranged = c[name]
		}
	}
	return ranged
}

// body lists what a body may mean; known is false for a media type that is
// taken as it is.
func (r reader) body(m *openapi3.MediaType, contentType string, data []byte) (readings []any, known bool) {
	base, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		base = strings.ToLower(strings.TrimSpace(strings.Split(contentType, ";")[0]))
	}
	switch {
	case strings.HasSuffix(base, "json"):
		v, err := decodeJSON(data)
		if err != nil {
			return nil, true
		}
		return []any{v}, true
	case base == "application/x-www-form-urlencoded":
		return []any{r.form(m, string(data))}, true
	case base == "multipart/form-data":
		v, err := r.parts(m, data, params["boundary"])
		if err != nil {
			return nil, true
		}
		return []any{v}, true
	case strings.HasSuffix(base, "/xml"), strings.HasSuffix(base, "+xml"):
		v, err := r.xml(m.Schema, data)
		if err != nil {
			return nil, true
		}
		return v, true
	case strings.HasPrefix(base, "text/"):
		return r.delimited(m.Schema, string(data), ",", false, asIs), true
	}
	return nil, false
}

// form reads a form; the style of a property is that of its encoding object
// (OpenAPI 3.1 §4.8.15).
func (r reader) form(m *openapi3.MediaType, raw string) any {
	all := pairsOf(raw, "&")
	out := map[string]any{}
	names := properties(m.Schema, 0)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		p := &openapi3.Parameter{Name: name, In: openapi3.ParameterInQuery, Schema: names[name]}
		if e := m.Encoding[name]; e != nil {
			p.Style, p.Explode = e.Style, e.Explode
		}
		if readings, ok := r.member(p, all); ok {
			out[name] = r.chosen(names[name], readings)
		}
	}
	var more [][2]string
	for _, e := range all {
		name, _, _ := strings.Cut(e.name, "[")
		inside := may(names[name], "object") || may(names[name], "array")
		if names[e.name] == nil && !inside {
			more = append(more, [2]string{e.name, unescapeQuery(e.value)})
		}
	}
	maps.Copy(out, r.object(m.Schema, more))
	return out
}

// member reads one property of a form. An object without a style is JSON, or
// has members with brackets: both are in use.
func (r reader) member(p *openapi3.Parameter, all []pair) ([]any, bool) {
	if may(p.Schema, "object") || may(p.Schema, "array") {
		if readings, ok := r.deep(p, all, nil); ok {
			return readings, true
		}
	}
	for _, e := range all {
		if e.name != p.Name && e.name != p.Name+"[]" {
			continue
		}
		explicit := *p
		explicit.Content = nil
		readings, ok := r.named(&explicit, slices.DeleteFunc(slices.Clone(all), func(o pair) bool { return o.name != e.name }), nil)
		if v, err := decodeJSON([]byte(unescapeQuery(e.value))); err == nil {
			readings = append(readings, v)
		}
		return readings, ok
	}
	return nil, false
}

// chosen is the reading that a schema accepts, or the first.
func (r reader) chosen(ref *openapi3.SchemaRef, readings []any) any {
	for _, v := range readings {
		if r.accepts(ref, []any{v}) {
			return v
		}
	}
	if len(readings) > 0 {
		return readings[0]
	}
	return nil
}

// parts reads a multipart form; parts of the same name are a list.
func (r reader) parts(m *openapi3.MediaType, data []byte, boundary string) (any, error) {
	if boundary == "" {
		return nil, errors.New("no boundary")
	}
	out, lists := map[string]any{}, map[string][]any{}
	mr := multipart.NewReader(bytes.NewReader(data), boundary)
	for {
		p, err := mr.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // only that it is one counts
		}
		text, err := io.ReadAll(p)
		if err != nil {
			return nil, err //nolint:wrapcheck // as above
		}
		r.gather(m, p, string(text), out, lists)
	}
	for name, l := range lists {
		if ref := property(m.Schema, name); may(ref, "array") && (len(l) > 1 || !r.accepts(ref, []any{out[name]})) {
			out[name] = l
		}
	}
	return out, nil
}

// gather reads one part, as the whole of its property and as an element of it.
func (r reader) gather(m *openapi3.MediaType, p *multipart.Part, text string, out map[string]any, lists map[string][]any) {
	name := p.FormName()
	ref := property(m.Schema, name)
	item := items(ref, 0)
	styled := m.Encoding[name] != nil && (m.Encoding[name].Style != "" || m.Encoding[name].Explode != nil)
	lists[name] = append(lists[name], r.chosen(item, r.part(p, item, text, styled)))
	if len(lists[name]) == 1 {
		out[name] = r.chosen(ref, r.part(p, ref, text, styled))
	}
}

// part lists what one part may mean, its own media type known. Objects are JSON
// in a part (OpenAPI 3.1 §4.8.15.1.1), and what stands between commas is a list
// or an object where the document gives the property a style alone.
func (r reader) part(p *multipart.Part, ref *openapi3.SchemaRef, text string, styled bool) []any {
	inJSON := strings.Contains(p.Header.Get("Content-Type"), "json")
	v, err := decodeJSON([]byte(text))
	switch {
	case inJSON && err == nil:
		return []any{v}
	case inJSON:
		return nil
	}
	out := single(text)
	if err == nil && (may(ref, "object") || may(ref, "array")) {
		out = append(out, v)
	}
	if styled {
		out = append(out, r.delimited(ref, text, ",", false, asIs)...)
	}
	return out
}

// An element is what an XML document holds.
type element struct {
	name     string
	attrs    map[string]string
	children []*element
	text     string
}

// xml reads a document as the XML objects of the schema say (OpenAPI 3.1
// §4.8.26).
func (r reader) xml(ref *openapi3.SchemaRef, data []byte) ([]any, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	root := &element{}
	stack := []*element{root}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err //nolint:wrapcheck // only that it is one counts
		}
		top := stack[len(stack)-1]
		switch x := t.(type) {
		case xml.StartElement:
			e := &element{name: x.Name.Local, attrs: map[string]string{}}
			for _, a := range x.Attr {
				e.attrs[a.Name.Local] = a.Value
			}
			top.children = append(top.children, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(x)
		}
	}
	if len(root.children) != 1 {
		return nil, errors.New("no root element")
	}
	return []any{r.element(ref, root.children[0], 0)}, nil
}

func (r reader) element(ref *openapi3.SchemaRef, e *element, depth int) any {
	if depth > 12 {
		return nil
	}
	switch {
	case may(ref, "array"):
		out, item := []any{}, items(ref, 0)
		for _, c := range e.children {
			out = append(out, r.element(item, c, depth+1))
		}
		return out
	case may(ref, "object") || len(e.children) > 0:
		return r.members(ref, e, depth)
	}
	return r.best(ref, e.text)
}

// xmlOf is the XML object of a schema, and the name that it gives to what is
// otherwise called name.
func xmlOf(ref *openapi3.SchemaRef, name string) (openapi3.XML, string) {
	if ref == nil || ref.Value == nil || ref.Value.XML == nil {
		return openapi3.XML{}, name
	}
	return *ref.Value.XML, cmp.Or(ref.Value.XML.Name, name)
}

// elements reads the elements of a property: all of them where they are the
// items of a list that nothing wraps, else the first.
func (r reader) elements(p *openapi3.SchemaRef, list []*element, flat bool, depth int) any {
	if !flat {
		return r.element(p, list[0], depth)
	}
	out := []any{}
	for _, c := range list {
		out = append(out, r.element(items(p, 0), c, depth))
	}
	return out
}

func (r reader) members(ref *openapi3.SchemaRef, e *element, depth int) map[string]any {
	out := map[string]any{}
	byName, used := map[string][]*element{}, map[string]bool{}
	for _, c := range e.children {
		byName[c.name] = append(byName[c.name], c)
	}
	for name, p := range properties(ref, 0) {
		x, tag := xmlOf(p, name)
		if v, ok := e.attrs[tag]; x.Attribute {
			if ok {
				out[name] = r.best(p, v)
			}
			continue
		}
		flat := may(p, "array") && !x.Wrapped
		if flat {
			_, tag = xmlOf(items(p, 0), tag)
		}
		if list := byName[tag]; len(list) > 0 {
			out[name], used[tag] = r.elements(p, list, flat, depth+1), true
		}
	}
	for tag, list := range byName {
		if !used[tag] {
			out[tag] = r.element(property(ref, tag), list[0], depth+1)
		}
	}
	return out
}
