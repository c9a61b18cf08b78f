package load

import (
	"math"
	"runtime/metrics"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/plumbline-dev/plumbline"
)

// health watches the generator itself during one session: only a generator
// that kept up can accuse a target.
type health struct {
	mu        sync.Mutex
	lag       *hdr.Histogram
	report    plumbline.Health
	began     time.Time
	cpu       time.Duration
	before    runtimeSample
	throttled time.Duration
}

func startHealth(s Session) *health {
	h := &health{lag: hdr.New(1, longest, digits), began: time.Now(), cpu: processCPU(), before: sampleRuntime()}
	h.report = plumbline.Health{Experiment: s.Experiment, Phase: s.Phase, Lateness: s.Lateness, Closed: closed(s.Streams)}
	h.throttled = throttled()
	return h
}

func (h *health) sent(o plumbline.Observation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.report.Sent++
	if o.Error == plumbline.ErrorPorts {
		h.report.Exhausted++
	}
	if o.Unchecked {
		h.report.Unchecked++
	}
	if o.Sent-o.Due > behind {
		h.report.Late++
	}
	record(h.lag, o.Sent-o.Due)
}

func (h *health) finish(skipped int64) plumbline.Health {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.report
	r.Skipped, r.Planned = skipped, r.Sent+skipped
	r.Lag50, r.Lag99, r.LagMax = quantile(h.lag, 50), quantile(h.lag, 99), time.Duration(h.lag.Max())*time.Microsecond
	if wall := time.Since(h.began); wall > 0 {
		r.CPU = math.Round(float64(processCPU()-h.cpu)/float64(wall)*1000) / 1000
	}
	after := sampleRuntime()
	r.GC = after.gc - h.before.gc
	r.Throttled = throttled() - h.throttled
	r.Open, r.OpenLimit = descriptors()
	r.Sched99 = quantileBetween(h.before.sched, after.sched, 0.99)
	return r
}

type runtimeSample struct {
	gc    time.Duration
	sched *metrics.Float64Histogram
}

// sampleRuntime reads how long the garbage collector has paused the process
// and how long goroutines have waited to be scheduled.
func sampleRuntime() runtimeSample {
	s := []metrics.Sample{{Name: "/sched/pauses/total/gc:seconds"}, {Name: "/sched/latencies:seconds"}}
	metrics.Read(s)
	out := runtimeSample{}
	if s[0].Value.Kind() == metrics.KindFloat64Histogram {
		p := s[0].Value.Float64Histogram()
		for i, n := range p.Counts {
			if n > 0 {
				out.gc += time.Duration(float64(n) * bucket(p, i) * float64(time.Second))
			}
		}
	}
	if s[1].Value.Kind() == metrics.KindFloat64Histogram {
		h := s[1].Value.Float64Histogram()
		out.sched = &metrics.Float64Histogram{Counts: append([]uint64(nil), h.Counts...), Buckets: h.Buckets}
	}
	return out
}

// bucket is a finite value that stands for the i-th bucket.
func bucket(h *metrics.Float64Histogram, i int) float64 {
	if low := h.Buckets[i]; !math.IsInf(low, 0) {
		return max(low, 0)
	}
	if high := h.Buckets[i+1]; !math.IsInf(high, 0) {
		return max(high, 0)
	}
	return 0
}

// quantileBetween is the quantile of what was added from a to b.
func quantileBetween(a, b *metrics.Float64Histogram, q float64) time.Duration {
	if a == nil || b == nil || len(a.Counts) != len(b.Counts) {
		return 0
	}
	total := uint64(0)
	for i := range b.Counts {
		total += b.Counts[i] - a.Counts[i]
	}
	sum := uint64(0)
	for i := range b.Counts {
		sum += b.Counts[i] - a.Counts[i]
		if total > 0 && float64(sum) >= q*float64(total) {
			return time.Duration(bucket(b, i) * float64(time.Second))
		}
	}
	return 0
}
