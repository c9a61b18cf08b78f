package lean

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

// A conn is one connection. One request at a time is on it, and whoever sent
// that owns it.
type conn struct {
	t      *Transport
	host   *host
	raw    net.Conn // what is peeked at
	net    net.Conn // raw, or TLS over it
	in     *bufio.Reader
	out    []byte // what is written next
	head   []byte // of the last response
	uses   int
	idle   time.Time // since when it is not used
	read   int64     // bytes read so far
	before int64     // of them, those of earlier requests
	first  time.Time // when the first byte of the answer came
	await  bool      // it has not come yet
	until  time.Time // deadline that is set
	sys    syscall.RawConn
	look   func(fd uintptr) bool // peeks, and leaves what it saw in state
	state  error

	ctx  context.Context //nolint:containedctx // whose end closes the connection; kept over requests of the same one
	stop func() bool     // ends that
}

// open makes a connection within the time that the request has, and lets the next
// of those who wait have their turn.
func (t *Transport) open(ctx context.Context, h *host, r *Request, out *Reply) (*conn, error) {
	began := time.Now()
	c, err := t.connect(ctx, h, r, out)
	h.opened(time.Since(began), err == nil)
	return c, err
}

func (t *Transport) connect(ctx context.Context, h *host, r *Request, out *Reply) (*conn, error) {
	limited := ctx
	if !r.Deadline.IsZero() {
		var cancel context.CancelFunc
		limited, cancel = context.WithDeadline(ctx, r.Deadline)
		defer cancel()
	}
	began := time.Now()
	raw, err := t.dial(limited, "tcp", h.address.host)
	if err != nil {
		return nil, err
	}
	out.Connect = time.Since(began)
	c := &conn{t: t, host: h, raw: raw, net: raw}
	c.peekable()
	if h.address.secure {
		if err := t.handshake(limited, c); err != nil {
			_ = raw.Close()
			return nil, err
		}
		out.Handshake = time.Since(began) - out.Connect
	}
	c.in = bufio.NewReaderSize(reader{c}, 4096)
	c.watch(ctx)
	if err := c.limit(r.Deadline); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (t *Transport) handshake(ctx context.Context, c *conn) error {
	cfg := &tls.Config{}
	if t.TLS != nil {
		cfg = t.TLS.Clone()
	}
	if cfg.ServerName == "" {
		name, _, err := net.SplitHostPort(c.host.address.host)
		if err != nil {
			return err
		}
		cfg.ServerName = name
	}
	cfg.NextProtos = []string{"http/1.1"}
	ctx, cancel := context.WithTimeout(ctx, tlsTimeout)
	defer cancel()
	secure := tls.Client(c.raw, cfg)
	c.net = secure
	return secure.HandshakeContext(ctx)
}

// watch has the end of ctx close the connection. It tells whether the
// connection may be used: the end of the context before may be closing it.
func (c *conn) watch(ctx context.Context) bool {
	if c.ctx == ctx {
		return true
	}
	if c.stop != nil && !c.stop() {
		return false
	}
	c.ctx, c.stop = ctx, nil
	if ctx.Done() != nil {
		raw := c.raw
		c.stop = context.AfterFunc(ctx, func() { _ = raw.Close() })
	}
	return true
}

// unwatch forgets the context; it tells whether the connection may be used.
func (c *conn) unwatch() bool {
	ok := c.stop == nil || c.stop()
	c.ctx, c.stop = nil, nil
	return ok
}

// limit sets the deadline. Setting one costs as much as a system call, so it
// may be late, by as little as nobody notices, and then serves further
// requests.
func (c *conn) limit(at time.Time) error {
	if at.IsZero() {
		if c.until.IsZero() {
			return nil
		}
		c.until = time.Time{}
		return c.net.SetDeadline(c.until)
	}
	slack := min(time.Until(at)/deadlineShare, deadlineAtMost)
	if !c.until.Before(at) && c.until.Sub(at) <= slack {
		return nil
	}
	c.until = at.Add(slack)
	return c.net.SetDeadline(c.until)
}

func (c *conn) close() {
	if c.stop != nil {
		c.stop()
	}
	_ = c.raw.Close() // no TLS farewell: it could block
}

// peekable prepares for alive.
func (c *conn) peekable() {
	if s, ok := c.raw.(syscall.Conn); ok {
		c.sys, _ = s.SyscallConn()
	}
	c.look = func(fd uintptr) bool {
		c.state = peek(fd, c.raw != c.net)
		return true
	}
}

// alive looks whether the other side has closed the connection, or has sent
// what nobody asked for. Without it a request that must not be repeated would
// be lost on a connection that is known to be dead.
func (c *conn) alive() bool {
	if c.sys == nil {
		return true
	}
	c.state = nil
	return c.sys.Read(c.look) == nil && c.state == nil
}

// reader counts what is read, and notes when an answer begins.
type reader struct{ *conn }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.net.Read(p)
	if n > 0 {
		r.read += int64(n)
		if r.await {
			r.await, r.first = false, time.Now()
		}
	}
	return n, err
}

// roundTrip writes the request and reads the head of its answer.
func (c *conn) roundTrip(r *Request, out *Reply) (head, error) {
	c.await = true
	if r.Expect && len(r.Body) > 0 {
		return c.expect(r, out)
	}
	c.out = append(r.write(c.out[:0]), r.Body...)
	n, err := c.net.Write(c.out)
	out.Sent += int64(n)
	h, bad := c.answer(r) // a server may answer and not read on
	if bad != nil {
		return h, cmp.Or(err, bad)
	}
	h.close = h.close || err != nil // the next request would be read as the rest of this one
	return h, nil
}

// expect writes the body when it is asked for, or when that takes too long.
func (c *conn) expect(r *Request, out *Reply) (head, error) {
	c.out = r.write(c.out[:0])
	n, err := c.net.Write(c.out)
	out.Sent += int64(n)
	if err != nil {
		return head{}, err
	}
	if end := time.Now().Add(c.t.wait()); c.until.IsZero() || end.Before(c.until) {
		_ = c.net.SetReadDeadline(end)
	}
	_, err = c.in.Peek(1)
	_ = c.net.SetReadDeadline(c.until)
	switch {
	case err == nil:
		h, err := c.readHead(r, c.t.maxHeader())
		if err != nil || h.status/100 != 1 || h.status == http.StatusSwitchingProtocols {
			h.close = true // the body was not sent
			return h, err
		}
	case !isTimeout(err) || c.expired():
		return head{}, err
	}
	n, err = c.net.Write(r.Body)
	out.Sent += int64(n)
	h, bad := c.answer(r)
	if bad != nil {
		return h, cmp.Or(err, bad)
	}
	h.close = h.close || err != nil
	return h, nil
}

func (c *conn) expired() bool { return !c.until.IsZero() && !time.Now().Before(c.until) }

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// died tells whether an error is that of a connection that is no more.
func died(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, net.ErrClosed)
}
