package target

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const runID = "a1b2c3d4e5f6"

// newClient is a client of the base URL, changed as the test asks.
func newClient(t *testing.T, base string, change func(*Config)) *Client {
	t.Helper()
	cfg := Config{Base: base, Run: runID, Began: time.Now(), Timeout: 5 * time.Second}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if tr, ok := c.cfg.Transport.(*http.Transport); ok {
		t.Cleanup(tr.CloseIdleConnections)
	}
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// listen answers every connection of a raw listener with a function.
func listen(t *testing.T, answer func(*net.TCPConn, *bufio.Reader)) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				answer(conn.(*net.TCPConn), bufio.NewReader(conn))
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

func get(path string) Shot {
	return Shot{Operation: "op", Request: plumbline.Request{Method: http.MethodGet, Path: path}, Transcript: true}
}

// A request that is sent to a server must name its target in origin form
// (RFC 9112 §3.2.1); many frameworks know no route for the absolute one.
func TestRequestLineIsInOriginForm(t *testing.T) {
	t.Parallel()
	lines := make(chan string, 1)
	base := listen(t, func(conn *net.TCPConn, r *bufio.Reader) {
		line, _ := r.ReadString('\n')
		lines <- strings.TrimSpace(line)
		_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	})
	for name, c := range map[string]struct{ base, path, query, want string }{
		"plain":        {"", "/pets", "", "GET /pets HTTP/1.1"},
		"root":         {"", "", "", "GET / HTTP/1.1"},
		"query":        {"", "/pets", "limit=1&limit=%zz", "GET /pets?limit=1&limit=%zz HTTP/1.1"},
		"escapes":      {"", "/pets/%2F%41", "", "GET /pets/%2F%41 HTTP/1.1"},
		"no escape":    {"", "/pets/%zz", "", "GET /pets/%zz HTTP/1.1"},
		"dots":         {"", "/pets/../x", "", "GET /pets/../x HTTP/1.1"},
		"empty before": {"", "//pets", "", "GET //pets HTTP/1.1"},
		"empty within": {"", "/pets//x", "", "GET /pets//x HTTP/1.1"},
		"base path":    {"/v1/", "/pets", "", "GET /v1/pets HTTP/1.1"},
		"base query":   {"/v1?a=b", "/pets", "", "GET /v1/pets HTTP/1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := get(c.path)
			s.Request.Query = c.query
			a := newClient(t, base+c.base, nil).Do(t.Context(), s)
			if got := <-lines; got != c.want || a.Status != http.StatusNoContent {
				t.Errorf("got %q and %d %s, want %q", got, a.Status, a.Error, c.want)
			}
			if want := base + strings.TrimSuffix(strings.Fields(c.want)[1], "?"+c.query); strings.TrimSuffix(a.Transcript.URL, "?"+c.query) != want {
				t.Errorf("transcript of %q, want %q", a.Transcript.URL, want)
			}
		})
	}
}

func TestErrorClasses(t *testing.T) {
	t.Parallel()
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
	for name, c := range map[string]struct {
		answer func(*net.TCPConn)
		class  plumbline.ErrorClass
		status int
	}{
		"reset":     {func(c *net.TCPConn) { _ = c.SetLinger(0) }, plumbline.ErrorReset, 0},
		"closed":    {func(*net.TCPConn) {}, plumbline.ErrorEOF, 0},
		"no answer": {wait, plumbline.ErrorTimeout, 0},
		"no end of the body": {func(c *net.TCPConn) {
			write(c, head+"Content-Length: 9\r\n\r\nhalf")
			time.Sleep(700 * time.Millisecond)
		}, plumbline.ErrorTimeout, 200},
		"cut body":            {func(c *net.TCPConn) { write(c, head+"Content-Length: 9\r\n\r\nhalf") }, plumbline.ErrorEOF, 200},
		"cut chunk":           {func(c *net.TCPConn) { write(c, head+"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf") }, plumbline.ErrorEOF, 200},
		"reset body":          {func(c *net.TCPConn) { write(c, head+"Content-Length: 9\r\n\r\nhalf"); _ = c.SetLinger(0) }, plumbline.ErrorReset, 200},
		"not HTTP":            {func(c *net.TCPConn) { write(c, "220 mail.example.org ESMTP\r\n\r\n") }, plumbline.ErrorProtocol, 0},
		"not chunked":         {func(c *net.TCPConn) { write(c, head+"Transfer-Encoding: chunked\r\n\r\nzz\r\nhalf") }, plumbline.ErrorProtocol, 200},
		"large":               {func(c *net.TCPConn) { write(c, head+"Content-Length: 17\r\n\r\n"+strings.Repeat("x", 17)) }, plumbline.ErrorTooLarge, 200},
		"as large as allowed": {func(c *net.TCPConn) { write(c, head+"Content-Length: 16\r\n\r\n"+strings.Repeat("x", 16)) }, "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := listen(t, func(conn *net.TCPConn, r *bufio.Reader) {
				if _, err := http.ReadRequest(r); err == nil {
					c.answer(conn)
				}
			})
			marked := false
			client := newClient(t, base, func(cfg *Config) {
				cfg.MaxBody = 16
				if c.class == plumbline.ErrorTimeout {
					cfg.Timeout = 200 * time.Millisecond
				}
				cfg.Inspect = func(string, plumbline.Request, plumbline.Response) []plumbline.Mark { marked = true; return nil }
			})
			a := client.Do(t.Context(), get("/"))
			if a.Error != c.class || a.Status != c.status {
				t.Errorf("got %d %q, want %d %q", a.Status, a.Error, c.status, c.class)
			}
			if a.Latency <= 0 || a.Sent < a.Due || len(a.Response.Body) > 16 || a.Bytes != int64(len(a.Response.Body)) {
				t.Errorf("got %+v", a.Observation)
			}
			if marked != (c.class == "") {
				t.Errorf("inspected: %t, with the error %q", marked, a.Error)
			}
		})
	}
}

