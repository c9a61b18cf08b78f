package load

import (
	"context"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A station answers requests inside a bubble, whose clock is exact: what is
// measured there can be held against what is true by construction.
type station func(r *http.Request) (status int)

// RoundTrip answers a request.
func (s station) RoundTrip(r *http.Request) (*http.Response, error) {
	status := s(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
}

// rest sleeps as a server does, and goes away with its client.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// engineFor is an engine on a station.
func engineFor(t *testing.T, s station) *Engine {
	t.Helper()
	c, err := target.New(target.Config{Base: "http://station.invalid", Began: time.Now(), Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return &Engine{Client: c}
}

// measured runs a constant load and returns what was recorded of it.
func measured(t *testing.T, e *Engine, rate float64, lasts time.Duration, workers int) (latency, service []plumbline.Bin) {
	t.Helper()
	s := session(stream(plumbline.ArrivalsConstant, steady(rate, lasts)))
	s.Workers = workers
	l := &log{}
	if err := e.Run(t.Context(), s, l.record); err != nil {
		t.Fatal(err)
	}
	for _, x := range l.series {
		latency, service = Merge(latency, x.Latency), Merge(service, x.Service)
	}
	return latency, service
}

func off(got, want time.Duration) float64 { return math.Abs(float64(got)/float64(want) - 1) }

// A server that is frozen for a second of ten: a request that is due d before
// the end of the freeze takes d, so at any constant rate a tenth of all takes a
// time that is spread evenly over a second. p99 is 0.9 s and p99.9 0.99 s,
// whatever the number of workers: with eight of them most requests wait in the
// generator, and their wait counts.
func TestLatencyUnderAStallIsTrue(t *testing.T) {
	for _, c := range []struct {
		rate    float64
		workers int
	}{{1000, 0}, {1000, 8}, {5000, 0}, {5000, 8}} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			e := engineFor(t, func(r *http.Request) int {
				if at := time.Since(began); at >= 5*time.Second && at < 6*time.Second {
					rest(r.Context(), 6*time.Second-at)
				}
				return http.StatusOK
			})
			latency, service := measured(t, e, c.rate, 10*time.Second, c.workers)
			for q, want := range map[float64]time.Duration{0.99: 900 * ms, 0.999: 990 * ms} {
				if got := Quantile(latency, q); off(got, want) > 0.02 {
					t.Errorf("%g/s, %d workers: p%g is %s, and %s in truth", c.rate, c.workers, 100*q, got, want)
				}
			}
			if got := Quantile(service, 0.99); c.workers == 8 && got > 100*ms {
				t.Errorf("%g/s: hardly a request saw the stall, and 99 of 100 took up to %s from sending", c.rate, got)
			}
		})
	}
}

// A cliff: 0.95 % of the requests take 105 ms, the rest 1.5 ms. No quantile is a
// latency that nobody had.
func TestQuantilesAtACliffAreTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		n := 0
		e := engineFor(t, func(r *http.Request) int {
			mu.Lock()
			n++
			slow := n%2000 < 19
			mu.Unlock()
			if slow {
				rest(r.Context(), 105*ms)
			} else {
				rest(r.Context(), 1500*time.Microsecond)
			}
			return http.StatusOK
		})
		latency, _ := measured(t, e, 1000, 20*time.Second, 0)
		for q, want := range map[float64]time.Duration{0.5: 1500 * time.Microsecond, 0.99: 1500 * time.Microsecond, 0.9906: 105 * ms, 0.999: 105 * ms} {
			if got := Quantile(latency, q); off(got, want) > 0.01 {
				t.Errorf("p%g is %s, and %s in truth", 100*q, got, want)
			}
		}
	})
}

// An interrupted session ends at once, what is under way included, and records
// what it has.
func TestInterruptedSessionEndsAtOnce(t *testing.T) {
	for name, hangs := range map[string]bool{"answers": false, "hangs": true} {
		synctest.Test(t, func(t *testing.T) {
			e := engineFor(t, func(r *http.Request) int {
				if hangs {
					rest(r.Context(), time.Hour)
				}
				return http.StatusOK
			})
			ctx, cancel := context.WithCancel(t.Context())
			var stopped time.Time
			time.AfterFunc(2500*ms, func() { stopped = time.Now(); cancel() })
			l := &log{}
			err := e.Run(ctx, session(patient(200, time.Hour)), l.record)
			if err == nil || len(l.health) != 1 || len(l.series) == 0 {
				t.Errorf("%s: %v, %d series", name, err, len(l.series))
			}
			if late := time.Since(stopped); late > 100*ms {
				t.Errorf("%s: it took %s to end", name, late)
			}
		})
	}
}
