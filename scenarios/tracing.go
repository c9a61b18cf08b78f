package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// foreignLeast is how many calls must break on a wire that others use, too.
const foreignLeast = 4

// A tracing is what went out on one wire while calls were made one after the
// other.
type tracing struct {
	calls    int
	seen     int // exchanges that began during a call
	valid    int // of calls with a valid traceparent
	stated   int // of calls with a tracestate
	fresh    int // of calls without a usable traceparent
	foreign  int // that began between the calls and are nobody's we know
	own      int // that carry a trace-id of this run, in all of it
	sameSpan int // parent-id not renewed
	unsample int // sampled flag dropped
	broken   []brokenTrace
}

// A brokenTrace is a call whose trace context did not go out as it should.
type brokenTrace struct {
	call      plumbline.Observation
	mode      string
	reason    string
	certain   bool // it is the call's doing, and not told by time alone
	exchanges []plumbline.Exchange
}

// tracingOf looks at the calls of this function and at those of the others
// that are made one by one, with a valid traceparent and no fault.
func tracingOf(e *plumbline.Evidence, dependency string) tracing {
	wire := onWire(e, dependency)
	t := tracing{}
	for _, x := range wire {
		if x.Trace != "" && plumbline.TraceRun(x.Trace) == e.Run.ID {
			t.own++
		}
	}
	for _, experiment := range []string{wiresLive, contractValid, traceCalls} {
		w := &window{wire: wire, run: e.Run.ID, claimed: map[int]bool{}}
		usual := map[string]int{} // operation to the status class with a valid traceparent
		for o := range e.Of(experiment, "") {
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
		t.foreign += w.foreign()
	}
	return t
}

// A window parts the exchanges of a wire among calls made one after the other.
type window struct {
	wire         []plumbline.Exchange
	run          string
	claimed      map[int]bool // by index
	began, ended time.Duration
}

// during are the exchanges that carry the call's trace-id or began while it
// was in flight, and that no earlier call has claimed. Where calls are made
// several at a time, one that carries the trace-id of another is that one's.
func (w *window) during(o plumbline.Observation) []plumbline.Exchange {
	if w.ended == 0 {
		w.began = o.Sent
	}
	w.ended = o.Done()
	var out []plumbline.Exchange
	for i, x := range w.wire {
		ours := x.Trace != "" && x.Trace == o.Trace
		inTime := x.Began >= o.Sent && x.Began <= o.Done()
		others := o.Experiment != traceCalls && !ours && plumbline.TraceRun(x.Trace) == w.run
		if !w.claimed[i] && !others && (ours || inTime) {
			w.claimed[i] = true
			out = append(out, x)
		}
	}
	return out
}

// foreign counts the exchanges between the first call and the last that no
// call has claimed and that carry no trace-id of this run.
func (w *window) foreign() int {
	n := 0
	for i, x := range w.wire {
		if !w.claimed[i] && x.Began >= w.began && x.Began <= w.ended && plumbline.TraceRun(x.Trace) != w.run {
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
		if o.Experiment == traceCalls && o.Stream == traceCallName(o.Operation, mode) {
			return mode
		}
	}
	return ""
}

// judge compares what went out with what came in.
func (t *tracing) judge(o plumbline.Observation, mode string, during []plumbline.Exchange, usual int) {
	t.seen += len(during)
	b := brokenTrace{call: o, mode: mode, exchanges: during}
	if mode == "" || mode == plumbline.TraceState {
		t.judgeValid(b)
		return
	}
	if usual != 0 && o.Error == "" && o.Status/100 != usual {
		b.certain = true
		b.reason = fmt.Sprintf("%s answers %d to a request with traceparent %s, and %dxx to one with a valid traceparent", o.Operation, o.Status, mode, usual)
		t.broken = append(t.broken, b)
	}
	t.fresh += len(during)
	for _, x := range during {
		handedOn := x.Trace == o.Trace && mode != plumbline.TraceAbsent
		if handedOn || !validTrace(x.Trace) {
			b.certain = handedOn
			b.reason = fmt.Sprintf("with traceparent %s, %s goes out instead of a new trace-id", mode, traceWord(x.Trace))
			t.broken = append(t.broken, b)
			return
		}
	}
}

// judgeValid looks at the exchanges of a call whose trace context was valid.
func (t *tracing) judgeValid(b brokenTrace) {
	t.valid += len(b.exchanges)
	ours := slices.DeleteFunc(slices.Clone(b.exchanges), func(x plumbline.Exchange) bool { return x.Trace != b.call.Trace })
	if len(ours) == 0 {
		if len(b.exchanges) > 0 {
			b.reason = traceWord(b.exchanges[0].Trace) + " goes out instead of the trace-id that came in"
			t.broken = append(t.broken, b)
		}
		return
	}
	for _, x := range ours {
		if b.call.Parent != "" && x.Parent == b.call.Parent {
			t.sameSpan++
		}
		if strings.HasSuffix(x.Flags, "0") {
			t.unsample++
		}
	}
	if b.mode != plumbline.TraceState {
		return
	}
	t.stated += len(ours)
	if !slices.ContainsFunc(ours, func(x plumbline.Exchange) bool { return x.State != "" }) {
		b.certain, b.reason = true, "the tracestate is lost"
		t.broken = append(t.broken, b)
	}
}

func validTrace(id string) bool {
	return len(id) == 32 && strings.Trim(id, "0123456789abcdef") == "" && strings.Trim(id, "0") != ""
}

// traceWord names what goes out, without an identifier that differs from call
// to call.
func traceWord(id string) string {
	if id == "" {
		return "no traceparent"
	}
	return "another trace-id"
}

// proved are the calls that accuse the target: those that broke in the same
// mode on the same operation at least twice. On a wire that others use too,
// what is told by time alone accuses only if nothing on it carries a trace-id
// of this run, and often enough.
func (t *tracing) proved() []brokenTrace {
	n := map[string]int{}
	uncertain := 0
	for _, b := range t.broken {
		n[b.call.Operation+" "+b.mode]++
		if !b.certain && (b.mode == "" || b.mode == plumbline.TraceState) {
			uncertain++
		}
	}
	return slices.DeleteFunc(slices.Clone(t.broken), func(b brokenTrace) bool {
		told := b.certain || t.foreign == 0 || (t.own == 0 && uncertain >= foreignLeast)
		return !told || n[b.call.Operation+" "+b.mode] < traceRepeat
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
			Summary: b.call.Operation + ": " + b.reason, Trace: b.call.Trace, Phase: b.call.Experiment + "/" + b.call.Phase, Request: b.call.Transcript,
			Exchanges: b.exchanges[:min(len(b.exchanges), exchangeLimit)], Observation: &shown,
		})
	}
	return out
}

// notes tell what else was seen, and what the Recommendation lets a service do
// and few would want.
func (t *tracing) notes() string {
	var notes string
	if t.stated > 0 {
		notes += " and, where there was one, their tracestate"
	}
	switch {
	case t.fresh > 0:
		notes += fmt.Sprintf("; %s without a usable one went out with a new one", plural(t.fresh, "exchange"))
	default:
		notes += "; no call without a usable one set off an exchange"
	}
	if t.sameSpan > 0 {
		notes += fmt.Sprintf("; %s kept the parent-id of the caller", plural(t.sameSpan, "exchange"))
	}
	if t.unsample > 0 {
		notes += fmt.Sprintf("; %s dropped the sampled flag", plural(t.unsample, "exchange"))
	}
	return notes
}
