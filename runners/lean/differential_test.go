package lean

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// A peculiar is a server that says one thing to every request, and closes the
// connection after so many of them.
type peculiar struct {
	say   string
	after int  // requests on one connection; zero: as many as come
	early bool // answers before it has read the body
	reset bool // ends with a reset
	heads []string
}

// serve runs a peculiar server; the heads of what it was sent are collected.
func (p *peculiar) serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.connection(c, &mu) })
		}
	})
	return l.Addr().String()
}

func (p *peculiar) connection(c net.Conn, mu *sync.Mutex) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(c)
	for n := 1; p.after == 0 || n <= p.after; n++ {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		mu.Lock()
		p.heads = append(p.heads, req.Method+" "+req.RequestURI)
		mu.Unlock()
		if !p.early {
			_, _ = io.Copy(io.Discard, req.Body)
		}
		if _, err := io.WriteString(c, p.say); err != nil {
			return
		}
		if strings.Contains(strings.ToLower(p.say), "connection: close") || !strings.Contains(p.say, "\r\n\r\n") {
			break
		}
	}
	if tcp, ok := c.(*net.TCPConn); ok && p.reset {
		_ = tcp.SetLinger(0)
	}
}

// told is what a client makes of an exchange.
type told struct {
	Status, Proto string
	Code          int
	Header        http.Header
	Length        int64
	Encoding      []string
	Close         bool
	Body          string
	Trailer       http.Header
	Failed, Cut   string // before the response, in the body
}

// An exchange is a request and the server that it goes to.
type exchange struct {
	server       peculiar
	method, body string
	header       http.Header
}

// ask makes a request through a transport and notes everything.
func ask(t *testing.T, rt http.RoundTripper, addr string, e exchange) told {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var in io.Reader
	if e.body != "" {
		in = strings.NewReader(e.body)
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(e.method, http.MethodGet), "http://"+addr+"/p?q=1", in)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range e.header {
		req.Header[k] = v
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return told{Failed: kind(err)}
	}
	out := told{Status: resp.Status, Proto: resp.Proto, Code: resp.StatusCode, Header: resp.Header, Length: resp.ContentLength, Encoding: resp.TransferEncoding, Close: resp.Close}
	b, err := io.ReadAll(resp.Body)
	if cerr := resp.Body.Close(); cerr != nil {
		t.Errorf("close: %v", cerr)
	}
	out.Body, out.Trailer, out.Cut = string(b), resp.Trailer, kind(err)
	return out
}

// kind is what is to be told from an error: its text where net/http's own has
// one, and the class of those of the network.
func kind(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case died(err) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "server closed idle connection"):
		return "ended"
	}
	text := err.Error()
	for _, w := range []string{"malformed", "chunk", "Content-Length", "transfer encoding", "trailer", "headers exceeded"} {
		if strings.Contains(text, w) {
			return w
		}
	}
	return text
}

func plainTransport() *http.Transport {
	return &http.Transport{DisableCompression: true, MaxResponseHeaderBytes: 64 << 10, ExpectContinueTimeout: 200 * time.Millisecond}
}

