package scenarios

import "github.com/plumbline-dev/plumbline"

const noMetastability = "overload/no-metastability"

func init() {
	register(plumbline.Function{
		ID:    noMetastability,
		Title: "A short burst does not bring the deployment down for good",
		Doc: `Method: 60 % of the knee is wanted by clients as real ones are: each gives up after twice the latency that is promised (1 s when none is), and tries up to three times, with pauses of random length that double from 100 ms. Into that comes a burst of twice the knee for 6 s; what is wanted afterwards is as before, for 40 s.
Criterion: within 30 s and from then on, in every five seconds at least 95 % of the clients get what they want (the one-sided 95 % bound of the share accuses).
Guard: nothing is judged when the clients did not get it before the burst, when 95 % of the burst were answered well, or when the generator fell behind. Retries stay below load.overload: three times 60 % of the knee is less than its double. A failure has to come again after a rest. Clients that do not try again would not see the defect: without them an unbounded queue empties by itself.`,
		Standard: "Metastable failures in distributed systems (Bronson et al., HotOS 2021); Metastable failures in the wild (Huang et al., OSDI 2022)",
		Mutants:  []string{"metastable-retry-storm"},
		Order:    41,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planOverload(d, noMetastability, "with clients that try again, the deployment comes back from a short burst by itself")
		},
		Judge: func(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return judgeTwice(d, e, overloadStorm, judgeStorm)
		},
	})
}

func judgeStorm(o *onslaught) plumbline.Verdict {
	before, after := o.phases[phaseCalm], o.phases[phaseThen]
	if !before.healthy() || after == nil {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "60 %% of the knee did not go well before the burst")
	}
	if v := o.easy(o.phases[phaseTrigger]); v != nil {
		return *v
	}
	tried := int64(0)
	for _, x := range after.series {
		tried += x.Attempts
	}
	const limit = 30
	second, ok := after.back(backShare, 0)
	figures := figure{float64(second), limit, "s", int(after.total)}
	if ok && second <= limit {
		return pass(figures, "%d s after a burst of twice the knee the clients got what they wanted again; they made %d attempts for %d requests", second, tried, after.total)
	}
	figures.measured = float64(len(after.seconds))
	v := fail(figures, "a burst of %s was over, and in the %d s after it only %d of %d clients got what they wanted, of a load that was carried before; they made %d attempts",
		readable(triggerTime), len(after.seconds), after.good, after.total, tried)
	v.Remedy = "bound the queue, drop what nobody waits for any more, and let clients retry within a budget"
	return v
}
