package faults_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
)

const (
	run      = "a1b2c3d4e5f6"
	ours     = run + "00000000000000000001"
	foreign  = "11111111111111111111111111111111"
	intact   = `{"answer":"forty-two"}`
	patience = 5 * time.Second        // for what is to pass
	moment   = 300 * time.Millisecond // for what is to hang
	late     = 200 * time.Millisecond
)

// A rig is a proxy of a driver in front of a real upstream. The dependency
// behind it is called "dep".
type rig struct {
	driver string // URL for faults.Open
	at     string // host:port of the proxy
}

// A bench is a rig with its driver and a client.
type bench struct {
	rig
	open   faults.Driver
	client *http.Client
}

func newBench(t *testing.T, m maker) *bench {
	t.Helper()
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, intact) }))
	t.Cleanup(up.Close)
	b := &bench{rig: m.make(t, strings.TrimPrefix(up.URL, "http://")), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	var err error
	if b.open, err = faults.Open(t.Context(), b.driver); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.open.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return b
}

func order(f plumbline.Fault, ttl time.Duration) faults.Order {
	if f.Dependency == "" {
		f.Dependency = "dep"
	}
	f.Scope = plumbline.ScopeAll
	return faults.Order{ID: "lease", Fault: f, TTL: ttl, Seed: 1}
}

func (b *bench) order(t *testing.T, f plumbline.Fault, ttl time.Duration) (faults.Held, error) {
	t.Helper()
	return b.open.Inject(t.Context(), order(f, ttl))
}

func (b *bench) inject(t *testing.T, f plumbline.Fault, ttl time.Duration) faults.Held {
	t.Helper()
	held, err := b.order(t, f, ttl)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// An outcome is what a client sees of one request.
type outcome struct {
	status int
	body   string
	took   time.Duration
	err    error
}

func (o outcome) passed() bool { return o.err == nil && o.status == http.StatusOK && o.body == intact }

func (b *bench) get(t *testing.T, trace string, limit time.Duration) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+b.at+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	began := time.Now()
	resp, err := b.client.Do(req)
	if err != nil {
		return outcome{err: err, took: time.Since(began)}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return outcome{resp.StatusCode, string(body), time.Since(began), err}
}

// expectHealed demands that requests pass through at once, and that one of a
// few is not late: a busy machine is no latency.
func (b *bench) expectHealed(t *testing.T) {
	t.Helper()
	if !b.quick(t) {
		t.Error("no fault is in force, but requests do not pass through as they should")
	}
}

func (b *bench) quick(t *testing.T) bool {
	t.Helper()
	for range 5 {
		o := b.get(t, ours, patience)
		if !o.passed() {
			t.Logf("seen: %+v", o)
			return false
		}
		if o.took < late {
			return true
		}
	}
	return false
}

// expectPassing waits until a request passes through.
func (b *bench) expectPassing(t *testing.T, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if b.get(t, ours, moment).passed() {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the fault outlives its lease")
		}
	}
}
