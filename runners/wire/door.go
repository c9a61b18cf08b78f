package wire

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A door is the port for deployments that are told of the wires by HTTP_PROXY
// and HTTPS_PROXY. What is for a dependency goes through its wire; everything
// else passes as through any proxy, and is in no journal.
type door struct {
	*server
	plain *httputil.ReverseProxy
	// numbered counts its connections; those of a wire's own listener are
	// smaller, so that both are distinct on a wire.
	numbered uint64
	mu       sync.Mutex
}

// doorNumbers is where the numbers of connections through the door begin.
const doorNumbers = 1 << 32

func (s *server) openDoor(ctx context.Context, listen string) (addr string, shut func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", listen)
	if err != nil {
		return "", nil, err
	}
	one := transport(false, s.trust)
	d := &door{server: s, numbered: doorNumbers}
	d.plain = &httputil.ReverseProxy{
		Rewrite:       func(*httputil.ProxyRequest) {},
		Transport:     one,
		FlushInterval: prompt,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { reset(w) },
		ErrorLog:      discardLog(),
	}
	srv := &http.Server{
		Handler: d, MaxHeaderBytes: 1 << 20, ReadHeaderTimeout: time.Minute, ErrorLog: discardLog(),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, caller{d.next(), c.RemoteAddr().String(), s.journal.now(), new(atomic.Int64)})
		},
	}
	go func() { _ = srv.Serve(l) }()
	return l.Addr().String(), func() { _ = srv.Close(); one.CloseIdleConnections() }, nil
}

func (d *door) next() uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.numbered++
	return d.numbered
}

// ServeHTTP finds the wire that a request is for.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodConnect:
		d.tunnel(w, r)
	case !r.URL.IsAbs():
		reset(w) // it takes this port for a server
	default:
		if v := d.wireTo(hostPort(r.URL)); v != nil && v.http != nil {
			v.http.ServeHTTP(w, r)
			return
		}
		d.plain.ServeHTTP(w, r)
	}
}

// wireTo is the wire whose upstream, or a name of it, is at an address. Of
// several it is one that understands HTTP, and the first by its name.
func (d *door) wireTo(addr string) *served {
	name, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil
	}
	var found *served
	for _, n := range slices.Sorted(maps.Keys(d.wires)) {
		w := d.wires[n]
		at := w.Upstream
		if u, err := url.Parse(at); err == nil && w.Kind == plumbline.WireHTTP {
			at = hostPort(u)
		}
		host, upstream, _ := net.SplitHostPort(at)
		if upstream != port || host != name && !slices.Contains(w.Names, name) {
			continue
		}
		if found == nil || found.http == nil && w.http != nil {
			found = w
		}
	}
	return found
}

// tunnel answers CONNECT: to an HTTP wire, which ends the TLS inside, to the
// relay of a TCP wire, or to whoever it is for.
func (d *door) tunnel(w http.ResponseWriter, r *http.Request) {
	v := d.wireTo(r.Host)
	var up net.Conn
	if v == nil {
		var dial net.Dialer
		var err error
		if up, err = dial.DialContext(r.Context(), "tcp", r.Host); err != nil {
			reset(w)
			return
		}
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	conn = &preread{Conn: conn, reader: buffered.Reader}
	switch {
	case v == nil:
		join(conn, up)
	case v.http != nil:
		v.http.serve(&single{conn: conn}, true)
	default:
		v.engine.relay(context.WithoutCancel(r.Context()), conn)
	}
}

// join carries bytes both ways until either side ends.
func join(a, b net.Conn) {
	var wg sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		wg.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			if c, ok := way[0].(interface{ CloseWrite() error }); ok {
				_ = c.CloseWrite()
			}
		})
	}
	wg.Wait()
	_, _ = a.Close(), b.Close()
}

// preread is a connection of which something has been read already.
type preread struct {
	net.Conn
	reader io.Reader
}

// Read reads what was read already first.
func (p *preread) Read(b []byte) (int, error) { return p.reader.Read(b) }

// NetConn is the connection itself.
func (p *preread) NetConn() net.Conn { return p.Conn }

// CloseWrite ends one direction.
func (p *preread) CloseWrite() error {
	if c, ok := p.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return errors.ErrUnsupported
}

// single is a listener of one connection.
type single struct {
	conn net.Conn
	once sync.Once
}

// Accept hands the connection out, and then nothing: the server goes on with it.
func (s *single) Accept() (conn net.Conn, err error) {
	err = net.ErrClosed
	s.once.Do(func() { conn, err = s.conn, nil })
	return conn, err
}

// Close does nothing: the connection is the server's.
func (s *single) Close() error { return nil }

// Addr is where the connection came in.
func (s *single) Addr() net.Addr { return s.conn.LocalAddr() }

// hostPort is where a URL points to, with the port of its scheme when it names none.
func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return net.JoinHostPort(strings.Trim(u.Host, "[]"), "443")
	}
	return net.JoinHostPort(strings.Trim(u.Host, "[]"), "80")
}
