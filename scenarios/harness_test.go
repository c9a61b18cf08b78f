package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[baselineHealthy] = specimen{
		kept: spoil(baselineHealthy+"/getProduct", nil),
		broken: spoil(baselineHealthy+"/getProduct", each(baselineBefore, "getProduct", func(n int, o *plumbline.Observation) {
			if n%10 == 0 {
				o.Status = 503
			}
		})),
		unproven: spoil(baselineHealthy+"/getProduct", func(e *plumbline.Evidence) { without(e, baselineAfter) }),
	}
	specimens[wireIsLive] = specimen{
		kept:     spoil(wireIsLive+"/payment", nil),
		broken:   spoil(wireIsLive+"/payment", darken("payment")),
		unproven: spoil(wireIsLive+"/store", darken("store")),
	}
	specimens[faultObserved] = specimen{
		kept: spoil(faultObserved+"/payment", inject("outage/payment", 12)),
		broken: spoil(faultObserved+"/payment", func(e *plumbline.Evidence) {
			inject("outage/payment", 12)(e)
			inject("retry/payment", 0)(e)
		}),
		unproven: spoil(faultObserved+"/payment", nil),
	}
	specimens[generatorHeadroom] = specimen{
		kept: spoil(generatorHeadroom+"/all-phases", func(e *plumbline.Evidence) {
			e.Health = []plumbline.Health{{Experiment: loadTarget, Phase: "steady", Planned: 2400, Sent: 2400, Lag99: 3 * time.Millisecond}}
		}),
		broken: spoil(generatorHeadroom+"/all-phases", func(e *plumbline.Evidence) {
			e.Health = []plumbline.Health{{Experiment: loadTarget, Phase: "steady", Planned: 2400, Sent: 2300, Skipped: 100}}
		}),
		unproven: spoil(generatorHeadroom+"/all-phases", nil),
	}
	specimens[proxyTransparent] = specimen{
		kept: spoil(proxyTransparent+"/self-test", nil),
		broken: spoil(proxyTransparent+"/self-test", func(e *plumbline.Evidence) {
			e.Checks = append(e.Checks, plumbline.Check{Name: checkProxy, Subject: "redirects", Detail: "a redirect was followed"})
		}),
		unproven: spoil(proxyTransparent+"/self-test", func(e *plumbline.Evidence) { e.Checks = nil }),
	}
	specimens[teardownVerified] = specimen{
		kept: spoil(teardownVerified+"/wires", inject("outage/payment", 12)),
		broken: spoil(teardownVerified+"/wires", func(e *plumbline.Evidence) {
			inject("outage/payment", 12)(e)
			e.Injections[len(e.Injections)-1].Healed = 0
			e.Injections[len(e.Injections)-1].Error = "heal: connection refused"
		}),
		unproven: spoil(teardownVerified+"/wires", func(e *plumbline.Evidence) {
			inject("outage/payment", 12)(e)
			e.Checks = nil
		}),
	}
}

// without forgets all that was seen in an experiment.
func without(e *plumbline.Evidence, experiment string) {
	var kept []plumbline.Observation
	for _, o := range e.Observations {
		if o.Experiment != experiment {
			kept = append(kept, o)
		}
	}
	e.Observations = kept
}

// darken forgets all that was seen on a wire.
func darken(wire string) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		var kept []plumbline.Exchange
		for _, x := range e.Exchanges {
			if x.Wire != wire {
				kept = append(kept, x)
			}
		}
		e.Exchanges = kept
	}
}

// inject records a fault on payment that took hold, hit and healed.
func inject(experiment string, hits int) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		in := plumbline.Injection{Lease: experiment, Experiment: experiment, Phase: "down", Fault: plumbline.Fault{Dependency: "payment", Kind: plumbline.FaultHang}, Began: time.Second}
		healed := in
		healed.Healed, healed.Hits = 2*time.Second, hits
		e.Injections = append(e.Injections, in, healed)
	}
}

