package scenarios

import (
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const retryHonours = "resilience/retry-honours-retry-after"

// honouredShare of the time that was asked for has to pass.
const honouredShare = 0.95

func init() {
	register(plumbline.Function{
		ID:    retryHonours,
		Title: "Retry-After of a dependency is obeyed",
		Doc: `Method: the calls of three requests are answered 429 with a Retry-After of one second, and of three others 503 with one of two seconds; the gaps before further attempts at the same thing are read off the wire.
Criterion: no further attempt comes before 95 % of that time. To give up at once is right as well. It is told as likely and does not gate: RFC 9110 does not make it a MUST.
Guard: only where a retry is declared. As many equal calls as a healthy request makes are no attempts. Seconds and not a date are asked for, which needs no common clock. Two requests have to come back too soon to accuse.`,
		Standard: "RFC 9110 §10.2.3; RFC 6585 §4",
		Mutants:  []string{"retry-after-ignored"},
		Level:    plumbline.LevelLikely,
		Order:    54,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryHonours, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := retriedProbes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDefault, dep.Retry.Source, dep.Name+" is not tried again before the time that its Retry-After asks for", x)
			})
		},
		Judge: judgeHonours,
	})
}

// Hurried are the requests that were asked to wait, and those that did not.
type hurried struct {
	hit, early     []trial
	soonest, asked time.Duration // of the earliest
}

func judgeHonours(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	var h hurried
	for _, look := range []struct {
		probe string
		after time.Duration
	}{{probeThrottled, throttledFor}, {probeLater, laterBy}} {
		p, ok := probeOf(d, q.dep, look.probe)
		if !ok {
			return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
		}
		if v, ok := q.ran(p.experiment, p.phase); !ok {
			return v
		}
		if got := h.look(q, p, look.after); got < onceEnough {
			return q.undelivered(p.experiment, p.phase, got, onceEnough)
		}
	}
	f := figure{float64(len(h.early)), 0, "requests", len(h.hit)}
	switch {
	case len(h.early) >= permanentTwice:
		v := fail(f, "%d of %d requests tried %s again before the time of its Retry-After, the soonest after %s of %s",
			len(h.early), len(h.hit), q.dep.Name, readable(h.soonest), readable(h.asked))
		v.Evidence, v.Remedy = q.exhibits(h.early), "wait as long as Retry-After asks for, or give up at once when that is longer than the time that is left"
		return v
	case len(h.early) > 0:
		return inconclusive(plumbline.ReasonUndecided, "one of %d requests tried %s again before the time of its Retry-After", len(h.hit), q.dep.Name)
	}
	return pass(f, "%d requests whose calls %s answered with Retry-After did not try it again too soon", len(h.hit), q.dep.Name)
}

// look takes in the requests of one probe, and counts them.
func (h *hurried) look(q inquiry, p probe, after time.Duration) (got int) {
	for _, op := range p.uses {
		usual := 1
		for _, t := range q.beside(p, op.ID) {
			usual = max(usual, t.attempts())
		}
		for _, t := range q.faulted(p, op.ID) {
			got++
			h.hit = append(h.hit, t)
			gap, again := nextAttempt(t, usual)
			if !again || float64(gap) >= honouredShare*float64(after) {
				continue
			}
			if len(h.early) == 0 || gap < h.soonest {
				h.soonest, h.asked = gap, after
			}
			h.early = append(h.early, t)
		}
	}
	return got
}

// nextAttempt is the shortest gap between the end of a call that a fault hit
// and the next attempt at the same thing.
func nextAttempt(t trial, usual int) (gap time.Duration, again bool) {
	for _, same := range t.repeats(math.MaxInt64) {
		for i := usual; i < len(same); i++ {
			if g := same[i].Began - same[i-1].Ended; !again || g < gap {
				gap, again = g, true
			}
		}
	}
	return gap, again
}
