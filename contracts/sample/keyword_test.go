package sample

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// casesOf makes the cases of one operation, written as the YAML of its parameters
// and request body, with the dictionary given.
func casesOf(t *testing.T, version, text string, o Options) (plumbline.Operation, openapi.Op, *schema.Set) {
	t.Helper()
	doc := fmt.Sprintf("openapi: %s\ninfo: {title: t, version: '1'}\npaths:\n  /things/{id}:\n    post:\n      operationId: op\n      responses: {'200': {description: d}}\n%s", version, text)
	d, err := openapi.Parse("k.yaml", []byte(doc), openapi.Options{})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return Fill(d, s, o)[0], d.Operations[0], s
}

const idParameter = "        - {in: path, name: id, required: true, schema: {type: string, enum: [a]}}\n"

// TestEveryKeywordHasACase holds that every constraint of JSON Schema 2020-12,
// and of the dialect of OpenAPI 3.0, is met at its edge and broken.
func TestEveryKeywordHasACase(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ schema, valid, invalid string }{
		{"{type: string, minLength: 3}", "minLength unicode", "minLength type"},
		{"{type: string, maxLength: 3}", "maxLength unicode empty", "maxLength type"},
		{"{type: string, pattern: '^[A-Z]{3}-[0-9]+$'}", "pattern", "pattern"},
		{"{type: string, pattern: '^(?!x)[a-z]{2,5}$', minLength: 4}", "minLength", "pattern minLength"},
		{"{type: string, format: date-time}", "format", "format"},
		{"{type: string, format: uuid}", "format", "format"},
		{"{type: string, format: email}", "format", "format"},
		{"{type: string, format: ipv6}", "format", "format"},
		{"{type: string, format: duration}", "format", "format"},
		{"{type: string, format: hostname}", "format", "format"},
		{"{type: string, format: json-pointer}", "format", "format"},
		{"{type: string, format: regex}", "format", ""},
		{"{type: string, enum: [a, b]}", "enum", "enum"},
		{"{const: a}", "", "const"},
		{"{type: integer, minimum: 3, maximum: 9}", "maximum", "minimum maximum"},
		{"{type: integer, exclusiveMinimum: 3, exclusiveMaximum: 9}", "exclusiveMaximum", "exclusiveMinimum exclusiveMaximum"},
		{"{type: integer, multipleOf: 5}", "multipleOf", "multipleOf"},
		{"{type: number, multipleOf: 0.01, minimum: 0}", "multipleOf minimum", "multipleOf minimum"},
		{"{type: integer, format: int32}", "format", "format"},
		{"{type: boolean}", "type", "type"},
		{"{type: [string, 'null']}", "nullable", "type"},
		{"{type: array, items: {type: string}, minItems: 2, maxItems: 3}", "minItems maxItems", "minItems maxItems type"},
		{"{type: array, items: {type: string}, uniqueItems: true}", "uniqueItems", "uniqueItems"},
		{"{type: array, contains: {const: 7}, minContains: 2, maxContains: 3}", "", "minContains maxContains"},
		{"{type: array, prefixItems: [{type: string}, {type: integer}], items: false}", "prefixItems", "items type"},
		{"{type: object, required: [a], properties: {a: {type: string}}}", "", "required type"},
		{"{type: object, properties: {a: {type: string}}, additionalProperties: false}", "properties", "additionalProperties"},
		{"{type: object, properties: {a: {type: string}}, additionalProperties: {type: integer}}", "additionalProperties", "type"},
		{"{type: object, minProperties: 2, maxProperties: 3}", "maxProperties", "minProperties maxProperties"},
		{"{type: object, propertyNames: {pattern: '^[a-z]+$'}}", "", "propertyNames"},
		{"{type: object, patternProperties: {'^x-': {type: integer}}, additionalProperties: false}", "patternProperties", "additionalProperties type"},
		{"{type: object, properties: {a: {type: string}, b: {type: string}}, dependentRequired: {a: [b]}}", "dependentRequired", "dependentRequired"},
		{"{type: object, properties: {a: {type: string}}, dependentSchemas: {a: {required: [b], properties: {b: {type: integer}}}}}", "dependentSchemas", "dependentSchemas"},
		{"{oneOf: [{type: string}, {type: integer}]}", "oneOf", "oneOf"},
		{"{oneOf: [{type: object, required: [a], properties: {a: {type: string}}}, {type: object, required: [b], properties: {b: {type: string}}}]}", "oneOf", "oneOf"},
		{"{anyOf: [{type: string, maxLength: 2}, {type: integer}]}", "anyOf", "anyOf"},
		{"{allOf: [{type: integer, minimum: 3}, {maximum: 5}]}", "maximum", "minimum maximum"},
		{"{type: string, not: {enum: [bad]}}", "", "not"},
		{"{type: object, properties: {k: {enum: [a, b]}, v: {type: integer}}, required: [k], if: {properties: {k: {const: a}}}, then: {required: [v]}}", "if", "then"},
		{"{allOf: [{type: object, properties: {a: {type: string}}}], unevaluatedProperties: false}", "properties", "unevaluatedProperties"},
	} {
		text := "      parameters:\n" + idParameter + "      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [v], properties: {v: " + c.schema + "}}}}}\n"
		op, _, _ := casesOf(t, "3.1.0", text, Options{Seed: 1, MaxValid: 64, MaxInvalid: 120})
		if len(op.Cases) == 0 {
			t.Errorf("%s: no valid case", c.schema)
			continue
		}
		has := func(cases []plumbline.Case, keyword string) bool {
			return slices.ContainsFunc(cases, func(k plumbline.Case) bool {
				return k.Keyword == keyword && strings.HasPrefix(k.Pointer, "body/v")
			})
		}
		for _, keyword := range strings.Fields(c.valid) {
			if !has(op.Cases, keyword) {
				t.Errorf("%s: no valid case for %s among %s", c.schema, keyword, keywords(op.Cases))
			}
		}
		for _, keyword := range strings.Fields(c.invalid) {
			if !has(op.Invalid, keyword) {
				t.Errorf("%s: no invalid case for %s among %s", c.schema, keyword, keywords(op.Invalid))
			}
		}
	}
}

