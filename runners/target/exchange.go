package target

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strings"
	"syscall"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/lean"
)

// RunHeader names the run on every request, so that what it created can be
// told from everything else in the logs of the deployment.
const RunHeader = "Plumbline-Run"

// build makes the HTTP request of a shot, with credentials and trace context.
// The path and query go out as they are: an invalid case lives of its bytes.
// The request target is in origin form (RFC 9112 §3.2.1), for servers that are
// no proxies need not understand another.
func (c *Client) build(ctx context.Context, s Shot, cred Credential) (*http.Request, string, error) {
	req, err := http.NewRequestWithContext(ctx, s.Request.Method, c.base.String(), bytes.NewReader(s.Request.Body))
	if err != nil {
		return nil, "", err
	}
	path := strings.TrimSuffix(c.base.EscapedPath(), "/") + s.Request.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	aim(req.URL, path)
	req.URL.RawQuery = s.Request.Query
	if len(s.Request.Body) == 0 {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	}
	for k, v := range s.Request.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "plumbline")
	}
	if c.cfg.Run != "" {
		req.Header.Set(RunHeader, c.cfg.Run)
	}
	authenticate(req, cred, s.Auth)
	parent := c.context(req, s)
	return req, parent, nil
}

// aim makes the URL ask for the path as it stands. net/http writes an opaque
// part unchanged, but takes one with two slashes for a host.
func aim(u *url.URL, path string) {
	u.Path, u.RawPath, u.Opaque = "", "", path
	if plain, err := url.PathUnescape(path); err == nil && strings.HasPrefix(path, "//") {
		u.Path, u.RawPath, u.Opaque = plain, path, ""
	}
}

// exchange sends the request and reads the answer.
func (c *Client) exchange(req *http.Request, s Shot, o plumbline.Observation) Answer {
	if through, ok := c.transport(s.Identity, s.Auth).(*lean.Transport); ok && lean.Speaks(req) {
		return c.exchangeLean(req, through, s, o)
	}
	a := Answer{Observation: o}
	ctx, cancel := context.WithTimeout(req.Context(), c.wait(s))
	defer cancel()
	connections := 0
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections++ }})
	a.Sent = c.Now()
	var err error
	a.Response, err = c.receive(req.WithContext(ctx), c.transport(s.Identity, s.Auth))
	a.Latency = c.Now() - a.Due
	a.Status, a.Bytes, a.Retries = a.Response.Status, int64(len(a.Response.Body)), max(connections-1, 0)
	if err != nil {
		a.Error = classify(req.Context(), err)
	}
	return a
}

// receive sends the request and reads the response to its end. What came
// before an error is returned beside it.
func (c *Client) receive(req *http.Request, through http.RoundTripper) (plumbline.Response, error) {
	resp, err := through.RoundTrip(req)
	if err != nil {
		return plumbline.Response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	out := plumbline.Response{Status: resp.StatusCode, Header: resp.Header}
	out.Body, err = io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody+1))
	if err == nil && int64(len(out.Body)) > c.cfg.MaxBody {
		out.Body, err = out.Body[:c.cfg.MaxBody], lean.ErrTooLarge
	}
	return out, err
}

// classify names the class of an error by its value, and by its text only
// where net/http has no value for it. The context is the caller's: its end is
// the harness' own doing.
func classify(ctx context.Context, err error) plumbline.ErrorClass {
	var dns *net.DNSError
	var timeout net.Error
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case ctx.Err() != nil:
		return plumbline.ErrorCanceled
	case errors.Is(err, lean.ErrTooLarge):
		return plumbline.ErrorTooLarge
	case errors.As(err, &dns):
		return plumbline.ErrorDNS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return plumbline.ErrorTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return plumbline.ErrorRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return plumbline.ErrorReset
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return plumbline.ErrorPorts
	case errors.As(err, &cert), errors.As(err, &record):
		return plumbline.ErrorTLS
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return plumbline.ErrorEOF
	}
	return worded(err.Error())
}

// worded names the class of an error that is known by its text alone.
func worded(text string) plumbline.ErrorClass {
	for _, w := range []struct {
		part  string
		class plumbline.ErrorClass
	}{
		{"server closed idle connection", plumbline.ErrorEOF},
		{"tls: ", plumbline.ErrorTLS}, // an alert of the other side
		{"malformed", plumbline.ErrorProtocol},
		{"chunk", plumbline.ErrorProtocol},
		{"protocol", plumbline.ErrorProtocol},
	} {
		if strings.Contains(text, w.part) {
			return w.class
		}
	}
	return plumbline.ErrorOther
}

// Trace is the trace id of one request: run, experiment, phase, stream and
// sequence in hex digits (12, 4, 2, 2, 12).
func Trace(run string, place [3]int, sequence uint64) string {
	return fmt.Sprintf("%s%012x", Prefix(run, place[0], place[1], place[2]), sequence&0xffffffffffff)
}

// Prefix is what the trace ids of one stream have in common.
func Prefix(run string, experiment, phase, stream int) string {
	return fmt.Sprintf("%.12s%04x%02x%02x", run, experiment&0xffff, phase&0xff, min(stream, 0xff))
}
