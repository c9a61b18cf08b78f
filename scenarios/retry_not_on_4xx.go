package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const retryNotOn4xx = "resilience/retry-not-on-4xx"

func init() {
	register(plumbline.Function{
		ID:    retryNotOn4xx,
		Title: "Permanent errors are not retried",
		Doc: `Method: the calls of three requests each are answered 400 and 404; the attempts are counted on the wire by method, path and body, beside healthy requests that show how many equal calls are made without a failure.
Criterion: no more equal calls than a healthy request makes. It is told as likely and does not gate: no MUST forbids it.
Guard: only where a retry is declared; statuses that are declared to be retried are left out. What is called elsewhere after a 404, a second place to look, is no repeat. Two requests have to repeat a call to accuse.`,
		Standard: "RFC 9110 §15.5",
		Mutants:  []string{"retry-on-404"},
		Level:    plumbline.LevelLikely,
		Order:    54,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryNotOn4xx, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := retriedProbes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDefault, dep.Retry.Source, "what "+dep.Name+" refuses with 400 or 404 is not sent again", x)
			})
		},
		Judge: judgeNotOn4xx,
	})
}

// permanentTwice is how many requests have to repeat what was refused.
const permanentTwice = 2

func judgeNotOn4xx(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	var hit, again []trial
	most := 0
	for _, look := range []struct {
		probe  string
		status int
	}{{probeFourHundred, 400}, {probeMissing, 404}} {
		p, ok := probeOf(d, q.dep, look.probe)
		if !ok || declaredRetried(q.dep, look.status) {
			continue
		}
		if v, ok := q.ran(p.experiment, p.phase); !ok {
			return v
		}
		got, repeated, n := q.repeatedOf(p)
		if len(got) < onceEnough {
			return q.undelivered(p.experiment, p.phase, len(got), onceEnough)
		}
		hit, again, most = append(hit, got...), append(again, repeated...), max(most, n)
	}
	f := figure{float64(most), 0, "repeats", len(hit)}
	switch {
	case len(hit) == 0:
		return skipped(plumbline.ReasonNotApplicable, "%s is declared to be tried again after 400 and 404, or no request can be kept from it", q.dep.Name)
	case len(again) >= permanentTwice:
		inOrder(again)
		v := fail(f, "%d of %d requests sent again what %s had refused with 400 or 404, up to %s", len(again), len(hit), q.dep.Name, plural(most, "time"))
		v.Evidence, v.Remedy = q.exhibits(again), "retry what may pass – 408, 425, 429, 502, 503, 504, and connections that break – and nothing else"
		return v
	case len(again) > 0:
		return inconclusive(plumbline.ReasonUndecided, "one of %d requests sent again what %s had refused", len(hit), q.dep.Name)
	}
	return pass(f, "%d requests that %s refused with 400 or 404 did not send their calls again", len(hit), q.dep.Name)
}

func declaredRetried(dep plumbline.Dependency, status int) bool {
	return dep.Retry != nil && slices.Contains(dep.Retry.On, status)
}

// repeatedOf are the requests that a probe hit, those of them that repeated a
// call, and the most repeats that one of them made.
func (q inquiry) repeatedOf(p probe) (hit, again []trial, most int) {
	for _, op := range p.uses {
		usual := 1
		for _, t := range q.beside(p, op.ID) {
			usual = max(usual, t.attempts())
		}
		for _, t := range q.faulted(p, op.ID) {
			hit = append(hit, t)
			if n := t.attempts() - usual; n > 0 {
				again = append(again, t)
				most = max(most, n)
			}
		}
	}
	return hit, again, most
}
