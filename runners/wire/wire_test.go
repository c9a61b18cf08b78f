package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const (
	run   = "a1b2c3d4e5f6"
	trace = run + "00000000000000000001"
)

// rig is a wire with an upstream, and a client of each.
type rig struct {
	url    string
	client *Client
	calls  atomic.Int32

	upstream *httptest.Server
}

func newRig(t *testing.T, kind plumbline.Wire) *rig {
	t.Helper()
	r := &rig{}
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.calls.Add(1)
		_, _ = io.Copy(io.Discard, req.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"answer":"forty-two","list":[1,2,3,4]}`)
	}))
	t.Cleanup(up.Close)
	r.upstream = up
	upstream := up.URL
	if kind == plumbline.WireTCP {
		upstream = strings.TrimPrefix(up.URL, "http://")
	}
	a := serve(t, Wire{Name: "dep", Kind: kind, Listen: "127.0.0.1:0", Upstream: upstream})
	r.url, r.client = "http://"+a.Wires["dep"], &Client{Addr: a.Control, Token: "t"}
	if err := r.client.Sync(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return r
}

// serve serves one wire until the test ends.
func serve(t *testing.T, w Wire) Addresses {
	t.Helper()
	return serveAll(t, Config{Wires: []Wire{w}})
}

func serveAll(t *testing.T, c Config) Addresses {
	t.Helper()
	c.Control, c.Token = "127.0.0.1:0", "t"
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, failed := make(chan Addresses, 1), make(chan error, 1)
	go func() {
		defer close(failed)
		if err := Serve(ctx, c, func(a Addresses) { ready <- a }); err != nil {
			failed <- err
		}
	}()
	t.Cleanup(func() {
		stop()
		if err := <-failed; err != nil {
			t.Error(err)
		}
	})
	select {
	case a := <-ready:
		return a
	case err := <-failed:
		t.Fatal(err)
		return Addresses{}
	}
}

func (r *rig) get(t *testing.T, tr string, limit time.Duration) (int, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/charge", strings.NewReader(`{"amount":1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Traceparent", "00-"+tr+"-00f067aa0ba902b7-01")
	req.Header.Set("Idempotency-Key", "k")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func (r *rig) order(t *testing.T, f plumbline.Fault, ttl time.Duration) {
	t.Helper()
	f.Dependency = "dep"
	o := Order{ID: "lease", Fault: f, TTL: ttl, Seed: 1}
	if f.Scope != plumbline.ScopeAll {
		o.Traces = []string{run}
	}
	if err := r.client.Order(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

func TestEveryFaultOnAnHTTPWire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  plumbline.Fault
		status int
		body   string
		err    error // nil with status 0: any error
		calls  int32
		closed plumbline.Closer
	}{
		"status":        {plumbline.Fault{Kind: plumbline.FaultStatus, Status: 503, RetryAfter: time.Second}, 503, "Service Unavailable", nil, 0, ""},
		"garbage":       {plumbline.Fault{Kind: plumbline.FaultGarbage}, 200, "<html>", nil, 0, ""},
		"truncate":      {plumbline.Fault{Kind: plumbline.FaultTruncate}, 200, `{"answer":"forty-t`, nil, 1, ""},
		"reset":         {plumbline.Fault{Kind: plumbline.FaultResetBefore}, 0, "", syscall.ECONNRESET, 0, plumbline.ClosedByFault},
		"refuse":        {plumbline.Fault{Kind: plumbline.FaultRefuse}, 0, "", syscall.ECONNRESET, 0, plumbline.ClosedByFault},
		"reset body":    {plumbline.Fault{Kind: plumbline.FaultResetBody}, 0, "", nil, 1, plumbline.ClosedByFault},
		"lost response": {plumbline.Fault{Kind: plumbline.FaultLostResponse}, 0, "", syscall.ECONNRESET, 1, plumbline.ClosedByFault},
		"hang":          {plumbline.Fault{Kind: plumbline.FaultHang}, 0, "", context.DeadlineExceeded, 0, plumbline.ClosedByCaller},
		"drip":          {plumbline.Fault{Kind: plumbline.FaultDrip, Latency: time.Minute}, 0, "", context.DeadlineExceeded, 1, ""},
		"delay":         {plumbline.Fault{Kind: plumbline.FaultDelay, Latency: 20 * time.Millisecond}, 200, "forty-two", nil, 1, ""},
		"delay body":    {plumbline.Fault{Kind: plumbline.FaultDelayBody, Latency: 20 * time.Millisecond}, 200, "forty-two", nil, 1, ""},
		"latency":       {plumbline.Fault{Kind: plumbline.FaultLatency, Latency: 20 * time.Millisecond, Jitter: time.Millisecond}, 200, "forty-two", nil, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plumbline.WireHTTP)
			r.order(t, c.fault, time.Minute)
			status, body, err := r.get(t, trace, 400*time.Millisecond)
			if c.status != 0 && (status != c.status || !strings.Contains(body, c.body) || err != nil) {
				t.Errorf("got %d %q %v, want %d %q", status, body, err, c.status, c.body)
			}
			if c.status == 0 && (err == nil || c.err != nil && !errors.Is(err, c.err)) {
				t.Errorf("got %d %q %v, want error %v", status, body, err, c.err)
			}
			if n := r.calls.Load(); n != c.calls {
				t.Errorf("the upstream saw %d calls, want %d", n, c.calls)
			}
			if status, body, err := r.get(t, strings.Repeat("1", 32), time.Second); status != 200 || err != nil {
				t.Errorf("a foreign trace was hit: %d %q %v", status, body, err)
			}
			hits, err := r.client.Heal(t.Context(), "lease")
			if hits != 1 || err != nil {
				t.Errorf("%d hits, %v", hits, err)
			}
			if status, _, err := r.get(t, trace, time.Second); status != 200 || err != nil {
				t.Errorf("after healing: %d %v", status, err)
			}
			r.expectJournal(t, c.fault.Kind, c.closed)
		})
	}
}

