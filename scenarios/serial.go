package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// How probes are laid out where requests are told by time and not by trace.
const (
	serialPrefix   = "serial/"
	serialUsers    = 1 // operations a dependency: each request costs the time for which the wire has to be idle
	serialBaseline = 4 // healthy requests that are told with as much care as the faulted ones
	serialIdle     = 2 // times the longest timeout: by then nothing goes on for an earlier request
)

// serialOf lays the probes of a dependency out one request at a time, where the
// target hands no trace context on to it; ok is false when no request can be sent
// to it. As many healthy requests as beside scoped faults go before each faulted
// one, so that no breaker is near opening.
func serialOf(d plumbline.Design, dep plumbline.Dependency) (plumbline.Experiment, bool) {
	uses := usersOf(d, dep)
	uses = uses[:min(len(uses), serialUsers)]
	if dep.Wire == plumbline.WireTCP || len(uses) == 0 {
		return plumbline.Experiment{}, false
	}
	told := &plumbline.Serial{Wire: dep.Name, Idle: idleOf(d)}
	first := plumbline.Phase{Name: phaseBaseline, Role: plumbline.RoleBaseline, Serial: told}
	for _, op := range uses {
		first.Calls = append(first.Calls,
			plumbline.Call{Name: "warm up " + op.ID, Operation: op.ID, Case: op.Cases[0].ID, Repeat: outageWarmUp},
			plumbline.Call{Name: op.ID, Operation: op.ID, Case: op.Cases[0].ID, Repeat: serialBaseline})
	}
	x := plumbline.Experiment{
		ID: serialPrefix + dep.Name, Kind: plumbline.KindScenario, Phases: []plumbline.Phase{first},
		Title: "single requests that cannot have " + dep.Name + ", one at a time",
	}
	for i, s := range sweeps() {
		if s.safe || !s.covers(dep) {
			continue
		}
		ph := s.serially(probed{dep, uses}, told)
		if i == 0 {
			ph.Checks = []string{checkConnections}
		}
		x.Phases = append(x.Phases, ph)
	}
	x.Phases = append(x.Phases, plumbline.Phase{Name: phaseAfter, Role: plumbline.RoleRecovery, Checks: []string{checkConnections}})
	return x, true
}

// idleOf is how long a wire has to be idle before a request.
func idleOf(d plumbline.Design) time.Duration {
	longest := time.Duration(0)
	for _, dep := range d.Dependencies {
		if dep.Wire != plumbline.WireTCP {
			longest = max(longest, timeoutOf(dep))
		}
	}
	return serialIdle * longest
}

// serially is the phase of a probe whose requests are told by time. Its faults
// are for everybody, as nothing tells whose an exchange is, but only while the
// one request is under way. A refusal is of requests, by their path: one of
// connections would be no exchange that could be told.
func (s sweep) serially(dep probed, told *plumbline.Serial) plumbline.Phase {
	ph := plumbline.Phase{Name: s.name, Role: plumbline.RoleFault, Serial: told}
	n := int(math.Ceil(s.requests))
	for _, op := range dep.uses {
		ph.Calls = append(ph.Calls, plumbline.Call{Name: op.ID, Operation: op.ID, Case: op.Cases[0].ID, Repeat: n * besides(dep.dep)})
	}
	calls := s.alone(dep)
	ph.Calls = append(ph.Calls, calls...)
	names := namesOf(calls)
	for _, op := range dep.uses {
		name := faultedStream(dep.dep.Name, op.ID)
		names = append(names, name)
		ph.Calls = append(ph.Calls, plumbline.Call{Name: name, Operation: op.ID, Case: op.Cases[0].ID, Repeat: n})
	}
	ph.Faults = s.on(dep.dep, names)
	for i := range ph.Faults {
		ph.Faults[i].Scope = plumbline.ScopeAll
		if ph.Faults[i].Kind == plumbline.FaultRefuse {
			ph.Faults[i].Path = "/"
		}
	}
	return ph
}

// besides is how many healthy requests go with a faulted one.
func besides(dep plumbline.Dependency) int {
	times := controlTimes * float64(attemptsOf(dep))
	if b := dep.Breaker; b != nil && b.Ratio > 0 {
		times = max(times, 2/b.Ratio*float64(attemptsOf(dep)))
	}
	return int(math.Ceil(times))
}

