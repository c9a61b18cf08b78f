package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A dialling is one call with its retries.
type dialling struct {
	w        *world
	r        *sim
	dep      plumbline.Dependency
	deadline time.Duration // zero: none
	attempt  int
	done     func(failed int)
}

func (w *world) call(r *sim, dep plumbline.Dependency, done func(int)) {
	c := &dialling{w: w, r: r, dep: dep, done: done, deadline: w.now + dep.Timeout}
	if w.defect == "no-timeout" && dep.Name == "payment" {
		c.deadline = r.o.Sent + clientTimeout // the client goes away
	}
	c.try()
}

func (c *dialling) method() string {
	if c.dep.Name == "payment" {
		return "POST"
	}
	return "GET"
}

func (c *dialling) breaker() *simBreaker {
	name := c.dep.Name
	if c.w.defect == "shared-breaker" {
		name = "all"
	}
	b := c.w.breakers[name]
	if b == nil {
		b = &simBreaker{brief: c.w.defect == "breaker-opens-briefly", never: c.w.defect == "breaker-never-opens" || (c.w.defect == "no-retry-budget" && c.dep.Name == "recs") || c.dep.Breaker == nil, rearms: c.w.defect == "breaker-never-closes"}
		c.w.breakers[name] = b
	}
	return b
}

func (c *dialling) try() {
	w := c.w
	c.attempt++
	if !c.breaker().allows(w.now) || (w.inUse[c.dep.Name] >= 64 && w.defect != "shared-pool-no-bulkhead") {
		c.done(503)
		return
	}
	w.inUse[c.dep.Name]++
	x := plumbline.Exchange{Wire: c.dep.Name, Method: c.method(), Path: "/" + c.dep.Name, Trace: c.r.o.Trace, Attempt: c.attempt, Began: w.now, BodyHash: c.r.o.Trace[20:]}
	switch {
	case c.dep.Wire == plumbline.WireTCP:
		x.Method, x.Path, x.Trace, x.BodyHash = "", "", "", ""
	case w.d.Propagation == plumbline.PropagationNone:
		x.Trace = ""
	case w.defect == untraced:
		x.Trace = fmt.Sprintf("feedfeed%024x", w.seq)
	}
	if c.dep.Retry != nil && (w.defect != "retry-nonidempotent-post" || c.dep.Name != "payment") {
		x.Key = c.r.o.Trace[20:]
		if w.defect == "one-key-for-all" {
			x.Key = "k1"
		}
	}
	f := w.hit(c.r, c.dep.Name, x.Method, c.attempt)
	if f == nil {
		w.after(w.takes(time.Millisecond), func() {
			x.Status, x.Upstream, x.Ended = 200, 200, w.now
			c.ended(x, 0, false)
		})
		return
	}
	f.hits++
	x.Fault, x.FaultKind = f.lease, f.Kind
	c.meets(x, f)
}

// meets is the end of a call that a fault hit.
func (c *dialling) meets(x plumbline.Exchange, f *simFault) {
	w := c.w
	soon := w.takes(300 * time.Microsecond)
	switch f.Kind {
	case plumbline.FaultHang, plumbline.FaultDrip, plumbline.FaultMoved:
		if f.Kind == plumbline.FaultMoved {
			f.hits = min(f.hits, 2)
		}
		wait := c.deadline - w.now
		if f.Kind == plumbline.FaultDrip && w.defect == "idle-timeout-only" {
			wait = clientTimeout
		}
		if c.r.leaves > 0 && w.defect != "outlives-client" {
			wait = min(wait, c.r.leaves+soon-w.now)
		}
		w.after(wait, func() {
			x.Ended, x.Closed = w.now, plumbline.ClosedByCaller
			c.ended(x, 504, false)
		})
	case plumbline.FaultStatus:
		w.after(soon, func() {
			x.Status, x.Ended = f.Status, w.now
			c.ended(x, 503, c.repeats(f.Fault))
		})
	case plumbline.FaultLatency:
		w.after(2*f.Latency, func() {
			x.Status, x.Upstream, x.Ended = 200, 200, w.now
			c.ended(x, 0, false)
		})
	case plumbline.FaultUnreachable:
		wait := min(500*time.Millisecond, c.deadline-w.now)
		if w.defect == "no-connect-timeout" {
			wait = clientTimeout
		}
		w.after(wait, func() {
			w.inUse[c.dep.Name]--
			c.done(503)
		})
	case plumbline.FaultCut:
		f.hits = min(f.hits, 2)
		w.after(soon, func() {
			x.Ended, x.Closed = w.now, plumbline.ClosedByFault
			c.ended(x, 503, false)
		})
	default:
		w.after(soon, func() {
			if f.Kind == plumbline.FaultTruncate && w.defect == "trusts-dependency-json" {
				c.r.garbage = true
				x.Status, x.Upstream, x.Ended = 200, 200, w.now
				c.ended(x, 0, false)
				return
			}
			x.Ended, x.Closed = w.now, plumbline.ClosedByFault
			if f.Kind == plumbline.FaultLostResponse {
				x.Upstream = 200
			}
			again := f.Kind == plumbline.FaultStale && w.defect != "stale-connection-is-final" || f.Kind == plumbline.FaultRefuse || f.Kind == plumbline.FaultResetBefore || f.Kind == plumbline.FaultLostResponse
			c.ended(x, 502, again)
		})
	}
}

