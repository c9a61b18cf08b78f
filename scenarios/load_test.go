package scenarios

import (
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios/profile"
)

func init() {
	specimens[sloAtTarget] = specimen{
		kept:     spoil(sloAtTarget+"/orders-latency", nil),
		broken:   spoil(sloAtTarget+"/orders-latency", slow(60)),
		unproven: spoil(sloAtTarget+"/orders-latency", slow(10)),
	}
}

// slow makes that many requests of the judged phase to createOrder slower than
// the objective allows, evenly from second to second.
func slow(n int64) func(*plumbline.Evidence) {
	return steadyOf("createOrder", func(x *plumbline.Series) {
		x.Within[0].Count -= n
		x.Latency = []plumbline.Bin{{UpTo: 5 * time.Millisecond, Count: x.Count - n}, {UpTo: time.Second, Count: n}}
		x.Service = x.Latency
		for i := range x.Slices {
			share := n*int64(i+1)/int64(len(x.Slices)) - n*int64(i)/int64(len(x.Slices))
			x.Slices[i].Within[0] -= share
		}
	})
}

func steadyOf(operation string, change func(*plumbline.Series)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Series {
			if x := &e.Series[i]; x.Phase != warmUp && (operation == "" || x.Operation == operation) {
				change(x)
			}
		}
	}
}

// refuse answers that many requests to createOrder with a 429, so many of which
// the document does not know.
func refuse(n, undocumented int64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		steadyOf("createOrder", func(x *plumbline.Series) {
			x.Count -= n
			x.Within[0].Count -= n
		})(e)
		e.Series = append(e.Series, plumbline.Series{
			Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Class: "4xx", Shed: true, Count: n, Bad: undocumented,
			Latency: []plumbline.Bin{{UpTo: time.Millisecond, Count: n}}, Within: []plumbline.Within{{Threshold: 400 * time.Millisecond, Count: n - undocumented}},
		})
	}
}

// sent changes how the judged phase was sent.
func sent(change func(*plumbline.Health)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Health {
			if h := &e.Health[i]; h.Experiment == loadTarget && h.Phase != warmUp {
				change(h)
			}
		}
	}
}

// What was not held against the document is said.
func TestObjectiveTellsWhatWasNotChecked(t *testing.T) {
	d, claim, e := spoil(sloAtTarget+"/all-available", sent(func(h *plumbline.Health) { h.Unchecked = 700 }))(t)
	if v := judgeObjective(d, claim, e); v.Outcome != plumbline.Pass || !strings.Contains(v.Statement, "700 of 2400 answers were not held against the document") {
		t.Errorf("%s: %s", v.Outcome, v.Statement)
	}
}