// expectJournal waits for the three exchanges of a case.
func (r *rig) expectJournal(t *testing.T, kind plumbline.FaultKind, closed plumbline.Closer) {
	t.Helper()
	for _, x := range journalled(t, r.client, 3) {
		if x.Fault == "" {
			continue
		}
		if x.FaultKind != kind || x.Trace != trace || x.Key == "" || x.Method != http.MethodPost || x.Attempt != 1 || x.Ended < x.Began {
			t.Errorf("journalled %+v", x)
		}
		if closed != "" && x.Closed != closed {
			t.Errorf("closed by %q, want %q", x.Closed, closed)
		}
	}
}

func TestFailNThenSucceed(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireHTTP)
	r.order(t, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 500, First: 2}, time.Minute)
	for i, want := range []int{500, 500, 200, 200} {
		if got, _, err := r.get(t, trace, time.Second); got != want || err != nil {
			t.Errorf("attempt %d: %d %v, want %d", i+1, got, err, want)
		}
	}
}

// A fault for everybody has no traces to number attempts by.
func TestFailNThenSucceedForEverybody(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireHTTP)
	r.order(t, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 500, First: 2, Scope: plumbline.ScopeAll}, time.Minute)
	for i, of := range []string{"", "feedfeedfeed00000000000000000001", ""} {
		want := 500
		if i == 2 {
			want = 200
		}
		if got, _, err := r.get(t, of, time.Second); got != want || err != nil {
			t.Errorf("attempt %d: %d %v, want %d", i+1, got, err, want)
		}
	}
}

func TestToxicityIsPerRequestAndSeeded(t *testing.T) {
	t.Parallel()
	counts := map[int]bool{}
	for range 2 {
		r := newRig(t, plumbline.WireHTTP)
		r.order(t, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 500, Toxicity: 0.5}, time.Minute)
		n := 0
		for range 40 {
			if s, _, _ := r.get(t, trace, time.Second); s == 500 {
				n++
			}
		}
		if n < 8 || n > 32 {
			t.Errorf("%d of 40 were hit", n)
		}
		counts[n] = true
	}
	if len(counts) != 1 {
		t.Errorf("the same seed hit differently: %v", counts)
	}
}

func TestALeaseThatIsNotRenewedEnds(t *testing.T) {
	t.Parallel()
	for _, kind := range []plumbline.Wire{plumbline.WireHTTP, plumbline.WireTCP} {
		r := newRig(t, kind)
		r.order(t, plumbline.Fault{Kind: plumbline.FaultHang, Scope: plumbline.ScopeAll}, 300*time.Millisecond)
		if _, _, err := r.get(t, trace, 100*time.Millisecond); err == nil {
			t.Errorf("%s: the fault had not taken hold when the order was answered", kind)
		}
		deadline := time.Now().Add(5 * time.Second)
		for {
			if s, _, err := r.get(t, trace, time.Second); s == 200 && err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: the wire does not pass through after the lease", kind)
			}
		}
		if err := r.client.Renew(t.Context(), "lease"); err == nil {
			t.Errorf("%s: a lease that has ended was renewed", kind)
		}
	}
}

