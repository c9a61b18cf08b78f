package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const timeoutTotal = "resilience/timeout-total-not-idle"

func init() {
	register(plumbline.Function{
		ID:    timeoutTotal,
		Title: "A trickle of bytes cannot hang the target",
		Doc: `Method: for a few requests of each operation that uses the dependency its headers come at once and its body one byte every half second, beside healthy requests of the same operation.
Criterion: each answer comes within the declared timeout, retries included (5 s when none is declared), plus max(100 ms, 10 %). One request may be beyond it, for a machine that stops for a moment makes one late and a deadline that every byte sets anew all.
Guard: what healthy requests took meanwhile is added to the bound. At least three requests of an operation have to have been hit. What the answer is does not matter here; one that is late because it made more attempts than declared is the business of resilience/retry-bounded.`,
		Standard: "AWS Builders' Library, Timeouts, retries, and backoff with jitter",
		Mutants:  []string{"idle-timeout-only"},
		Order:    53,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, timeoutTotal, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				if !ok {
					return skip
				}
				basis := plumbline.BasisDefault
				if dep.Timeout > 0 {
					basis = plumbline.BasisDeclared
				}
				return claimed(basis, dep.Source, fmt.Sprintf("when the answer of %s trickles, every request is answered within %s", dep.Name, within(dep)), x)
			})
		},
		Judge: judgeTrickle,
	})
}

func judgeTrickle(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	all, v, ok := q.gradeProbes([]string{probeDrip}, onceEnough, q.timeLimit)
	if !ok {
		return v
	}
	bound, requests := timeoutOf(q.dep), 0
	var late []gradedProbe
	for _, g := range all {
		requests += g.n
		if len(g.late) > g.mostLate() {
			late = append(late, g)
		}
	}
	f := figure{milliseconds(slowestOf(all)), milliseconds(bound + tolerance(bound)), "ms", requests}
	if len(late) > 0 {
		v := fail(f, "%d of %d requests for which the answer of %s trickled were not answered within %s: %s, the slowest after %s",
			len(late[0].late), late[0].n, q.dep.Name, within(q.dep), late[0].operation, readable(late[0].slowest))
		v.Evidence, v.Remedy = q.exhibits(late[0].late), "let the deadline count from the call on, and not from the last byte"
		return v
	}
	return pass(f, "%d requests for which the answer of %s trickled were answered %s, the slowest after %s", requests, q.dep.Name, answersOf(all), readable(slowestOf(all)))
}
