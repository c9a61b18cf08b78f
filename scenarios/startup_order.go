package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const startupOrder = "resilience/startup-order"

// How the target is started without its dependencies.
const (
	phaseAlone   = "alone"
	phaseAgain   = "again"          // with them, so that a target that has not got over it is left as it was found
	aloneAfter   = time.Second      // after the phase began, so that all are away
	aloneFor     = 6 * time.Second  // of the phase
	startBound   = 30 * time.Second // to serve again, where no recovery is declared; Kubernetes' default of three probes, ten seconds apart
	startRate    = 8.0              // requests a second, in all
	startLeast   = 5                // requests that are judged
	startBad     = 0.05             // of them, that may fail
	startBadLess = 3                // requests, fewer than which accuse nobody
)

func init() {
	register(plumbline.Function{
		ID:    startupOrder,
		Title: "Who is started before its dependencies serves once they are there",
		Doc: `Method: connections to all dependencies are refused to everybody, and a second later the target is restarted; five seconds after that they are back, and what ended meanwhile is started once more. At the end it is restarted with them.
Criterion: after the bound (the declared recovery, else 30 s; with a declared breaker never less than that allows) at most 5 % of the requests that use a dependency fail, or two of them.
Guard: only where the run has started the target itself, and as one instance. The same requests must have succeeded before, every wire must have been cut off before the target was restarted, and some connection must have been refused. Whether it serves meanwhile, waits with its answers, or ends until it is started again is its own affair and told, not judged: those are policies, and each is legitimate. How often an orchestrator that starts it again would have to is not looked at.`,
		Standard: "Kubernetes, Configure Liveness, Readiness and Startup Probes; 12-factor, IX Disposability",
		Mutants:  []string{"connects-once"},
		Order:    58,
		Plan:     planStartup,
		Judge:    judgeStartup,
	})
}

func planStartup(d plumbline.Design) plumbline.Proposal {
	if len(d.Environment.Faults) > 0 || !d.Environment.Can(plumbline.FaultRestart) {
		return unplanned(startupOrder, plumbline.ReasonNotDeclared, "the run has not started the target, so that it cannot be started without its dependencies", "target.compose, target.image, target.dockerfile or target.command")
	}
	var faults []plumbline.Fault
	var uses []plumbline.Operation
	for _, dep := range d.Dependencies {
		faults = append(faults, plumbline.Fault{Dependency: dep.Name, Kind: plumbline.FaultRefuse, Scope: plumbline.ScopeAll})
		o, ok := outageOf(d, dep)
		if ok && dep.Class != plumbline.ClassOptional && !slices.ContainsFunc(uses, func(op plumbline.Operation) bool { return op.ID == o.uses[0].ID }) {
			uses = append(uses, o.uses[0])
		}
	}
	if len(uses) == 0 {
		return unplanned(startupOrder, plumbline.ReasonNotApplicable, "no operation is known that cannot do without a dependency, and can be requested again and again", "dependencies[].operations")
	}
	faults = append(faults, plumbline.Fault{Dependency: d.Environment.Target, Kind: plumbline.FaultRestart, After: aloneAfter})
	during := func(name string, role plumbline.Role, length time.Duration) plumbline.Phase {
		p := plumbline.Phase{Name: name, Role: role, Duration: length}
		for _, op := range uses {
			p.Streams = append(p.Streams, seeded(op.ID, op, startRate/float64(len(uses)), length))
		}
		if live, ok := livenessOf(d); ok {
			p.Streams = append(p.Streams, seeded(pollName, live, pollRateMost, length))
		}
		return p
	}
	alone := during(phaseAlone, plumbline.RoleFault, aloneFor)
	alone.Faults = faults
	again := during(phaseAgain, plumbline.RoleRecovery, outageBaseline)
	again.Faults = []plumbline.Fault{{Dependency: d.Environment.Target, Kind: plumbline.FaultRestart}}
	basis := plumbline.BasisDefault
	if d.Recovery > 0 {
		basis = plumbline.BasisDeclared
	}
	return plumbline.Proposal{
		Experiments: []plumbline.Experiment{{ID: deployStart, Title: "the target is started before its dependencies", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{
			during(phaseBaseline, plumbline.RoleBaseline, outageBaseline), alone, during(phaseRecovery, plumbline.RoleRecovery, servesIn(d)+outageBaseline), again,
		}}},
		Claims: []plumbline.Claim{{
			ID: startupOrder + "/" + d.Environment.Target, Function: startupOrder, Basis: basis, Experiments: []string{deployStart},
			Statement: d.Environment.Target + ", started while none of its dependencies was there, serves within " + readable(servesIn(d)) + " of their return",
		}},
	}
}