func TestAgreesWithNetHTTP(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 200 OK\r\n"
	long := strings.Repeat("x", 100<<10)
	for name, c := range map[string]exchange{
		"length":                    {server: peculiar{say: ok + "Content-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello"}},
		"no length, closed":         {server: peculiar{say: ok + "Connection: close\r\n\r\nuntil the end"}},
		"no length, ends":           {server: peculiar{say: ok + "\r\nuntil the end", after: 1}},
		"nothing in it":             {server: peculiar{say: ok + "Content-Length: 0\r\n\r\n"}},
		"chunks":                    {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"}},
		"chunks with extensions":    {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0;last\r\n\r\n"}},
		"chunks, upper case":        {server: peculiar{say: ok + "transfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n"}},
		"chunks and a length":       {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}},
		"length and chunks":         {server: peculiar{say: ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}},
		"chunks twice":              {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", after: 1}},
		"another coding":            {server: peculiar{say: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", after: 1}},
		"trailers":                  {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n"}},
		"trailers not announced":    {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\nX-More: 8\r\n\r\n"}},
		"trailers without end":      {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 7\r\n", after: 1}},
		"long trailers":             {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: " + long + "\r\n\r\n", after: 1}},
		"no end of chunks":          {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel\r\n\r\n", after: 1}},
		"malformed chunk":           {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", after: 1}},
		"a chunk too long":          {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloo\r\n0\r\n\r\n", after: 1}},
		"chunk of a bare line feed": {server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n5\nhello\n0\n\n", after: 1}},
		"chunks to HTTP/1.0":        {server: peculiar{say: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", after: 1}},
		"interim":                   {server: peculiar{say: "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok"}},
		"100 nobody asked for":      {server: peculiar{say: "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok"}},
		"head":                      {method: http.MethodHead, server: peculiar{say: ok + "Content-Length: 500\r\n\r\n"}},
		"head, chunked":             {method: http.MethodHead, server: peculiar{say: ok + "Transfer-Encoding: chunked\r\n\r\n"}},
		"head without a length":     {method: http.MethodHead, server: peculiar{say: ok + "\r\n"}},
		"head, bad length":          {method: http.MethodHead, server: peculiar{say: ok + "Content-Length: x\r\n\r\n", after: 1}},
		"204":                       {server: peculiar{say: "HTTP/1.1 204 No Content\r\n\r\n"}},
		"204 with a length":         {server: peculiar{say: "HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n"}},
		"304":                       {server: peculiar{say: "HTTP/1.1 304 Not Modified\r\nContent-Length: 400\r\nETag: \"1\"\r\n\r\n"}},
		"close":                     {server: peculiar{say: ok + "Content-Length: 5\r\nConnection: close\r\n\r\nhello"}},
		"close among others":        {server: peculiar{say: ok + "Content-Length: 5\r\nConnection: X-A, Close\r\n\r\nhello", after: 1}},
		"close and keep-alive":      {server: peculiar{say: ok + "Content-Length: 5\r\nConnection: close\r\nConnection: keep-alive\r\n\r\nhello", after: 1}},
		"keep-alive":                {server: peculiar{say: ok + "Content-Length: 5\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nhello"}},
		"HTTP/1.0":                  {server: peculiar{say: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", after: 1}},
		"HTTP/1.0 keep-alive":       {server: peculiar{say: "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello"}},
		"HTTP/1.2":                  {server: peculiar{say: "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello"}},
		"HTTP/2.0 in text":          {server: peculiar{say: "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"}},
		"not HTTP":                  {server: peculiar{say: "SSH-2.0-OpenSSH_9.2\r\n\r\n", after: 1}},
		"not a status":              {server: peculiar{say: "HTTP/1.1 2x0 OK\r\n\r\n", after: 1}},
		"status of four digits":     {server: peculiar{say: "HTTP/1.1 2000 OK\r\n\r\n", after: 1}},
		"no reason":                 {server: peculiar{say: "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"}},
		"reason of spaces":          {server: peculiar{say: "HTTP/1.1 200  \r\nContent-Length: 2\r\n\r\nok"}},
		"odd status":                {server: peculiar{say: "HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok"}},
		"bare line feeds":           {server: peculiar{say: "HTTP/1.1 200 OK\nContent-Length: 2\n\nok\r\n\r\n", after: 1}},
		"folded field":              {server: peculiar{say: ok + "X-A: one\r\n  two\r\nContent-Length: 2\r\n\r\nok"}},
		"field without a colon":     {server: peculiar{say: ok + "X-A\r\nContent-Length: 2\r\n\r\nok", after: 1}},
		"field without a name":      {server: peculiar{say: ok + ": a\r\nContent-Length: 2\r\n\r\nok", after: 1}},
		"space before the colon":    {server: peculiar{say: ok + "X-A : one\r\nContent-Length: 2\r\n\r\nok", after: 1}},
		"space before the field":    {server: peculiar{say: ok + " X-A: one\r\nContent-Length: 2\r\n\r\nok", after: 1}},
		"field of UTF-8":            {server: peculiar{say: ok + "X-A: grüße\r\nContent-Length: 2\r\n\r\nok"}},
		"field of a control":        {server: peculiar{say: ok + "X-A: a\x01b\r\nContent-Length: 2\r\n\r\nok", after: 1}},
		"name with underscore":      {server: peculiar{say: ok + "x_a: 1\r\nContent-Length: 2\r\n\r\nok"}},
		"empty values":              {server: peculiar{say: ok + "X-A:\r\nX-B:   \r\nContent-Length: 2\r\n\r\nok"}},
		"pragma":                    {server: peculiar{say: ok + "Pragma: no-cache\r\nContent-Length: 2\r\n\r\nok"}},
		"lengths that agree":        {server: peculiar{say: ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok"}},
		"lengths that do not":       {server: peculiar{say: ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", after: 1}},
		"length of a list":          {server: peculiar{say: ok + "Content-Length: 2, 2\r\n\r\nok", after: 1}},
		"length with a sign":        {server: peculiar{say: ok + "Content-Length: +2\r\n\r\nok", after: 1}},
		"length below zero":         {server: peculiar{say: ok + "Content-Length: -2\r\n\r\nok", after: 1}},
		"no length in the length":   {server: peculiar{say: ok + "Content-Length: \r\n\r\nok", after: 1}},
		"length beyond all":         {server: peculiar{say: ok + "Content-Length: 99999999999999999999\r\n\r\nok", after: 1}},
		"longer than told":          {server: peculiar{say: ok + "Content-Length: 2\r\n\r\nokay"}},
		"shorter than told":         {server: peculiar{say: ok + "Content-Length: 9\r\n\r\nok", after: 1}},
		"shorter than told, reset":  {server: peculiar{say: ok + "Content-Length: 9\r\n\r\nok", after: 1, reset: true}},
		"nothing at all":            {server: peculiar{say: "", after: 1}},
		"gzip not asked for":        {server: peculiar{say: ok + "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00"}},
		"a long field":              {server: peculiar{say: ok + "X-A: " + long[:20<<10] + "\r\nContent-Length: 2\r\n\r\nok"}},
		"a field too long":          {server: peculiar{say: ok + "X-A: " + long + "\r\nContent-Length: 2\r\n\r\nok", after: 1}},
		"a long body":               {server: peculiar{say: ok + "Content-Length: 102400\r\n\r\n" + long}},
		"post":                      {method: http.MethodPost, body: "a=b", server: peculiar{say: "HTTP/1.1 201 Created\r\nLocation: /1\r\nContent-Length: 0\r\n\r\n"}},
		"post of nothing":           {method: http.MethodPost, server: peculiar{say: ok + "Content-Length: 0\r\n\r\n"}},
		"a large body":              {method: http.MethodPost, body: long + long, server: peculiar{say: ok + "Content-Length: 2\r\n\r\nok"}},
		"early answer":              {method: http.MethodPost, body: long[:30<<10], server: peculiar{say: "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno", early: true}},
		"expect and go on":          {method: http.MethodPost, body: "abc", header: http.Header{"Expect": {"100-continue"}}, server: peculiar{say: "HTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 2\r\n\r\nok", early: true}},
		"expect, refused":           {method: http.MethodPost, body: "abc", header: http.Header{"Expect": {"100-continue"}}, server: peculiar{say: "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno", early: true}},
		"expect, no word":           {method: http.MethodPost, body: "abc", header: http.Header{"Expect": {"100-continue"}}, server: peculiar{say: ok + "Content-Length: 2\r\n\r\nok"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, got := c.server, c.server
			at, here := want.serve(t), got.serve(t)
			nets := plainTransport()
			t.Cleanup(nets.CloseIdleConnections)
			ours := &Transport{MaxHeader: 64 << 10, Wait: 200 * time.Millisecond}
			t.Cleanup(ours.CloseIdleConnections)
			for range 3 {
				a, b := ask(t, nets, at, c), ask(t, ours, here, c)
				if diff := gocmp.Diff(a, b); diff != "" {
					t.Errorf("net/http (-) and ours (+):\n%s", diff)
				}
			}
		})
	}
}
