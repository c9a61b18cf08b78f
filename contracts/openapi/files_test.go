package openapi

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A document of several files: paths, schemas and parameters stand in others,
// and in folders; every operation tells where it is written.
func TestADocumentOfSeveralFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"openapi.yaml": "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n  /here:\n    get: {operationId: here, responses: {'200': {description: d, content: {application/json: {schema: {$ref: 'parts/schemas.json#/Thing'}}}}}}\n" +
			"  /there/{id}: {$ref: 'parts/there.yaml'}\n",
		"parts/there.yaml":      "parameters: [{$ref: 'parameters.yaml#/id'}]\nput:\n  operationId: there\n  requestBody: {content: {application/json: {schema: {$ref: 'schemas.json#/Thing'}}}}\n  responses: {'200': {description: d}}\n",
		"parts/schemas.json":    `{"Thing": {"type": "object", "properties": {"n": {"type": "integer", "maximum": 7}, "more": {"$ref": "#/Thing"}}}}`,
		"parts/parameters.yaml": "id: {name: id, in: path, required: true, schema: {type: string, pattern: '^a$'}}\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, err := Load(filepath.Join(dir, "openapi.yaml"), Options{})
	if err != nil || len(d.Notices) > 0 || len(d.Operations) != 2 {
		t.Fatalf("%v, %v, %d operations", err, d.Notices, len(d.Operations))
	}
	here, there := d.Operations[0], d.Operations[1]
	schema := here.Op.Responses.Value("200").Value.Content["application/json"].Schema.Value
	if n := schema.Properties["n"]; n == nil || *n.Value.Max != 7 || schema.Properties["more"].Value.Properties["n"] == nil {
		t.Errorf("the schema of another file: %+v", schema)
	}
	if len(there.Params) != 1 || there.Params[0].Schema.Value.Pattern != "^a$" || there.Op.RequestBody.Value.Content["application/json"].Schema.Value.Properties["n"] == nil {
		t.Errorf("the path of another file: %+v", there.Params)
	}
	for _, op := range d.Operations {
		if !strings.HasSuffix(op.Source.File, "openapi.yaml") || op.Source.Line < 4 || op.Source.Column == 0 {
			t.Errorf("%s stands at %+v", op.ID, op.Source)
		}
	}
}
