package runners

import (
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

func TestWhatTheTargetRefusesIsNoLoad(t *testing.T) {
	t.Parallel()
	answer := func(id string, status int) target.Answer {
		return target.Answer{Observation: plumbline.Observation{Case: id, Status: status}}
	}
	cases := []plumbline.Case{{ID: "a"}, {ID: "b"}, {ID: "c"}}
	for name, c := range map[string]struct {
		answers []target.Answer
		want    []string
	}{
		"nothing is known":          {nil, []string{"a", "b", "c"}},
		"one is refused":            {[]target.Answer{answer("a", 200), answer("b", 400)}, []string{"a", "c"}},
		"refused, and accepted too": {[]target.Answer{answer("b", 404), answer("b", 200)}, []string{"a", "b", "c"}},
		"too many, or broken":       {[]target.Answer{answer("a", 429), answer("b", 500), answer("c", 401)}, []string{"a", "b", "c"}},
		"all are refused":           {[]target.Answer{answer("a", 400), answer("b", 409), answer("c", 422)}, []string{"a", "b", "c"}},
	} {
		var r reception
		for _, a := range c.answers {
			r.note(a)
		}
		var got []string
		for _, k := range r.welcome(cases) {
			got = append(got, k.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
