package wire

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/lean"
)

// An httpWire forwards HTTP/1.1 and HTTP/2, with TLS or without, each to the
// upstream as it came.
type httpWire struct {
	*server
	wire        Wire
	upstream    *url.URL
	one, two    *http.Transport
	swift       *lean.Transport // what is small, of HTTP/1.1
	proxy       *httputil.ReverseProxy
	srv         *http.Server
	connections atomic.Uint64
	opened      atomic.Int64 // connections that are open
}

type connKey struct{}

// A caller is one connection to the wire.
type caller struct {
	number  uint64
	source  string
	opened  time.Duration
	carried *atomic.Int64 // exchanges
}

func (s *server) openHTTP(ctx context.Context, w Wire) (*served, error) {
	u, err := url.Parse(w.Upstream)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, errors.New("the upstream of an HTTP wire is http://host:port or https://host:port")
	}
	listen, secure := strings.CutPrefix(w.Listen, "https://")
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, err
	}
	h := &httpWire{server: s, wire: w, upstream: u, one: transport(false, s.trust), two: transport(true, s.trust)}
	h.swift = &lean.Transport{Dial: h.one.DialContext, TLS: h.one.TLSClientConfig, Fallback: h.one, Idle: h.one.IdleConnTimeout, MaxHeader: h.one.MaxResponseHeaderBytes, Once: true}
	h.proxy = h.forwarder()
	h.srv = &http.Server{
		Handler: h, Protocols: both(), MaxHeaderBytes: 1 << 20, ReadHeaderTimeout: time.Minute,
		ErrorLog:  discardLog(),
		TLSConfig: h.terminate(), //nolint:contextcheck // the context is that of each handshake
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, caller{h.connections.Add(1), c.RemoteAddr().String(), s.journal.now(), new(atomic.Int64)})
		},
	}
	h.srv.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			h.opened.Add(1)
		case http.StateHijacked, http.StateClosed:
			h.opened.Add(-1)
		default: // in use or idle, it is open
		}
	}
	h.serve(&refusing{Listener: l, wire: h}, secure)
	return &served{Wire: w, addr: l.Addr().String(), http: h, close: func() {
		_ = h.srv.Close()
		h.swift.CloseIdleConnections() // and of one
		h.two.CloseIdleConnections()
	}}, nil
}

// serve takes connections of a listener, with TLS or without.
func (h *httpWire) serve(l net.Listener, secure bool) {
	go func() {
		if secure {
			_ = h.srv.ServeTLS(l, "", "")
			return
		}
		_ = h.srv.Serve(l)
	}()
}

// both are the protocols that a caller may speak.
func both() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

type exchangeKey struct{}

// An exchange is one request under way.
type exchange struct {
	plumbline.Exchange
	two    bool
	kept   bool // its connection has carried another one before
	broken bool // the upstream did not answer, or not to the end
	body   *countingBody
	out    *recorder
	raised *raised // what the exchange became by an upgrade; nil when it did not
	lease  *lease
	sight  *Sight // what inspection is to see; nil when it is not watched
}

// ServeHTTP journals one exchange and breaks or forwards it.
func (h *httpWire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// An upstream may answer while the request is still being sent.
	_ = http.NewResponseController(w).EnableFullDuplex()
	x := h.begin(r)
	out := &recorder{ResponseWriter: w, exchange: x, journal: h.journal}
	x.out = out
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	if r.Body != nil && r.Body != http.NoBody {
		x.body = &countingBody{ReadCloser: r.Body, hash: sha256.New(), keep: x.sight != nil}
		r.Body = x.body
	}
	x.lease = h.leases.match(&x.Exchange, x.kept)
	defer h.finish(x, r, out)
	if x.lease == nil {
		h.proxy.ServeHTTP(out, r)
		return
	}
	x.Fault, x.FaultKind = x.lease.ID, x.lease.Fault.Kind
	h.breakIt(out, r, x)
}

