package scenarios

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// stocked is the sample system as its founders describe it: two critical
// dependencies with retries and breakers, an optional one, and a store.
func stocked() plumbline.Design {
	d := shop()
	retry := &plumbline.Retry{MaxAttempts: 3, Jitter: true, On: []int{503}, Backoff: 200 * time.Millisecond, Key: "Idempotency-Key"}
	breaker := &plumbline.Breaker{MinCalls: 20, Ratio: 0.5, Window: 10 * time.Second, OpenFor: 3 * time.Second}
	d.Operations = append(d.Operations, plumbline.Operation{
		ID: "listOrders", Method: "GET", Path: "/orders",
		Cases: []plumbline.Case{{ID: "listOrders/example", Operation: "listOrders", Request: plumbline.Request{Method: "GET", Path: "/orders"}}},
	}, plumbline.Operation{
		ID: "getReadiness", Method: "GET", Path: "/readyz",
		Cases: []plumbline.Case{{ID: "getReadiness/example", Operation: "getReadiness", Request: plumbline.Request{Method: "GET", Path: "/readyz"}}},
	}, plumbline.Operation{
		ID: "getMe", Method: "GET", Path: "/me",
		Cases: []plumbline.Case{{ID: "getMe/example", Operation: "getMe", Request: plumbline.Request{Method: "GET", Path: "/me"}}},
	})
	d.Dependencies = []plumbline.Dependency{
		{Name: "inventory", Wire: plumbline.WireHTTP, Class: plumbline.ClassCritical, Operations: []string{"createOrder", "getProduct"}, Timeout: time.Second, Retry: retry, Breaker: breaker},
		{Name: "payment", Wire: plumbline.WireHTTP, Class: plumbline.ClassCritical, Operations: []string{"createOrder"}, Timeout: time.Second, Retry: retry, Breaker: breaker, Bulkhead: true},
		{Name: "recs", Wire: plumbline.WireHTTP, Class: plumbline.ClassOptional, Operations: []string{"getProduct"}, Timeout: 200 * time.Millisecond, Retry: retry, Breaker: breaker},
		{Name: "store", Wire: plumbline.WireTCP, Class: plumbline.ClassCritical, Operations: []string{"createOrder", "getOrder", "listOrders"}, Timeout: time.Second},
	}
	d.Dependencies[0].Cancels = true
	d.Dependencies[3].Kind, d.Dependencies[3].ConnectTimeout = plumbline.KindDatabase, 500*time.Millisecond
	d.Readiness = &plumbline.Readiness{Path: "/readyz", Reflects: []string{"store"}, Within: 2 * time.Second}
	for i := range d.Dependencies[:3] {
		d.Dependencies[i].RetryBudget = 0.25
	}
	return d
}

// A defect is a named way in which the simulated target is wrong; the empty
// one is none.
type defect string

const (
	noDefect   defect = ""
	nullTarget defect = "null-target" // answers everything and calls nobody
	untraced   defect = "drops-traceparent"
)

// A world plays a plan against a model of the sample system, event by event,
// and writes down what plumbline would have seen.
type world struct {
	d      plumbline.Design
	e      *plumbline.Evidence
	defect defect
	noisy  bool
	rnd    *rand.Rand

	now    time.Duration
	events events
	seq    int

	breakers map[string]*simBreaker
	inUse    map[string]int // calls in flight, by dependency
	leaked   map[string]int // connections that nobody closes, by dependency
	pool     int            // requests in flight, for the shared pool
	queue    []func()
	latched  bool
	faults   []*simFault
	stalls   time.Duration // the machine stops until
}

type simFault struct {
	plumbline.Fault
	lease string
	hits  int
}

type event struct {
	at  time.Duration
	seq int
	do  func()
}

type events []event

func (q events) Len() int { return len(q) }
func (q events) Less(i, j int) bool {
	return q[i].at < q[j].at || (q[i].at == q[j].at && q[i].seq < q[j].seq)
}
func (q events) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *events) Push(x any)   { *q = append(*q, x.(event)) }
func (q *events) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

func (w *world) after(d time.Duration, do func()) {
	w.seq++
	heap.Push(&w.events, event{w.now + max(d, 0), w.seq, do})
}

// drain runs everything that is still to happen.
func (w *world) drain() {
	for w.events.Len() > 0 {
		x := heap.Pop(&w.events).(event)
		w.now = max(w.now, x.at)
		x.do()
	}
}

// simulate plays the plan. Without noise every step takes the same time.
func simulate(d plumbline.Design, p plumbline.Plan, wrong defect, seed uint64, noisy bool) *plumbline.Evidence {
	w := newWorld(d, wrong, seed, noisy)
	w.carry(0, p.Experiments)
	return w.e
}

