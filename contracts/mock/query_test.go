package mock_test

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const queryDocument = `openapi: 3.2.0
info: {title: Search, version: "1"}
paths:
  /search:
    query:
      operationId: search
      requestBody:
        required: true
        content: {application/json: {schema: {type: object, required: [term], properties: {term: {type: string, minLength: 3}, most: {type: integer, minimum: 1, maximum: 50}}}}}
      responses:
        '200': {description: d, content: {application/json: {schema: {type: object, required: [hits], properties: {hits: {type: array, items: {type: string}}}}}}}
        '400': {description: d}
`

// A QUERY of OpenAPI 3.2 has valid and invalid cases of its content, is safe,
// is answered by the server of the document as the others are, and a breach in
// its answers is seen.
func TestQueryIsSentAndInspected(t *testing.T) {
	t.Parallel()
	d, err := openapi.Parse("search.yaml", []byte(queryDocument), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	ops := sample.Fill(d, s, sample.Options{Seed: 1})
	if len(ops) != 1 || !ops[0].Safe() || !strings.Contains(string(ops[0].Cases[0].Request.Body), `"term"`) {
		t.Fatalf("%+v", ops)
	}
	broken := map[string]bool{}
	for _, c := range ops[0].Invalid {
		broken[c.Keyword] = true
	}
	for _, keyword := range []string{"minLength", "minimum", "maximum", "required", "type"} {
		if !broken[keyword] {
			t.Errorf("no case breaks %s", keyword)
		}
	}
	for _, rot := range []bool{false, true} {
		l := &mock.Loop{Doc: d, Set: s, Inspector: schema.NewInspector(d, s), Operations: ops, Seed: 1, Rot: rot, Rounds: 4}
		r := l.Run(t.Context())
		if len(r.Disagreed) > 0 || r.Sent == 0 {
			t.Errorf("rot %t: %d valid, %d invalid, %v", rot, r.Valid, r.Invalid, r.Disagreed)
		}
		detected := 0
		for _, n := range r.Detected {
			detected += n
		}
		if rot && detected == 0 {
			t.Error("no breach in an answer to QUERY was seen")
		}
	}
}
