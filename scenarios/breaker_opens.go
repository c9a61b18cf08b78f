package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const breakerOpens = "resilience/breaker-opens"

// When a breaker counts as open.
const (
	openShare     = 0.10 // of the usual calls for each request
	openShareGaps = 0.50 // the same, when most of the time lies in gaps
	openGapShare  = 0.60
	openGapLeast  = time.Second
	openGapTimes  = 10 // mean time between requests
	fastAnswer    = 100 * time.Millisecond
)

func init() {
	register(plumbline.Function{
		ID:    breakerOpens,
		Title: "The circuit breaker stops calls to a dependency that fails",
		Doc: `Method: under steady traffic every call is answered 503, for three times the calls that may trip the declared breaker and three times as long as it stays open, a minute where no numbers are declared. The last third is looked at.
Criterion: at most a tenth of the usual calls for each request, as they were before the outage; or at most half of them, if 60 % of the time lies in gaps without a call of at least a second and ten times the time between requests, which is what an open time with bursts of trial calls looks like. The requests that made no call are answered within 100 ms, or as quickly as ever (99th percentile from 300 requests, 90th from 100, else 75th).
Guard: calls must have been made before the outage and hit during it. Throttling without a breaker passes by the ratio. What the requests are answered is the business of resilience/critical-fails-clean and resilience/optional-degrades.`,
		Standard: "Nygard, Release It!, Circuit Breaker; defaults of resilience4j, Polly and MicroProfile Fault Tolerance",
		Mutants:  []string{"breaker-never-opens"},
		Order:    56,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, breakerOpens, func(dep plumbline.Dependency) plumbline.Proposal {
				o, skip, ok := breakerOutage(d, dep)
				if !ok {
					return skip
				}
				statement := fmt.Sprintf("when %s fails, the breaker stops the calls to it", dep.Name)
				if dep.Breaker.MinCalls > 0 {
					statement = fmt.Sprintf("when %s fails, the breaker opens within %d calls and stops further ones for %s at a time", dep.Name, 3*dep.Breaker.MinCalls, readable(openFor(dep)))
				}
				return claimed(plumbline.BasisDeclared, dep.Breaker.Source, statement, o.experiment())
			})
		},
		Judge: judgeOpens,
	})
}

// breakerOutage is the outage of a dependency with a breaker, or why there is
// none.
func breakerOutage(d plumbline.Design, dep plumbline.Dependency) (outage, plumbline.Proposal, bool) {
	o, ok := outageOf(d, dep)
	switch {
	case dep.Breaker == nil:
		return o, unclaimed(dep, plumbline.ReasonNotDeclared, "no breaker is declared on "+dep.Name, "dependencies."+dep.Name+".breaker"), false
	case dep.Wire == plumbline.WireTCP:
		return o, unclaimed(dep, plumbline.ReasonNotApplicable, "calls on a TCP wire cannot be counted", "a wire of kind http to "+dep.Name), false
	case o.blind():
		return o, unclaimed(dep, plumbline.ReasonNotApplicable, "the design declares that no trace context is handed on, so that no call can be counted for its request", "propagation: w3c"), false
	case !ok:
		return o, plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}, false
	}
	return o, plumbline.Proposal{}, true
}

// An openness is how much of an outage still reached the dependency at its end.
type openness struct {
	usual    float64 // calls for each request before the outage
	requests []trial // of the last third
	calls    []time.Duration
	length   time.Duration
	quiet    float64 // share of the time that lies in gaps
}

func (o openness) each() float64 {
	if len(o.requests) == 0 {
		return 0
	}
	return float64(len(o.calls)) / float64(len(o.requests))
}

// shut says whether the breaker was open.
func (o openness) shut() bool {
	return len(o.requests) > 0 && (o.each() <= openShare*o.usual || (o.each() <= openShareGaps*o.usual && o.quiet >= openGapShare))
}

// opennessOf looks at the last third of the outage.
func opennessOf(base, down []trial) openness {
	o := openness{usual: callsPerRequest(base)}
	if len(down) < 2 {
		return o
	}
	from, last := lastThird(down)
	o.requests, o.length = dueFrom(down, from), last-from
	for _, t := range down {
		for _, x := range t.calls {
			if x.Began >= from && x.Began <= last {
				o.calls = append(o.calls, x.Began)
			}
		}
	}
	slices.Sort(o.calls)
	gap := max(openGapLeast, openGapTimes*o.length/time.Duration(len(o.requests)))
	before, quiet := from, time.Duration(0)
	for _, at := range append(slices.Clone(o.calls), last) {
		if at-before >= gap {
			quiet += at - before
		}
		before = at
	}
	o.quiet = float64(quiet) / float64(max(1, o.length))
	return o
}

// lastThird is when the last third of a phase began, and when its last request
// was due; the trials are in order.
func lastThird(trials []trial) (from, last time.Duration) {
	if len(trials) == 0 {
		return 0, 0
	}
	first := trials[0].seen.Due
	last = trials[len(trials)-1].seen.Due
	return last - (last-first)/3, last
}

func judgeOpens(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck()
	if !ok {
		return v
	}
	base, down := s.using(phaseBaseline), s.using(phaseDown)
	o := opennessOf(base, down)
	f := figure{o.each() / o.usual, openShare, "ratio", len(o.requests)}
	if o.shut() && o.each() > openShare*o.usual {
		f.allowed = openShareGaps
	}
	text := fmt.Sprintf("in the last %s of the outage %s; %.2f each before it", readable(o.length), perRequest(len(o.calls), len(o.requests)), o.usual)
	remedy := fmt.Sprintf("put a circuit breaker around the calls to %s and count their failures", s.dep.Name)
	if !o.shut() {
		v := fail(f, "%s", text)
		v.Evidence, v.Remedy = s.exhibits(o.requests), remedy
		return v
	}
	if slow, limit := slowTurnedAway(base, o.requests); slow > limit {
		v := fail(figure{milliseconds(slow), milliseconds(limit), "ms", len(o.requests)}, "%s; but the requests that made no call took %s to be answered", text, readable(slow))
		v.Evidence, v.Remedy = s.exhibits(o.requests), "let an open breaker answer at once"
		return v
	}
	return pass(f, "%s; %.0f %% of that time lay in gaps without a call", text, 100*o.quiet)
}

// slowTurnedAway is how long requests took that made no call, and how long
// they may.
func slowTurnedAway(base, tail []trial) (slow, limit time.Duration) {
	var away []trial
	for _, t := range tail {
		if len(t.calls) == 0 {
			away = append(away, t)
		}
	}
	q := lateQuantile(len(away))
	return quantileOf(times(away), q).value, max(fastAnswer, quantileOf(times(base), 0.99).value)
}

// lateQuantile is the quantile of latency that a sample can judge. A machine
// that stops for a moment slows a few requests in a row, which must not make
// up the share that is judged: the 99th percentile from 300 requests, the 90th
// from 100, else the 75th.
func lateQuantile(n int) float64 {
	switch {
	case n >= 300:
		return 0.99
	case n >= 100:
		return 0.9
	}
	return 0.75
}
