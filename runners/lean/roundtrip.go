package lean

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync/atomic"
)

// RoundTrip is that of net/http, for what is not in the form of a Request.
// The body of the response has to be closed.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.start()
	if !Speaks(r) {
		return t.fallback.RoundTrip(r)
	}
	q, err := Prepare(r)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	q.Deadline, _ = ctx.Deadline()
	q.Replay = q.Replay && !t.Once
	q.Interim = interim(ctx)
	q.Close = r.Close || contains(r.Header["Connection"], "close")
	var out Reply
	c, h, err := t.send(ctx, q, &out)
	traced(ctx, out, err)
	if err != nil {
		return nil, because(ctx, err)
	}
	h.close = h.close || q.Close
	resp := c.response(h, r)
	if h.none || h.length == 0 && !h.chunked {
		t.release(c, h)
		return resp, nil
	}
	s := &stream{t: t, conn: c, head: h, ctx: ctx}
	s.from = c.body(h, func(trailer http.Header) {
		if resp.Trailer == nil {
			resp.Trailer = trailer
			return
		}
		for k, v := range trailer {
			resp.Trailer[k] = v
		}
	})
	resp.Body = s
	return resp, nil
}

// interim is who watches the interim responses of a request.
func interim(ctx context.Context) func(int, http.Header) error {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil || trace.Got1xxResponse == nil {
		return nil
	}
	return func(status int, header http.Header) error {
		return trace.Got1xxResponse(status, textproto.MIMEHeader(header))
	}
}

// traced tells those who watch a request how many connections it took.
func traced(ctx context.Context, out Reply, err error) {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return
	}
	if trace.GotConn != nil {
		for i := range out.Retries + 1 {
			trace.GotConn(httptrace.GotConnInfo{Reused: i < out.Retries})
		}
	}
	if err == nil && trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
}

func (c *conn) response(h head, r *http.Request) *http.Response {
	resp := h.odd
	if resp == nil {
		line, _, _ := strings.Cut(string(c.head), "\n")
		resp = &http.Response{
			Status: strings.TrimSuffix(strings.TrimPrefix(line, "HTTP/1.1 "), "\r"), StatusCode: h.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: c.header(h), ContentLength: h.length, Close: h.close,
		}
		if h.chunked {
			resp.ContentLength, resp.TransferEncoding = -1, []string{"chunked"}
		} else if h.none && r.Method != http.MethodHead {
			resp.ContentLength = 0
		}
	}
	resp.Request, resp.Body = r, http.NoBody
	return resp
}

// release keeps the connection, no longer bound to the context of the request.
func (t *Transport) release(c *conn, h head) {
	if !c.unwatch() {
		c.close()
		return
	}
	t.put(c, h)
}

// A stream is the body of a response. Its end gives the connection back;
// closed before, it closes the connection.
type stream struct {
	t    *Transport
	conn *conn
	head head
	ctx  context.Context //nolint:containedctx // of the request, as the body is
	from io.Reader
	over atomic.Bool // the connection is no longer the stream's
	err  error
}

func (s *stream) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := s.from.Read(p)
	if err != nil {
		if !errors.Is(err, io.EOF) {
			err = because(s.ctx, err)
			s.head.close = true
		}
		s.err = err
		s.finish()
	}
	return n, err
}

// Close ends the body. It may be called while a read is under way.
func (s *stream) Close() error {
	if s.over.CompareAndSwap(false, true) {
		s.conn.close()
	}
	return nil
}

func (s *stream) finish() {
	if s.over.CompareAndSwap(false, true) {
		s.t.release(s.conn, s.head)
	}
}
