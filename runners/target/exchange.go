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
	"os"
	"strings"
	"syscall"

	"github.com/plumbline-dev/plumbline"
)

// build makes the HTTP request of a shot, with credentials and trace context.
// The path and query go out as they are: an invalid case lives of its bytes.
func (c *Client) build(ctx context.Context, s Shot) (*http.Request, string, error) {
	u := *c.base
	u.Opaque = ""
	req, err := http.NewRequestWithContext(ctx, s.Request.Method, u.String(), bytes.NewReader(s.Request.Body))
	if err != nil {
		return nil, "", err
	}
	path := strings.TrimSuffix(c.base.EscapedPath(), "/") + s.Request.Path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	req.URL.Opaque = "//" + u.Host + path
	req.URL.RawQuery = s.Request.Query
	req.URL.Path, req.URL.RawPath = "", ""
	if len(s.Request.Body) == 0 {
		req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	}
	for k, v := range s.Request.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "plumbline")
	}
	c.authenticate(req, s)
	parent := c.context(req, s)
	return req, parent, nil
}

// exchange sends the request and reads the answer.
func (c *Client) exchange(req *http.Request, o plumbline.Observation) Answer {
	a := Answer{Observation: o}
	ctx, cancel := context.WithTimeout(req.Context(), c.cfg.Timeout)
	defer cancel()
	connections := 0
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections++ }})
	a.Sent = c.Now()
	resp, err := c.cfg.Transport.RoundTrip(req.WithContext(ctx))
	if err == nil {
		a.Status = resp.StatusCode
		a.Response.Status, a.Response.Header = resp.StatusCode, resp.Header
		a.Response.Body, err = c.body(resp)
		a.Bytes = int64(len(a.Response.Body))
	}
	a.Latency = c.Now() - a.Due
	a.Retries = max(connections-1, 0)
	if err != nil {
		a.Error = classify(err, req.Context())
	}
	return a
}

var errTooLarge = errors.New("response body is too large")

func (c *Client) body(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody+1))
	if err == nil && int64(len(data)) > c.cfg.MaxBody {
		return data[:c.cfg.MaxBody], errTooLarge
	}
	return data, err
}

// classify names the class of an error by its value, never by its text alone.
// The context is the caller's: its end is the harness' own doing.
func classify(err error, caller context.Context) plumbline.ErrorClass {
	var dns *net.DNSError
	var timeout net.Error
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case caller.Err() != nil:
		return plumbline.ErrorCanceled
	case errors.Is(err, errTooLarge):
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
	if text := err.Error(); strings.Contains(text, "malformed") || strings.Contains(text, "protocol") || strings.Contains(text, "server gave HTTP response") {
		return plumbline.ErrorProtocol
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
