package openapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Every field that OpenAPI 3.2.0 has and 3.1.1 has not is known, or told to be
// ignored; none refuses the document.
func TestFieldsOfOpenAPI32(t *testing.T) {
	t.Parallel()
	const get = "paths: {/a: {get: {operationId: good, responses: {'200': {description: d}}}}}"
	in := func(operation string) string {
		return "paths: {/a: {get: {operationId: good, " + operation + "}}}"
	}
	answer := func(media string) string {
		return in("responses: {'200': {description: d, content: {text/event-stream: " + media + "}}}")
	}
	for name, c := range map[string]struct{ text, notice string }{
		"$self":                     {"$self: https://x/y\n" + get, "the field $self"},
		"tag.parent":                {"tags: [{name: a, parent: b}]\n" + get, "the field parent"},
		"tag.kind":                  {"tags: [{name: a, kind: nav}]\n" + get, "the field kind"},
		"tag.summary":               {"tags: [{name: a, summary: s}]\n" + get, "the field summary"},
		"server.name":               {"servers: [{url: /v1, name: s}]\n" + get, "the field name"},
		"additionalOperations":      {"paths: {/a: {get: {operationId: good, responses: {}}, additionalOperations: {COPY: {responses: {}}}}}", "operations of the method COPY are not tested"},
		"querystring":               {in("parameters: [{in: querystring, name: q, content: {}}], responses: {}"), "whole query string"},
		"style cookie":              {in("parameters: [{in: cookie, name: q, style: cookie, schema: {type: string}}], responses: {}"), "the style cookie"},
		"response.summary":          {in("responses: {'200': {summary: s}}"), "the field summary"},
		"itemEncoding":              {answer("{itemSchema: {}, itemEncoding: {}}"), "the field itemEncoding"},
		"prefixEncoding":            {answer("{itemSchema: {}, prefixEncoding: []}"), "the field prefixEncoding"},
		"encoding.encoding":         {answer("{schema: {}, encoding: {a: {encoding: {}}}}"), "the field encoding"},
		"a media type by reference": {answer("{$ref: '#/components/mediaTypes/A'}") + "\ncomponents: {mediaTypes: {A: {schema: {type: string}}}}", "a media type that is a reference"},
		"example.dataValue":         {answer("{schema: {}, examples: {e: {dataValue: 1}}}"), "dataValue"},
		"example.serializedValue":   {answer("{schema: {}, examples: {e: {serializedValue: x}}}"), "the field serializedValue"},
		"oauth2MetadataUrl":         {get + "\ncomponents: {securitySchemes: {o: {type: oauth2, oauth2MetadataUrl: https://x, flows: {}}}}", "the field oauth2MetadataUrl"},
		"a deprecated scheme":       {get + "\ncomponents: {securitySchemes: {o: {type: http, scheme: basic, deprecated: true}}}", "the field deprecated"},
		"deviceAuthorization":       {get + "\ncomponents: {securitySchemes: {o: {type: oauth2, flows: {deviceAuthorization: {}}}}}", "the field deviceAuthorization"},
		"defaultMapping":            {get + "\ncomponents: {schemas: {A: {discriminator: {propertyName: k, defaultMapping: B}}}}", "the field defaultMapping"},
		"xml.nodeType":              {get + "\ncomponents: {schemas: {A: {type: string, xml: {nodeType: text}}}}", "the field nodeType"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse("x.yaml", []byte("openapi: 3.2.0\n"+c.text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(d.Operations, func(o Op) bool { return o.ID == "good" }) {
				t.Errorf("the operation is gone: %v", d.Operations)
			}
			if !slices.ContainsFunc(d.Notices, func(n Notice) bool { return strings.Contains(n.Message, c.notice) }) {
				t.Errorf("notices %v, want %q", d.Notices, c.notice)
			}
		})
	}
}

// QUERY is an operation as the others are, and said to be none of what is
// ignored.
func TestQueryIsAnOperation(t *testing.T) {
	t.Parallel()
	d, err := Parse("x.yaml", []byte(`openapi: 3.2.0
paths:
  /search:
    query:
      operationId: search
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {'200': {description: d, content: {application/jsonl: {itemSchema: {type: object}}}}}
`), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintln(d.Operations[0].ID, d.Operations[0].Method, d.Operations[0].Path, d.Operations[0].Source.Line, d.Operations[0].Op.RequestBody != nil); got != "search QUERY /search 4 true\n" {
		t.Error(got)
	}
	for _, n := range d.Notices {
		if strings.Contains(n.Message, "query") {
			t.Error(n.Message)
		}
	}
	if media := d.Operations[0].Op.Responses.Value("200").Value.Content["application/jsonl"]; media == nil || media.ItemSchema == nil {
		t.Error("the schema of one item is gone")
	}
}
