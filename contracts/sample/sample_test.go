package sample

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const orders = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /orders:
    get:
      operationId: listOrders
      parameters: [{in: query, name: limit, schema: {type: integer, minimum: 1, maximum: 100}}]
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}
    post:
      operationId: createOrder
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [productId, quantity], additionalProperties: false, properties: {productId: {type: string, example: p-1}, quantity: {type: integer, minimum: 1, maximum: 9}, note: {type: string, maxLength: 20}}}
      responses: {'201': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '400': {description: e}}
  /orders/{orderId}:
    parameters: [{in: path, name: orderId, required: true, schema: {type: string}}]
    get: {operationId: getOrder, responses: {'200': {description: d}}}
    delete: {operationId: deleteOrder, responses: {'204': {description: d}}}
components: {schemas: {Order: {type: object, properties: {id: {type: string}}}}}
`

func filled(t *testing.T) []plumbline.Operation {
	t.Helper()
	d, err := openapi.Parse("o.yaml", []byte(orders), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	ops := Fill(d, s, Options{Seed: 1})
	if again := Fill(d, s, Options{Seed: 1}); !reflect.DeepEqual(ops, again) {
		t.Error("the same seed made other cases")
	}
	return ops
}

func TestCasesAndGraph(t *testing.T) {
	t.Parallel()
	ops := filled(t)
	create := ops[slices.IndexFunc(ops, func(o plumbline.Operation) bool { return o.ID == "createOrder" })]
	if got := string(create.Cases[0].Request.Body); got != `{"productId":"p-1","quantity":1}` {
		t.Errorf("seed request %s", got)
	}
	if !create.Creates() || create.Deletes != "deleteOrder" {
		t.Errorf("createOrder produces %v, deleted by %q", create.Produces, create.Deletes)
	}
	want := "createOrder creates orderId, deleted by deleteOrder\ndeleteOrder path.orderId ← createOrder /id (inferred: path nesting), else listOrders /0/id (inferred: listed by the collection)\ngetOrder path.orderId ← createOrder /id (inferred: path nesting), else listOrders /0/id (inferred: listed by the collection)\n"
	lines := strings.SplitAfter(Graph(ops), "\n")
	slices.Sort(lines)
	if strings.Join(lines, "") != want {
		t.Errorf("graph:\n%s", Graph(ops))
	}
	var broken []string
	for _, c := range create.Invalid {
		broken = append(broken, strings.TrimPrefix(c.ID, "createOrder/"))
	}
	for _, name := range []string{"body-syntax", "body-required", "body-quantity-minimum", "body-quantity-maximum", "body-quantity-type-2", "body-productId-required", "body-plumbline_unknown-additionalProperties", "body-note-maxLength"} {
		if !slices.Contains(broken, name) {
			t.Errorf("no case %s among %v", name, broken)
		}
	}
	list := ops[slices.IndexFunc(ops, func(o plumbline.Operation) bool { return o.ID == "listOrders" })]
	for _, c := range list.Invalid {
		if c.Request.Query == "limit=1" {
			t.Errorf("%s is valid", c.ID)
		}
	}
	if len(list.Invalid) < 3 {
		t.Errorf("%d invalid cases of limit", len(list.Invalid))
	}
}
