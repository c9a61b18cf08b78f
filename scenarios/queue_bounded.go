package scenarios

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

const queueBounded = "overload/queue-bounded"

func init() {
	register(plumbline.Function{
		ID:    queueBounded,
		Title: "Under a steady overload the wait does not grow without limit",
		Doc: `Method: 1.3 times the lowest rate that broke an objective for 30 s, by clients who wait for up to 10 s. The median latency of good answers is looked at from second to second, the first third left out.
Criterion: it does not grow beyond chance (Mann–Kendall), fewer than half of the requests time out, and it is at most twice the latency that is promised, or 1 s.
Guard: a deployment that is scaled out meanwhile grows quicker, which is fine. With hardly a request that was not answered well it was no overload, and a wait that does not grow proves nothing: inconclusive. Nothing is judged when the generator fell behind, and a failure has to come again.`,
		Standard: "Little's law; Gettys and Nichols, Bufferbloat (2011)",
		Mutants:  []string{"no-load-shedding"},
		Order:    46,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planOverload(d, queueBounded, "while more is asked for than the deployment carries, the wait stays bounded")
		},
		Judge: func(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return judgeTwice(d, e, overloadQueue, judgeQueue)
		},
	})
}

func judgeQueue(o *onslaught) plumbline.Verdict {
	w := o.phases[phaseExcess]
	if w == nil || w.good == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "nothing was answered well under the overload")
	}
	q, _ := questOf(o.d)
	limit := excess{q, o.knee, o.knee}.longest()
	all := medians(&plumbline.Evidence{Series: w.series})
	late := all[len(all)/3:]
	slope, grows := growing(late)
	usual := time.Duration(middle(late) * float64(time.Second))
	figures := figure{milliseconds(usual), milliseconds(limit), "ms", int(w.total)}
	switch {
	case grows:
		v := fail(figures, "at %.4g requests a second the median latency grew by %s every second, up to %s; %d of %d timed out", w.rate, readable(time.Duration(slope*float64(time.Second))), readable(time.Duration(all[len(all)-1]*float64(time.Second))), w.timeouts, w.total)
		v.Remedy = "bound the queue: what waits longer than its client does is work for nobody"
		return v
	case 2*w.timeouts > w.total, usual > limit:
		v := fail(figures, "at %.4g requests a second the median latency of what was answered was %s, and %d of %d timed out", w.rate, readable(usual), w.timeouts, w.total)
		v.Remedy = "bound the queue: what waits longer than its client does is work for nobody"
		return v
	case 20*(w.total-w.good) < w.total:
		return inconclusive(plumbline.ReasonNoPositiveControl, "at %.4g requests a second %d of %d were answered well: that was no overload", w.rate, w.good, w.total)
	}
	return pass(figures, "at %.4g requests a second the median latency stayed at %s; %d of %d were refused", w.rate, readable(usual), w.shed, w.total)
}
