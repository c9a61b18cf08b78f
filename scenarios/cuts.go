package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// cutsOf is the time of an experiment that no verdict on objectives counts, and
// what single ones leave out of the target load beyond that.
func cutsOf(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence, x plumbline.Experiment) []plumbline.Cut {
	var out []plumbline.Cut
	for _, m := range e.Phases {
		if m.Experiment == x.ID && m.Phase == warmUp {
			out = append(out, plumbline.Cut{Began: m.Began, Ended: m.Ended})
		}
	}
	if x.ID != loadTarget {
		return out
	}
	for _, c := range p.Claims {
		cut, ok := cutOf(d, c, e)
		same := func(y plumbline.Cut) bool {
			return len(y.Objectives) > 0 && y.Began == cut.Began && y.Ended == cut.Ended
		}
		switch i := slices.IndexFunc(out, same); {
		case !ok:
		case i >= 0:
			out[i].Objectives = append(out[i].Objectives, cut.Objectives...)
		default:
			out = append(out, cut)
		}
	}
	return out
}

// cutOf is the time that the verdict on an objective leaves out, or is in doubt
// for, as the service still warmed up in it.
func cutOf(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) (plumbline.Cut, bool) {
	o, phase, ok := objectiveOf(d, c)
	if !ok || o.Throughput > 0 {
		return plumbline.Cut{}, false
	}
	_, s := judgedBy(o, ofPhase(e, phase))
	w := s.warming
	return plumbline.Cut{Began: time.Duration(w.began) * time.Second, Ended: time.Duration(w.began+w.seconds) * time.Second, Objectives: []string{o.Name}}, w.seconds > 0
}