// serialProbeOf finds the probe of a dependency whose requests are told by time.
func serialProbeOf(d plumbline.Design, dep plumbline.Dependency, name string) (probe, bool) {
	x, ok := serialOf(d, dep)
	if !ok {
		return probe{}, false
	}
	uses := usersOf(d, dep)
	for _, s := range sweeps() {
		if s.name == name && s.covers(dep) && !s.safe {
			return probe{experiment: x.ID, phase: name, kind: s.faults[0].Kind, uses: uses[:serialUsers], scoped: true, serial: true}, true
		}
	}
	return probe{}, false
}

// A serialWire is what went over the wire of a serial experiment while it ran.
type serialWire struct {
	wire   string
	idle   time.Duration           // the longest for which the wire was idle before a call
	calls  []plumbline.Observation // by when they were sent
	strays []plumbline.Exchange    // that no call was under way for
}

// byTime is the evidence with the exchanges of serial experiments given to the
// calls that were under way when they began, as though their traces had told so.
// A call is thrown away when something was still going on over the wire in the
// time for which that had to be idle. The evidence that is given stays as it is.
func byTime(e *plumbline.Evidence) (*plumbline.Evidence, map[string]serialWire) {
	wires := map[string]serialWire{}
	for _, o := range e.Observations {
		if wire, ok := strings.CutPrefix(o.Experiment, serialPrefix); ok && sentToTarget(o) {
			w := wires[o.Experiment]
			w.wire, w.calls, w.idle = wire, append(w.calls, o), max(w.idle, o.Alone)
			wires[o.Experiment] = w
		}
	}
	if len(wires) == 0 {
		return e, nil
	}
	out := *e
	out.Exchanges = slices.Clone(e.Exchanges)
	spoilt := map[string]bool{}
	for id, w := range wires {
		slices.SortStableFunc(w.calls, func(a, b plumbline.Observation) int { return int(a.Sent - b.Sent) })
		w.tell(e, id, out.Exchanges, spoilt)
		wires[id] = w
	}
	out.Observations = slices.DeleteFunc(slices.Clone(e.Observations), func(o plumbline.Observation) bool { return spoilt[o.Trace] })
	return &out, wires
}

// tell gives exchanges to calls, and notes the calls that they spoil.
func (w *serialWire) tell(e *plumbline.Evidence, experiment string, exchanges []plumbline.Exchange, spoilt map[string]bool) {
	marks := phasesOf(e, experiment)
	if len(marks) == 0 {
		return
	}
	began, ended := marks[0].Began, marks[len(marks)-1].Ended
	for i := range exchanges {
		x := &exchanges[i]
		if x.Wire != w.wire || x.Began < began || x.Began > ended {
			continue
		}
		after := w.sentAfter(x.Began)
		w.spoils(*x, w.calls[after:], spoilt)
		if plumbline.TraceRun(x.Trace) == e.Run.ID {
			continue
		}
		if after > 0 && x.Began <= w.calls[after-1].Done()+wireGrace {
			x.Trace = w.calls[after-1].Trace
		} else {
			w.strays = append(w.strays, *x)
		}
	}
}

// sentAfter is the index of the first call that was sent after a moment.
func (w *serialWire) sentAfter(at time.Duration) int {
	i, _ := slices.BinarySearchFunc(w.calls, at, func(o plumbline.Observation, at time.Duration) int {
		if o.Sent <= at {
			return -1
		}
		return 1
	})
	return i
}

// spoils notes which of the calls that were sent after an exchange had begun were to
// be sent when it had been over for some time, and were not.
func (w *serialWire) spoils(x plumbline.Exchange, later []plumbline.Observation, spoilt map[string]bool) {
	for _, o := range later {
		if o.Sent-w.idle >= x.Ended {
			return
		}
		if o.Alone > 0 && x.Ended > o.Sent-o.Alone+wireGrace {
			spoilt[o.Trace] = true
		}
	}
}

// bySerial holds a verdict that rests on a serial experiment against what speaks
// against it: exchanges that came while no call was under way show that others use
// the wire, and a failure that is none without one of the requests that show it may
// be the work of one exchange of theirs.
func bySerial(v plumbline.Verdict, w serialWire, without func(trace string) plumbline.Verdict) plumbline.Verdict {
	if v.Outcome != plumbline.Fail {
		return v
	}
	if n := len(w.strays); n > 0 {
		return unproved(v, plumbline.ReasonNoise, fmt.Sprintf("%s on the wire to %s while no request of this run was under way: others use it, or an earlier request went on", plural(n, "exchange"), w.wire))
	}
	for _, x := range v.Evidence {
		if x.Trace != "" && without(x.Trace).Outcome != plumbline.Fail {
			return unproved(v, plumbline.ReasonNoise, "told by time, it rests on a single request")
		}
	}
	return v
}