func TestBaselineTellsAGapInCoverageFromAnUnhealthyTarget(t *testing.T) {
	set := func(experiment, operation string, status int) func(*plumbline.Evidence) {
		return each(experiment, operation, func(_ int, o *plumbline.Observation) { o.Status = status })
	}
	slower := func(d time.Duration) func(*plumbline.Evidence) {
		return each(baselineAfter, "", func(_ int, o *plumbline.Observation) { o.Latency = d })
	}
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
		reason  plumbline.Reason
	}{
		{"one error is allowed", each(baselineBefore, "getProduct", func(n int, o *plumbline.Observation) {
			if n == 3 {
				o.Status = 503
			}
		}), plumbline.Pass, ""},
		{"stale example", set(baselineBefore, "getProduct", 404), plumbline.Skipped, plumbline.ReasonNotApplicable},
		{"nothing answers", set(baselineBefore, "", 404), plumbline.Inconclusive, plumbline.ReasonBaselineUnhealthy},
		{"credentials expire", set(baselineAfter, "getProduct", 401), plumbline.Inconclusive, plumbline.ReasonBaselineUnhealthy},
		{"slower than promised", slower(1100 * time.Millisecond), plumbline.Inconclusive, plumbline.ReasonBaselineUnhealthy},
		{"drift", slower(60 * time.Millisecond), plumbline.Inconclusive, plumbline.ReasonBaselineDrift},
		{"too small a drift to matter", slower(15 * time.Millisecond), plumbline.Pass, ""},
		{"never sent", each(baselineBefore, "getProduct", func(_ int, o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorUnbound }), plumbline.Inconclusive, plumbline.ReasonIncomplete},
	} {
		d, claim, e := spoil(baselineHealthy+"/getProduct", c.change)(t)
		if v := judgeBaseline(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %s", c.name, v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
		}
	}
}

func TestBaselineOfALargeDocumentIsNoLoad(t *testing.T) {
	d := shop()
	for i := range 300 {
		o := d.Operations[1]
		o.ID = "get" + strings.Repeat("x", i)
		d.Operations = append(d.Operations, o)
	}
	chosen, left := baselineOperations(d)
	if len(chosen) != baselineMost || len(left) != 304-baselineMost {
		t.Fatalf("%d chosen, %d left", len(chosen), len(left))
	}
	if chosen[0].ID != "getProduct" && chosen[0].ID != "createOrder" {
		t.Errorf("the first choice is %s, of which the design says nothing", chosen[0].ID)
	}
	d.Load.Limit = 20
	if chosen, _ := baselineOperations(d); len(chosen) != 4 {
		t.Errorf("%d operations at 5 a second each, with a limit of 20", len(chosen))
	}
}

