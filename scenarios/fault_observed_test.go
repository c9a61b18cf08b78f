package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// Where everything hangs at once a dependency that is called after another one is
// never reached: that is no fault that was missed.
func TestWhatIsNeverReachedWhereAllHangsIsNotMissed(t *testing.T) {
	t.Parallel()
	in := func(experiment string, hits int) plumbline.Injection {
		return plumbline.Injection{Lease: experiment, Experiment: experiment, Fault: plumbline.Fault{Dependency: "payment", Kind: plumbline.FaultHang}, Began: 1, Healed: 2, Hits: hits}
	}
	for want, e := range map[plumbline.Outcome]*plumbline.Evidence{
		plumbline.Pass:         {Injections: []plumbline.Injection{in("probes/payment", 20), in(stuckAll, 0), in(deployStart, 0)}},
		plumbline.Inconclusive: {Injections: []plumbline.Injection{in("probes/payment", 0), in(stuckAll, 0)}},
	} {
		if v := judgeFaults(plumbline.Design{}, plumbline.Claim{Dependency: "payment"}, e); v.Outcome != want {
			t.Errorf("%s (%s), want %s", v.Outcome, v.Statement, want)
		}
	}
}