// wait lasts until the client hangs up.
func wait(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) }

func write(c *net.TCPConn, s string) { _, _ = io.WriteString(c, s) }

func TestErrorClassesBeforeTheRequest(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := "http://" + l.Addr().String()
	_ = l.Close()
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	secure.StartTLS()
	defer secure.Close()
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	ended, end := context.WithCancel(t.Context())
	end()
	for name, c := range map[string]struct {
		ctx   context.Context
		base  string
		class plumbline.ErrorClass
	}{
		"refused":         {t.Context(), free, plumbline.ErrorRefused},
		"unknown issuer":  {t.Context(), secure.URL, plumbline.ErrorTLS},
		"no TLS":          {t.Context(), strings.Replace(plain, "http:", "https:", 1), plumbline.ErrorTLS},
		"canceled":        {ended, plain, plumbline.ErrorCanceled},
		"canceled before": {ended, free, plumbline.ErrorCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			if a := newClient(t, c.base, nil).Do(c.ctx, get("/")); a.Error != c.class || a.Status != 0 {
				t.Errorf("got %d %q, want %q", a.Status, a.Error, c.class)
			}
		})
	}
}

func TestClassify(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]plumbline.ErrorClass{
		"http: server closed idle connection":                   plumbline.ErrorEOF,
		"remote error: tls: certificate required":               plumbline.ErrorTLS,
		`net/http: HTTP/1.x transport connection: malformed`:    plumbline.ErrorProtocol,
		"http2: protocol error: received DATA before a HEADERS": plumbline.ErrorProtocol,
		"something else": plumbline.ErrorOther,
	} {
		if got := classify(t.Context(), errors.New(text)); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := classify(t.Context(), &net.DNSError{IsTimeout: true}); got != plumbline.ErrorDNS {
		t.Errorf("a name that is not resolved in time: got %q", got)
	}
}

// A GET on a connection that died is repeated by net/http itself: the server
// sees two, so the observation must say so.
func TestHiddenRetriesAreCounted(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	base := listen(t, func(conn *net.TCPConn, r *bufio.Reader) {
		for n := 0; ; n++ {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			if seen.Add(1) == 2 {
				return // the second request, on a connection that had served one
			}
			write(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		}
	})
	c := newClient(t, base, nil)
	for i, want := range []int{0, 1} {
		if a := c.Do(t.Context(), get("/")); a.Status != 200 || a.Retries != want {
			t.Errorf("request %d: got %d %s and %d retries, want %d", i+1, a.Status, a.Error, a.Retries, want)
		}
	}
	if n := seen.Load(); n != 3 {
		t.Errorf("the server saw %d requests, want 3", n)
	}
}

func TestRedirectsAreAnswers(t *testing.T) {
	t.Parallel()
	base := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	if a := newClient(t, base, nil).Do(t.Context(), get("/")); a.Status != http.StatusFound || a.Error != "" {
		t.Errorf("got %d %q", a.Status, a.Error)
	}
}
