package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const timeoutBoundsHang = "resilience/timeout-bounds-hang"

// hangGrace is what a hung call may outlast the bound on the answer by.
const hangGrace = time.Second

func init() {
	register(plumbline.Function{
		ID:    timeoutBoundsHang,
		Title: "A hung dependency cannot hang the target",
		Doc: `Method: for at least ten requests of each operation that uses the dependency its calls are accepted, read and never answered, beside healthy requests of the same operation. On a TCP wire all traffic hangs for four seconds.
Criterion: each answer comes within the declared timeout, retries included (5 s when none is declared), plus max(100 ms, 10 %); and the target gives the hung call up within the same bound and one second. One request in five, and always one, may be beyond it, for a machine that stops for a moment makes a few late and a missing timeout all.
Guard: what healthy requests took meanwhile (at most 500 ms) is added to the bound. What the answer is does not matter here. A gateway that answers in place of the target does not help it: the call stays open and is seen to. A request that is late because it made more attempts than declared is the business of resilience/retry-bounded.`,
		Standard: "AWS Builders' Library, Timeouts, retries, and backoff with jitter; Beyer et al., Site Reliability Engineering, ch. 22",
		Mutants:  []string{"no-timeout"},
		Order:    53,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, timeoutBoundsHang, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := breaking(d, dep)
				if !ok {
					return skip
				}
				basis := plumbline.BasisDefault
				if dep.Timeout > 0 {
					basis = plumbline.BasisDeclared
				}
				return claimed(basis, dep.Source, fmt.Sprintf("when %s hangs, every request is answered, and its call given up, within %s", dep.Name, within(dep)), x)
			})
		},
		Judge: judgeHang,
	})
}

func judgeHang(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	all, v, ok := q.gradeProbes([]string{probeHang}, hitsLeast, q.timeLimit)
	var late []gradedProbe
	requests, excused := 0, 0
	for _, g := range all {
		requests += g.n
		excused += g.excused
		if len(g.late) > g.mostLate() {
			late = append(late, g)
		}
	}
	bound := timeoutOf(q.dep)
	f := figure{milliseconds(slowestOf(all)), milliseconds(bound + tolerance(bound)), "ms", requests}
	switch {
	case len(late) > 0:
		v := fail(f, "%d of %d requests whose call to %s hung were not answered within %s: %s, the slowest after %s",
			len(late[0].late), late[0].n, q.dep.Name, within(q.dep), late[0].operation, readable(late[0].slowest))
		v.Evidence, v.Remedy = q.exhibits(late[0].late), hangRemedy(q.dep)
		return v
	case !ok:
		return v
	case excused == requests:
		return inconclusive(plumbline.ReasonUndecided, "all %d requests were late for having made more attempts than declared: see %s", requests, retryBounded)
	}
	if open := q.leftOpen(); len(open) > 0 {
		f.measured = milliseconds(longestCall(open))
		v := fail(f, "%d of %d requests were answered, but their calls to %s stayed open, up to %s, beyond %s",
			len(open), requests, q.dep.Name, readable(longestCall(open)), within(q.dep))
		v.Evidence, v.Remedy = q.exhibits(open), hangRemedy(q.dep)
		return v
	}
	return pass(f, "%d requests whose call to %s hung were answered %s, the slowest after %s", requests, q.dep.Name, answersOf(all), readable(slowestOf(all)))
}

func hangRemedy(dep plumbline.Dependency) string {
	return "give the client of " + dep.Name + " a deadline for the whole call, retries included, and cancel the call when it has passed"
}

// leftOpen are the hung requests that left a call open beyond the bound, if
// there are more of them than chance would have it.
func (q inquiry) leftOpen() []trial {
	p, ok := probeOf(q.d, q.dep, probeHang)
	if !ok || !p.scoped {
		return nil
	}
	var open []trial
	all := 0
	for _, op := range p.uses {
		limit := q.timeLimit(p, op.ID) + hangGrace
		for _, t := range q.faulted(p, op.ID) {
			all++
			if longestCall([]trial{t}) > limit {
				open = append(open, t)
			}
		}
	}
	if len(open) <= max(1, all/5) {
		return nil
	}
	return open
}

// longestCall is the longest hung call of the requests.
func longestCall(trials []trial) time.Duration {
	longest := time.Duration(0)
	for _, t := range trials {
		for _, x := range t.calls {
			if x.FaultKind == plumbline.FaultHang {
				longest = max(longest, x.Ended-x.Began)
			}
		}
	}
	return longest
}
