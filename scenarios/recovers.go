package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const overloadRecovers = "overload/recovers"

// backShare of the requests are answered well by a deployment that is back.
const backShare = 0.95

func init() {
	register(plumbline.Function{
		ID:    overloadRecovers,
		Title: "After an overload the deployment is as before",
		Doc: `Method: half of the knee is sent before the overload of overload/goodput-plateau, and again after it for 30 s.
Criterion: within the declared recovery time (30 s when none is declared, and never more than 25 s can be seen) and from then on there are no five seconds in which fewer than 95 % of the requests are answered well, in at most half as much again as the 99th percentile before, or 20 ms more (by the one-sided 95 % bound of the share).
Guard: nothing is judged when half of the knee did not go well beforehand, when 95 % of the highest rate were answered well, or when the generator fell behind. A failure has to come again in a second overload, after a rest.`,
		Standard: "Metastable failures in distributed systems (Bronson et al., HotOS 2021)",
		Mutants:  []string{"scarred-by-overload"},
		Order:    45,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planOverload(d, overloadRecovers, "when an overload is over, the deployment is back to what it was")
		},
		Judge: func(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			if v := stuck(d, e); v != nil {
				return *v
			}
			return judgeTwice(d, e, overloadBurst, judgeRecovery)
		},
	})
}

// stuck is the verdict when the deployment did not even come back from a step
// of the search for its capacity; nil when it did.
func stuck(d plumbline.Design, e *plumbline.Evidence) *plumbline.Verdict {
	c, ok := climbOf(d, e)
	if !ok {
		return nil
	}
	_, _ = c.next(e.Ended)
	low, high := c.bounds()
	if c.reason != plumbline.ReasonBaselineUnhealthy || low == nil || high == nil {
		return nil
	}
	last := c.rungs[len(c.rungs)-1]
	v := fail(figure{(coolTries * searchCool).Seconds(), (coolTries * searchCool).Seconds(), "s", int(last.requests)},
		"after %.4g requests a second, which were too much, the deployment was not back within %s at %.4g a second, where it had carried %.4g: %s",
		high.rate, coolTries*searchCool, last.rate, low.rate, last.why)
	v.Remedy = "find what the overload leaves behind: pools that are not given back, queues that are not emptied, limits that are not raised again"
	v.Evidence = c.exhibits(level{rungs: []rung{last}})
	return &v
}

func judgeRecovery(o *onslaught) plumbline.Verdict {
	before, after := o.phases[phaseCalm], o.phases[phaseThen]
	if !before.healthy() || after == nil {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "half of the knee did not go well before the overload")
	}
	if _, top := o.top(); top != nil {
		if v := o.easy(top); v != nil {
			return *v
		}
	}
	limit := 25 * time.Second
	if o.d.Recovery > 0 {
		limit = min(limit, o.d.Recovery)
	}
	usual := quantileOfBins(before.accepted, 0.99).value
	allowed := max(usual*3/2, usual+20*time.Millisecond)
	second, ok := after.back(backShare, allowed)
	figures := figure{float64(second), limit.Seconds(), "s", int(after.total)}
	switch {
	case ok && time.Duration(second)*time.Second <= limit:
		return pass(figures, "%d s after the overload the deployment was as before: %s, 99th percentile before %s", second, after.since(second, allowed), readable(usual))
	case ok:
		v := fail(figures, "the deployment was as before only %d s after the overload, %s are allowed", second, readable(limit))
		v.Remedy = "find what it still works off: queues, pools, caches"
		return v
	}
	figures.measured = float64(len(after.seconds))
	v := fail(figures, "in the %d s after the overload the deployment did not come back: %s, 99th percentile before %s", len(after.seconds), after.since(0, allowed), readable(usual))
	v.Remedy = "find what the overload leaves behind: pools that are not given back, queues that are not emptied, limits that are not raised again"
	return v
}

// since tells how a wave went from a second on.
func (w *wave) since(second int, allowed time.Duration) string {
	n, good, slow := int64(0), int64(0), int64(0)
	for _, b := range w.seconds[second:] {
		n, good, slow = n+b.n, good+b.good, slow+b.slow(allowed)
	}
	return fmt.Sprintf("%d of %d requests were answered well, %d of those or more later than %s", good, n, slow, readable(allowed))
}
