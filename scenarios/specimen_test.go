package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// shop is a design that gives every function something to judge.
func shop() plumbline.Design {
	bearer := []plumbline.Scheme{{Name: "token", Type: "http", HTTP: "bearer"}}
	order := plumbline.Bind{In: "path", Name: "id", From: "createOrder", Pointer: "/id", Why: "link"}
	seedOf := func(id, method, path string, binds ...plumbline.Bind) plumbline.Case {
		return plumbline.Case{ID: id + "/example", Operation: id, Origin: "example", Request: plumbline.Request{Method: method, Path: path}, Binds: binds}
	}
	wrong := func(id, what string) plumbline.Case {
		return plumbline.Case{ID: id + "/" + what, Operation: id, Violates: "/body: " + what, Origin: "generated", Request: plumbline.Request{Method: "POST", Path: "/orders"}}
	}
	return plumbline.Design{
		Schema: plumbline.DesignSchema, Service: "shop", Target: "http://127.0.0.1:8080", Mode: plumbline.ModeOwn,
		Document: plumbline.Document{File: "openapi.yaml", Title: "Shop", OpenAPI: "3.1.0"},
		Operations: []plumbline.Operation{
			{ID: "getLiveness", Method: "GET", Path: "/livez", Cases: []plumbline.Case{seedOf("getLiveness", "GET", "/livez")}},
			{ID: "getProduct", Method: "GET", Path: "/products/{sku}", Secured: true, Schemes: bearer, Cases: []plumbline.Case{seedOf("getProduct", "GET", "/products/1")}},
			{
				ID: "createOrder", Method: "POST", Path: "/orders", Secured: true, Schemes: bearer, Produces: []string{"order"}, Deletes: "deleteOrder",
				Cases:   []plumbline.Case{seedOf("createOrder", "POST", "/orders"), {ID: "createOrder/minimal", Operation: "createOrder", Origin: "generated"}},
				Invalid: []plumbline.Case{wrong("createOrder", "quantity-below-minimum"), wrong("createOrder", "malformed-json")},
			},
			{ID: "getOrder", Method: "GET", Path: "/orders/{id}", Secured: true, Schemes: bearer, Cases: []plumbline.Case{seedOf("getOrder", "GET", "/orders/{id}", order)}},
			{ID: "deleteOrder", Method: "DELETE", Path: "/orders/{id}", Secured: true, Schemes: bearer, Cases: []plumbline.Case{seedOf("deleteOrder", "DELETE", "/orders/{id}", order)}},
			{ID: "refund", Method: "POST", Path: "/admin/refunds", Secured: true, Schemes: bearer, Cases: []plumbline.Case{seedOf("refund", "POST", "/admin/refunds")}},
		},
		Objectives: []plumbline.Objective{
			{Name: "orders-latency", Operations: []string{"createOrder"}, Target: 0.99, Within: 400 * time.Millisecond},
			{Name: "all-available", Target: 0.99},
		},
		Dependencies: []plumbline.Dependency{
			{Name: "payment", Wire: plumbline.WireHTTP, Listen: "127.0.0.1:7001", Upstream: "127.0.0.1:9001", Class: plumbline.ClassCritical, Operations: []string{"createOrder"}, Timeout: time.Second},
			{Name: "recs", Wire: plumbline.WireHTTP, Listen: "127.0.0.1:7002", Upstream: "127.0.0.1:9002", Class: plumbline.ClassOptional, Operations: []string{"getProduct"}, Timeout: 200 * time.Millisecond},
			{Name: "store", Wire: plumbline.WireTCP, Listen: "127.0.0.1:7003", Upstream: "127.0.0.1:9003", Class: plumbline.ClassCritical},
		},
		Identities:  []plumbline.Identity{{Name: "alice"}},
		JWT:         &plumbline.JWT{Identity: "alice", Public: true, Signs: true},
		Load:        plumbline.Load{Rate: 120, Duration: 25 * time.Second, Mix: map[string]float64{"getProduct": 6, "getOrder": 2, "createOrder": 4}},
		Liveness:    "/livez",
		Public:      []string{"getLiveness"},
		Propagation: plumbline.PropagationW3C,
		Recovery:    10 * time.Second,
		Pacts:       []string{"pacts/web.json"},
		Base:        "v1.yaml",
		Examples:    3,
		Consumers: []plumbline.Consumer{{
			File: "pacts/web.json", Consumer: "web", Key: "0", Description: "request 0", Operation: "getOrder", Status: 200, Reads: []string{"/id", "/note"},
		}},
	}
}

