package lean

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"strings"
)

// A head is what the head of a response says about what follows.
type head struct {
	status  int
	length  int64 // of the body; -1: until the connection is closed
	chunked bool
	close   bool // the connection is not used again
	none    bool // no body, whatever the fields say
	said    bool // there is a Connection field
	odd     *http.Response
}

// answer reads heads until one is not interim.
func (c *conn) answer(r *Request) (head, error) {
	for left := c.t.maxHeader(); ; {
		h, err := c.readHead(r, left)
		if err != nil {
			return h, err
		}
		// 101 is final: what follows it is no HTTP any more.
		if h.status/100 != 1 || h.status == http.StatusSwitchingProtocols {
			return h, nil
		}
		left -= int64(len(c.head))
		if r.Interim != nil {
			if err := r.Interim(h.status, c.header(h)); err != nil {
				return h, err
			}
		}
	}
}

// readHead reads the next head into the buffer of the connection.
func (c *conn) readHead(r *Request, most int64) (head, error) {
	c.head = c.head[:0]
	h := head{length: -1}
	plain := true
	for n := 0; ; n++ {
		line, err := c.line(most)
		if err != nil {
			return h, err
		}
		if len(line) == 1 || len(line) == 2 && line[0] == '\r' {
			plain = plain && n > 0
			break
		}
		if n == 0 {
			plain = h.statusLine(line)
		} else if plain {
			plain = h.field(line)
		}
	}
	if !plain {
		return c.oddHead(r)
	}
	h.settle(r)
	return h, nil
}

// line reads on to the end of a line, and returns it as part of the head.
func (c *conn) line(most int64) ([]byte, error) {
	begun := len(c.head)
	for {
		part, err := c.in.ReadSlice('\n')
		c.head = append(c.head, part...)
		switch {
		case int64(len(c.head)) > most:
			return nil, fmt.Errorf("server response headers exceeded %d bytes; aborted", most)
		case err == nil:
			return c.head[begun:], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case len(c.head) > 0:
			return nil, short(err)
		default:
			return nil, err
		}
	}
}

// oddHead has net/http read a head that is more than plain: so its rules hold,
// down to the text of the errors.
func (c *conn) oddHead(r *Request) (head, error) {
	method := http.MethodGet
	if !r.Bodied {
		method = http.MethodHead
	}
	resp, err := http.ReadResponse(bufio.NewReaderSize(bytes.NewReader(c.head), 64), &http.Request{Method: method}) //nolint:bodyclose // it has none: the reader ends with the head
	if err != nil {
		return head{}, err
	}
	h := head{status: resp.StatusCode, length: resp.ContentLength, chunked: len(resp.TransferEncoding) > 0, close: resp.Close, odd: resp}
	h.none = !r.Bodied || !bodied(h.status)
	if h.length < 0 && !h.chunked && !h.none {
		h.close = true
	}
	return h, nil
}

// bodied tells whether responses of a status have a body.
func bodied(status int) bool {
	return status/100 != 1 && status != http.StatusNoContent && status != http.StatusNotModified
}

// settle applies the rules of RFC 9112 §6.3.
func (h *head) settle(r *Request) {
	h.none = !r.Bodied || !bodied(h.status)
	if !h.none && !h.chunked && h.length < 0 {
		h.close = true
	}
	if h.status == http.StatusSwitchingProtocols {
		h.close = true
	}
}

// statusLine reads "HTTP/1.1 200 OK". It is false for any other form.
func (h *head) statusLine(line []byte) bool {
	const version = "HTTP/1.1 "
	const end = len(version) + 3
	if len(line) < end+1 || string(line[:len(version)]) != version {
		return false
	}
	for _, b := range line[len(version):end] {
		if b < '0' || b > '9' {
			return false
		}
		h.status = h.status*10 + int(b-'0')
	}
	return line[end] == ' ' || string(line[end:]) == "\r\n" || line[end] == '\n'
}

// field reads a field and tells whether it is plain: a name of letters and
// dashes, a value without control characters, and, where it says something
// about the message, the only form in which that is usually said.
func (h *head) field(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return false
	}
	name, value := line[:colon], trim(line[colon+1:])
	for _, b := range name {
		if !letter(b) && b != '-' {
			return false
		}
	}
	for _, b := range value {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return h.says(name, value)
}

// says notes what a field says about the message.
func (h *head) says(name, value []byte) bool {
	switch {
	case is(name, "content-length"):
		return h.contentLength(value)
	case is(name, "transfer-encoding"):
		again := h.chunked
		h.chunked = true
		return !again && h.length < 0 && is(value, "chunked")
	case is(name, "connection"):
		again := h.said
		h.said, h.close = true, is(value, "close")
		return !again && (h.close || is(value, "keep-alive"))
	}
	return !is(name, "trailer") && !is(name, "pragma")
}

// letter tells whether a byte is a letter or a digit.
func letter(b byte) bool {
	lower := b | 0x20
	return lower >= 'a' && lower <= 'z' || b >= '0' && b <= '9'
}

func (h *head) contentLength(value []byte) bool {
	if h.length >= 0 || h.chunked || len(value) == 0 || len(value) > 15 {
		return false
	}
	h.length = 0
	for _, b := range value {
		if b < '0' || b > '9' {
			return false
		}
		h.length = h.length*10 + int64(b-'0')
	}
	return true
}

// trim takes away the end of the line and the blanks around what is before it.
func trim(b []byte) []byte {
	b = bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for n := len(b); n > 0 && (b[n-1] == ' ' || b[n-1] == '\t'); n = len(b) {
		b = b[:n-1]
	}
	return b
}

// is compares a name with a lower-case one.
func is(name []byte, lower string) bool {
	if len(name) != len(lower) {
		return false
	}
	for i := range name {
		b := name[i]
		if 'A' <= b && b <= 'Z' {
			b |= 0x20
		}
		if b != lower[i] {
			return false
		}
	}
	return true
}

// header makes the fields of the last head a map, without those that net/http
// takes out of it.
func (c *conn) header(h head) http.Header {
	if h.odd != nil {
		return h.odd.Header
	}
	text := string(c.head)
	lines := strings.Count(text, "\n") - 2
	out, values := make(http.Header, lines), make([]string, lines)
	for i := range lines + 1 {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		name, value, ok := strings.Cut(line, ":")
		if i == 0 || !ok {
			continue
		}
		name, value = textproto.CanonicalMIMEHeaderKey(name), textproto.TrimString(value)
		if name == "Transfer-Encoding" || name == "Connection" && h.close && len(value) == len("close") {
			continue
		}
		if had := out[name]; had != nil {
			out[name] = append(had, value)
			continue
		}
		values[0] = value
		out[name], values = values[:1:1], values[1:]
	}
	return out
}
