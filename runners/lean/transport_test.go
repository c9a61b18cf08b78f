package lean

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// of is the request for a URL.
func of(t *testing.T, method, url, body string) *Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body == "" {
		req.Body = nil
	}
	q, err := Prepare(req)
	if err != nil {
		t.Fatal(err)
	}
	q.Keep = true
	return q
}

func TestExchange(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method+":"+string(b))
		_, _ = io.WriteString(w, strings.Repeat("y", 10000))
	}))
	t.Cleanup(server.Close)
	tr := &Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	for i, c := range []struct {
		method, body string
		keep         bool
		most         int64
		err          error
		kept         int
	}{
		{http.MethodGet, "", true, 0, nil, 10000},
		{http.MethodPost, "abc", true, 20000, nil, 10000},
		{http.MethodPost, "abc", false, 20000, nil, 0},
		{http.MethodHead, "", true, 0, nil, 0},
		{http.MethodGet, "", true, 100, ErrTooLarge, 100},
		{http.MethodGet, "", false, 100, ErrTooLarge, 0},
	} {
		q := of(t, c.method, server.URL, c.body)
		q.Keep, q.MaxBody = c.keep, c.most
		got, err := tr.Exchange(t.Context(), q)
		if !errors.Is(err, c.err) || got.Status != 200 || len(got.Body) != c.kept {
			t.Errorf("%d: got %v, %d, %d bytes", i, err, got.Status, len(got.Body))
		}
		if c.keep && got.Header.Get("X-Seen") != c.method+":"+c.body || !c.keep && got.Header != nil {
			t.Errorf("%d: got %v", i, got.Header)
		}
		if got.Sent != int64(len(q.Head)+len(q.Body)) || got.Read < got.Length || got.First <= 0 || (got.Connect > 0) != (i == 0 || i == 5) {
			t.Errorf("%d: got %+v", i, got)
		}
	}
}

// What is written is what net/http writes, byte for byte.
func TestHeadIsThatOfNetHTTP(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"plain":       func(*http.Request) {},
		"own agent":   func(r *http.Request) { r.Header.Set("User-Agent", " me ") },
		"no agent":    func(r *http.Request) { r.Header["User-Agent"] = nil },
		"empty agent": func(r *http.Request) { r.Header.Set("User-Agent", "") },
		"fields":      func(r *http.Request) { r.Header["X-B"] = []string{"2", " 3 "}; r.Header["X-A"] = []string{"1"} },
		"host":        func(r *http.Request) { r.Host = "other:99" },
		"close":       func(r *http.Request) { r.Close = true },
		"close twice": func(r *http.Request) { r.Close = true; r.Header.Set("Connection", "close") },
		"post":        func(r *http.Request) { r.Method = http.MethodPost },
		"put":         func(r *http.Request) { r.Method = http.MethodPut },
		"delete":      func(r *http.Request) { r.Method = http.MethodDelete },
		"options":     func(r *http.Request) { r.Method = http.MethodOptions },
		"own method":  func(r *http.Request) { r.Method = "PURGE" },
		"no method":   func(r *http.Request) { r.Method = "" },
		"opaque":      func(r *http.Request) { r.URL.Opaque, r.URL.RawQuery = "/a%2fb{}", "q= x" },
		"slashes":     func(r *http.Request) { r.URL.Path = "//a/b" },
		"own length":  func(r *http.Request) { r.Header.Set("Content-Length", "7") },
		"odd names":   func(r *http.Request) { r.Header["x-lower"] = []string{"1"} },
		"body": func(r *http.Request) {
			r.Method, r.ContentLength, r.Body = http.MethodPost, 3, io.NopCloser(strings.NewReader("abc"))
		},
		"body of get": func(r *http.Request) { r.ContentLength, r.Body = 3, io.NopCloser(strings.NewReader("abc")) },
	} {
		var wrote [2]string
		for i := range wrote {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host.example/p/q?a=b#f", nil)
			if err != nil {
				t.Fatal(err)
			}
			change(r)
			if i == 1 {
				if !Speaks(r) {
					t.Errorf("%s: not spoken", name)
				}
				q, err := Prepare(r)
				if err != nil {
					t.Fatal(err)
				}
				wrote[i] = string(q.Head) + string(q.Body)
				continue
			}
			var b bytes.Buffer
			if err := r.Write(&b); err != nil {
				t.Fatal(err)
			}
			wrote[i] = b.String()
		}
		if diff := cmp.Diff(wrote[0], wrote[1]); diff != "" {
			t.Errorf("%s: net/http (-) and ours (+):\n%s", name, diff)
		}
	}
}

