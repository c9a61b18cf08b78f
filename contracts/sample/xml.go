package sample

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"
)

// xmlOf is the XML object of a node (OpenAPI 3.1 §4.8.26).
func xmlOf(n node) openapi3.XML {
	for _, ref := range n {
		if ref != nil && ref.Value != nil && ref.Value.XML != nil {
			return *ref.Value.XML
		}
	}
	return openapi3.XML{}
}

// rootName is the name of the element that a body is: that of the XML object,
// else that of the schema.
func rootName(n node) string {
	if x := xmlOf(n); x.Name != "" {
		return x.Name
	}
	if len(n) > 0 && n[0] != nil && n[0].Ref != "" {
		return n[0].Ref[strings.LastIndex(n[0].Ref, "/")+1:]
	}
	return "root"
}

// encodeXML writes a value as an XML document.
func (g *generator) encodeXML(mt *openapi3.MediaType, v any) ([]byte, bool) {
	n := schemaNode(mt)
	if len(n) == 0 {
		return nil, false
	}
	w := xmlWriter{g: g}
	w.b.WriteString(xml.Header)
	w.element(rootName(n), n, v)
	return w.b.Bytes(), !w.failed
}

type xmlWriter struct {
	g      *generator
	b      bytes.Buffer
	failed bool
}

// xmlName tells whether a text may name an element.
func xmlName(s string) bool {
	for i, r := range s {
		letter := r == '_' || unicode.IsLetter(r)
		if !letter && (i == 0 || r != '-' && r != '.' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

func (w *xmlWriter) element(name string, n node, v any) {
	x := xmlOf(n)
	full := name
	if x.Prefix != "" {
		full = x.Prefix + ":" + name
	}
	if !xmlName(name) || v == nil {
		w.failed = true
		return
	}
	w.b.WriteString("<" + full)
	if x.Namespace != "" {
		attribute := " xmlns"
		if x.Prefix != "" {
			attribute += ":" + x.Prefix
		}
		w.b.WriteString(attribute + `="` + escapeXML(x.Namespace) + `"`)
	} else if x.Prefix != "" {
		w.b.WriteString(` xmlns:` + x.Prefix + `="urn:` + escapeXML(x.Prefix) + `"`)
	}
	if m, ok := v.(map[string]any); ok {
		w.object(w.g.flats.of(n), m)
	} else {
		w.b.WriteString(">")
		w.content(n, v)
	}
	w.b.WriteString("</" + full + ">")
}

func escapeXML(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}

// object writes attributes, ends the start tag, and writes elements.
func (w *xmlWriter) object(f *flat, m map[string]any) {
	names := sortedKeys(m)
	for _, k := range names {
		if x := xmlOf(f.props[k]); x.Attribute {
			s, ok := scalar(m[k])
			w.failed = w.failed || !ok || !xmlName(elementName(f, k))
			w.b.WriteString(" " + elementName(f, k) + `="` + escapeXML(s) + `"`)
		}
	}
	w.b.WriteString(">")
	for _, k := range names {
		n := w.g.governing(f, k)
		if xmlOf(n).Attribute {
			continue
		}
		list, array := m[k].([]any)
		switch {
		case !array:
			w.element(elementName(f, k), n, m[k])
		case xmlOf(n).Wrapped:
			w.b.WriteString("<" + elementName(f, k) + ">")
			w.list(itemName(w.g.flats.of(n), k), w.g.flats.of(n), list)
			w.b.WriteString("</" + elementName(f, k) + ">")
		default:
			w.failed = w.failed || len(list) == 0
			w.list(itemName(w.g.flats.of(n), elementName(f, k)), w.g.flats.of(n), list)
		}
	}
}

func (w *xmlWriter) list(name string, f *flat, list []any) {
	for i, e := range list {
		w.failed = w.failed || typeOf(e) == "array"
		w.element(name, f.itemNode(i), e)
	}
}

func (w *xmlWriter) content(n node, v any) {
	if list, ok := v.([]any); ok {
		f := w.g.flats.of(n)
		w.list(itemName(f, "item"), f, list)
		return
	}
	s, ok := scalar(v)
	w.failed = w.failed || !ok || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 && r != '\t' && r != '\n' })
	w.b.WriteString(escapeXML(s))
}

func elementName(f *flat, k string) string {
	if x := xmlOf(f.props[k]); x.Name != "" {
		return x.Name
	}
	return k
}

func itemName(f *flat, otherwise string) string {
	if x := xmlOf(f.items); x.Name != "" {
		return x.Name
	}
	return otherwise
}

// An xmlNode is an element as it was read.
type xmlNode struct {
	name  string
	attrs map[string]string
	kids  []*xmlNode
	text  string
}

func parseXML(data []byte) (*xmlNode, error) {
	dec := xml.NewDecoder(bytes.NewReader(data))
	doc := &xmlNode{}
	stack := []*xmlNode{doc}
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if len(doc.kids) == 0 || len(stack) > 1 {
				return nil, io.ErrUnexpectedEOF
			}
			return doc.kids[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch x := t.(type) {
		case xml.StartElement:
			e := newXMLNode(x)
			top.kids = append(top.kids, e)
			stack = append(stack, e)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(x)
		}
	}
}

func newXMLNode(x xml.StartElement) *xmlNode {
	e := &xmlNode{name: x.Name.Local, attrs: map[string]string{}}
	for _, a := range x.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			e.attrs[a.Name.Local] = a.Value
		}
	}
	return e
}

