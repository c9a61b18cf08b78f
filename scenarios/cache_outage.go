package scenarios

import (
	"fmt"
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const cacheOutage = "resilience/cache-outage"

// What the loss of a cache may cost.
const (
	cacheLeast = 150.0 // requests that are sent while it hangs, and while it fails
	cacheBad   = 0.01  // of them, not answered 2xx
	cacheLate  = 0.05  // of them, beyond the bound
	cacheTimes = 3     // the time before, where no objective is declared
)

func init() {
	register(plumbline.Function{
		ID:    cacheOutage,
		Title: "The loss of a cache slows, and does not break",
		Doc: `Method: in the outage of a cache it hangs, and it fails (refused on a TCP wire, 503 on one of HTTP), each for everything that the run sends and until 150 requests that use it were sent; on a TCP wire the hang comes first, on one of HTTP it comes last.
Criterion: in each of the two times at most 1 % of the requests are answered other than 2xx, and at most 5 % later than the latency objective of their operation, which is never less than the declared timeout of the cache (5 s when none is declared) plus max(100 ms, 10 %); where no objective is declared, later than three times what 99 in 100 took before, or than that and the timeout.
Guard: only a dependency that is declared to be a cache (kind), and is not declared critical: what is kept nowhere else, such as sessions, makes it that. It must have worked before, and both faults must have been delivered. What healthy requests took before (at most 500 ms) is added to an objective. More than is allowed accuses only where the one-sided 95 % bound of the share is beyond it, too, and slow answers only where the harness itself sent none late. How much more is asked of the source meanwhile is not looked at here, and what is right in an answer neither.`,
		Standard: "Nygard, Release It!, Caching; Beyer et al., Site Reliability Engineering, ch. 22",
		Mutants:  []string{"waits-for-cache"},
		Order:    53,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, cacheOutage, func(dep plumbline.Dependency) plumbline.Proposal {
				switch {
				case dep.Kind != plumbline.KindCache:
					return unclaimed(dep, plumbline.ReasonNotDeclared, dep.Name+" is not declared to be a cache", "dependencies."+dep.Name+".kind: cache")
				case dep.Class == plumbline.ClassCritical:
					return unclaimed(dep, plumbline.ReasonNotApplicable, dep.Name+" is declared critical: what it keeps is nowhere else", "dependencies."+dep.Name+".class: optional")
				}
				o, ok := outageOf(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				return claimed(plumbline.BasisDeclared, dep.Source, "without "+dep.Name+" requests are answered from what it keeps copies of, as fast as is declared", o.experiment())
			})
		},
		Judge: judgeCache,
	})
}

// caches says whether the dependency is a cache that the service can do without.
func (o outage) caches() bool {
	return o.dep.Kind == plumbline.KindCache && o.dep.Class != plumbline.ClassCritical
}

// uncached is how long a cache is lost, at least.
func (o outage) uncached() time.Duration {
	if !o.caches() {
		return 0
	}
	return time.Duration(math.Ceil(cacheLeast/o.rate*10)) * 100 * time.Millisecond
}

func judgeCache(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck(phaseHang)
	if !ok {
		return v
	}
	if v, ok := s.lost(phaseHang); !ok {
		return v
	}
	hung, failed := s.without(phaseHang, "hung"), s.without(phaseDown, "failed")
	for _, want := range []plumbline.Outcome{plumbline.Fail, plumbline.Inconclusive} {
		for _, v := range []plumbline.Verdict{hung, failed} {
			if v.Outcome == want {
				return v
			}
		}
	}
	hung.Statement += "; " + failed.Statement
	hung.Samples += failed.Samples
	return hung
}

// without judges the requests of one time without the cache.
func (s outageSight) without(phase, what string) plumbline.Verdict {
	all := s.using(phase)
	n, lost, late := len(all), unsuccessful(all), s.tooLate(phase)
	remedy := "wait for " + s.dep.Name + " no longer than an answer of it is worth, nowhere, and go on to the source when it fails"
	text := fmt.Sprintf("while %s %s %d of %d requests were not answered 2xx, and %d were late; the slowest took %s", s.dep.Name, what, len(lost), n, len(late), readable(quantileOf(times(all), 1).value))
	share := func(bad []trial) float64 { return float64(len(bad)) / float64(max(n, 1)) }
	beyond := func(bad []trial, limit float64) bool {
		return settle(float64(len(bad)), float64(n), limit, confident).outcome == plumbline.Fail
	}
	f := figure{share(lost), cacheBad, "ratio", n}
	switch {
	case n < hitsLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s while %s %s, %d are needed", plural(n, "request"), s.dep.Name, what, hitsLeast)
	case beyond(lost, cacheBad):
		v := fail(f, "%s (%s)", text, answers(observed(lost)))
		v.Evidence, v.Remedy = s.exhibits(lost), remedy
		return v
	case beyond(late, cacheLate) && latest(all) > stallLimit:
		return inconclusive(plumbline.ReasonNoise, "%s; but the harness itself sent a request %s late", text, readable(latest(all)))
	case beyond(late, cacheLate):
		v := fail(figure{share(late), cacheLate, "ratio", n}, "%s", text)
		v.Evidence, v.Remedy = s.exhibits(late), remedy
		return v
	case share(lost) > cacheBad || share(late) > cacheLate:
		return inconclusive(plumbline.ReasonUndecided, "%s", text)
	}
	return pass(f, "%s", text)
}

// tooLate are the requests of a phase that were answered 2xx beyond the bound.
func (s outageSight) tooLate(phase string) (out []trial) {
	for _, op := range s.o.uses {
		limit := s.uncachedIn(op.ID)
		for _, t := range s.wire.trials(s.e, s.o.id(), phase, op.ID) {
			if succeeded(t.seen) && t.seen.Service() > limit {
				out = append(out, t)
			}
		}
	}
	return inOrder(out)
}

// uncachedIn is how long a request of an operation may take without the cache.
func (s outageSight) uncachedIn(operation string) time.Duration {
	before := answeredBy(s.wire.trials(s.e, s.o.id(), phaseBaseline, operation), 0.99)
	wait := timeoutOf(s.dep)
	wait += tolerance(wait)
	if goal, ok := declaredLatency(s.d, operation); ok {
		return max(goal, wait) + min(noiseLimit, before)
	}
	return max(cacheTimes*before, before+wait)
}
