package scenarios

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// observationsOf changes every observation of a stream in a phase.
func observationsOf(experiment, phase, stream string, change func(*plumbline.Observation)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Observations {
			if o := &e.Observations[i]; strings.HasPrefix(o.Experiment, experiment) && o.Phase == phase && o.Stream == stream {
				change(o)
			}
		}
	}
}

// slower adds to the latency.
func slower(d time.Duration) func(*plumbline.Observation) {
	return func(o *plumbline.Observation) { o.Latency += d }
}

func answers503(o *plumbline.Observation) { o.Status = 503 }

func TestResilienceVerdictsOnChangedEvidence(t *testing.T) {
	d := stocked()
	p, right := played(t, d, noDefect, 1, false)
	for name, c := range map[string]struct {
		claim  string
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
		says   string
	}{
		"nothing changed": {dependencyMap + "/payment", func(*plumbline.Evidence) {}, plumbline.Pass, "createOrder calls it 1 times a request"},
		"nobody needs what is declared critical": {
			dependencyMap + "/payment", observationsOf("probes/", probeUnavailable, faultedStream("payment", "createOrder"), func(o *plumbline.Observation) { o.Status = 201 }),
			plumbline.Fail, "declared critical, but without payment only 0 of 33",
		},
		"half of the requests fail without an optional one": {
			dependencyMap + "/recs", func(e *plumbline.Evidence) {
				n := 0
				observationsOf("probes/", probeUnavailable, faultedStream("recs", "getProduct"), func(o *plumbline.Observation) {
					if n++; n%3 == 0 {
						o.Status = 503
					}
				})(e)
			}, plumbline.Inconclusive, "neither few nor most",
		},
		"the answer comes in time and the call stays open": {
			timeoutBoundsHang + "/payment", func(e *plumbline.Evidence) {
				for i := range e.Exchanges {
					if x := &e.Exchanges[i]; x.Wire == "payment" && x.FaultKind == plumbline.FaultHang {
						x.Ended += 2 * time.Second
					}
				}
			}, plumbline.Fail, "stayed open",
		},
		"slow after an outage": {
			recoversAfterOutage + "/payment", observationsOf("outage/payment", phaseRecovery, "createOrder", slower(300*time.Millisecond)), plumbline.Fail, "75th percentile was 305ms",
		},
		"slow after an outage, and so is the harness": {
			recoversAfterOutage + "/payment", observationsOf("outage/payment", phaseRecovery, "createOrder", func(o *plumbline.Observation) {
				o.Sent += 60 * time.Millisecond
				o.Latency += 360 * time.Millisecond
			}), plumbline.Inconclusive, "the harness itself sent a request",
		},
		"an open breaker that makes requests wait": {
			breakerOpens + "/payment", observationsOf("outage/payment", phaseDown, "createOrder", slower(300*time.Millisecond)), plumbline.Fail, "took 303ms to be answered",
		},
		"attempts go on after the answer": {
			retryBounded + "/payment", func(e *plumbline.Evidence) {
				for _, x := range slices.Clone(e.Exchanges) {
					if x.Wire == "payment" && x.FaultKind == plumbline.FaultStatus && x.Attempt == 1 {
						x.Began += 5 * time.Second
						x.Ended += 5 * time.Second
						e.Exchanges = append(e.Exchanges, x)
					}
				}
			}, plumbline.Fail, "went on trying payment",
		},
		"a target that crashes": {
			faultMatrix + "/payment", observationsOf("probes/", probeGarbage, "createOrder", func(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorRefused }),
			plumbline.Fail, "createOrder under garbage (healthy requests beside got no answer: refused",
		},
		"a wrong answer with status 200": {
			faultMatrix + "/payment", observationsOf("probes/", probeTruncate, faultedStream("payment", "createOrder"), func(o *plumbline.Observation) {
				o.Status, o.Marks = 201, []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "price is missing"}}
			}), plumbline.Fail, "a 201 that breaks the document ×3",
		},
		"a clean error that shows internals is another claim": {
			faultMatrix + "/payment", observationsOf("probes/", probeUnavailable, faultedStream("payment", "createOrder"), func(o *plumbline.Observation) {
				o.Marks = []plumbline.Mark{{Kind: plumbline.MarkLeak, Message: "stack trace"}}
			}), plumbline.Pass, "clean ×10",
		},
		"a fault that missed one operation": {
			criticalFailsClean + "/inventory", func(e *plumbline.Evidence) {
				for i := range e.Exchanges {
					if x := &e.Exchanges[i]; x.Wire == "inventory" && x.FaultKind == plumbline.FaultResetBefore {
						x.Fault, x.FaultKind = "", ""
					}
				}
			}, plumbline.Inconclusive, "the fault of probes/inventory-payment-recs/reset hit 0 requests",
		},
		"neighbours that fail": {
			bulkheadIsolates + "/payment", observationsOf("outage/payment", phaseHang, "getProduct", answers503), plumbline.Fail, "that do not need it failed",
		},
		"neighbours that never worked": {
			bulkheadIsolates + "/payment", observationsOf("outage/payment", phaseBaseline, "getProduct", answers503), plumbline.Inconclusive, "neighbouring requests",
		},
		"a liveness check that calls a dependency": {
			livenessIndependent + "/inventory", func(e *plumbline.Evidence) {
				observationsOf("outage/inventory", phaseHang, pollName, func(o *plumbline.Observation) { o.Latency = time.Second })(e)
			}, plumbline.Fail, "while inventory hung",
		},
		"a liveness check that is slow for another reason": {
			livenessIndependent + "/inventory", observationsOf("probes/", probeHang, pollName, slower(time.Second)), plumbline.Pass, "polls while inventory failed and hung",
		},
		"one slow poll": {
			livenessIndependent + "/store", func(e *plumbline.Evidence) {
				n := 0
				observationsOf("outage/store", phaseDown, pollName, func(o *plumbline.Observation) {
					if n++; n == 5 {
						o.Latency = 700 * time.Millisecond
					}
				})(e)
			}, plumbline.Pass, "1 of them other than 200",
		},
		"a breaker that is still open": {
			breakerCloses + "/payment", func(e *plumbline.Evidence) {
				e.Exchanges = slices.DeleteFunc(e.Exchanges, func(x plumbline.Exchange) bool {
					return x.Wire == "payment" && x.Fault == "" && inPhase(e, x, "outage/payment", phaseRecovery)
				})
			}, plumbline.Fail, "after a pause of 3.5s they were back",
		},
		"requests that repeat with other keys": {
			retryOnlySafe + "/payment", func(e *plumbline.Evidence) {
				for i := range e.Exchanges {
					if x := &e.Exchanges[i]; x.FaultKind == plumbline.FaultLostResponse {
						x.Key += "-" + x.Began.String()
					}
				}
			}, plumbline.Fail, "without an idempotency key",
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := *right
			e.Observations, e.Exchanges = slices.Clone(right.Observations), slices.Clone(right.Exchanges)
			c.change(&e)
			for _, claim := range p.Claims {
				if claim.ID != c.claim {
					continue
				}
				v := catalogue[claim.Function].Judge(d, claim, &e)
				if v.Outcome != c.want || !strings.Contains(v.Statement, c.says) {
					t.Errorf("%s %s: %s; want %s with %q", v.Outcome, v.Reason, v.Statement, c.want, c.says)
				}
				return
			}
			t.Fatalf("no claim %s", c.claim)
		})
	}
}

