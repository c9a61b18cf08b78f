package lean

import (
	"cmp"
	"io"
	"maps"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// Speaks tells whether the transport sends the request itself. What it does
// not speak goes through the fallback.
func Speaks(r *http.Request) bool {
	if r.URL == nil || r.URL.Host == "" || special(r) {
		return false
	}
	return (r.URL.Scheme == "http" || r.URL.Scheme == "https") && sized(r) && token(r.Method) && plainHost(r.URL.Host) && plainHost(r.Host) &&
		plainText(r.URL.RequestURI()) && plainFields(r.Header)
}

// special tells whether a request is more than one message after another.
func special(r *http.Request) bool {
	return r.Method == http.MethodConnect || r.Header["Upgrade"] != nil || len(r.Trailer) > 0 || len(r.TransferEncoding) > 0
}

// sized tells whether the body is none, or small and of known length.
func sized(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.ContentLength > 0 && r.ContentLength <= largestBody
}

// plainHost tells whether a host is its own form on the wire.
func plainHost(host string) bool {
	return !strings.ContainsFunc(host, func(c rune) bool {
		return c >= 0x80 || !letter(byte(c)) && !strings.ContainsRune("-._:[]", c)
	})
}

func plainText(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return false
		}
	}
	return true
}

// token tells whether a method or the name of a field is one (RFC 9110 §5.6.2).
func token(s string) bool {
	for i := range len(s) {
		if c := s[i]; !letter(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return true
}

func plainFields(h http.Header) bool {
	for name, values := range h {
		if name == "" || !token(name) || slices.ContainsFunc(values, func(v string) bool { return !plainText(strings.ReplaceAll(v, "\t", " ")) }) {
			return false
		}
	}
	return true
}

// Prepare makes of a request the form in which it is sent. The request is one
// that Speaks is true of. Its body is read, and closed.
func Prepare(r *http.Request) (*Request, error) {
	out := &Request{
		Secure: r.URL.Scheme == "https", Host: withPort(r.URL.Host, r.URL.Scheme), Bodied: r.Method != http.MethodHead,
		Replay: replayable(r), Expect: contains(r.Header["Expect"], "100-continue"),
	}
	if r.Body != nil && r.Body != http.NoBody {
		defer func() { _ = r.Body.Close() }()
		out.Body = make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, out.Body); err != nil {
			return nil, err
		}
	}
	out.Head = headOf(r, len(out.Body))
	return out, nil
}

// headOf writes the head as net/http does, in the same order.
func headOf(r *http.Request, length int) []byte {
	b := make([]byte, 0, 512)
	line := func(parts ...string) {
		for _, p := range parts {
			b = append(b, p...)
		}
		b = append(b, "\r\n"...)
	}
	method := cmp.Or(r.Method, http.MethodGet)
	line(method, " ", r.URL.RequestURI(), " HTTP/1.1")
	line("Host: ", cmp.Or(r.Host, r.URL.Host))
	if agent := agentOf(r); agent != "" {
		line("User-Agent: ", agent)
	}
	if r.Close && !contains(r.Header["Connection"], "close") {
		line("Connection: close")
	}
	if length > 0 || method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch {
		line("Content-Length: ", strconv.Itoa(length))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		switch name {
		case "Host", "User-Agent", "Content-Length", "Transfer-Encoding", "Trailer":
			continue
		}
		for _, v := range r.Header[name] {
			line(name, ": ", textproto.TrimString(v))
		}
	}
	line()
	return b
}

// agentOf is the user agent: that of net/http, unless another or none is asked
// for.
func agentOf(r *http.Request) string {
	own, ok := r.Header["User-Agent"]
	switch {
	case !ok:
		return "Go-http-client/1.1"
	case len(own) == 0:
		return ""
	}
	return textproto.TrimString(own[0])
}

// replayable follows net/http: the method is safe, or a key says that a
// repetition is recognised.
func replayable(r *http.Request) bool {
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return r.Header["Idempotency-Key"] != nil || r.Header["X-Idempotency-Key"] != nil
}

func contains(values []string, lower string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(textproto.TrimString(part), lower) {
				return true
			}
		}
	}
	return false
}

func withPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	port := "80"
	if scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}
