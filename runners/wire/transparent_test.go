package wire

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A line is one wire in front of an upstream of the test's own, and the
// clients that call it.
type line struct {
	Addresses
	url    string
	client *Client
}

func newLine(t *testing.T, c Config) *line {
	t.Helper()
	a := serveAll(t, c)
	l := &line{Addresses: a, url: "http://" + a.Wires[c.Wires[0].Name], client: &Client{Addr: a.Control, Token: "t"}}
	if err := l.client.Sync(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	return l
}

func upstreamOf(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols, s.Config.MaxHeaderBytes = both(), 1<<20
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func plainLine(t *testing.T, h http.HandlerFunc) *line {
	t.Helper()
	return newLine(t, Config{Wires: []Wire{{Name: "dep", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: upstreamOf(t, h).URL}}})
}

// exchanges waits for n entries of the journal.
func (l *line) exchanges(t *testing.T, n int) []plumbline.Exchange {
	t.Helper()
	return journalled(t, l.client, n)
}

// journalled waits for n entries of the journal: a caller may know how an
// exchange ended before it stands there.
func journalled(t *testing.T, c *Client, n int) []plumbline.Exchange {
	t.Helper()
	var all []plumbline.Exchange
	for over := time.Now().Add(10 * time.Second); len(all) < n && time.Now().Before(over); {
		got, err := c.Exchanges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
	}
	if len(all) != n {
		t.Fatalf("%d exchanges in the journal, want %d", len(all), n)
	}
	return all
}

// raw writes a request as it stands and returns all that comes back.
func raw(t *testing.T, addr, request string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// The same bytes are sent to the upstream and to the wire in front of it: what
// the upstream sees, and what comes back, are the same but for the address.
func TestWhatPassesIsAsItWasSent(t *testing.T) {
	t.Parallel()
	up := upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/redirect":
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(http.StatusFound)
		case "/bare":
			w.Header()["Date"], w.Header()["Content-Type"] = nil, nil
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, "<html>untyped")
		case "/chunked":
			_, _ = io.WriteString(w, "one")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "two")
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte{0x1f, 0x8b, 8, 0, 1, 2, 3})
		default:
			w.Header().Set("X-Seen", fmt.Sprintf("%s %s length %d coding %v trailer %v forwarded %v key %q body %d", r.Method, r.RequestURI, r.ContentLength, r.TransferEncoding, r.Trailer, r.Header["X-Forwarded-For"], r.Header["Idempotency-Key"], len(body)))
		}
		w.Header().Set("Date", "Thu, 01 Jan 2026 00:00:00 GMT")
	})
	l := newLine(t, Config{Wires: []Wire{{Name: "dep", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: up.URL}}})
	direct := strings.TrimPrefix(up.URL, "http://")
	const end = "Host: x\r\nConnection: close\r\n"
	for name, request := range map[string]string{
		"redirect":      "GET /redirect HTTP/1.1\r\n" + end + "\r\n",
		"no type":       "GET /bare HTTP/1.1\r\n" + end + "\r\n",
		"chunked":       "GET /chunked HTTP/1.1\r\n" + end + "\r\n",
		"no content":    "GET /none HTTP/1.1\r\n" + end + "\r\n",
		"gzip":          "GET /gzip HTTP/1.1\r\nAccept-Encoding: gzip\r\n" + end + "\r\n",
		"not asked for": "GET /x HTTP/1.1\r\n" + end + "\r\n",
		"HEAD":          "HEAD /x HTTP/1.1\r\n" + end + "\r\n",
		"odd path":      "GET //a%2Fb/../c;d?q=%zz&x HTTP/1.1\r\n" + end + "\r\n",
		"empty POST":    "POST /x HTTP/1.1\r\nContent-Length: 0\r\n" + end + "\r\n",
		"keyed POST":    "POST /x HTTP/1.1\r\nIdempotency-Key: k\r\nContent-Length: 0\r\n" + end + "\r\n",
		"empty DELETE":  "DELETE /x HTTP/1.1\r\n" + end + "\r\n",
		"body":          "PUT /x HTTP/1.1\r\nContent-Length: 3\r\n" + end + "\r\nabc",
		"GET with body": "GET /x HTTP/1.1\r\nContent-Length: 3\r\n" + end + "\r\nabc",
		"chunked POST":  "POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n" + end + "\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\n\r\n",
		"forwarded":     "GET /x HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4\r\n" + end + "\r\n",
	} {
		want, got := raw(t, direct, request), raw(t, strings.TrimPrefix(l.url, "http://"), request)
		if lines(want) != lines(got) {
			t.Errorf("%s:\n%s\nbut through the wire\n%s", name, want, got)
		}
	}
}

