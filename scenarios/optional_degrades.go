package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const optionalDegrades = "resilience/optional-degrades"

func init() {
	register(plumbline.Function{
		ID:    optionalDegrades,
		Title: "The loss of an optional dependency degrades, it does not fail",
		Doc: `Method: for at least ten requests of each operation that uses the dependency its calls are answered 503, for ten they hang, for ten they are refused, each beside healthy requests of the same operation; and in an outage the dependency is lost for every request.
Criterion: 2xx that matches the document, within the latency objective of the operation, but never sooner than the declared timeout allows; without an objective, within the timeout and one second. Of each kind one answer in ten may be another, and one in five late; under the outage at least 95 % are 2xx.
Guard: a degraded body may leave optional fields out, so matching the document is enough; what healthy requests took meanwhile (at most 500 ms) is added to the bound. A request counts only when its call was seen to be hit.`,
		Standard: "Beyer et al., Site Reliability Engineering, ch. 22: graceful degradation",
		Mutants:  []string{"optional-is-critical", "shared-breaker"},
		Order:    54,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, optionalDegrades, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Class != plumbline.ClassOptional {
					return unclaimed(dep, plumbline.ReasonNotDeclared, dep.Name+" is not declared optional", "dependencies."+dep.Name+".class: optional")
				}
				x, skip, ok := breaking(d, dep)
				if !ok {
					return skip
				}
				o, _ := outageOf(d, dep)
				p := claimed(plumbline.BasisDeclared, dep.Source, "without "+dep.Name+" every operation still answers 2xx, in time", x)
				if out := o.experiment(); out.ID != x.ID {
					p.Experiments = append(p.Experiments, out)
				}
				return p
			})
		},
		Judge: judgeOptional,
	})
}

func judgeOptional(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	all, v, ok := q.gradeProbes([]string{probeUnavailable, probeHang, probeRefuse}, hitsLeast, q.optionalLimit)
	bad, worst, requests := accused(all)
	f := figure{float64(badAnswers(all)), 0, "bad answers", requests}
	if len(bad) > 0 {
		v := fail(f, "without the optional %s %d of %d requests failed: %s", q.dep.Name, badAnswers(bad), requests, reasons(bad))
		v.Evidence, v.Remedy = q.exhibits(worst), degradeRemedy
		return v
	}
	if !ok {
		return v
	}
	s, v, ok := q.sight(phaseBaseline, phaseDown)
	if !ok {
		return v
	}
	down := s.using(phaseDown)
	if v, ok := s.lost(phaseDown); !ok {
		return v
	}
	if v, ok := s.usual(s.using(phaseBaseline)); !ok {
		return v
	}
	if lost := unsuccessful(down); len(lost) >= 3 && 20*len(lost) > len(down) {
		f = figure{float64(len(lost)), float64(len(down) / 20), "bad answers", len(down)}
		v := fail(f, "while the optional %s was lost for all, %d of %d requests failed (%s)", q.dep.Name, len(lost), len(down), answers(observed(lost)))
		v.Evidence, v.Remedy = q.exhibits(lost), degradeRemedy
		return v
	}
	return pass(f, "%d requests that could not have %s were answered %s, the slowest after %s; %d more during its outage: %s",
		requests, q.dep.Name, answersOf(all), readable(slowestOf(all)), len(down), answers(observed(down)))
}

const degradeRemedy = "catch the failure where the dependency is called and answer without what it would have added"

// optionalLimit is how long an operation may take without an optional
// dependency.
func (q inquiry) optionalLimit(p probe, operation string) time.Duration {
	wait := timeoutOf(q.dep)
	limit := wait + time.Second
	if slo, ok := declaredLatency(q.d, operation); ok {
		limit = max(slo, wait+tolerance(wait))
	}
	return q.allowed(p, operation, limit)
}

// declaredLatency is the strictest latency objective of the operation.
func declaredLatency(d plumbline.Design, operation string) (time.Duration, bool) {
	for _, o := range d.Objectives {
		if o.During == "" && o.Within > 0 && o.Covers(operation) {
			return latencyLimit(d, operation), true
		}
	}
	return 0, false
}

// statuses writes a list of statuses for a reader.
func statuses(list []int) string {
	s := ""
	for i, x := range list {
		switch {
		case i == 0:
		case i == len(list)-1:
			s += " or "
		default:
			s += ", "
		}
		s += fmt.Sprint(x)
	}
	return s
}
