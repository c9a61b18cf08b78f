package runners

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
)

// fakeTarget answers every call after a second, and created one order.
type fakeTarget struct {
	began    time.Time
	teardown time.Duration
}

func (f *fakeTarget) Call(ctx context.Context, at Place, c plumbline.Call) plumbline.Observation {
	o := plumbline.Observation{Experiment: at.Experiment, Phase: at.Phase, Stream: c.Name, Operation: c.Operation, Due: time.Since(f.began), Status: 200}
	if !pause(ctx, time.Second) {
		o.Status, o.Error = 0, plumbline.ErrorCanceled
	}
	o.Latency = time.Since(f.began) - o.Due
	return o
}

func (f *fakeTarget) Flow(ctx context.Context, at Place, x plumbline.Flow) Told {
	var t Told
	for _, s := range x.Steps {
		t.Observations = append(t.Observations, f.Call(ctx, at, s.Call))
	}
	return t
}

func (f *fakeTarget) Teardown(ctx context.Context) []plumbline.Resource {
	r := plumbline.Resource{Operation: "createOrder", URL: "/orders/7", Deleted: pause(ctx, f.teardown)}
	return []plumbline.Resource{r}
}

// fakeStreams makes one request of every stream every ten seconds.
type fakeStreams struct {
	began time.Time
	err   error // of every Run
}

func (f *fakeStreams) Prepare(context.Context, Place, plumbline.Phase) error { return nil }

func (f *fakeStreams) Run(ctx context.Context, at Place, p plumbline.Phase, record func(plumbline.Record)) error {
	for over := time.Now().Add(p.Duration); time.Now().Before(over); {
		for _, s := range p.Streams {
			record(plumbline.Record{Observation: &plumbline.Observation{Experiment: at.Experiment, Phase: at.Phase, Stream: s.Name, Operation: s.Operation, Due: time.Since(f.began), Status: 200}})
		}
		if !pause(ctx, min(10*time.Second, time.Until(over))) {
			return ctx.Err()
		}
	}
	return f.err
}

// fakeWires keeps leases as real wires do, and can break status on no wire but
// "payment". Each injection takes a second to take hold, each healing another.
type fakeWires struct {
	mu     sync.Mutex
	began  time.Time
	orders []faults.Order
	force  map[string]*time.Timer
	lost   []string // leases that were not renewed in time
	seen   []plumbline.Exchange
}

func (f *fakeWires) Inject(ctx context.Context, o faults.Order) (faults.Held, error) {
	if o.Fault.Kind == plumbline.FaultStatus && o.Fault.Dependency != "payment" {
		return nil, fmt.Errorf("no status on %s: %w", o.Fault.Dependency, errors.ErrUnsupported)
	}
	if !pause(ctx, time.Second) {
		return nil, ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.orders = append(f.orders, o)
	f.force[o.ID] = time.AfterFunc(o.TTL, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.force, o.ID)
		f.lost = append(f.lost, o.ID)
	})
	return fakeHeld{f, o}, nil
}

func (f *fakeWires) Exchanges(ctx context.Context) ([]plumbline.Exchange, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.seen
	f.seen = nil
	return out, ctx.Err()
}

// passThrough is the self-check of the same name.
func (f *fakeWires) passThrough(context.Context) []plumbline.Check {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []plumbline.Check{{Name: "pass-through", Subject: "payment", OK: len(f.force) == 0}}
}

type fakeHeld struct {
	wires *fakeWires
	order faults.Order
}

func (h fakeHeld) Renew(context.Context) error {
	h.wires.mu.Lock()
	defer h.wires.mu.Unlock()
	t := h.wires.force[h.order.ID]
	if t == nil {
		return errors.New("the lease has ended")
	}
	t.Reset(h.order.TTL)
	return nil
}

func (h fakeHeld) Hits(context.Context) (int, error) { return 3, nil }

func (h fakeHeld) Heal(ctx context.Context) (int, error) {
	if !pause(ctx, time.Second) {
		return 0, ctx.Err()
	}
	h.wires.mu.Lock()
	defer h.wires.mu.Unlock()
	if t := h.wires.force[h.order.ID]; t != nil {
		t.Stop()
		delete(h.wires.force, h.order.ID)
		h.wires.seen = append(h.wires.seen, plumbline.Exchange{Wire: h.order.Fault.Dependency, Fault: h.order.ID, Ended: time.Since(h.wires.began)})
	}
	return 3, nil
}

