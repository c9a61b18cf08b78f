package lean

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
)

// body is what the body of the response is read from. Its end is that of the
// body, trailers included; ended is told about it.
func (c *conn) body(h head, trailer func(http.Header)) io.Reader {
	switch {
	case h.none || h.length == 0 && !h.chunked:
		return bytes.NewReader(nil)
	case h.chunked:
		// The chunked coding of net/http: what it refuses is refused here.
		return &chunks{conn: c, from: httputil.NewChunkedReader(c.in), trailer: trailer}
	case h.length > 0:
		return &measured{from: c.in, left: h.length}
	}
	return c.in // until the connection is closed
}

// measured is a body whose length was told.
type measured struct {
	from io.Reader
	left int64
}

func (m *measured) Read(p []byte) (int, error) {
	if m.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > m.left {
		p = p[:m.left]
	}
	n, err := m.from.Read(p)
	m.left -= int64(n)
	if errors.Is(err, io.EOF) && m.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && m.left == 0 {
		err = io.EOF
	}
	return n, err
}

// chunks is a body in the chunked coding.
type chunks struct {
	conn    *conn
	from    io.Reader
	trailer func(http.Header)
	err     error
}

func (k *chunks) Read(p []byte) (int, error) {
	if k.err != nil {
		return 0, k.err
	}
	n, err := k.from.Read(p)
	if errors.Is(err, io.EOF) {
		if bad := k.end(); bad != nil {
			err = bad
		}
	}
	k.err = err
	return n, err
}

var errTrailer = errors.New("http: unexpected EOF reading trailer")

// end reads the trailer section. It is bounded by the buffer.
func (k *chunks) end() error {
	in := k.conn.in
	next, err := in.Peek(2)
	if string(next) == "\r\n" {
		_, err = in.Discard(2)
		return err
	}
	if len(next) < 2 {
		return errTrailer
	}
	if err != nil {
		return err
	}
	if !ends(k.conn) {
		return errors.New("http: suspiciously long trailer after chunked body")
	}
	fields, err := textproto.NewReader(in).ReadMIMEHeader()
	if errors.Is(err, io.EOF) {
		return errTrailer
	}
	if err == nil && k.trailer != nil {
		k.trailer(http.Header(fields))
	}
	return err
}

// ends looks for an empty line within what the buffer can hold.
func ends(c *conn) bool {
	for want := 4; want <= c.in.Size(); want++ {
		seen, err := c.in.Peek(want)
		if bytes.HasSuffix(seen, []byte("\r\n\r\n")) {
			return true
		}
		if err != nil {
			return false
		}
		if more := c.in.Buffered(); more > want {
			seen, _ = c.in.Peek(more)
			if bytes.Contains(seen, []byte("\r\n\r\n")) {
				return true
			}
			want = more
		}
	}
	return false
}

// drain reads the body to its end, into the reply when it is to be kept.
func (c *conn) drain(h head, r *Request, out *Reply) error {
	if h.none || h.length == 0 && !h.chunked {
		if r.Keep {
			out.Body = []byte{}
		}
		return nil
	}
	if h.length > 0 && !h.chunked && (r.MaxBody == 0 || h.length <= r.MaxBody) {
		return c.drainMeasured(h, r, out)
	}
	return c.drainOther(h, r, out)
}

// drainOther reads a body of unknown length, or of one that is too large.
func (c *conn) drainOther(h head, r *Request, out *Reply) error {
	from := c.body(h, nil)
	if r.MaxBody > 0 {
		from = io.LimitReader(from, r.MaxBody+1)
	}
	var err error
	if r.Keep {
		out.Body, err = io.ReadAll(from)
		out.Length = int64(len(out.Body))
	} else {
		out.Length, err = io.Copy(io.Discard, from)
	}
	if err == nil && r.MaxBody > 0 && out.Length > r.MaxBody {
		out.Length, out.Body, err = r.MaxBody, out.Body[:min(int64(len(out.Body)), r.MaxBody)], ErrTooLarge
	}
	return err
}

// drainMeasured reads a body whose length was told.
func (c *conn) drainMeasured(h head, r *Request, out *Reply) error {
	if !r.Keep {
		for left := h.length; left > 0; {
			n, err := c.in.Discard(int(min(left, 1<<30)))
			left -= int64(n)
			out.Length += int64(n)
			if err != nil {
				return short(err)
			}
		}
		return nil
	}
	// No more is set aside than has come: a length is but a claim.
	out.Body = make([]byte, 0, min(h.length, 64<<10))
	for out.Length < h.length {
		if len(out.Body) == cap(out.Body) {
			out.Body = append(out.Body, 0)[:len(out.Body)]
		}
		room := out.Body[len(out.Body):min(int64(cap(out.Body)), h.length)]
		n, err := c.in.Read(room)
		out.Length += int64(n)
		out.Body = out.Body[:out.Length]
		if err != nil {
			return short(err)
		}
	}
	return nil
}

func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
