package target

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/lean"
)

// exchangeLean is exchange, over a transport that measures by itself.
func (c *Client) exchangeLean(req *http.Request, through *lean.Transport, s Shot, o plumbline.Observation) Answer {
	q, err := lean.Prepare(req)
	if err != nil {
		a := Answer{Observation: o}
		a.Sent, a.Error = c.Now(), plumbline.ErrorOther
		a.Latency = a.Sent - a.Due
		return a
	}
	q.Keep = true
	q.Deadline = time.Now().Add(c.wait(s))
	return c.carry(req.Context(), through, q, o)
}

// carry sends a prepared request, whose deadline is set.
func (c *Client) carry(ctx context.Context, through *lean.Transport, q *lean.Request, o plumbline.Observation) Answer {
	a := Answer{Observation: o}
	now := time.Now()
	a.Sent = now.Sub(c.cfg.Began)
	q.MaxBody = c.cfg.MaxBody
	out, err := through.Exchange(ctx, q)
	a.Latency = c.Now() - a.Due
	a.Response = plumbline.Response{Status: out.Status, Header: out.Header, Body: out.Body}
	a.Status, a.Bytes, a.Wire, a.Retries = out.Status, out.Length, out.Sent+out.Read, out.Retries
	a.First, a.Connect, a.Handshake = out.First, out.Connect, out.Handshake
	if err != nil {
		a.Error = classify(ctx, err)
	}
	return a
}

// A Ready is a request that was made ahead: every byte of it but the digits of
// the trace context.
type Ready struct {
	through       *lean.Transport
	request       lean.Request
	trace, parent int // where the digits are; zero: there are none
}

// steady is how a shot is sent each time alike; ok is false when it is not.
func (c *Client) steady(ctx context.Context, s Shot) (through *lean.Transport, cred Credential, ok bool) {
	if _, fetched := c.cfg.Sources[c.name(s.Identity)]; fetched || s.TraceMode != "" || s.Transcript || s.Unbound != nil {
		return nil, cred, false
	}
	if through, ok = c.transport(s.Identity, s.Auth).(*lean.Transport); !ok {
		return nil, cred, false
	}
	cred, err := c.credential(ctx, s.Identity)
	return through, cred, err == nil
}

// Ready makes the request of a shot ahead, for all that differ in the trace
// alone. Nil when it has to be made anew each time: because its credentials are
// fetched, or the transport wants another form.
func (c *Client) Ready(ctx context.Context, s Shot) *Ready {
	through, cred, ok := c.steady(ctx, s)
	if !ok {
		return nil
	}
	const trace = "0123456789abcdef0123456789abcdef"
	if s.Trace != "" {
		s.Trace = trace
	}
	req, _, err := c.build(ctx, s, cred)
	if err != nil || !lean.Speaks(req) {
		return nil
	}
	q, err := lean.Prepare(req)
	if err != nil {
		return nil
	}
	r := &Ready{through: through, request: *q}
	if s.Trace != "" {
		field := "Traceparent: 00-" + trace + "-"
		at := bytes.Index(q.Head, []byte(field))
		if at < 0 {
			return nil
		}
		r.trace = at + strings.Index(field, trace)
		r.parent = at + len(field)
	}
	return r
}

// swift sends a shot that was made ready. What comes of it is what comes of
// any other shot.
func (c *Client) swift(ctx context.Context, s Shot, o plumbline.Observation) Answer {
	q := s.Ready.request
	q.Keep = !s.Unchecked
	if s.Ready.trace > 0 {
		if len(s.Trace) != 32 {
			s.Ready = nil
			return c.sent(ctx, s, o)
		}
		o.Parent = s.Trace[16:]
		if o.Parent == "0000000000000000" {
			o.Parent = "0000000000000001"
		}
		q.Fill = [2]lean.Fill{{At: s.Ready.trace, Text: s.Trace}, {At: s.Ready.parent, Text: o.Parent}}
	}
	entry := 0
	if c.keeper != nil && !safe(s.Request.Method) {
		entry = c.keeper.sending(s.Operation, s.Request)
	}
	q.Deadline = time.Now().Add(c.wait(s))
	a := c.carry(ctx, s.Ready.through, &q, o)
	a.Request, a.shot, a.entry = s.Request, c.shots.Add(1), entry
	if c.keeper != nil && !safe(s.Request.Method) {
		c.keeper.answered(s.Operation, a)
	}
	c.inspect(s, &a)
	if len(a.Marks) > 0 && breaks(a.Marks) {
		cred, _ := c.credential(ctx, s.Identity) // declared: always there
		if req, _, err := c.build(ctx, s, cred); err == nil {
			a.Transcript = c.transcript(s, req, cred, a)
		}
	}
	return a
}

// safe tells whether nothing that is booked comes of a method.
func safe(method string) bool { return method == http.MethodGet || method == http.MethodHead }
