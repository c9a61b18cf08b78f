package runners

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

const guardedRun = "a1b2c3d4e5f6"

// sent are exchanges of others, evenly spread over a time.
func sent(n int, from, to, took time.Duration, change func(int, *plumbline.Exchange)) []plumbline.Exchange {
	var out []plumbline.Exchange
	for i := range n {
		at := from + (to-from)*time.Duration(i)/time.Duration(n)
		x := plumbline.Exchange{Wire: "payment", Began: at, Ended: at + took, Status: 200}
		if change != nil {
			change(i, &x)
		}
		out = append(out, x)
	}
	return out
}

// The guard accuses a fault of the run only of what others did not suffer before.
func TestTheGuardOfOthers(t *testing.T) {
	t.Parallel()
	const second = time.Second
	fails := func(every int) func(int, *plumbline.Exchange) {
		return func(i int, x *plumbline.Exchange) {
			if i%every == 0 {
				x.Status = 503
			}
		}
	}
	ours := func(_ int, x *plumbline.Exchange) { x.Trace = guardedRun + "00000000000000000001" }
	theirs := func(_ int, x *plumbline.Exchange) { x.Trace = "feedfeedfeed00000000000000000001" }
	calm := sent(50, 0, 10*second, 5*time.Millisecond, nil)
	for name, c := range map[string]struct {
		calm, hard []plumbline.Exchange
		dark       bool    // no trace of ours was seen
		heard      float64 // a second at the beginning: zero is five, and less is nobody
		want       string
	}{
		"all well":             {calm: calm, hard: sent(50, 10*second, 20*second, 6*time.Millisecond, nil)},
		"some fail":            {calm: calm, hard: sent(50, 10*second, 20*second, 6*time.Millisecond, fails(10))},
		"many fail":            {calm: calm, hard: sent(50, 10*second, 20*second, 6*time.Millisecond, fails(3)), want: "17 of the last 50 exchanges"},
		"they are slow":        {calm: calm, hard: sent(50, 10*second, 19*second, 300*time.Millisecond, nil), want: "took longer than 105ms"},
		"slower, but not slow": {calm: calm, hard: sent(50, 10*second, 20*second, 60*time.Millisecond, nil)},
		"they do not come":     {calm: calm, hard: sent(3, 10*second, 20*second, 5*time.Millisecond, nil), want: "3 exchanges of others came in the last 10s; without a fault it is 50"},
		"few never came":       {calm: sent(12, 0, 10*second, 5*time.Millisecond, nil), heard: 1.5},
		"nobody was there":     {hard: sent(50, 10*second, 20*second, 5*time.Millisecond, fails(1))},
		"they failed before":   {calm: sent(50, 0, 10*second, 5*time.Millisecond, fails(10)), hard: sent(50, 10*second, 20*second, 5*time.Millisecond, fails(2))},
		"they may be ours":     {calm: calm, hard: sent(50, 10*second, 20*second, 5*time.Millisecond, fails(1)), dark: true},
		"ours without a trace": {calm: calm, hard: sent(50, 10*second, 20*second, 5*time.Millisecond, fails(1)), heard: -1},
		"traces of their own":  {calm: sent(50, 0, 10*second, 1, theirs), hard: sent(50, 10*second, 20*second, 1, func(i int, x *plumbline.Exchange) { theirs(i, x); x.Status = 500 }), want: "50 of the last 50"},
		"they are ours":        {calm: calm, hard: append(sent(50, 10*second, 20*second, 5*time.Millisecond, ours), sent(50, 10*second, 20*second, 5*time.Millisecond, nil)...)},
		"a fault was meant":    {calm: calm, hard: append(sent(50, 10*second, 20*second, 0, func(_ int, x *plumbline.Exchange) { x.Fault, x.Status = "lease", 503 }), sent(50, 10*second, 20*second, 0, nil)...)},
		"two are no proof":     {calm: sent(12, 0, 10*second, 5*time.Millisecond, nil), hard: sent(2, 10*second, 20*second, 5*time.Millisecond, fails(1)), heard: 1.5},
	} {
		g := &guard{run: guardedRun}
		if c.heard >= 0 {
			g.heard = map[string]float64{"payment": cmp.Or(c.heard, 5)}
		}
		if !c.dark {
			g.note(sent(1, 0, 1, 1, ours)[0])
		}
		for _, x := range c.calm {
			g.note(x)
		}
		if why := g.harm(10 * second); why != "" {
			t.Errorf("%s: before any fault: %s", name, why)
		}
		g.begin(10 * second)
		for _, x := range c.hard {
			g.note(x)
		}
		got := g.harm(20 * second)
		if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		g.end(20 * second)
		if why := g.harm(21 * second); why != "" {
			t.Errorf("%s: after the fault: %s", name, why)
		}
	}
}

// A neighbourhood is a target that passes traces on to its dependency through a
// wire, and another client of it, who sends without a trace of the run.
type neighbourhood struct {
	target        *httptest.Server
	client        *wire.Client
	sent, spoiled atomic.Int64 // of the other client
}

