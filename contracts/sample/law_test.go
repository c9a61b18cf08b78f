package sample

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// ways are all styles of parameters by their place (OpenAPI 3.1 §4.8.12.2).
func ways() []openapi3.Parameter {
	yes, no := true, false
	var out []openapi3.Parameter
	for in, styles := range map[string][]string{"path": {"simple", "label", "matrix"}, "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"}, "header": {"simple"}, "cookie": {"form"}} {
		for _, style := range styles {
			for _, explode := range []*bool{&yes, &no} {
				out = append(out, openapi3.Parameter{Name: "id", In: in, Style: style, Explode: explode, Required: true},
					openapi3.Parameter{Name: "id", In: in, Style: style, Explode: explode, Required: true, AllowReserved: in == "query"})
			}
		}
	}
	return out
}

// lawDocument has a schema of each shape and a body of each media type.
const lawDocument = `openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /things/{id}:
    post:
      operationId: op
      responses: {'200': {description: d}}
      requestBody:
        content:
          application/json: {schema: {$ref: '#/components/schemas/Body'}}
          application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Body'}, encoding: {list: {style: pipeDelimited, explode: false}}}
          multipart/form-data: {schema: {$ref: '#/components/schemas/Body'}, encoding: {o: {contentType: application/json}}}
          application/xml: {schema: {$ref: '#/components/schemas/Body'}}
          text/plain: {schema: {type: string}}
components:
  schemas:
    Text: {type: string}
    Number: {type: number}
    Truth: {type: boolean}
    List: {type: array, items: {type: string}}
    Numbers: {type: array, items: {type: integer}}
    Object: {type: object, properties: {a: {type: string}, b: {type: integer}}}
    Body:
      type: object
      xml: {name: body, namespace: 'urn:b', prefix: b}
      properties:
        s: {type: string}
        n: {type: number, xml: {attribute: true}}
        list: {type: array, xml: {wrapped: true}, items: {type: string, xml: {name: entry}}}
        many: {type: array, items: {type: integer}}
        o: {type: object, properties: {a: {type: string}, t: {type: boolean}}}
        file: {type: string, format: binary}
`

func law(tb testing.TB) (*openapi.Doc, *generator) {
	tb.Helper()
	d, err := openapi.Parse("law.yaml", []byte(lawDocument), openapi.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		tb.Fatal(err)
	}
	return d, newGenerator(s, nil)
}

// values are one of each shape of the document, made of what was fuzzed.
func values(text, other string, n int) map[string]any {
	number := json.Number(fmt.Sprint(n))
	return map[string]any{
		"Text": text, "Number": number, "Truth": n%2 == 0, "List": []any{text, other}, "Numbers": []any{number, number},
		"Object": map[string]any{"a": text, "b": number},
	}
}

// FuzzParametersReadBack holds the law of every style: what was encoded decodes
// to the value that was meant, or is not encoded at all.
func FuzzParametersReadBack(f *testing.F) {
	d, g := law(f)
	for _, s := range []string{"plumb", "a b", "a,b", "a.b;c", "ü線🧱", "100%", "x=y&z", "a|b", "/..", "\"'", "+1", "null", ""} {
		f.Add(s, "line", 7)
	}
	f.Fuzz(func(t *testing.T, text, other string, n int) {
		for _, p := range ways() {
			op := d.Operations[0]
			op.Params = []*openapi3.Parameter{&p}
			m := newMaker(g, op, nil, Options{})
			for name, v := range values(text, other, n) {
				p.Schema = d.T.Components.Schemas[name]
				req, ok := m.encode(draft{params: map[*openapi3.Parameter]any{&p: v}})
				if !ok {
					continue
				}
				r := g.readParameter(op, &p, req)
				if r.absent || r.broken != "" || r.unsure {
					t.Fatalf("%s %s explode=%v %s: %q is lost in %s", p.In, p.Style, *p.Explode, name, v, line(plumbline.Case{Request: req}))
				}
				if !means(g, node{p.Schema}, r.tree, v) {
					t.Fatalf("%s %s explode=%v %s: %q reads back as %q from %s", p.In, p.Style, *p.Explode, name, v, r.tree, line(plumbline.Case{Request: req}))
				}
			}
		}
	})
}

// means tells whether a tree may be read as a value, with the texts of the
// value typed as its schema says.
func means(g *generator, n node, tree, v any) bool {
	f := g.flats.of(n)
	switch x := tree.(type) {
	case lexeme:
		for _, r := range g.readingsOf(n, x, true) {
			if same(r, v) {
				return true
			}
		}
		return false
	case map[string]any:
		m, ok := v.(map[string]any)
		if !ok || len(m) != len(x) {
			return false
		}
		for k, e := range x {
			if !means(g, g.governing(f, k), e, m[k]) {
				return false
			}
		}
		return true
	case []any:
		list, ok := v.([]any)
		if !ok || len(list) != len(x) {
			return false
		}
		for i, e := range x {
			if !means(g, f.itemNode(i), e, list[i]) {
				return false
			}
		}
		return true
	}
	return same(tree, v)
}

// FuzzBodiesReadBack holds the same law for media types.
func FuzzBodiesReadBack(f *testing.F) {
	d, g := law(f)
	for _, s := range []string{"plumb", "a b&c=d", "<x>&amp;", "ü線🧱", "--plumbline-boundary", "a|b", "{\"a\":1}", "100%", ""} {
		f.Add(s, "line", 7)
	}
	f.Fuzz(func(t *testing.T, text, other string, n int) {
		if strings.ContainsAny(text+other, "\x00\r") || text != strings.ToValidUTF8(text, "") || other != strings.ToValidUTF8(other, "") || strings.Contains(text+other, "--plumbline") {
			return // no text of XML, or the boundary itself
		}
		number := json.Number(fmt.Sprint(n))
		body := map[string]any{"s": text, "n": number, "list": []any{text, other}, "many": []any{number, number}, "o": map[string]any{"a": other, "t": n%2 == 0}, "file": other}
		content := d.Operations[0].Op.RequestBody.Value.Content
		for media, mt := range content {
			var v any = body
			if rank(media) == rankText {
				v = text
			}
			data, contentType, ok := g.encodeBody(media, mt, v)
			if !ok || len(data) == 0 {
				continue
			}
			r := g.readBody(mt, plumbline.Request{Body: data, Header: map[string][]string{"Content-Type": {contentType}}})
			if r.absent || r.broken != "" || r.unsure || !means(g, schemaNode(mt), r.tree, v) {
				t.Fatalf("%s: %q reads back as %q (%s) from\n%s", media, v, r.tree, r.broken, data)
			}
		}
	})
}
