package schema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A trap is a schema, a value, and the keyword that the value breaks, or none.
type trap struct {
	version, schema, value, want string
	way                          Direction
}

// shared are components that the schemas of the traps refer to.
const shared = `{
 "Id": {"type": "string", "readOnly": true},
 "Base": {"type": "object", "properties": {"id": {"$ref": "#/components/schemas/Id"}, "pw": {"type": "string", "writeOnly": true}}},
 "Color": {"type": "string", "enum": ["red", "blue"]},
 "Short": {"type": "string", "maxLength": 3},
 "Cat": {"type": "object", "required": ["kind", "purrs"], "properties": {"kind": {"type": "string"}, "purrs": {"type": "boolean"}}},
 "Dog": {"type": "object", "required": ["kind", "barks"], "properties": {"kind": {"type": "string"}, "barks": {"type": "integer", "minimum": 1}}}
}`

const (
	v30 = "3.0.3"
	v31 = "3.1.0"
)

const pets = `"oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}], "discriminator": {"propertyName": "kind"`

func traps() []trap {
	return []trap{
		// null
		{v30, `{"type": "string", "nullable": true, "enum": ["a"]}`, `null`, "", Request},
		{v30, `{"type": "string", "nullable": true, "enum": ["a"]}`, `"b"`, "enum", Request},
		{v30, `{"nullable": true, "allOf": [{"$ref": "#/components/schemas/Color"}]}`, `null`, "", Request},
		{v30, `{"nullable": true, "allOf": [{"$ref": "#/components/schemas/Color"}]}`, `"green"`, "enum", Request},
		{v30, `{"type": "object", "nullable": true, "allOf": [{"$ref": "#/components/schemas/Base"}]}`, `null`, "", Request},
		{v30, `{"$ref": "#/components/schemas/Color", "nullable": true}`, `null`, "", Response},
		{v30, `{"type": "string"}`, `null`, "type", Request},
		{v31, `{"type": ["string", "null"]}`, `null`, "", Request},
		{v31, `{"type": ["string", "integer"]}`, `true`, "type", Request},
		{v31, `{"type": ["string", "integer"]}`, `1.0`, "", Request},
		{v31, `{"const": null}`, `null`, "", Request},
		// references with neighbours
		{v30, `{"$ref": "#/components/schemas/Color", "maxLength": 1}`, `"red"`, "", Request},
		{v31, `{"$ref": "#/components/schemas/Color", "maxLength": 1}`, `"red"`, "maxLength", Request},
		{v31, `{"type": "object", "properties": {"c": {"$ref": "#/components/schemas/Color", "maxLength": 3}}}`, `{"c": "blue"}`, "maxLength", Request},
		// directions
		{v30, `{"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "readOnly": true}}}`, `{}`, "", Request},
		{v30, `{"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "readOnly": true}}}`, `{}`, "required", Response},
		{v30, `{"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/Id"}}}`, `{}`, "", Request},
		{v30, `{"type": "object", "required": ["a"], "properties": {"a": {"allOf": [{"$ref": "#/components/schemas/Id"}]}}}`, `{}`, "", Request},
		{v30, `{"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id", "pw"]}]}`, `{"pw": "x"}`, "", Request},
		{v30, `{"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id", "pw"]}]}`, `{"id": "x"}`, "", Response},
		{v30, `{"allOf": [{"$ref": "#/components/schemas/Base"}], "required": ["id"]}`, `{}`, "", Request},
		{v30, `{"allOf": [{"$ref": "#/components/schemas/Base"}], "required": ["id"]}`, `{}`, "required", Response},
		{v31, `{"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/components/schemas/Short", "writeOnly": true}}}`, `{}`, "", Response},
		{v30, `{"$ref": "#/components/schemas/Base"}`, `{"id": "x", "pw": "y"}`, "writeOnly", Response},
		{v30, `{"$ref": "#/components/schemas/Base"}`, `{"id": "x", "pw": null}`, "type", Response},
		{v30, `{"$ref": "#/components/schemas/Base"}`, `{"id": "x", "pw": "y"}`, "", Request},
		{v30, `{"allOf": [{"$ref": "#/components/schemas/Base"}]}`, `{"pw": "y"}`, "writeOnly", Response},
		{v31, `{"properties": {"pw": {"type": ["string", "null"], "writeOnly": true}}}`, `{"pw": null}`, "", Response},
		{v31, `{"type": "array", "items": {"properties": {"pw": {"allOf": [{"writeOnly": true}]}}}}`, `[{"pw": 1}]`, "writeOnly", Response},
		{v30, `{"discriminator": {"propertyName": "kind"}, "oneOf": [{"$ref": "#/components/schemas/Cat"}], "properties": {"pw": {"writeOnly": true}}}`, `{"kind": "Cat", "purrs": true, "pw": 1}`, "writeOnly", Response},
		// names that look like keywords
		{v30, `{"type": "object", "properties": {"default": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/Color"}]}}}`, `{"default": null}`, "", Response},
		{v30, `{"type": "object", "properties": {"default": {"allOf": [{"$ref": "#/components/schemas/Color"}]}}}`, `{"default": "green"}`, "enum", Response},
		{v31, `{"type": "object", "properties": {"properties": {"properties": {"enum": {"$ref": "#/components/schemas/Color"}}}}}`, `{"properties": {"enum": "green"}}`, "enum", Response},
		{v31, `{"type": "object", "properties": {"a": {"const": {"$ref": "#/not/a/reference"}}}}`, `{"a": {"$ref": "#/not/a/reference"}}`, "", Response},
		// discriminator
		{v30, `{` + pets + `}}`, `{"kind": "Cat", "purrs": true}`, "", Request},
		{v30, `{` + pets + `}}`, `{"kind": "Cow", "purrs": true}`, "discriminator", Request},
		{v30, `{` + pets + `, "mapping": {"feline": "#/components/schemas/Cat"}}}`, `{"kind": "feline", "purrs": true}`, "", Request},
		{v30, `{` + pets + `, "mapping": {"feline": "#/components/schemas/Cat"}}}`, `{"kind": "canine", "barks": 1}`, "discriminator", Request},
		{v30, `{` + pets + `}}`, `{"kind": "Dog", "barks": 0}`, "minimum", Request},
		{v30, `{` + pets + `}, "nullable": true}`, `null`, "", Request},
		{v30, `{"discriminator": {"propertyName": "kind"}, "type": "object"}`, `{"kind": "whatever"}`, "", Request},
		{v30, `{"discriminator": {"propertyName": "kind"}, "oneOf": [{"type": "object"}]}`, `{"kind": "whatever"}`, "", Request},
		// numbers
		{v30, `{"type": "integer", "minimum": 3, "exclusiveMinimum": true}`, `3`, "exclusiveMinimum", Request},
		{v30, `{"type": "integer", "minimum": 3, "exclusiveMinimum": false}`, `3`, "", Request},
		{v30, `{"type": "number", "maximum": 3.5, "exclusiveMaximum": true}`, `3.50`, "exclusiveMaximum", Request},
		{v31, `{"type": "number", "exclusiveMaximum": 3}`, `2.9999999`, "", Request},
		{v30, `{"type": "integer"}`, `1.0`, "", Request},
		{v30, `{"type": "integer"}`, `1.5`, "type", Request},
		{v30, `{"type": "integer"}`, `1e2`, "", Request},
		{v30, `{"type": "integer"}`, `123456789012345678901234567890`, "", Request},
		{v30, `{"type": "number", "multipleOf": 0.01}`, `19.99`, "", Request},
		{v30, `{"type": "number", "multipleOf": 0.01}`, `4.35`, "", Request},
		{v30, `{"type": "number", "multipleOf": 0.01}`, `4.355`, "multipleOf", Request},
		{v30, `{"type": "number", "multipleOf": 0.1}`, `1e400`, "", Request},
		{v30, `{"type": "number", "maximum": 5}`, `1e99999999`, "", Request}, // no arithmetic for ever, no accusation
		{v30, `{"type": "integer", "maximum": 5}`, `123456789012345678901234567890`, "maximum", Request},
		{v30, `{"type": "integer", "format": "int32"}`, `2147483648`, "format", Request},
		{v30, `{"type": "integer", "format": "int64"}`, `9223372036854775807`, "", Request},
		{v30, `{"type": "integer", "format": "int64"}`, `9223372036854775808`, "format", Request},
		{v30, `{"type": "number", "format": "float"}`, `1e39`, "format", Request},
		{v30, `{"type": "number", "format": "double"}`, `1e39`, "", Request},
		{v30, `{"type": "number", "enum": [1, 2]}`, `1.0`, "", Request},
		// texts
		{v30, `{"type": "string", "format": "byte"}`, `"aGk="`, "", Request},
		{v30, `{"type": "string", "format": "byte"}`, `"a?"`, "format", Request},
		{v30, `{"type": "string", "format": "binary"}`, `"a?"`, "", Request},
		{v30, `{"type": "string", "format": "password"}`, `"a?"`, "", Request},
		{v30, `{"type": "string", "format": "date"}`, `"2026-02-29"`, "format", Request},
		{v30, `{"type": "string", "format": "date-time"}`, `"2026-02-03T04:05:06+01:00"`, "", Request},
		{v30, `{"type": "string", "format": "date-time"}`, `"2026-02-03t04:05:06.123z"`, "", Request},
		{v30, `{"type": "string", "format": "date-time"}`, `"1990-12-31T23:59:60Z"`, "", Request},
		{v30, `{"type": "string", "format": "date-time"}`, `"2026-02-03 04:05:06"`, "format", Request},
		{v30, `{"type": "string", "format": "uuid"}`, `"4BF92F35-77b3-4da6-a3ce-929d0e0e4736"`, "", Request},
		{v30, `{"type": "string", "format": "uuid"}`, `"4bf92f3577b34da6a3ce929d0e0e4736"`, "format", Request},
		{v30, `{"type": "string", "format": "email"}`, `"a.b"`, "format", Request},
		{v30, `{"type": "string", "format": "uri"}`, `"/a"`, "format", Request},
		{v30, `{"type": "string", "format": "ipv4"}`, `"1.2.3.256"`, "format", Request},
		{v31, `{"type": "string", "format": "regex"}`, `"(["`, "format", Request},
		{v31, `{"type": "string", "format": "regex"}`, `"^(?!x)\\d{2,3}$"`, "", Request},
		{v30, `{"type": "string", "format": "no-such-format"}`, `"x"`, "", Request},
		{v30, `{"type": "string", "maxLength": 2}`, `"日本"`, "", Request},
		{v30, `{"type": "string", "minLength": 3}`, `"日本"`, "minLength", Request},
		{v30, `{"type": "string", "pattern": "^(?!x)[a-z]+$"}`, `"ya"`, "", Request},
		{v30, `{"type": "string", "pattern": "^(?!x)[a-z]+$"}`, `"xa"`, "pattern", Request},
		{v30, `{"type": "string", "pattern": "^\\d{2}$"}`, `"١٢"`, "pattern", Request},
		{v30, `{"type": "string", "pattern": "^\\p{L}+$"}`, `"é"`, "", Request},
		{v30, `{"type": "string", "pattern": "(["}`, `"x"`, "", Request},
		{v30, `{"type": "string", "pattern": "b"}`, `"abc"`, "", Request},
		// objects
		{v30, `{"type": "object", "properties": {"a": {}}, "additionalProperties": false}`, `{"b": 1}`, "additionalProperties", Request},
		{v30, `{"type": "object", "additionalProperties": {"type": "integer"}}`, `{"b": "x"}`, "type", Request},
		{v30, `{"type": "object", "minProperties": 1}`, `{}`, "minProperties", Request},
		{v31, `{"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}`, `{"a": 1, "b": 1}`, "unevaluatedProperties", Request},
		{v31, `{"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}`, `{"a": 1}`, "", Request},
		{v31, `{"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["a"]}, "else": {"required": ["b"]}}`, `{"k": 1}`, "required", Request},
		{v31, `{"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["a"]}, "else": {"required": ["b"]}}`, `{"k": 2, "b": 1}`, "", Request},
		{v31, `{"dependentRequired": {"a": ["b"]}}`, `{"a": 1}`, "dependentRequired", Request},
		{v31, `{"dependentSchemas": {"a": {"required": ["b"]}}}`, `{"a": 1}`, "required", Request},
		{v31, `{"patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": false}`, `{"x1": "a"}`, "type", Request},
		{v31, `{"propertyNames": {"maxLength": 1}}`, `{"ab": 1}`, "maxLength", Request},
		{v30, `{"not": {"type": "string"}}`, `"a"`, "not", Request},
		// arrays
		{v31, `{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}`, `[1, "a", 2]`, "items", Request},
		{v31, `{"prefixItems": [{"type": "integer"}, {"type": "string"}]}`, `["a"]`, "type", Request},
		{v31, `{"contains": {"type": "integer"}, "minContains": 2}`, `[1, "a"]`, "minContains", Request},
		{v30, `{"type": "array", "items": {}, "uniqueItems": true}`, `[1, 1.0]`, "uniqueItems", Request},
		{v30, `{"type": "array", "items": {}, "uniqueItems": true}`, `[{"a": 1}, {"a": 2}]`, "", Request},
		{v30, `{"type": "array", "items": {"type": "integer"}, "maxItems": 1}`, `[1, 2]`, "maxItems", Request},
		{v31, `{"type": "array", "prefixItems": [{"type": "string"}], "unevaluatedItems": false}`, `["a", 1]`, "unevaluatedItems", Request},
		{v31, `{"allOf": [{"type": "array", "prefixItems": [{"type": "string"}]}], "unevaluatedItems": false}`, `["a", 1]`, "unevaluatedItems", Request},
		// branches
		{v30, `{"oneOf": [{"type": "integer"}, {"type": "number"}]}`, `1`, "oneOf", Request},
		{v30, `{"oneOf": [{"type": "integer"}, {"type": "number"}]}`, `1.5`, "", Request},
		{v30, `{"anyOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]}`, `4`, "minimum", Request},
	}
}

