package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// What a move may cost is a request for each connection; more than that, and for
// longer than the bound, is what accuses.
func TestAMoveMayCostEachConnectionOneRequest(t *testing.T) {
	t.Parallel()
	const store = reconnectsAfterMove + "/store"
	late := func(n int, do func(*plumbline.Observation)) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			m, _ := e.Phase("outage/store", phaseMoved)
			for i := range e.Observations {
				o := &e.Observations[i]
				if o.Experiment == "outage/store" && o.Phase == phaseMoved && o.Stream != pollName && o.Stream != readyName && o.Due > m.Ended-time.Second && n > 0 {
					do(o)
					n--
				}
			}
		}
	}
	failed := func(o *plumbline.Observation) { o.Status = 503 }
	slow := func(o *plumbline.Observation) { o.Latency += 700 * time.Millisecond }
	injections := func(do func(*plumbline.Injection)) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			for i := range e.Injections {
				if e.Injections[i].Fault.Kind == plumbline.FaultMoved {
					do(&e.Injections[i])
				}
			}
		}
	}
	nothingNew := func(e *plumbline.Evidence) {
		for i := range e.Exchanges {
			e.Exchanges[i].Wire = "another"
		}
	}
	for name, c := range map[string]struct {
		change  func(*plumbline.Evidence)
		outcome plumbline.Outcome
	}{
		"nothing":              {func(*plumbline.Evidence) {}, plumbline.Pass},
		"two late failures":    {late(2, failed), plumbline.Pass},
		"half a dozen of them": {late(6, failed), plumbline.Fail},
		"with as many connections": {func(e *plumbline.Evidence) {
			late(6, failed)(e)
			injections(func(in *plumbline.Injection) { in.Hits = 6 })(e)
		}, plumbline.Inconclusive},
		"slow at the end":                  {late(100, slow), plumbline.Fail},
		"one slow request":                 {late(1, slow), plumbline.Pass},
		"slow, and sent late":              {late(100, func(o *plumbline.Observation) { slow(o); o.Sent += 60 * time.Millisecond }), plumbline.Inconclusive},
		"nothing connects":                 {nothingNew, plumbline.Inconclusive},
		"no connection was open":           {injections(func(in *plumbline.Injection) { in.Hits = 0 }), plumbline.Inconclusive},
		"a wire that cannot do it":         {injections(func(in *plumbline.Injection) { in.Hits, in.Unsupported, in.Error = 0, true, "unsupported" }), plumbline.Skipped},
		"it did not work before the fault": {on("outage/store", "listOrders", status(503)), plumbline.Inconclusive},
	} {
		d, claim, e := simulated(store, noDefect)(t)
		c.change(e)
		if v := catalogue[reconnectsAfterMove].Judge(d, claim, e); v.Outcome != c.outcome {
			t.Errorf("%s: %s %s: %s", name, v.Outcome, v.Reason, v.Statement)
		}
	}
}

// The bound is what is declared, and never less than what one try and another
// may take.
func TestTheBoundOfAMove(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		recovery, timeout, bound time.Duration
		moves                    bool
	}{
		"declared":            {10 * time.Second, time.Second, 10 * time.Second, true},
		"nothing is declared": {0, 0, 30 * time.Second, true},
		"a long timeout":      {10 * time.Second, 20 * time.Second, 40 * time.Second, true},
		"too long to be seen": {10 * time.Second, 45 * time.Second, 90 * time.Second, false},
	} {
		d := stocked()
		d.Recovery, d.Dependencies[3].Timeout = c.recovery, c.timeout
		o, ok := outageOf(d, d.Dependencies[3])
		if got := o.foundIn(); !ok || got != c.bound || o.moves() != c.moves {
			t.Errorf("%s: %s, %v", name, got, o.moves())
		}
		p := catalogue[reconnectsAfterMove].Plan(d)
		if claimed := len(p.Claims) == 1; claimed != c.moves {
			t.Errorf("%s: %+v", name, p.Claims)
		}
	}
}
