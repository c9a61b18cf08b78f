package compare

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
)

const withPayment = `{"consumer":{"name":"shop"},"provider":{"name":"payment"},"interactions":[
{"type":"Synchronous/HTTP","description":"a charge","request":{"method":"POST","path":"/charge","query":{"dry":["no"]},
 "headers":{"Content-Type":["application/json"],"Idempotency-Key":["k-1"],"Accept":["*/*"]},
 "body":{"content":{"order":"abc","amount":2,"tags":["a"],"items":[{"sku":"p-1","n":1.5}],"by":{"k-1":true},"note":null,"eur":"EUR","when":"2026-01-01"},"contentType":"application/json; charset=utf-8"},
 "matchingRules":{"header":{"Idempotency-Key":{"matchers":[{"match":"regex","regex":"^k-"}]}},
  "query":{"dry":{"matchers":[{"match":"regex","regex":"^(yes|no)$"}]}},
  "body":{"$.amount":{"matchers":[{"match":"integer"}]},"$.order":{"matchers":[{"match":"regex","regex":"^[a-z]+$"}]},
   "$.items":{"matchers":[{"match":"type","min":1,"max":2}]},"$.items[*].n":{"matchers":[{"match":"decimal"}]},
   "$.by":{"matchers":[{"match":"eachValue","rules":[{"match":"type"}]}]},"$.eur":{"matchers":[{"match":"equality"}]},
   "$.when":{"matchers":[{"match":"date"}]},"$.note":{"combine":"OR","matchers":[{"match":"null"},{"match":"regex","regex":"^.*$"}]}}}},"response":{"status":200}},
{"type":"Synchronous/HTTP","description":"a charge","request":{"method":"POST","path":"/charge","body":{"content":{"cancel":true},"contentType":"application/json"}},"response":{"status":202}},
{"type":"Synchronous/HTTP","description":"one","request":{"method":"GET","path":"/charges/c-42/lines"},"response":{"status":200}},
{"type":"Synchronous/HTTP","description":"any","request":{"method":"GET","path":"/files/a","matchingRules":{"path":{"matchers":[{"match":"regex","regex":"^/files/[a-z]+$"}]}}},"response":{"status":200}},
{"type":"Synchronous/HTTP","description":"text","request":{"method":"PUT","path":"/files/a","body":{"content":"hello","contentType":"text/plain"}},"response":{"status":200}},
{"type":"Asynchronous/Messages","description":"event"}]}`

func sent(change func(*outbound.Request)) outbound.Request {
	s := outbound.Request{
		Method: "POST", Path: "/charge", Query: "dry=yes", Whole: true,
		Header: map[string][]string{"Content-Type": {"application/json"}, "Idempotency-Key": {"k-s3cret"}, "X-More": {"m"}},
		Body:   []byte(`{"order":"xyz","amount":7,"tags":["b","c"],"items":[{"sku":"p-2","n":2.5},{"sku":"q","n":0.5}],"by":{"z":false},"note":"n","eur":"EUR","when":"2026-02-02"}`),
	}
	if change != nil {
		change(&s)
	}
	return s
}

