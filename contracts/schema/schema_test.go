package schema

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

const document = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /a:
    post:
      operationId: a
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}}
      responses:
        '200':
          description: d
          headers: {X-Id: {required: true, schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Node'}}}
        4XX: {description: e, content: {application/problem+json: {schema: {type: object}}}}
components:
  schemas:
    Node:
      type: object
      required: [id, secret, n]
      properties:
        id: {type: string, readOnly: true, format: uuid}
        secret: {type: string, writeOnly: true}
        n: {type: integer, format: int32, minimum: 0, exclusiveMinimum: true}
        maybe: {type: string, nullable: true, pattern: '^(?!x)[a-z]+$'}
        next: {$ref: '#/components/schemas/Node'}
`

func compiled(tb testing.TB) (*openapi.Doc, *Set) {
	tb.Helper()
	d, err := openapi.Parse("d.yaml", []byte(document), openapi.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := Compile(d)
	if err != nil {
		tb.Fatal(err)
	}
	return d, s
}

func TestValuesAreChecked(t *testing.T) {
	t.Parallel()
	d, s := compiled(t)
	ref := d.T.Components.Schemas["Node"]
	for text, want := range map[string]struct {
		way     Direction
		keyword string
	}{
		`{"secret":"s","n":1}`:                                {Request, ""},
		`{"id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736","n":1}`: {Response, ""},
		`{"secret":"s","n":1,"maybe":null}`:                   {Request, ""},
		`{"secret":"s","n":0}`:                                {Request, "exclusiveMinimum"},
		`{"secret":"s","n":3000000000}`:                       {Request, "format"},
		`{"secret":"s","n":"1"}`:                              {Request, "type"},
		`{"secret":"s","n":1,"maybe":"xa"}`:                   {Request, "pattern"},
		`{"n":1}`:                                             {Request, "required"},
		`{"id":"x","n":1}`:                                    {Response, "format"},
		`{"secret":"s","n":1,"next":{"secret":"s","n":1,"next":{"secret":"s"}}}`: {Request, "required"},
	} {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		got := s.Check(ref, want.way, v)
		if (want.keyword == "") != (len(got) == 0) || want.keyword != "" && got[0].Keyword != want.keyword {
			t.Errorf("%s: %+v, want %q", text, got, want.keyword)
		}
	}
}

func TestResponsesAreInspected(t *testing.T) {
	t.Parallel()
	d, s := compiled(t)
	i := NewInspector(d, s)
	const good = `{"id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736","n":1}`
	h := map[string][]string{"Content-Type": {"application/json; charset=utf-8"}, "X-Id": {"1"}}
	for name, c := range map[string]struct {
		resp plumbline.Response
		want []plumbline.MarkKind
	}{
		"right":    {plumbline.Response{Status: 200, Header: h, Body: []byte(good)}, nil},
		"class":    {plumbline.Response{Status: 404, Header: map[string][]string{"Content-Type": {"application/problem+json"}}, Body: []byte(`{}`)}, nil},
		"status":   {plumbline.Response{Status: 500}, []plumbline.MarkKind{plumbline.MarkStatus}},
		"media":    {plumbline.Response{Status: 200, Header: map[string][]string{"Content-Type": {"text/html"}, "X-Id": {"1"}}, Body: []byte("x")}, []plumbline.MarkKind{plumbline.MarkMedia}},
		"header":   {plumbline.Response{Status: 200, Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(good)}, []plumbline.MarkKind{plumbline.MarkHeader}},
		"not JSON": {plumbline.Response{Status: 200, Header: h, Body: []byte("{")}, []plumbline.MarkKind{plumbline.MarkBody}},
		"type":     {plumbline.Response{Status: 200, Header: h, Body: []byte(strings.Replace(good, ":1", `:"1"`, 1))}, []plumbline.MarkKind{plumbline.MarkBody}},
		"extra":    {plumbline.Response{Status: 200, Header: h, Body: []byte(strings.Replace(good, "{", `{"more":1,`, 1))}, []plumbline.MarkKind{plumbline.MarkExtra}},
	} {
		var got []plumbline.MarkKind
		for _, m := range i.Inspect("a", plumbline.Request{Method: "POST"}, c.resp) {
			got = append(got, m.Kind)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	d, s := compiled(f)
	i := NewInspector(d, s)
	f.Add(200, "application/json", []byte(`{"n":1}`))
	f.Fuzz(func(_ *testing.T, status int, media string, body []byte) {
		i.Inspect("a", plumbline.Request{Method: "POST"}, plumbline.Response{Status: 100 + status&0x1ff, Header: map[string][]string{"Content-Type": {media}}, Body: body})
	})
}

// BenchmarkInspect shows what inspection costs beside the decoding that it
// cannot do without: time and allocations of both in the same run.
func BenchmarkInspect(b *testing.B) {
	d, s := compiled(b)
	i := NewInspector(d, s)
	resp := plumbline.Response{Status: 200, Header: map[string][]string{"Content-Type": {"application/json"}, "X-Id": {"1"}}, Body: []byte(`{"id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736","n":1}`)}
	req := plumbline.Request{Method: "POST"}
	b.Run("inspect", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			i.Inspect("a", req, resp)
		}
	})
	b.Run("decode alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decode(resp.Body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("ratio", func(b *testing.B) {
		var whole, alone time.Duration
		for b.Loop() {
			began := time.Now()
			for range 100 {
				i.Inspect("a", req, resp)
			}
			between := time.Now()
			for range 100 {
				_, _ = decode(resp.Body)
			}
			whole += between.Sub(began)
			alone += time.Since(between)
		}
		b.ReportMetric(float64(whole)/float64(alone), "inspect/decode")
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			s, _ := Compile(d)
			NewInspector(d, s).Inspect("a", req, resp)
		}
	})
}

// TestInspectionAllocatesNothing holds inspection to the allocations of
// decoding. The value of a header that has a format, or is no text, takes one
// more: it is decoded, too.
func TestInspectionAllocatesNothing(t *testing.T) {
	if raced {
		t.Skip("allocations are counted without the race detector")
	}
	d, s := compiled(t)
	i := NewInspector(d, s)
	req, header := plumbline.Request{Method: "POST"}, map[string][]string{"Content-Type": {"application/json; charset=utf-8"}}
	body := []byte(`{"message":"not found","list":[1,2,{"a":null}]}`)
	decoding := testing.AllocsPerRun(200, func() { _, _ = decode(body) })
	header["Content-Type"] = []string{"application/problem+json"}
	whole := testing.AllocsPerRun(200, func() { i.Inspect("a", req, plumbline.Response{Status: 404, Header: header, Body: body}) })
	if whole > decoding {
		t.Errorf("%v allocations, %v of them for decoding", whole, decoding)
	}
	good := []byte(`{"id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736","n":1,"next":{"id":"4bf92f35-77b3-4da6-a3ce-929d0e0e4736","n":2,"maybe":null}}`)
	header["Content-Type"], header["X-Id"] = []string{"application/json; charset=utf-8"}, []string{"1"}
	decoding = testing.AllocsPerRun(200, func() { _, _ = decode(good) })
	whole = testing.AllocsPerRun(200, func() { i.Inspect("a", req, plumbline.Response{Status: 200, Header: header, Body: good}) })
	if whole > decoding {
		t.Errorf("%v allocations, %v of them for decoding", whole, decoding)
	}
}

// FuzzNode holds the quick form to the engine: where it is sure, both agree.
func FuzzNode(f *testing.F) {
	d, s := compiled(f)
	ref := d.T.Components.Schemas["Node"]
	f.Add(`{"secret":"s","n":1,"maybe":null}`)
	f.Add(`{"id":"x","n":1.0,"next":{"n":1e2}}`)
	f.Fuzz(func(t *testing.T, text string) {
		v, err := decode([]byte(text))
		if err != nil || outlandish(v) {
			return
		}
		agree(t, s.entry(ref, Request), v)
	})
}

func agree(t *testing.T, e *entry, v any) {
	t.Helper()
	got, err := e.node.check(v, 0), e.schema.Validate(v)
	if text, ok := v.(string); ok && e.node.welcomes(text) && err != nil {
		t.Errorf("%q is welcome; the engine says %v", text, err)
	}
	if got == accepted && err != nil || got == refused && err == nil {
		t.Errorf("%v: the quick form says %d, the engine %v", v, got, err)
	}
}
