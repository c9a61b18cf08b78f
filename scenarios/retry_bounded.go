package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const retryBounded = "resilience/retry-bounded"

// How retries are counted.
const (
	retryLeast = 30                    // requests
	retryAfter = 2 * time.Second       // beyond the answer to the client
	replayGap  = 10 * time.Millisecond // within which a reset call is sent again by the HTTP client itself
)

func init() {
	register(plumbline.Function{
		ID:    retryBounded,
		Title: "The attempts that one request makes are capped",
		Doc: `Method: every call of at least thirty requests is answered 503, and of ten it is reset; the attempts are counted on the wire, by trace id, method and path, beside healthy requests that show how many calls are made without a failure.
Criterion: at most the declared number of attempts (3 when none is declared), for every request; and none of them later than two seconds after the client had its answer.
Guard: what a healthy request calls more than once may be tried as often each time. After a reset, HTTP clients replay a call on their own, at once and on another connection (net/http does on every stale one): repeats within 10 ms of a reset are not counted. What begins only after the answer, such as a compensation, is not counted. The sidecar of a mesh adds its own attempts: what counts is what the dependency gets.`,
		Standard: "Beyer et al., Site Reliability Engineering, ch. 21: per-request retry budget",
		Mutants:  []string{"unbounded-retry"},
		Order:    51,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryBounded, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				if !ok {
					return skip
				}
				statement := fmt.Sprintf("one request tries %s at most %d times", dep.Name, attemptsOf(dep))
				if dep.Retry != nil && dep.Retry.MaxAttempts > 0 {
					return claimed(plumbline.BasisDeclared, dep.Retry.Source, statement, x)
				}
				return claimed(plumbline.BasisDefault, dep.Source, statement+", as nothing else is declared", x)
			})
		},
		Judge: judgeBounded,
	})
}

// An attempted is a request with the attempts that it made.
type attempted struct {
	trial
	attempts, allowed int
	straggler         time.Duration // how long after the answer an attempt was still made; zero when none was
}

func judgeBounded(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	var all []attempted
	for _, look := range []struct {
		probe string
		least int
	}{{probeUnavailable, retryLeast}, {probeReset, hitsLeast}} {
		p, ok := probeOf(d, q.dep, look.probe)
		if !ok {
			return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
		}
		if v, ok := q.ran(p.experiment, p.phase); !ok {
			return v
		}
		seen := q.attempted(p)
		if excess, _ := exceeding(append(all, seen...)); len(seen) < look.least && len(excess) == 0 {
			return q.undelivered(p.experiment, p.phase, len(seen), look.least)
		}
		all = append(all, seen...)
	}
	return q.judgeAttempts(all)
}

func (q inquiry) judgeAttempts(all []attempted) plumbline.Verdict {
	most := 0
	tries := map[string]int{}
	for _, a := range all {
		most = max(most, a.attempts)
		tries[plural(a.attempts, "attempt")]++
	}
	f := figure{float64(most), float64(attemptsOf(q.dep)), "attempts", len(all)}
	excess, late := exceeding(all)
	remedy := fmt.Sprintf("give up after %d attempts, or when the request has been answered", attemptsOf(q.dep))
	switch {
	case len(excess) > 0:
		v := fail(f, "%d of %d requests tried %s more often than %d times, up to %d times", len(excess), len(all), q.dep.Name, attemptsOf(q.dep), most)
		v.Evidence, v.Remedy = q.exhibits(excess), remedy
		return v
	case len(late) > 0:
		v := fail(f, "%d of %d requests went on trying %s more than %s after their answer", len(late), len(all), q.dep.Name, readable(retryAfter))
		v.Evidence, v.Remedy = q.exhibits(late), remedy
		return v
	}
	return pass(f, "%d requests that %s failed: %s", len(all), q.dep.Name, counted(tries))
}

// attempted counts the attempts of the requests that a probe hit.
func (q inquiry) attempted(p probe) []attempted {
	var out []attempted
	for _, op := range p.uses {
		usual := 1
		for _, t := range q.beside(p, op.ID) {
			usual = max(usual, t.attempts())
		}
		for _, t := range q.faulted(p, op.ID) {
			a := attempted{trial: t, allowed: usual * attemptsOf(q.dep)}
			a.count()
			out = append(out, a)
		}
	}
	return out
}

// count looks at each thing that was attempted before the client had its
// answer.
func (a *attempted) count() {
	done := a.seen.Done()
	for key, before := range a.repeats(done) {
		a.attempts = max(a.attempts, withoutReplays(before))
		for _, x := range a.calls {
			if (callKey{x.Method, x.Path}) == key && x.Began > done+retryAfter {
				a.straggler = max(a.straggler, x.Began-done)
			}
		}
	}
}

// withoutReplays counts attempts, but for those that the HTTP client makes on
// its own when a connection breaks.
func withoutReplays(calls []plumbline.Exchange) int {
	n := 0
	for i, x := range calls {
		if i > 0 && calls[i-1].Status == 0 && calls[i-1].Closed != plumbline.ClosedByCaller && x.Began-calls[i-1].Ended < replayGap {
			continue
		}
		n++
	}
	return n
}

// exceeding parts off the requests that tried too often and those that went on
// trying.
func exceeding(all []attempted) (often, late []trial) {
	for _, a := range all {
		if a.attempts > a.allowed {
			often = append(often, a.trial)
		}
		if a.straggler > 0 {
			late = append(late, a.trial)
		}
	}
	return often, late
}
