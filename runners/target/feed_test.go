package target

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestFeed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		place string
		value any
		want  string // path ? query | header | body
		wrong string
	}{
		"open place":         {"path/id", "a/b", `/orders/a%2Fb/x.1.json?a=1&b=2|old|{"n":1,"s":"x","t":true}`, ""},
		"example":            {"path/v", "2", `/orders/{id}/x.2.json?a=1&b=2|old|{"n":1,"s":"x","t":true}`, ""},
		"query":              {"query/a", json.Number("7"), `/orders/{id}/x.1.json?b=2&a=7|old|{"n":1,"s":"x","t":true}`, ""},
		"new in the query":   {"query/c d", "é", `/orders/{id}/x.1.json?a=1&b=2&c+d=%C3%A9|old|{"n":1,"s":"x","t":true}`, ""},
		"header":             {"header/x-tenant", true, `/orders/{id}/x.1.json?a=1&b=2|true|{"n":1,"s":"x","t":true}`, ""},
		"number of a text":   {"body/n", "12.50", `/orders/{id}/x.1.json?a=1&b=2|old|{"n":12.50,"s":"x","t":true}`, ""},
		"text of digits":     {"body/s", "007", `/orders/{id}/x.1.json?a=1&b=2|old|{"n":1,"s":"007","t":true}`, ""},
		"truth of a text":    {"body/t", "false", `/orders/{id}/x.1.json?a=1&b=2|old|{"n":1,"s":"x","t":false}`, ""},
		"no number":          {"body/n", "many", `/orders/{id}/x.1.json?a=1&b=2|old|{"n":"many","s":"x","t":true}`, ""},
		"new member":         {"body/o", map[string]any{"k": nil}, `/orders/{id}/x.1.json?a=1&b=2|old|{"n":1,"o":{"k":null},"s":"x","t":true}`, ""},
		"no such path":       {"path/no", "x", "", "no place"},
		"no parent":          {"body/s/deep", "x", "", "no place for /s/deep"},
		"an object in query": {"query/a", map[string]any{}, "", "single value"},
	} {
		r := plumbline.Request{Path: "/orders/{id}/x.1.json", Query: "a=1&b=2", Header: map[string][]string{"X-Tenant": {"old"}}, Body: []byte(`{"n":1,"s":"x","t":true}`)}
		f, ok := plumbline.FeedAt("c", c.place)
		if !ok {
			t.Fatalf("%s: %q is no place", name, c.place)
		}
		err := Feed(&r, "/orders/{id}/x.{v}.json", f, c.value)
		if (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v, want %q", name, err, c.wrong)
		}
		tenant, _ := headerValue(r.Header, "X-Tenant")
		if got := r.Path + "?" + r.Query + "|" + tenant + "|" + string(r.Body); err == nil && got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}
