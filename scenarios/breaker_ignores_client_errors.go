package scenarios

import (
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const breakerIgnores = "resilience/breaker-ignores-client-errors"

// phaseMissing is the phase in which a dependency is there and has nothing of
// what it is asked for: every call is answered 404.
const phaseMissing = "missing"

// How a breaker is tempted by what is no failure of the dependency.
const (
	missingWarmUp = 6   // calls of an operation, before
	missingLeast  = 120 // requests answered 404, at least; more than a breaker of any common library wants
	missingMost   = 20 * time.Second
	askingShare   = 0.9 // of the usual share of requests that make a call
	askingLost    = 0.5 // at most so much of it: the breaker was open
	askingLeast   = 20  // requests in the last third
)

func init() {
	register(plumbline.Function{
		ID:    breakerIgnores,
		Title: "What a dependency does not have does not open the breaker",
		Doc: `Method: under steady traffic every call is answered 404, for at least 120 requests and three times the calls that may trip the declared breaker. The last third is looked at.
Criterion: the share of requests that make a call at all is at least 0.9 times what it was before; half of it or less is an open breaker.
Guard: only where a breaker is declared. The 404s have to be delivered, and calls made before. How many calls a request makes is not looked at, for after a 404 there may be nothing left to ask. A breaker that counts in a long window, filled by what went before, may be judged too kindly. Where calls are safe, and the requests that make none are answered as under the 404s and with less than 500, a memory of what was missing looks the same: undecided. It is told as likely and does not gate: no standard forbids it.`,
		Standard: "resilience4j, CircuitBreaker, ignoreExceptions; RFC 9110 §15.5",
		Mutants:  []string{"breaker-counts-4xx"},
		Level:    plumbline.LevelLikely,
		Order:    62,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, breakerIgnores, func(dep plumbline.Dependency) plumbline.Proposal {
				o, skip, ok := breakerOutage(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDefault, dep.Breaker.Source, "the breaker on "+dep.Name+" does not open because "+dep.Name+" answers 404", o.missing())
			})
		},
		Judge: judgeIgnores,
	})
}

func missingID(dep plumbline.Dependency) string { return "missing/" + dep.Name }

// missing is the experiment in which a dependency has nothing of what it is
// asked for.
func (o outage) missing() plumbline.Experiment {
	requests := max(missingLeast, 3*float64(o.dep.Breaker.MinCalls))
	length := min(missingMost, time.Duration(math.Ceil(requests/o.rate*10))*100*time.Millisecond)
	first := plumbline.Phase{Name: phaseBaseline, Role: plumbline.RoleBaseline, Calls: o.calls("")}
	for i := range first.Calls {
		first.Calls[i].Repeat = missingWarmUp
	}
	gone := plumbline.Phase{Name: phaseMissing, Role: plumbline.RoleFault, Duration: length, Faults: []plumbline.Fault{
		{Dependency: o.dep.Name, Kind: plumbline.FaultStatus, Status: 404, Scope: plumbline.ScopeRun},
	}}
	for _, op := range o.uses {
		gone.Streams = append(gone.Streams, seeded(op.ID, op, o.rate/float64(len(o.uses)), length))
	}
	x := plumbline.Experiment{
		ID: missingID(o.dep), Title: o.dep.Name + " has nothing of what it is asked for", Kind: plumbline.KindScenario,
		Phases: []plumbline.Phase{first, gone},
	}
	if openFor(o.dep) <= settleLongest { // a breaker that has opened closes before what follows
		x.Phases = append(x.Phases, o.settle())
	}
	return x
}

func judgeIgnores(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	o, ok := outageOf(d, q.dep)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request that needs %s can be sent", q.dep.Name)
	}
	if v, ok := q.ran(missingID(q.dep), phaseBaseline, phaseMissing); !ok {
		return v
	}
	of := func(phase string) (all []trial) {
		for _, op := range o.uses {
			all = append(all, q.wire.trials(e, missingID(q.dep), phase, op.ID)...)
		}
		return inOrder(all)
	}
	base, gone := of(phaseBaseline), of(phaseMissing)
	hits := hitBy(gone, plumbline.FaultStatus)
	switch {
	case !steadyState(base):
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before %s answered 404 %d of %d requests were answered 2xx", q.dep.Name, len(base)-len(unsuccessful(base)), len(base))
	case len(base)-len(withoutCalls(base)) < 3 || len(hits) < hitsLeast:
		return q.undelivered(missingID(q.dep), phaseMissing, len(hits), hitsLeast)
	}
	from, _ := lastThird(gone)
	return q.judgeAsking(base, hits, dueFrom(gone, from))
}

// judgeAsking compares how many requests call a dependency that answers 404
// with how many did before.
func (q inquiry) judgeAsking(base, hits, late []trial) plumbline.Verdict {
	if len(late) < askingLeast {
		return inconclusive(plumbline.ReasonTooFewSamples, "%d requests in the last third, %d are needed", len(late), askingLeast)
	}
	usual, silent := askingOf(base), withoutCalls(late)
	asking := askingOf(late)
	f := figure{asking / usual, askingShare, "ratio", len(late)}
	const told = "while %s answered 404, %d of the last %d requests called it; %d of %d did before"
	args := []any{q.dep.Name, len(late) - len(silent), len(late), len(base) - len(withoutCalls(base)), len(base)}
	switch {
	case asking >= askingShare*usual:
		return pass(f, told, args...)
	case asking > askingLost*usual, remembered(hits, silent):
		return inconclusive(plumbline.ReasonUndecided, told, args...)
	}
	v := fail(f, told, args...)
	v.Evidence, v.Remedy = q.exhibits(silent), "let the breaker count what "+q.dep.Name+" fails at, and no answer that says the request was wrong"
	return v
}

// askingOf is the share of requests that make a call.
func askingOf(trials []trial) float64 {
	if len(trials) == 0 {
		return 0
	}
	return float64(len(trials)-len(withoutCalls(trials))) / float64(len(trials))
}

// withoutCalls are the requests that made no call.
func withoutCalls(trials []trial) []trial {
	var out []trial
	for _, t := range trials {
		if len(t.calls) == 0 {
			out = append(out, t)
		}
	}
	return out
}

// remembered says whether silence may come from a memory of what was missing:
// the calls were safe, and the requests without one are answered as those that
// met the 404, which is no failure.
func remembered(hits, silent []trial) bool {
	under := map[int]bool{}
	for _, t := range hits {
		for _, x := range t.calls {
			if x.Method != "GET" && x.Method != "HEAD" {
				return false
			}
		}
		under[t.seen.Status] = true
	}
	for _, t := range silent {
		if t.seen.Status >= 500 || t.seen.Status == 0 || !under[t.seen.Status] {
			return false
		}
	}
	return true
}
