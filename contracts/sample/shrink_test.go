package sample

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

func TestShrinkingProvesAgain(t *testing.T) {
	t.Parallel()
	d, err := openapi.Parse("o.yaml", []byte(orders), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	shrinker := NewShrinker(d, s)
	ask := func(kind plumbline.CaseKind, keyword, at, query, body string) []string {
		c := plumbline.Case{ID: "c", Operation: "createOrder", Kind: kind, Keyword: keyword, Pointer: at, Request: plumbline.Request{
			Method: "POST", Path: "/orders", Query: query, Body: []byte(body), Header: map[string][]string{"Content-Type": {"application/json"}},
		}}
		var out []string
		for i, v := range shrinker.Smaller(c) {
			if v.Kind != kind || v.Keyword != keyword || v.Proof == "" || v.ID != "c~"+string(rune('1'+i)) && i < 9 {
				t.Errorf("variant %+v", v)
			}
			out = append(out, v.Request.Query+" "+string(v.Request.Body))
		}
		return out
	}
	got := ask(plumbline.CaseInvalid, "maximum", "body/quantity", "", `{"productId":"p-1","quantity":10,"note":"ab"}`)
	if !slices.Contains(got, ` {"productId":"p-1","quantity":10}`) || !slices.Contains(got, ` {"note":"ab","productId":"p","quantity":10}`) {
		t.Errorf("variants of an invalid case: %q", got)
	}
	for _, body := range got {
		if !strings.Contains(body, `"quantity":10`) || !strings.Contains(body, `"productId"`) {
			t.Errorf("%s lost what it is about", body)
		}
	}
	if got := ask(plumbline.CaseValid, "", "", "", `{"productId":"p-1","quantity":1,"note":"ab"}`); !slices.Contains(got, ` {"productId":"p-1","quantity":1}`) {
		t.Errorf("variants of a valid case: %q", got)
	}
	if got := ask(plumbline.CaseInvalid, "maximum", "body/quantity", "", `{"productId":"p-1","quantity":9}`); len(got) != 0 {
		t.Errorf("a valid request was shrunk as an invalid one: %q", got)
	}
}
