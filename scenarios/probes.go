package scenarios

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The probes, each the phase of the same name: one way to break a wire for a
// few requests, beside many for which it works.
const (
	probeUnavailable = "503"
	probeError       = "500"
	probeThrottled   = "429"
	probeRefuse      = "refuse"
	probeReset       = "reset"
	probeResetBody   = "reset-body"
	probeTruncate    = "truncate"
	probeGarbage     = "garbage"
	probeDrip        = "drip"
	probeLost        = "lost-response"
	probeHang        = "hang"
	probeFourHundred = "400"
	probeMissing     = "404"
	probeLater       = "503-later"
	probeOther       = "200-other"
	probeOnce        = "503-once"
	probeResetOnce   = "reset-once"
	probeStale       = "stale"
	probeUnreachable = "unreachable" // of a TCP wire alone
)

// How the probes are laid out.
const (
	probeUsers    = 3    // operations a dependency
	probeStreams  = 6    // faulted streams that one experiment holds
	probeControls = 4    // operations that one experiment sends healthy requests of
	probeRate     = 4.0  // faulted requests a second of one stream, at most
	controlRate   = 40.0 // healthy requests a second of one operation, at most
	controlTimes  = 4.0  // healthy requests for one faulted attempt
	probeBaseline = time.Second
	dripEvery     = 500 * time.Millisecond
	throttledFor  = time.Second     // what the Retry-After of a 429 asks for
	laterBy       = 2 * time.Second // and that of a 503
	onceTimes     = 2.0             // a request that fails once may come so much more often than one that fails with every attempt
)

// A probing is an experiment that breaks the wires of one or more dependencies
// for single requests, by trace id.
//
// The faulted requests would trip the breakers of the target, and then they
// would not reach the wire any more. So each of them goes beside healthy ones
// of the same operation, four for every attempt that the declared retries
// allow, evenly spaced: a fifth of the calls fails, or less. As it is the
// healthy requests that take the time, dependencies share them: one experiment
// breaks several wires at once, each for requests of its own.
type probing struct {
	deps     []probed
	controls []plumbline.Operation
	polls    plumbline.Operation
	rate     float64 // of one faulted stream
	control  float64 // of one healthy stream
}

// A probed is a dependency with the operations through which it is probed.
type probed struct {
	dep  plumbline.Dependency
	uses []plumbline.Operation
}

// probings parts the HTTP dependencies into experiments, in the order of the
// design.
func probings(d plumbline.Design) []probing {
	var out []probing
	var now probing
	for _, dep := range d.Dependencies {
		uses := usersOf(d, dep)
		uses = uses[:min(len(uses), probeUsers)]
		if dep.Wire == plumbline.WireTCP || len(uses) == 0 || !d.HandsOn(dep) {
			continue
		}
		next := now.with(probed{dep, uses})
		if len(now.deps) > 0 && (next.streams() > probeStreams || len(next.controls) > probeControls) {
			out = append(out, now)
			next = probing{}.with(probed{dep, uses})
		}
		now = next
	}
	if len(now.deps) > 0 {
		out = append(out, now)
	}
	for i := range out {
		out[i].polls, _ = livenessOf(d)
		out[i].pace(d)
	}
	return out
}

func (p probing) with(dep probed) probing {
	next := probing{deps: append(slices.Clone(p.deps), dep), controls: slices.Clone(p.controls)}
	for _, op := range dep.uses {
		if !slices.ContainsFunc(next.controls, func(o plumbline.Operation) bool { return o.ID == op.ID }) {
			next.controls = append(next.controls, op)
		}
	}
	return next
}

func (p probing) streams() int {
	n := 0
	for _, dep := range p.deps {
		n += len(dep.uses)
	}
	return n
}

// pace sets the rates. All healthy requests together stay below the declared
// load, for what a probe shows must not be an effect of load.
func (p *probing) pace(d plumbline.Design) {
	most := controlRate
	for _, limit := range []float64{d.Load.Rate, d.Load.Limit} {
		if limit > 0 {
			most = min(most, max(1, 0.7*limit/float64(len(p.controls))))
		}
	}
	p.rate = probeRate
	beside := 0.0
	for _, dep := range p.deps {
		times := controlTimes * float64(attemptsOf(dep.dep))
		if b := dep.dep.Breaker; b != nil && b.Ratio > 0 {
			times = max(times, 2/b.Ratio*float64(attemptsOf(dep.dep)))
		}
		// A fifth more than the rule allows is still far below every breaker.
		p.rate = min(p.rate, 1.2*most/times)
		beside = max(beside, times)
	}
	p.rate = max(0.1, math.Floor(p.rate*10)/10)
	p.control = min(most, math.Ceil(beside*p.rate))
}