func TestObjectiveUnderLoad(t *testing.T) {
	fail5xx := func(n int64) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			steadyOf("createOrder", func(x *plumbline.Series) {
				x.Count -= n
				x.Within[0].Count -= n
			})(e)
			e.Series = append(e.Series, plumbline.Series{
				Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Class: "5xx", Count: n,
				Latency: []plumbline.Bin{{UpTo: time.Millisecond, Count: n}}, Within: []plumbline.Within{{Threshold: 400 * time.Millisecond, Count: n}},
			})
		}
	}
	for _, c := range []struct {
		name, claim string
		change      func(*plumbline.Evidence)
		outcome     plumbline.Outcome
		reason      plumbline.Reason
	}{
		{"quick errors are bad for latency too", "orders-latency", fail5xx(100), plumbline.Fail, ""},
		{"availability does not ask for speed", "all-available", slow(100), plumbline.Pass, ""},
		{"availability over all operations", "all-available", fail5xx(60), plumbline.Fail, ""},
		{"breaches of the document are bad", "all-available", steadyOf("", func(x *plumbline.Series) { x.Bad = x.Count / 10 }), plumbline.Fail, ""},
		{"errors of the warm-up are not judged", "all-available", func(e *plumbline.Evidence) {
			e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: warmUp, Operation: "createOrder", Class: "5xx", Count: 500})
		}, plumbline.Pass, ""},
		{"what the harness cancelled is nobody's fault", "all-available", func(e *plumbline.Evidence) {
			e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Class: "canceled", Count: 500})
		}, plumbline.Pass, ""},
		{"timeouts are bad", "all-available", func(e *plumbline.Evidence) {
			e.Series = append(e.Series, plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Class: "timeout", Count: 500})
		}, plumbline.Fail, ""},
		{"a refusal that the document promises is no service, and may be a quota", "all-available", refuse(60, 0), plumbline.Inconclusive, plumbline.ReasonThrottled},
		{"it is none for latency either", "orders-latency", refuse(100, 0), plumbline.Inconclusive, plumbline.ReasonThrottled},
		{"a refusal that the document does not know is bad", "all-available", refuse(60, 60), plumbline.Fail, ""},
		{"a few refusals are within the budget", "all-available", refuse(2, 0), plumbline.Pass, ""},
		{"refusals do not excuse errors", "all-available", func(e *plumbline.Evidence) { refuse(120, 0)(e); fail5xx(60)(e) }, plumbline.Fail, ""},
		{"a service that finds nothing is no service", "all-available", steadyOf("", func(x *plumbline.Series) { x.Class = "4xx" }), plumbline.Inconclusive, plumbline.ReasonNoPositiveControl},
		{"no request", "all-available", func(e *plumbline.Evidence) { e.Series = nil }, plumbline.Inconclusive, plumbline.ReasonTooFewSamples},
		{"what ended early proves nothing good", "all-available", sent(func(h *plumbline.Health) { h.Stopped = "150 of 200 requests within 5s were bad" }), plumbline.Inconclusive, plumbline.ReasonIncomplete},
		{"what ended early may prove a breach", "all-available", func(e *plumbline.Evidence) {
			fail5xx(100)(e)
			sent(func(h *plumbline.Health) { h.Stopped = "100 of 200 requests within 5s were bad" })(e)
		}, plumbline.Fail, ""},
		{"a closed workload tells no latency", "orders-latency", sent(func(h *plumbline.Health) { h.Closed = true }), plumbline.Inconclusive, plumbline.ReasonUnsupported},
		{"a closed workload tells availability", "all-available", sent(func(h *plumbline.Health) { h.Closed = true }), plumbline.Pass, ""},
		{"the lag of the generator explains it", "orders-latency", func(e *plumbline.Evidence) {
			slow(60)(e)
			steadyOf("createOrder", func(x *plumbline.Series) {
				x.Service = []plumbline.Bin{{UpTo: 5 * time.Millisecond, Count: x.Count}}
			})(e)
			e.Health[len(e.Health)-1].Lag99 = 50 * time.Millisecond
		}, plumbline.Inconclusive, plumbline.ReasonGeneratorSaturated},
		{"the lag of the generator does not explain it", "orders-latency", func(e *plumbline.Evidence) {
			slow(60)(e)
			e.Health[len(e.Health)-1].Lag99 = 50 * time.Millisecond
		}, plumbline.Fail, ""},
	} {
		d, claim, e := spoil(sloAtTarget+"/"+c.claim, c.change)(t)
		if v := judgeObjective(d, claim, e); v.Outcome != c.outcome || v.Reason != c.reason {
			t.Errorf("%s: %s %s, want %s %s: %s", c.name, v.Outcome, v.Reason, c.outcome, c.reason, v.Statement)
		}
	}
}