func TestWhatIsNotSpokenFallsBack(t *testing.T) {
	t.Parallel()
	body := func(r *http.Request, n int64) {
		r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<17))), n
	}
	for name, change := range map[string]func(*http.Request){
		"unknown length": func(r *http.Request) { body(r, -1) },
		"large body":     func(r *http.Request) { body(r, 1<<17) },
		"trailer":        func(r *http.Request) { body(r, -1); r.Trailer = http.Header{"X-T": {"1"}} },
		"upgrade":        func(r *http.Request) { r.Header.Set("Upgrade", "websocket") },
		"connect":        func(r *http.Request) { r.Method = http.MethodConnect },
		"bad field":      func(r *http.Request) { r.Header["X-A"] = []string{"a\nb"} },
		"bad name":       func(r *http.Request) { r.Header["X A"] = []string{"a"} },
		"bad method":     func(r *http.Request) { r.Method = "GE T" },
		"host of UTF-8":  func(r *http.Request) { r.URL.Host = "grüße.example" },
		"scheme":         func(r *http.Request) { r.URL.Scheme = "ftp" },
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://host.example/", nil)
		if err != nil {
			t.Fatal(err)
		}
		change(r)
		asked := false
		tr := &Transport{Fallback: tripper(func(*http.Request) (*http.Response, error) { asked = true; return nil, io.EOF })}
		if _, err := tr.RoundTrip(r); !asked || !errors.Is(err, io.EOF) { //nolint:bodyclose // there is none
			t.Errorf("%s: the fallback was not asked", name)
		}
	}
}

type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dying serves so many requests on each connection and then, when it has read
// one more, closes it without an answer.
func dying(t *testing.T, each int) (addr string, asked *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	asked = &atomic.Int32{}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewReader(c)
				for n := 0; ; n++ {
					r, err := http.ReadRequest(in)
					if err != nil {
						return
					}
					_, _ = io.Copy(io.Discard, r.Body)
					asked.Add(1)
					if n == each {
						return
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			}()
		}
	}()
	return l.Addr().String(), asked
}

func TestRetriesAreCounted(t *testing.T) {
	t.Parallel()
	addr, asked := dying(t, 1)
	tr := &Transport{}
	retries := 0
	for range 6 {
		got, err := tr.Exchange(t.Context(), of(t, http.MethodGet, "http://"+addr+"/", ""))
		if err != nil || got.Status != 200 {
			t.Fatalf("got %v, %+v", err, got)
		}
		retries += got.Retries
	}
	// Every connection answers once, so all but the first request of it are
	// sent again, and the retry's connection has answered once, too.
	if retries != 5 || asked.Load() != 11 {
		t.Errorf("%d retries, %d requests arrived", retries, asked.Load())
	}
	connections := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connections++ }})
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if connections != 2 {
		t.Errorf("told of %d connections, want 2", connections)
	}
}