func newNeighbourhood(t *testing.T, call func(*http.Request) (*http.Response, error)) *neighbourhood {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(up.Close)
	ready := make(chan wire.Addresses, 1)
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	go func() {
		_ = wire.Serve(ctx, wire.Config{Control: "127.0.0.1:0", Token: "t", Wires: []wire.Wire{{Name: "payment", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: up.URL}}}, func(a wire.Addresses) { ready <- a })
	}()
	at := <-ready
	n := &neighbourhood{client: &wire.Client{Addr: at.Control, Token: "t"}}
	n.target = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+at.Wires["payment"], nil)
		if trace := r.Header.Get("Traceparent"); trace != "" {
			req.Header.Set("Traceparent", trace)
		}
		resp, err := call(req)
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		w.WriteHeader(resp.StatusCode)
	}))
	t.Cleanup(n.target.Close)
	return n
}

// visit is the other client, at so many requests a second, until ctx ends.
func (n *neighbourhood) visit(ctx context.Context, rate int) {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var under sync.WaitGroup
	defer under.Wait()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		under.Go(func() {
			resp, err := http.Get(n.target.URL)
			n.sent.Add(1)
			if err != nil || resp.StatusCode != http.StatusOK {
				n.spoiled.Add(1)
			}
			if err == nil {
				_ = resp.Body.Close()
			}
		})
	}
}

// Run sends twenty requests of the run a second.
func (n *neighbourhood) Run(ctx context.Context, _ Place, p plumbline.Phase, _ func(plumbline.Record)) error {
	ctx, cancel := context.WithTimeout(ctx, p.Duration)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var under sync.WaitGroup
	defer under.Wait()
	for i := 0; ; i++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		under.Go(func() {
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, n.target.URL, nil)
			req.Header.Set("Traceparent", fmt.Sprintf("00-%s%020x-00f067aa0ba902b7-01", guardedRun, i+1))
			if resp, err := http.DefaultClient.Do(req); err == nil {
				_ = resp.Body.Close()
			}
		})
	}
}

// Prepare has nothing to do.
func (n *neighbourhood) Prepare(context.Context, Place, plumbline.Phase) error { return nil }

// pooled calls the dependency over five connections for all, and waits for as long
// as it takes: when the run's calls hang, nobody else gets one.
func pooled() func(*http.Request) (*http.Response, error) {
	pool := make(chan struct{}, 5)
	return func(r *http.Request) (*http.Response, error) {
		select {
		case pool <- struct{}{}:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		defer func() { <-pool }()
		return http.DefaultTransport.RoundTrip(r)
	}
}

// A fault of the run that takes others with it ends the run: everything is healed,
// and it says who suffered. Where others are untouched it goes on to its end.
func TestARunThatHarmsOthersEndsItself(t *testing.T) {
	t.Parallel()
	each := &http.Client{Timeout: time.Minute}
	for name, c := range map[string]struct {
		call  func(*http.Request) (*http.Response, error)
		harms bool
	}{"connections of their own": {each.Do, false}, "connections for all": {pooled(), true}} { //nolint:bodyclose // closed by its caller
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNeighbourhood(t, c.call)
			r := newRig(t)
			r.Run.ID = guardedRun
			if err := n.client.Sync(t.Context(), r.Run.Began); err != nil {
				t.Fatal(err)
			}
			r.Listen = 2 * time.Second
			r.Streams, r.Wires = n, WireSet{Driver: faults.Wire{Client: n.client}, Client: n.client}
			phase := func(name string, f ...plumbline.Fault) plumbline.Phase {
				lasts := 3 * time.Second
				if c.harms && f != nil {
					lasts = 6 * guardWindow // of which little is to pass
				}
				return plumbline.Phase{Name: name, Role: plumbline.RoleFault, Duration: lasts, Streams: []plumbline.Stream{{Name: "all"}}, Faults: f}
			}
			x := plumbline.Experiment{ID: "probes", Kind: plumbline.KindLoad, Phases: []plumbline.Phase{phase("baseline"), phase("hang", plumbline.Fault{Dependency: "payment", Kind: plumbline.FaultHang, Scope: plumbline.ScopeRun}), phase("after")}}
			ctx, leave := context.WithCancel(t.Context())
			left := make(chan struct{})
			go func() { defer close(left); n.visit(ctx, 20) }()
			err := r.Carry(t.Context(), plumbline.Plan{Experiments: []plumbline.Experiment{x}})
			leave()
			<-left
			e := r.Journal.Evidence()
			_, after := e.Phase("probes", "after")
			if err != nil || (e.Run.Stopped != "") != c.harms || after == c.harms || e.Run.Interrupted || !e.Run.Ended {
				t.Errorf("%+v, the phase after it ran: %t, %v", e.Run, after, err)
			}
			if c.harms && !strings.Contains(e.Run.Stopped, "on the wire to payment") {
				t.Errorf("it says %q", e.Run.Stopped)
			}
			if s, err := n.client.Status(t.Context()); err != nil || len(s.Leases) != 0 {
				t.Errorf("not healed: %v %v", s.Leases, err)
			}
			for _, x := range e.Exchanges {
				if x.Fault != "" && plumbline.TraceRun(x.Trace) != guardedRun {
					t.Errorf("a fault hit somebody else: %+v", x)
				}
			}
			if spoiled := n.spoiled.Load(); !c.harms && (spoiled > 0 || n.sent.Load() < 10) {
				t.Errorf("%d of %d requests of the other client were spoiled", spoiled, n.sent.Load())
			}
		})
	}
}