func keywords(cases []plumbline.Case) string {
	var out []string
	for _, c := range cases {
		out = append(out, c.Pointer+" "+c.Keyword)
	}
	return strings.Join(out, ", ")
}

// TestWhatIsNoBreach is the table of false alarms of the field: none of these
// texts may be called invalid.
func TestWhatIsNoBreach(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ parameter, raw string }{
		{"{in: query, name: q, schema: {type: string}}", "q=null"},
		{"{in: query, name: q, schema: {type: string}}", "q=1"},
		{"{in: query, name: q, schema: {type: string}}", "q=true"},
		{"{in: query, name: q, schema: {type: string, minLength: 1}}", "q="},
		{"{in: query, name: q, allowEmptyValue: true, required: true, schema: {type: integer}}", "q="},
		{"{in: query, name: q, schema: {type: string, nullable: true, minLength: 9}}", "q=null"},
		{"{in: query, name: q, schema: {type: integer}}", "q=%201"},
		{"{in: query, name: q, schema: {type: integer}}", "q=1.0"},
		{"{in: query, name: q, schema: {type: boolean}}", "q=1"},
		{"{in: query, name: q, schema: {type: boolean}}", "q=yes"},
		{"{in: query, name: q, schema: {type: array, items: {type: integer}}}", "q=1,2"},
		{"{in: query, name: q, schema: {type: array, items: {type: string}}}", "q=a"},
		{"{in: query, name: q, schema: {type: array, minItems: 2, items: {type: string}}}", "q=a%2Cb"},
		{"{in: query, name: q, schema: {type: integer}}", "q=1&q=x"},
		{"{in: query, name: q, schema: {}}", "q=x"},
		{"{in: query, name: q}", "q=x"},
		{"{in: query, name: q, schema: {type: string, pattern: '(?<broken'}}", "q=x"},
		{"{in: query, name: q, schema: {type: string, format: house-number}}", "q=x"},
	} {
		text := "      parameters:\n" + idParameter + "        - " + c.parameter + "\n"
		_, op, s := casesOf(t, "3.0.3", text, Options{})
		m := newMaker(newGenerator(s, nil), op, nil, Options{})
		p := op.Params[1]
		if p.Name != "q" {
			t.Fatal(p.Name)
		}
		if got := m.proveInvalid(place{param: p}, plumbline.Request{Query: c.raw, Path: "/things/a"}); got.holds {
			t.Errorf("%s of %s is called invalid: %s", c.raw, c.parameter, got.text)
		}
	}
}

func TestTheDictionaryIsUsedWhereItIsValid(t *testing.T) {
	t.Parallel()
	text := "      parameters:\n" + idParameter + "        - {in: query, name: city, required: true, schema: {type: string}}\n      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [email, n], properties: {email: {type: string, format: email}, n: {type: integer, maximum: 9}}}}}}\n"
	op, _, _ := casesOf(t, "3.0.3", text, Options{Dictionary: map[string][]any{"email": {"not an address", "ada@example.com", "bob@example.com"}, "city": {"Ulm"}, "op/body/n": {uint64(70), uint64(7)}}})
	seed := op.Cases[0].Request
	if string(seed.Body) != `{"email":"ada@example.com","n":7}` || seed.Query != "city=Ulm" {
		t.Errorf("seed %s %s", seed.Query, seed.Body)
	}
	if !slices.ContainsFunc(op.Cases, func(c plumbline.Case) bool { return strings.Contains(string(c.Request.Body), "bob@example.com") }) {
		t.Errorf("the second word is not sent: %s", keywords(op.Cases))
	}
}

func TestManyParametersAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("      parameters:\n" + idParameter)
	for i := range 54 {
		fmt.Fprintf(&b, "        - {in: query, name: p%d, schema: {type: integer, minimum: 1, maximum: 10}}\n", i)
	}
	op, _, _ := casesOf(t, "3.0.3", b.String(), Options{Seed: 1})
	if len(op.Cases) != 24 || len(op.Invalid) != 54 {
		t.Errorf("%d valid cases, %d invalid ones", len(op.Cases), len(op.Invalid))
	}
	seen := map[string]int{}
	for _, c := range op.Invalid {
		seen[c.Pointer+" "+c.Keyword]++
	}
	for k, n := range seen {
		if n > 1 {
			t.Errorf("%s has %d cases, and others none", k, n)
		}
	}
}
