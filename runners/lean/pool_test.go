package lean

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
		if len(r.TLS.PeerCertificates) > 0 {
			_, _ = io.WriteString(w, " "+r.TLS.PeerCertificates[0].Subject.Organization[0])
		}
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	cfg := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	cfg.Certificates = server.TLS.Certificates
	tr := &Transport{TLS: cfg}
	t.Cleanup(tr.CloseIdleConnections)
	for i := range 3 {
		got, err := tr.Exchange(t.Context(), of(t, http.MethodGet, server.URL, ""))
		if err != nil || string(got.Body) != "HTTP/1.1 Acme Co" || (got.Handshake > 0) != (i == 0) {
			t.Errorf("%d: got %v, %q, %+v", i, err, got.Body, got.Times)
		}
	}
	var cert *tls.CertificateVerificationError
	if _, err := (&Transport{}).Exchange(t.Context(), of(t, http.MethodGet, server.URL, "")); !errors.As(err, &cert) {
		t.Errorf("an unknown authority: got %v", err)
	}
}

func TestDialer(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "lean") //nolint:usetesting // short: the path of a socket has to be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })}}
	server.Start()
	t.Cleanup(server.Close)
	unix := &Dialer{Socket: filepath.Join(dir, "s")}
	got, err := (&Transport{Dial: unix.Dial}).Exchange(t.Context(), of(t, http.MethodGet, "http://shop.example/", ""))
	if err != nil || string(got.Body) != "shop.example" {
		t.Errorf("got %v, %q", err, got.Body)
	}

	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	asked := 0
	d := &Dialer{Resolve: func(context.Context, string) ([]string, error) {
		asked++
		return []string{"127.0.0.2", "127.0.0.1"}, nil
	}}
	for range 4 {
		c, err := d.Dial(t.Context(), "tcp", "shop.example:"+port)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	if asked != 1 {
		t.Errorf("the resolver was asked %d times", asked)
	}
	first, _ := d.lookup(t.Context(), "shop.example")
	second, _ := d.lookup(t.Context(), "shop.example")
	if first[0] == second[0] || len(first) != 2 {
		t.Errorf("got %v, then %v", first, second)
	}
}

// Connections of many at a time are kept, and each answer is that of its own
// request.
func TestAnswersBelongToTheirRequests(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) }))
	t.Cleanup(server.Close)
	tr := &Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 50 {
				path := "/" + strings.Repeat("abcdefgh"[w:w+1], i+1)
				got, err := tr.Exchange(t.Context(), of(t, http.MethodGet, server.URL+path, ""))
				if err != nil || string(got.Body) != path {
					t.Errorf("got %v, %q, want %q", err, got.Body, path)
				}
			}
		})
	}
	all.Wait()
	if n := len(tr.host(address{host: server.Listener.Addr().String()}).idle); n < 1 || n > 8 {
		t.Errorf("%d connections are kept", n)
	}
}

func TestIdleConnectionsAgeOut(t *testing.T) {
	t.Parallel()
	h := &host{}
	for range 3 {
		a, b := net.Pipe()
		t.Cleanup(func() { _ = b.Close() })
		h.push(&conn{raw: a, net: a})
	}
	if c := h.pop(time.Hour); c == nil || len(h.idle) != 2 {
		t.Fatalf("%d left", len(h.idle))
	}
	for _, c := range h.idle {
		c.idle = c.idle.Add(-time.Hour)
	}
	if c := h.pop(time.Minute); c != nil || len(h.idle) != 0 {
		t.Errorf("got %v, %d left", c, len(h.idle))
	}
}

func TestHeadCutIsAnEnd(t *testing.T) {
	t.Parallel()
	p := peculiar{say: "HTTP/1.1 200 OK\r\nContent-Len", after: 1}
	if _, err := (&Transport{}).Exchange(t.Context(), of(t, http.MethodGet, "http://"+p.serve(t)+"/", "")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

// The status survives a body that is cut.
func TestStatusSurvivesTheBody(t *testing.T) {
	t.Parallel()
	p := peculiar{say: "HTTP/1.1 503 Busy\r\nContent-Length: 9\r\n\r\nok", after: 1}
	for _, keep := range []bool{true, false} {
		q := of(t, http.MethodGet, "http://"+p.serve(t)+"/", "")
		q.Keep = keep
		if got, err := (&Transport{}).Exchange(t.Context(), q); !errors.Is(err, io.ErrUnexpectedEOF) || got.Status != 503 || got.Length != 2 {
			t.Errorf("got %v, %+v", err, got)
		}
	}
}
