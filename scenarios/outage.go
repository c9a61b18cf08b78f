package scenarios

import (
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The phases of an outage. On an HTTP wire they run as baseline, down,
// recovery, hang, settle, after; on a TCP wire, whose calls have no breaker of
// their own, as baseline, moved, hang, unreachable, down, recovery, after; of a
// database after the baseline cut and slow.
const (
	phaseBaseline = "baseline"
	phaseDown     = "down"     // every call is answered 503, or refused on a TCP wire
	phaseRecovery = "recovery" // the same traffic, the fault healed
	phaseHang     = "hang"     // no call is answered
	phaseSettle   = "settle"   // no traffic that needs the dependency

	phaseUnreachable = "unreachable" // who connects is not answered
	phaseCut         = "cut"         // what was open is reset
	phaseSlow        = "slow"        // it answers late

	phaseAfter = "after" // a few calls, one after the other
)

// How an outage is laid out.
const (
	outageUsers     = 2 // operations that use the dependency
	outageSpared    = 2 // operations that do not
	outageWarmUp    = 3 // calls an operation before the streams, so that no first connection is judged
	outageRate      = 20.0
	outageBaseline  = 2 * time.Second
	outageHang      = 3600 * time.Millisecond
	hangWindow      = 10 * time.Second // over which a breaker counts, where it is not declared
	hangRate        = 3.5              // requests a second of one operation, where no bulkhead is claimed
	outageAway      = 2200 * time.Millisecond
	outageShort     = 6 * time.Second // where the design declares how soon it recovers
	outageShortTCP  = 3600 * time.Millisecond
	outageLongest   = time.Minute
	recoveryTail    = time.Second // after the bound, at least; what is judged
	recoveryLeast   = 15.0        // requests in it
	recoveryDefault = time.Minute
	settleMore      = 500 * time.Millisecond // beyond the open time of the breaker
	settleLongest   = 15 * time.Second
	sparedRate      = 20.0
	everybody       = "/everybody"
	pollName        = "liveness polls"
	pollsLeast      = 20
	pollRateMost    = 6.0
)

// An outage is the experiment in which a dependency is lost for everything
// that the run sends. One per dependency serves all functions that look at an
// outage as a whole.
type outage struct {
	d            plumbline.Design
	dep          plumbline.Dependency
	uses, spares []plumbline.Operation
	polls        plumbline.Operation // without ID when there is nothing to poll
	ready        plumbline.Operation // of the declared readiness path; without ID when there is none
	rate         float64             // requests a second that use the dependency, together
	spared       float64             // requests a second that do not, together
}

// outageOf lays the outage of a dependency out; ok is false when no request
// can be sent to it.
func outageOf(d plumbline.Design, dep plumbline.Dependency) (o outage, ok bool) {
	o = outage{d: d, dep: dep, uses: usersOf(d, dep), spares: sparedBy(d, dep)}
	o.uses = o.uses[:min(len(o.uses), outageUsers)]
	o.spares = o.spares[:min(len(o.spares), outageSpared)]
	if live, found := livenessOf(d); found {
		o.polls = live
	}
	o.ready, _ = readinessOf(d)
	o.rate, o.spared = outageRates(d)
	return o, len(o.uses) > 0
}

// outageRates are the requests a second that an outage sends with and without
// the dependency: enough to trip a breaker soon, little beside the declared
// load, and within its ceiling also while the dependency hangs, when the first
// of them doubles.
func outageRates(d plumbline.Design) (uses, spares float64) {
	uses, spares = outageRate, sparedRate
	if d.Load.Rate > 0 {
		uses = min(30, max(10, math.Floor(d.Load.Rate/4)))
	}
	if all := 2*uses + spares + pollRateMost; d.Load.Limit > 0 && all > d.Load.Limit {
		uses, spares = uses*d.Load.Limit/all, spares*d.Load.Limit/all
	}
	return uses, spares
}

// id is another where the outage is one for everybody on an HTTP wire: it is made
// as well when the one for the run turned out to hit nothing.
func (o outage) id() string {
	if o.blind() && !o.tcp() {
		return "outage/" + o.dep.Name + everybody
	}
	return "outage/" + o.dep.Name
}

// hangs says whether the outage holds a phase in which the dependency hangs.
// On an HTTP wire the fault can be kept to single requests, so that a hang for
// all is needed only where a bulkhead is claimed and can be seen.
func (o outage) hangs() bool {
	unscoped := o.blind() && o.polls.ID != ""
	return o.tcp() || unscoped || (o.dep.Bulkhead && len(o.spares) > 0) || o.trips() || o.caches()
}

// trips says whether calls that hang are to open the breaker, and it is known how
// many of them.
func (o outage) trips() bool {
	return !o.blind() && o.dep.Breaker != nil && o.dep.Breaker.MinCalls > 0
}

// window is the time over which the breaker counts.
func (o outage) window() time.Duration {
	if o.dep.Breaker.Window > 0 {
		return o.dep.Breaker.Window
	}
	return hangWindow
}

// opening is how many calls that hang are to open the breaker: three times those that
// may trip it, or as many as outweigh the calls of its window that went well before.
func (o outage) opening() float64 {
	b := o.dep.Breaker
	calls := 3 * float64(b.MinCalls)
	if b.Ratio > 0 && b.Ratio < 1 {
		calls = max(calls, o.rate*o.window().Seconds()*b.Ratio/(1-b.Ratio))
	}
	return calls
}

// hangFor is how long the dependency hangs. Two thirds of it are for the breaker to
// open: the calls that may trip it have to be given up first, and have to outweigh
// those of its window that went well before.
func (o outage) hangFor() time.Duration {
	if !o.trips() {
		return max(outageHang, o.uncached())
	}
	rate := o.rate * o.pressure()
	opens := min(o.window(), time.Duration(o.opening()/rate*float64(time.Second))) + 2*timeoutOf(o.dep)
	return min(max(outageHang, 3*opens/2, o.uncached()).Round(100*time.Millisecond), outageLongest)
}

func (o outage) tcp() bool { return o.dep.Wire == plumbline.WireTCP }

// blind says whether a call on the wire cannot be told to belong to a request.
func (o outage) blind() bool { return o.tcp() || !o.d.HandsOn(o.dep) }

// settles says whether the outage holds a phase without traffic, so that a
// breaker which only traffic keeps open is told from one that never closes.
// Nothing hangs on the difference where the dependency is optional.
func (o outage) settles() bool {
	return !o.blind() && o.dep.Class != plumbline.ClassOptional && o.dep.Breaker != nil && openFor(o.dep) <= settleLongest
}

// downFor is how long the dependency is lost. The catalogue's default is a
// minute. Where the design declares within what time it recovers, the claim is
// about that bound and not about the length of the outage, so that it only has
// to be long enough for the polls and for the breaker: three times the calls
// that may trip it, then three times as long as it stays open. A breaker
// without declared numbers gets the minute, which is beyond the defaults of
// the common libraries (100 calls, open for 60 s).
func (o outage) downFor() time.Duration {
	length := outageLongest
	switch b := o.dep.Breaker; {
	case o.d.Recovery == 0:
	case o.tcp():
		length = outageShortTCP
	case b == nil:
		length = outageShort
	case b.MinCalls > 0:
		calls := time.Duration(3 * float64(b.MinCalls) / o.rate * float64(time.Second))
		length = max(outageShort, calls+3*openFor(o.dep))
	}
	if reflected(o.d, o.dep) && o.ready.ID != "" {
		length = max(length, readyWithin(o.d)+readyMore)
	}
	length = max(length, o.uncached())
	return min(length.Round(100*time.Millisecond), outageLongest)
}

// recoversIn is the bound on full recovery: the declared one, which cannot ask
// for more than the declared breaker gives, or a minute and the breaker's open
// time.
func (o outage) recoversIn() time.Duration {
	if o.d.Recovery == 0 {
		return recoveryDefault + openFor(o.dep)
	}
	if o.dep.Breaker == nil || o.tcp() {
		return o.d.Recovery
	}
	return max(o.d.Recovery, openFor(o.dep)+5*time.Second)
}

// judgedFor is how long the traffic goes on after the bound.
func (o outage) judgedFor() time.Duration {
	needed := time.Duration(math.Ceil(recoveryLeast/o.rate*10)) * 100 * time.Millisecond
	return max(recoveryTail, needed)
}

// closesIn is the bound on the breaker alone.
func (o outage) closesIn() time.Duration {
	return min(o.recoversIn(), openFor(o.dep)+30*time.Second)
}

// experiment is the outage as a sequence of phases.
func (o outage) experiment() plumbline.Experiment {
	hang := plumbline.Fault{Dependency: o.dep.Name, Kind: plumbline.FaultHang, Scope: o.scope()}
	lost := o.phase(phaseDown, plumbline.RoleFault, o.downFor(), 1)
	lost.Faults = []plumbline.Fault{o.loss()}
	hung := o.phase(phaseHang, plumbline.RoleFault, o.hangFor(), o.pressure())
	hung.Faults = []plumbline.Fault{hang}

	var count []string
	if !o.tcp() {
		count = []string{checkConnections}
	}
	lost.Checks = count
	first := o.phase(phaseBaseline, plumbline.RoleBaseline, outageBaseline, 1)
	first.Calls = o.calls("warm up ")
	back := o.phase(phaseRecovery, plumbline.RoleRecovery, o.recoversIn()+o.judgedFor(), 1)

	phases := []plumbline.Phase{first}
	switch {
	case o.tcp():
		phases = append(phases, append(append(o.torn(), o.moved()...), hung, o.away(), lost, back)...)
	case o.hangs():
		phases = append(phases, lost, back, hung)
	default:
		phases = append(phases, lost, back)
	}
	if o.settles() {
		phases = append(phases, o.settle())
	}
	phases = append(phases, plumbline.Phase{Name: phaseAfter, Role: plumbline.RoleRecovery, Checks: count, Calls: o.calls("")})
	return plumbline.Experiment{
		ID: o.id(), Title: "the loss of " + o.dep.Name + " and what comes after", Kind: plumbline.KindScenario, Phases: phases,
	}
}

// away is the time in which nobody answers who connects.
func (o outage) away() plumbline.Phase {
	ph := o.phase(phaseUnreachable, plumbline.RoleFault, outageAway, connectRate*float64(len(o.uses))/o.rate)
	ph.Faults = []plumbline.Fault{{Dependency: o.dep.Name, Kind: plumbline.FaultUnreachable, Scope: o.scope()}}
	return ph
}

// torn is what a database does beside being lost.
func (o outage) torn() []plumbline.Phase {
	if o.dep.Kind != plumbline.KindDatabase {
		return nil
	}
	cut, slow := o.phase(phaseCut, plumbline.RoleFault, cutFor, 1), o.phase(phaseSlow, plumbline.RoleFault, slowFor, 1)
	cut.Faults = []plumbline.Fault{{Dependency: o.dep.Name, Kind: plumbline.FaultCut, Scope: o.scope()}}
	slow.Faults = []plumbline.Fault{{Dependency: o.dep.Name, Kind: plumbline.FaultLatency, Latency: slowEach, Scope: o.scope()}}
	return []plumbline.Phase{cut, slow}
}

// loss is the fault that takes the dependency away from everything that the run
// sends.
func (o outage) loss() plumbline.Fault {
	if o.tcp() {
		return plumbline.Fault{Dependency: o.dep.Name, Kind: plumbline.FaultRefuse, Scope: o.scope()}
	}
	return plumbline.Fault{Dependency: o.dep.Name, Kind: plumbline.FaultStatus, Status: 503, Scope: o.scope()}
}

// pressure is how many times the usual requests are sent while the dependency
// hangs. A bulkhead wants to be pressed. Where none is claimed few requests
// are enough, and more of them would show what a full queue does and not
// whether a call is given up. A breaker wants as many as before, to trip, and
// a cache is to be lost at the usual rate.
func (o outage) pressure() float64 {
	switch {
	case o.dep.Bulkhead && len(o.spares) > 0:
		return 2
	case o.trips(), o.caches():
		return 1
	}
	return hangRate * float64(len(o.uses)) / o.rate
}

// scope keeps the outage to this run, where traces tell whose call it is.
func (o outage) scope() plumbline.Scope {
	if o.blind() {
		return plumbline.ScopeAll
	}
	return plumbline.ScopeRun
}

func (o outage) phase(name string, role plumbline.Role, length time.Duration, times float64) plumbline.Phase {
	p := plumbline.Phase{Name: name, Role: role, Duration: length}
	for _, op := range o.uses {
		p.Streams = append(p.Streams, seeded(op.ID, op, times*o.rate/float64(len(o.uses)), length))
	}
	for _, op := range o.spares {
		p.Streams = append(p.Streams, seeded(op.ID, op, o.spared/float64(len(o.spares)), length))
	}
	if o.polls.ID != "" {
		rate := max(2, math.Ceil((pollsLeast+1)/length.Seconds()))
		p.Streams = append(p.Streams, seeded(pollName, o.polls, min(rate, pollRateMost), length))
	}
	if o.ready.ID != "" {
		p.Streams = append(p.Streams, seeded(readyName, o.ready, readyRate, length))
	}
	return p
}

// settle sends nothing that needs the dependency. A phase needs a stream to
// last, so that where nothing else can be sent one request goes at its very
// beginning.
func (o outage) settle() plumbline.Phase {
	length := openFor(o.dep) + settleMore
	p := plumbline.Phase{Name: phaseSettle, Role: plumbline.RoleRecovery, Duration: length}
	switch {
	case o.polls.ID != "":
		p.Streams = []plumbline.Stream{seeded(pollName, o.polls, 2, length)}
	case len(o.spares) > 0:
		p.Streams = []plumbline.Stream{seeded(o.spares[0].ID, o.spares[0], 2, length)}
	default:
		p.Streams = []plumbline.Stream{seeded(o.uses[0].ID, o.uses[0], 1/length.Seconds(), length)}
	}
	return p
}

func (o outage) calls(prefix string) []plumbline.Call {
	var out []plumbline.Call
	for _, op := range o.uses {
		out = append(out, plumbline.Call{Name: prefix + op.ID, Operation: op.ID, Repeat: outageWarmUp})
	}
	return out
}

// seeded is a steady stream of the request that stands for the operation.
func seeded(name string, op plumbline.Operation, rate float64, length time.Duration) plumbline.Stream {
	s := steady(op.ID, math.Round(rate*100)/100, length)
	s.Name, s.Case = name, op.Cases[0].ID
	return s
}
