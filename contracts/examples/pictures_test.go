package examples

import (
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const pictured = `openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /a:
    get:
      operationId: getA
      responses:
        '200':
          description: d
          content:
            application/json:
              schema:
                type: object
                properties:
                  id: {type: integer}
                  labels: {type: object, additionalProperties: {type: string}}
                  rows: {type: array, items: {type: object}}
              examples:
                right: {value: {id: 1, labels: {a: b}, rows: [{x: 1}], more: {y: true}}}
                wrong: {value: {id: one}}
                elsewhere: {externalValue: 'http://x.test/y'}
            application/xml: {schema: {type: object}, example: <a/>}
        '2XX': {description: d, content: {'*/*': {schema: {type: object}, example: {z: 1}}}}
        '404': {description: d, content: {application/json: {schema: {type: object}, example: {code: 1}}}}
`

func TestPictures(t *testing.T) {
	t.Parallel()
	d, set := load(t, pictured, openapi.Options{})
	all := Pictures(d.Operations[0], set, schema.NewInspector(d, set))
	if len(all) != 2 || all[0].Status != "200" || all[1].Status != "2XX" {
		t.Fatalf("%+v", all)
	}
	want := []string{"/id", "/labels", "/labels/*", "/more", "/more/y", "/rows", "/rows/*", "/rows/*/x"}
	if !slices.Equal(all[0].Fields, want) {
		t.Errorf("fields of 200: %q", all[0].Fields)
	}
	if !slices.Equal(all[1].Fields, []string{"/z"}) || all[1].Body != `{"z":1}` {
		t.Errorf("2XX: %+v", all[1])
	}
}
