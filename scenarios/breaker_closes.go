package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const breakerCloses = "resilience/breaker-closes"

// closedShare is how many of the usual calls must be made again.
const closedShare = 0.9

func init() {
	register(plumbline.Function{
		ID:    breakerCloses,
		Title: "The circuit breaker closes again, under traffic and without a restart",
		Doc: `Method: after the outage the same traffic goes on without a pause; then, where the declared open time is 15 s or less, it stops for that long and a few single calls are made.
Criterion: after the declared bound on recovery (30 s and the open time when none is declared) each request makes at least 0.9 of the calls that it made before the outage; two calls may be missing.
Guard: the breaker must have been seen open, or there is nothing that could close. Traffic never pauses while it is judged, for a breaker that every turned-away call keeps open closes in any pause; the pause that follows tells such a breaker from one that never closes.`,
		Standard: "Nygard, Release It!, Circuit Breaker; spring-retry issue 99",
		Mutants:  []string{"breaker-never-closes"},
		Order:    59,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, breakerCloses, func(dep plumbline.Dependency) plumbline.Proposal {
				o, skip, ok := breakerOutage(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDeclared, dep.Breaker.Source,
					fmt.Sprintf("the breaker to %s is closed again within %s of the end of the outage, while requests keep coming", dep.Name, readable(o.closesIn())), o.experiment())
			})
		},
		Judge: judgeCloses,
	})
}

func judgeCloses(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck(phaseRecovery)
	if !ok {
		return v
	}
	base, back := s.using(phaseBaseline), s.using(phaseRecovery)
	open := opennessOf(base, s.using(phaseDown))
	if !open.shut() {
		return inconclusive(plumbline.ReasonNoPositiveControl, "the breaker was not seen open: %s at the end of the outage, %.2f each before it",
			perRequest(len(open.calls), len(open.requests)), open.usual)
	}
	if len(back) == 0 {
		return inconclusive(plumbline.ReasonTooFewSamples, "no request was sent after the outage")
	}
	tail := dueFrom(back, back[0].seen.Due+s.o.closesIn())
	if len(tail) < hitsLeast {
		return inconclusive(plumbline.ReasonTooFewSamples, "%s after the bound of %s, %d are needed", plural(len(tail), "request"), readable(s.o.closesIn()), hitsLeast)
	}
	calls := callsOf(tail)
	f := figure{callsPerRequest(tail) / open.usual, closedShare, "ratio", len(tail)}
	if stillShut(open, tail) {
		v := fail(f, "%s after the end of the outage: %s; %.2f each before it; %s", readable(s.o.closesIn()), perRequest(calls, len(tail)), open.usual, s.afterPause())
		v.Evidence = s.exhibits(tail)
		v.Remedy = "let the breaker of " + s.dep.Name + " try a call when its open time is over, however many were turned away meanwhile"
		return v
	}
	return pass(f, "%s after the end of the outage: %s; %.2f each before it; the first call that reached %s came %s after its end",
		readable(s.o.closesIn()), perRequest(calls, len(tail)), open.usual, s.dep.Name, s.firstBack(back))
}

// stillShut says whether requests make fewer calls than they did before the
// outage; two may be missing.
func stillShut(open openness, tail []trial) bool {
	return closedShare*open.usual*float64(len(tail))-float64(callsOf(tail)) > 2
}

// afterPause says what became of the calls when traffic had stopped for longer
// than the breaker stays open.
func (s outageSight) afterPause() string {
	switch {
	case !s.o.settles():
		return "whether a pause in the traffic would help was not tried"
	case s.settled():
		return fmt.Sprintf("after a pause of %s they were back: it is the traffic that keeps it open", readable(openFor(s.dep)+settleMore))
	}
	return fmt.Sprintf("after a pause of %s they were not back either", readable(openFor(s.dep)+settleMore))
}

// firstBack is how soon after the outage a call was answered by the dependency
// itself.
func (s outageSight) firstBack(back []trial) string {
	for _, t := range back {
		for _, x := range t.calls {
			if x.Upstream != 0 && x.Upstream < 500 {
				return readable(x.Began - back[0].seen.Due)
			}
		}
	}
	return "an unknown time"
}
