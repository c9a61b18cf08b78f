package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const healthFast = "resilience/health-fast"

// How everything gets stuck at once.
const (
	stuckAll   = "stuck/all"
	phaseStuck = "stuck"

	stuckFor   = 4 * time.Second
	stuckUsers = 6    // operations
	stuckPolls = 30.0 // a second
	stuckTimes = 2.0  // the requests of an outage
	stuckLeast = 10   // requests that wait at once
	healthIn   = time.Second
	healthBad  = 0.01 // of the polls
)

func init() {
	register(plumbline.Function{
		ID:    healthFast,
		Title: "Liveness answers while everything else is stuck",
		Doc: `Method: for four seconds all dependencies hang at once for what the run sends, or for all where that cannot be told, under twice the requests of an outage, of up to six operations that use them; the liveness path is polled thirty times a second.
Criterion: of the polls at most 1 % are other than 200 within a second, which is what Kubernetes waits by default: one of them may be, and four accuse (95 % bound).
Guard: the polls have to have been right before; at least ten requests have to have waited at once, and ten calls of this run to have been seen to hang, or, where no trace tells whose a call is, as many calls and connections of anybody. Polls that the harness itself sent late count from when they were sent. Whether the path asks for credentials, and what it tells, is not looked at here. What one dependency alone does to it is resilience/liveness-independent.`,
		Standard: "Kubernetes, Configure Liveness, Readiness and Startup Probes: timeoutSeconds",
		Mutants:  []string{"liveness-waits-in-line"},
		Order:    59,
		Plan:     planStuck,
		Judge:    judgeStuck,
	})
}

func planStuck(d plumbline.Design) plumbline.Proposal {
	live, ok := livenessOf(d)
	uses := stuckOperations(d)
	switch {
	case len(d.Dependencies) == 0:
		return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(healthFast)}}
	case !ok:
		return plumbline.Proposal{Skips: []plumbline.Skip{noLiveness(d, healthFast)}}
	case len(uses) == 0:
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: healthFast, Reason: plumbline.ReasonNotApplicable, Detail: "no operation that uses a dependency can be called again and again",
			Unlock: "dependencies.NAME.operations, or examples in the OpenAPI document",
		}}}
	}
	rate, _ := outageRates(d)
	rate *= stuckTimes / float64(len(uses))
	phase := func(name string, role plumbline.Role, times float64, length time.Duration) plumbline.Phase {
		ph := plumbline.Phase{Name: name, Role: role, Duration: length, Streams: []plumbline.Stream{seeded(pollName, live, stuckPolls, length)}}
		for _, op := range uses {
			ph.Streams = append(ph.Streams, seeded(op.ID, op, times*rate, length))
		}
		return ph
	}
	stuck, open := phase(phaseStuck, plumbline.RoleFault, 1, stuckFor), time.Duration(0)
	for _, dep := range d.Dependencies {
		f := plumbline.Fault{Dependency: dep.Name, Kind: plumbline.FaultHang, Scope: plumbline.ScopeRun}
		if dep.Wire == plumbline.WireTCP || !d.HandsOn(dep) {
			f.Scope = plumbline.ScopeAll
		}
		stuck.Faults = append(stuck.Faults, f)
		open = max(open, openFor(dep))
	}
	const half = 0.5
	back := phase(phaseRecovery, plumbline.RoleRecovery, half, min(open, settleLongest)+time.Second)
	return plumbline.Proposal{
		Experiments: []plumbline.Experiment{{
			ID: stuckAll, Title: "everything that the service needs hangs at once", Kind: plumbline.KindScenario,
			Phases: []plumbline.Phase{phase(phaseBaseline, plumbline.RoleBaseline, half, time.Second), stuck, back},
		}},
		Claims: []plumbline.Claim{{
			ID: healthFast + "/" + live.ID, Function: healthFast, Basis: plumbline.BasisDefault, Experiments: []string{stuckAll},
			Statement: fmt.Sprintf("GET %s answers within %s while all dependencies hang", d.Liveness, readable(healthIn)),
		}},
	}
}

