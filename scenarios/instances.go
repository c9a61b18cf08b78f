package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// How several instances of the target come and go under traffic.
const (
	abreastRate    = 42.0            // requests a second, in all
	abreastWrites  = 12.0            // of them, where resources can be made and deleted
	abreastControl = 4 * time.Second // before anything happens
	abreastWarm    = 2 * time.Second // of it, in which instances that were just started get warm
	abreastAfter   = 12 * time.Second
	// What others orchestrate takes its time: pods are replaced by the minute.
	abreastSlow     = 8.0
	abreastSlowly   = 75 * time.Second
	abreastLeast    = 400 // requests from the moment on at which it happened
	abreastExpected = 10  // in the two seconds before it
	abreastRest     = 2 * time.Second
)

// An upheaval is one thing that is done to instances of the target while
// requests go to all of them.
type upheaval struct {
	function   string
	experiment string
	phase      string
	title      string
	kind       plumbline.FaultKind
	instances  int // of Fault.Instances
	statement  string
}

// plan proposes the upheaval where the design has several instances.
func (u upheaval) plan(d plumbline.Design) plumbline.Proposal {
	if !d.Environment.Can(u.kind) {
		return unplanned(u.function, plumbline.ReasonNotDeclared, "the run cannot do this to the target: "+string(u.kind), "target.command with target.scales, target.kubernetes or a hook called "+string(u.kind))
	}
	if d.Environment.Abreast() == 0 {
		return unplanned(u.function, plumbline.ReasonNotDeclared, "it is not said that several instances of the target take its requests, and a single one that ends leaves nobody to take them", "target.scales, or target.instances")
	}
	streams, length := u.streams(d)
	if len(streams) == 0 {
		return unplanned(u.function, plumbline.ReasonNotApplicable, "no operation can be requested again and again", "mode, or an example of every required parameter")
	}
	target := d.Environment.Target
	ph := plumbline.Phase{Name: u.phase, Role: plumbline.RoleFault, Duration: length, Streams: streams}
	if n := d.Environment.Scales; n > 1 {
		ph.Faults = append(ph.Faults, plumbline.Fault{Dependency: target, Kind: plumbline.FaultScale, Instances: n})
	}
	ph.Faults = append(ph.Faults, plumbline.Fault{Dependency: target, Kind: u.kind, Instances: u.instances, After: abreastControl})
	rest := plumbline.Phase{Name: phaseRecovery, Role: plumbline.RoleRecovery, Duration: abreastRest}
	for _, s := range streams {
		rest.Streams = append(rest.Streams, steady(s.Operation, 2, abreastRest))
	}
	return plumbline.Proposal{
		Experiments: []plumbline.Experiment{{ID: u.experiment, Title: u.title, Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph, rest}}},
		Claims: []plumbline.Claim{{
			ID: u.function + "/" + target, Function: u.function, Basis: plumbline.BasisDeclared, Statement: u.statement, Experiments: []string{u.experiment},
		}},
	}
}

// streams are the requests of an upheaval: one read and, where what it makes can
// be deleted, one creation.
func (u upheaval) streams(d plumbline.Design) (out []plumbline.Stream, length time.Duration) {
	rate, writes := abreastRate, abreastWrites
	length = abreastControl + abreastAfter
	if d.Environment.Scales < 2 {
		rate, writes, length = abreastSlow, abreastSlow/4, abreastControl+abreastSlowly
	}
	pick := func(is func(plumbline.Operation) bool) (plumbline.Operation, bool) {
		i := slices.IndexFunc(d.Operations, func(o plumbline.Operation) bool { return repeatable(d, o) && carries(d, o) && is(o) })
		if i < 0 {
			return plumbline.Operation{}, false
		}
		return d.Operations[i], true
	}
	if op, ok := pick(func(o plumbline.Operation) bool { return o.Creates() && o.Deletes != "" }); ok {
		out = append(out, seeded(op.ID, op, writes, length))
		rate -= writes
	}
	if op, ok := pick(plumbline.Operation.Safe); ok {
		out = append(out, seeded(op.ID, op, rate, length))
	}
	return out, length
}

// A toll is what an upheaval cost.
type toll struct {
	done   plumbline.Injection
	mark   plumbline.PhaseMark
	after  []plumbline.Observation // requests that were not answered before it happened
	lost   []plumbline.Observation // of them
	resent int                     // of them, which the client sent again itself, over a new connection
}

// toll counts it; the verdict says why there is nothing to count.
func (u upheaval) toll(d plumbline.Design, e *plumbline.Evidence) (t toll, v plumbline.Verdict, ok bool) {
	if t.mark, ok = e.Phase(u.experiment, u.phase); !ok {
		return t, inconclusive(plumbline.ReasonIncomplete, "the phase %s was not run to its end", u.phase), false
	}
	t.done = u.injection(e)
	if t.done.Hits == 0 || t.done.Asked == 0 {
		return t, inconclusive(plumbline.ReasonFaultNotDelivered, "%s was not seen to suffer it: %s: %s", d.Environment.Target, u.kind, t.done.Error), false
	}
	before := t.count(u, e)
	if bad := lostOf(before); len(bad) > 0 || len(before) < abreastExpected {
		return t, inconclusive(plumbline.ReasonBaselineUnhealthy, "before anything happened %d of %s were lost (%s), and none of at least %d may be", len(bad), plural(len(before), "request"), answers(before), abreastExpected), false
	}
	if !slices.ContainsFunc(before, wellServed) {
		return t, inconclusive(plumbline.ReasonNoPositiveControl, "before anything happened not one of %s was answered 2xx and as the document has it (%s): there was no service to lose", plural(len(before), "request"), answers(before)), false
	}
	if len(t.after) < abreastLeast && len(t.lost) == 0 {
		return t, inconclusive(plumbline.ReasonTooFewSamples, "%s were sent after it, %d are needed", plural(len(t.after), "request"), abreastLeast), false
	}
	return t, v, true
}

// injection is the upheaval as it was carried out.
func (u upheaval) injection(e *plumbline.Evidence) (done plumbline.Injection) {
	for _, l := range leasesOf(e) {
		if l.Experiment == u.experiment && l.Fault.Kind == u.kind {
			done = l.Injection
		}
	}
	return done
}

// count sorts the requests of the phase by whether they were answered before it
// happened, and returns those that were.
func (t *toll) count(u upheaval, e *plumbline.Evidence) (before []plumbline.Observation) {
	for o := range e.Of(u.experiment, u.phase) {
		switch {
		case !sentToTarget(o), o.Due < t.done.Asked-abreastControl+abreastWarm:
		case o.Done() <= t.done.Asked:
			before = append(before, o)
		default:
			t.after = append(t.after, o)
			t.resent += o.Retries
		}
	}
	t.lost = lostOf(t.after)
	return before
}

// wellServed says whether an answer is a success, and is known to be as the
// document has it.
func wellServed(o plumbline.Observation) bool {
	return succeeded(o) && !o.Unchecked && !slices.ContainsFunc(o.Marks, breaksDocument)
}

// lostOf are the requests that no instance has served: there was no answer, or
// one of a server that could not.
func lostOf(all []plumbline.Observation) []plumbline.Observation {
	var out []plumbline.Observation
	for _, o := range all {
		if o.Error != "" || o.Status >= 500 {
			out = append(out, o)
		}
	}
	return out
}