// fakePacts finds every file verified.
type fakePacts struct{}

func (fakePacts) Verify(_ context.Context, files []string) ([]plumbline.PactResult, error) {
	var out []plumbline.PactResult
	for _, f := range files {
		out = append(out, plumbline.PactResult{File: f, Result: plumbline.PactOK})
	}
	return out, nil
}

// pause waits; it is false when ctx ended meanwhile.
func pause(ctx context.Context, d time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// A rig is a runner of fakes.
type rig struct {
	*Runner
	target  *fakeTarget
	streams *fakeStreams
	wires   *fakeWires
}

// newRig makes a rig; inside a synctest bubble its clock is the bubble's.
func newRig(t *testing.T) *rig {
	t.Helper()
	began := time.Now()
	r := &rig{target: &fakeTarget{began: began, teardown: time.Second}, streams: &fakeStreams{began: began}, wires: &fakeWires{began: began, force: map[string]*time.Timer{}}}
	r.Runner = &Runner{
		Run: plumbline.Run{Schema: plumbline.EvidenceSchema, ID: "a1b2c3d4e5f6", Began: began, Seed: 7}, Dir: t.TempDir(),
		Target: r.target, Streams: r.streams, Wires: r.wires, Pacts: fakePacts{},
		Checks: map[string]Check{"pass-through": r.wires.passThrough},
	}
	var err error
	if r.Journal, err = OpenJournal(filepath.Join(r.Dir, "evidence.jsonl"), began); err != nil {
		t.Fatal(err)
	}
	return r
}

// carry carries a plan out and tells what the journal then says, a line a
// record. No fault may be left, nor have ended for want of renewal.
func (r *rig) carry(ctx context.Context, t *testing.T, p plumbline.Plan) ([]string, error) {
	t.Helper()
	carried := r.Carry(ctx, p)
	if err := r.Journal.Close(); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, rec := range records(t, filepath.Join(r.Dir, "evidence.jsonl")) {
		out = append(out, said(rec))
	}
	if len(r.wires.force) > 0 || len(r.wires.lost) > 0 {
		t.Errorf("faults left in force: %d; leases that were not renewed: %q", len(r.wires.force), r.wires.lost)
	}
	return out, carried
}

func records(t *testing.T, path string) []plumbline.Record {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []plumbline.Record
	for line := range bytes.Lines(text) {
		var r plumbline.Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		out = append(out, r)
	}
	return out
}

// said is a record in a line.
func said(r plumbline.Record) string {
	s := "nothing"
	switch {
	case r.Run != nil && r.Run.Interrupted:
		s = "run interrupted" + why(r.Run.Error)
	case r.Run != nil && r.Run.Ended:
		s = "run ended" + why(r.Run.Error)
	case r.Run != nil:
		s = "run began"
	case r.Phase != nil:
		s = fmt.Sprintf("phase %s/%s from %s to %s, complete: %t", r.Phase.Experiment, r.Phase.Phase, r.Phase.Began, r.Phase.Ended, r.Phase.Complete)
	case r.Observation != nil:
		s = fmt.Sprintf("%s in %s/%s: %d%s", r.Observation.Stream, r.Observation.Experiment, r.Observation.Phase, r.Observation.Status, why(string(r.Observation.Error)))
	case r.Injection != nil:
		i := r.Injection
		s = fmt.Sprintf("%s of %s from %s to %s, %d hits%s", i.Fault.Kind, i.Fault.Dependency, i.Began, i.Healed, i.Hits, why(i.Error))
	case r.Exchange != nil:
		s = "exchange on " + r.Exchange.Wire
	case r.Pact != nil:
		s = "pact " + r.Pact.File + ": " + r.Pact.Result
	case r.Check != nil:
		s = fmt.Sprintf("check %s: %t%s", r.Check.Name, r.Check.OK, why(r.Check.Detail))
	case r.Doubt != nil:
		s = fmt.Sprintf("doubt %s%s", r.Doubt.Reason, why(r.Doubt.Detail))
	case r.Resource != nil:
		s = fmt.Sprintf("resource %s deleted: %t", r.Resource.URL, r.Resource.Deleted)
	}
	return r.At.String() + " " + s
}

func why(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}