// drawn is the plan of the named functions, or of all.
func drawn(t *testing.T, d plumbline.Design, ids ...string) plumbline.Plan {
	t.Helper()
	var fns []plumbline.Function
	for _, f := range Functions() {
		for _, id := range ids {
			if f.ID == id || strings.HasPrefix(f.ID, id+"/") {
				fns = append(fns, f)
			}
		}
	}
	if len(ids) == 0 {
		fns = Functions()
	}
	p, err := Draw(d, fns, 7)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const runID = "a1b2c3d4e5f6"

// A recording plays a plan against a service that does everything right and
// writes down what plumbline would have seen.
type recording struct {
	d   plumbline.Design
	e   *plumbline.Evidence
	now time.Duration
	seq int
}

// goodRun is the evidence of the plan on a service that does everything right.
// Faults are delivered and do not change an answer: what they are to show is
// for the specimens of the functions that inject them.
func goodRun(d plumbline.Design, p plumbline.Plan) *plumbline.Evidence {
	r := &recording{d: d, now: 100 * time.Millisecond, e: &plumbline.Evidence{
		Run: plumbline.Run{ID: runID, Began: time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC), Ended: true},
	}}
	for i, x := range p.Experiments {
		for j, ph := range x.Phases {
			r.phase(i, x.ID, j, ph)
		}
	}
	for _, c := range d.Consumers {
		s := plumbline.Seen{Operation: c.Operation, Status: c.Status, Count: 4, Fields: map[string]int64{}}
		for _, f := range c.Reads {
			s.Fields[f] = 2
		}
		r.e.Seen = append(r.e.Seen, s)
	}
	r.e.Ended = r.now
	return r.e
}

func (r *recording) phase(i int, experiment string, j int, ph plumbline.Phase) {
	began := r.now
	for _, name := range ph.Checks {
		if name == CheckServed {
			r.e.Checks = append(r.e.Checks, plumbline.Check{Name: name, Subject: "/openapi.json", Experiment: experiment, OK: true, Unit: UnitDifferences})
			continue
		}
		for _, dep := range r.d.Dependencies {
			r.e.Checks = append(r.e.Checks, plumbline.Check{Name: name, Subject: dep.Name, Experiment: experiment, OK: true})
		}
	}
	for _, f := range ph.Faults {
		in := plumbline.Injection{Lease: fmt.Sprintf("%d-%d-%s-%s", i, j, f.Dependency, f.Kind), Experiment: experiment, Phase: ph.Name, Fault: f, Began: r.now}
		r.e.Injections = append(r.e.Injections, in)
	}
	for _, c := range ph.Calls {
		for range max(1, c.Repeat) {
			r.call(i, experiment, j, ph, c)
		}
	}
	for _, f := range ph.Flows {
		r.flow(i, experiment, j, ph, f)
	}
	for _, file := range ph.Pacts {
		for k := range 3 {
			r.e.Pacts = append(r.e.Pacts, plumbline.PactResult{File: file, Engine: "ffi", Consumer: "web", Key: fmt.Sprint(k), Description: fmt.Sprintf("request %d", k), Result: plumbline.PactOK})
		}
	}
	if len(ph.Streams) > 0 {
		r.streams(i, experiment, j, ph)
	}
	for k := range r.e.Injections {
		if in := r.e.Injections[k]; in.Experiment == experiment && in.Phase == ph.Name && in.Healed == 0 {
			in.Healed, in.Hits = r.now, 20
			r.e.Injections = append(r.e.Injections, in)
		}
	}
	r.e.Phases = append(r.e.Phases, plumbline.PhaseMark{Experiment: experiment, Phase: ph.Name, Role: ph.Role, Began: began, Ended: r.now, Complete: true})
	r.now += 10 * time.Millisecond
}

func (r *recording) trace(i, j int) string {
	r.seq++
	return fmt.Sprintf("%s%04x%02x00%012x", runID, i, j, r.seq)
}

func (r *recording) call(i int, experiment string, j int, ph plumbline.Phase, c plumbline.Call) {
	o := plumbline.Observation{
		Experiment: experiment, Phase: ph.Name, Stream: c.Name, Operation: c.Operation, Case: c.Case,
		Trace: r.trace(i, j), Parent: "00f067aa0ba902b7", Due: r.now, Sent: r.now, Latency: 4 * time.Millisecond, Status: r.status(c.Operation, c.Case),
	}
	if c.Auth != "" && c.Auth != plumbline.AuthSigned {
		o.Status = 401
	}
	r.answered(&o, c)
	r.e.Observations = append(r.e.Observations, o)
	if o.Status < 300 {
		r.exchanges(o, c.Trace)
	}
	r.now += 5 * time.Millisecond
}

// status is what a right service answers.
func (r *recording) status(operation, id string) int {
	op, _ := r.d.Operation(operation)
	for _, c := range op.Invalid {
		if c.ID == id {
			return 400
		}
	}
	switch op.Method {
	case "POST":
		return 201
	case "DELETE":
		return 204
	}
	return 200
}

