package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const breakerSlow = "resilience/breaker-opens-on-slow"

func init() {
	register(plumbline.Function{
		ID:    breakerSlow,
		Title: "The circuit breaker opens for a dependency that hangs as well",
		Doc: `Method: in the outage of the dependency its calls are, in a phase of its own, accepted and never answered, under the traffic of before (twice that where a bulkhead is claimed). Two thirds of the phase are for the breaker to open: the time in which the calls that may trip it come, and outweigh those of its window that went well, and twice the declared timeout, within which they are given up. The last third is looked at.
Criterion: as for resilience/breaker-opens, at most a tenth of the usual calls for each request, or at most half of them with 60 % of the time in gaps; and the requests that made no call are answered within half of the declared timeout (99th percentile from 300 requests, 90th from 100, else 75th).
Guard: only where a breaker is declared with the calls that may trip it (min_calls), and a timeout; what it does not declare is the failure rate over 10 s. A declared breaker does not say that it counts calls which take too long: a breach is likely, and does not gate unless gates names this function. At least ten calls have to have hung; a breaker that stays closed is a breach only when before the last third as many were given up as may be needed to open it, and nine requests in ten had theirs given up in time: who never gives up is accused by resilience/timeout-bounds-hang. A breaker that does not open for failures, or had not closed again before the hang, is the business of resilience/breaker-opens and resilience/breaker-closes.`,
		Standard: "Nygard, Release It!, Circuit Breaker; resilience4j, CircuitBreaker, slowCallRateThreshold",
		Mutants:  []string{"breaker-ignores-timeouts"},
		Level:    plumbline.LevelLikely,
		Order:    57,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, breakerSlow, func(dep plumbline.Dependency) plumbline.Proposal {
				o, skip, ok := breakerOutage(d, dep)
				switch {
				case !ok:
					return skip
				case dep.Breaker.MinCalls == 0:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "how many calls may trip the breaker on "+dep.Name+" is not declared", "dependencies."+dep.Name+".breaker.min_calls")
				case dep.Timeout == 0:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "no timeout is declared on "+dep.Name+", so that no call is known to be too slow", "dependencies."+dep.Name+".timeout")
				}
				return claimed(plumbline.BasisDeclared, dep.Breaker.Source, fmt.Sprintf("when %s hangs, the breaker stops the calls to it, and requests no longer wait for it", dep.Name), o.experiment())
			})
		},
		Judge: judgeSlow,
	})
}

func judgeSlow(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck(phaseRecovery, phaseHang)
	if !ok {
		return v
	}
	if v, ok := s.couldOpen(); !ok {
		return v
	}
	base, hung := s.using(phaseBaseline), s.using(phaseHang)
	o := opennessOf(base, hung)
	f := figure{o.each() / o.usual, openShare, "ratio", len(o.requests)}
	if o.shut() && o.each() > openShare*o.usual {
		f.allowed = openShareGaps
	}
	text := fmt.Sprintf("in the last %s of the time in which %s hung %s; %.2f each before it", readable(o.length), s.dep.Name, perRequest(len(o.calls), len(o.requests)), o.usual)
	if given, needed := givenUp(hung, o), int(s.o.opening()); !o.shut() && given < needed {
		return inconclusive(plumbline.ReasonTooFewSamples, "%s that hung were given up before that, and as many as %d may be needed to open the breaker; %s", plural(given, "call"), needed, text)
	}
	if !o.shut() {
		v := fail(f, "%s", text)
		v.Evidence, v.Remedy = s.exhibits(o.requests), fmt.Sprintf("let the breaker on %s count calls that are given up, or take too long, as failures", s.dep.Name)
		return v
	}
	slow, _ := slowTurnedAway(base, o.requests)
	if limit := s.dep.Timeout / 2; slow > limit {
		v := fail(figure{milliseconds(slow), milliseconds(limit), "ms", len(o.requests)}, "%s; but the requests that made no call took %s to be answered", text, readable(slow))
		v.Evidence, v.Remedy = s.exhibits(o.requests), "let an open breaker answer at once"
		return v
	}
	return pass(f, "%s; %.0f %% of that time lay in gaps without a call", text, 100*o.quiet)
}

// couldOpen says whether the breaker works otherwise, and what hung was given up.
func (s outageSight) couldOpen() (plumbline.Verdict, bool) {
	if v, ok := s.lost(phaseHang); !ok {
		return v, false
	}
	base, back, hung := s.using(phaseBaseline), s.using(phaseRecovery), s.using(phaseHang)
	held := s.heldOn(hung)
	switch {
	case !opennessOf(base, s.using(phaseDown)).shut():
		return inconclusive(plumbline.ReasonNoPositiveControl, "the breaker on %s was not seen to open for failures, which %s judges", s.dep.Name, breakerOpens), false
	case len(back) == 0 || callsPerRequest(back[2*len(back)/3:]) < callsPerRequest(base)/2:
		return inconclusive(plumbline.ReasonNoPositiveControl, "before %s hung the breaker had not closed again, which %s judges", s.dep.Name, breakerCloses), false
	case held > len(hung)/10:
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s that hung were not given up within the declared timeout, which %s judges", plural(held, "call"), timeoutBoundsHang), false
	}
	return plumbline.Verdict{}, true
}

// givenUp counts the hung calls that had ended before the requests that are looked at.
func givenUp(hung []trial, tail openness) int {
	n := 0
	for _, t := range hung {
		for _, x := range t.calls {
			if x.FaultKind == plumbline.FaultHang && len(tail.requests) > 0 && x.Ended < tail.requests[0].seen.Due {
				n++
			}
		}
	}
	return n
}

// heldOn counts the hung calls that were not given up within the declared timeout.
func (s outageSight) heldOn(hung []trial) int {
	limit := s.dep.Timeout + tolerance(s.dep.Timeout) + noiseLimit
	n := 0
	for _, t := range hung {
		if longestCall([]trial{t}) > limit {
			n++
		}
	}
	return n
}