// Ten slow requests in one second are one event, not ten.
func TestObjectiveSeesBursts(t *testing.T) {
	burst := func(e *plumbline.Evidence) {
		slow(0)(e)
		steadyOf("createOrder", func(x *plumbline.Series) {
			x.Within[0].Count -= 30
			x.Slices[7].Within[0] -= 30
		})(e)
	}
	d, claim, e := spoil(sloAtTarget+"/orders-latency", burst)(t)
	v := judgeObjective(d, claim, e)
	if v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonUndecided || !strings.Contains(v.Statement, "bursts") {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
	d, claim, e = spoil(sloAtTarget+"/orders-latency", slow(30))(t)
	if v := judgeObjective(d, claim, e); v.Outcome != plumbline.Fail {
		t.Errorf("as many, evenly spread: %s: %s", v.Outcome, v.Statement)
	}
}

// A request that is slow and undocumented is one bad request.
func TestObjectiveCountsABadRequestOnce(t *testing.T) {
	d, claim, e := spoil(sloAtTarget+"/orders-latency", func(e *plumbline.Evidence) {
		slow(5)(e)
		steadyOf("createOrder", func(x *plumbline.Series) { x.Bad = 5 })(e)
	})(t)
	if v := judgeObjective(d, claim, e); v.Measured != 5.0/800 {
		t.Errorf("measured %v: %s", v.Measured, v.Statement)
	}
}

// An objective that was not known when the load ran is judged by the histogram.
func TestObjectiveThatCameLater(t *testing.T) {
	d, claim, e := spoil(sloAtTarget+"/orders-latency", slow(60))(t)
	for within, want := range map[time.Duration]plumbline.Outcome{300 * time.Millisecond: plumbline.Fail, 2 * time.Second: plumbline.Pass} {
		d.Objectives[0].Within = within
		v := judgeObjective(d, claim, e)
		if v.Outcome != want || !strings.Contains(v.Statement, "to within 1 %") {
			t.Errorf("within %s: %s, want %s: %s", within, v.Outcome, want, v.Statement)
		}
	}
}

func TestObjectiveOverRequestsRecordedOneByOne(t *testing.T) {
	d, claim, e := spoil(sloAtTarget+"/orders-latency", func(e *plumbline.Evidence) {
		e.Series = nil
		for i := range 1000 {
			due := time.Duration(i) * 10 * time.Millisecond
			o := plumbline.Observation{Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Due: due, Sent: due, Latency: time.Millisecond, Status: 201}
			if i%20 == 0 {
				o.Latency = time.Second
			}
			e.Observations = append(e.Observations, o)
		}
	})(t)
	v := judgeObjective(d, claim, e)
	if v.Outcome != plumbline.Fail || v.Measured != 0.05 || v.Samples != 1000 || len(v.Evidence) != exhibitLimit {
		t.Errorf("%s, measured %v of %d, %d exhibits: %s", v.Outcome, v.Measured, v.Samples, len(v.Evidence), v.Statement)
	}
}

func TestTargetLoad(t *testing.T) {
	total := func(ph plumbline.Phase) float64 {
		n := 0.0
		for _, s := range ph.Streams {
			n += s.Expected()
		}
		return n
	}
	d := shop()
	x, skips := targetLoad(d)
	if len(skips) > 0 || len(x.Phases) != 2 || x.Phases[0].Name != warmUp {
		t.Fatalf("%+v, skips %v", x, skips)
	}
	if w, s := x.Phases[0], x.Phases[1]; w.Duration != 5*time.Second || s.Duration != 20*time.Second || math.Abs(total(s)-2400) > 1e-6 {
		t.Errorf("warm-up %s, judged %s with %v requests", w.Duration, s.Duration, total(s))
	}
	if s := x.Phases[1].Streams[0]; s.Operation != "getProduct" || s.Stages[0].From != 60 || s.Arrivals != plumbline.ArrivalsPoisson || s.Detail {
		t.Errorf("first stream %+v", s)
	}

	d.Load = plumbline.Load{Stages: []plumbline.Stage{{From: 0, To: 100, Duration: 10 * time.Second}, {From: 100, To: 100, Duration: 10 * time.Second}}, Limit: 80}
	x, _ = targetLoad(d)
	if w, s := x.Phases[0], x.Phases[1]; w.Duration != 4*time.Second || s.Duration != 20*time.Second || math.Abs(total(s)-1200) > 1e-6 {
		t.Errorf("stages, limited to 80 a second: warm-up %s, judged %s with %v requests", w.Duration, s.Duration, total(s))
	}

	d.Load = plumbline.Load{}
	x, _ = targetLoad(d)
	if got := total(x.Phases[1]); got != 400 {
		t.Errorf("undeclared load: %v judged requests", got)
	}
	for _, s := range x.Phases[1].Streams {
		if s.Operation == "createOrder" || s.Operation == "getLiveness" {
			t.Errorf("undeclared load streams %s", s.Operation)
		}
	}

	d.Load = plumbline.Load{Rate: 100, Mix: map[string]float64{"refund": 1, "getOrder": 1}}
	x, skips = targetLoad(d)
	if len(skips) != 1 || skips[0].Subject != "refund" || len(x.Phases[1].Streams) != 1 {
		t.Errorf("an operation that may not be called: skips %v, streams %v", skips, x.Phases[1].Streams)
	}
}

// What is planned can be written down for people to edit, to the last digit.
func TestTargetLoadCanBeWrittenAsAProfile(t *testing.T) {
	for name, l := range map[string]plumbline.Load{
		"declared":   {Rate: 100, Duration: 7 * time.Second, Mix: map[string]float64{"getProduct": 1, "getOrder": 1, "createOrder": 1}},
		"stages":     {Stages: []plumbline.Stage{{From: 0, To: 33, Duration: 3 * time.Second}, {From: 33, To: 10, Duration: 4 * time.Second}}},
		"undeclared": {},
	} {
		d := shop()
		d.Load = l
		x, ok := drawn(t, d, sloAtTarget).Experiment(loadTarget)
		if !ok {
			t.Fatalf("%s: no load", name)
		}
		if err := profile.Render(io.Discard, x); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestObjectivesThatTheLoadCannotReachAreSkipped(t *testing.T) {
	d := shop()
	d.Objectives = append(d.Objectives,
		plumbline.Objective{Name: "all-available", Target: 0.999},
		plumbline.Objective{Name: "deletes", Operations: []string{"deleteOrder"}, Target: 0.9},
		plumbline.Objective{Name: "degraded", Target: 0.9, During: "fault"})
	p := planLoad(d)
	var claims, skips []string
	for _, c := range p.Claims {
		claims = append(claims, strings.TrimPrefix(c.ID, sloAtTarget+"/"))
	}
	for _, s := range p.Skips {
		skips = append(skips, s.Subject)
	}
	if got := strings.Join(claims, " "); got != "orders-latency all-available all-available-2" {
		t.Errorf("claims %s", got)
	}
	if got := strings.Join(skips, " "); got != "deletes" {
		t.Errorf("skips %s", got)
	}
	d.Objectives = nil
	p = planLoad(d)
	if len(p.Claims) != 1 || p.Claims[0].Basis != plumbline.BasisDefault || len(p.Skips) != 1 || p.Skips[0].Unlock != "slos" {
		t.Errorf("without objectives: %+v", p)
	}
}

func TestPowerSaysBeforehandWhatALoadCannotDecide(t *testing.T) {
	d := shop()
	d.Objectives[1].Target = 0.999
	lines := Power(d, drawn(t, d, sloAtTarget))
	if len(lines) != 2 {
		t.Fatalf("%+v", lines)
	}
	available, orders := lines[0], lines[1]
	if available.Objective != "all-available" || available.Planned != 2400 || available.Prove != 2995 || available.Power != 30000 || available.Decidable {
		t.Errorf("%+v", available)
	}
	if orders.Planned != 800 || orders.Prove != 299 || orders.Power != 3000 || !orders.Decidable || len(orders.Operations) != 1 {
		t.Errorf("%+v", orders)
	}
}
