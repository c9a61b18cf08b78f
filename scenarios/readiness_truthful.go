package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const readinessTruthful = "resilience/readiness-truthful"

// How readiness is polled and judged.
const (
	readyName    = "readiness polls"
	readyRate    = 4.0
	readyDefault = 15 * time.Second // after a loss
	readyBack    = 30 * time.Second // after its end
	readyMore    = 2 * time.Second  // that a loss lasts beyond the bound
	readyLeast   = 4                // polls after a bound
	readyChanges = 4                // between ready and not: the loss, its end, and one flap
)

func init() {
	register(plumbline.Function{
		ID:    readinessTruthful,
		Title: "Readiness follows the declared policy and comes back",
		Doc: `Method: the readiness path is polled four times a second before, during and after an outage of each dependency; where readiness is declared to reflect the dependency, the outage lasts two seconds longer than the bound.
Criterion: of a dependency that it reflects: no poll later than the bound (declared; else 15 s) after the loss is answered 2xx, and from 30 s after its end, or from the declared recovery on, if that is sooner, all are. Of any other: it stays 2xx throughout; one poll in ten may differ. In no case does it change more than four times.
Guard: only where a policy is declared, for both are practised. The path has to answer 2xx before the outage, and the outage has to be delivered. One poll beyond a bound may differ, for it may meet the moment of change. Caches of probe results are allowed for by the bound.`,
		Standard: "Kubernetes, Configure Liveness, Readiness and Startup Probes",
		Mutants:  []string{"readiness-lies"},
		Order:    61,
		Plan:     planReadiness,
		Judge:    judgeReadiness,
	})
}

func planReadiness(d plumbline.Design) plumbline.Proposal {
	if d.Readiness == nil && len(d.Dependencies) > 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{Reason: plumbline.ReasonNotDeclared, Detail: "no policy of readiness is declared", Unlock: "readiness: {path, reflects}"}}}
	}
	if _, ok := readinessOf(d); !ok && len(d.Dependencies) > 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Reason: plumbline.ReasonNotApplicable, Detail: "no valid request is known for GET " + d.Readiness.Path,
			Unlock: "the readiness path without parameters in the OpenAPI document",
		}}}
	}
	return perDependency(d, readinessTruthful, func(dep plumbline.Dependency) plumbline.Proposal {
		o, ok := outageOf(d, dep)
		if !ok {
			return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
		}
		says := fmt.Sprintf("GET %s stays 2xx without %s", d.Readiness.Path, dep.Name)
		if reflected(d, dep) {
			says = fmt.Sprintf("GET %s says so within %s when %s is lost, and when it is back", d.Readiness.Path, readable(readyWithin(d)), dep.Name)
		}
		return claimed(plumbline.BasisDeclared, d.Readiness.Source, says, o.experiment())
	})
}

// readinessOf finds the operation behind the declared readiness path.
func readinessOf(d plumbline.Design) (plumbline.Operation, bool) {
	if d.Readiness == nil {
		return plumbline.Operation{}, false
	}
	return healthAt(d, d.Readiness.Path)
}

// reflected says whether readiness is declared to tell the loss of a dependency.
func reflected(d plumbline.Design, dep plumbline.Dependency) bool {
	return d.Readiness != nil && slices.Contains(d.Readiness.Reflects, dep.Name)
}

// readyWithin is how soon readiness has to tell a loss.
func readyWithin(d plumbline.Design) time.Duration {
	if d.Readiness == nil || d.Readiness.Within == 0 {
		return readyDefault
	}
	return d.Readiness.Within
}