// What must not be repeated is not, and what is lost is said.
func TestUnsafeRequestsAreNotSentAgain(t *testing.T) {
	t.Parallel()
	addr, asked := dying(t, 1)
	tr := &Transport{}
	for i, want := range []error{nil, io.EOF, nil} {
		got, err := tr.Exchange(t.Context(), of(t, http.MethodPost, "http://"+addr+"/", "x"))
		if !errors.Is(err, want) || got.Retries != 0 {
			t.Errorf("%d: got %v, %+v, want %v", i, err, got, want)
		}
	}
	if asked.Load() != 3 {
		t.Errorf("%d requests arrived", asked.Load())
	}
}

// A connection that the server has closed is found dead before a request is
// lost on it.
func TestClosedConnectionsAreNotUsed(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 16)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	tr := &Transport{}
	for i := range 5 {
		got, err := tr.Exchange(t.Context(), of(t, http.MethodPost, server.URL, "x"))
		if err != nil || got.Retries != 0 || got.Connect == 0 {
			t.Fatalf("%d: got %v, %+v", i, err, got)
		}
		server.CloseClientConnections()
		<-closed
	}
}

// silent accepts and never answers.
func silent(t *testing.T) (string, <-chan net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan net.Conn, 16)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns <- c
		}
	}()
	return l.Addr().String(), conns
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	addr, conns := silent(t)
	stop := errors.New("enough")
	for name, ask := range map[string]func(context.Context, *Transport) error{
		"exchange": func(ctx context.Context, tr *Transport) error {
			_, err := tr.Exchange(ctx, &Request{Host: addr, Head: []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), Bodied: true})
			return err
		},
		"round trip": func(ctx context.Context, tr *Transport) error {
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/", nil)
			resp, err := tr.RoundTrip(req)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		},
	} {
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { done <- ask(ctx, &Transport{}) }()
		c := <-conns
		cancel(stop)
		if err := <-done; !errors.Is(err, stop) {
			t.Errorf("%s: got %v", name, err)
		}
		// Nothing is left: the server sees the end of the connection.
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection is still there", name)
		}
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	addr, _ := silent(t)
	q := of(t, http.MethodGet, "http://"+addr+"/", "")
	q.Deadline = time.Now().Add(50 * time.Millisecond)
	if _, err := (&Transport{}).Exchange(t.Context(), q); !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().Before(q.Deadline) {
		t.Errorf("got %v", err)
	}
}

// A deadline that was set for a request before must not end a later one early.
func TestDeadlinesAreNeverEarly(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer func() { _ = a.Close(); _ = b.Close() }()
	c := &conn{net: a, raw: a}
	now := time.Now()
	for i, in := range []time.Duration{time.Second, 1005 * time.Millisecond, 2 * time.Second, 900 * time.Millisecond, time.Minute, 0} {
		at := now.Add(in)
		if in == 0 {
			at = time.Time{}
		}
		if err := c.limit(at); err != nil {
			t.Fatal(err)
		}
		late := c.until.Sub(at)
		if in == 0 && !c.until.IsZero() || late < 0 || late > deadlineAtMost {
			t.Errorf("%d: due %s, set %s late", i, in, late)
		}
	}
}

// Who asks for a request to be sent once gets that, also where a repetition would
// do no harm; and interim responses are handed on to who watches them.
func TestOnceIsOnceAndInterimResponsesAreTold(t *testing.T) {
	t.Parallel()
	addr, asked := dying(t, 1)
	tr := &Transport{Once: true}
	for i, want := range []error{nil, io.EOF, nil} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/", nil)
		resp, err := tr.RoundTrip(req)
		if !errors.Is(err, want) {
			t.Errorf("%d: got %v, want %v", i, err, want)
		}
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	if asked.Load() != 3 {
		t.Errorf("%d requests arrived", asked.Load())
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(server.Close)
	for _, fails := range []error{nil, errors.New("the caller has left")} {
		told := ""
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			told += h.Get("Link") + http.StatusText(code)
			return fails
		}})
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		resp, err := tr.RoundTrip(req)
		if !errors.Is(err, fails) || told != "</a>Early Hints" {
			t.Errorf("%q, %v", told, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}
