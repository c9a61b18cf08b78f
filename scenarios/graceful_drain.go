package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const gracefulDrain = "deploy/graceful-drain"

// How an instance is asked to end while it works.
const (
	drainHeld   = 500 * time.Millisecond // a call takes longer, at most
	drainAfter  = 2 * time.Second        // after the phase began
	drainPhase  = 4 * time.Second
	drainRate   = 20.0
	drainLeast  = 5                     // requests that were in flight
	drainMargin = 30 * time.Millisecond // before the signal, within which it is open what a request met
	drainGrace  = 30 * time.Second      // Kubernetes' terminationGracePeriodSeconds
)

func init() {
	register(plumbline.Function{
		ID:    gracefulDrain,
		Title: "Who is asked to end finishes what it has begun",
		Doc: `Method: an operation that calls a dependency is requested twenty times a second, its calls held up by half a second (a third of the declared timeout at most), so that several requests are always in flight; two seconds later the target is asked to end (SIGTERM), and is started again when the phase is over.
Criterion: every request that was sent before the signal and not answered by then is answered 2xx; the process ends within 30 s.
Guard: only where the run has started the target itself, or as the declaration lets it. At least five requests have to have been in flight, with a baseline in which the same requests succeed; what was sent less than 30 ms before the signal, or after it, is not judged: new connections may be refused. The lag of a signal through an orchestrator is not known, so that hooks are not used here.`,
		Standard: "Kubernetes, Pod Lifecycle, Termination of Pods; 12-factor, IX Disposability",
		Mutants:  []string{"sigterm-kills-inflight"},
		Order:    58,
		Plan:     planDrain,
		Judge:    judgeDrain,
	})
}

func planDrain(d plumbline.Design) plumbline.Proposal {
	if !d.Environment.Can(plumbline.FaultStop) {
		return unplanned(gracefulDrain, plumbline.ReasonNotDeclared, "the run cannot stop and start the target", "target.compose, target.image, target.dockerfile or target.command")
	}
	op, dep, ok := drained(d)
	if !ok {
		return unplanned(gracefulDrain, plumbline.ReasonNotApplicable, "no safe operation is known that calls a dependency whose wire can be held up", "dependencies[].operations")
	}
	stream := seeded(op.ID, op, drainRate, drainPhase)
	before := plumbline.Phase{Name: phaseBaseline, Role: plumbline.RoleBaseline, Duration: time.Second, Streams: []plumbline.Stream{seeded(op.ID, op, drainRate, time.Second)}}
	fault := plumbline.Phase{Name: "drain", Role: plumbline.RoleFault, Duration: drainPhase, Streams: []plumbline.Stream{stream}, Faults: []plumbline.Fault{
		{Dependency: dep.Name, Kind: plumbline.FaultDelay, Scope: plumbline.ScopeRun, Latency: min(drainHeld, timeoutOf(dep)/3)},
		{Dependency: d.Environment.Target, Kind: plumbline.FaultStop, After: drainAfter},
	}}
	back := before
	back.Name, back.Role = phaseRecovery, plumbline.RoleRecovery
	return plumbline.Proposal{
		Experiments: []plumbline.Experiment{{ID: deployDrain, Title: "the target is asked to end while it works", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{before, fault, back}}},
		Claims: []plumbline.Claim{{
			ID: gracefulDrain + "/" + d.Environment.Target, Function: gracefulDrain, Operation: op.ID, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: "requests in flight are answered when " + d.Environment.Target + " is asked to end", Experiments: []string{deployDrain},
		}},
	}
}

// drained is a safe operation that is declared to use a dependency whose calls
// can be held up.
func drained(d plumbline.Design) (plumbline.Operation, plumbline.Dependency, bool) {
	if d.Propagation == plumbline.PropagationNone {
		return plumbline.Operation{}, plumbline.Dependency{}, false
	}
	for _, dep := range d.Dependencies {
		if dep.Wire != plumbline.WireHTTP || dep.Class == plumbline.ClassOptional {
			continue
		}
		for _, op := range usersOf(d, dep) {
			if op.Safe() && slices.Contains(dep.Operations, op.ID) {
				return op, dep, true
			}
		}
	}
	return plumbline.Operation{}, plumbline.Dependency{}, false
}

func judgeDrain(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	for _, phase := range []string{phaseBaseline, "drain", phaseRecovery} {
		if _, ok := e.Phase(deployDrain, phase); !ok {
			return inconclusive(plumbline.ReasonIncomplete, "the phase %s was not run to its end", phase)
		}
	}
	base := slices.Collect(e.Of(deployDrain, phaseBaseline))
	if good := countGood(base); len(base) < drainLeast || good < len(base)-1 {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before it was asked to end %d of %d requests were answered 2xx (%s)", good, len(base), answers(base))
	}
	stop, ok := stopped(e)
	if !ok {
		return inconclusive(plumbline.ReasonFaultNotDelivered, "%s was not seen to end: %s", d.Environment.Target, stop.Error)
	}
	flying, lost := underWay(e, stop.Asked)
	f := figure{float64(len(lost)), 0, "requests", len(flying)}
	switch {
	case len(flying) < drainLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s in flight when it was asked to end, %d are needed", plural(len(flying), "request"), drainLeast)
	case len(lost) > 0:
		v := fail(f, "%d of %s that were in flight when %s was asked to end were not answered 2xx (%s)", len(lost), plural(len(flying), "request"), d.Environment.Target, answers(lost))
		v.Evidence, v.Cause = exhibitsOf(e, lost), "drain"
		v.Remedy = "on SIGTERM stop accepting, and let what is in flight finish before the process ends"
		return v
	case stop.Began-stop.Asked > drainGrace:
		return fail(figure{(stop.Began - stop.Asked).Seconds(), drainGrace.Seconds(), "s", 1}, "it took %s to end, beyond %s", readable(stop.Began-stop.Asked), readable(drainGrace))
	}
	return pass(f, "%s that were in flight when %s was asked to end were answered 2xx; it ended within %s", plural(len(flying), "request"), d.Environment.Target, readable(stop.Began-stop.Asked))
}

// underWay are the requests that were under way at a moment of the drain, and
// those of them that were not answered 2xx.
func underWay(e *plumbline.Evidence, at time.Duration) (flying, lost []plumbline.Observation) {
	for o := range e.Of(deployDrain, "drain") {
		if sentToTarget(o) && o.Sent < at-drainMargin && o.Done() > at {
			flying = append(flying, o)
			if !succeeded(o) {
				lost = append(lost, o)
			}
		}
	}
	return flying, lost
}

func countGood(all []plumbline.Observation) int {
	n := 0
	for _, o := range all {
		if succeeded(o) {
			n++
		}
	}
	return n
}

// stopped is the stopping of the target, when it was seen to end.
func stopped(e *plumbline.Evidence) (plumbline.Injection, bool) {
	var last plumbline.Injection
	for _, l := range leasesOf(e) {
		if l.Experiment == deployDrain && l.Fault.Kind == plumbline.FaultStop {
			last = l.Injection
		}
	}
	return last, last.Hits > 0 && last.Asked > 0
}
