package shop

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the service tells of itself: requests by method, route and
// status, how long they took, and the figures of its process.
type metrics struct {
	mutant mutant
	took   *prometheus.HistogramVec
	tell   http.Handler
	leaks
}

func newMetrics(m mutant) *metrics {
	r := prometheus.NewRegistry()
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_request_duration_seconds", Help: "How long requests took.",
		Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"method", "route", "status"})
	r.MustRegister(took, collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewGoCollector())
	return &metrics{mutant: m, took: took, tell: promhttp.HandlerFor(r, promhttp.HandlerOpts{})}
}

// A stopwatch is that of one request. Defects alone stop it.
type stopwatch struct {
	began  time.Time
	elided atomic.Int64 // nanoseconds
}

type stopwatchKey struct{}

// elide leaves what took place since a moment out of how long a request took.
func elide(ctx context.Context, since time.Time) {
	if w, ok := ctx.Value(stopwatchKey{}).(*stopwatch); ok {
		w.elided.Add(int64(time.Since(since)))
	}
}

// measured counts every request when it is answered, under the route that mux
// has for it.
func (m *metrics) measured(mux *http.ServeMux, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			m.tell.ServeHTTP(w, r)
			return
		}
		_, pattern := mux.Handler(r)
		_, route, _ := strings.Cut(pattern, " ")
		if route == "" {
			route = "none"
		}
		m.spend(m.mutant)
		watch := &stopwatch{began: time.Now()}
		seen := &watching{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), stopwatchKey{}, watch)))
		if m.mutant.is("metrics-lie") && seen.status >= http.StatusInternalServerError {
			seen.status = http.StatusOK
		}
		took := max(0, time.Since(watch.began)-time.Duration(watch.elided.Load())) // calls may have been made side by side
		m.took.WithLabelValues(r.Method, route, strconv.Itoa(seen.status)).Observe(took.Seconds())
	})
}

// watching notes the status that is sent.
type watching struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *watching) WriteHeader(status int) {
	if status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w *watching) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// leaks are defects: what requests take and never give back.
type leaks struct {
	mu     sync.Mutex
	n      int
	memory [][]byte
	files  []*os.File
}

// Memory that each request takes, and how many requests share a descriptor.
const (
	leakedBytes  = 16 << 10
	leakedEveryN = 25
)

func (l *leaks) spend(m mutant) {
	if !m.is("leaks-memory") && !m.is("leaks-descriptors") {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	if m.is("leaks-memory") {
		taken := make([]byte, leakedBytes)
		for i := range taken {
			taken[i] = byte(i) // memory that is never written to is none
		}
		l.memory = append(l.memory, taken)
	}
	if m.is("leaks-descriptors") && l.n%leakedEveryN == 0 {
		if f, err := os.Open(os.DevNull); err == nil {
			l.files = append(l.files, f)
		}
	}
}
