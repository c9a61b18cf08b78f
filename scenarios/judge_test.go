package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// A case for Judge: one claim on payment, decided by an experiment that breaks
// it under a stream.
type trialRun struct {
	d   plumbline.Design
	p   plumbline.Plan
	fns []plumbline.Function
	e   *plumbline.Evidence
}

func faultRun(t *testing.T, v plumbline.Verdict) *trialRun {
	t.Helper()
	r := &trialRun{d: shop()}
	x := plumbline.Experiment{ID: "outage/payment", Title: "payment is down", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{
		{Name: "before", Role: plumbline.RoleBaseline, Duration: 2 * time.Second, Streams: []plumbline.Stream{steady("createOrder", 10, 2*time.Second)}},
		{
			Name: "down", Role: plumbline.RoleFault, Duration: 2 * time.Second, Streams: []plumbline.Stream{steady("createOrder", 10, 2*time.Second)},
			Faults: []plumbline.Fault{{Dependency: "payment", Kind: plumbline.FaultRefuse}},
		},
	}}
	c := claimOf("resilience/pretend/payment", x.ID)
	c.Dependency = "payment"
	f := proposing("resilience/pretend", plumbline.Proposal{Claims: []plumbline.Claim{c}, Experiments: []plumbline.Experiment{x}})
	f.Judge = func(plumbline.Design, plumbline.Claim, *plumbline.Evidence) plumbline.Verdict { return v }
	f.Order = 50
	r.fns = []plumbline.Function{f}
	for _, h := range Functions() {
		if h.Informs {
			r.fns = append(r.fns, h)
		}
	}
	var err error
	if r.p, err = Draw(r.d, r.fns, 7); err != nil {
		t.Fatal(err)
	}
	r.e = goodRun(r.d, r.p)
	return r
}

func (r *trialRun) judge() plumbline.Report { return Judge(r.d, r.p, r.fns, r.e) }

func findingOf(t *testing.T, r plumbline.Report, claim string) plumbline.Finding {
	t.Helper()
	for _, f := range r.Findings {
		if f.Claim == claim {
			return f
		}
	}
	t.Fatalf("no finding on %s", claim)
	return plumbline.Finding{}
}

