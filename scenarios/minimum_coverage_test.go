package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func atLeast(m plumbline.Minimum) func(*plumbline.Design) {
	return func(d *plumbline.Design) { d.Coverage = m }
}

// reached is evidence in which some of the six operations of the shop answered.
func reached(operations ...string) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for _, o := range operations {
			e.Observations = append(e.Observations, plumbline.Observation{Operation: o, Status: 200, Experiment: contractValid})
		}
	}
}

func init() {
	all := []string{"getLiveness", "getProduct", "createOrder", "getOrder", "deleteOrder", "refund"}
	half := atLeast(plumbline.Minimum{Operations: 0.5})
	specimens[minimumCoverage] = specimen{
		kept:     spoil(minimumCoverage+"/operations", reached(all[:3]...), half),
		broken:   spoil(minimumCoverage+"/operations", nil, half),
		unproven: spoil(minimumCoverage+"/operations", reached(all[:2]...), half),
	}
}

func TestMinimumOfCoverage(t *testing.T) {
	t.Parallel()
	design := func(m plumbline.Minimum) plumbline.Design {
		return plumbline.Design{Coverage: m, Operations: []plumbline.Operation{
			{
				ID: "create", Method: "POST", Statuses: []string{"201", "400", "409", "503", "default"},
				Invalid: []plumbline.Case{{Keyword: "minimum", Pointer: "body/n"}, {Keyword: "minimum", Pointer: "body/n"}, {Keyword: "required", Pointer: "body/n"}, {Violates: "syntax"}},
				Fields:  []plumbline.Field{{Status: "201", Pointer: "/id"}, {Status: "201", Pointer: "/n"}, {Status: "201", Pointer: "/at"}, {Status: "201", Pointer: "/by"}},
			},
			{ID: "read", Method: "GET", Statuses: []string{"200"}},
		}}
	}
	e := &plumbline.Evidence{
		Observations: []plumbline.Observation{
			{Operation: "create", Status: 201},
			{Operation: "create", Status: 400, Keyword: "minimum", Pointer: "body/n"},
			{Operation: "read", Status: 404},
		},
		Seen: []plumbline.Seen{{Operation: "create", Status: 201, Fields: map[string]int64{"/id": 1, "/n": 1, "/at": 1}}},
	}
	for name, c := range map[string]struct {
		claim   string
		least   plumbline.Minimum
		outcome plumbline.Outcome
		says    string
	}{
		"half of the operations":             {"operations", plumbline.Minimum{Operations: 0.5}, plumbline.Pass, "1 of 2 operations answered 2xx (50 %)"},
		"more of them":                       {"operations", plumbline.Minimum{Operations: 0.51}, plumbline.Inconclusive, "50 %, and 51 % are wanted; some is lacking of read"},
		"statuses without 5xx and default":   {"statuses", plumbline.Minimum{Statuses: 0.5}, plumbline.Pass, "2 of 4 documented statuses seen (50 %)"},
		"constraints, each once":             {"constraints", plumbline.Minimum{Constraints: 0.6}, plumbline.Inconclusive, "1 of 2 constraints"},
		"fields, of the operations with any": {"fields", plumbline.Minimum{Fields: 0.75}, plumbline.Pass, "3 of 4 documented fields seen (75 %)"},
		"all":                                {"fields", plumbline.Minimum{Fields: 1}, plumbline.Inconclusive, "75 %, and 100 % are wanted"},
	} {
		d := design(c.least)
		p := planMinimum(d)
		if len(p.Claims) != 1 || p.Claims[0].ID != minimumCoverage+"/"+c.claim {
			t.Fatalf("%s: %+v", name, p.Claims)
		}
		if v := judgeMinimum(d, p.Claims[0], e); v.Outcome != c.outcome || !strings.Contains(v.Statement, c.says) {
			t.Errorf("%s: %s %s, want %s with %q", name, v.Outcome, v.Statement, c.outcome, c.says)
		}
	}
	if p := planMinimum(plumbline.Design{}); len(p.Claims) > 0 || p.Skips[0].Reason != plumbline.ReasonNotDeclared {
		t.Errorf("nothing declared: %+v", p)
	}
}

// With less than the minimum a run is not proven, whatever else is kept.
func TestARunWithLessThanTheMinimumIsNotProven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		least float64
		want  plumbline.Overall
		code  int
	}{{0.9, plumbline.NotProven, plumbline.ExitNotProven}, {0.5, plumbline.Fit, plumbline.ExitFit}} {
		d := shop()
		d.Coverage = plumbline.Minimum{Operations: c.least}
		fns := []plumbline.Function{functionsByID(Functions())[responseConforms], functionsByID(Functions())[minimumCoverage]}
		p, err := Draw(d, fns, 7)
		if err != nil {
			t.Fatal(err)
		}
		e := goodRun(d, p)
		each(contractValid, "refund", func(_ int, o *plumbline.Observation) { o.Status = 404 })(e) // reached, and not proved
		r := Judge(d, p, fns, e)
		if r.Outcome != c.want || r.ExitCode != c.code {
			t.Errorf("%g: %s, exit %d: %s", c.least, r.Outcome, r.ExitCode, r.Sentence)
		}
		if c.want == plumbline.NotProven && !strings.Contains(r.Sentence, "too-little-covered") {
			t.Errorf("the sentence does not say why: %s", r.Sentence)
		}
	}
}