// exchanges are what the request sets off on the wires.
func (r *recording) exchanges(o plumbline.Observation, mode string) {
	for _, dep := range r.d.Dependencies {
		x := plumbline.Exchange{Wire: dep.Name, Conn: 1, Attempt: 1, Began: o.Sent + time.Millisecond, Answered: o.Sent + 2*time.Millisecond, Ended: o.Sent + 2*time.Millisecond, In: 10, Out: 20}
		if dep.Wire == plumbline.WireHTTP {
			if !contains(dep.Operations, o.Operation) {
				continue
			}
			x.Method, x.Path, x.Status, x.Upstream = "POST", "/", 200, 200
			x.Trace, x.Parent, x.Flags = o.Trace, fmt.Sprintf("%016x", r.seq+1), "01"
			switch mode {
			case plumbline.TraceState:
				x.State = "plumbline=1"
			case plumbline.TraceAbsent, plumbline.TraceBadVer, plumbline.TraceZero:
				x.Trace = fmt.Sprintf("feedfeed%024x", r.seq)
			}
		}
		r.e.Exchanges = append(r.e.Exchanges, x)
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func (r *recording) streams(i int, experiment string, j int, ph plumbline.Phase) {
	planned := int64(0)
	for _, s := range ph.Streams {
		n := int64(s.Expected() + 0.5)
		planned += n
		if !s.Detail {
			r.series(experiment, ph, s, n)
			continue
		}
		for k := range n {
			due := r.now + time.Duration(float64(k)/s.Stages[0].From*float64(time.Second))
			o := plumbline.Observation{
				Experiment: experiment, Phase: ph.Name, Stream: s.Name, Operation: s.Operation, Case: s.Case,
				Trace: r.trace(i, j), Due: due, Sent: due, Latency: 4 * time.Millisecond, Status: r.status(s.Operation, s.Case),
			}
			r.e.Observations = append(r.e.Observations, o)
			r.exchanges(o, "")
		}
	}
	r.e.Health = append(r.e.Health, plumbline.Health{Experiment: experiment, Phase: ph.Name, Planned: planned, Sent: planned, Lag99: time.Millisecond})
	r.now += ph.Duration
}

// series folds n good requests: 5 ms each, one histogram bin, even seconds.
func (r *recording) series(experiment string, ph plumbline.Phase, s plumbline.Stream, n int64) {
	x := plumbline.Series{
		Experiment: experiment, Phase: ph.Name, Stream: s.Name, Operation: s.Operation, Class: "2xx", Began: r.now, Count: n,
		Latency: []plumbline.Bin{{UpTo: 5 * time.Millisecond, Count: n}}, Service: []plumbline.Bin{{UpTo: 5 * time.Millisecond, Count: n}},
	}
	for _, o := range r.d.Objectives {
		if o.Within > 0 {
			x.Within = append(x.Within, plumbline.Within{Threshold: o.Within, Count: n})
		}
	}
	seconds := int64(ph.Duration / time.Second)
	for k := range seconds {
		count := n * (k + 1) / seconds
		count -= n * k / seconds
		slice := plumbline.Slice{Second: int(k), Count: count, P50: 5 * time.Millisecond, P99: 5 * time.Millisecond, Max: 5 * time.Millisecond}
		for range x.Within {
			slice.Within = append(slice.Within, count)
		}
		x.Slices = append(x.Slices, slice)
	}
	r.e.Series = append(r.e.Series, x)
}

// A specimen is evidence on which a function must come to a certain outcome.
// For a self-check of the harness, broken is evidence that takes the proof
// away.
type specimen struct {
	kept, broken, unproven func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence)
}

// specimens holds those of every function, by its ID; the test files fill it.
var specimens = map[string]specimen{}

// spoil makes evidence for one claim out of a good run of its function by
// changing design and evidence. The claim is named by its subject.
func spoil(claim string, change func(*plumbline.Evidence), designs ...func(*plumbline.Design)) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		t.Helper()
		d := shop()
		for _, f := range designs {
			f(&d)
		}
		p := drawn(t, d, strings.Join(strings.SplitN(claim, "/", 3)[:2], "/"))
		e := goodRun(d, p)
		if change != nil {
			change(e)
		}
		for _, c := range p.Claims {
			if c.ID == claim {
				return d, c, e
			}
		}
		t.Fatalf("the plan makes no claim %q", claim)
		return d, plumbline.Claim{}, e
	}
}

// each changes the observations of an experiment whose name in the phase (of
// stream or call) begins with a prefix; the change is told how many it has
// seen before.
func each(experiment, prefix string, change func(n int, o *plumbline.Observation)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		n := 0
		for i := range e.Observations {
			if o := &e.Observations[i]; o.Experiment == experiment && strings.HasPrefix(o.Stream, prefix) {
				change(n, o)
				n++
			}
		}
	}
}