func TestHarnessTakesTheProofAway(t *testing.T) {
	incomplete := func(e *plumbline.Evidence) {
		for i := range e.Phases {
			if e.Phases[i].Phase == "down" {
				e.Phases[i].Complete = false
			}
		}
	}
	for _, c := range []struct {
		name       string
		change     func(*plumbline.Evidence)
		pass, fail plumbline.Reason // of what becomes of a pass and of a fail; empty: it stands
	}{
		{"nothing", nil, "", ""},
		{"phase cut short", incomplete, plumbline.ReasonIncomplete, plumbline.ReasonIncomplete},
		{"doubt of the experiment", func(e *plumbline.Evidence) {
			e.Doubts = []plumbline.Doubt{{Experiment: "outage/payment", Reason: plumbline.ReasonNoise, Detail: "deploy"}}
		}, plumbline.ReasonNoise, plumbline.ReasonNoise},
		{"doubt of another experiment", func(e *plumbline.Evidence) {
			e.Doubts = []plumbline.Doubt{{Experiment: "outage/recs", Reason: plumbline.ReasonNoise, Detail: "deploy"}}
		}, "", ""},
		{"doubt of another dependency", func(e *plumbline.Evidence) {
			e.Doubts = []plumbline.Doubt{{Dependency: "recs", Reason: plumbline.ReasonNoise, Detail: "deploy"}}
		}, "", ""},
		{"wired around the proxy", darken("payment"), plumbline.ReasonWireDark, plumbline.ReasonWireDark},
		{"another wire is dark", darken("recs"), "", ""},
		{"proxy follows redirects", func(e *plumbline.Evidence) {
			e.Checks = append(e.Checks, plumbline.Check{Name: checkProxy, Detail: "redirect followed"})
		}, plumbline.ReasonWireOpaque, plumbline.ReasonWireOpaque},
		{"sick before", each(baselineBefore, "createOrder", func(n int, o *plumbline.Observation) {
			if n%3 == 0 {
				o.Status = 500
			}
		}), plumbline.ReasonBaselineUnhealthy, plumbline.ReasonBaselineUnhealthy},
		{"sick after", each(baselineAfter, "createOrder", func(n int, o *plumbline.Observation) {
			if n%3 == 0 {
				o.Status = 500
			}
		}), plumbline.ReasonBaselineUnhealthy, ""},
		{"slower after", each(baselineAfter, "createOrder", func(_ int, o *plumbline.Observation) { o.Latency = 80 * time.Millisecond }), plumbline.ReasonBaselineDrift, ""},
		{"an operation that has no part in it is sick", each(baselineBefore, "getLiveness", func(n int, o *plumbline.Observation) {
			if n%3 == 0 {
				o.Status = 500
			}
		}), "", ""},
		{"fault hits nothing", func(e *plumbline.Evidence) {
			for i := range e.Injections {
				e.Injections[i].Hits = 0
			}
		}, plumbline.ReasonFaultNotDelivered, plumbline.ReasonFaultNotDelivered},
		{"fault never injected", func(e *plumbline.Evidence) { e.Injections = nil }, plumbline.ReasonFaultNotDelivered, plumbline.ReasonFaultNotDelivered},
		{"fault not possible", func(e *plumbline.Evidence) {
			e.Injections = []plumbline.Injection{{Lease: "1", Experiment: "outage/payment", Fault: plumbline.Fault{Dependency: "payment"}, Unsupported: true}}
		}, plumbline.ReasonUnsupported, plumbline.ReasonUnsupported},
		{"requests were not sent", health(func(h *plumbline.Health) { h.Sent /= 2 }), plumbline.ReasonGeneratorSaturated, plumbline.ReasonGeneratorSaturated},
		{"requests were sent a little late", health(func(h *plumbline.Health) { h.Lag99 = 30 * time.Millisecond }), "", ""},
		{"nobody knows how the generator did", func(e *plumbline.Evidence) { e.Health = nil }, plumbline.ReasonIncomplete, plumbline.ReasonIncomplete},
	} {
		for outcome, want := range map[plumbline.Outcome]plumbline.Reason{plumbline.Pass: c.pass, plumbline.Fail: c.fail} {
			r := faultRun(t, plumbline.Verdict{Outcome: outcome, Statement: "as it was seen"})
			if c.change != nil {
				c.change(r.e)
			}
			f := findingOf(t, r.judge(), "resilience/pretend/payment")
			switch {
			case want == "" && f.Outcome != outcome:
				t.Errorf("%s: a %s becomes %s (%s)", c.name, outcome, f.Outcome, f.Reason)
			case want != "" && (f.Outcome != plumbline.Inconclusive || f.Code != want || !f.Gates || !strings.Contains(f.Reason, "as it was seen")):
				t.Errorf("%s: a %s becomes %s %s, want inconclusive %s: %s", c.name, outcome, f.Outcome, f.Code, want, f.Reason)
			}
		}
	}
}

func health(change func(*plumbline.Health)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Health {
			if e.Health[i].Experiment == "outage/payment" {
				change(&e.Health[i])
			}
		}
	}
}