// decodeXML reads an XML document as the schema says that it is written.
func (g *generator) decodeXML(mt *openapi3.MediaType, data []byte) reading {
	root, err := parseXML(data)
	if err != nil {
		return reading{broken: "is not XML: " + err.Error()}
	}
	return reading{tree: g.xmlTree(schemaNode(mt), root, 0)}
}

func (g *generator) xmlTree(n node, e *xmlNode, depth int) any {
	f := g.flats.of(n)
	kind := f.kinds()[0]
	switch {
	case depth > 16:
		return lexeme{e.text}
	case kind == "array":
		return g.xmlList(f, e.kids, depth)
	case kind == "object" || len(f.choices) > 0 && len(e.kids)+len(e.attrs) > 0:
		return g.xmlObject(g.xmlShape(f), e, depth)
	}
	return lexeme{e.whole()}
}

// whole is the text of an element and of all elements in it, which is what
// readers take who expect no elements there.
func (e *xmlNode) whole() string {
	s := e.text
	for _, k := range e.kids {
		s += k.whole()
	}
	return s
}

// xmlShape joins the properties of all alternatives: any of them may be meant.
func (g *generator) xmlShape(f *flat) *flat {
	for range 8 {
		if len(f.choices) == 0 {
			break
		}
		c := f.choices[0]
		all := node{}
		for _, b := range c.branches {
			all = append(all, b...)
		}
		f = f.with(all, choice{})
	}
	return f
}

func (g *generator) xmlList(f *flat, kids []*xmlNode, depth int) any {
	list := []any{}
	for i, k := range kids {
		list = append(list, g.xmlTree(f.itemNode(i), k, depth+1))
	}
	return list
}

func (g *generator) xmlObject(f *flat, e *xmlNode, depth int) any {
	out := map[string]any{}
	used := map[string]bool{}
	for _, k := range f.order() {
		n := g.governing(f, k)
		name, x, sub := elementName(f, k), xmlOf(n), g.flats.of(n)
		if slices.Contains(sub.kinds(), "array") && !x.Wrapped {
			name = itemName(sub, name)
		}
		used[name] = true
		if v, ok := e.attrs[name]; ok && x.Attribute {
			out[k] = lexeme{v}
		} else if kids := e.named(name); len(kids) > 0 && !x.Attribute {
			out[k] = g.xmlMember(n, kids, depth+1)
		}
	}
	for _, kid := range e.kids {
		if !used[kid.name] {
			out[kid.name] = g.xmlTree(f.additional, kid, depth+1)
		}
	}
	return out
}

// xmlMember reads the elements of one property.
func (g *generator) xmlMember(n node, kids []*xmlNode, depth int) any {
	sub := g.flats.of(n)
	switch array := slices.Contains(sub.kinds(), "array"); {
	case array && xmlOf(n).Wrapped:
		return g.xmlList(sub, kids[0].kids, depth)
	case array:
		return g.xmlList(sub, kids, depth)
	}
	return g.xmlTree(n, kids[0], depth)
}

func (e *xmlNode) named(name string) []*xmlNode {
	var out []*xmlNode
	for _, k := range e.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}
