package runners

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/load"
	"github.com/plumbline-dev/plumbline/runners/pact"
	"github.com/plumbline-dev/plumbline/runners/progress"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// values is how many live values a stream has ready before it begins.
const values = 8

// A Live carries requests to a real deployment: it is the Target
// of a Runner, and LiveStreams its Streams.
type Live struct {
	Design plumbline.Design
	Run    plumbline.Run
	Client *target.Client
	Pool   *target.Pool
	Own    load.Calibration // of this generator; zero when it was not calibrated
	Meter  *progress.Meter  // counts the answers for those who watch; nil when nobody does

	sequence  atomic.Uint64
	reception reception
	feeding   feeding
	changing  changing
	read      map[string]bool // lists that were read to learn from them
}

func (l *Live) trace(at Place, stream int) string {
	return target.Trace(l.Run.ID, [3]int{at.ExperimentIndex, at.PhaseIndex, stream}, l.sequence.Add(1))
}

// find returns the case that a call or stream names: of all cases of the
// operation, or its seed request.
func (l *Live) find(operation, id string) (plumbline.Case, bool) {
	op, ok := l.Design.Operation(operation)
	if !ok || len(op.Cases) == 0 {
		return plumbline.Case{}, false
	}
	if id == "" {
		return op.Cases[0], true
	}
	all := slices.Concat(op.Cases, op.Invalid)
	i := slices.IndexFunc(all, func(c plumbline.Case) bool { return c.ID == id })
	if i < 0 {
		return plumbline.Case{}, false
	}
	return all[i], true
}

// Call makes one request.
func (l *Live) Call(ctx context.Context, at Place, c plumbline.Call) plumbline.Observation {
	s := l.shot(at, c)
	kase, ok := l.kase(c)
	switch {
	case !ok:
		s.Unbound = fmt.Errorf("the design has no case %q of %s", c.Case, c.Operation)
	case c.Fresh:
		s.Request, s.Unbound = l.Pool.FillFresh(ctx, kase)
	default:
		s.Request, s.Unbound = l.Pool.Fill(ctx, kase)
	}
	a := l.do(ctx, s, kase, c)
	l.Pool.Learn(c.Operation, a)
	return a.Observation
}

// kase is the case of a call: its own, or one of the design.
func (l *Live) kase(c plumbline.Call) (plumbline.Case, bool) {
	if c.Own != nil {
		return *c.Own, true
	}
	return l.find(c.Operation, c.Case)
}

// shot is what a call says about its request.
func (l *Live) shot(at Place, c plumbline.Call) target.Shot {
	return target.Shot{
		Experiment: at.Experiment, Phase: at.Phase, Stream: c.Name, Operation: c.Operation, Identity: c.Identity,
		Auth: c.Auth, TraceMode: c.Trace, Trace: l.trace(at, at.Stream), Transcript: true,
		Patient:  target.Gentle(at.Experiment, at.Role),
		Released: c.Own != nil && c.Own.Origin == plumbline.OriginReleased,
	}
}

// do sends a shot and notes of which case it was.
func (l *Live) do(ctx context.Context, s target.Shot, k plumbline.Case, c plumbline.Call) target.Answer {
	s.Case, s.Due = k.ID, l.Client.Now()
	a := l.Client.Do(ctx, s)
	l.Meter.Answered(a.Observation)
	_, a.Learnt = l.Pool.Taught(k)
	a.Kind, a.Keyword, a.Pointer, a.Violates, a.Identity = k.Kind, k.Keyword, k.Pointer, k.Violates, c.Identity
	if c.Own == nil && c.Auth == "" {
		l.reception.note(a)
	}
	return a
}

// Teardown deletes what the run created.
func (l *Live) Teardown(ctx context.Context) []plumbline.Resource { return l.Pool.Teardown(ctx) }

