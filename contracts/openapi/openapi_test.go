package openapi

import (
	"slices"
	"strings"
	"testing"
)

func TestRepairsAndErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, notice, err string }{
		"no version":       {"a: 1", "", "which version"},
		"broken YAML":      {"a: [", "", "not YAML"},
		"broken JSON":      {"{\"a\":\n x}", "", "x.yaml:2"},
		"status as number": {"openapi: 3.0.0\ninfo: {title: t, version: 1}\npaths:\n  /a:\n    get:\n      responses:\n        200: {description: ok}\n", "", ""},
		"dangling":         {"openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {$ref: '#/components/responses/No'}}}}}", "leads nowhere", ""},
		"path parameter":   {"openapi: 3.0.0\npaths: {'/a/{id}': {get: {responses: {}}}}", "not declared", ""},
		"conflict":         {"openapi: 3.0.0\npaths: {'/a/{id}': {get: {responses: {}}}, '/a/{key}': {put: {responses: {}}}}", "cannot be told from", ""},
		"swagger":          {"swagger: '2.0'\nbasePath: /v1\npaths: {/a: {get: {parameters: [{in: query, name: q, type: array}], responses: {'200': {description: d}}}}}", "info is missing", ""},
		"remote":           {"openapi: 3.1.0\npaths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: 'https://x.test/y.json'}}}}}}}}", "leads nowhere", ""},
		"newer":            {"openapi: 3.2.0\npaths: {/a: {get: {responses: {}}}}", "read as 3.1", ""},
		"circular":         {"openapi: 3.0.0\npaths: {/a: {get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/N'}}}}}}}}\ncomponents: {schemas: {N: {type: object, properties: {n: {$ref: '#/components/schemas/N'}}}}}", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse("x.yaml", []byte(c.text), Options{})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.notice != "" && !slices.ContainsFunc(d.Notices, func(n Notice) bool { return strings.Contains(n.Message, c.notice) }) {
				t.Errorf("notices %v, want %q", d.Notices, c.notice)
			}
			if d.Operations[0].ID == "" || d.Operations[0].Source.Line == 0 {
				t.Errorf("operation %+v", d.Operations[0].Source)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("openapi: 3.0.0\npaths: {'/a/{id}': {get: {responses: {'200': {description: d}}}}}"))
	f.Add([]byte(`{"swagger":"2.0","paths":{"/a":{"get":{"responses":{"200":{"description":"d","schema":{"type":"array"}}}}}}}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Parse("f", data, Options{}) })
}