// servesIn is the bound within which the target serves once its dependencies are
// there.
func servesIn(d plumbline.Design) time.Duration {
	bound := startBound
	if d.Recovery > 0 {
		bound = d.Recovery
	}
	for _, dep := range d.Dependencies {
		if dep.Breaker != nil && dep.Class != plumbline.ClassOptional {
			bound = max(bound, openFor(dep)+5*time.Second)
		}
	}
	return bound
}

func judgeStartup(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	for _, phase := range []string{phaseBaseline, phaseAlone, phaseRecovery} {
		if _, ok := e.Phase(deployStart, phase); !ok {
			return inconclusive(plumbline.ReasonIncomplete, "the phase %s was not run to its end", phase)
		}
	}
	base := startUsers(e, phaseBaseline, 0)
	if good := countGood(base); len(base) < startLeast || good < len(base)-1 {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before it was started anew %d of %d requests succeeded (%s)", good, len(base), answers(base))
	}
	how, v, ok := startedAlone(d, e)
	if !ok {
		return v
	}
	alone, _ := e.Phase(deployStart, phaseAlone)
	tail := startUsers(e, phaseRecovery, alone.Ended+servesIn(d))
	lost := slices.DeleteFunc(slices.Clone(tail), succeeded)
	share := float64(len(lost)) / float64(max(len(tail), 1))
	f := figure{share, startBad, "share of requests", len(tail)}
	within := readable(servesIn(d)) + " after its dependencies were back"
	switch {
	case len(lost) >= startBadLess && share > startBad:
		v := fail(f, "%s, started without its dependencies, %s; %s %d of %s still failed (%s)", d.Environment.Target, how, within, len(lost), plural(len(tail), "request"), answers(lost))
		v.Evidence, v.Cause = exhibits(e, lost), "start"
		v.Remedy = "what fails at the start is to be tried again: connect when a connection is needed, or end, so that one is started anew"
		return v
	case len(tail) < startLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s were sent later than %s, %d are needed", plural(len(tail), "request"), within, startLeast)
	}
	return pass(f, "%s, started without its dependencies, %s; %s %d of %s succeeded", d.Environment.Target, how, within, len(tail)-len(lost), plural(len(tail), "request"))
}

// startUsers are the requests of a phase that use a dependency, due from a moment
// on.
func startUsers(e *plumbline.Evidence, phase string, from time.Duration) []plumbline.Observation {
	return slices.DeleteFunc(slices.Collect(e.Of(deployStart, phase)), func(o plumbline.Observation) bool {
		return !sentToTarget(o) || o.Stream == pollName || o.Due < from
	})
}

// startedAlone tells how the target took it to be started without its
// dependencies; the verdict says why that was not seen.
func startedAlone(d plumbline.Design, e *plumbline.Evidence) (how string, v plumbline.Verdict, ok bool) {
	start, refused, v, ok := bereft(e)
	if !ok {
		return "", v, false
	}
	alone, _ := e.Phase(deployStart, phaseAlone)
	switch {
	case start.Asked == 0 || start.Unsupported || start.Hits == 0 && start.Healed == 0:
		return "", inconclusive(plumbline.ReasonFaultNotDelivered, "%s was not seen to be restarted: %s", d.Environment.Target, start.Error), false
	case refused == 0:
		return "", inconclusive(plumbline.ReasonFaultNotDelivered, "no connection to a dependency was refused, so that nobody missed one"), false
	case start.Hits == 0:
		return "did not come up, and was started again with them", v, true
	case start.Began > alone.Ended:
		return "came up only when they were back", v, true
	}
	return "came up within " + readable(start.Began-start.Asked), v, true
}

// bereft is the restart without the dependencies, and how many connections to
// them were refused; the verdict says which of them could not be cut off.
func bereft(e *plumbline.Evidence) (start plumbline.Injection, refused int, v plumbline.Verdict, ok bool) {
	for _, l := range leasesOf(e) {
		switch {
		case l.Experiment != deployStart || l.Phase != phaseAlone:
		case l.Fault.Kind == plumbline.FaultRestart:
			start = l.Injection
		case l.Error != "" || l.Began == 0:
			return start, 0, inconclusive(plumbline.ReasonFaultNotDelivered, "%s could not be cut off: %s", l.Fault.Dependency, l.Error), false
		default:
			refused += l.Hits
		}
	}
	return start, refused, v, true
}
