package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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
Guard: exchanges count only if they begin while a call is in flight; if others are seen on the wire between the calls, somebody else uses it and the calls without a trace-id of ours are inconclusive. Propagation is judged only where it is declared (propagation: w3c).`,
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
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: obsTraceparent + "/" + dep.Name, Function: obsTraceparent, Dependency: dep.Name, Basis: plumbline.BasisDeclared, Source: dep.Source,
			Statement:   "the trace context of a request goes out to " + dep.Name,
			Experiments: []string{traceCalls},
		})
	}
	p.Experiments = []plumbline.Experiment{x}
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
	repeated := t.repeated()
	if len(repeated) > 0 {
		f.measured = float64(len(repeated))
		v := fail(f, "%s: %s", c.Dependency, first(t.reasons(repeated), 3))
		v.Remedy = "hand the incoming trace context to the client of " + c.Dependency + ", as OpenTelemetry's propagators do"
		v.Evidence = t.exhibits(repeated)
		return v
	}
	switch {
	case len(t.broken) > 0:
		v := inconclusive(plumbline.ReasonNotReproduced, "seen once: %s", first(t.reasons(t.broken), 3))
		v.Evidence = t.exhibits(t.broken)
		return v
	case t.foreign > 0 && t.fresh > 0:
		return inconclusive(plumbline.ReasonNoise, "%s on the wire to %s between the calls: others use it, so that calls without a trace-id of ours cannot be told from theirs", plural(t.foreign, "exchange"), c.Dependency)
	}
	return pass(f, "%s to %s set off by %s carried their trace-id%s; %s without a usable one went out with a new one%s",
		plural(t.valid, "exchange"), c.Dependency, plural(t.calls, "call"), t.stateNote(), plural(t.fresh, "exchange"), t.allowed())
}

// A tracing is what went out on one wire while the calls were in flight.
type tracing struct {
	calls    int
	seen     int // exchanges that began during a call
	valid    int // of calls with a valid traceparent
	stated   int // of calls with a tracestate
	fresh    int // of calls without a usable traceparent
	foreign  int // that began between the calls
	sameSpan int // parent-id not renewed
	unsample int // sampled flag dropped
	broken   []brokenTrace
}

// A brokenTrace is a call whose trace context did not go out as it should.
type brokenTrace struct {
	call      plumbline.Observation
	mode      string
	reason    string
	exchanges []plumbline.Exchange
}

func tracingOf(e *plumbline.Evidence, dependency string) tracing {
	var t tracing
	w := &window{wire: onWire(e, dependency), claimed: map[int]bool{}}
	usual := map[string]int{} // operation to the status class with a valid traceparent
	for o := range e.Of(traceCalls, "") {
		if !sentToTarget(o) {
			continue
		}
		t.calls++
		mode := modeOf(o)
		if mode == "" && o.Error == "" {
			usual[o.Operation] = o.Status / 100
		}
		t.judge(o, mode, w.during(o), usual[o.Operation])
	}
	t.foreign = w.foreign()
	return t
}

// A window parts the exchanges of a wire among calls made one after the other.
type window struct {
	wire         []plumbline.Exchange
	claimed      map[int]bool // by index
	began, ended time.Duration
}

// during are the exchanges that carry the call's trace-id or began while it
// was in flight, and that no earlier call has claimed.
func (w *window) during(o plumbline.Observation) []plumbline.Exchange {
	if w.ended == 0 {
		w.began = o.Sent
	}
	w.ended = o.Done()
	var out []plumbline.Exchange
	for i, x := range w.wire {
		ours := x.Trace != "" && x.Trace == o.Trace
		inTime := x.Began >= o.Sent && x.Began <= o.Done()
		if !w.claimed[i] && (ours || inTime) {
			w.claimed[i] = true
			out = append(out, x)
		}
	}
	return out
}

// foreign counts the exchanges between the first call and the last that no
// call has claimed.
func (w *window) foreign() int {
	n := 0
	for i, x := range w.wire {
		if !w.claimed[i] && x.Began >= w.began && x.Began <= w.ended {
			n++
		}
	}
	return n
}

// onWire are the exchanges of one dependency.
func onWire(e *plumbline.Evidence, dependency string) []plumbline.Exchange {
	return slices.DeleteFunc(slices.Clone(e.Exchanges), func(x plumbline.Exchange) bool { return x.Wire != dependency })
}

// modeOf reads the trace mode of a call off its name.
func modeOf(o plumbline.Observation) string {
	for _, mode := range traceModes() {
		if o.Stream == traceCallName(o.Operation, mode) {
			return mode
		}
	}
	return ""
}

// judge compares what went out with what came in.
func (t *tracing) judge(o plumbline.Observation, mode string, during []plumbline.Exchange, usual int) {
	t.seen += len(during)
	bad := func(reason string) { t.broken = append(t.broken, brokenTrace{o, mode, reason, during}) }
	if mode == "" || mode == plumbline.TraceState {
		t.judgeValid(o, mode, during, bad)
		return
	}
	if usual != 0 && o.Error == "" && o.Status/100 != usual {
		bad(fmt.Sprintf("%s answers %d to a request with traceparent %s, and %dxx to one with a valid traceparent", o.Operation, o.Status, mode, usual))
	}
	t.fresh += len(during)
	for _, x := range during {
		if !validTrace(x.Trace) || (x.Trace == o.Trace && mode != plumbline.TraceAbsent) {
			bad(fmt.Sprintf("with traceparent %s, %s goes out instead of a new trace-id", mode, traceWord(x.Trace)))
			return
		}
	}
}

// judgeValid looks at the exchanges of a call whose trace context was valid.
func (t *tracing) judgeValid(o plumbline.Observation, mode string, during []plumbline.Exchange, bad func(string)) {
	t.valid += len(during)
	ours := slices.DeleteFunc(slices.Clone(during), func(x plumbline.Exchange) bool { return x.Trace != o.Trace })
	if len(during) > 0 && len(ours) == 0 {
		bad(fmt.Sprintf("%s goes out instead of the trace-id that came in", traceWord(during[0].Trace)))
		return
	}
	for _, x := range ours {
		if o.Parent != "" && x.Parent == o.Parent {
			t.sameSpan++
		}
		if strings.HasSuffix(x.Flags, "0") {
			t.unsample++
		}
	}
	if mode != plumbline.TraceState || len(ours) == 0 {
		return
	}
	t.stated += len(ours)
	if !slices.ContainsFunc(ours, func(x plumbline.Exchange) bool { return x.State != "" }) {
		bad("the tracestate is lost")
	}
}

func validTrace(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" && strings.Trim(id, "0") != ""
}

func traceWord(id string) string {
	if id == "" {
		return "no traceparent"
	}
	return "trace-id " + id
}

// repeated are the calls that broke in the same mode on the same operation at
// least twice.
func (t *tracing) repeated() []brokenTrace {
	n := map[string]int{}
	for _, b := range t.broken {
		n[b.call.Stream]++
	}
	return slices.DeleteFunc(slices.Clone(t.broken), func(b brokenTrace) bool {
		return n[b.call.Stream] < traceRepeat || (t.foreign > 0 && b.mode != "" && b.mode != plumbline.TraceState)
	})
}

func (t *tracing) reasons(broken []brokenTrace) []string {
	seen := map[string]bool{}
	for _, b := range broken {
		seen[b.reason] = true
	}
	return sortedKeys(seen)
}

func (t *tracing) exhibits(broken []brokenTrace) []plumbline.Exhibit {
	var out []plumbline.Exhibit
	for _, b := range broken[:min(len(broken), exhibitLimit)] {
		shown := b.call
		shown.Transcript = nil
		out = append(out, plumbline.Exhibit{
			Summary: b.call.Operation + ": " + b.reason, Trace: b.call.Trace, Phase: traceCalls, Request: b.call.Transcript,
			Exchanges: b.exchanges[:min(len(b.exchanges), exchangeLimit)], Observation: &shown,
		})
	}
	return out
}

func (t *tracing) stateNote() string {
	if t.stated == 0 {
		return ""
	}
	return " and, where there was one, their tracestate"
}

// allowed names what the Recommendation lets a service do and few would want.
func (t *tracing) allowed() string {
	var notes string
	if t.sameSpan > 0 {
		notes += fmt.Sprintf("; %s kept the parent-id of the caller", plural(t.sameSpan, "exchange"))
	}
	if t.unsample > 0 {
		notes += fmt.Sprintf("; %s dropped the sampled flag", plural(t.unsample, "exchange"))
	}
	return notes
}
