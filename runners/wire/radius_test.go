package wire

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Another client, whose requests carry no trace of the run, or one of another
// run, meets none of the faults that an HTTP wire can be given in scope of the
// run, while those of the run meet each.
func TestFaultsOfARunHitNobodyElse(t *testing.T) {
	t.Parallel()
	r := newRig(t, plumbline.WireHTTP)
	_, whole := asked(t.Context(), r.url, "")
	kinds := []plumbline.FaultKind{
		plumbline.FaultStatus, plumbline.FaultDelay, plumbline.FaultDelayBody, plumbline.FaultResetBefore, plumbline.FaultResetBody, plumbline.FaultLostResponse,
		plumbline.FaultDrip, plumbline.FaultTruncate, plumbline.FaultGarbage, plumbline.FaultHang, plumbline.FaultRefuse, plumbline.FaultLatency,
	}
	for _, kind := range kinds {
		fault := plumbline.Fault{Dependency: "dep", Kind: kind, Scope: plumbline.ScopeRun, Status: 503, Latency: 300 * time.Millisecond}
		if err := r.client.Order(t.Context(), Order{ID: string(kind), Fault: fault, Traces: []string{run}, TTL: time.Minute}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var sent, spoiled atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; ctx.Err() == nil; i++ {
				trace := ""
				if i%2 == 1 {
					trace = "feedfeedfeed"
				}
				status, body := asked(t.Context(), r.url, trace) //nolint:contextcheck // a request that is under way is to end
				sent.Add(1)
				if status != http.StatusOK || !bytes.Equal(body, whole) {
					spoiled.Add(1)
				}
			}
		}()
		for range 3 {
			within, cancel := context.WithTimeout(t.Context(), time.Second)
			asked(within, r.url, run)
			cancel()
		}
		for sent.Load() < 5 {
			time.Sleep(time.Millisecond)
		}
		stop()
		<-done
		hits, err := r.client.Heal(t.Context(), string(kind))
		if err != nil || hits < 3 {
			t.Errorf("%s: hit the run %d times, %v", kind, hits, err)
		}
		if n := spoiled.Load(); n > 0 {
			t.Errorf("%s: %d of %d requests of others were spoiled", kind, n, sent.Load())
		}
	}
	seen, err := r.client.Exchanges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range seen {
		if x.Fault != "" && plumbline.TraceRun(x.Trace) != run {
			t.Errorf("%s hit the trace %q", x.FaultKind, x.Trace)
		}
	}
}

// asked asks through the wire, with a trace that begins like that.
func asked(ctx context.Context, at, trace string) (status int, body []byte) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, nil
	}
	if trace != "" {
		req.Header.Set("Traceparent", fmt.Sprintf("00-%s%020x-00f067aa0ba902b7-01", trace, time.Now().UnixNano()))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = resp.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, b.Bytes()
}
