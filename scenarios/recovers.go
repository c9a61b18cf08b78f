package scenarios

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

const overloadRecovers = "overload/recovers"

func init() {
	register(plumbline.Function{
		ID:    overloadRecovers,
		Title: "After an overload the deployment is as before",
		Doc: `Method: half of the knee is sent before the overload of overload/goodput-plateau, and again after it for 30 s.
Criterion: within the declared recovery time (30 s when none is declared, and never more than 25 s can be seen) and from then on, in every five seconds at least 95 % of the requests are answered well, and the 99th percentile of a second is, in the middle, at most half as much again as before, or 20 ms more.
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
	usual := calm(before.seconds)
	allowed := max(usual*3/2, usual+20*time.Millisecond)
	second, ok := after.back(0.95, func(b []beat) bool { return calm(b) <= allowed })
	figures := figure{float64(second), limit.Seconds(), "s", int(after.total)}
	switch {
	case ok && time.Duration(second)*time.Second <= limit:
		return pass(figures, "%d s after the overload the deployment was as before: 99th percentile of a second %s, before %s", second, readable(calm(after.seconds[second:])), readable(usual))
	case ok:
		v := fail(figures, "the deployment was as before only %d s after the overload, %s are allowed", second, readable(limit))
		v.Remedy = "find what it still works off: queues, pools, caches"
		return v
	}
	figures.measured = float64(len(after.seconds))
	v := fail(figures, "in the %d s after the overload the deployment did not come back: %d of %d requests were answered well, 99th percentile of a second %s, before %s",
		len(after.seconds), after.good, after.total, readable(calm(after.seconds)), readable(usual))
	v.Remedy = "find what the overload leaves behind: pools that are not given back, queues that are not emptied, limits that are not raised again"
	return v
}
