package wire

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func TestTLSIsEndedByOurOwnAuthority(t *testing.T) {
	t.Parallel()
	for _, two := range []bool{true, false} {
		up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto+" "+r.Host) }))
		up.EnableHTTP2 = two
		up.StartTLS()
		t.Cleanup(up.Close)
		trust := x509.NewCertPool()
		trust.AddCert(up.Certificate())
		dir := t.TempDir()
		l := newLine(t, Config{Trust: trust, Authority: dir, Proxy: "127.0.0.1:0", Wires: []Wire{
			{Name: "dep", Kind: plumbline.WireHTTP, Listen: "https://127.0.0.1:0", Upstream: up.URL, Names: []string{"payment.test"}},
			{Name: "plain", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: up.URL},
			{Name: "opaque", Kind: plumbline.WireTCP, Listen: "127.0.0.1:0", Upstream: strings.TrimPrefix(up.URL, "https://")},
		}})
		a, err := openAuthority(dir)
		if err != nil {
			t.Fatal(err)
		}
		ours := x509.NewCertPool()
		ours.AddCert(a.cert)
		proto := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[two]
		host := strings.TrimPrefix(up.URL, "https://")
		door := &url.URL{Scheme: "http", Host: l.Proxy}
		for name, c := range map[string]struct {
			url, want string
			roots     *x509.CertPool
			dial      string
			proxy     *url.URL
		}{
			"by address":      {url: "https://" + l.Wires["dep"], roots: ours, want: proto + " " + host},
			"by name":         {url: "https://payment.test", roots: ours, dial: l.Wires["dep"], want: proto + " payment.test"},
			"through CONNECT": {url: up.URL, roots: ours, proxy: door, want: proto + " " + host},
			"plain inside":    {url: "http://" + l.Wires["plain"], want: "HTTP/1.1 " + host},
			"passed through":  {url: "https://" + l.Wires["opaque"], roots: trust, want: proto + " " + l.Wires["opaque"]},
		} {
			tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: c.roots}, ForceAttemptHTTP2: true}
			if c.proxy != nil {
				tr.Proxy = http.ProxyURL(c.proxy)
			}
			if c.dial != "" {
				tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
					return (&net.Dialer{}).DialContext(ctx, network, c.dial)
				}
			}
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url, nil)
			a, err := exchangeWith(tr, req)
			tr.CloseIdleConnections()
			if err != nil || string(a.body) != c.want {
				t.Errorf("upstream %s, %s: %q %v, want %q", proto, name, a.body, err, c.want)
			}
		}
	}
}

func TestThePortForHTTPPROXY(t *testing.T) {
	t.Parallel()
	echo := func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) }
	dep, other := upstreamOf(t, echo), upstreamOf(t, echo)
	l := newLine(t, Config{Proxy: "127.0.0.1:0", Wires: []Wire{{Name: "dep", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: dep.URL}}})
	via := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: l.Proxy})}
	for _, u := range []string{dep.URL, other.URL} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, u, nil)
		a, err := exchangeWith(via, req)
		if err != nil || "http://"+string(a.body) != u {
			t.Errorf("%s: %q %v", u, a.body, err)
		}
	}
	if x := l.exchanges(t, 1)[0]; x.Wire != "dep" || x.Conn <= doorNumbers {
		t.Errorf("journalled %+v", x)
	}
	if got, err := net.Dial("tcp", l.Proxy); err != nil {
		t.Error(err)
	} else {
		_, _ = io.WriteString(got, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if b, _ := io.ReadAll(got); len(b) != 0 {
			t.Errorf("a request for the port itself was answered: %q", b)
		}
	}
}

func TestFaultsOfBytesAndConnections(t *testing.T) {
	t.Parallel()
	const size = 40_000
	body := make([]byte, size)
	_, _ = rand.Read(body)
	for name, c := range map[string]struct {
		fault plumbline.Fault
		least time.Duration
		whole bool
	}{
		"bandwidth":  {plumbline.Fault{Kind: plumbline.FaultBandwidth, Bytes: 100_000}, 250 * time.Millisecond, true},
		"slow close": {plumbline.Fault{Kind: plumbline.FaultSlowClose, Latency: 300 * time.Millisecond}, 250 * time.Millisecond, true},
		"slicer":     {plumbline.Fault{Kind: plumbline.FaultSlicer, Bytes: 4000, Latency: 20 * time.Millisecond}, 100 * time.Millisecond, true},
		"timeout":    {plumbline.Fault{Kind: plumbline.FaultTimeout, Latency: 300 * time.Millisecond}, 250 * time.Millisecond, false},
		"limit":      {plumbline.Fault{Kind: plumbline.FaultLimit, Bytes: 10_000}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			go func() {
				for {
					conn, err := l.Accept()
					if err != nil {
						return
					}
					_, _ = conn.Write(body)
					if name == "timeout" {
						_, _ = io.Copy(io.Discard, conn) // it is not the upstream that closes
					}
					_ = conn.Close()
				}
			}()
			w := newLine(t, Config{Wires: []Wire{{Name: "dep", Kind: plumbline.WireTCP, Listen: "127.0.0.1:0", Upstream: l.Addr().String()}}})
			fetch := func() (int, time.Duration) {
				began := time.Now()
				conn, err := net.Dial("tcp", w.Wires["dep"])
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = conn.Close() }()
				var from io.Reader = conn
				if name == "timeout" {
					from = io.LimitReader(conn, size)
				}
				got, _ := io.ReadAll(from)
				if !bytes.HasPrefix(body, got) {
					t.Error("bytes were changed")
				}
				return len(got), time.Since(began)
			}
			c.fault.Dependency, c.fault.Scope = "dep", plumbline.ScopeAll
			if err := w.client.Order(t.Context(), Order{ID: "x", Fault: c.fault, TTL: time.Minute}); err != nil {
				t.Fatal(err)
			}
			if n, took := fetch(); (n == size) != c.whole || took < c.least {
				t.Errorf("%d bytes in %s", n, took)
			}
			if hits, err := w.client.Heal(t.Context(), "x"); hits != 1 || err != nil {
				t.Errorf("%d hits, %v", hits, err)
			}
			if n, _ := fetch(); n != size {
				t.Errorf("after healing %d bytes of %d", n, size)
			}
		})
	}
	w := plainLine(t, func(http.ResponseWriter, *http.Request) {})
	err := w.client.Order(t.Context(), Order{ID: "x", Fault: plumbline.Fault{Dependency: "dep", Kind: plumbline.FaultLimit, Bytes: 1, Scope: plumbline.ScopeAll}, TTL: time.Second})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a limit of bytes on an HTTP wire: %v", err)
	}
}