func (p probing) id() string {
	names := make([]string, len(p.deps))
	for i, dep := range p.deps {
		names[i] = dep.dep.Name
	}
	return "probes/" + strings.Join(names, "-")
}

// faultedStream names the requests of an operation for which one wire is broken.
func faultedStream(dependency, operation string) string {
	return operation + " without " + dependency
}

func (p probing) experiment() plumbline.Experiment {
	x := plumbline.Experiment{
		ID: p.id(), Kind: plumbline.KindScenario,
		Title:  "single requests that cannot have " + strings.TrimPrefix(p.id(), "probes/"),
		Phases: []plumbline.Phase{{Name: phaseBaseline, Role: plumbline.RoleBaseline, Duration: probeBaseline}},
	}
	for _, op := range p.controls {
		x.Phases[0].Calls = append(x.Phases[0].Calls, plumbline.Call{Name: "warm up " + op.ID, Operation: op.ID, Repeat: outageWarmUp})
		x.Phases[0].Streams = append(x.Phases[0].Streams, seeded(op.ID, op, p.control, probeBaseline))
	}
	for i, s := range sweeps() {
		if slices.ContainsFunc(p.deps, func(x probed) bool { return len(s.users(x)) > 0 }) {
			ph := p.phase(s)
			if i == 0 {
				ph.Checks = []string{checkConnections}
			}
			x.Phases = append(x.Phases, ph)
		}
	}
	x.Phases = append(x.Phases, plumbline.Phase{Name: phaseAfter, Role: plumbline.RoleRecovery, Checks: []string{checkConnections}})
	return x
}

func (p probing) phase(s sweep) plumbline.Phase {
	rate := p.rate * s.times()
	length := time.Duration(math.Ceil(s.requests/rate*20)) * 50 * time.Millisecond
	poll := s.name == probeHang && p.polls.ID != ""
	if poll {
		length = max(length, outageHang)
	}
	ph := plumbline.Phase{Name: s.name, Role: plumbline.RoleFault, Duration: length}
	for _, op := range p.controls {
		ph.Streams = append(ph.Streams, seeded(op.ID, op, p.control, length))
	}
	for _, dep := range p.deps {
		if len(s.users(dep)) == 0 {
			continue
		}
		calls := s.alone(dep)
		ph.Calls = append(ph.Calls, calls...)
		names := namesOf(calls)
		for _, op := range s.users(dep) {
			name := faultedStream(dep.dep.Name, op.ID)
			names = append(names, name)
			ph.Streams = append(ph.Streams, seeded(name, op, rate, length))
			if s.name == probeHang && leaves(dep.dep, op) {
				left := abandoned(dep.dep, op, rate, length)
				names, ph.Streams = append(names, left.Name), append(ph.Streams, left)
			}
		}
		if poll {
			names = append(names, pollName)
		}
		ph.Faults = append(ph.Faults, s.on(dep.dep, names)...)
	}
	if poll {
		ph.Streams = append(ph.Streams, seeded(pollName, p.polls, math.Ceil((pollsLeast+1)/length.Seconds()), length))
	}
	return ph
}

// A probe is where the evidence on one fault of one dependency lies.
type probe struct {
	experiment, phase string
	kind              plumbline.FaultKind
	uses              []plumbline.Operation
	scoped            bool // told request by request; else everything in the phase was hit
	serial            bool // the requests are told by time
}

// probeOf finds the probe of a dependency. A TCP wire cannot be broken for
// single requests: there the outage is the probe of what it knows, being
// refused, being left to hang, and not being answered at all.
func probeOf(d plumbline.Design, dep plumbline.Dependency, name string) (probe, bool) {
	if dep.Wire == plumbline.WireTCP {
		return outageProbeOf(d, dep, name)
	}
	if !d.HandsOn(dep) {
		return serialProbeOf(d, dep, name)
	}
	for _, g := range probings(d) {
		for _, x := range g.deps {
			if x.dep.Name != dep.Name {
				continue
			}
			for _, s := range sweeps() {
				if uses := s.users(x); s.name == name && len(uses) > 0 {
					return probe{experiment: g.id(), phase: name, kind: s.faults[0].Kind, uses: uses, scoped: true}, true
				}
			}
		}
	}
	return probe{}, false
}

// outageProbeOf finds the probe of a dependency in its outage.
func outageProbeOf(d plumbline.Design, dep plumbline.Dependency, name string) (probe, bool) {
	o, ok := outageOf(d, dep)
	p := probe{experiment: o.id(), uses: o.uses}
	switch name {
	case probeRefuse:
		p.phase, p.kind = phaseDown, plumbline.FaultRefuse
	case probeHang:
		p.phase, p.kind = phaseHang, plumbline.FaultHang
	case probeUnreachable:
		p.phase, p.kind = phaseUnreachable, plumbline.FaultUnreachable
	default:
		return probe{}, false
	}
	return p, ok
}

