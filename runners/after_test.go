package runners

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A fault with a time takes hold while the streams run, is asked for at that
// time and healed with its phase; one whose time does not come is not taken for
// one that was.
func TestFaultsTakeHoldAtTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		x := outage(plumbline.KindLoad)
		x.Phases[1].Faults[0].After = 5 * time.Second
		x.Phases[1].Faults = append(x.Phases[1].Faults, plumbline.Fault{Dependency: "payment", Kind: plumbline.FaultHang, Scope: plumbline.ScopeAll, After: time.Hour})
		if _, err := r.carry(t.Context(), t, plumbline.Plan{Experiments: []plumbline.Experiment{x}}); err != nil {
			t.Fatal(err)
		}
		began, _ := r.Journal.Evidence().Phase(x.ID, "down")
		last := map[string]plumbline.Injection{}
		for _, in := range r.Journal.Evidence().Injections {
			last[in.Lease] = in
		}
		if len(last) != 2 {
			t.Fatalf("%+v", last)
		}
		for _, in := range last {
			switch {
			case in.Fault.After == time.Hour:
				if in.Error == "" || in.Healed != 0 || in.Hits != 0 {
					t.Errorf("it never was: %+v", in)
				}
			case in.Asked != began.Began+5*time.Second || in.Began != in.Asked+time.Second || in.Healed == 0 || in.Error != "":
				t.Errorf("phase from %s: %+v", began.Began, in)
			}
		}
	})
}
