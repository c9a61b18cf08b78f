package target

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/plumbline-dev/plumbline/runners/lean"
)

// A Protocol is the HTTP client, and the version of HTTP, that requests go
// through.
type Protocol string

// The protocols. The empty value means ProtocolLean.
const (
	ProtocolLean Protocol = "lean"     // HTTP/1.1 by runners/lean
	ProtocolNet  Protocol = "net/http" // HTTP/1.1 by net/http
	ProtocolH2   Protocol = "h2"       // HTTP/2 over TLS; without TLS by prior knowledge (h2c), over Connections of them
)

// Protocols lists them.
func Protocols() []Protocol { return []Protocol{ProtocolLean, ProtocolNet, ProtocolH2} }

// h2Connections are the connections of HTTP/2 that requests are spread over:
// one alone is bound to one processor of most servers.
const h2Connections = 4

// transport is the way to the deployment, without what would falsify a
// measurement: no proxy unless asked for, no transparent gzip, no local address
// (a bound port is exclusive on all interfaces), many idle connections.
func (c Config) transport(t *tls.Config) http.RoundTripper {
	dialer := &lean.Dialer{Socket: c.Socket}
	switch {
	case c.Protocol == ProtocolH2:
		return newSpread(h2Connections, func() http.RoundTripper { return c.netHTTP(dialer, t, true) })
	case c.Protocol == ProtocolNet || c.Proxy:
		return c.netHTTP(dialer, t, false)
	}
	return &lean.Transport{Dial: dialer.Dial, TLS: t, Fallback: c.netHTTP(dialer, t, false), MaxHeader: mostHeader}
}

const mostHeader = 1 << 20

func (c Config) netHTTP(dialer *lean.Dialer, t *tls.Config, h2 bool) *http.Transport {
	out := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.Dial(ctx, network, address)
		},
		TLSClientConfig:        t,
		DisableCompression:     true,
		MaxIdleConns:           0,
		MaxIdleConnsPerHost:    1024,
		IdleConnTimeout:        60 * time.Second,
		TLSHandshakeTimeout:    5 * time.Second,
		MaxResponseHeaderBytes: mostHeader,
	}
	if c.Proxy {
		out.Proxy = http.ProxyFromEnvironment
	}
	if h2 {
		out.Protocols = &http.Protocols{}
		out.Protocols.SetHTTP2(true)
		out.Protocols.SetUnencryptedHTTP2(true)
	}
	return out
}

// A spread sends requests through several transports in turn.
type spread struct {
	all  []http.RoundTripper
	turn atomic.Uint64
}

func newSpread(n int, open func() http.RoundTripper) *spread {
	s := &spread{}
	for range n {
		s.all = append(s.all, open())
	}
	return s
}

// RoundTrip sends a request through the next of the transports.
func (s *spread) RoundTrip(r *http.Request) (*http.Response, error) {
	return s.all[s.turn.Add(1)%uint64(len(s.all))].RoundTrip(r)
}
