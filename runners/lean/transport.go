package lean

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Defaults of a Transport.
const (
	idleTimeout    = 60 * time.Second
	tlsTimeout     = 5 * time.Second
	continueWait   = time.Second
	mostHeader     = 1 << 20
	largestBody    = 64 << 10 // that is written before the answer is read
	mostIdle       = 4096
	deadlineShare  = 64 // a deadline may be late by this share of the time that is left,
	deadlineAtMost = 100 * time.Millisecond
)

// A Transport is an http.RoundTripper. Its zero value is usable; it must not
// be changed once it is in use. It is safe for concurrent use.
type Transport struct {
	// Dial opens connections. Nil: a Dialer of its own.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is the configuration for https. Nil: the usual one.
	TLS *tls.Config
	// Fallback carries what this transport does not speak. Nil: net/http's,
	// with the same dialer and without a proxy.
	Fallback http.RoundTripper
	// MaxHeader bounds the bytes of a response's head, interim responses
	// included. Zero: 1 MiB.
	MaxHeader int64
	// Idle is how long a connection is kept for the next request. Zero: a minute.
	Idle time.Duration
	// Wait is how long the body of a request that expects 100-continue is held
	// back. Zero: a second.
	Wait time.Duration
	// Once has no request sent a second time, whatever became of the first.
	Once bool

	once     sync.Once
	fallback http.RoundTripper
	dialer   *Dialer

	mu    sync.Mutex
	hosts map[address]*host
}

// An address is where connections lead to.
type address struct {
	secure bool
	host   string // with the port
}

func (t *Transport) start() {
	t.once.Do(func() {
		t.hosts = map[address]*host{}
		t.dialer = &Dialer{}
		t.fallback = t.Fallback
		if t.fallback == nil {
			t.fallback = &http.Transport{
				DialContext: t.dial, TLSClientConfig: t.TLS, TLSHandshakeTimeout: tlsTimeout, DisableCompression: true,
				MaxIdleConnsPerHost: mostIdle, IdleConnTimeout: t.idle(), ExpectContinueTimeout: t.wait(), MaxResponseHeaderBytes: t.maxHeader(),
			}
		}
	})
}

func (t *Transport) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if t.Dial != nil {
		return t.Dial(ctx, network, address)
	}
	return t.dialer.Dial(ctx, network, address)
}

func (t *Transport) idle() time.Duration {
	if t.Idle > 0 {
		return t.Idle
	}
	return idleTimeout
}

func (t *Transport) wait() time.Duration {
	if t.Wait > 0 {
		return t.Wait
	}
	return continueWait
}

func (t *Transport) maxHeader() int64 {
	if t.MaxHeader > 0 {
		return t.MaxHeader
	}
	return mostHeader
}

// CloseIdleConnections closes what is kept for the next request, also of the
// fallback.
func (t *Transport) CloseIdleConnections() {
	t.start()
	t.mu.Lock()
	hosts := t.hosts
	t.hosts = map[address]*host{}
	t.mu.Unlock()
	for _, h := range hosts {
		h.closeAll()
	}
	if f, ok := t.fallback.(interface{ CloseIdleConnections() }); ok {
		f.CloseIdleConnections()
	}
}

// A Request is a request in the form in which it is sent.
type Request struct {
	Secure bool   // over TLS
	Host   string // host and port to connect to
	Head   []byte // request line and header fields, with the empty line; not changed
	Body   []byte
	Bodied bool // an answer to it has a body: false for HEAD
	Replay bool // a repetition does no harm
	Expect bool // the head expects 100-continue
	Close  bool // the connection is not used again
	// Fill is written over the head as it is sent: what differs from one
	// request to the next.
	Fill [2]Fill
	// Deadline is when to give up. Zero: never.
	Deadline time.Time
	// Keep asks for the header and the body of the answer. Without it the body
	// is read and dropped.
	Keep bool
	// Interim is told of interim responses; its error ends the exchange.
	// Nil: nobody is.
	Interim func(status int, header http.Header) error
	// MaxBody bounds the body; ErrTooLarge says that it was longer. Zero: no bound.
	MaxBody int64
}

