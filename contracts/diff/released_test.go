package diff

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

func compiled(t *testing.T, d *openapi.Doc) *schema.Set {
	t.Helper()
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// replay sends what the first document allows to a right server of the second,
// and returns what a client of the first trips over, by operation.
func replay(t *testing.T, base, now *openapi.Doc) (wrong map[string][]string, sent int) {
	t.Helper()
	old, set := compiled(t, base), compiled(t, now)
	server := httptest.NewServer(mock.New(now, set, mock.Options{Seed: 1, Open: true}))
	defer server.Close()
	at := outbound.Of(now, set)
	refuses := func(r plumbline.Request) string {
		_, marks := at.Inspect(outbound.Request{Method: r.Method, Path: r.Path, Query: r.Query, Header: r.Header, Body: r.Body, Whole: true})
		for _, m := range marks {
			if !strings.HasPrefix(m.Pointer, "path/") {
				return m.Pointer + " " + m.Message
			}
		}
		return ""
	}
	ops := Released(base, now, sample.Fill(base, old, sample.Options{Seed: 1, MaxInvalid: 1}), sample.Fill(now, set, sample.Options{Seed: 1, MaxInvalid: 1}), refuses)
	reader := NewReader(base, now, old)
	wrong = map[string][]string{}
	for _, op := range ops {
		for _, c := range op.Cases {
			if len(c.Binds) > 0 || c.Origin != plumbline.OriginReleased {
				continue
			}
			sent++
			resp := sendTo(t, server.URL, c.Request)
			if resp.Status >= 400 && c.Violates != "" {
				wrong[op.ID] = append(wrong[op.ID], "refused: "+c.Violates)
			}
			for _, m := range reader.Read(op.ID, c.Request, resp) {
				wrong[op.ID] = append(wrong[op.ID], m.Pointer+" "+m.Message)
			}
		}
	}
	return wrong, sent
}

func sendTo(t *testing.T, base string, r plumbline.Request) plumbline.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.Method, base+r.Path+"?"+r.Query, bytes.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return plumbline.Response{Status: resp.StatusCode, Header: resp.Header, Body: body}
}

// A right server of the same document, or of one that changed compatibly, breaks
// no client of the released one; one whose document changed otherwise does, where
// it changed and nowhere else.
func TestReleasedRequestsAgainstRightServers(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../examples/shop/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	shop := string(data)
	base := read(t, "v1.yaml", shop)
	for name, c := range map[string]struct {
		change []string // from, to
		want   map[string]string
	}{
		"the same":           {nil, nil},
		"a further property": {[]string{"        note: {type: string}\n        total:", "        note: {type: string}\n        gift: {type: boolean}\n        total:", "required: [id, product_id, quantity, total", "required: [id, gift, product_id, quantity, total"}, nil},
		"a further value":    {[]string{"enum: [confirmed]", "enum: [accepted]"}, nil},
		"another base path":  {[]string{"url: http://127.0.0.1:8080", "url: http://127.0.0.1:8080/v2"}, nil},
		"another operation":  {[]string{"operationId: listProducts", "operationId: products"}, nil},
		"a required property is gone": {
			[]string{"required: [id, name, price]", "required: [id, price]", "        name: {type: string}\n        price: {type: integer, minimum: 1, description: in cents}", "        price: {type: integer, minimum: 1, description: in cents}"},
			map[string]string{"listProducts": "/items/*/name is missing"},
		},
		"a property has another type": {
			[]string{"        total: {type: integer, readOnly: true, minimum: 1, description: in cents}", "        total: {type: string, readOnly: true}"},
			map[string]string{"createOrder": "/total got string, want integer"},
		},
		"requests need more": {
			[]string{"required: [product_id, quantity]", "required: [product_id, quantity, note]"},
			map[string]string{"createOrder": "refused:  missing property 'note'"},
		},
	} {
		wrong, sent := replay(t, base, read(t, "v2.yaml", strings.NewReplacer(c.change...).Replace(shop)))
		for op, want := range c.want {
			if len(wrong[op]) == 0 || wrong[op][0] != want {
				t.Errorf("%s: %s: %q, want %q", name, op, wrong[op], want)
			}
			delete(wrong, op)
		}
		delete(wrong, "listOrders") // may be empty, or hold the same orders
		if len(wrong) > 0 || sent < 15 {
			t.Errorf("%s: %d requests, and %v", name, sent, wrong)
		}
	}
}

func TestReleasedRequestsHaveTheNamesOfNow(t *testing.T) {
	t.Parallel()
	base, now := read(t, "base.yaml", released), read(t, "next.yaml", next)
	bind := func(name string) plumbline.Bind {
		return plumbline.Bind{In: "path", Name: name, From: "postA", Pointer: "/id"}
	}
	old := []plumbline.Operation{
		{ID: "getA", Method: "GET", Path: "/v1/a/{id}", Cases: []plumbline.Case{{ID: "getA/x", Request: plumbline.Request{Method: "GET", Path: "/v1/a/{id}"}, Binds: []plumbline.Bind{bind("id")}}}},
		{ID: "delA", Method: "DELETE", Path: "/v1/a/{id}", Cases: []plumbline.Case{{ID: "delA/x"}}},
	}
	current := []plumbline.Operation{{ID: "readA", Method: "GET", Path: "/v2/a/{key}", Cases: []plumbline.Case{{Binds: []plumbline.Bind{bind("key")}}}}}
	got := Released(base, now, old, current, func(plumbline.Request) string { return "" })
	want := []plumbline.Case{{
		ID: "released/getA/x", Operation: "readA", Kind: plumbline.CaseRobust, Keyword: "released", Origin: plumbline.OriginReleased,
		Request: plumbline.Request{Method: "GET", Path: "/v2/a/{key}"}, Binds: []plumbline.Bind{bind("key")},
	}}
	if len(got) != 1 || got[0].ID != "readA" {
		t.Fatalf("%+v", got)
	}
	if d := cmp.Diff(want, got[0].Cases); d != "" {
		t.Error(d)
	}
}
