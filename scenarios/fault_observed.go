package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const faultObserved = "harness/fault-observed"

// faultLeast is the least number of hits that proves a fault in one
// experiment. Functions whose criterion needs more ask for more themselves.
const faultLeast = 3

func init() {
	register(plumbline.Function{
		ID:    faultObserved,
		Title: "Every injected fault was delivered",
		Doc: `Method: the wire counts, for each lease of a fault, the exchanges (on a TCP wire the connections) that it hit.
Criterion: in every experiment that breaks the dependency its faults hit at least 3 times together, and none could not be injected.
Guard: it never accuses the target. A claim whose experiment was not hit at all is inconclusive. Hits are counted request by request, so that one kept-alive connection cannot stand for twenty requests. Where everything hangs at once one dependency keeps requests from the next: whether enough hung is for resilience/health-fast to say.`,
		Standard: "the vacuity rule: no proof of stimulus, no verdict",
		Informs:  true,
		Order:    12,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			if len(d.Dependencies) == 0 {
				return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(faultObserved)}}
			}
			var p plumbline.Proposal
			for _, dep := range d.Dependencies {
				p.Claims = append(p.Claims, plumbline.Claim{
					ID: faultObserved + "/" + dep.Name, Function: faultObserved, Dependency: dep.Name, Basis: plumbline.BasisDeclared, Source: dep.Source,
					Statement: "the faults on the wire to " + dep.Name + " hit the traffic of this run",
				})
			}
			return p
		},
		Judge: judgeFaults,
	})
}

func judgeFaults(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	perExperiment := faultsOn(e, c.Dependency)
	if len(perExperiment) == 0 {
		return inconclusive(plumbline.ReasonFaultNotDelivered, "no fault was injected on the wire to %s", c.Dependency)
	}
	hits, leases := 0, 0
	var missed, refused []string
	for _, x := range perExperiment {
		hits += x.hits
		leases += x.leases
		if x.leases == x.refused {
			refused = append(refused, x.experiment)
		} else if x.hits < faultLeast && !allAway(x.experiment) {
			missed = append(missed, x.experiment)
		}
	}
	f := figure{float64(hits), faultLeast, "hits", hits}
	switch {
	case len(refused) > 0:
		v := inconclusive(plumbline.ReasonUnsupported, "the wire to %s could not be broken as wanted in %s", c.Dependency, strings.Join(refused, ", "))
		v.Measured, v.Allowed, v.Unit = f.measured, f.allowed, f.unit
		return v
	case len(missed) > 0:
		v := inconclusive(plumbline.ReasonFaultNotDelivered, "%s hit %s times in all, but fewer than %d times in %s", plural(leases, "fault"), plural(hits, "exchange"), faultLeast, strings.Join(missed, ", "))
		v.Measured, v.Allowed, v.Unit = f.measured, f.allowed, f.unit
		return v
	}
	return pass(f, "%s on the wire to %s hit %s", plural(leases, "fault"), c.Dependency, plural(hits, "exchange"))
}

// allAway says whether an experiment takes all dependencies away at once: who
// is refused by the first that is asked may ask no other.
func allAway(experiment string) bool { return experiment == stuckAll || experiment == deployStart }

// A delivery is what became of the faults on one dependency in one experiment.
type delivery struct {
	experiment string
	leases     int
	refused    int // leases that could not be injected
	hits       int
}

// faultsOn counts the hits on a dependency, experiment by experiment in order
// of their names.
func faultsOn(e *plumbline.Evidence, dependency string) []delivery {
	byExperiment := map[string]*delivery{}
	for _, l := range leasesOf(e) {
		if l.Fault.Dependency != dependency || l.Fault.Kind.OfDeployment() {
			continue
		}
		x, ok := byExperiment[l.Experiment]
		if !ok {
			x = &delivery{experiment: l.Experiment}
			byExperiment[l.Experiment] = x
		}
		x.leases++
		x.hits += l.Hits
		if l.refused {
			x.refused++
		}
	}
	out := make([]delivery, 0, len(byExperiment))
	for _, x := range byExperiment {
		out = append(out, *x)
	}
	slices.SortFunc(out, func(a, b delivery) int { return strings.Compare(a.experiment, b.experiment) })
	return out
}

// A lease is a fault with all that was recorded of it.
type lease struct {
	plumbline.Injection      // the last record
	refused             bool // it never took hold
}

// leasesOf folds the records of each lease into one, in the order in which
// they were first recorded. A fault is recorded when it takes hold and again
// when it heals; one that could not be injected is recorded once, with its
// error.
func leasesOf(e *plumbline.Evidence) []lease {
	var out []lease
	at := map[string]int{}
	for _, in := range e.Injections {
		i, known := at[in.Lease]
		if known && in.Lease != "" {
			out[i].Injection = in
			continue
		}
		at[in.Lease] = len(out)
		out = append(out, lease{Injection: in, refused: in.Unsupported || (in.Error != "" && in.Healed == 0 && in.Hits == 0)})
	}
	return out
}
