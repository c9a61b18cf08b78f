package scenarios

import (
	"math"

	"github.com/plumbline-dev/plumbline"
)

const goodputPlateau = "overload/goodput-plateau"

// plateauShare is what must be left of the best goodput at the highest rate.
const plateauShare = 0.8

func init() {
	register(plumbline.Function{
		ID:    goodputPlateau,
		Title: "Beyond its knee the deployment still does its work",
		Doc: `Method: when the search for capacity has found the knee, the mix is sent at 1, 1.5, 2 and 3 times that, 10 s each and as far as load.overload allows, by clients who give up after twice the latency that is promised (1 s when none is). Goodput is the good answers a second that a client waited for, the first two seconds of each rate left out.
Criterion: the goodput at the highest rate is at least 80 % of the best one. Both are means over seconds; the verdict needs the 95 % bound of their ratio on one side.
Guard: who refuses what is too much, quickly or not, is none the worse for it, be it the service or a gateway before it. A highest rate of which 95 % are answered well is no overload, and proves nothing: inconclusive. Nothing is judged when the generator fell behind, and a failure has to come again in a second overload, after a rest.`,
		Standard: "Site Reliability Engineering, ch. 21 and 22",
		Mutants:  []string{"goodput-collapse"},
		Order:    43,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planOverload(d, goodputPlateau, "at a multiple of what it carries, the deployment does at least 80 % of the work that it can do")
		},
		Judge: floor(func(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return judgeTwice(d, e, overloadBurst, judgePlateau)
		}),
	})
}

func judgePlateau(o *onslaught) plumbline.Verdict {
	times, top := o.top()
	best, bestError, samples := 0.0, 0.0, 0
	for _, m := range multiples() {
		w := o.phases[burstPhase(m)]
		if w == nil {
			continue
		}
		samples += int(w.total)
		if g, s := w.goodput(); g > best {
			best, bestError = g, s
		}
	}
	if top == nil || best == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "nothing was answered well at any rate of the overload")
	}
	if v := o.easy(top); v != nil {
		return *v
	}
	g, s := top.goodput()
	ratio := g / best
	margin := 1.645 * ratio * math.Hypot(s/max(g, 1e-9), bestError/best)
	if g == 0 {
		margin = 0
	}
	figures := figure{ratio, plateauShare, "ratio", samples}
	const text = "at %.3g times the knee of %.4g requests a second %.4g a second were answered well, %s of the best goodput of %.4g"
	switch {
	case ratio-margin >= plateauShare || g >= 0.98*best:
		return pass(figures, text, times, o.knee, g, percent(ratio), best)
	case ratio+margin < plateauShare:
		v := fail(figures, text, times, o.knee, g, percent(ratio), best)
		v.Remedy = "bound what is in work at a time, and refuse the rest"
		return v
	}
	return inconclusive(plumbline.ReasonUndecided, text+", give or take %s", times, o.knee, g, percent(ratio), best, percent(margin))
}