func TestOutcomeAndExitCode(t *testing.T) {
	kept := plumbline.Verdict{Outcome: plumbline.Pass, Statement: "s"}
	lost := plumbline.Verdict{Outcome: plumbline.Fail, Statement: "it broke"}
	unsure := plumbline.Verdict{Outcome: plumbline.Inconclusive, Reason: plumbline.ReasonNoise, Statement: "s"}
	unhealed := func(r *trialRun) { r.e.Injections[len(r.e.Injections)-1].Healed = 0 }
	for _, c := range []struct {
		name    string
		verdict plumbline.Verdict
		change  func(*trialRun)
		outcome plumbline.Overall
		exit    int
		says    string
	}{
		{"kept", kept, nil, plumbline.Fit, plumbline.ExitFit, "fit: 1 of 1 claim kept"},
		{"broken", lost, nil, plumbline.Unfit, plumbline.ExitUnfit, "unfit: 1 of 1 claim broken; first: resilience/pretend/payment: it broke"},
		{"unproven", unsure, nil, plumbline.NotProven, plumbline.ExitNotProven, "not proven: 1 of 1 claim could not be judged"},
		{"judged skipped", plumbline.Verdict{Outcome: plumbline.Skipped, Reason: plumbline.ReasonNotApplicable, Statement: "s"}, nil, plumbline.NotProven, plumbline.ExitNotProven, "nothing was judged"},
		{"judge panics", kept, func(r *trialRun) {
			r.fns[0].Judge = func(plumbline.Design, plumbline.Claim, *plumbline.Evidence) plumbline.Verdict { panic("oops") }
		}, plumbline.NotProven, plumbline.ExitHarness, "oops"},
		{"function is gone", kept, func(r *trialRun) { r.fns = r.fns[1:] }, plumbline.NotProven, plumbline.ExitHarness, "no function"},
		{"harness gives up", kept, func(r *trialRun) { r.e.Run.Error = "no disk" }, plumbline.NotProven, plumbline.ExitHarness, "no disk"},
		{"interrupted", kept, func(r *trialRun) { r.e.Run.Interrupted = true }, plumbline.NotProven, plumbline.ExitInterrupted, "interrupted"},
		{"ended for the sake of others", kept, func(r *trialRun) { r.e.Run.Stopped = "others suffer" }, plumbline.NotProven, plumbline.ExitNotProven, "ended itself: others suffer"},
		{"broken and ended for the sake of others", lost, func(r *trialRun) { r.e.Run.Stopped = "others suffer" }, plumbline.Unfit, plumbline.ExitUnfit, "unfit"},
		{"broken and interrupted", lost, func(r *trialRun) { r.e.Run.Interrupted = true }, plumbline.Unfit, plumbline.ExitInterrupted, "unfit"},
		{"interrupted before the wires were asked", kept, func(r *trialRun) { r.e.Run.Interrupted, r.e.Checks = true, nil }, plumbline.NotProven, plumbline.ExitInterrupted, "interrupted"},
		{"not healed", kept, unhealed, plumbline.Fit, plumbline.ExitNotRestored, "not restored"},
		{"broken and not healed", lost, unhealed, plumbline.Unfit, plumbline.ExitNotRestored, "unfit"},
		{"interrupted and not healed", kept, func(r *trialRun) { r.e.Run.Interrupted = true; unhealed(r) }, plumbline.NotProven, plumbline.ExitNotRestored, "not restored"},
		{"wires were not asked", kept, func(r *trialRun) { r.e.Checks = nil }, plumbline.Fit, plumbline.ExitNotRestored, "not asked"},
		{"killed", kept, func(r *trialRun) { r.e.Run.Ended = false }, plumbline.NotProven, plumbline.ExitNotProven, "the journal ends before the run did"},
		{"proxy is not transparent", kept, func(r *trialRun) {
			r.e.Checks = append(r.e.Checks, plumbline.Check{Name: checkProxy, Detail: "redirect followed"})
		}, plumbline.NotProven, plumbline.ExitHarness, "not proven"},
		{"waived", lost, func(r *trialRun) {
			r.d.Waivers = []plumbline.Waiver{{Claim: "resilience/pretend/payment", Reason: "next sprint", Until: "2026-11-20"}}
		}, plumbline.NotProven, plumbline.ExitNotProven, "nothing was judged"},
		{"waiver ran out", lost, func(r *trialRun) {
			r.d.Waivers = []plumbline.Waiver{{Claim: "resilience/pretend", Reason: "next sprint", Until: "2026-11-19"}}
		}, plumbline.Unfit, plumbline.ExitUnfit, "unfit"},
	} {
		run := faultRun(t, c.verdict)
		if c.change != nil {
			c.change(run)
		}
		r := run.judge()
		if r.Outcome != c.outcome || r.ExitCode != c.exit || !strings.Contains(r.Sentence, c.says) {
			t.Errorf("%s: %s, exit %d, %q; want %s, %d, %q", c.name, r.Outcome, r.ExitCode, r.Sentence, c.outcome, c.exit, c.says)
		}
	}
}

