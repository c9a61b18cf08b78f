package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The load that is sent while a dependency is lost.
const (
	degradedLead    = 2 * time.Second
	degradedUsual   = 3 * time.Second
	degradedMost    = 60.0 // requests a second
	degradedLongest = time.Minute
	degradedWarmUp  = 2 // calls an operation, so that each is known to work
)

// A loss is an objective for the time of a fault, and what is lost in it.
type loss struct {
	plumbline.Objective
	key string
	dep plumbline.Dependency
}

func (l loss) id() string { return degradedID(l.dep.Name) }

func degradedID(dependency string) string { return "degraded/" + dependency }

// phase is the one that is judged.
func (l loss) phase() string {
	if l.During == string(plumbline.RoleRecovery) {
		return phaseRecovery
	}
	return phaseDown
}

// about says whether the objective speaks of the loss of a dependency.
func (l loss) about(dep plumbline.Dependency) bool {
	return len(l.Faults) == 0 || slices.Contains(l.Faults, dep.Name)
}

// moment is when the objective is judged, in words.
func (l loss) moment(d plumbline.Design) string {
	if l.phase() == phaseRecovery {
		o, _ := outageOf(d, l.dep)
		return fmt.Sprintf("in the first %s after %s was lost", readable(o.recoversIn()), l.dep.Name)
	}
	return "while " + l.dep.Name + " is lost"
}

// lossOf is what a claim of resilience/slo-during-fault is about.
func lossOf(d plumbline.Design, c plumbline.Claim) (loss, bool) {
	dep, ok := d.Dependency(c.Dependency)
	subject, is := strings.CutPrefix(c.ID, sloDuringFault+"/"+c.Dependency+"/")
	if !ok || !is {
		return loss{}, false
	}
	for _, o := range namedObjectives(d) {
		if o.key == subject {
			return loss{o.Objective, o.key, dep}, true
		}
	}
	return loss{}, false
}

// promiseOf is the objective that a claim is about.
func promiseOf(d plumbline.Design, c plumbline.Claim) (plumbline.Objective, bool) {
	if l, ok := lossOf(d, c); ok {
		return l.Objective, true
	}
	o, _, ok := objectiveOf(d, c)
	return o, ok
}

// degraded is the experiment in which the declared mix is sent before, while
// and after a dependency is lost. The skip
// says why there is none.
func degraded(d plumbline.Design, dep plumbline.Dependency) (x plumbline.Experiment, skip plumbline.Skip, ok bool) {
	o, ok := outageOf(d, dep)
	if !ok {
		return x, noUsers(d, dep), false
	}
	mix, _ := mixOf(d)
	if !slices.ContainsFunc(mix, func(p portion) bool { return len(dep.Operations) == 0 || p.reaches(dep.Operations) }) {
		return x, plumbline.Skip{Reason: plumbline.ReasonNotApplicable, Detail: "the load reaches no operation that uses " + dep.Name, Unlock: "load.mix"}, false
	}
	warm, _ := stagesOf(d)
	perSecond := rate(max(1, min(warm.To, degradedMost)))
	flat := func(name string, role plumbline.Role, lasts time.Duration) plumbline.Phase {
		return loadPhase(name, role, []plumbline.Stage{{From: perSecond, To: perSecond, Duration: lasts}}, mix, plumbline.ArrivalsPoisson)
	}
	lead := flat(warmUp, plumbline.RoleProbe, degradedLead)
	for _, p := range mix {
		if len(p.flow) > 0 {
			continue // its steps are known to work by what came before the loss
		}
		lead.Calls = append(lead.Calls, plumbline.Call{Name: "warm up " + p.operation, Operation: p.operation, Repeat: degradedWarmUp})
	}
	down := flat(phaseDown, plumbline.RoleFault, degradedTime(d, o, mix, perSecond))
	down.Faults = []plumbline.Fault{o.loss()}
	// What comes next in the run needs the service as it was, so that it is given
	// the traffic and the time to recover, whether that is judged or not.
	back := flat(phaseRecovery, plumbline.RoleRecovery, o.recoversIn())
	return plumbline.Experiment{
		ID: degradedID(dep.Name), Title: "the declared mix while " + dep.Name + " is lost", Kind: plumbline.KindScenario,
		Phases: []plumbline.Phase{lead, flat(phaseBaseline, plumbline.RoleBaseline, degradedUsual), down, back},
	}, skip, true
}

