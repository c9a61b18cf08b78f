package mock_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const orders = `openapi: 3.0.3
info: {title: t, version: "1"}
components:
  securitySchemes: {key: {type: http, scheme: bearer}}
  schemas:
    Order: {type: object, required: [id, quantity], additionalProperties: false, properties: {id: {type: integer, readOnly: true}, quantity: {type: integer, minimum: 1, maximum: 9}, note: {type: string}}}
security: [{key: []}]
paths:
  /orders:
    get:
      parameters:
        - {in: query, name: limit, schema: {type: integer, minimum: 1}}
        - {in: query, name: offset, schema: {type: integer, minimum: 0}}
        - {in: query, name: filter, style: deepObject, schema: {type: object, properties: {min: {type: integer}}}}
        - {in: query, name: tags, style: pipeDelimited, explode: false, schema: {type: array, items: {type: string}, maxItems: 2}}
      responses: {'200': {description: d, content: {application/json: {schema: {type: object, required: [items, total], properties: {total: {type: integer}, items: {type: array, items: {$ref: '#/components/schemas/Order'}}}}}}}, '400': {description: e}}
    post:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'201': {description: d, headers: {X-Left: {required: true, schema: {type: integer}}}, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}, '422': {description: e}}
  /orders/{id}:
    parameters: [{in: path, name: id, required: true, schema: {type: integer}}]
    get: {responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}}
    put:
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses: {'200': {description: d, content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}}
    delete: {responses: {'204': {description: d}}}
`

// A client asks a server and fails the test on an unexpected status.
type client struct {
	t    *testing.T
	base string
}

func (c client) ask(method, path, body string, want int, headers ...string) (http.Header, map[string]any) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer x")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if resp.StatusCode != want {
		c.t.Errorf("%s %s %s: %d, want %d: %s %v", method, path, body, resp.StatusCode, want, data, resp.Header)
	}
	var out map[string]any
	_ = json.Unmarshal(data, &out)
	return resp.Header, out
}

