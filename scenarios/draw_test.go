package scenarios

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// proposing is a function that proposes what it is told.
func proposing(id string, p plumbline.Proposal) plumbline.Function {
	return plumbline.Function{
		ID: id, Title: id, Plan: func(plumbline.Design) plumbline.Proposal { return p },
		Judge: func(plumbline.Design, plumbline.Claim, *plumbline.Evidence) plumbline.Verdict {
			return plumbline.Verdict{Outcome: plumbline.Pass, Statement: "seen"}
		},
	}
}

func claimOf(id string, experiments ...string) plumbline.Claim {
	return plumbline.Claim{ID: id, Statement: id, Basis: plumbline.BasisDefault, Experiments: experiments}
}

func calling(id, operation string) plumbline.Experiment {
	return plumbline.Experiment{ID: id, Title: id, Kind: plumbline.KindContract, Phases: []plumbline.Phase{{Name: "p", Calls: []plumbline.Call{{Name: "c", Operation: operation}}}}}
}

func TestDrawIsTheSameEveryTime(t *testing.T) {
	d := shop()
	fns := Functions()
	first, err := Draw(d, fns, 7)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(fns)
	again, err := Draw(shop(), fns, 7)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(again)
	if string(a) != string(b) {
		t.Error("same design, same seed, another plan")
	}
	c, _ := json.Marshal(d)
	if want, _ := json.Marshal(shop()); string(c) != string(want) {
		t.Error("Draw changed the design")
	}
}

func TestDrawMergesExperimentsAndNamesTheirClaims(t *testing.T) {
	d := shop()
	p, err := Draw(d, []plumbline.Function{
		proposing("b/two", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("b/two/x", "contract/valid")}, Experiments: []plumbline.Experiment{calling("contract/valid", "getOrder")}}),
		proposing("a/all", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("a/all/x")}, Experiments: []plumbline.Experiment{calling("contract/valid", "getOrder")}}),
		proposing("c/other", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("c/other/x")}}),
		proposing("d/none", plumbline.Proposal{}),
	}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Experiments) != 1 {
		t.Fatalf("%d experiments", len(p.Experiments))
	}
	if got := strings.Join(p.Experiments[0].Claims, " "); got != "a/all/x b/two/x" {
		t.Errorf("claims of the experiment: %s", got)
	}
	if len(p.Skips) != 1 || p.Skips[0].Function != "d/none" || p.Skips[0].Reason != plumbline.ReasonNotApplicable {
		t.Errorf("skips %+v", p.Skips)
	}
	if p.Claims[0].Function != "a/all" {
		t.Errorf("first claim is of %q", p.Claims[0].Function)
	}
}

func TestDrawRefusesWhatCannotBeCarriedOutOrJudged(t *testing.T) {
	twoPhases := calling("x", "getOrder")
	twoPhases.Phases = append(twoPhases.Phases, twoPhases.Phases[0])
	twoCalls := calling("x", "getOrder")
	twoCalls.Phases[0].Calls = append(twoCalls.Phases[0].Calls, twoCalls.Phases[0].Calls[0])
	foreign := calling("x", "getOrder")
	foreign.Phases[0].Faults = []plumbline.Fault{{Dependency: "mail"}, {Dependency: "payment", Streams: []string{"nobody"}}}
	one := func(x plumbline.Experiment) plumbline.Proposal {
		return plumbline.Proposal{Claims: []plumbline.Claim{claimOf("a/one/x", x.ID)}, Experiments: []plumbline.Experiment{x}}
	}
	for want, fns := range map[string][]plumbline.Function{
		"wants another experiment":  {proposing("a/one", one(calling("x", "getOrder"))), proposing("b/two", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("b/two/x", "x")}, Experiments: []plumbline.Experiment{calling("x", "createOrder")}})},
		"which nobody proposes":     {proposing("a/one", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("a/one/x", "y")}})},
		"is made twice":             {proposing("a/one", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("a/one/x"), claimOf("a/one/x")}})},
		"does not begin with":       {proposing("a/one", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("b/one/x")}})},
		"two phases":                {proposing("a/one", one(twoPhases))},
		"two requests are named":    {proposing("a/one", one(twoCalls))},
		"no operation":              {proposing("a/one", one(calling("x", "nothing")))},
		"no dependency \"mail\"":    {proposing("a/one", one(foreign))},
		"a fault is meant for":      {proposing("a/one", one(foreign))},
		"draw plan: claim \"a/one/": {proposing("a/one", plumbline.Proposal{Claims: []plumbline.Claim{claimOf("a/one/x", "y")}})},
	} {
		if _, err := Draw(shop(), fns, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestExperimentsRunFromGentleToRough(t *testing.T) {
	xs := []plumbline.Experiment{
		{ID: "harness/teardown", Kind: plumbline.KindHarness},
		{ID: "outage/recs", Kind: plumbline.KindScenario},
		{ID: "baseline/after", Kind: plumbline.KindHarness},
		{ID: "outage/payment", Kind: plumbline.KindScenario},
		{ID: "probe/payment", Kind: plumbline.KindScenario},
		{ID: "load/target", Kind: plumbline.KindLoad},
		{ID: "data/reads", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{{Flows: []plumbline.Flow{{Name: "orders"}}}}},
		{ID: "obs/traceparent", Kind: plumbline.KindContract},
		{ID: "auth/anonymous", Kind: plumbline.KindContract},
		{ID: "contract/valid", Kind: plumbline.KindContract},
		{ID: "contract/invalid", Kind: plumbline.KindContract},
		{ID: "wires/live", Kind: plumbline.KindHarness},
		{ID: "baseline/before", Kind: plumbline.KindHarness},
	}
	inRunOrder(xs)
	var got []string
	for _, x := range xs {
		got = append(got, x.ID)
	}
	want := "baseline/before data/reads wires/live contract/invalid contract/valid auth/anonymous obs/traceparent load/target probe/payment outage/payment outage/recs baseline/after harness/teardown"
	if strings.Join(got, " ") != want {
		t.Errorf("order\n%s, want\n%s", strings.Join(got, " "), want)
	}
}

func TestCost(t *testing.T) {
	d := shop()
	for _, line := range Cost(d, drawn(t, d, "harness", "load", "contract")) {
		switch line.Experiment {
		case loadTarget:
			if line.Requests != 3000 || line.Time.Seconds() != 25 {
				t.Errorf("%+v", line)
			}
		case baselineBefore:
			if line.Requests != 120 || line.Time != baselineTime {
				t.Errorf("%+v", line)
			}
		case contractPacts:
			if line.Pacts != 2 {
				t.Errorf("%+v", line)
			}
		}
	}
}