func TestWaiversAreToldOfWhenTheyAreStale(t *testing.T) {
	run := faultRun(t, plumbline.Verdict{Outcome: plumbline.Pass, Statement: "s"})
	run.d.Waivers = []plumbline.Waiver{
		{Claim: "resilience/pretend/payment", Until: "2027-01-01"},
		{Claim: "resilience/pretend/payment", Until: "2026-01-01"},
		{Claim: "resilience/pret", Until: "2027-01-01"},
	}
	notes := strings.Join(run.judge().Notes, "\n")
	for _, want := range []string{"excuses nothing any more", "has run out", "resilience/pret excuses no claim"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
}

func TestAFailureNamesItsWaiver(t *testing.T) {
	lost := plumbline.Verdict{Outcome: plumbline.Fail, Statement: "lost"}
	for name, c := range map[string]struct {
		until string
		want  plumbline.Outcome
	}{"it holds": {"2027-01-01", plumbline.Waived}, "it has run out": {"2026-01-01", plumbline.Fail}} {
		run := faultRun(t, lost)
		run.d.Waivers = []plumbline.Waiver{{Claim: "resilience/pretend/payment", Reason: "next sprint", Owner: "team-payments", Until: c.until}}
		for _, f := range run.judge().Findings {
			if f.Claim != "resilience/pretend/payment" {
				continue
			}
			if f.Outcome != c.want || f.Waiver == nil || f.Waiver.Until != c.until {
				t.Errorf("%s: %s with %+v", name, f.Outcome, f.Waiver)
			}
			if c.want == plumbline.Waived && !strings.Contains(f.Reason, "until 2027-01-01 by team-payments: next sprint") {
				t.Errorf("%s: told as %q", name, f.Reason)
			}
		}
	}
}

func TestReportOfAGoodRun(t *testing.T) {
	d := shop()
	fns := own()
	p, err := Draw(d, fns, 7)
	if err != nil {
		t.Fatal(err)
	}
	e := goodRun(d, p)
	inject("outage/payment", 12)(e)
	inject("outage/payment", 12)(e)
	before := encoded(t, d, p, e)
	r := Judge(d, p, fns, e)
	if diff := cmp.Diff(before, encoded(t, d, p, e)); diff != "" {
		t.Errorf("Judge changed its arguments:\n%s", diff)
	}
	if r.Outcome != plumbline.Fit || r.ExitCode != plumbline.ExitFit {
		t.Errorf("%s, exit %d: %s", r.Outcome, r.ExitCode, r.Sentence)
	}
	for _, f := range r.Findings {
		switch {
		case f.Outcome == plumbline.Pass || f.Outcome == plumbline.Skipped:
		case strings.HasPrefix(f.Claim, faultObserved+"/"): // nothing here breaks recs and store
		default:
			t.Errorf("%s: %s %s", f.Claim, f.Outcome, f.Reason)
		}
	}
	claiming := map[string]bool{} // some functions find nothing in this design, or in this run, to judge
	for _, f := range r.Findings {
		if f.Outcome != plumbline.Skipped {
			claiming[f.Function] = true
		}
	}
	if r.Coverage.Declared != 6 || r.Coverage.Exercised != 5 || r.Coverage.Judged != len(claiming) {
		t.Errorf("coverage: %d of %d operations, %d functions judged", r.Coverage.Exercised, r.Coverage.Declared, r.Coverage.Judged)
	}
	for _, o := range r.Coverage.Operations {
		if (o.Reason != "") != (o.Operation == "refund") {
			t.Errorf("%s: %q", o.Operation, o.Reason)
		}
	}
	var lines []string
	for _, l := range r.Timeline {
		lines = append(lines, l.Experiment)
	}
	if got := strings.Join(lines, " "); got != "baseline/before load/target baseline/after" {
		t.Errorf("timelines of %s", got)
	}
	if len(r.Timeline[1].Points) != 25 && len(r.Timeline[1].Points) != 26 {
		t.Errorf("%d seconds of load", len(r.Timeline[1].Points))
	}
	for _, q := range r.Quantiles {
		if q.Value != 5 || q.Low != 5 || (q.High != 5) != (q.Q == 0.999) {
			t.Errorf("%+v", q)
		}
	}
	if len(r.Quantiles) != 3*5 || r.Requests.Sent == 0 || r.Requests.OnWires == 0 {
		t.Errorf("%d quantiles, requests %+v", len(r.Quantiles), r.Requests)
	}
}

// own are the functions of this half of the catalogue: those whose evidence
// goodRun can make up, and which claim something about the shop.
func own() []plumbline.Function {
	var out []plumbline.Function
	for _, f := range Functions() {
		if !strings.HasPrefix(f.ID, "resilience/") && len(f.Plan(shop()).Claims) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func TestFindingsAreInReadingOrder(t *testing.T) {
	make := func(id string, order int, o plumbline.Outcome) plumbline.Function {
		f := proposing(id, plumbline.Proposal{Claims: []plumbline.Claim{claimOf(id + "/x")}})
		f.Order = order
		f.Judge = func(plumbline.Design, plumbline.Claim, *plumbline.Evidence) plumbline.Verdict {
			return plumbline.Verdict{Outcome: o, Statement: "s"}
		}
		return f
	}
	fns := []plumbline.Function{
		make("a/passes", 1, plumbline.Pass), make("b/matrix", 99, plumbline.Fail), make("c/cause", 50, plumbline.Fail),
		make("d/unsure", 1, plumbline.Inconclusive), make("e/cause", 50, plumbline.Fail), proposing("f/none", plumbline.Proposal{}),
	}
	p, err := Draw(plumbline.Design{}, fns, 1)
	if err != nil {
		t.Fatal(err)
	}
	r := Judge(plumbline.Design{}, p, fns, &plumbline.Evidence{Run: plumbline.Run{Ended: true}})
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Function)
	}
	if strings.Join(got, " ") != "c/cause e/cause b/matrix d/unsure a/passes f/none" {
		t.Errorf("order %v", got)
	}
	if r.Findings[0].Replay != "plumbline run --only c/cause --seed 1" {
		t.Errorf("replay %q", r.Findings[0].Replay)
	}
}

// Under not-disproved only a demonstrated breach is red; under prove what is
// not proved gates.
func TestUndecidedObjectiveGatesOnlyWhereProofIsWanted(t *testing.T) {
	for decision, want := range map[plumbline.Decision]int{plumbline.DecisionNotDisproved: plumbline.ExitFit, plumbline.DecisionProve: plumbline.ExitNotProven} {
		d := shop()
		d.Objectives[0].Decision = decision
		p := drawn(t, d, sloAtTarget, "harness")
		e := goodRun(d, p)
		slow(10)(e)
		r := Judge(d, p, own(), e)
		f := findingOf(t, r, sloAtTarget+"/orders-latency")
		if f.Outcome != plumbline.Inconclusive || f.Code != plumbline.ReasonUndecided || f.Gates != (decision == plumbline.DecisionProve) {
			t.Errorf("%s: %s %s, gates %v", decision, f.Outcome, f.Code, f.Gates)
		}
		if r.ExitCode != want || (decision == plumbline.DecisionNotDisproved && !strings.Contains(r.Sentence, "1 objective undecided")) {
			t.Errorf("%s: exit %d, %q", decision, r.ExitCode, r.Sentence)
		}
	}
}

func TestFunctionsThatWereNotSelectedAreNotForgotten(t *testing.T) {
	d := shop()
	p := drawn(t, d, responseConforms, "harness")
	r := Judge(d, p, Functions(), goodRun(d, p))
	for _, c := range r.Coverage.Functions {
		if c.Function == noServerError && (c.Outcome != plumbline.Skipped || c.Reason != string(plumbline.ReasonNotSelected)) {
			t.Errorf("%+v", c)
		}
	}
}

func TestSurvivorsAreNamedAndDoNotMakeTheEnvironmentBroken(t *testing.T) {
	run := faultRun(t, plumbline.Verdict{Outcome: plumbline.Pass, Statement: "s"})
	run.e.Resources = []plumbline.Resource{
		{Operation: "createOrder", URL: "/orders/1"},
		{Operation: "createOrder", URL: "/orders/1", Deleted: true},
		{Operation: "createOrder", URL: "/orders/2", Survives: true, Detail: "409"},
	}
	r := run.judge()
	if r.Requests.Created != 2 || r.Requests.Survived != 1 || r.ExitCode != plumbline.ExitFit || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "/orders/2") {
		t.Errorf("%+v, exit %d, notes %v", r.Requests, r.ExitCode, r.Notes)
	}
}

