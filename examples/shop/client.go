package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
)

// A dependencyClient calls one dependency with everything that a call over a
// network needs: a total deadline, few and jittered repetitions, a breaker,
// and a bound on the calls at once.
type dependencyClient struct {
	name    string
	base    string
	total   time.Duration
	mutant  mutant
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[[]byte]
	limit   *throttle // in the place of the breaker; nil where there is none
	slots   *semaphore.Weighted
	latched atomic.Bool
	held    atomic.Int64 // until when a mutant keeps the breaker open
}

// The patterns of every dependency, as plumbline.yaml declares them.
const (
	maxAttempts  = 3
	firstGap     = 200 * time.Millisecond // before jitter
	breakerCalls = 20
	breakerRatio = 0.5
	breakerTime  = 10 * time.Second
	openFor      = 3 * time.Second
	mostAtOnce   = 64
	largestReply = 1 << 20
)

// errUnavailable is the failure of a dependency as the service sees it.
var errUnavailable = errors.New("dependency unavailable")

func newDependencyClient(name, base string, total time.Duration, m mutant) *dependencyClient {
	c := &dependencyClient{name: name, base: strings.TrimSuffix(base, "/"), total: total, mutant: m, slots: semaphore.NewWeighted(mostAtOnce)}
	transport := &http.Transport{MaxIdleConnsPerHost: mostAtOnce, DisableCompression: true}
	transport.DisableKeepAlives = name == "payment" && m.is("connection-each-time")
	if m.is("idle-timeout-only") {
		transport.DialContext = idleTimeout(total)
	}
	c.http = &http.Client{Transport: m.meshed(transport)}
	if m.is("adaptive-throttle") {
		c.limit = &throttle{}
	}
	open := openFor
	if m.is("breaker-opens-briefly") {
		open /= 6
	}
	ratio := breakerRatio
	if m.is("shared-breaker") {
		ratio /= 2 // the calls of others are among those that it counts
	}
	c.breaker = gobreaker.NewCircuitBreaker[[]byte](m.tripped(gobreaker.Settings{
		Name: name, Interval: breakerTime, Timeout: open, MaxRequests: 2,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			if m.is("breaker-never-opens") || (m.is("no-retry-budget") && name == "recs") {
				return false
			}
			return n.Requests >= breakerCalls && float64(n.TotalFailures) >= ratio*float64(n.Requests)
		},
		IsSuccessful: m.well,
	}))
	return c
}

// well says whether a call shows that the dependency is well, or nothing about it.
func (m mutant) well(err error) bool {
	return err == nil || errors.Is(err, context.Canceled) || (errors.Is(err, context.DeadlineExceeded) && m.is("breaker-ignores-timeouts")) || (errors.Is(err, errWrong) && !m.is("breaker-counts-4xx"))
}

// A request of a dependency. The key makes a repeated POST harmless.
type request struct {
	method, path string
	in           any
	key          string
}

// call makes one call, repeated where that is safe, and decodes the answer.
func (c *dependencyClient) call(ctx context.Context, q request, out any) error {
	if c.mutant.is("unused-dependency") {
		return json.Unmarshal(unasked(c.name), out)
	}
	if c.mutant.is("metrics-flatter") {
		defer elide(ctx, time.Now())
	}
	ctx, cancel := c.within(ctx)
	defer cancel()
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%w: %w", errUnavailable, err)
	}
	defer c.slots.Release(1)
	if c.mutant.is("no-recovery-latch") && c.latched.Load() {
		return errUnavailable
	}
	data, err := backoff.Retry(ctx, func() ([]byte, error) {
		if c.mutant.is("retry-nonidempotent-post") {
			q.key = ""
		}
		return c.once(ctx, q)
	}, backoff.WithBackOff(c.gaps()), backoff.WithMaxTries(c.tries()))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errUnavailable, c.base, err)
	}
	if err := json.Unmarshal(data, out); err != nil && !c.mutant.is("trusts-dependency-json") {
		return fmt.Errorf("%w: %s: %w", errUnavailable, c.base, err)
	}
	return nil
}