func inPhase(e *plumbline.Evidence, x plumbline.Exchange, experiment, phase string) bool {
	m, _ := e.Phase(experiment, phase)
	return x.Began >= m.Began && x.Began <= m.Ended
}

// Short open times with bursts of trial calls are a breaker at work as well.
func TestOpennessKnowsBurstsOfTrialCalls(t *testing.T) {
	requests := func(calls func(i int) int) []trial {
		var out []trial
		for i := range 300 {
			due := time.Duration(i) * 100 * time.Millisecond
			x := trial{seen: plumbline.Observation{Due: due, Sent: due}}
			for range calls(i) {
				x.calls = append(x.calls, plumbline.Exchange{Began: due})
			}
			out = append(out, x)
		}
		return out
	}
	base := requests(func(int) int { return 1 })
	for name, c := range map[string]struct {
		calls func(i int) int
		shut  bool
	}{
		"never a call":             {func(int) int { return 0 }, true},
		"ten trials every 5 s":     {func(i int) int { return map[bool]int{true: 1}[i%50 < 10] }, true},
		"every other request":      {func(i int) int { return i % 2 }, false},
		"every third, no gaps":     {func(i int) int { return map[bool]int{true: 1}[i%3 == 0] }, false},
		"throttled to one in ten":  {func(i int) int { return map[bool]int{true: 1}[i%12 == 0] }, true},
		"open at first, then not":  {func(i int) int { return map[bool]int{true: 1}[i > 200] }, false},
		"all, and all tried again": {func(int) int { return 3 }, false},
	} {
		if got := opennessOf(base, requests(c.calls)); got.shut() != c.shut {
			t.Errorf("%s: shut is %v: %.2f calls each, %.2f of the time quiet", name, got.shut(), got.each(), got.quiet)
		}
	}
}

