package runners

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// oneAtATime is a phase of two broken calls with two healthy ones before each.
func oneAtATime() plumbline.Plan {
	return plumbline.Plan{Experiments: []plumbline.Experiment{{ID: "serial/payment", Kind: plumbline.KindContract, Phases: []plumbline.Phase{{
		Name: "hang", Role: plumbline.RoleFault, Serial: &plumbline.Serial{Wire: "payment", Idle: 4 * time.Second},
		Calls:  []plumbline.Call{{Name: "with", Repeat: 4}, {Name: "without", Repeat: 2}},
		Faults: []plumbline.Fault{{Dependency: "payment", Kind: plumbline.FaultHang, Scope: plumbline.ScopeAll, Streams: []string{"without"}}},
	}}}}}
}

// Faults are in force for the one call that they name, and that waits until the wire
// has been idle. The fake takes a second to inject, to call and to heal, and its
// exchange ends when the fault heals.
func TestCallsOneAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		got, err := r.carry(t.Context(), t, oneAtATime())
		if err != nil {
			t.Error(err)
		}
		want := []string{
			"1ns run began",
			"1s with in serial/payment/hang: 200",
			"2s with in serial/payment/hang: 200",
			"7s hang of payment from 7s to 0s, 0 hits",
			"9s hang of payment from 7s to 9s, 3 hits",
			"9s without in serial/payment/hang: 200",
			"10s with in serial/payment/hang: 200",
			"11s with in serial/payment/hang: 200",
			"9s exchange on payment",
			"16s hang of payment from 16s to 0s, 0 hits",
			"18s hang of payment from 16s to 18s, 3 hits",
			"18s without in serial/payment/hang: 200",
			"18s exchange on payment",
			"18s phase serial/payment/hang from 0s to 18s, complete: true",
		}
		if d := cmp.Diff(want, got[:min(len(got), len(want))]); d != "" {
			t.Errorf("the journal (-want +got):\n%s", d)
		}
		for _, o := range r.Journal.Evidence().Observations {
			if alone := o.Stream == "without"; alone != (o.Alone == 4*time.Second) {
				t.Errorf("%s was made after %s without traffic", o.Stream, o.Alone)
			}
		}
	})
}

// On a wire that is never idle no call is made, and the phase is doubted.
func TestNoCallOnAWireThatIsBusy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		over := make(chan struct{})
		go func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
				case <-over:
					return
				}
				r.wires.mu.Lock()
				r.wires.seen = append(r.wires.seen, plumbline.Exchange{Wire: "payment", Ended: time.Since(r.wires.began)})
				r.wires.mu.Unlock()
			}
		}()
		_, err := r.carry(t.Context(), t, oneAtATime())
		close(over)
		if err != nil {
			t.Error(err)
		}
		e := r.Journal.Evidence()
		if slices.ContainsFunc(e.Observations, func(o plumbline.Observation) bool { return o.Stream == "without" }) || len(e.Injections) > 0 {
			t.Error("a call was made, or a fault injected, on a wire that others use")
		}
		if len(e.Doubts) != 1 || e.Doubts[0].Reason != plumbline.ReasonNoise || !strings.Contains(e.Doubts[0].Detail, "before 2 of 2 calls") {
			t.Errorf("doubts: %+v", e.Doubts)
		}
	})
}