// within ends a call in time, and when the client of the request has gone away.
func (c *dependencyClient) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.mutant.is("outlives-client") {
		ctx = context.WithoutCancel(ctx)
	}
	if (c.mutant.is("no-timeout") && c.name == "payment") || c.mutant.is("idle-timeout-only") {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.total)
}

func (c *dependencyClient) tries() uint {
	switch {
	case c.name == "recs" && !c.mutant.is("no-retry-budget"), c.mutant.is("no-retry"), c.mutant.is("no-retry-undeclared"): // recs are not worth waiting for
		return 1
	case c.mutant.is("unbounded-retry"):
		return 50
	}
	if c.mutant.is("attempts-2") {
		return 2
	}
	return maxAttempts
}

// fullJitter waits a random time below a doubling bound
// (AWS Architecture Blog, "Exponential Backoff And Jitter").
type fullJitter struct {
	bound time.Duration
	next  func(time.Duration) time.Duration
}

// NextBackOff is the next gap.
func (j *fullJitter) NextBackOff() time.Duration {
	d := j.next(j.bound)
	j.bound *= 2
	return d
}

// Reset is for the interface.
func (j *fullJitter) Reset() { j.bound = firstGap }

func (c *dependencyClient) gaps() backoff.BackOff {
	if other := c.mutant.waits(); other != nil {
		return other
	}
	switch {
	case c.mutant.is("unbounded-retry"):
		return backoff.NewConstantBackOff(20 * time.Millisecond)
	case c.mutant.is("retry-without-backoff"):
		return &backoff.ExponentialBackOff{InitialInterval: firstGap / 2, RandomizationFactor: 0.15, Multiplier: 1, MaxInterval: firstGap}
	case c.mutant.is("retry-without-jitter"):
		return &fullJitter{firstGap, func(d time.Duration) time.Duration { return d / 2 }}
	}
	return &fullJitter{firstGap, func(d time.Duration) time.Duration { return time.Duration(rand.Float64() * float64(d)) }} //nolint:gosec,forbidigo // jitter needs no seed
}

// once makes one attempt through the breaker.
func (c *dependencyClient) once(ctx context.Context, q request) ([]byte, error) {
	if c.mutant.is("breaker-never-closes") && time.Now().UnixNano() < c.held.Load() {
		c.held.Store(time.Now().Add(openFor).UnixNano())
		return nil, backoff.Permanent(gobreaker.ErrOpenState)
	}
	data, err := c.guarded(func() ([]byte, error) {
		data, err := c.send(ctx, q)
		if err != nil && errors.Is(ctx.Err(), context.Canceled) {
			err = context.Canceled // net/http tells why it was called off, and that is no failure of the dependency
		}
		return data, err
	})
	switch {
	case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
		c.latched.Store(true)
		c.held.Store(time.Now().Add(openFor).UnixNano())
		return nil, backoff.Permanent(err)
	case errors.Is(err, errRefused), errors.Is(err, errThrottled), errors.Is(err, os.ErrDeadlineExceeded), ctx.Err() != nil:
		return nil, backoff.Permanent(err)
	}
	return data, err
}

// guarded makes a call by what spares a dependency that fails.
func (c *dependencyClient) guarded(send func() ([]byte, error)) ([]byte, error) {
	if c.limit != nil {
		return c.limit.do(send, c.mutant.well)
	}
	return c.breaker.Execute(send)
}

// errRefused is an answer that another attempt would not change.
var errRefused = errors.New("refused")

// errWrong is an answer that says the request was wrong: the dependency is well.
var errWrong = fmt.Errorf("%w as wrong", errRefused)

func (c *dependencyClient) send(ctx context.Context, q request) ([]byte, error) {
	req, err := c.request(ctx, q)
	if err != nil {
		return nil, err
	}
	if c.mutant.is("leaks-connections") {
		return c.leak(ctx, req)
	}
	resp, err := c.ask(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, largestReply))
	return c.taken(resp, data, err)
}

