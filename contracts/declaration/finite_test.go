package declaration

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestWhatIsFinite(t *testing.T) {
	const text = `
openapi: openapi.yaml
dependencies:
  inventory: {listen: ":1", upstream: "http://h"}
  store: {wire: tcp, listen: ":2", upstream: "h:1"}
finite:
  limited:
    operation: POST /orders
    body: {product_id: p-4, quantity: 10}
    takes: 10
    most: 100
    left: {operation: getProduct, parameters: {productId: p-4}, at: /stock}
    within: 5s
    steps: [{dependency: inventory, does: PUT /reservations/, undoes: DELETE /reservations/}]
`
	ops := []plumbline.Operation{{ID: "createOrder", Method: "POST", Path: "/orders"}, {ID: "getProduct", Method: "GET", Path: "/products/{productId}"}}
	d, err := Parse("plumbline.yaml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	design := plumbline.Design{Operations: ops}
	if _, err := d.Fill(&design); err != nil {
		t.Fatal(err)
	}
	f := design.Finite[0]
	if f.Operation != "createOrder" || f.Takes != 10 || f.Most != 100 || f.Within != 5*time.Second || f.Left.Parameters["productId"] != "p-4" || f.Body["product_id"] != "p-4" || len(f.Steps) != 1 || f.Source.Line == 0 {
		t.Errorf("%+v", f)
	}
	for change, want := range map[string]string{
		"takes: 10\n|takes: 200\n": "CFG004", "at: /stock|at: stock": "CFG003", "dependency: inventory|dependency: store": "CFG004",
		"does: PUT /reservations/|does: reservations": "CFG004", "operation: POST /orders|operation: POST /order": "SLO102", "within: 5s|within: soon": "CFG004",
		"operation: getProduct|operation: \"*\"": "CFG004",
	} {
		was, is, _ := strings.Cut(change, "|")
		d, err := Parse("plumbline.yaml", []byte(strings.Replace(text, was, is, 1)), nil)
		if err == nil {
			_, err = d.Fill(&plumbline.Design{Operations: ops})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", is, err)
		}
	}
}
