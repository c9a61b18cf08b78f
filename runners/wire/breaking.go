package wire

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// mostBuffered bounds a response that a fault has to see whole.
const mostBuffered = 8 << 20

// breakIt does to an exchange what its lease says.
func (h *httpWire) breakIt(w *recorder, r *http.Request, x *exchange) {
	f := x.lease.Fault
	switch f.Kind {
	case plumbline.FaultStatus:
		answerStatus(w, f)
	case plumbline.FaultGarbage:
		answerGarbage(w)
	case plumbline.FaultHang:
		h.hang(w, r, x)
	case plumbline.FaultRefuse, plumbline.FaultResetBefore, plumbline.FaultStale:
		cut(w, x)
	case plumbline.FaultDelay, plumbline.FaultLatency:
		if h.pause(r.Context(), x.lease, jittered(x.lease)) {
			h.proxy.ServeHTTP(w, r)
		}
	case plumbline.FaultDelayBody, plumbline.FaultDrip:
		h.proxy.ServeHTTP(&slow{ResponseWriter: w, wire: h, request: r, lease: x.lease}, r)
	case plumbline.FaultLostResponse, plumbline.FaultTruncate, plumbline.FaultResetBody:
		h.mutilate(w, r, x)
	default: // refused when it was ordered
	}
}

func answerStatus(w http.ResponseWriter, f plumbline.Fault) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
	body := `{"type":"about:blank","title":` + strconv.Quote(http.StatusText(f.Status)) + `,"status":` + strconv.Itoa(f.Status) + `}`
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, body)
}

func answerGarbage(w http.ResponseWriter) {
	const body = "<!doctype html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, body)
}

// hang reads the request and never answers, until the caller leaves or the
// lease ends.
func (h *httpWire) hang(w *recorder, r *http.Request, x *exchange) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
	select {
	case <-r.Context().Done():
		x.Closed = plumbline.ClosedByCaller
	case <-x.lease.ended:
	}
	cut(w, x)
}

// cut resets the connection of HTTP/1, or the stream of HTTP/2.
func cut(w http.ResponseWriter, x *exchange) {
	if x.Closed == "" {
		x.Closed = plumbline.ClosedByFault
	}
	reset(w)
}

// reset ends an exchange with a TCP reset, so that the caller cannot take it
// for a short answer. On HTTP/2 it resets the stream alone.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	linger(conn)
	_ = bare(conn).Close() // not of TLS, which would say goodbye
}

// linger makes the next Close of a TCP connection a reset.
func linger(conn net.Conn) {
	if t, ok := bare(conn).(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
}

// bare is the connection that others are wrapped around.
func bare(conn net.Conn) net.Conn {
	for {
		w, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			return conn
		}
		conn = w.NetConn()
	}
}

// pause waits; it is false when the caller has left. The end of the lease ends
// the waiting.
func (h *httpWire) pause(ctx context.Context, l *lease, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.ended:
	case <-ctx.Done():
		return false
	}
	return true
}

// jittered is the latency of a lease, spread evenly by its jitter.
func jittered(l *lease) time.Duration {
	f := l.Fault
	if f.Jitter <= 0 {
		return f.Latency
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(0, f.Latency+spread(l.random, f.Jitter))
}

func spread(r *rand.Rand, j time.Duration) time.Duration {
	return time.Duration((r.Float64()*2 - 1) * float64(j))
}

// mutilate lets the upstream do its work, and then loses, truncates or tears
// its answer.
func (h *httpWire) mutilate(w *recorder, r *http.Request, x *exchange) {
	b := &buffer{header: http.Header{}}
	x.out = nil // nothing may be flushed
	h.proxy.ServeHTTP(b, r)
	if x.broken {
		cut(w, x)
		return
	}
	half := b.body.Bytes()[:b.body.Len()/2]
	switch x.lease.Fault.Kind {
	case plumbline.FaultTruncate:
		copyHeader(w.Header(), b.header)
		w.Header().Set("Content-Length", strconv.Itoa(len(half)))
		w.WriteHeader(b.status)
		_, _ = w.Write(half)
	case plumbline.FaultResetBody:
		copyHeader(w.Header(), b.header)
		w.Header().Set("Content-Length", strconv.Itoa(max(b.body.Len(), len(half)+1)))
		w.WriteHeader(b.status)
		_, _ = w.Write(half)
		_ = http.NewResponseController(w).Flush()
		cut(w, x)
	default: // the response is lost
		cut(w, x)
	}
}

func copyHeader(to, from http.Header) {
	for k, v := range from {
		to[k] = v
	}
}

// A buffer is a response that is not sent yet.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header is that of the response.
func (b *buffer) Header() http.Header { return b.header }

// WriteHeader keeps the final status.
func (b *buffer) WriteHeader(status int) {
	if status >= 200 {
		b.status = status
	}
}

// Write keeps the body up to a bound; what is beyond it is not needed to tear
// the answer.
func (b *buffer) Write(p []byte) (int, error) {
	if b.status == 0 {
		b.status = http.StatusOK
	}
	if room := mostBuffered - b.body.Len(); room > 0 {
		b.body.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}

// slow sends headers at once and the body late, or byte by byte.
type slow struct {
	http.ResponseWriter
	wire    *httpWire
	request *http.Request
	lease   *lease
	late    bool
}

// Unwrap lets http.ResponseController reach what is wrapped.
func (s *slow) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Write sends the body as the fault has it.
func (s *slow) Write(p []byte) (int, error) {
	rc := http.NewResponseController(s.ResponseWriter)
	if s.lease.Fault.Kind == plumbline.FaultDelayBody {
		if !s.late {
			s.late = true
			_ = rc.Flush()
			if !s.wire.pause(s.request.Context(), s.lease, jittered(s.lease)) {
				return 0, context.Canceled
			}
		}
		return s.ResponseWriter.Write(p)
	}
	for i := range p {
		if _, err := s.ResponseWriter.Write(p[i : i+1]); err != nil {
			return i, err
		}
		_ = rc.Flush()
		if !s.wire.pause(s.request.Context(), s.lease, s.lease.Fault.Latency) {
			return i, context.Canceled
		}
	}
	return len(p), nil
}

// A refusing listener resets new connections while a lease refuses everybody.
type refusing struct {
	net.Listener
	wire *httpWire
}

// Accept returns the next connection that is not refused.
func (l *refusing) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		x := l.wire.leases.refusal(l.wire.wire.Name)
		if x == nil {
			return conn, nil
		}
		x.add(1)
		linger(conn)
		_ = conn.Close()
	}
}

// refusal is the lease that refuses every connection of a wire, if any. One
// that is for a share of the requests, or for some of them, is the handler's
// affair: the listener knows none.
func (l *leases) refusal(wire string) *lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.all {
		if x.Fault.Dependency == wire && x.Fault.Kind == plumbline.FaultRefuse && x.Fault.Scope == plumbline.ScopeAll && !selective(x.Fault) && !partial(x.Fault) {
			return x
		}
	}
	return nil
}
