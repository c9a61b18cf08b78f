package lean

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// doors is a dialer whose connections are opened one by one, when they may.
type doors struct {
	open        chan error // one for each connection; nil: it is opened
	under, most atomic.Int64
}

func (d *doors) dial(ctx context.Context, network, address string) (net.Conn, error) {
	defer d.under.Add(-1)
	for n := d.under.Add(1); ; {
		most := d.most.Load()
		if n <= most || d.most.CompareAndSwap(most, n) {
			break
		}
	}
	select {
	case err := <-d.open:
		if err != nil {
			return nil, err
		}
		var dialer net.Dialer
		return dialer.DialContext(ctx, network, address)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// burst sends n requests at once and returns what became of them.
func burst(t *testing.T, tr *Transport, url string, n int, deadline time.Time) func() []error {
	t.Helper()
	out := make([]error, n)
	r := of(t, http.MethodGet, url, "")
	r.Deadline = deadline
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { _, out[i] = tr.Exchange(t.Context(), r) })
	}
	return func() []error {
		all.Wait()
		return out
	}
}

func TestABurstOpensFewConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	const requests = 300
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(server.Close)
	d := &doors{open: make(chan error)}
	tr := &Transport{Dial: d.dial}
	t.Cleanup(tr.CloseIdleConnections)
	tr.start()
	h := tr.host(address{host: server.Listener.Addr().String()})
	h.quickest = time.Microsecond
	waits := func() int {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.waiting.Len()
	}
	ended := burst(t, tr, server.URL, requests, time.Time{})
	for waits() < requests-fewestDials {
		time.Sleep(time.Millisecond)
	}
	d.open <- nil // it serves everybody that waits
	for waits() > 0 {
		time.Sleep(time.Millisecond)
	}
	close(d.open)
	for i, err := range ended() {
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if d.most.Load() != fewestDials {
		t.Errorf("%d connections were opened at once, want %d", d.most.Load(), fewestDials)
	}
}

func TestWhoMayNotOpenAConnectionGivesUpInTime(t *testing.T) {
	t.Parallel()
	d := &doors{open: make(chan error)}
	tr := &Transport{Dial: d.dial}
	for i, err := range burst(t, tr, "http://127.0.0.1:1", firstDials+20, time.Now().Add(50*time.Millisecond))() {
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%d: %v", i, err)
		}
	}
	h := tr.host(address{host: "127.0.0.1:1"})
	if h.dials != 0 || h.waiting.Len() != 0 {
		t.Errorf("%d connections are opened, %d requests wait", h.dials, h.waiting.Len())
	}
}

func TestAConnectionThatCannotBeOpenedIsTheTurnOfTheNext(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	failing := &Transport{Dial: func(context.Context, string, string) (net.Conn, error) { return nil, refused }}
	for i, err := range burst(t, failing, "http://127.0.0.1:1", 500, time.Time{})() {
		if !errors.Is(err, refused) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func TestAsManyAreOpenedAsTheQuickestAllows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took []time.Duration
		want int
	}{
		"none yet":         {nil, firstDials},
		"on loopback":      {[]time.Duration{90 * time.Microsecond}, fewestDials},
		"far away":         {[]time.Duration{200 * time.Millisecond, 150 * time.Millisecond, time.Second}, 3000},
		"a lost handshake": {[]time.Duration{time.Millisecond, time.Second}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &host{}
			for _, took := range c.took {
				h.opening()
				h.opened(took, true)
			}
			h.opening()
			h.opened(time.Microsecond, false)
			if got := h.mostDials(); got != c.want || h.dials != 0 {
				t.Errorf("%d, want %d; %d are opened", got, c.want, h.dials)
			}
		})
	}
}
