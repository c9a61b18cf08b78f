package scenarios

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

const shedsFast = "overload/sheds-fast"

// How excess is to be refused.
const (
	shedOthers = 0.1                    // of the requests that were not answered well: not 429 or 503
	shedQuick  = 100 * time.Millisecond // 99th percentile of refusals, or a fifth of the shortest latency promised
	shedLeast  = 100                    // requests that were not answered well
)

func init() {
	register(plumbline.Function{
		ID:    shedsFast,
		Title: "What is too much is refused at once, and politely",
		Doc: `Method: of the requests at 1.5 times the knee and more (see overload/goodput-plateau), those that were not answered well are counted by what they got: a 429 or 503, a timeout, a broken connection, another error. Refusals are timed from sending.
Criterion: at least 90 % of them are 429 or 503 (exact 95 % bound), and the 99th percentile of those is at most 100 ms or a fifth of the shortest latency that is promised, whichever is more. A Retry-After is not demanded; how many carry one is told.
Guard: fewer than 100 requests that were not answered well are no overload, and nothing is judged. The rate goes no further than load.overload, so that no backlog of the kernel is taken for the deployment; the generator's own trouble is counted as neither. A failure has to come again.`,
		Standard: "RFC 6585 §4; RFC 9110 §10.2.3, §15.6.4; Site Reliability Engineering, ch. 21",
		Mutants:  []string{"no-load-shedding"},
		Order:    44,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planOverload(d, shedsFast, "requests beyond what the deployment carries are refused at once, with a 429 or 503")
		},
		Judge: func(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			return judgeTwice(d, e, overloadBurst, judgeShedding)
		},
	})
}

func judgeShedding(o *onslaught) plumbline.Verdict {
	var all wave
	for _, m := range multiples()[1:] {
		w := o.phases[burstPhase(m)]
		if w == nil {
			continue
		}
		all.shed, all.advised, all.timeouts, all.other = all.shed+w.shed, all.advised+w.advised, all.timeouts+w.timeouts, all.other+w.other
		all.refused = append(all.refused, w.refused...)
	}
	excess := all.shed + all.timeouts + all.other
	if excess < shedLeast {
		return inconclusive(plumbline.ReasonNoPositiveControl, "only %d requests were not answered well: the deployment was not overloaded", excess)
	}
	quick := shedQuick
	for _, x := range o.d.Objectives {
		if x.Within > 0 && x.Within/5 > quick {
			quick = x.Within / 5
		}
	}
	slow := quantileOfBins(mergedBins(all.refused), 0.99).value
	got := decideProportion(all.timeouts+all.other, excess, shedOthers, confident, 1)
	figures := figure{float64(all.shed) / float64(excess), 1 - shedOthers, "ratio", int(excess)}
	const text = "of %d requests that were not answered well %d were refused with a 429 or 503 (%d with Retry-After), %d timed out and %d failed otherwise; 99th percentile of the refusals %s"
	args := []any{excess, all.shed, all.advised, all.timeouts, all.other, readable(slow)}
	switch {
	case got.outcome == plumbline.Fail:
		v := fail(figures, text, args...)
		v.Remedy = "bound the queue, and answer 503 with Retry-After when it is full"
		return v
	case got.outcome == plumbline.Pass && slow > quick:
		v := fail(figure{milliseconds(slow), milliseconds(quick), "ms", int(all.shed)}, text, args...)
		v.Remedy = "refuse before the work begins, not after the wait"
		return v
	case got.outcome == plumbline.Pass:
		return pass(figures, text, args...)
	}
	return inconclusive(plumbline.ReasonUndecided, text, args...)
}