func TestSentRequestsAreHeldAgainstTheAgreement(t *testing.T) {
	t.Parallel()
	var a Agreement
	if err := a.Add("p.json", []byte(withPayment)); err != nil {
		t.Fatal(err)
	}
	body := func(from, to string) outbound.Request {
		return sent(func(s *outbound.Request) { s.Body = []byte(strings.Replace(string(s.Body), from, to, 1)) })
	}
	get := func(path string) outbound.Request { return outbound.Request{Method: "GET", Path: path, Whole: true} }
	const breach, silent, unread = "breach", string(plumbline.MarkUnagreed), string(plumbline.MarkUnread)
	for name, c := range map[string]struct {
		s    outbound.Request
		fits string
		kind string
		want string
	}{
		"as agreed":                     {sent(nil), "a charge", "", ""},
		"another interaction":           {sent(func(s *outbound.Request) { s.Query, s.Body = "", []byte(`{"cancel":false}`) }), "a charge (2)", "", ""},
		"a rule broken":                 {body(`"amount":7`, `"amount":"7"`), "", breach, "/amount the rule integer does not take the string"},
		"a fraction":                    {body(`"amount":7`, `"amount":7.5`), "", breach, "/amount the rule integer does not take the number"},
		"a pattern broken":              {body(`"xyz"`, `"s3cret"`), "", breach, "/order the pattern ^[a-z]+$ does not take the string"},
		"another type than the example": {body(`["b","c"]`, `[1]`), "", breach, "/tags/* the contract has a string, and a number was sent"},
		"another value of the example":  {body(`["b","c"]`, `["z"]`), "a charge", "", ""},
		"a rule of items broken":        {body(`"n":0.5`, `"n":1`), "", breach, "/items/*/n the rule decimal"},
		"too many items":                {body(`"items":[`, `"items":[{"sku":"p","n":1.5},`), "", breach, "/items the contract has 1 to 2 items, and 3 were sent"},
		"a list where an object was":    {body(`{"z":false}`, `[]`), "", breach, "/by the contract has an object, and a list was sent"},
		"any key, of another type":      {body(`{"z":false}`, `{"s3cret":1}`), "", breach, "/by/* the contract has a boolean, and a number"},
		"equality":                      {body(`"EUR"`, `"s3cret"`), "", breach, "/eur the rule equality does not take"},
		"a date":                        {body(`"2026-02-02"`, `20260202`), "", breach, "/when the rule date does not take the number"},
		"null, which may be":            {body(`"note":"n"`, `"note":null`), "a charge", "", ""},
		"null, which was not agreed":    {body(`"tags":["b","c"]`, `"tags":[null]`), "", silent, "/tags/* the contract has a string, and null"},
		"a member less":                 {body(`"order":"xyz",`, ``), "", silent, "/order the member, which the contract has, was not sent"},
		"a member more":                 {body(`{"order"`, `{"more":1,"order"`), "", silent, "/more the member is not in the contract"},
		"a header less":                 {sent(func(s *outbound.Request) { delete(s.Header, "Idempotency-Key") }), "", silent, "the header Idempotency-Key, which the contract has, was not sent"},
		"a header against its rule":     {sent(func(s *outbound.Request) { s.Header["Idempotency-Key"] = []string{"s3cret"} }), "", breach, "the header Idempotency-Key does not match"},
		"a query against its rule":      {sent(func(s *outbound.Request) { s.Query = "dry=s3cret" }), "", breach, "the query parameter dry does not match"},
		"a query more":                  {sent(func(s *outbound.Request) { s.Query = "dry=yes&more=1" }), "", silent, "the query parameter more is not in the contract"},
		"another media type":            {sent(func(s *outbound.Request) { s.Header["Content-Type"] = []string{"text/xml"} }), "", breach, `the media type "text/xml" is not that of the contract`},
		"no body":                       {sent(func(s *outbound.Request) { s.Body = nil }), "", breach, "the body, which the contract has, was not sent"},
		"no JSON":                       {sent(func(s *outbound.Request) { s.Body = []byte("{") }), "", breach, "the body is not JSON"},
		"half a body":                   {sent(func(s *outbound.Request) { s.Whole = false }), "", unread, "not seen whole"},
		"a text":                        {outbound.Request{Method: "PUT", Path: "/files/a", Whole: true, Body: []byte("x"), Header: map[string][]string{"Content-Type": {"text/plain"}}}, "", unread, "bodies of text/plain are not compared"},
		"a body that was not agreed":    {outbound.Request{Method: "GET", Path: "/files/a", Whole: true, Body: []byte("x")}, "", silent, "the contract has no body here"},
		"another identifier":            {get("/charges/c-77/lines"), "one", "", ""},
		"a word for an identifier":      {get("/charges/last/lines"), "", silent, "no interaction of the pact has GET on this path"},
		"a path of its pattern":         {get("/files/zz"), "any", "", ""},
		"a path beside its pattern":     {get("/files/9"), "", silent, "no interaction"},
		"another method":                {outbound.Request{Method: "DELETE", Path: "/charge", Whole: true}, "", silent, "no interaction of the pact has DELETE"},
	} {
		fits, marks := a.Inspect(c.s)
		var got []string
		for _, m := range marks {
			got = append(got, m.Pointer+" "+m.Message)
			if kind := string(m.Kind); c.kind == breach && kind == silent || c.kind != breach && kind != c.kind {
				t.Errorf("%s: kind %s of %s", name, m.Kind, m.Message)
			}
		}
		all := strings.Join(got, "; ")
		if strings.Join(fits, ",") != c.fits || (c.want == "") != (all == "") || !strings.Contains(all, c.want) {
			t.Errorf("%s: fits %q, %s; want %q, %s", name, fits, all, c.fits, c.want)
		}
		if strings.Contains(all, "s3cret") {
			t.Errorf("%s: a value is told: %s", name, all)
		}
	}
	if got := strings.Join(a.Headers(), " "); got != "Content-Type Idempotency-Key" {
		t.Errorf("headers: %s", got)
	}
	if err := a.Add("p.json", []byte(`{}`)); err == nil {
		t.Error("something that is no pact was taken for one")
	}
}

func FuzzSent(f *testing.F) {
	var a Agreement
	if err := a.Add("p.json", []byte(withPayment)); err != nil {
		f.Fatal(err)
	}
	f.Add("POST", "/charge", "dry=1", []byte(`{"amount":1}`))
	f.Add("GET", "/files/", "%", []byte(nil))
	f.Fuzz(func(_ *testing.T, method, path, query string, body []byte) {
		a.Inspect(outbound.Request{Method: method, Path: path, Query: query, Body: body, Whole: true, Header: map[string][]string{"Content-Type": {"application/json"}}})
	})
}