// lines are the lines of an answer with its headers in order and its body put
// together, without the time, which may have passed meanwhile.
func lines(answer string) string {
	resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	_, dated := resp.Header["Date"]
	resp.Header.Del("Date")
	var b bytes.Buffer
	_ = resp.Header.Write(&b)
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%s\n%s\ndated %v length %d coding %v\n%q %v", resp.Status, b.String(), dated, resp.ContentLength, resp.TransferEncoding, body, err)
}

func TestInterimResponsesAndTrailersArrive(t *testing.T) {
	t.Parallel()
	l := plainLine(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "body")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-Late", "7")
	})
	for name, two := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		var hint string
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			hint = fmt.Sprint(code, h.Get("Link"))
			return nil
		}})
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, l.url, nil)
		a, err := exchangeWith(transport(two, nil), req)
		if err != nil || a.trailer.Get("X-Sum") != "42" || a.trailer.Get("X-Late") != "7" || hint != "103</a>; rel=preload" || a.header.Get("Link") != "" {
			t.Errorf("%s: %v %+v %q", name, err, a, hint)
		}
	}
}

// A stream arrives while it is made, both ways at once.
func TestStreamsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	l := plainLine(t, func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		_ = rc.EnableFullDuplex()
		if r.URL.Path == "/known" {
			w.Header().Set("Content-Length", "8")
		}
		in := bufio.NewReader(r.Body)
		for range 2 {
			said, err := in.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = io.WriteString(w, said)
			_ = rc.Flush()
		}
	})
	for _, path := range []string{"/unknown", "/known"} {
		for _, two := range []bool{false, true} {
			body, say := io.Pipe()
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+path, body)
			go func() { _, _ = io.WriteString(say, "one\n") }()
			resp, err := transport(two, nil).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(resp.Body)
			for i, want := range []string{"one\n", "two\n"} {
				if got, err := in.ReadString('\n'); got != want || err != nil {
					t.Errorf("%s: %q %v", path, got, err)
				}
				if i == 0 {
					_, _ = io.WriteString(say, "two\n")
				}
			}
			_ = say.Close()
			_ = resp.Body.Close()
		}
	}
}

// Whoever leaves, the other side learns of it.
func TestLeavingIsPassedOnBothWays(t *testing.T) {
	t.Parallel()
	left, came := make(chan struct{}, 1), make(chan struct{}, 1)
	l := plainLine(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/abort" {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		came <- struct{}{}
		<-r.Context().Done()
		left <- struct{}{}
	})
	for _, two := range []bool{false, true} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-came; cancel() }()
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, l.url, nil)
		if _, err := exchangeWith(transport(two, nil), req); err == nil {
			t.Error("a request that was given up was answered")
		}
		<-left
		req, _ = http.NewRequestWithContext(t.Context(), http.MethodGet, l.url+"/abort", nil)
		a, err := exchangeWith(transport(two, nil), req)
		if err == nil || a.status != http.StatusOK {
			t.Errorf("an answer that was torn came whole: %+v", a)
		}
	}
	closed := map[plumbline.Closer]int{}
	for _, x := range l.exchanges(t, 4) {
		closed[x.Closed]++
	}
	if closed[plumbline.ClosedByCaller] != 2 || closed[plumbline.ClosedByUpstream] != 2 {
		t.Errorf("closed by: %v", closed)
	}
}