func judgeReadiness(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).sight(phaseBaseline, phaseDown, phaseRecovery)
	if !ok {
		return v
	}
	base, down, back := s.readiness(phaseBaseline), s.readiness(phaseDown), s.readiness(phaseRecovery)
	if !steadyState(base) {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before the outage %d of %d polls of %s were answered 2xx (%s)",
			len(base)-len(unsuccessful(base)), len(base), d.Readiness.Path, answers(observed(base)))
	}
	if v, ok = s.lost(phaseDown); !ok {
		return v
	}
	if n := changesOf(slices.Concat(base, down, back)); n > readyChanges {
		v := fail(figure{float64(n), readyChanges, "changes", len(base) + len(down) + len(back)}, "readiness changed %d times in one outage of %s", n, s.dep.Name)
		v.Evidence, v.Remedy = s.exhibits(unsuccessful(append(down, back...))), readyRemedy
		return v
	}
	if reflected(d, s.dep) {
		return s.judgeReflects(down, back)
	}
	bad := unsuccessful(slices.Concat(down, back))
	n := len(down) + len(back)
	f := figure{float64(len(bad)), float64(n / 10), "polls", n}
	switch {
	case len(down) < pollsNeeded:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s during the outage, %d are needed", plural(len(down), "poll"), pollsNeeded)
	case len(bad) >= pollsBad && 10*len(bad) > len(down):
		v := fail(f, "%d of %d polls were not answered 2xx for the loss of %s, which readiness is not declared to reflect (%s)", len(bad), n, s.dep.Name, answers(observed(bad)))
		v.Evidence, v.Remedy = s.exhibits(bad), readyRemedy
		return v
	}
	return pass(f, "%d of %d polls were answered 2xx during and after the loss of %s", n-len(bad), n, s.dep.Name)
}

const readyRemedy = "let readiness tell what the declared dependencies do to it and nothing else, or declare what it reflects"

// readiness are the polls of the readiness path in a phase.
func (s outageSight) readiness(phase string) []trial {
	return s.wire.trials(s.e, s.o.id(), phase, readyName)
}

// judgeReflects judges the polls of a loss that readiness has to tell.
func (s outageSight) judgeReflects(down, back []trial) plumbline.Verdict {
	lost, _ := s.e.Phase(s.o.id(), phaseDown)
	healed, _ := s.e.Phase(s.o.id(), phaseRecovery)
	bound := readyWithin(s.d)
	late, again := dueFrom(down, lost.Began+bound), dueFrom(back, healed.Began+min(readyBack, s.o.recoversIn()))
	if min(len(late), len(again)) < readyLeast {
		return inconclusive(plumbline.ReasonTooFewSamples, "%d polls later than %s after the loss and %d after the bound of recovery, %d of each are needed", len(late), readable(bound), len(again), readyLeast)
	}
	still, not := len(late)-len(unsuccessful(late)), unsuccessful(again)
	switch {
	case still > 1:
		v := fail(figure{float64(still), 0, "polls", len(late)}, "%d of %d polls later than %s after the loss of %s were answered 2xx (%s)", still, len(late), readable(bound), s.dep.Name, answers(observed(late)))
		v.Evidence, v.Remedy = s.exhibits(late), readyRemedy
		return v
	case len(not) > 1:
		v := fail(figure{float64(len(not)), 0, "polls", len(again)}, "%d of %d polls were still not answered 2xx %s after %s was back (%s)",
			len(not), len(again), readable(min(readyBack, s.o.recoversIn())), s.dep.Name, answers(observed(not)))
		v.Evidence, v.Remedy = s.exhibits(not), readyRemedy
		return v
	}
	return pass(figure{float64(still), 0, "polls", len(late) + len(again)}, "%d of %d polls later than %s after the loss of %s were not answered 2xx, and %d of %d after it was back were",
		len(late)-still, len(late), readable(bound), s.dep.Name, len(again)-len(not), len(again))
}

// changesOf counts how often answers turn from ready to not and back.
func changesOf(polls []trial) int {
	n := 0
	for i := 1; i < len(polls); i++ {
		if succeeded(polls[i].seen) != succeeded(polls[i-1].seen) {
			n++
		}
	}
	return n
}
