package scenarios

import (
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A disturbance tells which requests of a run met a fault, so that what the
// target answers in need is not held against its everyday manners.
type disturbance struct {
	hit      map[string]bool          // trace ids of which an exchange was hit
	upstream map[string]bool          // trace ids of which an exchange brought a 5xx of the dependency itself
	since    map[string]time.Duration // experiment to the moment at which its first fault took hold
}

func disturbanceOf(e *plumbline.Evidence) disturbance {
	d := disturbance{map[string]bool{}, map[string]bool{}, map[string]time.Duration{}}
	for _, x := range e.Exchanges {
		if x.Trace == "" {
			continue
		}
		if x.Fault != "" {
			d.hit[x.Trace] = true
		}
		if x.Upstream >= 500 {
			d.upstream[x.Trace] = true
		}
	}
	for _, l := range leasesOf(e) {
		if began, ok := d.since[l.Experiment]; !l.refused && (!ok || l.Began < began) {
			d.since[l.Experiment] = l.Began
		}
	}
	return d
}

// hitBy says whether a fault hit an exchange of the request.
func (d disturbance) hitBy(o plumbline.Observation) bool { return o.Trace != "" && d.hit[o.Trace] }

// near says whether the request ended after a fault of its experiment had
// taken hold: a breaker may be open long after the fault has healed.
func (d disturbance) near(o plumbline.Observation) bool {
	since, ok := d.since[o.Experiment]
	return d.hitBy(o) || (ok && o.Done() >= since)
}

// excused says whether a dependency, not the target, may be to blame for a
// failed answer.
func (d disturbance) excused(o plumbline.Observation) bool {
	return d.near(o) || (o.Trace != "" && d.upstream[o.Trace])
}

// spoilt says whether the request was sent in order to be refused, with
// invalid input or with credentials that do not hold.
func spoilt(op plumbline.Operation, o plumbline.Observation) bool {
	if strings.HasPrefix(o.Experiment, "auth/") || o.Experiment == contractStatus || o.Kind != plumbline.CaseValid {
		return true
	}
	for _, c := range op.Invalid {
		if c.ID == o.Case {
			return true
		}
	}
	return false
}
