package deploy

import (
	"context"
	"errors"
	"io"
	"log" //nolint:depguard // net/http takes no other logger
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"sync"
	"time"
)

// A balancer passes the requests that come to one address on to instances, to
// each in turn. What is lost on the way is lost for the client, too: an instance
// that resets a connection makes the balancer do so. Only what never reached an
// instance, because it takes no connections, goes to the next one.
type balancer struct {
	server *http.Server
	out    map[int]*http.Transport // by major version of HTTP, as requests come
	mu     sync.Mutex
	seats  []*seat
	turn   int
}

// A seat is an instance as the balancer sees it.
type seat struct {
	addr   string
	open   bool // takes requests
	flying int  // requests that it has and has not answered
}

// settling bounds how long a closed seat is waited for. What is under way for
// longer has long been taken on by the instance.
const settling = time.Second

var errNoSeat = errors.New("no instance takes requests")

func newBalancer(ctx context.Context, addr string) (*balancer, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	// Each request has a connection of its own: a kept one that the instance
	// closes while a request is on its way would lose it, and be no one's fault.
	b := &balancer{out: map[int]*http.Transport{
		1: {DisableKeepAlives: true, DisableCompression: true},
		2: {DisableKeepAlives: true, DisableCompression: true, Protocols: spoken(2)},
	}}
	proxy := &httputil.ReverseProxy{
		Rewrite: unchanged, Transport: b, FlushInterval: -1, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	b.server = &http.Server{Handler: proxy, ReadHeaderTimeout: 10 * time.Second, ErrorLog: proxy.ErrorLog, Protocols: spoken(1, 2)}
	go func() { _ = b.server.Serve(l) }()
	return b, nil
}

// spoken are versions of HTTP without TLS; HTTP/2 by prior knowledge (RFC 9113
// §3.3).
func spoken(versions ...int) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(slices.Contains(versions, 1))
	p.SetUnencryptedHTTP2(slices.Contains(versions, 2))
	return p
}

// unchanged gives back to a request what httputil takes from it.
func unchanged(r *httputil.ProxyRequest) {
	r.Out.URL.Scheme, r.Out.URL.RawQuery, r.Out.Host = "http", r.In.URL.RawQuery, r.In.Host
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v, ok := r.In.Header[name]; ok {
			r.Out.Header[name] = v
		}
	}
}

// RoundTrip sends a request to the next instance that takes it.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	var tried []*seat
	err := errNoSeat
	for {
		s := b.take(tried)
		if s == nil {
			return nil, err
		}
		tried = append(tried, s)
		out := r.Clone(r.Context())
		out.URL.Host = s.addr
		if r.Body != nil && r.Body != http.NoBody {
			out.Body = io.NopCloser(r.Body) // not closed by a dial that fails
		}
		var resp *http.Response
		if resp, err = b.out[r.ProtoMajor].RoundTrip(out); err == nil {
			resp.Body = &leaving{resp.Body, sync.OnceFunc(func() { b.leave(s) })}
			return resp, nil
		}
		b.leave(s)
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" {
			return nil, err
		}
	}
}

// leaving is the body of an answer, whose end is that of the request.
type leaving struct {
	io.ReadCloser
	leave func()
}

func (l *leaving) Close() error {
	defer l.leave()
	return l.ReadCloser.Close()
}

// take chooses the seat for a request, of those that it has not tried; nil when
// none is open.
func (b *balancer) take(tried []*seat) *seat {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.seats {
		b.turn++
		if s := b.seats[b.turn%len(b.seats)]; s.open && !slices.Contains(tried, s) {
			s.flying++
			return s
		}
	}
	return nil
}

func (b *balancer) leave(s *seat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.flying--
}

// open gives an instance a seat, or its seat back to it.
func (b *balancer) open(s *seat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.open = true
	if !slices.Contains(b.seats, s) {
		b.seats = append(b.seats, s)
	}
}

// shut sends nothing more to an instance, and waits for what was sent there
// before, as gateways do; not for what takes long.
func (b *balancer) shut(s *seat) {
	b.mu.Lock()
	s.open = false
	b.mu.Unlock()
	for over := time.Now().Add(settling); time.Now().Before(over); time.Sleep(2 * time.Millisecond) {
		b.mu.Lock()
		left := s.flying
		b.mu.Unlock()
		if left == 0 {
			return
		}
	}
}

// close ends the balancer once nothing is under way, or the grace is over.
func (b *balancer) close(grace time.Duration) {
	for over := time.Now().Add(grace); b.busy() && time.Now().Before(over); {
		time.Sleep(2 * time.Millisecond)
	}
	_ = b.server.Close()
}

func (b *balancer) busy() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.seats, func(s *seat) bool { return s.flying > 0 })
}