func TestUpgradesAreCarriedAndCounted(t *testing.T) {
	t.Parallel()
	l := plainLine(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		said, _ := rw.ReadString('\n')
		_, _ = io.WriteString(conn, "heard "+said)
	})
	conn, err := net.Dial("tcp", l.Wires["dep"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_, _ = io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTraceparent: 00-"+trace+"-00f067aa0ba902b7-01\r\n\r\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Upgrade") != "websocket" {
		t.Fatalf("%v %+v", err, resp)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.WriteString(conn, "hello\n")
	if all, err := io.ReadAll(in); string(all) != "heard hello\n" || err != nil {
		t.Errorf("%q %v", all, err)
	}
	_ = conn.Close()
	x := l.exchanges(t, 1)[0]
	if x.Status != 101 || x.In != 6 || x.Out != 12 || x.Trace != trace || x.Answered == 0 || x.Opened > x.Began {
		t.Errorf("journalled %+v", x)
	}
}

// 100 MB each way, in less memory than that.
func TestLargeStreamsNeedNoMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("100 MB")
	}
	const size = 100 << 20
	l := plainLine(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
	})
	var before, peak runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url, &zeros{left: size})
	resp, err := transport(false, nil).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	n, most := int64(0), uint64(0)
	buf := make([]byte, 1<<20)
	for {
		m, err := io.ReadFull(resp.Body, buf)
		n += int64(m)
		runtime.ReadMemStats(&peak)
		most = max(most, peak.HeapAlloc)
		if err != nil {
			break
		}
	}
	if n != size {
		t.Errorf("%d bytes came back of %d", n, size)
	}
	if grown := int64(most) - int64(before.HeapAlloc); grown > 24<<20 {
		t.Errorf("the heap grew by %d MB", grown>>20)
	}
	if x := l.exchanges(t, 1)[0]; x.In != size || x.Out != size {
		t.Errorf("journalled %+v", x)
	}
}

type zeros struct{ left int }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), z.left)
	z.left -= n
	return n, nil
}

func TestAttemptsAndConnectionsAreNumbered(t *testing.T) {
	t.Parallel()
	l := plainLine(t, func(http.ResponseWriter, *http.Request) {})
	kept := &http.Transport{}
	for range 2 {
		for range 2 {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, l.url+"/x", nil)
			req.Header.Set("Traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
			if _, err := exchangeWith(kept, req); err != nil {
				t.Fatal(err)
			}
		}
		kept.CloseIdleConnections()
	}
	for i, x := range l.exchanges(t, 4) {
		if x.Attempt != i+1 || x.Conn != uint64(1+i/2) || x.Opened > x.Began {
			t.Errorf("exchange %d is attempt %d on connection %d", i, x.Attempt, x.Conn)
		}
	}
}

// A request whose connection dies unanswered is not sent again by the wire.
func TestTheWireRepeatsNothing(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	l := plainLine(t, func(w http.ResponseWriter, r *http.Request) {
		seen.Add(1)
		if r.URL.Path == "/warm" {
			return
		}
		reset(w)
	})
	for _, request := range []string{"GET", "HEAD", "POST"} {
		for _, path := range []string{"/warm", "/die"} {
			req, _ := http.NewRequestWithContext(t.Context(), request, l.url+path, http.NoBody)
			req.Header.Set("Idempotency-Key", "k")
			_, err := exchangeWith(&http.Transport{DisableKeepAlives: true}, req)
			if (path == "/die") != (err != nil) {
				t.Errorf("%s %s: %v", request, path, err)
			}
		}
	}
	if n := seen.Load(); n != 6 {
		t.Errorf("the upstream saw %d requests, want 6", n)
	}
}