// probingOf finds the experiment that holds the probes of a dependency.
func probingOf(d plumbline.Design, dep plumbline.Dependency) (plumbline.Experiment, bool) {
	if !d.HandsOn(dep) {
		return serialOf(d, dep)
	}
	for _, g := range probings(d) {
		if slices.ContainsFunc(g.deps, func(x probed) bool { return x.dep.Name == dep.Name }) {
			return g.experiment(), true
		}
	}
	return plumbline.Experiment{}, false
}

// breaking finds the experiment in which single faults of the dependency are
// seen, its probes or, on a TCP wire, its outage, or says why there is none.
func breaking(d plumbline.Design, dep plumbline.Dependency) (plumbline.Experiment, plumbline.Proposal, bool) {
	if dep.Wire == plumbline.WireTCP {
		o, ok := outageOf(d, dep)
		if !ok {
			return plumbline.Experiment{}, plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}, false
		}
		return o.experiment(), plumbline.Proposal{}, true
	}
	return probes(d, dep)
}

// probes finds the probes of a dependency or says why there are none.
func probes(d plumbline.Design, dep plumbline.Dependency) (plumbline.Experiment, plumbline.Proposal, bool) {
	x, ok := probingOf(d, dep)
	switch {
	case ok:
		return x, plumbline.Proposal{}, true
	case dep.Wire == plumbline.WireTCP:
		return x, unclaimed(dep, plumbline.ReasonNotApplicable, "on a TCP wire one call cannot be told from another", "a wire of kind http to "+dep.Name), false
	}
	return x, plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}, false
}

// faulted are the requests of an operation that the probe hit. Faults on other
// dependencies go on at the same time: what an operation that can do without
// this one has in common with the healthy requests beside it is not held
// against it.
func (q inquiry) faulted(p probe, operation string) []trial {
	if p.scoped {
		hit := hitBy(q.wire.trials(q.e, p.experiment, p.phase, faultedStream(q.dep.Name, operation)), p.kind)
		if q.dep.Class == plumbline.ClassOptional {
			return alone(hit, q.beside(p, operation))
		}
		return hit
	}
	if hits, _ := q.delivered(p.experiment, p.phase); hits == 0 {
		return nil
	}
	return q.wire.trials(q.e, p.experiment, p.phase, operation)
}

// sharedFate is how close in time the nearest healthy request has to be to
// stand for what happens to a faulted one anyway.
const sharedFate = 500 * time.Millisecond

// alone leaves out the failures at whose side a healthy request failed too.
func alone(hit, healthy []trial) []trial {
	var out []trial
	for _, t := range hit {
		if near, ok := nearest(healthy, t.seen.Due); !ok || succeeded(t.seen) || succeeded(near.seen) {
			out = append(out, t)
		}
	}
	return out
}

// nearest is the request due closest to a moment.
func nearest(trials []trial, due time.Duration) (near trial, ok bool) {
	best := sharedFate
	for _, t := range trials {
		if d := (t.seen.Due - due).Abs(); d < best {
			best, near, ok = d, t, true
		}
	}
	return near, ok
}

// beside are the healthy requests of the operation: those that went beside the
// faulted ones, or before them where all were hit.
func (q inquiry) beside(p probe, operation string) []trial {
	phase := p.phase
	if !p.scoped {
		phase = phaseBaseline
	}
	beside := q.wire.trials(q.e, p.experiment, phase, operation)
	if p.serial { // those that were told by time with as much care as the faulted ones
		beside = append(q.wire.trials(q.e, p.experiment, phaseBaseline, operation), beside...)
	}
	return beside
}

// allowed bounds the time of a faulted request: the declared wait and what a
// crowded machine takes, as the healthy requests show it.
func (q inquiry) allowed(p probe, operation string, wait time.Duration) time.Duration {
	return wait + min(noiseLimit, answeredBy(q.beside(p, operation), 0.99))
}

// must says whether the operation has to have been hit for a verdict: where
// the users of the dependency are declared, each of them.
func (q inquiry) must(operation string) bool { return slices.Contains(q.dep.Operations, operation) }

// within writes a bound with where it comes from.
func within(dep plumbline.Dependency) string {
	if dep.Timeout > 0 {
		return fmt.Sprintf("the declared %s", readable(dep.Timeout))
	}
	return fmt.Sprintf("%s, as no timeout is declared,", readable(defaultTimeout))
}