// degradedTime is how long a dependency is lost: as long as in its outage, or as
// it takes to prove what is promised of it when all goes well.
func degradedTime(d plumbline.Design, out outage, mix []portion, perSecond float64) time.Duration {
	need := out.downFor().Seconds()
	for _, o := range namedObjectives(d) {
		l := loss{o.Objective, o.key, out.dep}
		if o.During != string(plumbline.RoleFault) || o.Throughput > 0 || !l.about(out.dep) {
			continue
		}
		covered := 0.0
		for _, p := range mix {
			covered += p.counted(o.Objective)
		}
		if covered > 0 {
			need = max(need, min(1.3*float64(zeroErrorNeeded(o.Target, confidenceOf(o.Objective)))/(covered*perSecond), degradedLongest.Seconds()))
		}
	}
	return wholeSeconds(math.Ceil(need))
}

// delivered says whether the dependency was lost at all.
func (l loss) delivered(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) (plumbline.Verdict, bool) {
	q := inquire(d, c, e)
	if v, ok := q.ran(l.id(), phaseBaseline, phaseDown, l.phase()); !ok {
		return v, false
	}
	needed := hitsLeast
	if l.dep.Wire == plumbline.WireTCP {
		needed = 1
	} else if b := l.dep.Breaker; b != nil && b.MinCalls > 0 {
		needed = min(needed, b.MinCalls)
	}
	hits, _ := q.delivered(l.id(), phaseDown)
	return q.undelivered(l.id(), phaseDown, hits, needed), hits >= needed
}

// servedBefore are the operations of the load, and whether each answered 2xx
// before the loss.
func (l loss) servedBefore(e *plumbline.Evidence) map[string]bool {
	served := map[string]bool{}
	for _, x := range slices.Concat(e.Series, e.Flows) {
		if x.Experiment == l.id() {
			before := x.Phase == warmUp || x.Phase == phaseBaseline
			served[x.Operation] = served[x.Operation] || before && x.Class == "2xx" && x.Count > 0
		}
	}
	for o := range e.Of(l.id(), warmUp) {
		served[o.Operation] = served[o.Operation] || succeeded(o)
	}
	return served
}

// of is the evidence of one phase as if it were of the target load.
func (l loss) of(e *plumbline.Evidence, phase string) *plumbline.Evidence {
	out := &plumbline.Evidence{Run: e.Run}
	for _, x := range e.Series {
		if x.Experiment == l.id() && x.Phase == phase {
			x.Experiment = loadTarget
			out.Series = append(out.Series, x)
		}
	}
	for _, x := range e.Flows {
		if x.Experiment == l.id() && x.Phase == phase {
			x.Experiment = loadTarget
			out.Flows = append(out.Flows, x)
		}
	}
	for _, h := range e.Health {
		if h.Experiment == l.id() && h.Phase == phase {
			h.Experiment = loadTarget
			out.Health = append(out.Health, h)
		}
	}
	return out
}

// judge judges the objective by the requests of its phase, of the operations
// that were served before the loss.
func (l loss) judge(e *plumbline.Evidence, served map[string]bool) plumbline.Verdict {
	within := l.of(e, l.phase())
	s := serviceOver(within, l.Objective, covered(l.Objective, served))
	when := "while " + l.dep.Name + " was lost"
	if l.phase() == phaseRecovery {
		when = "after " + l.dep.Name + " was lost"
	}
	if m, ok := e.Phase(l.id(), l.phase()); ok {
		when += ", for " + readable((m.Ended - m.Began).Round(100*time.Millisecond))
	}
	switch {
	case s.total.n == 0 && len(s.silent) > 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "no operation answered 2xx before %s was lost: %s", l.dep.Name, strings.Join(s.silent, ", "))
	case s.total.n == 0:
		return inconclusive(plumbline.ReasonTooFewSamples, "no request was sent %s", when)
	}
	v := s.judge(l.Objective, within)
	got := decideProportion(s.total.bad, s.total.n, l.ErrorBudget(), confidenceOf(l.Objective), dispersion(s.seconds))
	if v.Unit != "" {
		v = between(v, got.lower, got.upper, confidenceOf(l.Objective))
	}
	v.Statement = when + ": " + v.Statement
	for i := range v.Evidence {
		v.Evidence[i].Phase = l.id() + " " + l.phase()
	}
	if v.Outcome == plumbline.Inconclusive {
		v.Remedy = "raise load.rate, up to 60 a second, or give its operations a larger part of the mix (load.mix)"
	}
	if v.Outcome == plumbline.Fail {
		v.Remedy = "let the service do without " + l.dep.Name + " as it is promised, or promise less for that time"
		if before := serviceOver(l.of(e, phaseBaseline), l.Objective, covered(l.Objective, served)); share(before.total) > l.ErrorBudget() {
			return inconclusive(plumbline.ReasonBaselineUnhealthy, "%s; but before it %d of %d requests were bad as well", v.Statement, before.total.bad, before.total.n)
		}
	}
	return v
}

// covered are the operations that an objective is about.
func covered(o plumbline.Objective, served map[string]bool) map[string]bool {
	out := map[string]bool{}
	for id, is := range served {
		if o.Covers(id) {
			out[id] = is
		}
	}
	return out
}
