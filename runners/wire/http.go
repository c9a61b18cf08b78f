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
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// An httpWire forwards HTTP/1.1 and HTTP/2 without TLS, each to the upstream
// as it came.
type httpWire struct {
	*server
	wire        Wire
	upstream    *url.URL
	one, two    *http.Transport
	proxy       *httputil.ReverseProxy
	connections atomic.Uint64
}

type connKey struct{}

// A caller is one connection to the wire.
type caller struct {
	number uint64
	source string
}

func (s *server) openHTTP(ctx context.Context, w Wire) (*served, error) {
	u, err := url.Parse(w.Upstream)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return nil, errors.New("the upstream of an HTTP wire is http://host:port")
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", w.Listen)
	if err != nil {
		return nil, err
	}
	h := &httpWire{server: s, wire: w, upstream: u, one: transport(false), two: transport(true)}
	h.proxy = &httputil.ReverseProxy{
		Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(u) },
		Transport:     h,
		FlushInterval: -1,
		ErrorHandler:  h.unreachable,
		ErrorLog:      nil,
	}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{
		Handler: h, Protocols: &protocols, MaxHeaderBytes: 1 << 20, ReadHeaderTimeout: time.Minute,
		ErrorLog: discardLog(),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, caller{h.connections.Add(1), c.RemoteAddr().String()})
		},
	}
	go func() { _ = srv.Serve(&refusing{Listener: l, wire: h}) }()
	return &served{Wire: w, addr: l.Addr().String(), close: func() {
		_ = srv.Close()
		h.one.CloseIdleConnections()
		h.two.CloseIdleConnections()
	}}, nil
}

// transport speaks one protocol to the upstream, without proxy, compression
// or a deadline of its own: time limits are the deployment's affair.
func transport(two bool) *http.Transport {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     30 * time.Second,
		Protocols:           new(http.Protocols),

		MaxResponseHeaderBytes: 1 << 20,
		ExpectContinueTimeout:  time.Second,
	}
	t.Protocols.SetHTTP1(!two)
	t.Protocols.SetUnencryptedHTTP2(two)
	return t
}

// RoundTrip asks the upstream, in the protocol of the caller. The body is
// dressed as one that cannot be read again, so that net/http never repeats a
// request by itself: the wire must not add attempts to those it counts.
func (h *httpWire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil || r.Body == http.NoBody {
		r.Body = io.NopCloser(eof{})
	}
	r.GetBody = nil
	t := h.one
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok && x.two {
		t = h.two
	}
	resp, err := t.RoundTrip(r)
	if err == nil {
		if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
			x.Upstream = resp.StatusCode
		}
	}
	return resp, err
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

type exchangeKey struct{}

// An exchange is one request under way.
type exchange struct {
	plumbline.Exchange
	two    bool
	broken bool // the upstream did not answer, or not to the end
	body   *countingBody
	lease  *lease
	sight  *Sight // what inspection is to see; nil when it is not watched
}

// ServeHTTP journals one exchange and breaks or forwards it.
func (h *httpWire) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// An upstream may answer while the request is still being sent.
	_ = http.NewResponseController(w).EnableFullDuplex()
	x := h.begin(r)
	out := &recorder{ResponseWriter: w, exchange: x, journal: h.journal}
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
	if r.Body != nil && r.Body != http.NoBody {
		x.body = &countingBody{ReadCloser: r.Body, hash: sha256.New(), keep: x.sight != nil}
		r.Body = x.body
	}
	x.lease = h.leases.match(&x.Exchange)
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
	x.Key = digest(r.Header.Get("Idempotency-Key"))
	x.Began = h.journal.now()
	if c, ok := r.Context().Value(connKey{}).(caller); ok {
		x.Conn, x.Source = c.number, c.source
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
	x.Ended = h.journal.now()
	x.Out = out.bytes
	if x.body != nil {
		x.In = x.body.n.Load()
		x.BodyHash = hex.EncodeToString(x.body.sum()[:8])
	}
	switch {
	case x.Closed != "":
	case r.Context().Err() != nil && (x.Status == 0 || cut != nil || x.broken):
		x.Closed = plumbline.ClosedByCaller
	case x.broken || cut != nil:
		x.Closed = plumbline.ClosedByUpstream
	}
	if x.sight != nil {
		x.sight.seen(x.body, r.ContentLength)
	}
	h.journal.add(x.Exchange, func(number uint64) { h.sights.hold(number, x.sight) })
	if cut != nil {
		panic(cut)
	}
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
	}
	w.ResponseWriter.WriteHeader(status)
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

// A countingBody counts and hashes a request body while it is read.
type countingBody struct {
	io.ReadCloser
	n     atomic.Int64
	hash  hash.Hash
	keep  bool
	mu    sync.Mutex
	kept  []byte // the first bytes, when they are to be kept
	ended bool
}

// Read counts and hashes.
func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n.Add(int64(n))
	_, _ = b.hash.Write(p[:n]) // never fails
	if b.keep {
		b.mu.Lock()
		b.kept = append(b.kept, p[:min(n, largestSight-len(b.kept))]...)
		b.ended = b.ended || errors.Is(err, io.EOF)
		b.mu.Unlock()
	}
	return n, err
}

func (b *countingBody) sum() []byte { return b.hash.Sum(nil) }
