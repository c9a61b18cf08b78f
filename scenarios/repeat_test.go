package scenarios

import (
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// picky is a function that fails when its operation answers 500.
func picky() plumbline.Function {
	return plumbline.Function{
		ID: "contract/picky", Repeats: true,
		Plan: func(plumbline.Design) plumbline.Proposal {
			c := plumbline.Claim{ID: "contract/picky/createOrder", Function: "contract/picky", Operation: "createOrder", Experiments: []string{"contract/picky"}}
			x := plumbline.Experiment{ID: "contract/picky", Kind: plumbline.KindContract, Phases: []plumbline.Phase{{
				Name: "probe", Role: plumbline.RoleProbe, Calls: []plumbline.Call{{Name: "bad", Operation: "createOrder", Case: "createOrder/malformed-json"}, {Name: "good", Operation: "createOrder"}},
			}}}
			return plumbline.Proposal{Claims: []plumbline.Claim{c}, Experiments: []plumbline.Experiment{x}}
		},
		Judge: func(_ plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			var bad []plumbline.Observation
			good := false
			for o := range e.Of("contract/picky", "probe") {
				if o.Status >= 500 {
					bad = append(bad, o)
				}
				good = good || succeeded(o)
			}
			switch {
			case !good:
				return inconclusive(plumbline.ReasonNoPositiveControl, "nothing works")
			case len(bad) > 0:
				v := fail(figure{float64(len(bad)), 0, "answers", len(bad)}, "%d answers", len(bad))
				v.Suspects, v.Cause = suspects(bad), "one cause"
				return v
			}
			return pass(figure{}, "none")
		},
	}
}

// answering is the evidence of a plan on a target that answers the n-th bad
// request with the n-th status.
func answering(p plumbline.Plan, more func(*plumbline.Evidence) []plumbline.Experiment, statuses ...int) *plumbline.Evidence {
	e := &plumbline.Evidence{Run: plumbline.Run{Ended: true}}
	next := p.Experiments
	for len(next) > 0 {
		for _, x := range next {
			for _, ph := range x.Phases {
				for _, c := range ph.Calls {
					o := plumbline.Observation{Experiment: x.ID, Phase: ph.Name, Stream: c.Name, Operation: c.Operation, Case: c.Case, Status: 201}
					if c.Own != nil {
						o.Case, o.Transcript = c.Own.ID, &plumbline.Transcript{RequestBody: string(c.Own.Request.Body)}
					}
					if strings.HasPrefix(c.Name, "bad") && len(statuses) > 0 {
						o.Status, statuses = statuses[0], statuses[1:]
					}
					e.Observations = append(e.Observations, o)
				}
				e.Phases = append(e.Phases, plumbline.PhaseMark{Experiment: x.ID, Phase: ph.Name, Complete: true})
			}
		}
		next = more(e)
	}
	return e
}

func TestFailuresAreRepeatedBeforeTheyAreTold(t *testing.T) {
	t.Parallel()
	d, fns := shop(), []plumbline.Function{picky()}
	p, err := Draw(d, fns, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		statuses []int
		outcome  plumbline.Outcome
		reason   plumbline.Reason
		repeated string
		tries    int
	}{
		"right":         {[]int{400}, plumbline.Pass, "", "", 0},
		"always wrong":  {[]int{500, 500, 500}, plumbline.Fail, "", "2 of 2", 2},
		"mostly wrong":  {[]int{500, 500, 400, 500}, plumbline.Fail, "", "2 of 3", 3},
		"once":          {[]int{500, 400, 400, 400}, plumbline.Inconclusive, plumbline.ReasonNotReproduced, "", 2},
		"mostly right":  {[]int{500, 400, 500, 400}, plumbline.Inconclusive, plumbline.ReasonNotReproduced, "", 3},
		"never repeats": {[]int{500}, plumbline.Inconclusive, plumbline.ReasonIncomplete, "", 0},
	} {
		try := 0
		e := answering(p, func(e *plumbline.Evidence) []plumbline.Experiment {
			if name == "never repeats" {
				return nil
			}
			try++
			return Repetition(d, p, fns, e, try)
		}, c.statuses...)
		r := Judge(d, p, fns, e)
		f := r.Findings[0]
		if f.Outcome != c.outcome || f.Code != c.reason || f.Repeated != c.repeated {
			t.Errorf("%s: %s %s %q (%s)", name, f.Outcome, f.Code, f.Repeated, f.Reason)
		}
		if n := len(e.Phases) - 1; n != c.tries {
			t.Errorf("%s: repeated %d times, want %d", name, n, c.tries)
		}
	}
}

func TestFailuresAreShrunk(t *testing.T) {
	t.Parallel()
	d, fns := shop(), []plumbline.Function{picky()}
	p, err := Draw(d, fns, 1)
	if err != nil {
		t.Fatal(err)
	}
	smaller := func(c plumbline.Case) []plumbline.Case {
		n := len(c.Request.Body)
		if n == 0 && c.ID == "createOrder/malformed-json" {
			n = 9
		}
		var out []plumbline.Case
		for i := range n {
			out = append(out, plumbline.Case{ID: fmt.Sprintf("%s~%d", c.ID, i), Request: plumbline.Request{Body: []byte(strings.Repeat("x", i))}})
		}
		return out
	}
	try, round := 0, 0
	e := answering(p, func(e *plumbline.Evidence) []plumbline.Experiment {
		try++
		if next := Repetition(d, p, fns, e, try); len(next) > 0 {
			return next
		}
		round++
		return Smaller(smaller).Shrinking(d, p, fns, e, round)
	}, 500, 500, 500,
		400, 400, 400, 400, 500, 500, 500, 500, 500, // nine candidates: five are too small
		400, 400, 500, 500, // four smaller than the one of four: two are too small
		400, 400) // none
	f := Judge(d, p, fns, e).Findings[0]
	if f.Outcome != plumbline.Fail || len(f.Evidence) == 0 || f.Evidence[0].Request == nil || f.Evidence[0].Request.RequestBody != "xx" {
		t.Errorf("%+v", f)
	}
}

func TestOneCauseIsOneFinding(t *testing.T) {
	t.Parallel()
	findings := []plumbline.Finding{
		{Claim: "b", Outcome: plumbline.Fail, Level: plumbline.LevelProved, Gates: true},
		{Claim: "a", Outcome: plumbline.Fail, Level: plumbline.LevelLikely},
		{Claim: "c", Outcome: plumbline.Fail, Level: plumbline.LevelProved, Gates: true},
		{Claim: "d", Outcome: plumbline.Pass, Gates: true},
		{Claim: "e", Outcome: plumbline.Fail, Level: plumbline.LevelProved, Gates: true},
	}
	joinCauses(findings, []string{"x", "x", "x", "x", ""}, nil)
	if got := fmt.Sprintf("%v %s %s %t %q %t", findings[0].Symptoms, findings[1].Because, findings[2].Because, findings[2].Gates, findings[3].Because, findings[4].Gates); got != `[a c] b b false "" true` {
		t.Error(got)
	}
}

func TestAReplayJudgesItself(t *testing.T) {
	t.Parallel()
	d, fns := shop(), []plumbline.Function{picky()}
	p, err := Draw(d, fns, 1)
	if err != nil {
		t.Fatal(err)
	}
	none := func(*plumbline.Evidence) []plumbline.Experiment { return nil }
	stored := answering(p, none, 500)
	const claim = "contract/picky/createOrder"
	next, err := Replay(d, p, fns, stored, claim)
	if err != nil || len(next) != 1 || len(next[0].Phases[0].Calls) != 1 {
		t.Fatal(next, err)
	}
	for status, want := range map[int]plumbline.Outcome{500: plumbline.Fail, 400: plumbline.Pass} {
		again := answering(plumbline.Plan{Experiments: next}, none, status)
		if v := Replayed(d, p, fns, WithReplay(stored, again), claim); v.Outcome != want {
			t.Errorf("%d: %s (%s)", status, v.Outcome, v.Statement)
		}
	}
	if _, err := Replay(d, p, fns, answering(p, none, 400), claim); err == nil || !strings.Contains(err.Error(), "is no failure") {
		t.Error(err)
	}
	if _, err := Replay(d, p, fns, stored, "picky"); err == nil || !strings.Contains(err.Error(), claim) {
		t.Error(err)
	}
}

// What works, but always breaks the document, still shows that it works.
func TestAnswersThatBreakTheDocumentAreControls(t *testing.T) {
	t.Parallel()
	broken := plumbline.Observation{
		Experiment: "contract/valid", Phase: "valid", Stream: "readOrder", Status: 200,
		Marks: []plumbline.Mark{{Kind: plumbline.MarkBody}},
	}
	again := plumbline.Observation{Experiment: "repeat/1/contract/methods", Phase: "methods@c", Stream: "HEAD /orders", Status: 404, Kind: plumbline.CaseRobust}
	e := &plumbline.Evidence{Observations: []plumbline.Observation{broken, again}}
	got, ok := repetition(plumbline.Claim{ID: "c"}, e, plumbline.Verdict{}, 1)
	if !ok || len(got.Observations) != 2 {
		t.Fatalf("%d observations", len(got.Observations))
	}
	if control := got.Observations[0]; len(control.Marks) != 0 {
		t.Errorf("the control brings its breaches along: %+v", control)
	}
	if len(e.Observations[0].Marks) != 1 {
		t.Error("the evidence itself was changed")
	}
}
