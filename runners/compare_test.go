package runners

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

func answered(body string) target.Answer {
	return target.Answer{Response: plumbline.Response{Status: 200, Body: []byte(body)}, Observation: plumbline.Observation{Status: 200}}
}

func TestAnswersAreCompared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		compare  plumbline.Compare
		sent, is string
		fields   int
		marks    string
	}{
		"same":               {plumbline.Compare{}, `{"a":1,"b":"x"}`, `{"b":"x","a":1.0,"id":7}`, 2, ""},
		"changed":            {plumbline.Compare{}, `{"a":1}`, `{"a":2}`, 1, "differs /a: is 2, was 1"},
		"type":               {plumbline.Compare{}, `{"a":1}`, `{"a":"1"}`, 1, `differs /a: is "1", was 1`},
		"missing":            {plumbline.Compare{}, `{"a":1}`, `{}`, 0, ""},
		"missing, strictly":  {plumbline.Compare{Strict: true}, `{"a":1}`, `{}`, 1, "differs /a: is missing, was 1"},
		"null missing":       {plumbline.Compare{Strict: true}, `{"a":null}`, `{}`, 0, ""},
		"nested":             {plumbline.Compare{}, `{"a":{"b":[1,2]}}`, `{"a":{"b":[1,3]}}`, 2, "differs /a/b/1: is 3, was 2"},
		"length":             {plumbline.Compare{}, `{"a":[1]}`, `{"a":[]}`, 1, "differs /a: is 0 elements, was 1"},
		"ignored":            {plumbline.Compare{Ignore: []string{"/a/*/b"}}, `{"a":[{"b":1}]}`, `{"a":[{"b":2}]}`, 0, ""},
		"moment":             {plumbline.Compare{}, `{"a":"2026-01-01T00:00:00Z"}`, `{"a":"2026-01-01T01:00:00+01:00"}`, 1, ""},
		"inside":             {plumbline.Compare{At: "/data"}, `{"a":1}`, `{"data":{"a":2}}`, 1, "differs /data/a: is 2, was 1"},
		"unlike":             {plumbline.Compare{Unlike: true}, `{"a":1,"b":2}`, `{"a":1,"b":3}`, 2, "same /a: is 1 in both"},
		"exponent":           {plumbline.Compare{}, `{"a":1e999999999}`, `{"a":1e999999999}`, 1, ""},
		"nothing at pointer": {plumbline.Compare{At: "/x"}, `{}`, `{}`, 0, "error the answer: nothing at /x"},
	} {
		c.compare.With = "sent:create"
		now := answered(c.is)
		before := target.Answer{Request: plumbline.Request{Body: []byte(c.sent)}}
		m := compare(c.compare, now, map[string]target.Answer{"create": before})
		var got []string
		for _, k := range m.Marks {
			got = append(got, string(k.Kind)+" "+k.Pointer+": "+k.Message)
		}
		if m.Error != "" {
			got = append(got, "error "+m.Error)
		}
		if m.Fields != c.fields || strings.Join(got, "; ") != c.marks {
			t.Errorf("%s: %d fields, %q; want %d, %q", name, m.Fields, got, c.fields, c.marks)
		}
	}
}

// FuzzCompare holds two laws: a body has no difference from itself, and the
// differences of two bodies do not depend on which of them came first.
func FuzzCompare(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `{"a":[2]}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		one := func(is, was string) plumbline.Match {
			return compare(plumbline.Compare{With: "answer:x"}, answered(is), map[string]target.Answer{"x": answered(was)})
		}
		if m := one(a, a); m.Error == "" && len(m.Marks) > 0 {
			t.Errorf("%s differs from itself: %v", a, m.Marks)
		}
		if x, y := one(a, b), one(b, a); x.Error == "" && y.Error == "" && len(x.Marks) != len(y.Marks) {
			t.Errorf("%s and %s: %v, and the other way %v", a, b, x.Marks, y.Marks)
		}
	})
}
