package shop

import (
	"compress/gzip"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
)

// What is here makes the shop another legitimate one; see Variants.

// shaped changes how all is answered.
func (s *service) shaped(h http.Handler) http.Handler {
	switch {
	case s.mutant == "":
		return h
	case s.mutant.is("all-from-cache"):
		return fromCache(h)
	case s.mutant.is("always-gzip"):
		return compressed(s.dressed(h))
	}
	return s.dressed(h)
}

// dressed changes headers of answers.
func (s *service) dressed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(&dressing{w, s.mutant}, r)
	})
}

type dressing struct {
	http.ResponseWriter
	mutant mutant
}

// WriteHeader changes the headers first.
func (d *dressing) WriteHeader(status int) {
	h := d.Header()
	tag, wait := h.Get("ETag"), h.Get("Retry-After")
	switch {
	case d.mutant.is("no-etags"):
		h.Del("ETag")
	case tag != "" && d.mutant.weak():
		h.Set("ETag", "W/"+tag)
	case d.mutant.is("connection-close"):
		h.Set("Connection", "close")
	case d.mutant.is("volatile-fields"):
		h.Set("X-Request-Id", newID())
	case d.mutant.is("cors-star-public"):
		h.Set("Access-Control-Allow-Origin", "*")
	case wait != "" && d.mutant.is("retry-after-http-date"):
		n, _ := strconv.Atoi(wait)
		h.Set("Retry-After", time.Now().Add(time.Duration(n+1)*time.Second).UTC().Format(http.TimeFormat)) // a date has whole seconds
	}
	d.ResponseWriter.WriteHeader(status)
}

// weak tells whether ETags say only that two answers mean the same.
func (m mutant) weak() bool { return m.is("weak-etags-only") || m.is("always-gzip") }

// compressed answers in gzip whom that is not said to be refused by (RFC 9110
// §12.5.3: who does not say what is accepted accepts all).
func compressed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said := httptest.NewRecorder()
		h.ServeHTTP(said, r)
		for name, values := range said.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Vary", "Accept-Encoding")
		accepted, told := r.Header["Accept-Encoding"]
		if all := strings.Join(accepted, ","); said.Body.Len() == 0 || r.Method == http.MethodHead || told && !strings.Contains(all, "gzip") && !strings.Contains(all, "*") {
			w.WriteHeader(said.Code)
			_, _ = said.Body.WriteTo(w)
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(said.Code)
		z := gzip.NewWriter(w)
		_, _ = said.Body.WriteTo(z)
		_ = z.Close()
	})
}

// worded changes how it is told that a request is not valid.
func (m mutant) worded(p problem) problem {
	if p.Status == http.StatusUnprocessableEntity && m.is("validation-400") {
		return refuse(http.StatusBadRequest, p.Detail)
	}
	return p
}

// hiding is the status of an order that is not the caller's.
func (m mutant) hiding() int {
	if m.is("bola-403") {
		return http.StatusForbidden
	}
	return http.StatusNotFound
}

// busy is the status of what is too much.
func (m mutant) busy() int {
	if m.is("shed-429") {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// replayed is the status of what was made before.
func (m mutant) replayed() int {
	if m.is("replay-returns-200") {
		return http.StatusOK
	}
	return http.StatusCreated
}

// dawdle makes reads slow.
func (m mutant) dawdle(method string) {
	if method == http.MethodGet && m.is("slow-but-in-slo") {
		time.Sleep(200 * time.Millisecond)
	}
}

// later is when an undo begins.
func (m mutant) later() time.Duration {
	if m.is("async-compensation-10s") {
		return 10 * time.Second
	}
	return 0
}

// tripped changes a breaker.
func (m mutant) tripped(b gobreaker.Settings) gobreaker.Settings {
	switch {
	case m.is("no-breaker-undeclared"):
		b.ReadyToTrip = func(gobreaker.Counts) bool { return false }
	case m.is("breaker-consecutive-5"):
		b.ReadyToTrip = func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= 5 }
	case m.is("breaker-open-5s-probes-10"):
		b.Timeout, b.MaxRequests = 5*time.Second, 10
	case m.is("breaker-open-60s"):
		b.Timeout = time.Minute
	}
	return b
}

// meshed is the way to a dependency.
func (m mutant) meshed(out http.RoundTripper) http.RoundTripper {
	if m.is("mesh-like-extra-retry") {
		return edge{out}
	}
	return out
}

// spoken is what versions of HTTP the shop speaks; nil where they are the usual ones.
func (m mutant) spoken() *http.Protocols {
	if !m.is("h2-only") {
		return nil
	}
	p := &http.Protocols{}
	p.SetUnencryptedHTTP2(true)
	return p
}

// waits are other gaps between attempts; nil where they are the usual ones.
func (m mutant) waits() backoff.BackOff {
	switch {
	case m.is("jitter-10-percent"):
		return &backoff.ExponentialBackOff{InitialInterval: firstGap / 2, RandomizationFactor: 0.1, Multiplier: 2, MaxInterval: firstGap}
	case m.is("jitter-decorrelated"):
		return &decorrelated{}
	}
	return nil
}

// decorrelated jitter draws each gap from three times the one before (AWS
// Architecture Blog, "Exponential Backoff And Jitter").
type decorrelated struct{ last time.Duration }

const leastGap = 60 * time.Millisecond

// NextBackOff is the next gap.
func (d *decorrelated) NextBackOff() time.Duration {
	d.last = leastGap + time.Duration(rand.Float64()*float64(3*max(d.last, leastGap)-leastGap)) //nolint:gosec,forbidigo // jitter needs no seed
	return d.last
}

// Reset is for the interface.
func (d *decorrelated) Reset() { d.last = 0 }
