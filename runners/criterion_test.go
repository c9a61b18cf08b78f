package runners

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

func TestCriteria(t *testing.T) {
	t.Parallel()
	answered := func(status int, body string) target.Answer {
		return target.Answer{
			Observation: plumbline.Observation{Status: status},
			Request:     plumbline.Request{Body: []byte(`{"name":"Ann"}`), Query: "q=7"},
			Response:    plumbline.Response{Status: status, Header: map[string][]string{"Content-Type": {"application/json"}, "X-Count": {"12"}}, Body: []byte(body)},
		}
	}
	now := answered(200, `{"id":"A1","n":3,"items":[{"k":1},{"k":2}],"none":null,"yes":true}`)
	steps := map[string]target.Answer{"before": answered(201, `{"id":"a1"}`)}
	v := func(x any) plumbline.Term { return plumbline.Term{Value: x} }
	at := func(pointer string) plumbline.Term {
		return plumbline.Term{From: plumbline.TermAnswer, Pointer: pointer}
	}
	op := func(op string, terms ...plumbline.Term) plumbline.Term {
		return plumbline.Term{Op: op, Terms: terms}
	}
	pattern := func(op, on, value string) plumbline.Term {
		return plumbline.Term{Op: op, Terms: []plumbline.Term{at(on)}, Value: value}
	}
	for name, c := range map[string]struct {
		term plumbline.Term
		want bool
		says string
	}{
		"status":                       {op("==", at("status:"), v(200.0)), true, ""},
		"another status":               {op("==", at("status:"), v(201.0)), false, "it was answered 200"},
		"at least":                     {op(">=", at("/n"), v(3.0)), true, ""},
		"less":                         {op("<", at("/n"), v(3.0)), false, "/n is 3"},
		"most":                         {op("<=", at("/n"), v(2.5)), false, ""},
		"a header is a number":         {op(">", at("field:X-Count"), v(9.0)), true, ""},
		"texts without regard to case": {op("==", at("/id"), plumbline.Term{From: "step:before", Pointer: "/id"}), true, ""},
		"texts in order":               {op("<", at("/id"), v("b")), true, ""},
		"a number and a text":          {op("==", at("/n"), v("x")), false, ""},
		"nothing there":                {op("==", at("/lacks"), v("x")), false, "nothing at /lacks"},
		"nothing is null":              {op("==", at("/lacks"), v(nil)), true, ""},
		"null is null":                 {op("!=", at("/none"), v(nil)), false, ""},
		"truth":                        {at("/yes"), true, ""},
		"no truth":                     {op("not", at("/yes")), false, ""},
		"and":                          {op("and", at("/yes"), v(false)), false, ""},
		"or":                           {op("or", v(false), at("/yes")), true, ""},
		"matches":                      {pattern("matches", "status:", "^20.$"), true, ""},
		"matches nothing":              {pattern("matches", "/lacks", ".*"), false, ""},
		"selects":                      {pattern("selects", "", "$.items[?@.k > 1]"), true, ""},
		"selects nothing":              {pattern("selects", "/items", "$[?@.k > 2]"), false, ""},
		"what was sent":                {op("==", at("request:/name"), v("ann")), true, ""},
		"the query":                    {op("==", at("query:q"), v(7.0)), true, ""},
		"a step that was not made":     {op("==", plumbline.Term{From: "step:x", Pointer: "/id"}, v("a")), false, "step:x was not answered"},
	} {
		got := criteria([]plumbline.Criterion{{Text: name, Term: c.term}}, now, steps)[0]
		if (len(got.Marks) == 0) != c.want || got.With != "criterion:"+name {
			t.Errorf("%s: %+v", name, got)
		}
		if c.says != "" && !strings.Contains(got.Marks[0].Message, c.says) {
			t.Errorf("%s: says %q", name, got.Marks[0].Message)
		}
	}
}
