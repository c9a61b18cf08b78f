package outbound

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const document = `openapi: 3.0.3
info: {title: payment, version: "1"}
paths:
  /charge:
    post:
      operationId: charge
      parameters:
        - {name: Idempotency-Key, in: header, required: true, schema: {type: string, minLength: 4}}
        - {name: Authorization, in: header, required: true, schema: {type: integer}}
        - {name: dry, in: query, schema: {type: boolean}}
        - {name: tags, in: query, schema: {type: array, items: {type: integer}}}
        - {name: ids, in: query, explode: false, schema: {type: array, maxItems: 2, items: {type: integer}}}
        - {name: filter, in: query, style: deepObject, required: true, schema: {type: object}}
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [order, amount]
              properties:
                order: {type: string, pattern: "^[a-z]+$"}
                amount: {type: integer, minimum: 1}
          text/plain: {schema: {type: string}}
      responses: {'200': {description: d}}
  /charges/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
    get: {operationId: read, responses: {'200': {description: d}}}
  /charges/last:
    get: {operationId: last, responses: {'200': {description: d}}}
  /files/{name}.json:
    parameters: [{name: name, in: path, required: true, schema: {type: string, maxLength: 3}}]
    get: {operationId: file, responses: {'200': {description: d}}}
`

func inspector(tb testing.TB) *Inspector {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "payment.yaml")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		tb.Fatal(err)
	}
	i, err := New(file)
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func charge(change func(*Request)) Request {
	r := Request{
		Method: "POST", Path: "/charge", Body: []byte(`{"order":"abc","amount":2}`), Whole: true,
		Header: map[string][]string{"Idempotency-Key": {"s3cret"}, "Content-Type": {"application/json; charset=utf-8"}},
	}
	if change != nil {
		change(&r)
	}
	return r
}

func TestInspect(t *testing.T) {
	t.Parallel()
	i := inspector(t)
	body := func(s string) Request { return charge(func(r *Request) { r.Body = []byte(s) }) }
	query := func(s string) Request { return charge(func(r *Request) { r.Query = s }) }
	get := func(path string) Request { return Request{Method: "GET", Path: path, Whole: true} }
	for name, c := range map[string]struct {
		r         Request
		operation string
		want      string // kind and pointer and part of the message of the only mark; empty: none
	}{
		"right":                   {charge(nil), "charge", ""},
		"more than declared":      {body(`{"order":"abc","amount":2,"more":1}`), "charge", ""},
		"an undeclared parameter": {query("colour=red"), "charge", ""},
		"a truth value":           {query("dry=true"), "charge", ""},
		"no truth value":          {query("dry=yes"), "charge", "parameter query/dry the query parameter dry breaks type"},
		"a list":                  {query("tags=1&tags=2&ids=1,2"), "charge", ""},
		"a list of other things":  {query("tags=1&tags=s3cret"), "charge", "parameter query/tags the query parameter tags breaks type"},
		"a long list":             {query("ids=1,2,3"), "charge", "parameter query/ids the query parameter ids breaks maxItems"},
		"a type":                  {body(`{"order":"abc","amount":"s3cret"}`), "charge", "body /amount got string, want integer"},
		"a bound":                 {body(`{"order":"abc","amount":0}`), "charge", "body /amount breaks minimum"},
		"a pattern":               {body(`{"order":"s3cret","amount":1}`), "charge", "body /order breaks pattern"},
		"a missing property":      {body(`{"order":"abc"}`), "charge", "body  missing property 'amount'"},
		"no JSON":                 {body(`{`), "charge", "body  the body is not JSON"},
		"no body":                 {body(``), "charge", "body  the required body is missing"},
		"half a body":             {charge(func(r *Request) { r.Body, r.Whole = []byte("{"), false }), "charge", ""},
		"another media type":      {charge(func(r *Request) { r.Header["Content-Type"] = []string{"text/xml"} }), "charge", `media  the media type "text/xml"`},
		"text":                    {charge(func(r *Request) { r.Header["Content-Type"] = []string{"text/plain"} }), "charge", "unread  text/plain is not validated"},
		"no key":                  {charge(func(r *Request) { delete(r.Header, "Idempotency-Key") }), "charge", "parameter header/Idempotency-Key the required header parameter"},
		"a short key":             {charge(func(r *Request) { r.Header["Idempotency-Key"] = []string{"k"} }), "charge", "parameter header/Idempotency-Key the header parameter Idempotency-Key breaks minLength"},
		"a number in the path":    {get("/charges/12"), "read", ""},
		"a word in the path":      {get("/charges/s3cret"), "read", "parameter path/id the path parameter id breaks type"},
		"the literal path":        {get("/charges/last"), "last", ""},
		"a name with an ending":   {get("/files/abc.json"), "file", ""},
		"a long name":             {get("/files/abcd.json"), "file", "parameter path/name the path parameter name breaks maxLength"},
		"another method":          {get("/charge"), "", "operation  the document has no GET on this path"},
		"another path":            {get("/refunds"), "", "operation  the document has no such path"},
	} {
		operation, marks := i.Inspect(c.r)
		var got string
		for _, m := range marks {
			got += string(m.Kind) + " " + m.Pointer + " " + m.Message
		}
		if operation != c.operation || len(marks) > 1 || !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %s, %q, want %q", name, operation, got, c.want)
		}
		if strings.Contains(got, "s3cret") {
			t.Errorf("%s: a value is told: %s", name, got)
		}
	}
	if got := strings.Join(i.Headers(), " "); got != "Content-Type Idempotency-Key" {
		t.Errorf("headers: %s", got)
	}
	if _, err := New("none.yaml"); err == nil {
		t.Error("a document that is not there is read")
	}
}

func FuzzInspect(f *testing.F) {
	i := inspector(f)
	f.Add("POST", "/charge", "dry=1", []byte(`{"amount":1}`))
	f.Add("GET", "/files/.json", "%", []byte(nil))
	f.Fuzz(func(_ *testing.T, method, path, query string, body []byte) {
		i.Inspect(Request{Method: method, Path: path, Query: query, Body: body, Whole: true, Header: map[string][]string{"Content-Type": {"application/json"}}})
	})
}
