package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const (
	rateLimit  = "security/rate-limit"
	limitBelow = "below"
	limitAbove = "above"
	limitAfter = "afterwards"

	limitWindows = 3                     // of each phase
	limitFlood   = 3.0                   // times the limit
	limitCalm    = 0.8                   // of it
	limitSlack   = 50 * time.Millisecond // that requests may be apart from how they were sent
	limitUnjust  = 2                     // refusals that accuse
)

func init() {
	register(plumbline.Function{
		ID:    rateLimit,
		Title: "The declared limit is enforced and recovers",
		Doc: `Method: as the caller whom a declared limit is about, its operation is asked for three windows at 0.8 of the limit, for three at three times the limit, and for three at 0.8 again, at even gaps.
Criterion: of the flood no more is let in than the limit and a tenth for each window that it can have touched, and the declared burst; what is refused is refused with 429 (another status is likely a defect). At 0.8 of the limit nothing is refused, neither before nor, once a window has passed, after the flood (after it that is likely: a service may punish).
Guard: windows may be fixed, sliding or a bucket, and begin whenever they like: the bound is that of the most generous of them. A refusal counts only where in the window before it less was asked than the limit, and where the request before it was as far away as the limit spreads them; and only where two of them agree. Nothing is judged when the flood was too thin to show that there is no limit, or when nothing was let in before it.`,
		Standard: "RFC 6585 §4; OWASP API4:2023",
		Mutants:  []string{"rate-limit-lax"},
		Order:    35,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perLimit(d, rateLimit, "the limit is enforced, and only beyond it is anything refused", limitExperiment)
		},
		Judge: judgeRateLimit,
	})
}

func limitExperiment(d plumbline.Design, l plumbline.RateLimit) plumbline.Experiment {
	o, _ := d.Operation(l.Operation)
	length := limitWindows * l.Window
	phase := func(name string, role plumbline.Role, times float64) plumbline.Phase {
		s := seeded(l.Operation, o, times*float64(l.Requests)/l.Window.Seconds(), length)
		s.Identity, s.Detail, s.Arrivals = l.Identity, true, plumbline.ArrivalsConstant
		return plumbline.Phase{Name: name, Role: role, Duration: length, Streams: []plumbline.Stream{s}}
	}
	return plumbline.Experiment{
		ID: "security/limit/" + l.Name, Title: "more is asked than the limit " + l.Name + " allows", Kind: plumbline.KindContract,
		Phases: []plumbline.Phase{phase(limitBelow, plumbline.RoleProbe, limitCalm), phase(limitAbove, plumbline.RoleProbe, limitFlood), phase(limitAfter, plumbline.RoleProbe, limitCalm)},
	}
}

func judgeRateLimit(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	l, ok := limitOf(d, strings.TrimPrefix(c.ID, rateLimit+"/"))
	if !ok {
		return broken("the design has no limit of %s", c.ID)
	}
	x := "security/limit/" + l.Name
	below, above := floodOf(l, e, x, limitBelow, nil), floodOf(l, e, x, limitAbove, nil)
	f := figure{float64(len(above.admitted)), above.allowed(), "requests let in", above.sent()}
	told := fmt.Sprintf("of %s in %s, %d were let in, where the limit of %d in %s allows %.0f at most", plural(above.sent(), "request"), readable(above.span), len(above.admitted), l.Requests, readable(l.Window), above.allowed())
	switch {
	case above.sent() == 0:
		return inconclusive(plumbline.ReasonIncomplete, "nothing was asked beyond the limit")
	case len(below.admitted) == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "below the limit nothing was let in: %s", answers(below.other))
	case above.over():
		v := fail(f, "%s", told)
		v.Cause, v.Wrong, v.Remedy = "the limit "+l.Name+" is not enforced", "service", "count every request of the caller, and refuse with 429 and Retry-After what is beyond the limit"
		v.Evidence = exhibits(e, above.admitted[len(above.admitted)-1:])
		return v
	case !above.ample():
		return inconclusive(plumbline.ReasonTooFewSamples, "%s; too few were sent for more to be seen", told)
	case len(above.limited) == 0:
		v := fail(f, "%s, and the others were refused with another status than 429: %s", told, answers(above.other))
		v.Level, v.Remedy = plumbline.LevelLikely, "refuse with 429 and Retry-After (RFC 6585 §4)"
		v.Evidence = exhibits(e, above.other)
		return v
	}
	return refusedBelow(l, e, x, f, told)
}

// refusedBelow looks for refusals that the limit does not explain.
func refusedBelow(l plumbline.RateLimit, e *plumbline.Evidence, experiment string, f figure, told string) plumbline.Verdict {
	before, after := unjust(l, e, experiment, limitBelow), unjust(l, e, experiment, limitAfter)
	all := slices.Concat(before, after)
	switch {
	case len(before) >= limitUnjust:
		v := fail(figure{float64(len(before)), 0, "refusals below the limit", f.samples}, "%s at %.1f of the limit were refused with 429", plural(len(before), "request"), limitCalm)
		v.Remedy, v.Evidence = "let in what the limit allows, or declare a lower one", exhibits(e, before)
		return v
	case len(after) >= limitUnjust:
		v := fail(figure{float64(len(after)), 0, "refusals below the limit", f.samples}, "more than a window after the flood %s at %.1f of the limit were still refused with 429", plural(len(after), "request"), limitCalm)
		v.Level, v.Remedy, v.Evidence = plumbline.LevelLikely, "let the caller in again when the window is over", exhibits(e, after)
		return v
	case len(all) > 0:
		v := inconclusive(plumbline.ReasonNotReproduced, "one request below the limit was refused with 429")
		v.Evidence = exhibits(e, all)
		return v
	}
	return pass(f, "%s; at %.1f of it nothing was refused, before the flood and a window after it", told, limitCalm)
}

// unjust are the refusals of a phase that no limiter of this limit would make:
// less was asked in the window before, and not too soon after the last. What
// was asked before the experiment began is not known, so that its first window
// does not count.
func unjust(l plumbline.RateLimit, e *plumbline.Evidence, experiment, phase string) []plumbline.Observation {
	var asked []time.Duration
	for o := range e.Of(experiment, "") {
		if sentToTarget(o) {
			asked = append(asked, o.Sent)
		}
	}
	slices.Sort(asked)
	var out []plumbline.Observation
	apart := time.Duration(1.1 * float64(l.Window) / float64(l.Requests))
	for o := range e.Of(experiment, phase) {
		from := o.Sent - l.Window - limitSlack
		if o.Status != 429 || from < asked[0] {
			continue
		}
		at, _ := slices.BinarySearch(asked, o.Sent)
		since, _ := slices.BinarySearch(asked, from)
		if at-since < l.Requests && (at == 0 || o.Sent-asked[at-1] >= apart) {
			out = append(out, o)
		}
	}
	return out
}
