package wire

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline/runners/lean"
)

// prompt is how long the header or a part of a body of known length may wait
// for what follows it; a body of unknown length is a stream, and never waits.
const prompt = 250 * time.Microsecond

// forwarder is what passes an exchange on.
func (h *httpWire) forwarder() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:       h.rewrite,
		Transport:     h,
		FlushInterval: prompt,
		ErrorHandler:  h.unreachable,
		ErrorLog:      discardLog(),
		BufferPool:    buffers{},
	}
}

// rewrite leaves a request as it came but for its address. Headers about
// earlier proxies, which httputil drops, belong to it, and so do its trailers:
// they are read when the body is, into the map that is handed on here.
func (h *httpWire) rewrite(p *httputil.ProxyRequest) {
	p.SetURL(h.upstream)
	p.Out.URL.RawQuery = p.In.URL.RawQuery // also what net/url cannot read
	p.Out.Host = h.host(p.In)
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if v, ok := p.In.Header[name]; ok {
			p.Out.Header[name] = v
		}
	}
	p.Out.Trailer = p.In.Trailer
}

// host is the name by which the upstream is called. A caller that knows the
// dependency by its own name – by an alias, or through a proxy – has said it;
// one that was given the address of the wire has not.
func (h *httpWire) host(r *http.Request) string {
	name := r.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	if r.URL.IsAbs() || slices.Contains(h.wire.Names, name) {
		return r.Host
	}
	return h.upstream.Host
}

// transport speaks one protocol to the upstream, without proxy, compression
// or a deadline of its own: time limits are the deployment's affair.
func transport(two bool, trust *x509.CertPool) *http.Transport {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 30 * time.Second}).DialContext,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     30 * time.Second,
		Protocols:           new(http.Protocols),
		TLSClientConfig:     &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12},

		MaxResponseHeaderBytes: 1 << 20,
		ExpectContinueTimeout:  time.Second,
		ReadBufferSize:         16 << 10,
		WriteBufferSize:        16 << 10,
	}
	t.Protocols.SetHTTP1(!two)
	t.Protocols.SetHTTP2(two)
	t.Protocols.SetUnencryptedHTTP2(two)
	return t
}

// RoundTrip asks the upstream, in the protocol of the caller.
func (h *httpWire) RoundTrip(r *http.Request) (*http.Response, error) {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	resp, err := h.carrier(ok && x.two, r).RoundTrip(r)
	if err == nil && ok {
		x.Upstream = resp.StatusCode
		if x.two && x.out != nil {
			resp.Body = flushing{resp.Body, x.out}
		}
	}
	return resp, err
}

// carrier is what sends a request. What is small and there at once is written and
// answered in the goroutine of the caller; net/http takes two more for it.
func (h *httpWire) carrier(two bool, r *http.Request) http.RoundTripper {
	switch {
	case two:
		return h.two
	case lean.Speaks(r) && r.Header["Expect"] == nil && here(r):
		return h.swift
	}
	once(r)
	return h.one
}

// atOnce is the longest body that is looked for beside the head of its request, in
// bytes.
const atOnce = 2 << 10

// here reads the body of a request that came together with its head. What came of
// any other is put back, so that it goes on as it comes.
func here(r *http.Request) bool {
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	if r.ContentLength > atOnce {
		return false
	}
	whole := make([]byte, r.ContentLength)
	n, err := r.Body.Read(whole)
	rest := r.Body
	if n == len(whole) && (err == nil || errors.Is(err, io.EOF)) {
		r.Body = body{bytes.NewReader(whole), rest}
		return true
	}
	r.Body = body{io.MultiReader(bytes.NewReader(whole[:n]), rest), rest}
	return false
}

// A body is read from one thing and closed with another.
type body struct {
	io.Reader
	io.Closer
}

// flushing sends what is still held before it closes the body of HTTP/2, for
// that closing waits until the caller has sent all of its request, and the
// caller may wait for the answer.
type flushing struct {
	io.ReadCloser
	out http.ResponseWriter
}

// Close flushes first.
func (f flushing) Close() error {
	_ = http.NewResponseController(f.out).Flush()
	return f.ReadCloser.Close()
}

// once keeps net/http from repeating a request of HTTP/1.1 by itself: the wire
// must not add attempts to those it counts. It repeats what has a method
// without effects, or a key, and no body. So the body of the former is dressed
// as one that cannot be read again, and the key of the latter is spelt as its
// test for keys does not expect. A request of which nothing was written is
// still sent on another connection, and HTTP/2 repeats what the upstream has
// not seen: neither is an attempt that anybody could count.
func once(r *http.Request) {
	r.GetBody = nil
	if r.Body != nil && r.Body != http.NoBody {
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		r.Body = io.NopCloser(eof{})
		return
	}
	for _, key := range [][2]string{{"Idempotency-Key", "idempotency-key"}, {"X-Idempotency-Key", "x-idempotency-key"}} {
		if v, ok := r.Header[key[0]]; ok {
			delete(r.Header, key[0])
			r.Header[key[1]] = v
		}
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
