package openapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestSalvage(t *testing.T) {
	t.Parallel()
	const good = "  /good: {get: {operationId: good, responses: {'200': {description: d}}}}\n"
	for name, c := range map[string]struct{ text, notice string }{
		"items as a list in 2.0":     {"swagger: '2.0'\npaths:\n" + good + "  /a: {get: {responses: {'200': {description: d, schema: {type: array, items: [{type: string}]}}}}}", "items is a list"},
		"schema where a response is": {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {$ref: '#/components/schemas/A'}}}}\ncomponents: {schemas: {A: {type: object}}}", "one of the schemas"},
		"response where a schema is": {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/responses/A'}}}}}}}\ncomponents: {responses: {A: {description: d, content: {application/json: {schema: {type: string}}}}}}", "one of the responses"},
		"parameter that is a schema": {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {parameters: [{$ref: '#/components/schemas/A'}], responses: {'200': {description: d}}}}\ncomponents: {schemas: {A: {type: string}}}", "one of the schemas"},
		"a $ref that is a number":    {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {$ref: 3}}}}", "$ref that is no text"},
		"no operationId":             {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {description: d}}}}", "no operationId"},
		"operationId twice":          {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {operationId: good, responses: {'200': {description: d}}}}", "is called good too"},
		"tags of the wrong type":     {"openapi: 3.0.0\ntags: {a: b}\npaths:\n" + good, "/tags"},
		"servers of the wrong type":  {"openapi: 3.0.0\nservers: [http://x]\npaths:\n" + good, "/servers"},
		"a broken component":         {"openapi: 3.0.0\npaths:\n" + good + "components: {schemas: {A: {type: {a: b}}, B: {type: string}}}", "/components/schemas/A"},
		"a broken section":           {"openapi: 3.0.0\npaths:\n" + good + "components: {schemas: [1]}", "/components/schemas"},
		"a broken operation":         {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {tags: 3, responses: {'200': {description: d}}}}", "/paths/~1a"},
		"a path item that is text":   {"openapi: 3.0.0\npaths:\n" + good + "  /a: text", "no mapping"},
		"a file that is not there":   {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {default: {$ref: 'none.json'}}}}", "leads nowhere"},
		"an example that is gone":    {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {}, examples: {e: {$ref: '#/components/examples/E'}}}}}}}}", "leads nowhere"},
		"a property called default":  {"openapi: 3.0.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {properties: {default: {$ref: '#/no'}}}}}}}}}", "leads nowhere"},
		"query and summary of 3.2":   {"openapi: 3.2.0\npaths:\n" + good + "  /a: {query: {responses: {'200': {description: d}}}, get: {responses: {'200': {summary: s}}}}", "the field summary of OpenAPI 3.2"},
		"itemEncoding":               {"openapi: 3.2.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {content: {text/event-stream: {itemSchema: {}, itemEncoding: {}}}}}}}", "itemEncoding"},
		"dataValue":                  {"openapi: 3.2.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {content: {application/json: {schema: {}, examples: {e: {dataValue: 1}}}}}}}}", "dataValue"},
		"media type by reference":    {"openapi: 3.2.0\npaths:\n" + good + "  /a: {get: {responses: {'200': {content: {application/json: {$ref: '#/components/mediaTypes/A'}}}}}}\ncomponents: {mediaTypes: {A: {schema: {type: string}}}}", "a media type that is a reference"},
		"querystring":                {"openapi: 3.2.0\npaths:\n" + good + "  /a: {get: {parameters: [{in: querystring, name: q, content: {}}], responses: {'200': {description: d}}}}", "whole query string"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse("x.yaml", []byte(c.text), Options{})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(d.Operations, func(o Op) bool { return o.ID == "good" }) {
				t.Errorf("the good operation is gone: %v", d.Operations)
			}
			if !slices.ContainsFunc(d.Notices, func(n Notice) bool { return strings.Contains(n.Source.Pointer+" "+n.Message, c.notice) }) {
				t.Errorf("notices %v, want %q", d.Notices, c.notice)
			}
		})
	}
}

func TestRemoteReferences(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 8)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		if r.URL.Path != "/a.json" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"A":{"type":"string","maxLength":3}}`))
	}))
	defer s.Close()
	doc := func(ref string) []byte {
		return []byte("openapi: 3.1.0\npaths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '" + s.URL + ref + "'}}}}}}}}")
	}
	schema := func(d *Doc) *uint64 {
		return d.Operations[0].Op.Responses.Value("200").Value.Content["application/json"].Schema.Value.MaxLength
	}
	d, err := Parse("x.yaml", doc("/a.json#/A"), Options{})
	if err != nil || len(asked) > 0 || schema(d) != nil || len(d.Notices) == 0 {
		t.Errorf("without leave: %v, asked %d times, notices %v", err, len(asked), d.Notices)
	}
	d, err = Parse("x.yaml", doc("/a.json#/A"), Options{AllowRemoteRefs: true})
	if err != nil || len(asked) != 1 || schema(d) == nil || *schema(d) != 3 {
		t.Errorf("with leave: %v, asked %d times", err, len(asked))
	}
	d, err = Parse("x.yaml", doc("/gone.json#/A"), Options{AllowRemoteRefs: true})
	if err != nil || len(d.Operations) != 1 {
		t.Errorf("a file that is gone: %v", err)
	}
}
