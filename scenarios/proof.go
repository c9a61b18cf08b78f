package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// proofs are the facts that the harness knows about itself in one run, and on
// which every verdict about the target rests.
type proofs struct {
	d         plumbline.Design
	p         plumbline.Plan
	e         *plumbline.Evidence
	dark      map[string]string // dependency to why nothing on its wire counts
	opaque    string            // why nothing on any wire counts
	complete  map[place]bool
	health    map[place]plumbline.Health
	delivered map[string][]delivery // by dependency
	baselines map[string]baselinePair
	restarts  []restart // that were not the run's
}

// A place is a phase of an experiment.
type place struct{ experiment, phase string }

func proofsOf(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) *proofs {
	x := &proofs{
		d: d, p: p, e: e,
		dark: map[string]string{}, complete: map[place]bool{}, health: map[place]plumbline.Health{},
		delivered: map[string][]delivery{}, baselines: map[string]baselinePair{}, restarts: restartsOf(d, e),
	}
	for _, dep := range d.Dependencies {
		if v := judgeWire(dep, e); v.Outcome != plumbline.Pass {
			x.dark[dep.Name] = v.Statement
		}
		x.delivered[dep.Name] = faultsOn(e, dep.Name)
	}
	if v := judgeProxy(e); v.Outcome == plumbline.Error {
		x.opaque = v.Statement
	}
	for _, m := range e.Phases {
		x.complete[place{m.Experiment, m.Phase}] = m.Complete
	}
	for _, h := range e.Health {
		x.health[place{h.Experiment, h.Phase}] = h
	}
	operations, _ := baselineOperations(d)
	for _, o := range operations {
		x.baselines[o.ID] = baselineOf(d, e, o.ID)
	}
	return x
}

// weigh takes the proof from a pass or a fail where a fact about the harness
// stands against it. What was measured stays visible.
func (x *proofs) weigh(f plumbline.Function, c plumbline.Claim, v plumbline.Verdict) plumbline.Verdict {
	if f.Informs || (v.Outcome != plumbline.Pass && v.Outcome != plumbline.Fail) {
		return v
	}
	why, detail := x.restarted(f, c, v.Outcome)
	if why == "" {
		why, detail = x.missing(c, v.Outcome)
	}
	if why == "" {
		return v
	}
	if why == plumbline.ReasonRestarted {
		v.Remedy = "run again while nobody deploys it; if nobody did, it has ended by itself: its log says why"
	}
	v.Statement = fmt.Sprintf("%s (seen all the same, and not proved: %s)", detail, v.Statement)
	v.Outcome, v.Reason = plumbline.Inconclusive, why
	return v
}

// missing says which proof a verdict lacks, or nothing. The first of these
// that is found, after target-restarted:
//
//	incomplete              a phase that the claim rests on was cut short
//	(of a doubt)            the runner noted why not to trust the evidence
//	no-positive-control     the resource graph, where it was inferred, is refuted
//	wire-not-transparent    the proxy changes what it carries
//	wire-dark               the target's traffic does not pass through the wire
//	baseline-unhealthy      the target did not work before any fault
//	fault-not-delivered     no exchange was hit
//	generator-saturated     requests were not sent when, or as often as, due
//
// A stand-in that reaches no dependency gets no certificate of security.
//
// A target that works before the faults and not after them loses its passes
// (baseline-unhealthy, baseline-drift) and keeps its failures: not to come
// back is a failure, not an excuse for one.
func (x *proofs) missing(c plumbline.Claim, o plumbline.Outcome) (plumbline.Reason, string) {
	for _, look := range []func(plumbline.Claim, plumbline.Outcome) (plumbline.Reason, string){
		x.cutShort, x.doubted, x.refuted, x.unseen, x.unhealthy, x.undelivered, x.saturated,
	} {
		if why, detail := look(c, o); why != "" {
			return why, detail
		}
	}
	return "", ""
}

// experiments are those that the claim rests on, as planned.
func (x *proofs) experiments(c plumbline.Claim) []plumbline.Experiment {
	var out []plumbline.Experiment
	for _, id := range c.Experiments {
		if planned, ok := x.p.Experiment(id); ok {
			out = append(out, planned)
		}
	}
	return out
}

func (x *proofs) cutShort(c plumbline.Claim, o plumbline.Outcome) (plumbline.Reason, string) {
	for _, id := range c.Experiments {
		planned, ok := x.p.Experiment(id)
		if !ok {
			return plumbline.ReasonIncomplete, "the plan does not hold the experiment " + id
		}
		for _, ph := range planned.Phases {
			if !x.complete[place{id, ph.Name}] && x.e.Run.Stopped != "" {
				return plumbline.ReasonOthersSuffer, fmt.Sprintf("the run ended itself in or before the phase %s of %s: %s", ph.Name, id, x.e.Run.Stopped)
			}
			if !x.complete[place{id, ph.Name}] {
				return plumbline.ReasonIncomplete, fmt.Sprintf("the phase %s of %s did not run to its end", ph.Name, id)
			}
		}
	}
	if len(c.Experiments) == 0 && o == plumbline.Pass && cutOff(x.e.Run) {
		return plumbline.ReasonIncomplete, "the run did not come to its end"
	}
	return "", ""
}

// cutOff says whether a run ended before its plan was carried out.
func cutOff(r plumbline.Run) bool {
	return !r.Ended || r.Interrupted || r.Error != "" || r.Stopped != ""
}

