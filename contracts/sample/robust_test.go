package sample_test

import (
	"encoding/json"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Bodies that parsers of JSON differ on are sent of every operation with one,
// claim neither validity nor invalidity, and are no other bodies than they say.
func TestBodiesThatParsersDifferOn(t *testing.T) {
	t.Parallel()
	d, err := openapi.Parse("x.yaml", []byte(`openapi: 3.0.3
paths: {/a: {post: {operationId: make, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}}}, responses: {'201': {description: d}, '400': {description: d}}}}}`), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]string{}
	for _, c := range sample.Fill(d, s, sample.Options{Seed: 1})[0].Invalid {
		if c.Kind == plumbline.CaseRobust && c.Pointer == "body" {
			sent[c.Keyword] = string(c.Request.Body)
		}
	}
	for keyword, isJSON := range map[string]bool{
		"nesting": true, "utf-8": true, "nul": true, "duplicate-keys": true, "overflow": true, "trailing": false, "two-values": false, "order-mark": false, "blank": false,
		"null": true, "comma": false, "comment": false, "single-quotes": false, "nan": false, "digits": true, "surrogate": true, "prototype": true, "deep-list": true, "charset": true,
	} {
		body, ok := sent[keyword]
		if !ok {
			t.Errorf("no body is sent for %s", keyword)
			continue
		}
		if json.Valid([]byte(body)) != isJSON {
			t.Errorf("%s: %.60q is JSON: %t, want %t", keyword, body, !isJSON, isJSON)
		}
	}
}
