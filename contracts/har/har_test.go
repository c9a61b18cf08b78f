package har

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

const document = `openapi: 3.0.3
info: {title: shop, version: "1"}
servers: [{url: https://shop.test/v1}]
security: [{key: []}]
paths:
  /orders:
    post:
      operationId: createOrder
      parameters: [{name: X-Channel, in: header, schema: {type: string}}, {name: X-Key, in: header, schema: {type: string}}]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [sku]
              properties: {sku: {type: string}, n: {type: integer, maximum: 9}, gift: {type: boolean}, to: {type: object, properties: {city: {type: string}, password: {type: string}}}, tags: {type: array, items: {type: string}}}
      responses: {'201': {description: d, content: {application/json: {schema: {type: object, properties: {id: {type: string}, total: {type: integer}, lines: {type: array, items: {type: object, properties: {sku: {type: string}, n: {type: integer}}}}}}}}}}
    get:
      operationId: listOrders
      parameters: [{name: limit, in: query, schema: {type: integer}}, {name: q, in: query, schema: {type: string}}, {name: api_key, in: query, schema: {type: string}}]
      responses: {'200': {description: d, content: {application/json: {schema: {type: array, items: {type: object, properties: {id: {type: string}}}}}}}}
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
`

func archived(entries ...string) []byte {
	return []byte(`{"log":{"version":"1.2","entries":[` + strings.Join(entries, ",") + `]}}`)
}

// of is one entry.
func of(line, header, body string, status int, answer string) string {
	method, url, _ := strings.Cut(line, " ")
	post := ""
	if body != "" {
		text, _ := json.Marshal(body)
		post = `,"postData":{"mimeType":"application/json","text":` + string(text) + `}`
	}
	text, _ := json.Marshal(answer)
	return fmt.Sprintf(`{"request":{"method":%q,"url":%q,"headers":[%s]%s},"response":{"status":%d,"content":{"mimeType":"application/json","text":%s}}}`, method, url, header, post, status, text)
}

func read(t *testing.T, data []byte) (*Traffic, error) {
	t.Helper()
	d, err := openapi.Parse("openapi.yaml", []byte(document), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	out := New()
	return out, out.Read("x.har", data, d, s)
}

func TestTrafficIsRead(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	head := `{"name":":method","value":"POST"},{"name":"Authorization","value":"Bearer ` + secret + `"},{"name":"cookie","value":"sid=` + secret + `"},{"name":"x-key","value":"` + secret + `"},{"name":"x-channel","value":"app"}`
	got, err := read(t, archived(
		of("POST https://shop.test/v1/orders", head, `{"sku":"p-7","n":3,"gift":true,"to":{"city":"Ulm","password":"`+secret+`"},"tags":["a"],"token":"`+secret+`"}`, 201, `{"id":"o1","total":3,"lines":[{"sku":"p-7"}],"token":"`+secret+`"}`),
		of("POST https://shop.test/v1/orders", "", `{"sku":"eyJhbGciOi.eyJzdWIiOi.`+secret+`"}`, 201, `{"id":"o2"}`),
		of("POST https://shop.test/v1/orders", "", `{"sku":"wrong","n":10}`, 201, `{}`),
		of("POST https://shop.test/v1/orders", "", `{"sku":"refused"}`, 409, `{"error":1}`),
		of("GET https://shop.test/v1/orders?limit=5&q=7&api_key="+secret, "", "", 200, `[{"id":"o1"}]`),
		of("GET https://shop.test/v1/orders?limit=5", "", "", 200, `[]`),
		of("GET https://cdn.test/logo.png", "", "", 200, "PNG"),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := &Traffic{
		Words: map[string][]any{
			"createOrder/header/X-Channel": {"app"}, "createOrder/body/sku": {"p-7"}, "createOrder/body/n": {json.Number("3")},
			"createOrder/body/gift": {true}, "createOrder/body/to/city": {"Ulm"},
			"listOrders/query/limit": {json.Number("5"), "5"}, "listOrders/query/q": {json.Number("7"), "7"},
		},
		Mix: map[string]float64{"createOrder": 4, "listOrders": 2},
		Used: map[string]map[int]map[string]bool{
			"createOrder": {201: {"/id": true, "/total": true, "/token": true, "/lines": true, "/lines/*": true, "/lines/*/sku": true}, 409: {}},
			"listOrders":  {200: {"/*": true, "/*/id": true}},
		},
		Entries: 7, Foreign: 1, Hidden: 5,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	data, err := json.Marshal(got)
	if err != nil || strings.Contains(string(data), secret) {
		t.Errorf("a secret was taken in: %s", data)
	}
}

func TestWhatIsNoTraffic(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"{", "{}", `{"log":{"entries":[]}}`, string(archived(of("GET https://cdn.test/x", "", "", 200, "")))} {
		if _, err := read(t, []byte(data)); err == nil {
			t.Errorf("%s was taken for traffic", data)
		}
	}
}

func FuzzRead(f *testing.F) {
	d, err := openapi.Parse("openapi.yaml", []byte(document), openapi.Options{})
	if err != nil {
		f.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(of("GET https://shop.test/v1/orders?limit=5", "", "", 200, `[]`)))
	f.Fuzz(func(_ *testing.T, entry []byte) { _ = New().Read("x", archived(string(entry)), d, s) })
}