func newWorld(d plumbline.Design, wrong defect, seed uint64, noisy bool) *world {
	return &world{
		d: d, defect: wrong, noisy: noisy, rnd: rand.New(rand.NewPCG(seed, 1)), now: 100 * time.Millisecond,
		breakers: map[string]*simBreaker{}, inUse: map[string]int{}, leaked: map[string]int{},
		e: &plumbline.Evidence{Run: plumbline.Run{ID: runID, Ended: true, Began: time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)}},
	}
}

// carry plays experiments, the first of which has the given index in the run.
func (w *world) carry(first int, experiments []plumbline.Experiment) {
	for i, x := range experiments {
		for j, ph := range x.Phases {
			w.phase(first+i, x.ID, j, ph)
		}
	}
	w.e.Ended = w.now
}

func (w *world) phase(i int, experiment string, j int, ph plumbline.Phase) {
	mark := plumbline.PhaseMark{Experiment: experiment, Phase: ph.Name, Role: ph.Role, Began: w.now, Complete: true}
	prefix := fmt.Sprintf("%s%04x%02x", runID, i, j)
	for k, f := range ph.Faults {
		s := &simFault{Fault: f, lease: fmt.Sprintf("%s-%d-%d-%d", runID, i, j, k)}
		w.faults = append(w.faults, s)
		w.e.Injections = append(w.e.Injections, plumbline.Injection{Lease: s.lease, Experiment: experiment, Phase: ph.Name, Fault: f, Began: w.now})
	}
	for range ph.Checks {
		for _, dep := range w.d.Dependencies {
			w.e.Checks = append(w.e.Checks, plumbline.Check{Name: checkConnections, Subject: dep.Name, Experiment: experiment, OK: true, Value: float64(5 + w.leaked[dep.Name])})
		}
	}
	turns := ph.InTurn()
	if ph.Serial == nil {
		turns = nil
		for k, c := range ph.Calls {
			turns = append(turns, slices.Repeat([]plumbline.SerialCall{{Call: k}}, max(1, c.Repeat))...)
		}
	}
	for _, turn := range turns {
		c := ph.Calls[turn.Call]
		o := plumbline.Observation{Experiment: experiment, Phase: ph.Name, Stream: c.Name, Operation: c.Operation, Transcript: &plumbline.Transcript{ResponseBody: `{"stock":100}`}}
		if turn.Alone {
			w.now += ph.Serial.Idle
			o.Alone = ph.Serial.Idle
		}
		w.request(prefix, o, nil)
		w.drain()
	}
	planned := 0
	for _, s := range ph.Streams {
		n := int(s.Expected())
		planned += n
		for k := range n {
			w.after(time.Duration(float64(k)/s.Stages[0].From*float64(time.Second)), func() {
				w.request(prefix, plumbline.Observation{Experiment: experiment, Phase: ph.Name, Stream: s.Name, Operation: s.Operation}, s.Patience)
			})
		}
	}
	end := w.now + ph.Duration
	w.drain()
	w.now = max(w.now, end)
	for _, s := range w.faults {
		w.e.Injections = append(w.e.Injections, plumbline.Injection{
			Lease: s.lease, Experiment: experiment, Phase: ph.Name, Fault: s.Fault, Began: mark.Began, Healed: w.now, Hits: s.hits,
		})
	}
	w.faults = nil
	mark.Ended = w.now
	w.e.Phases = append(w.e.Phases, mark)
	w.e.Health = append(w.e.Health, plumbline.Health{Experiment: experiment, Phase: ph.Name, Planned: int64(planned), Sent: int64(planned)})
	w.now += 5 * time.Millisecond
}

const clientTimeout = 10 * time.Second

// A sim is one request in the making.
type sim struct {
	o       plumbline.Observation
	garbage bool          // it believed what could not be read
	leaves  time.Duration // when its client does; zero: it stays
}

// request sends what the observation says, and fills in the rest of it.
func (w *world) request(prefix string, o plumbline.Observation, patience *plumbline.Patience) {
	w.seq++
	o.Due, o.Sent, o.Trace = w.now, w.now, fmt.Sprintf("%s00%012x", prefix, w.seq)
	r := &sim{o: o}
	if patience != nil {
		r.leaves = w.now + patience.Timeout
	}
	if w.defect == "shared-pool-no-bulkhead" {
		if w.pool >= 24 {
			w.queue = append(w.queue, func() { w.handle(r) })
			return
		}
		w.pool++
	}
	w.handle(r)
}

