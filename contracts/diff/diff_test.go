package diff

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

const released = `openapi: 3.0.0
info: {title: t, version: '1'}
servers: [{url: /v1}]
paths:
  '/a/{id}':
    parameters: [{in: path, name: id, required: true, schema: {type: string}}]
    get:
      operationId: getA
      parameters: [{in: query, name: q, schema: {type: string, maxLength: 10}}]
      responses:
        '200':
          description: d
          headers: {X-A: {required: true, schema: {type: string}}}
          content:
            application/json:
              schema:
                type: object
                required: [a, list]
                properties:
                  a: {type: string}
                  b: {type: string}
                  s: {type: string, enum: [x]}
                  list: {type: array, items: {type: object, properties: {c: {type: string}, d: {type: integer}}}}
        '404': {description: n}
    post:
      operationId: postA
      requestBody: {content: {application/json: {schema: {type: object, properties: {n: {type: string}}}}}}
      responses: {'201': {description: d}}
    delete: {operationId: delA, responses: {'204': {description: d}}}
`

const next = `openapi: 3.0.0
info: {title: t, version: '1'}
servers: [{url: /v2}]
paths:
  '/a/{key}':
    parameters: [{in: path, name: key, required: true, schema: {type: string}}]
    get:
      operationId: readA
      parameters: [{in: query, name: q, schema: {type: string, maxLength: 5}}]
      responses:
        '200':
          description: d
          content:
            application/json:
              schema:
                type: object
                required: [a, list]
                properties:
                  a: {type: integer}
                  s: {type: string, enum: [x, y]}
                  list: {type: array, items: {type: object, properties: {c: {type: integer}}}}
    post:
      operationId: postA
      requestBody: {content: {application/json: {schema: {type: object, required: [n], properties: {n: {type: string}}}}}}
      responses: {'201': {description: d}}
`

func read(t *testing.T, name, text string) *openapi.Doc {
	t.Helper()
	d, err := openapi.Parse(name, []byte(text), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func compared(t *testing.T, a, b string) []plumbline.Change {
	t.Helper()
	out, err := Compare(read(t, "base.yaml", a), read(t, "next.yaml", b))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCompare(t *testing.T) {
	t.Parallel()
	type brief struct {
		Level         plumbline.Level
		ID, Op, Field string
	}
	var got []brief
	for _, c := range compared(t, released, next) {
		got = append(got, brief{c.Level, c.ID, c.Operation, c.Field})
		if c.Source.Line == 0 || c.Text == "" {
			t.Errorf("%s: source %v, text %q", c.ID, c.Source, c.Text)
		}
	}
	want := []brief{
		{plumbline.LevelProved, "api-removed-without-deprecation", "delA", ""},
		{plumbline.LevelProved, "request-property-became-required", "postA", "body/n"},
		{plumbline.LevelProved, "request-parameter-max-length-decreased", "readA", "query/q"},
		{plumbline.LevelProved, "required-response-header-removed", "readA", "header/X-A"},
		{plumbline.LevelProved, "response-property-type-changed", "readA", "/a"},
		{plumbline.LevelProved, "response-property-type-changed", "readA", "/list/*/c"},
		{plumbline.LevelLikely, "response-property-enum-value-added", "readA", "/s"},
		{plumbline.LevelAdvisory, "response-non-success-status-removed", "readA", ""},
		{plumbline.LevelAdvisory, "response-optional-property-removed", "readA", "/b"},
		{plumbline.LevelAdvisory, "response-optional-property-removed", "readA", "/list/*/d"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTheSameDocumentHasNoChanges(t *testing.T) {
	t.Parallel()
	if got := compared(t, released, released); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestComparingChangesNeitherDocument(t *testing.T) {
	t.Parallel()
	a, b := read(t, "a", released), read(t, "b", next)
	before, _ := a.T.MarshalJSON()
	after, _ := b.T.MarshalJSON()
	if _, err := Compare(a, b); err != nil {
		t.Fatal(err)
	}
	again, _ := a.T.MarshalJSON()
	later, _ := b.T.MarshalJSON()
	if string(before) != string(again) || string(after) != string(later) {
		t.Error("a document was changed")
	}
}

func TestTouch(t *testing.T) {
	t.Parallel()
	consumers := []plumbline.Consumer{
		{Consumer: "web", Operation: "readA", Reads: []string{"/list/*/c", "/b"}},
		{Consumer: "app", Operation: "readA", Reads: []string{"/list/*/c"}},
		{Consumer: "app", Operation: "postA"},
	}
	got := Touch(compared(t, released, next), consumers)
	if got[0].ID != "request-parameter-max-length-decreased" || len(got[0].Consumers) != 2 {
		t.Errorf("first is %s for %v", got[0].ID, got[0].Consumers)
	}
	by := func(field string) []string {
		i := slices.IndexFunc(got, func(c plumbline.Change) bool { return c.Field == field })
		if i < 0 {
			return []string{"no such change"}
		}
		return got[i].Consumers
	}
	for field, want := range map[string][]string{
		"/list/*/c": {"app", "web"}, "/b": {"web"}, "/a": nil, "body/n": {"app"}, "/list/*/d": {"no such change"},
	} {
		if d := cmp.Diff(want, by(field)); d != "" {
			t.Errorf("%s: %s", field, d)
		}
	}
}

func FuzzCompare(f *testing.F) {
	f.Add(released, next)
	f.Fuzz(func(_ *testing.T, a, b string) {
		x, err := openapi.Parse("a", []byte(a), openapi.Options{})
		if err != nil {
			return
		}
		y, err := openapi.Parse("b", []byte(b), openapi.Options{})
		if err == nil {
			_, _ = Compare(x, y)
		}
	})
}
