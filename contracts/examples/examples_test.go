package examples

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const document = `openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /a:
    parameters: [{in: query, name: shared, schema: {type: integer}, example: ten}]
    post:
      operationId: postA
      parameters:
        - {in: query, name: limit, schema: {type: integer, maximum: 10}, example: 11}
        - {in: query, name: text, schema: {type: integer}, example: '7'}
        - {in: header, name: X-Day, schema: {type: string, format: date, example: never}}
      requestBody:
        content:
          application/json:
            schema: {$ref: '#/components/schemas/A'}
            examples:
              right: {value: {name: x}}
              wrong: {value: {}}
              elsewhere: {externalValue: 'http://x.test/y'}
              referred: {$ref: '#/components/examples/E'}
          application/xml: {schema: {$ref: '#/components/schemas/A'}, example: <a/>}
      responses:
        '200':
          description: d
          headers: {X-N: {schema: {type: integer}, example: many}}
          content:
            application/json:
              schema: {$ref: '#/components/schemas/A'}
              example: {id: 1, name: x}
        '201':
          description: d
          content: {application/json: {schema: {$ref: '#/components/schemas/A'}, example: {name: x}}}
components:
  examples: {E: {value: {name: 3}}}
  schemas:
    A:
      type: object
      required: [id, name]
      properties:
        id: {type: integer, readOnly: true, example: one}
        name: {type: string, nullable: true, example: n}
        self: {$ref: '#/components/schemas/A'}
      example: {id: 1}
`

func load(t *testing.T, text string, o openapi.Options) (*openapi.Doc, *schema.Set) {
	t.Helper()
	d, err := openapi.Parse("o.yaml", []byte(text), o)
	if err != nil {
		t.Fatal(err)
	}
	set, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, set
}

func TestCheck(t *testing.T) {
	t.Parallel()
	untrue, n := Check(load(t, document, openapi.Options{}))
	want := map[string]string{
		"/paths/~1a/parameters/0/example":                                      "query/shared",
		"/paths/~1a/post/parameters/0/example":                                 "query/limit",
		"/paths/~1a/post/parameters/2/schema/example":                          "header/X-Day",
		"/paths/~1a/post/requestBody/content/application~1json/examples/wrong": "request body",
		"/components/examples/E":                                               "request body",
		"/paths/~1a/post/responses/200/headers/X-N/example":                    "header X-N",
		"/paths/~1a/post/responses/201/content/application~1json/example":      "response 201",
		"/components/schemas/A/properties/id/example":                          "schema A",
		"/components/schemas/A/example":                                        "schema A",
	}
	for _, u := range untrue {
		if want[u.Source.Pointer] != u.Where || u.Message == "" || u.Source.Line == 0 {
			t.Errorf("unexpected %+v", u)
		}
		delete(want, u.Source.Pointer)
	}
	for at := range want {
		t.Errorf("not found: %s", at)
	}
	if n != 13 {
		t.Errorf("%d examples were checked", n)
	}
}

// The overlay that takes the untrue examples out makes the document true.
func TestThePatchMakesTheDocumentTrue(t *testing.T) {
	t.Parallel()
	untrue, _ := Check(load(t, document, openapi.Options{}))
	var actions []overlay.Action
	for _, u := range untrue {
		actions = append(actions, overlay.Remove(u.Source.Pointer, u.Message))
	}
	o, err := overlay.Parse("fix.yaml", []byte(overlay.Write("fix", actions...)))
	if err != nil {
		t.Fatal(err)
	}
	left, n := Check(load(t, document, openapi.Options{Amend: o.Apply}))
	if len(left) > 0 || n == 0 {
		t.Errorf("%d examples, left: %+v", n, left)
	}
}

func TestSwagger(t *testing.T) {
	t.Parallel()
	untrue, _ := Check(load(t, "swagger: '2.0'\npaths: {/a: {get: {responses: {'200': {description: d, schema: {$ref: '#/definitions/A'}}}}}}\ndefinitions: {A: {type: integer, example: x}}", openapi.Options{}))
	if len(untrue) != 1 || untrue[0].Source.Pointer != "/definitions/A/example" || untrue[0].Source.Line != 3 {
		t.Errorf("%+v", untrue)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(document)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := openapi.Parse("f", []byte(text), openapi.Options{})
		if err != nil {
			return
		}
		set, err := schema.Compile(d)
		if err != nil {
			return
		}
		untrue, n := Check(d, set)
		if len(untrue) > n || strings.Contains(text, "\x00") && n < 0 {
			t.Errorf("%d of %d", len(untrue), n)
		}
	})
}