// handle calls the dependencies of the operation, one after the other.
func (w *world) handle(r *sim) {
	if r.o.Operation == "getLiveness" && w.defect == "liveness-waits-in-line" && w.calling() > 16 {
		w.after(2*time.Second, func() { w.answer(r, 200) })
		return
	}
	w.after(w.takes(time.Millisecond), func() {
		if w.latched && w.defect == "no-recovery-latch" && r.o.Operation != "getLiveness" && r.o.Operation != "getReadiness" {
			w.answer(r, 503)
			return
		}
		w.steps(r, w.needs(r.o.Operation))
	})
}

// calling counts the calls that are under way.
func (w *world) calling() (n int) {
	for _, of := range w.inUse {
		n += of
	}
	return n
}

func (w *world) needs(operation string) []string {
	if w.defect == nullTarget {
		return nil
	}
	var out []string
	for _, dep := range w.d.Dependencies {
		if slices.Contains(dep.Operations, operation) {
			out = append(out, dep.Name)
		}
	}
	if operation == "getLiveness" && w.defect == "liveness-depends-on-db" {
		out = append(out, "store")
	}
	if operation == "getReadiness" && w.defect != "readiness-lies" {
		out = append(out, "store")
	}
	return out
}

func (w *world) steps(r *sim, needs []string) {
	if len(needs) == 0 {
		w.answer(r, 200)
		return
	}
	dep, _ := w.d.Dependency(needs[0])
	w.call(r, dep, func(failed int) {
		switch {
		case failed == 0:
		case dep.Class == plumbline.ClassOptional && w.defect != "optional-is-critical":
		case dep.Name == "inventory" && w.defect == "dependency-error-is-500":
			w.answer(r, 500)
			return
		default:
			w.answer(r, failed)
			return
		}
		w.steps(r, needs[1:])
	})
}

func (w *world) answer(r *sim, status int) {
	w.after(w.takes(time.Millisecond), func() {
		if w.defect == "shared-pool-no-bulkhead" {
			if len(w.queue) > 0 {
				next := w.queue[0]
				w.queue = w.queue[1:]
				next()
			} else {
				w.pool--
			}
		}
		r.o.Status, r.o.Latency = status, w.now-r.o.Due
		if r.garbage && r.o.Transcript != nil {
			r.o.Transcript.ResponseBody = `{"stock":0}`
		}
		if r.leaves > 0 && w.now > r.leaves {
			r.o.Status, r.o.Error, r.o.Latency = 0, plumbline.ErrorTimeout, r.leaves-r.o.Due
		}
		if r.o.Latency >= clientTimeout {
			r.o.Status, r.o.Error, r.o.Latency = 0, plumbline.ErrorTimeout, clientTimeout
		}
		w.e.Observations = append(w.e.Observations, r.o)
	})
}

// takes is how long a step takes: on a noisy machine sometimes much longer.
func (w *world) takes(d time.Duration) time.Duration {
	if !w.noisy {
		return d
	}
	d += time.Duration(w.rnd.ExpFloat64() * float64(3*time.Millisecond))
	if w.now > w.stalls && w.rnd.Float64() < 0.0005 {
		w.stalls = w.now + 150*time.Millisecond
	}
	if w.now < w.stalls {
		d += w.stalls - w.now
	}
	return d
}

// hit finds the fault that a call meets.
func (w *world) hit(r *sim, dep, method string, attempt int) *simFault {
	for _, f := range w.faults {
		if f.once() && f.hits >= 2 && !w.clings(f.Kind) { // as many connections are open
			continue
		}
		if f.Dependency == dep && (len(f.Streams) == 0 || slices.Contains(f.Streams, r.o.Stream)) && (f.Method == "" || f.Method == method) && (f.First == 0 || attempt <= f.First) && (w.defect != untraced || f.Scope == plumbline.ScopeAll) {
			return f
		}
	}
	return nil
}

// once says whether the fault is one of the connections that were open when it came.
func (f simFault) once() bool { return f.Kind == plumbline.FaultCut || f.Kind == plumbline.FaultMoved }

// clings says whether a connection that was hit so is used again and again.
func (w *world) clings(kind plumbline.FaultKind) bool {
	return kind == plumbline.FaultCut && w.defect == "dead-connections-kept" || kind == plumbline.FaultMoved && w.defect == "insists-on-connection"
}

// resilience are the functions of the group.
func resilience() []plumbline.Function {
	return slices.DeleteFunc(Functions(), func(f plumbline.Function) bool { return !strings.HasPrefix(f.ID, "resilience/") })
}

// played is a plan with the evidence of a run on a simulated target.
func played(t *testing.T, d plumbline.Design, wrong defect, seed uint64, noisy bool) (plumbline.Plan, *plumbline.Evidence) {
	t.Helper()
	p, err := Draw(d, append(resilience(), catalogue[wireIsLive]), 7)
	if err != nil {
		t.Fatal(err)
	}
	return p, simulate(d, p, wrong, seed, noisy)
}