func TestFaultsOnATCPWire(t *testing.T) {
	t.Parallel()
	for _, kind := range []plumbline.FaultKind{plumbline.FaultHang, plumbline.FaultRefuse, plumbline.FaultResetBefore, plumbline.FaultLatency} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, plumbline.WireTCP)
			r.order(t, plumbline.Fault{Kind: kind, Scope: plumbline.ScopeAll, Latency: 300 * time.Millisecond}, time.Minute)
			if _, _, err := r.get(t, trace, 200*time.Millisecond); err == nil {
				t.Error("the fault has no effect")
			}
			if hits, err := r.client.Heal(t.Context(), "lease"); hits == 0 || err != nil {
				t.Errorf("%d hits, %v", hits, err)
			}
			if s, _, err := r.get(t, trace, 2*time.Second); s != 200 || err != nil {
				t.Errorf("after healing: %d %v", s, err)
			}
		})
	}
	r := newRig(t, plumbline.WireTCP)
	err := r.client.Order(t.Context(), Order{ID: "x", Fault: plumbline.Fault{Dependency: "dep", Kind: plumbline.FaultStatus, Status: 500, Scope: plumbline.ScopeAll}, TTL: time.Second})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a status on a TCP wire: %v", err)
	}
}

func TestAWireInventsNoAnswer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := l.Addr().String()
	_ = l.Close()
	r := &rig{url: "http://" + serve(t, Wire{Name: "dep", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: "http://" + dead}).Wires["dep"]}
	if s, _, err := r.get(t, trace, time.Second); err == nil {
		t.Errorf("a dead upstream was answered with %d", s)
	}
}

func TestTheControlPortWantsItsToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireHTTP)
	stranger := &Client{Addr: r.client.Addr, Token: "x"}
	if _, err := stranger.Status(t.Context()); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("got %v", err)
	}
}

func TestTheProxyIsTransparent(t *testing.T) {
	t.Parallel()
	for _, c := range SelfTest(t.Context()) {
		if !c.OK {
			t.Errorf("%s: %s", c.Subject, c.Detail)
		}
	}
}

func FuzzTraceparent(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Add("ff-00000000000000000000000000000000-00f067aa0ba902b7-01-x")
	f.Fuzz(func(t *testing.T, s string) {
		if _, tr, parent, flags, ok := traceparent(s); ok && (len(tr) != 32 || len(parent) != 16 || len(flags) != 2 || strings.Trim(tr, "0") == "") {
			t.Errorf("%q was taken for a trace context", s)
		}
	})
}

// What is watched is handed over once, with the declared headers and no other,
// and so is nothing else.
func TestRequestsOfARunAreHandedOverForInspection(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireHTTP)
	var seen []Sight
	r.client.Inspect = func(x *plumbline.Exchange, s Sight) {
		seen = append(seen, s)
		x.Operation, x.Marks = "charge", []plumbline.Mark{{Kind: plumbline.MarkBody, Message: x.Method}}
	}
	send := func(tr string) plumbline.Exchange {
		if _, _, err := r.get(t, tr, 5*time.Second); err != nil {
			t.Fatal(err)
		}
		return journalled(t, r.client, 1)[0]
	}
	if x := send(trace); len(seen) != 0 || x.Operation != "" {
		t.Errorf("nobody asked: %+v %+v", seen, x)
	}
	if err := r.client.Watch(t.Context(), Watch{Run: run, Headers: map[string][]string{"dep": {"idempotency-key", "X-None"}}}); err != nil {
		t.Fatal(err)
	}
	x := send(trace)
	if len(seen) != 1 || string(seen[0].Body) != `{"amount":1}` || !seen[0].Whole || len(seen[0].Header) != 1 || seen[0].Header["Idempotency-Key"][0] != "k" {
		t.Errorf("seen: %+v", seen)
	}
	if x.Operation != "charge" || len(x.Marks) != 1 || x.Marks[0].Message != "POST" {
		t.Errorf("exchange: %+v", x)
	}
	if send("ffffffffffff" + trace[12:]); len(seen) != 1 {
		t.Errorf("a request of nobody's run was handed over: %+v", seen[1:])
	}
}