// Prepare creates what the streams of a phase need.
func (l *Live) Prepare(ctx context.Context, _ Place, p plumbline.Phase) error {
	for _, s := range p.Streams {
		if l.changing.seen(s) {
			continue
		}
		for _, c := range l.casesOf(s) {
			if err := l.Pool.Prepare(ctx, c, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// casesOf are the cases that a stream rotates over: the one that it names, or
// those of its operation that the target does not refuse. Those of a flow are of
// its steps, with the places alone that no step fills.
func (l *Live) casesOf(s plumbline.Stream) []plumbline.Case {
	if len(s.Flow) > 0 {
		return l.casesOfFlow(s)
	}
	if s.Case != "" {
		if c, ok := l.find(s.Operation, s.Case); ok {
			return []plumbline.Case{c}
		}
		return nil
	}
	op, _ := l.Design.Operation(s.Operation)
	cases := l.reception.welcome(op.Cases)
	if l.fed(s) {
		cases = l.unfed(cases, s.Operation)
	}
	return cases
}

// LiveStreams is the Streams of a Runner.
type LiveStreams struct{ *Live }

// Run runs the streams of a phase.
func (s LiveStreams) Run(ctx context.Context, at Place, p plumbline.Phase, record func(plumbline.Record)) error {
	l := s.Live
	if p.Streams = l.changing.still(p.Streams); silent(p.Streams) {
		return ctx.Err()
	}
	cases := make([][]plumbline.Case, len(p.Streams))
	for i, s := range p.Streams {
		if cases[i] = l.casesOf(s); len(cases[i]) == 0 {
			return fmt.Errorf("the stream %q has no case of %s to send", s.Name, s.Operation)
		}
	}
	ready := l.ready(ctx, p.Streams, cases)
	flows := l.flowsOf(p.Streams)
	session := load.Session{
		Experiment: at.Experiment, Phase: at.Phase, Streams: p.Streams, Seed: l.Run.Seed ^ uint64(at.ExperimentIndex)<<8 ^ uint64(at.PhaseIndex),
		Thresholds: thresholds(l.Design), Stop: p.Stop, Steps: flows.steps, Thinking: flows.thinking,
		Walk: func(stream int, number uint64) load.Walk { return l.walk(at, flows.all[stream], stream, number) },
		Shot: func(stream int, number uint64) target.Shot {
			c := cases[stream][number%uint64(len(cases[stream]))]
			s := target.Shot{Operation: c.Operation, Case: c.ID, Identity: p.Streams[stream].Identity, Trace: l.trace(at, stream)}
			if s.Ready = ready[stream][number%uint64(len(cases[stream]))]; s.Ready != nil {
				s.Request = c.Request
				return s
			}
			if s.Request, s.Unbound = l.Pool.Fill(ctx, c); s.Unbound == nil && l.fed(p.Streams[stream]) {
				s.Unbound = l.feed(&s.Request, c.Operation, stream, number)
			}
			return s
		},
		Answered: func(stream int, a target.Answer) {
			l.Meter.Answered(a.Observation)
			l.reception.note(a)
			l.Pool.Learn(p.Streams[stream].Operation, a)
		},
	}
	err := (&load.Engine{Client: l.Client, Own: l.Own}).Run(ctx, session, record)
	l.hungry(at, p.Streams, record)
	return err
}

// ready makes the requests ahead that are always the same: those that read and
// have no place to be filled in.
func (l *Live) ready(ctx context.Context, streams []plumbline.Stream, cases [][]plumbline.Case) [][]*target.Ready {
	out := make([][]*target.Ready, len(cases))
	for i, all := range cases {
		if len(streams[i].Flow) > 0 {
			continue
		}
		for _, c := range all {
			var r *target.Ready
			if !l.fed(streams[i]) && len(c.Binds) == 0 && len(c.Unique) == 0 && (c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead) {
				if req, err := l.Pool.Fill(ctx, c); err == nil {
					r = l.Client.Ready(ctx, target.Shot{Operation: c.Operation, Case: c.ID, Identity: streams[i].Identity, Request: req, Trace: l.trace(Place{}, 0)})
				}
			}
			out[i] = append(out[i], r)
		}
	}
	return out
}

func thresholds(d plumbline.Design) []time.Duration {
	var out []time.Duration
	for _, o := range d.Objectives {
		if o.Within > 0 {
			out = append(out, o.Within)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// WireSet is the wires of a process, as a Runner wants them.
type WireSet struct {
	Driver faults.Driver
	Client *wire.Client // nil when there are no wires, and only the deployment itself can be upset
}

// Inject orders a fault.
func (w WireSet) Inject(ctx context.Context, o faults.Order) (faults.Held, error) {
	return w.Driver.Inject(ctx, o)
}

// Exchanges returns what was journalled since the last call.
func (w WireSet) Exchanges(ctx context.Context) ([]plumbline.Exchange, error) {
	if w.Client == nil {
		return nil, nil
	}
	return w.Client.Exchanges(ctx)
}

// PassThrough is the self-check that nothing is left broken: every wire of the
// design is served and no lease of the run is in force.
func (w WireSet) PassThrough(d plumbline.Design) Check {
	return func(ctx context.Context) []plumbline.Check {
		s, err := w.Client.Status(ctx)
		var out []plumbline.Check
		for _, dep := range d.Dependencies {
			c := plumbline.Check{Name: "pass-through", Subject: dep.Name}
			switch {
			case err != nil:
				c.Detail = err.Error()
			case len(s.Leases) > 0:
				c.Detail = fmt.Sprintf("leases in force: %v", s.Leases)
			case !slices.ContainsFunc(s.Wires, func(v wire.Listener) bool { return v.Name == dep.Name }):
				c.Detail = "the process does not serve it"
			default:
				c.OK, c.Detail = true, "no lease in force"
			}
			out = append(out, c)
		}
		return out
	}
}

// Connections counts the connections that are open from the deployment to each
// dependency.
func (w WireSet) Connections(ctx context.Context) []plumbline.Check {
	s, err := w.Client.Status(ctx)
	if err != nil {
		return []plumbline.Check{{Name: "connections", Detail: err.Error()}}
	}
	var out []plumbline.Check
	for _, v := range s.Wires {
		out = append(out, plumbline.Check{Name: "connections", Subject: v.Name, OK: true, Value: float64(v.Open), Unit: "connections"})
	}
	return out
}

// PactEngine is the Pacts of a Runner.
type PactEngine struct {
	Verifier *pact.Verifier
	Live     *Live
	Messages func(ctx context.Context, r pact.MessageRequest) (pact.Message, error) // nil when nobody makes them
}

// Verify verifies files, with the credentials of the default identity.
func (p PactEngine) Verify(ctx context.Context, files []string) ([]plumbline.PactResult, error) {
	return p.Verifier.Verify(ctx, pact.Job{
		Files: files, Base: p.Live.Client.Base(), States: p.Live.Pool.SetState, Messages: p.Messages,
		Send: p.send,
	})
}

// send sends an interaction. What the run may not change is withheld.
func (p PactEngine) send(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := p.Live.Client.Send(r)
	p.Live.Meter.Count("", time.Since(began), err == nil && resp.StatusCode < http.StatusInternalServerError)
	if errors.Is(err, target.ErrUnbound) {
		return nil, fmt.Errorf("%w: %w", pact.ErrWithheld, err)
	}
	return resp, err
}
