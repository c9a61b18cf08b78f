package scenarios

import (
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	specimens[fanoutParallel] = specimen{
		kept:     spoil(fanoutParallel+"/payment", fannedOut(120*time.Millisecond, true), parallel),
		broken:   spoil(fanoutParallel+"/payment", fannedOut(240*time.Millisecond, false), parallel),
		unproven: spoil(fanoutParallel+"/payment", nil, parallel),
	}
}

// parallel declares that recs is called at the same time as payment.
func parallel(d *plumbline.Design) {
	d.Dependencies[0].Parallel = []string{"recs"}
	d.Dependencies[1].Operations = []string{"createOrder", "getProduct"}
}

// fannedOut makes the answers of the slow phase late by so much, and lets the
// calls of each request overlap or follow each other.
func fannedOut(added time.Duration, together bool) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		for i := range e.Observations {
			o := &e.Observations[i]
			if o.Experiment != "fanout/payment" || o.Phase != fanoutSlow {
				continue
			}
			o.Latency += added
			for k := range e.Exchanges {
				x := &e.Exchanges[k]
				if x.Trace != o.Trace || x.Wire == "store" {
					continue
				}
				x.Fault, x.FaultKind, x.Ended = "lease", plumbline.FaultDelay, x.Began+120*time.Millisecond
				if !together && x.Wire == "recs" {
					x.Began, x.Ended = x.Began+125*time.Millisecond, x.Ended+125*time.Millisecond
				}
			}
		}
	}
}

func TestFanout(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		want   plumbline.Outcome
	}{
		"at once":              {fannedOut(150*time.Millisecond, true), plumbline.Pass},
		"late, yet together":   {fannedOut(240*time.Millisecond, true), plumbline.Inconclusive},
		"neither one nor two":  {fannedOut(180*time.Millisecond, false), plumbline.Inconclusive},
		"one after the other":  {fannedOut(205*time.Millisecond, false), plumbline.Fail},
		"the delay never came": {nil, plumbline.Inconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			d, claim, e := spoil(fanoutParallel+"/payment", c.change, parallel)(t)
			if v := judgeFanout(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s: %s", v.Outcome, v.Statement)
			}
		})
	}
}