func TestDialectTraps(t *testing.T) {
	t.Parallel()
	for _, c := range traps() {
		text := `{"openapi": "` + c.version + `", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"post": {"operationId": "a", "responses": {"200": {"description": "d"}},
			"requestBody": {"content": {"application/json": {"schema": ` + c.schema + `}}}}}}, "components": {"schemas": ` + shared + `}}`
		d, err := openapi.Parse("d.json", []byte(text), openapi.Options{})
		if err != nil {
			t.Errorf("%s: %v", c.schema, err)
			continue
		}
		s, err := Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		ref := d.Operations[0].Op.RequestBody.Value.Content["application/json"].Schema
		if c.schema != `{"type": "string", "pattern": "(["}` && !s.Known(ref, c.way) {
			t.Errorf("%s is not compiled", c.schema)
			continue
		}
		if v := decoded(t, c.value); s.Known(ref, c.way) && !outlandish(v) {
			agree(t, s.entry(ref, c.way), v)
		}
		got := s.Check(ref, c.way, decoded(t, c.value))
		if (c.want == "") != (len(got) == 0) || c.want != "" && got[0].Keyword != c.want {
			t.Errorf("%s %s against %s: %+v, want %q", c.version, c.value, c.schema, got, c.want)
		}
	}
}

func decoded(tb testing.TB, text string) any {
	tb.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		tb.Fatal(err)
	}
	return v
}