// leak is a defect: what fails is never read to its end nor closed, and outlives
// the time that there was for it. All else is as it should be.
func (c *dependencyClient) leak(within context.Context, req *http.Request) ([]byte, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(within))
	forget := context.AfterFunc(within, cancel)
	resp, err := c.ask(req.WithContext(ctx))
	switch {
	case err != nil && within.Err() != nil:
		return nil, within.Err()
	case err != nil:
		cancel()
		return nil, err
	case resp.StatusCode >= 500:
		forget()
		return c.taken(resp, nil, nil) // and the body stays open
	}
	defer cancel()
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, largestReply))
	return c.taken(resp, data, err)
}

// request is what is sent.
func (c *dependencyClient) request(ctx context.Context, q request) (*http.Request, error) {
	var body []byte
	if q.in != nil {
		var err error
		if body, err = json.Marshal(q.in); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, q.method, c.base+q.path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// net/http repeats by itself what it can send again, and those attempts
	// would come on top of the declared ones. A body of one use is not repeated.
	req.Body, req.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	if !c.mutant.is("drops-traceparent") && !c.mutant.is("no-traceparent") {
		inject(ctx, req.Header)
	}
	c.mutant.handDown(ctx, req.Header)
	req.Header.Set("Content-Type", "application/json")
	switch {
	case q.key != "" && c.mutant.is("one-key-for-all"):
		req.Header.Set("Idempotency-Key", "shop")
	case q.key != "":
		req.Header.Set("Idempotency-Key", q.key)
	}
	return req, nil
}

// ask sends a request. A connection that was kept may have been closed meanwhile:
// that is a failure in passing, unless it has the defect to take it for an answer.
func (c *dependencyClient) ask(req *http.Request) (*http.Response, error) {
	var kept bool
	if c.mutant.is("stale-connection-is-final") {
		req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(g httptrace.GotConnInfo) { kept = g.Reused }}))
	}
	resp, err := c.http.Do(req)
	if err != nil && kept && errors.Is(err, syscall.ECONNRESET) {
		return nil, fmt.Errorf("%w: %w", errRefused, err)
	}
	return resp, err
}

// taken is what was read of an answer, or why it is none.
func (c *dependencyClient) taken(resp *http.Response, data []byte, err error) ([]byte, error) {
	switch {
	case err != nil:
		return nil, err
	case resp.Header.Get("Retry-After") != "" && !c.mutant.is("retry-after-ignored"): // longer than there is time
		return nil, fmt.Errorf("%w: status %d for some time", errRefused, resp.StatusCode)
	case resp.StatusCode >= 500, c.again(resp.StatusCode):
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	case blames(resp.StatusCode):
		return nil, fmt.Errorf("%w: status %d", errWrong, resp.StatusCode)
	case resp.StatusCode == http.StatusOK && c.mutant.is("trusts-dependency-json"):
		return data, nil
	case resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" || !json.Valid(data):
		return nil, fmt.Errorf("%w: status %d", errRefused, resp.StatusCode)
	}
	return data, nil
}

// blames says whether a status says that the request was wrong.
func blames(status int) bool {
	return status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// again is a defect: another attempt is made where none can help, or not yet.
func (c *dependencyClient) again(status int) bool {
	return (c.mutant.is("retry-on-404") && status == http.StatusNotFound) ||
		(c.mutant.is("retry-after-ignored") && status == http.StatusTooManyRequests)
}

// idleTimeout is a defect: every byte sets the deadline anew, so that a trickle
// never ends.
func idleTimeout(d time.Duration) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{Timeout: d}).DialContext(ctx, network, addr)
		return patient{conn, d}, err
	}
}

type patient struct {
	net.Conn
	d time.Duration
}

func (p patient) Read(b []byte) (int, error) {
	if err := p.SetReadDeadline(time.Now().Add(p.d)); err != nil {
		return 0, err
	}
	return p.Conn.Read(b)
}