func serve(t *testing.T, o mock.Options) client {
	t.Helper()
	d, err := openapi.Parse("o.yaml", []byte(orders), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(mock.New(d, s, o))
	t.Cleanup(server.Close)
	return client{t, server.URL}
}

func TestThingsLiveAndDie(t *testing.T) {
	t.Parallel()
	c := serve(t, mock.Options{Seed: 7})
	h, made := c.ask("POST", "/orders", `{"quantity":3,"note":"n"}`, 201)
	if made["quantity"] != 3.0 || made["note"] != "n" || h.Get("X-Left") == "" {
		t.Errorf("created %v %v", made, h)
	}
	at := h.Get("Location")
	if _, got := c.ask("GET", at, "", 200); got["quantity"] != 3.0 || got["id"] != made["id"] {
		t.Errorf("read %v, created %v", got, made)
	}
	c.ask("HEAD", at, "", 200)
	c.ask("PUT", at, `{"quantity":4}`, 200)
	if _, got := c.ask("GET", at, "", 200); got["quantity"] != 4.0 || got["id"] != made["id"] {
		t.Errorf("after PUT %v, created %v", got, made)
	}
	_, all := c.ask("GET", "/orders", "", 200)
	seen := 0.0
	for offset := range 8 {
		_, page := c.ask("GET", "/orders?limit=1&offset="+string(rune('0'+offset)), "", 200)
		list, _ := page["items"].([]any)
		seen += float64(len(list))
	}
	if total, _ := all["total"].(float64); total < 1 || seen != total {
		t.Errorf("%v items on pages, %v in all", seen, all["total"])
	}
	c.ask("DELETE", at, "", 204)
	c.ask("GET", at, "", 404)
	c.ask("DELETE", at, "", 404)
}

func TestWhatBreaksTheDocumentIsRefused(t *testing.T) {
	t.Parallel()
	c := serve(t, mock.Options{Seed: 1})
	c.ask("POST", "/orders", `{"quantity":0}`, 422)
	c.ask("POST", "/orders", `{"quantity":1,"more":1}`, 422)
	c.ask("POST", "/orders", `{"quantity":`, 422)
	c.ask("POST", "/orders", ``, 422)
	c.ask("POST", "/orders", `{"quantity":1}`, 422, "Content-Type", "text/csv") // 415 is not documented, 422 is
	c.ask("GET", "/orders?limit=0", "", 400)
	c.ask("GET", "/orders?filter%5Bmin%5D=x", "", 400)
	c.ask("GET", "/orders?filter%5Bmin%5D=1&tags=a%7Cb", "", 200)
	c.ask("GET", "/orders?tags=a%7Cb%7Cc", "", 400)
	c.ask("GET", "/orders/x", "", 400)
	c.ask("GET", "/orders", "", 406, "Accept", "text/csv")
	c.ask("GET", "/nothing", "", 404)
	if h, _ := c.ask("PATCH", "/orders", "", 405); h.Get("Allow") != "GET, HEAD, OPTIONS, POST" {
		t.Errorf("Allow: %s", h.Get("Allow"))
	}
	c.ask("OPTIONS", "/orders", "", 204)
	if h, _ := c.ask("GET", "/orders", "", 401, "Authorization", ""); h.Get("WWW-Authenticate") == "" {
		t.Error("401 without WWW-Authenticate")
	}
}

func TestSameSeedSameAnswers(t *testing.T) {
	t.Parallel()
	a, b := serve(t, mock.Options{Seed: 3}), serve(t, mock.Options{Seed: 3})
	for _, c := range []struct{ method, path, body string }{{"POST", "/orders", `{"quantity":2}`}, {"GET", "/orders", ""}} {
		_, x := a.ask(c.method, c.path, c.body, map[string]int{"POST": 201, "GET": 200}[c.method])
		_, y := b.ask(c.method, c.path, c.body, map[string]int{"POST": 201, "GET": 200}[c.method])
		one, _ := json.Marshal(x)
		two, _ := json.Marshal(y)
		if string(one) != string(two) {
			t.Errorf("%s %s: %s and %s", c.method, c.path, one, two)
		}
	}
}

// TestRotIsTold holds the rotten server to breaking every promise that a small
// document has, and to telling which.
func TestRotIsTold(t *testing.T) {
	t.Parallel()
	told := map[string]int{}
	c := serve(t, mock.Options{Seed: 5, Rot: true, Rotted: func(r mock.Rot) { told[r.Keyword]++ }})
	for range 40 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.base+"/orders", strings.NewReader(`{"quantity":2}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer x")
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	for _, k := range []string{"status", "media-type", "header/required", "header/type", "body-empty", "body-syntax", "type", "null", "required", "minimum", "maximum", "integer", "additionalProperties"} {
		if told[k] == 0 {
			t.Errorf("%s was never broken: %v", k, told)
		}
	}
}

// A PUT is answered 201 when nothing was there, and else as what replaces.
func TestPutTellsNewFromOld(t *testing.T) {
	t.Parallel()
	const text = `openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /items/{sku}:
    parameters: [{in: path, name: sku, required: true, schema: {type: string}}]
    put: {operationId: put, responses: {'201': {description: made}, '204': {description: replaced}}}
    get: {operationId: get, responses: {'200': {description: one}}}
    delete: {operationId: drop, responses: {'204': {description: gone}}}
  /made/{sku}:
    parameters: [{in: path, name: sku, required: true, schema: {type: string}}]
    put: {operationId: only, responses: {'201': {description: made or replaced}}}
`
	d, err := openapi.Parse("t.yaml", []byte(text), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	set, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	s := mock.New(d, set, mock.Options{Seed: 1})
	for i, c := range []struct {
		method, path string
		want         int
	}{
		{http.MethodPut, "/items/a", http.StatusCreated},
		{http.MethodPut, "/items/a", http.StatusNoContent},
		{http.MethodDelete, "/items/a", http.StatusNoContent},
		{http.MethodPut, "/items/a", http.StatusCreated},
		{http.MethodPut, "/made/a", http.StatusCreated},
		{http.MethodPut, "/made/a", http.StatusCreated},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(c.method, c.path, http.NoBody))
		if w.Code != c.want {
			t.Errorf("%d: %s %s: got %d, want %d", i, c.method, c.path, w.Code, c.want)
		}
	}
}
