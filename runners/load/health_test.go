package load

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestHealthOfTheGenerator(t *testing.T) {
	t.Parallel()
	h := startHealth(Session{Experiment: "x", Phase: "p"})
	for i := range 1000 {
		o := plumbline.Observation{Due: time.Second, Sent: time.Second + time.Duration(i+1)*ms}
		if i%100 == 0 {
			o.Error = plumbline.ErrorPorts
		}
		h.sent(o)
	}
	for range 30 {
		runtime.GC()
	}
	r := h.finish(5)
	if r.Experiment != "x" || r.Phase != "p" || r.Sent != 1000 || r.Skipped != 5 || r.Planned != 1005 || r.Exhausted != 10 {
		t.Errorf("got %+v", r)
	}
	for want, got := range map[time.Duration]time.Duration{500 * ms: r.Lag50, 990 * ms: r.Lag99, time.Second: r.LagMax} {
		if got < want || got > want+want/1000 {
			t.Errorf("a lag of %s, want %s", got, want)
		}
	}
	if r.CPU <= 0 && processCPU() > 0 || r.GC <= 0 || r.Sched99 < 0 {
		t.Errorf("got %g cores, %s of collection, %s of scheduling", r.CPU, r.GC, r.Sched99)
	}
}

func TestQuantileBetween(t *testing.T) {
	t.Parallel()
	hist := func(counts ...uint64) *metrics.Float64Histogram {
		return &metrics.Float64Histogram{Counts: counts, Buckets: []float64{math.Inf(-1), 0.001, 0.002, 0.004, math.Inf(1)}}
	}
	for name, c := range map[string]struct {
		a, b *metrics.Float64Histogram
		q    float64
		want time.Duration
	}{
		"nothing added": {hist(1, 2, 3, 4), hist(1, 2, 3, 4), 0.99, 0},
		"only the new":  {hist(0, 0, 0, 99), hist(0, 100, 0, 99), 0.99, ms},
		"median":        {hist(0, 0, 0, 0), hist(0, 50, 50, 0), 0.5, ms},
		"beyond it":     {hist(0, 0, 0, 0), hist(0, 49, 51, 0), 0.5, 2 * ms},
		"open above":    {hist(0, 0, 0, 0), hist(0, 0, 0, 1), 0.99, 4 * ms},
		"open below":    {hist(0, 0, 0, 0), hist(1, 0, 0, 0), 0.99, ms},
		"unknown":       {nil, hist(1, 0, 0, 0), 0.99, 0},
	} {
		if got := quantileBetween(c.a, c.b, c.q); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