// stuckOperations are operations that use dependencies, one of each at least.
func stuckOperations(d plumbline.Design) []plumbline.Operation {
	var out []plumbline.Operation
	for turn := range outageUsers {
		for _, dep := range d.Dependencies {
			uses := usersOf(d, dep)
			if turn >= len(uses) || len(out) >= stuckUsers || slices.ContainsFunc(out, func(o plumbline.Operation) bool { return o.ID == uses[turn].ID }) {
				continue
			}
			out = append(out, uses[turn])
		}
	}
	return out
}

func judgeStuck(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquiry{d: d, e: e}
	if v, ok := q.ran(stuckAll, phaseBaseline, phaseStuck); !ok {
		return v
	}
	base, polls := q.wire.trials(e, stuckAll, phaseBaseline, pollName), q.wire.trials(e, stuckAll, phaseStuck, pollName)
	if bad := dull(base); !steadyState(base) || len(bad) > 0 {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before anything hung %d of %d polls of the liveness path were other than 200 within %s (%s)", len(bad), len(base), readable(healthIn), answers(observed(base)))
	}
	var waiting []trial
	for _, op := range stuckOperations(d) {
		waiting = append(waiting, q.wire.trials(e, stuckAll, phaseStuck, op.ID)...)
	}
	_, peak := underPressure(polls, waiting)
	if v, ok := q.hung(); !ok {
		return v
	}
	if peak < stuckLeast {
		return inconclusive(plumbline.ReasonNoPositiveControl, "at most %s waited at once while everything hung, %d are needed: nothing was stuck", plural(peak, "request"), stuckLeast)
	}
	bad := dull(polls)
	f := figure{float64(len(bad)) / float64(max(1, len(polls))), healthBad, "ratio", len(polls)}
	text := fmt.Sprintf("%d of %d polls were other than 200 within %s while up to %d requests waited for dependencies that hung; the slowest took %s",
		len(bad), len(polls), readable(healthIn), peak, readable(quantileOf(times(polls), 1).value))
	switch {
	case settle(float64(len(bad)), float64(len(polls)), healthBad, confident).outcome == plumbline.Fail:
		v := fail(f, "%s (%s)", text, answers(observed(bad)))
		v.Evidence, v.Remedy = q.exhibits(bad), "answer the liveness path beside everything else, and not after it: no slot, worker or lock that requests hold"
		return v
	case f.measured > healthBad || len(polls) < 3*pollsLeast:
		return inconclusive(plumbline.ReasonUndecided, "%s", text)
	}
	return pass(f, "%s", text)
}

// hung says whether dependencies were seen to hang: where traces tell, by calls of
// this run, and else as the wires have counted it. What hangs keeps requests from
// what they would call next, so that one of them is enough.
func (q inquiry) hung() (plumbline.Verdict, bool) {
	told := slices.ContainsFunc(q.d.Dependencies, func(dep plumbline.Dependency) bool {
		return dep.Wire != plumbline.WireTCP && q.d.HandsOn(dep) && len(usersOf(q.d, dep)) > 0
	})
	mark, _ := q.e.Phase(stuckAll, phaseStuck)
	hits := 0
	for _, x := range q.e.Exchanges {
		if x.FaultKind == plumbline.FaultHang && x.Began >= mark.Began && x.Began <= mark.Ended && plumbline.TraceRun(x.Trace) == q.e.Run.ID {
			hits++
		}
	}
	if !told {
		hits = q.stuckLeases()
	}
	if hits >= hitsLeast {
		return plumbline.Verdict{}, true
	}
	return inconclusive(plumbline.ReasonFaultNotDelivered, "%s were seen to hang, %d are needed", plural(hits, "call"), hitsLeast), false
}

// stuckLeases is what the wires have counted.
func (q inquiry) stuckLeases() (hits int) {
	for _, l := range leasesOf(q.e) {
		if l.Experiment == stuckAll && l.Phase == phaseStuck {
			hits += l.Hits
		}
	}
	return hits
}

// dull are the polls that are not 200 within the time that is waited for them.
func dull(polls []trial) []trial {
	var out []trial
	for _, t := range polls {
		if t.seen.Error != "" || t.seen.Status != 200 || t.seen.Service() > healthIn {
			out = append(out, t)
		}
	}
	return out
}
