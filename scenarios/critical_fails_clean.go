package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const criticalFailsClean = "resilience/critical-fails-clean"

func init() {
	register(plumbline.Function{
		ID:    criticalFailsClean,
		Title: "The loss of a critical dependency gives a quick and clean error",
		Doc: `Method: for at least ten requests of each operation that uses the dependency its calls are answered 503, for ten they are refused, for ten they are reset, each beside healthy requests of the same operation.
Criterion: a status by which the operation may say so (declared, else 502, 503, 504 or 429) or 2xx, within the declared timeout (5 s without one) and the tolerance of max(100 ms, 10 %). Of each kind one answer in ten may be another, and one in five late.
Guard: what healthy requests took meanwhile (at most 500 ms) is added to the bound; a request that is late because it made more attempts than declared is the business of resilience/retry-bounded; the shape of the error is that of contract/response-conforms and what it shows that of security/error-leak.`,
		Standard: "RFC 9110 §15.6.3 to §15.6.5; RFC 6585 §4",
		Mutants:  []string{"dependency-error-is-500"},
		Order:    57,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, criticalFailsClean, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Class != plumbline.ClassCritical {
					return unclaimed(dep, plumbline.ReasonNotDeclared, dep.Name+" is not declared critical", "dependencies."+dep.Name+".class: critical")
				}
				x, skip, ok := breaking(d, dep)
				if !ok {
					return skip
				}
				basis := plumbline.BasisDefault
				if len(dep.Accept) > 0 {
					basis = plumbline.BasisDeclared
				}
				return claimed(basis, dep.Source, fmt.Sprintf("without %s its operations answer %s within %s", dep.Name, statuses(cleanStatuses(dep)), readable(timeoutOf(dep))), x)
			})
		},
		Judge: judgeCritical,
	})
}

func judgeCritical(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	all, v, ok := q.gradeProbes([]string{probeUnavailable, probeRefuse, probeReset}, hitsLeast, q.timeLimit)
	bad, worst, requests := accused(all)
	f := figure{float64(badAnswers(all)), 0, "bad answers", requests}
	switch {
	case len(bad) > 0:
		v := fail(f, "without %s %d of %d requests were answered neither cleanly nor in time: %s", q.dep.Name, badAnswers(bad), requests, reasons(bad))
		v.Evidence = q.exhibits(worst)
		v.Remedy = fmt.Sprintf("map every failure of %s to %s", q.dep.Name, statuses(cleanStatuses(q.dep)))
		return v
	case !ok:
		return v
	}
	return pass(f, "%d requests that could not have %s were answered %s, the slowest after %s", requests, q.dep.Name, answersOf(all), readable(slowestOf(all)))
}

// timeLimit is how long an operation may take when the dependency fails.
func (q inquiry) timeLimit(p probe, operation string) time.Duration {
	wait := timeoutOf(q.dep)
	return q.allowed(p, operation, wait+tolerance(wait))
}