// A Fill is text for a place in the head.
type Fill struct {
	At   int
	Text string
}

// write appends the request as it is sent.
func (r *Request) write(b []byte) []byte {
	b = append(b, r.Head...)
	for _, f := range r.Fill {
		copy(b[len(b)-len(r.Head)+f.At:], f.Text)
	}
	return b
}

// A Reply is what came back and how.
type Reply struct {
	Status int
	Header http.Header // when asked for
	Body   []byte      // when asked for
	Times
	Length  int64 // bytes of the body, as framed
	Sent    int64 // bytes written to the connection, retries included
	Read    int64 // bytes read from it, above TLS
	Retries int   // requests that were sent again
}

// Times are when things happened, since the exchange began. What did not
// happen is zero.
type Times struct {
	Connect   time.Duration // that the connection took; zero on one that was kept
	Handshake time.Duration // that TLS took
	First     time.Duration // to the first byte of the answer
}

// ErrTooLarge says that a body is longer than it may be.
var ErrTooLarge = errors.New("response body is too large")

// Exchange sends a request and reads the answer to its end. What came before
// an error is returned beside it: a status survives a body that is cut short.
// It returns at once when ctx ends.
func (t *Transport) Exchange(ctx context.Context, r *Request) (Reply, error) {
	t.start()
	var out Reply
	c, h, err := t.send(ctx, r, &out)
	if err != nil {
		return out, because(ctx, err)
	}
	out.Status = h.status
	if r.Keep {
		out.Header = c.header(h)
	}
	err = c.drain(h, r, &out)
	out.Read = c.read - c.before
	if err != nil {
		c.close()
		return out, because(ctx, err)
	}
	h.close = h.close || r.Close
	t.put(c, h)
	return out, nil
}

// send sends the request until the head of an answer has come.
func (t *Transport) send(ctx context.Context, r *Request, out *Reply) (*conn, head, error) {
	began := time.Now()
	for fresh := false; ; fresh = true {
		c, err := t.take(ctx, r, fresh, out)
		if err != nil {
			return nil, head{}, err
		}
		reused := c.uses > 0
		c.uses++
		h, err := c.roundTrip(r, out)
		if err == nil {
			out.First = c.first.Sub(began)
			return c, h, nil
		}
		answered := c.read > c.before
		out.Read = c.read - c.before
		c.close()
		if !reused || fresh || answered || !r.Replay || ctx.Err() != nil || !died(err) {
			return nil, head{}, err
		}
		out.Retries++
	}
}

// take is a connection to send the request over: one that was kept, or a new
// one.
func (t *Transport) take(ctx context.Context, r *Request, fresh bool, out *Reply) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h := t.host(address{r.Secure, r.Host})
	if fresh {
		h.opening()
		return t.open(ctx, h, r, out)
	}
	for {
		c, w := h.get(t.idle())
		if w != nil {
			var err error
			if c, err = h.await(ctx, w, r.Deadline); err != nil {
				return nil, err
			}
		}
		if c == nil {
			return t.open(ctx, h, r, out)
		}
		if c.watch(ctx) && c.alive() && c.limit(r.Deadline) == nil {
			c.before = c.read
			return c, nil
		}
		c.close()
	}
}

func (t *Transport) host(a address) *host {
	t.mu.Lock()
	defer t.mu.Unlock()
	h, ok := t.hosts[a]
	if !ok {
		h = &host{address: a}
		t.hosts[a] = h
	}
	return h
}

// put keeps a connection for the next request.
func (t *Transport) put(c *conn, h head) {
	if h.close || c.in.Buffered() > 0 || !c.host.push(c) {
		c.close()
	}
}

// because is why an exchange failed: its context's end, where that came first.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
