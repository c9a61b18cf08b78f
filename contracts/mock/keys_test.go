package mock_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const charges = `openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /charges:
    post:
      parameters: [{in: header, name: Idempotency-Key, schema: {type: string}}]
      requestBody: {required: true, content: {application/json: {schema: {type: object, required: [amount], properties: {amount: {type: integer, minimum: 1}}}}}}
      responses: {'201': {description: made, content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: string, format: uuid}}}}}}, '422': {description: refused}}
  /charges/{id}:
    get:
      parameters: [{in: path, name: id, required: true, schema: {type: string, format: uuid}}]
      responses: {'200': {description: one, content: {application/json: {schema: {type: object, required: [id], properties: {id: {type: string, format: uuid}}}}}}}
`

// What comes again under its key has one effect; another body has none; and a
// refusal leaves the key free.
func TestAKeyHasOneEffect(t *testing.T) {
	t.Parallel()
	d, err := openapi.Parse("charges.yaml", []byte(charges), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	s := mock.New(d, set, mock.Options{Open: true})
	post := func(key, body string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "/charges", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if status, _ := post("k", `{"amount":0}`); status != http.StatusUnprocessableEntity {
		t.Fatalf("an invalid charge: %d", status)
	}
	status, first := post("k", `{"amount":1}`)
	if status != http.StatusCreated {
		t.Fatalf("the key is not free after a refusal: %d %s", status, first)
	}
	if status, again := post("k", `{"amount":1}`); status != http.StatusCreated || again != first {
		t.Errorf("again: %d %s, want %s", status, again, first)
	}
	if status, _ := post("k", `{"amount":2}`); status != http.StatusUnprocessableEntity {
		t.Errorf("another body: %d", status)
	}
	if _, other := post("other", `{"amount":1}`); other == first {
		t.Error("another key has the same effect")
	}
	if _, none := post("", `{"amount":1}`); none == first {
		t.Error("without a key there is no second charge")
	}
}
