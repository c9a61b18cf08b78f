package scenarios

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const breakerProbes = "resilience/breaker-probes-limited"

// How calls of an open breaker come.
const (
	probesDefault = 10   // calls of one burst; resilience4j's permittedNumberOfCallsInHalfOpenState
	probesApart   = 0.8  // of the declared open time, between the beginnings of two bursts
	probesGap     = 0.25 // of it, without a call, that parts two bursts
	probesBursts  = 2
)

func init() {
	register(plumbline.Function{
		ID:    breakerProbes,
		Title: "Half-open lets only a few calls through",
		Doc: `Method: in the outage in which every call is answered 503, the calls that are made after the breaker has opened – a request made none – are put together as bursts, which a quarter of the declared open time without a call parts.
Criterion: no burst has more than ten calls for each instance of the service (half_open_calls where it is declared), and the bursts begin at least 0.8 times the open time apart.
Guard: only where a breaker is declared with its open time. The calls of a quarter of the open time after it has opened are those that were under way. Instances are told apart by the addresses that call. A breaker that was not seen open, or only one burst, proves nothing: resilience/breaker-opens judges that. While failures are as quick as here a breaker that lets any number through may close up again after the first: what it would do with slow ones is not shown.`,
		Standard: "resilience4j, CircuitBreaker, permittedNumberOfCallsInHalfOpenState",
		Mutants:  []string{"breaker-opens-briefly"},
		Order:    57,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, breakerProbes, func(dep plumbline.Dependency) plumbline.Proposal {
				o, skip, ok := breakerOutage(d, dep)
				switch {
				case !ok:
					return skip
				case dep.Breaker.OpenFor == 0:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "how long the breaker on "+dep.Name+" stays open is not declared", "dependencies."+dep.Name+".breaker.open_for")
				}
				return claimed(plumbline.BasisDeclared, dep.Breaker.Source, fmt.Sprintf("the open breaker on %s lets at most %d calls through every %s", dep.Name, halfOpenOf(dep), readable(openFor(dep))), o.experiment())
			})
		},
		Judge: judgeProbes,
	})
}

// halfOpenOf is how many calls a half-open breaker may let through.
func halfOpenOf(dep plumbline.Dependency) int {
	if dep.Breaker != nil && dep.Breaker.HalfOpen > 0 {
		return dep.Breaker.HalfOpen
	}
	return probesDefault
}

func judgeProbes(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck()
	if !ok {
		return v
	}
	base, down := s.using(phaseBaseline), s.using(phaseDown)
	if !opennessOf(base, down).shut() {
		return inconclusive(plumbline.ReasonNoPositiveControl, "the breaker on %s was not seen open, which %s judges", s.dep.Name, breakerOpens)
	}
	bursts, instances := burstsOf(down, openFor(s.dep))
	most, apart := parted(bursts)
	allowed := halfOpenOf(s.dep) * instances
	f := figure{float64(most), float64(allowed), "calls", len(bursts)}
	remedy := "let a half-open breaker pass the declared number of calls, and open for the declared time again when they fail"
	switch {
	case most > allowed:
		v := fail(f, "the open breaker on %s let up to %d calls through at a time, %d are allowed", s.dep.Name, most, allowed)
		v.Evidence, v.Remedy = s.exhibits(hitBy(down, plumbline.FaultStatus)), remedy
		return v
	case apart >= 0 && instances == 1 && float64(apart) < probesApart*float64(openFor(s.dep)):
		v := fail(figure{apart.Seconds(), openFor(s.dep).Seconds(), "s", len(bursts)}, "calls through the open breaker on %s came again after %s, it is declared to stay open for %s", s.dep.Name, readable(apart), readable(openFor(s.dep)))
		v.Evidence, v.Remedy = s.exhibits(hitBy(down, plumbline.FaultStatus)), remedy
		return v
	case len(bursts) < probesBursts:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s through the open breaker on %s, %d are needed", plural(len(bursts), "burst"), s.dep.Name, probesBursts)
	}
	return pass(f, "%d bursts of up to %s went through the open breaker on %s, at least %s apart", len(bursts), plural(most, "call"), s.dep.Name, readable(apart))
}

// parted is the size of the largest burst, and the shortest time between the
// beginnings of two; negative where there is one alone.
func parted(bursts [][]time.Duration) (most int, apart time.Duration) {
	apart = -1
	for i, b := range bursts {
		most = max(most, len(b))
		if i > 0 && (apart < 0 || b[0]-bursts[i-1][0] < apart) {
			apart = b[0] - bursts[i-1][0]
		}
	}
	return most, apart
}

// burstsOf are the moments of the calls that were made after the breaker had
// opened, put together as bursts, and the number of addresses that called.
func burstsOf(down []trial, open time.Duration) (bursts [][]time.Duration, instances int) {
	first := slices.IndexFunc(down, func(t trial) bool { return len(t.calls) == 0 })
	if first < 0 {
		return nil, 1
	}
	gap := time.Duration(probesGap * float64(open))
	from := down[first].seen.Sent + gap
	var calls []time.Duration
	hosts := map[netip.Addr]bool{}
	for _, t := range down {
		for _, x := range t.calls {
			if at, err := netip.ParseAddrPort(x.Source); err == nil {
				hosts[at.Addr()] = true
			}
			if x.Began > from {
				calls = append(calls, x.Began)
			}
		}
	}
	slices.Sort(calls)
	for i, at := range calls {
		if i == 0 || at-calls[i-1] >= gap {
			bursts = append(bursts, nil)
		}
		bursts[len(bursts)-1] = append(bursts[len(bursts)-1], at)
	}
	return bursts, max(1, len(hosts))
}