func TestReplaysOfTheClientAreNoAttempts(t *testing.T) {
	reset := func(at time.Duration) plumbline.Exchange {
		return plumbline.Exchange{Began: at, Ended: at + time.Millisecond, Closed: plumbline.ClosedByFault}
	}
	ms := time.Millisecond
	if n := withoutReplays([]plumbline.Exchange{reset(0), reset(2 * ms), reset(4 * ms), reset(100 * ms), reset(102 * ms)}); n != 2 {
		t.Errorf("%d attempts, want 2", n)
	}
	answered := reset(0)
	answered.Status, answered.Closed = 503, ""
	if n := withoutReplays([]plumbline.Exchange{answered, reset(2 * ms)}); n != 2 {
		t.Errorf("%d attempts after an answer, want 2", n)
	}
}

func TestMatrixAndWiresOfARun(t *testing.T) {
	d := stocked()
	p, e := played(t, d, "optional-is-critical", 1, false)
	bad := 0
	for _, c := range matrixCells(d, p, e) {
		if c.Outcome == plumbline.CellBad {
			bad++
			if c.Dependency != "recs" {
				t.Errorf("bad cell %+v", c)
			}
		}
		if c.Outcome == plumbline.CellUnproven || c.Statuses == "" || c.Slowest <= 0 {
			t.Errorf("cell %+v", c)
		}
	}
	if bad != 10 {
		t.Errorf("%d bad cells, want the 10 of recs", bad)
	}
	want := map[string]string{
		"inventory getProduct": "critical", "inventory createOrder": "critical", "payment createOrder": "critical", "recs getProduct": "critical",
		"store createOrder": "critical", "store getOrder": "unknown", "store listOrders": "critical",
	}
	for _, u := range measuredWires(d, p, e) {
		key := u.Dependency + " " + u.Operation
		if want[key] != u.Needed {
			t.Errorf("%s is %s, want %q", key, u.Needed, want[key])
		}
		if u.Wire == plumbline.WireHTTP && u.Calls != 1 {
			t.Errorf("%s: %v calls", key, u.Calls)
		}
		delete(want, key)
	}
	if len(want) > 0 {
		t.Errorf("not measured: %v", want)
	}
	if got := matrixCells(d, plumbline.Plan{}, e); got != nil {
		t.Errorf("cells of a plan that breaks nothing: %v", got)
	}
}

func TestSkipsOfTheResilienceGroupSayWhatUnlocksThem(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*plumbline.Design)
		function string
		subject  string
		reason   plumbline.Reason
	}{
		"no breaker":              {func(d *plumbline.Design) { d.Dependencies[1].Breaker = nil }, breakerOpens, "payment", plumbline.ReasonNotDeclared},
		"no retry":                {func(d *plumbline.Design) { d.Dependencies[1].Retry = nil }, retryJitter, "payment", plumbline.ReasonNotDeclared},
		"no class":                {func(d *plumbline.Design) { d.Dependencies[1].Class = "" }, dependencyMap, "payment", plumbline.ReasonNotDeclared},
		"no bulkhead":             {func(*plumbline.Design) {}, bulkheadIsolates, "inventory", plumbline.ReasonNotDeclared},
		"no neighbour":            {func(d *plumbline.Design) { d.Dependencies[1].Operations = nil }, bulkheadIsolates, "payment", plumbline.ReasonNotApplicable},
		"only creations, reads":   {func(d *plumbline.Design) { d.Mode = plumbline.ModeObserve }, recoversAfterOutage, "payment", plumbline.ReasonUnsafe},
		"TCP":                     {func(*plumbline.Design) {}, retryBounded, "store", plumbline.ReasonNotApplicable},
		"no liveness":             {func(d *plumbline.Design) { d.Liveness = "" }, livenessIndependent, "", plumbline.ReasonNotDeclared},
		"liveness not in the API": {func(d *plumbline.Design) { d.Liveness = "/alive" }, livenessIndependent, "", plumbline.ReasonNotApplicable},
		"no propagation":          {func(d *plumbline.Design) { d.Propagation = plumbline.PropagationNone }, breakerOpens, "payment", plumbline.ReasonNotApplicable},
		"no dependency":           {func(d *plumbline.Design) { d.Dependencies = nil }, faultMatrix, "", plumbline.ReasonNeedsWire},
	} {
		d := stocked()
		c.change(&d)
		p, err := Draw(d, resilience(), 7)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Skips, func(s plumbline.Skip) bool { return s.Function == c.function && s.Subject == c.subject })
		if i < 0 || p.Skips[i].Reason != c.reason || p.Skips[i].Unlock == "" || p.Skips[i].Detail == "" {
			t.Errorf("%s: %s of %q: skips %+v", name, c.function, c.subject, p.Skips)
		}
	}
}
