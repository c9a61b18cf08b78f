package sample

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const lessonDocument = `openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /products:
    get: {operationId: listProducts, responses: {'200': {description: d, content: {application/json: {schema: {type: object, properties: {items: {type: array, items: {$ref: '#/components/schemas/Product'}}}}}}}}}
    post: {operationId: createProduct, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}, responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}}}
  /products/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getProduct, responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Product'}}}}}}
  /currencies:
    get: {operationId: listCurrencies, responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {type: string}}}}}}}
  /orders:
    get: {operationId: listOrders, parameters: [{name: sku, in: query, required: true, schema: {type: string}}, {name: kind, in: query, schema: {type: string, enum: [a]}}], responses: {'200': {description: d}}}
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewOrder'}}}}
      responses: {'201': {description: d, content: {application/json: {schema: {type: object, properties: {id: {type: string}}}}}}}
  /orders/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: string}}]
    get: {operationId: getOrder, responses: {'200': {description: d}}}
    delete: {operationId: deleteOrder, parameters: [{name: sku, in: query, schema: {type: string}}], responses: {'204': {description: d}}}
  /products/discontinue:
    post: {operationId: discontinue, requestBody: {content: {application/json: {schema: {type: object, required: [sku], properties: {sku: {type: string}}}}}}, responses: {'200': {description: d}}}
components:
  schemas:
    Product: {type: object, required: [id, sku], properties: {id: {type: string}, sku: {type: string}, category: {type: string}, kind: {type: integer}, price_token: {type: string}, made: {type: string, format: date}}}
    NewOrder:
      type: object
      required: [lines, currency]
      properties:
        currency: {type: string}
        kind: {type: string}
        made: {type: string, format: date}
        price_token: {type: string}
        category: {type: string, enum: [a, b]}
        lines: {type: array, minItems: 1, items: {type: object, required: [product_sku], properties: {product_sku: {type: string}, quantity: {type: integer}}}}
`

func lessonOps(t *testing.T, o Options) (*openapi.Doc, *schema.Set, []plumbline.Operation) {
	t.Helper()
	d, err := openapi.Parse("t.yaml", []byte(lessonDocument), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return d, s, Fill(d, s, o)
}

// Lessons go by name, type and format; into what reads or creates, never into
// what would act on what is there, never back into the collection that shows
// them, and nothing that is called a secret is among them.
func TestLessons(t *testing.T) {
	t.Parallel()
	_, _, ops := lessonOps(t, Options{Seed: 1})
	var got []string
	for _, o := range ops {
		for _, l := range o.Lessons {
			got = append(got, fmt.Sprintf("%s %s %s < %s %s (%s)", o.ID, l.In, l.Name, l.From, l.Pointer, l.Why))
		}
	}
	want := []string{
		"listOrders query sku < listProducts /items/*/sku (called sku)",
		"createOrder body /currency < listCurrencies /* (listed, and called currency)",
		"createOrder body /lines/*/product_sku < listProducts /items/*/sku (called sku of product)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, _, ops = lessonOps(t, Options{Seed: 1, Unlearnt: true})
	if i := slices.IndexFunc(ops, func(o plumbline.Operation) bool { return len(o.Lessons) > 0 }); i >= 0 {
		t.Errorf("%s has lessons, though none were wanted", ops[i].ID)
	}
}

// The prover holds every case for what it is proved to be, and none of its
// changes that would be something else.
func TestProver(t *testing.T) {
	t.Parallel()
	d, s, ops := lessonOps(t, Options{Seed: 1})
	p := NewProver(d, s, ops)
	held := 0
	for _, o := range ops {
		for _, c := range o.Cases {
			if !p.Holds(c, c.Request) {
				t.Errorf("%s does not hold: %s", c.ID, c.Request.Body)
			}
			broken := c
			broken.Kind, broken.Pointer = plumbline.CaseInvalid, "body/currency"
			if p.Holds(broken, c.Request) {
				t.Errorf("%s is valid and held for invalid", c.ID)
			}
		}
		for _, c := range o.Invalid {
			valid := c
			valid.Kind = plumbline.CaseValid
			if c.Kind == plumbline.CaseInvalid && p.Holds(c, c.Request) {
				held++
				if p.Holds(valid, c.Request) {
					t.Errorf("%s is held for both", c.ID)
				}
			}
		}
	}
	c := ops[slices.IndexFunc(ops, func(o plumbline.Operation) bool { return o.ID == "createOrder" })].Cases[0]
	req := c.Request
	req.Body = []byte(strings.Replace(string(req.Body), `"currency":"`, `"currency":7,"was":"`, 1))
	if held == 0 || p.Holds(c, req) || p.Holds(plumbline.Case{Operation: "none"}, req) {
		t.Errorf("%d invalid cases held; a number held for a text: %v", held, p.Holds(c, req))
	}
}