func TestWireWithoutTraceContextIsLiveByTime(t *testing.T) {
	_, _, e := spoil(wireIsLive+"/payment", func(e *plumbline.Evidence) {
		for i := range e.Exchanges {
			e.Exchanges[i].Trace = ""
		}
	})(t)
	v := judgeWire(plumbline.Dependency{Name: "payment"}, e)
	if v.Outcome != plumbline.Pass || !strings.Contains(v.Statement, "none with a trace id") {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
	for i := range e.Exchanges {
		e.Exchanges[i].Began += time.Hour
	}
	if v := judgeWire(plumbline.Dependency{Name: "payment"}, e); v.Reason != plumbline.ReasonWireDark {
		t.Errorf("foreign traffic alone: %s %s", v.Outcome, v.Reason)
	}
}

// A pooled connection is journalled when it ends, which may be after the run.
func TestTCPWireIsLiveWhenFaultsHitIt(t *testing.T) {
	e := &plumbline.Evidence{Injections: []plumbline.Injection{{Lease: "1", Experiment: "outage/store", Fault: plumbline.Fault{Dependency: "store"}, Hits: 4, Healed: 1}}}
	if v := judgeWire(plumbline.Dependency{Name: "store", Wire: plumbline.WireTCP}, e); v.Outcome != plumbline.Pass {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
	if v := judgeWire(plumbline.Dependency{Name: "store", Wire: plumbline.WireTCP}, &plumbline.Evidence{}); v.Reason != plumbline.ReasonWireDark {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
}

func TestFaultThatCouldNotBeInjectedIsUnsupported(t *testing.T) {
	e := &plumbline.Evidence{Injections: []plumbline.Injection{
		{Lease: "1", Experiment: "outage/payment", Fault: plumbline.Fault{Dependency: "payment"}, Error: "no such fault", Unsupported: true},
	}}
	v := judgeFaults(plumbline.Design{}, plumbline.Claim{Dependency: "payment"}, e)
	if v.Reason != plumbline.ReasonUnsupported {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
	if left := notRestored(plumbline.Design{}, e, nil); len(left) > 0 {
		t.Errorf("what never took hold need not heal: %v", left)
	}
}

// Requests that are recorded one by one are timed from sending: lag moves them,
// and no more.
func TestLagOfRecordedRequestsOnlyMovesThem(t *testing.T) {
	t.Parallel()
	recorded, folded := plumbline.Stream{Detail: true}, plumbline.Stream{}
	for name, c := range map[string]struct {
		streams []plumbline.Stream
		lag     time.Duration
		want    bool
	}{
		"recorded":            {[]plumbline.Stream{recorded}, 103 * time.Millisecond, false},
		"recorded, very late": {[]plumbline.Stream{recorded}, 251 * time.Millisecond, true},
		"folded":              {[]plumbline.Stream{folded}, 103 * time.Millisecond, true},
		"folded beside":       {[]plumbline.Stream{recorded, folded}, 103 * time.Millisecond, true},
		"folded, a little":    {[]plumbline.Stream{folded}, 99 * time.Millisecond, false},
	} {
		if got := saturationOf(plumbline.Phase{Streams: c.streams}, plumbline.Health{Planned: 60, Sent: 60, Lag99: c.lag}); (got != "") != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if saturationOf(plumbline.Phase{Streams: []plumbline.Stream{recorded}}, plumbline.Health{Planned: 60, Sent: 50}) == "" {
		t.Error("what was not sent is nothing to judge")
	}
}

func TestLagOfAFewRequestsIsNotSaturation(t *testing.T) {
	few := plumbline.Health{Planned: 30, Sent: 30, Lag99: 20 * time.Millisecond}
	many := plumbline.Health{Planned: 3000, Sent: 3000, Lag99: 20 * time.Millisecond}
	if lateness(few) != "" || lateness(many) == "" || saturation(many) != "" {
		t.Errorf("few: %q, many: %q, saturated: %q", lateness(few), lateness(many), saturation(many))
	}
	for _, h := range []plumbline.Health{{Planned: 100, Sent: 98}, {Planned: 100, Sent: 100, Exhausted: 1}, {Planned: 100, Sent: 100, Lag99: time.Second}} {
		if saturation(h) == "" {
			t.Errorf("%+v is no reason to doubt", h)
		}
	}
}

// That the target is not well afterwards is the environment's state, unless it
// is proved to be the target's own doing.
func TestIllHealthThatIsProvedIsAVerdict(t *testing.T) {
	d, _, e := spoil(teardownVerified+"/wires", func(e *plumbline.Evidence) {
		for i, o := range e.Observations {
			if o.Experiment == baselineAfter {
				e.Observations[i].Status = 503
			}
		}
	})(t)
	if left := notRestored(d, e, nil); len(left) == 0 || !strings.Contains(left[0], "healthy before the run") {
		t.Errorf("unexplained: %v", left)
	}
	proof := plumbline.Finding{Function: recoversAfterOutage, Outcome: plumbline.Fail}
	if left := notRestored(d, e, []plumbline.Finding{proof}); len(left) > 0 {
		t.Errorf("proved: %v", left)
	}
	inject("outage/payment", 12)(e)
	e.Injections[len(e.Injections)-1].Healed = 0
	if left := notRestored(d, e, []plumbline.Finding{proof}); len(left) != 1 {
		t.Errorf("a fault that is left counts whatever is proved: %v", left)
	}
}

// A second baseline that is slow because the generator was leaves nothing broken.
func TestALateGeneratorLeavesNothingBroken(t *testing.T) {
	t.Parallel()
	const far = 3 * time.Second
	slow := func(e *plumbline.Evidence, change func(*plumbline.Observation)) {
		inject("outage/payment", 12)(e)
		for i := range e.Observations {
			if o := &e.Observations[i]; o.Experiment == baselineAfter {
				o.Sent = o.Due
				change(o)
			}
		}
	}
	late := plumbline.Health{Experiment: baselineAfter, Phase: "baseline", Planned: 300, Sent: 300, Lag99: far}
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
		left   bool
	}{
		"sent late": {func(e *plumbline.Evidence) {
			slow(e, func(o *plumbline.Observation) { o.Sent, o.Latency = o.Due+far, o.Latency+far })
		}, plumbline.Pass, false},
		"slow, of a late generator": {func(e *plumbline.Evidence) {
			slow(e, func(o *plumbline.Observation) { o.Latency += far })
			e.Health = append(e.Health, late)
		}, plumbline.Inconclusive, false},
		"slow": {func(e *plumbline.Evidence) { slow(e, func(o *plumbline.Observation) { o.Latency += far }) }, plumbline.Error, true},
		"errors beside a late generator": {func(e *plumbline.Evidence) {
			slow(e, func(o *plumbline.Observation) { o.Status = 503 })
			e.Health = append(e.Health, late)
		}, plumbline.Error, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, claim, e := spoil(teardownVerified+"/wires", c.change)(t)
			if v := functionsByID(Functions())[teardownVerified].Judge(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
			}
			if left := notRestored(d, e, nil); len(left) > 0 != c.left {
				t.Errorf("left: %v", left)
			}
		})
	}
}
