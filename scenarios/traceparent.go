package scenarios

import (
	"cmp"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const (
	obsTraceparent = "obs/traceparent"
	traceCalls     = "obs/traceparent" // the experiment has the function's name
)

// Each trace context is sent twice, so that no single call decides.
const traceRepeat = 2

func init() {
	register(plumbline.Function{
		ID:    obsTraceparent,
		Title: "Trace context reaches every dependency",
		Doc: `Method: operations that use the dependency are called one after the other, twice each with a valid traceparent, with a tracestate beside it, with none, with the forbidden version ff and with an all-zero trace-id; the recording proxy shows what goes out while each call is in flight.
Criterion: of a valid traceparent the trace-id goes out unchanged, and so does the tracestate; without one, or with an invalid one, what goes out is a valid new trace-id, and the request is answered as it is with a valid one. A parent-id that is not renewed, or a sampled flag that is dropped, is shown and does not fail: the Recommendation allows both.
Guard: calls made one after the other in other self-checks count as well, as a cache may hide those of this one. Without a trace-id of ours an exchange counts only if it begins while a call is in flight; if others are seen between the calls, somebody else uses the wire, and such an exchange accuses the target only if none on that wire carries a trace-id of this run at all. Propagation is judged only where it is declared (propagation: w3c).`,
		Standard: "W3C Trace Context §3.2–3.4",
		Mutants:  []string{"drops-traceparent"},
		Order:    32,
		Plan:     planTraceparent,
		Judge:    judgeTraceparent,
	})
}

func planTraceparent(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	var wires []plumbline.Dependency
	for _, dep := range d.Dependencies {
		if dep.Wire == plumbline.WireHTTP {
			wires = append(wires, dep)
		}
	}
	x := tracedCalls(d, wires)
	switch {
	case len(wires) == 0:
		p.Skips = []plumbline.Skip{needsWire(obsTraceparent)}
		return p
	case d.Propagation == plumbline.PropagationNone:
		p.Skips = []plumbline.Skip{{Function: obsTraceparent, Reason: plumbline.ReasonNotApplicable, Detail: "no propagation is declared (propagation: none)"}}
		return p
	case d.Propagation != plumbline.PropagationW3C:
		p.Skips = []plumbline.Skip{{Function: obsTraceparent, Reason: plumbline.ReasonNotDeclared, Detail: "it is not declared which trace context is handed on", Unlock: "propagation: w3c"}}
		return p
	case len(x.Phases[0].Calls) == 0:
		p.Skips = []plumbline.Skip{{Function: obsTraceparent, Reason: plumbline.ReasonNotApplicable, Detail: "no operation can be called", Unlock: "mode: own, or examples in the OpenAPI document"}}
		return p
	}
	for _, dep := range wires {
		if !slices.ContainsFunc(x.Phases[0].Calls, func(c plumbline.Call) bool {
			return len(dep.Operations) == 0 || slices.Contains(dep.Operations, c.Operation)
		}) {
			skip := noUsers(d, dep)
			skip.Function = obsTraceparent
			p.Skips = append(p.Skips, skip)
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: obsTraceparent + "/" + dep.Name, Function: obsTraceparent, Dependency: dep.Name, Basis: plumbline.BasisDeclared, Source: dep.Source,
			Statement:   "the trace context of a request goes out to " + dep.Name,
			Experiments: []string{traceCalls},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{x}
	}
	return p
}

// traceModes are the ways in which trace context is sent, the valid one first.
func traceModes() []string {
	return []string{"", plumbline.TraceState, plumbline.TraceAbsent, plumbline.TraceBadVer, plumbline.TraceZero}
}

// tracedCalls calls the operations that are declared to use one of the wires
// or, when none is declared, all of them, in every trace mode.
func tracedCalls(d plumbline.Design, wires []plumbline.Dependency) plumbline.Experiment {
	users, undeclared := map[string]bool{}, false
	for _, dep := range wires {
		undeclared = undeclared || len(dep.Operations) == 0
		for _, id := range dep.Operations {
			users[id] = true
		}
	}
	ph := plumbline.Phase{Name: "calls", Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		if !repeatable(d, o) || (!undeclared && !users[o.ID]) {
			continue
		}
		for _, mode := range traceModes() {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: traceCallName(o.ID, mode), Operation: o.ID, Trace: mode, Repeat: traceRepeat})
		}
	}
	return plumbline.Experiment{ID: traceCalls, Title: "trace context is handed on", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

func traceCallName(operation, mode string) string {
	return operation + ": traceparent " + cmp.Or(mode, "valid")
}

func judgeTraceparent(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	t := tracingOf(e, c.Dependency)
	f := figure{float64(len(t.broken)), 0, "calls", t.seen}
	switch {
	case t.calls == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no call was made")
	case t.valid == 0:
		return inconclusive(plumbline.ReasonWireDark, "no call with a valid traceparent set off an exchange on the wire to %s", c.Dependency)
	}
	if proved := t.proved(); len(proved) > 0 {
		f.measured = float64(len(proved))
		v := fail(f, "%s: %s", c.Dependency, first(t.reasons(proved), 3))
		v.Remedy = "hand the incoming trace context to the client of " + c.Dependency + ", as OpenTelemetry's propagators do"
		v.Evidence = t.exhibits(proved)
		return v
	}
	if len(t.broken) > 0 {
		v := inconclusive(plumbline.ReasonNotReproduced, "seen once: %s", first(t.reasons(t.broken), 3))
		if t.foreign > 0 {
			v = inconclusive(plumbline.ReasonNoise, "%s on the wire to %s between the calls: others use it, and this may be theirs: %s",
				plural(t.foreign, "exchange"), c.Dependency, first(t.reasons(t.broken), 3))
		}
		v.Evidence = t.exhibits(t.broken)
		return v
	}
	return pass(f, "%s to %s set off by %s carried their trace-id%s", plural(t.valid, "exchange"), c.Dependency, plural(t.calls, "call"), t.notes())
}