// repeats says whether another attempt is made after a status.
func (c *dialling) repeats(f plumbline.Fault) bool {
	switch {
	case f.RetryAfter > 0:
		return c.w.defect == "retry-after-ignored"
	case f.Status == 404:
		return c.w.defect == "retry-on-404"
	}
	return f.Status == 503
}

// ended records the exchange, tells the breaker, and retries or goes on.
func (c *dialling) ended(x plumbline.Exchange, failed int, again bool) {
	w := c.w
	w.inUse[c.dep.Name]--
	if c.dep.Name == "store" && again {
		again = false
	}
	w.e.Exchanges = append(w.e.Exchanges, x)
	wrong := x.Status >= 400 && x.Status < 500 && w.defect != "breaker-counts-4xx"
	uncounted := w.defect == "breaker-ignores-timeouts" && x.FaultKind == plumbline.FaultHang
	opened := c.breaker().record(w.now, failed == 0 || wrong || uncounted)
	w.latched = w.latched || opened
	if failed != 0 && x.Status >= 500 && w.defect == "leaks-connections" {
		w.leaked[c.dep.Name]++
	}
	most := attemptsOf(c.dep)
	if c.dep.Retry == nil {
		most = 1
	}
	switch w.defect {
	case "unbounded-retry":
		most = 50
	case "no-retry":
		most = 1
	default:
	}
	if failed == 0 || !again || c.attempt >= most {
		c.done(failed)
		return
	}
	if x.FaultKind == plumbline.FaultResetBefore && w.rnd.Float64() < 0.3 {
		// The HTTP client replays on a stale connection by itself.
		w.after(200*time.Microsecond, func() { c.attempt--; c.try() })
		return
	}
	wait := time.Duration(w.rnd.Float64() * float64(200*time.Millisecond<<(min(c.attempt, 2)-1)))
	switch w.defect {
	case "retry-without-jitter":
		wait = 100 * time.Millisecond << (c.attempt - 1)
	case "unbounded-retry":
		wait = 15 * time.Millisecond
	case "retry-without-backoff":
		wait = time.Duration(85+30*w.rnd.Float64()) * time.Millisecond
	default:
	}
	if w.now+wait > c.deadline {
		c.done(504)
		return
	}
	w.after(wait+w.takes(0), c.try)
}

// A simBreaker opens at half of at least 20 calls, for three seconds, and then
// lets two calls through.
type simBreaker struct {
	never, rearms  bool
	brief          bool
	calls, bad     int
	openUntil      time.Duration
	half           bool
	trials, passed int
}

func (b *simBreaker) allows(now time.Duration) bool {
	switch {
	case b.never:
		return true
	case b.openUntil > now:
		if b.rearms {
			b.openUntil = now + 3*time.Second
		}
		return false
	case b.openUntil > 0:
		b.half, b.openUntil, b.trials, b.passed = true, 0, 0, 0
	}
	if b.half {
		b.trials++
		return b.trials <= 2
	}
	return true
}

func (b *simBreaker) open() time.Duration {
	if b.brief {
		return time.Second / 2
	}
	return 3 * time.Second
}

func (b *simBreaker) record(now time.Duration, ok bool) (opened bool) {
	switch {
	case b.never, b.openUntil > now:
		return false
	case b.half && ok:
		if b.passed++; b.passed >= 2 {
			*b = simBreaker{rearms: b.rearms, brief: b.brief}
		}
		return false
	case b.half:
		*b = simBreaker{rearms: b.rearms, brief: b.brief, openUntil: now + b.open()}
		return true
	}
	b.calls++
	if !ok {
		b.bad++
	}
	if b.calls >= 20 && 2*b.bad >= b.calls {
		*b = simBreaker{rearms: b.rearms, brief: b.brief, openUntil: now + b.open()}
		return true
	}
	if b.calls >= 400 {
		b.calls, b.bad = b.calls/2, b.bad/2
	}
	return false
}