// More that went wrong never makes a verdict better.
func TestAnAddedFailureNeverImprovesAVerdict(t *testing.T) {
	t.Parallel()
	d := shop()
	fns := own()
	p := drawn(t, d, "harness", "contract", "load", "auth", "security", "obs")
	worse := map[string]func(*plumbline.Evidence){
		"a breach":  each(contractValid, "getProduct", totalIsString),
		"a crash":   each(contractWrong, "createOrder", crash),
		"slow load": slow(60),
		"a hole":    each(authAnonymous, "getOrder: none", func(_ int, o *plumbline.Observation) { o.Status = 200 }),
		"a dead wire": func(e *plumbline.Evidence) {
			darken("payment")(e)
		},
		"a mismatch":  results(plumbline.PactMismatch, "x"),
		"lost traces": retrace(func(x *plumbline.Exchange) { x.Trace = "" }),
		"an outage":   each(baselineBefore, "", func(_ int, o *plumbline.Observation) { o.Status = 503 }),
	}
	names := sortedKeys(worse)
	for _, first := range names {
		for _, second := range names {
			one, both := goodRun(d, p), goodRun(d, p)
			worse[first](one)
			worse[first](both)
			worse[second](both)
			a, b := Judge(d, p, fns, one), Judge(d, p, fns, both)
			for _, f := range a.Findings {
				if g := findingOf(t, b, f.Claim); g.Outcome == plumbline.Pass && f.Outcome != plumbline.Pass {
					t.Errorf("%s: %s after %s, pass after %s as well", f.Claim, f.Outcome, first, second)
				}
			}
			if a.ExitCode != 0 && b.ExitCode == 0 {
				t.Errorf("exit %d after %s, 0 after %s as well", a.ExitCode, first, second)
			}
		}
	}
}