func (h *httpWire) begin(r *http.Request) *exchange {
	x := &exchange{two: r.ProtoMajor == 2}
	x.Wire, x.Method, x.Path, x.Agent = h.wire.Name, r.Method, r.URL.Path, r.UserAgent()
	x.Key, x.Deadline = digest(r.Header.Get("Idempotency-Key")), timeLeft(r.Header)
	x.Began = h.journal.now()
	if c, ok := r.Context().Value(connKey{}).(caller); ok {
		x.Conn, x.Source, x.Opened = c.number, c.source, c.opened
		x.kept = c.carried.Add(1) > 1 && !x.two // one of HTTP/2 carries many at once, and is not dead for one of them
	}
	traced(&x.Exchange, r.Header)
	x.Attempt = h.journal.attempt(&x.Exchange)
	x.sight = h.sight(&x.Exchange, r)
	return x
}

// finish journals the exchange. Subtleness ahead: it also runs when the
// handler ends by a panic, which is how an exchange is cut in HTTP/2 and how
// net/http cuts one whose upstream failed in the middle.
func (h *httpWire) finish(x *exchange, r *http.Request, out *recorder) {
	cut := recover()
	if cut != nil && x.Status != 0 && x.raised == nil {
		_ = http.NewResponseController(out).Flush() // the caller gets what there was
	}
	x.Ended = h.journal.now()
	x.Out = out.bytes
	if x.body != nil {
		x.In = x.body.n.Load()
		x.BodyHash = hex.EncodeToString(x.body.sum()[:8])
	}
	if x.raised != nil {
		x.raised.tell(&x.Exchange)
	}
	if x.Closed == "" {
		x.Closed = x.endedBy(r.Context().Err() != nil, cut != nil)
	}
	if x.sight != nil {
		x.sight.seen(x.body, r.ContentLength)
	}
	h.journal.add(x.Exchange, func(number uint64) { h.sights.hold(number, x.sight) })
	if cut != nil {
		panic(cut)
	}
}

// endedBy tells who ended an exchange before its time, if anybody did.
func (x *exchange) endedBy(left, cut bool) plumbline.Closer {
	switch {
	case left && (x.Status == 0 || cut || x.broken):
		return plumbline.ClosedByCaller
	case x.broken || cut:
		return plumbline.ClosedByUpstream
	}
	return ""
}

// unreachable is called when the upstream gave no response. The caller sees
// its connection reset: a wire has no status of its own.
func (h *httpWire) unreachable(w http.ResponseWriter, r *http.Request, _ error) {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		x.broken = true
	}
	if _, held := w.(*buffer); held {
		return // mutilate sees that there is no answer
	}
	reset(w)
}

// A recorder notes what is sent to the caller.
type recorder struct {
	http.ResponseWriter
	exchange *exchange
	journal  *journal
	bytes    int64
}

// Unwrap lets http.ResponseController reach what is wrapped.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader notes status and time of the final header.
func (w *recorder) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		w.exchange.Status, w.exchange.Answered = status, w.journal.now()
		w.asSent()
	}
	w.ResponseWriter.WriteHeader(status)
}

// asSent keeps net/http from adding to an answer of the upstream a header that
// the upstream did not send.
func (w *recorder) asSent() {
	if w.exchange.Upstream == 0 {
		return
	}
	h := w.Header()
	for _, name := range []string{"Content-Type", "Date"} {
		if _, ok := h[name]; !ok {
			h[name] = nil
		}
	}
}

// Write notes how much is sent.
func (w *recorder) Write(b []byte) (int, error) {
	if w.exchange.Status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// A countingBody counts and hashes a request body while it is read: over
// HTTP/2 the upstream may be sent more of it while the exchange is told already.
type countingBody struct {
	io.ReadCloser
	n     atomic.Int64
	keep  bool
	mu    sync.Mutex // guards what follows
	hash  hash.Hash
	kept  []byte // the first bytes, when they are to be kept
	ended bool
}

// Read counts and hashes.
func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = b.hash.Write(p[:n]) // never fails
	if b.keep {
		b.kept = append(b.kept, p[:min(n, largestSight-len(b.kept))]...)
		b.ended = b.ended || errors.Is(err, io.EOF)
	}
	return n, err
}

func (b *countingBody) sum() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.hash.Sum(nil)
}
