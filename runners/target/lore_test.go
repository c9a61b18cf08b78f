package target

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func lessons() []plumbline.Lesson {
	return []plumbline.Lesson{
		{In: "body", Name: "/lines/*/sku", From: "listProducts", Pointer: "/items/*/sku"},
		{In: "query", Name: "currency", From: "listCurrencies", Pointer: "/*"},
	}
}

func order() plumbline.Case {
	return plumbline.Case{ID: "createOrder/required", Operation: "createOrder", Request: plumbline.Request{
		Method: "POST", Path: "/orders", Query: "a=b&currency=made%20up", Header: map[string][]string{"Content-Type": {"application/json"}},
		Body: []byte(`{"lines":[{"sku":"x"},{"sku":"y"}]}`),
	}, Unique: []plumbline.Bind{{In: "query", Name: "currency", From: plumbline.FromNew, Pointer: "text:1-9"}}}
}

func learningPool(holds func(plumbline.Request) bool) *Pool {
	c := order()
	return &Pool{
		Operations: []plumbline.Operation{
			{ID: "createOrder", Method: "POST", Path: "/orders", Cases: []plumbline.Case{c}, Lessons: lessons()},
			{ID: "listProducts", Method: "GET", Path: "/products"},
			{ID: "listCurrencies", Method: "GET", Path: "/currencies"},
		},
		Holds: func(_ plumbline.Case, r plumbline.Request) bool { return holds(r) },
	}
}

func shows(body string) Answer {
	return Answer{Observation: plumbline.Observation{Status: 200}, Response: plumbline.Response{Status: 200, Body: []byte(body)}}
}

// The order of what a list shows does not matter; secrets, texts without end and
// what is no scalar are passed over; a place whose proof would be lost stays.
func TestVariant(t *testing.T) {
	t.Parallel()
	all := func(plumbline.Request) bool { return true }
	long, _ := json.Marshal(strings.Repeat("x", mostLearnt+1))
	for name, c := range map[string]struct {
		products, currencies string
		holds                func(plumbline.Request) bool
		about                string
		variant              int
		body, query          string
		learnt               []string
	}{
		"both":              {`{"items":[{"sku":"b"},{"sku":"a"}]}`, `["EUR"]`, all, "", 0, `{"lines":[{"sku":"a"},{"sku":"a"}]}`, "a=b&currency=EUR", []string{"body/lines/*/sku from listProducts /items/1/sku", "query/currency from listCurrencies /0"}},
		"the next":          {`{"items":[{"sku":"b"},{"sku":"a"}]}`, `["EUR"]`, all, "", 1, `{"lines":[{"sku":"b"},{"sku":"b"}]}`, "a=b&currency=EUR", []string{"body/lines/*/sku from listProducts /items/0/sku", "query/currency from listCurrencies /0"}},
		"a token":           {`{"items":[{"sku":"eyJh.eyJi.c"},{"sku":"Bearer abc"}]}`, `[]`, all, "", 0, "", "", nil},
		"too long, no text": {`{"items":[{"sku":` + string(long) + `},{"sku":{}},{"sku":""},{"sku":null},{}]}`, `{}`, all, "", 0, "", "", nil},
		"the proof is lost": {`{"items":[{"sku":"a"}]}`, `["EUR"]`, func(r plumbline.Request) bool { return !strings.Contains(r.Query, "EUR") }, "", 0, `{"lines":[{"sku":"a"},{"sku":"a"}]}`, "a=b&currency=made%20up", []string{"body/lines/*/sku from listProducts /items/0/sku"}},
		"was never proved":  {`{"items":[{"sku":"a"}]}`, `["EUR"]`, func(r plumbline.Request) bool { return !strings.Contains(r.Query, "made") }, "", 0, "", "", nil},
		"about the place":   {`{"items":[{"sku":"a"}]}`, `[]`, all, "body/lines/1/sku", 0, "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := learningPool(c.holds)
			p.Notice("listProducts", shows(c.products))
			p.Notice("listProducts", shows(`{"items":[{"sku":"later"}]}`))
			p.Notice("listCurrencies", shows(c.currencies))
			k := order()
			k.Pointer = c.about
			got, learnt := p.Variant(k, c.variant)
			if name == "a token" || name == "too long, no text" {
				learnt = slices.DeleteFunc(learnt, func(s string) bool { return strings.Contains(s, "currencies") })
			}
			if diff := cmp.Diff(c.learnt, learnt); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.body == "" {
				c.body, c.query = string(order().Request.Body), order().Request.Query
			}
			if string(got.Request.Body) != c.body || got.Request.Query != c.query {
				t.Errorf("%s ?%s, want %s ?%s", got.Request.Body, got.Request.Query, c.body, c.query)
			}
			if learns := strings.Contains(strings.Join(learnt, " "), "query/currency"); learns != (len(got.Unique) == 0) {
				t.Errorf("a new value goes to %v, and learnt is %v", got.Unique, learnt)
			}
		})
	}
}

// What is settled stays, and only then is it used.
func TestTaught(t *testing.T) {
	t.Parallel()
	p := learningPool(func(plumbline.Request) bool { return true })
	p.Notice("listProducts", shows(`{"items":[{"sku":"b"},{"sku":"a"}]}`))
	if _, learnt := p.Taught(order()); len(learnt) > 0 {
		t.Errorf("used before it was settled: %v", learnt)
	}
	p.Settle("createOrder", 1)
	p.Settle("createOrder", 0)
	for range 2 {
		c, learnt := p.Taught(order())
		if !strings.Contains(string(c.Request.Body), `"b"`) || len(learnt) != 1 {
			t.Errorf("%s, learnt %v", c.Request.Body, learnt)
		}
	}
	released := order()
	released.Origin = plumbline.OriginReleased
	if _, learnt := p.Taught(released); len(learnt) > 0 {
		t.Errorf("the released document's case was changed: %v", learnt)
	}
	if n := len(p.Trials("createOrder")); n != 1 {
		t.Errorf("%d trials, want the seed request", n)
	}
}
