package runners

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
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

// An environment that does what it is asked for, and cannot mend it.
type stuck struct{ mended int }

func (s *stuck) Upset(context.Context, plumbline.Fault) (int, func(context.Context) error, error) {
	return 1, func(context.Context) error { s.mended++; return errors.New("the zone stays lost") }, nil
}

// What is upset and cannot be mended is known to be in force: the run answers
// for it with its exit code.
func TestWhatCannotBeMendedIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		env := &stuck{}
		r.Wires = WireSet{Driver: faults.Deployment{Environments: []faults.Environment{env}}}
		x := outage(plumbline.KindLoad)
		x.Phases[1].Faults = []plumbline.Fault{{Dependency: "failover", Kind: plumbline.FaultHook}}
		if _, err := r.carry(t.Context(), t, plumbline.Plan{Experiments: []plumbline.Experiment{x}}); err != nil {
			t.Fatal(err)
		}
		all := r.Journal.Evidence().Injections
		if len(all) == 0 {
			t.Fatal("nothing was injected")
		}
		last := all[len(all)-1]
		if env.mended == 0 || last.Hits != 1 || last.Healed != 0 || !strings.Contains(last.Error, "the zone stays lost") {
			t.Errorf("mended %d times: %+v", env.mended, last)
		}
	})
}