func (x *proofs) doubted(c plumbline.Claim, _ plumbline.Outcome) (plumbline.Reason, string) {
	for _, doubt := range x.e.Doubts {
		here := doubt.Experiment == "" || slices.Contains(c.Experiments, doubt.Experiment)
		if here && (doubt.Dependency == "" || doubt.Dependency == c.Dependency) {
			return doubt.Reason, doubt.Detail
		}
	}
	return "", ""
}

func (x *proofs) unseen(c plumbline.Claim, o plumbline.Outcome) (plumbline.Reason, string) {
	secure := strings.HasPrefix(c.Function, "auth/") || strings.HasPrefix(c.Function, "security/")
	if secure && o == plumbline.Pass && x.standIn() {
		return plumbline.ReasonWireDark, "what answers reaches none of the declared dependencies, so it may be a stand-in for the service"
	}
	if c.Dependency == "" && !slices.ContainsFunc(x.experiments(c), faulted) {
		return "", ""
	}
	if x.opaque != "" {
		return plumbline.ReasonWireOpaque, x.opaque
	}
	if why := x.dark[c.Dependency]; why != "" {
		return plumbline.ReasonWireDark, why
	}
	return "", ""
}

// standIn says whether nothing that was declared behind the target was ever
// called. A TCP wire does not tell: a pooled connection is seen when it ends.
func (x *proofs) standIn() bool {
	declared, dark := 0, 0
	for _, dep := range x.d.Dependencies {
		if dep.Wire == plumbline.WireHTTP {
			declared++
			if x.dark[dep.Name] != "" {
				dark++
			}
		}
	}
	return declared > 0 && dark == declared
}

// faulted says whether an experiment breaks something.
func faulted(planned plumbline.Experiment) bool {
	return slices.ContainsFunc(planned.Phases, func(ph plumbline.Phase) bool { return len(ph.Faults) > 0 })
}

func (x *proofs) unhealthy(c plumbline.Claim, o plumbline.Outcome) (plumbline.Reason, string) {
	for _, id := range x.operationsUnderFault(c) {
		b, ok := x.baselines[id]
		if !ok || b.before.succeeded == 0 {
			continue
		}
		switch {
		case b.before.trouble != "":
			return plumbline.ReasonBaselineUnhealthy, fmt.Sprintf("%s did not work before any fault: %s", id, b.before.trouble)
		case o == plumbline.Pass && b.after.trouble != "":
			return plumbline.ReasonBaselineUnhealthy, fmt.Sprintf("%s did not work after the faults: %s", id, b.after.trouble)
		case o == plumbline.Pass && b.after.n > 0 && b.drifted():
			return plumbline.ReasonBaselineDrift, fmt.Sprintf("the median of %s went from %s before the faults to %s after them", id, readable(b.before.p50), readable(b.after.p50))
		}
	}
	return "", ""
}

// operationsUnderFault are the operations whose answers decide the claim, if
// it is decided while something is broken: its own or, when it names none, all
// that its experiments call.
func (x *proofs) operationsUnderFault(c plumbline.Claim) []string {
	used := map[string]bool{}
	for _, planned := range x.experiments(c) {
		if !faulted(planned) {
			continue
		}
		for _, ph := range planned.Phases {
			for _, s := range ph.Streams {
				for _, id := range s.Reaches() {
					used[id] = true
				}
			}
			for _, call := range ph.Calls {
				used[call.Operation] = true
			}
		}
	}
	if c.Operation != "" && len(used) > 0 {
		return []string{c.Operation}
	}
	return sortedKeys(used)
}

func (x *proofs) undelivered(c plumbline.Claim, _ plumbline.Outcome) (plumbline.Reason, string) {
	for _, planned := range x.experiments(c) {
		if !breaks(planned, c.Dependency) {
			continue
		}
		i := slices.IndexFunc(x.delivered[c.Dependency], func(del delivery) bool { return del.experiment == planned.ID })
		switch {
		case i < 0:
			return plumbline.ReasonFaultNotDelivered, fmt.Sprintf("no fault was injected on the wire to %s in %s", c.Dependency, planned.ID)
		case x.delivered[c.Dependency][i].refused == x.delivered[c.Dependency][i].leases:
			return plumbline.ReasonUnsupported, fmt.Sprintf("the wire to %s could not be broken in %s", c.Dependency, planned.ID)
		case x.delivered[c.Dependency][i].hits == 0:
			return plumbline.ReasonFaultNotDelivered, fmt.Sprintf("the faults on the wire to %s hit nothing in %s", c.Dependency, planned.ID)
		}
	}
	return "", ""
}

// breaks says whether an experiment breaks the wire to a dependency.
func breaks(planned plumbline.Experiment, dependency string) bool {
	return slices.ContainsFunc(planned.Phases, func(ph plumbline.Phase) bool {
		return slices.ContainsFunc(ph.Faults, func(f plumbline.Fault) bool { return f.Dependency == dependency })
	})
}

func (x *proofs) saturated(c plumbline.Claim, _ plumbline.Outcome) (plumbline.Reason, string) {
	for _, planned := range x.experiments(c) {
		for _, ph := range planned.Phases {
			if len(ph.Streams) == 0 || ph.Name == warmUp || planned.ID == loadCapacity { // a search tries again, and its judges look themselves
				continue
			}
			h, ok := x.health[place{planned.ID, ph.Name}]
			if !ok {
				return plumbline.ReasonIncomplete, fmt.Sprintf("how well the generator kept up in %s of %s was not recorded", ph.Name, planned.ID)
			}
			if why := saturationOf(ph, h); why != "" {
				return plumbline.ReasonGeneratorSaturated, fmt.Sprintf("in %s of %s: %s", ph.Name, planned.ID, why)
			}
		}
	}
	return "", ""
}
