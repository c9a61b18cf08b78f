package lean

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Defaults of a Dialer.
const (
	dialTimeout = 5 * time.Second
	keepAlive   = 30 * time.Second
	freshness   = 30 * time.Second
)

// A Dialer opens connections. It asks the resolver once in a while and not for
// every connection, and spreads connections over all addresses that it named.
// It binds no local address: a port that is bound is taken on all interfaces.
// The zero value is usable, and safe for concurrent use.
type Dialer struct {
	// Socket is the path of a Unix domain socket that everything goes to. Empty: TCP.
	Socket string
	// Timeout is for one address. Zero: 5 s.
	Timeout time.Duration
	// Fresh is how long an answer of the resolver holds. Zero: 30 s.
	Fresh time.Duration
	// Resolve asks the resolver. Nil: the system's.
	Resolve func(ctx context.Context, host string) ([]string, error)

	mu    sync.Mutex
	known map[string]*names
}

// names are the addresses of one host.
type names struct {
	asking  sync.Mutex // one question at a time
	at      time.Time
	all     []string
	current int
}

// Dial opens a connection to the next of the addresses of the host, and to the
// others when it cannot be reached.
func (d *Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialTimeout, KeepAlive: keepAlive}
	if d.Timeout > 0 {
		dialer.Timeout = d.Timeout
	}
	if d.Socket != "" {
		return dialer.DialContext(ctx, "unix", d.Socket)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if net.ParseIP(host) != nil {
		return dialer.DialContext(ctx, network, address)
	}
	all, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	var first error
	for _, ip := range all {
		c, err := dialer.DialContext(ctx, network, net.JoinHostPort(ip, port))
		if err == nil {
			return c, nil
		}
		first = errors.Join(first, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

// lookup returns the addresses of a host, each time beginning with the next.
func (d *Dialer) lookup(ctx context.Context, host string) ([]string, error) {
	d.mu.Lock()
	if d.known == nil {
		d.known = map[string]*names{}
	}
	n, ok := d.known[host]
	if !ok {
		n = &names{}
		d.known[host] = n
	}
	d.mu.Unlock()
	n.asking.Lock()
	defer n.asking.Unlock()
	fresh := freshness
	if d.Fresh > 0 {
		fresh = d.Fresh
	}
	if len(n.all) == 0 || time.Since(n.at) > fresh {
		resolve := net.DefaultResolver.LookupHost
		if d.Resolve != nil {
			resolve = d.Resolve
		}
		all, err := resolve(ctx, host)
		if err != nil {
			return nil, err
		}
		n.all, n.at, n.current = all, time.Now(), 0
	}
	k := n.current % len(n.all)
	n.current++
	return append(append([]string(nil), n.all[k:]...), n.all[:k]...), nil
}
