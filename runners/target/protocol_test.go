package target

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Every way to the deployment tells the same of the same answers.
func TestProtocols(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	sources := map[string]map[string]bool{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if sources[r.Proto] == nil {
			sources[r.Proto] = map[string]bool{}
		}
		sources[r.Proto][r.RemoteAddr] = true
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Proto+" "+r.Header.Get("Traceparent"))
	}))
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	const trace = "a1b2c3d4e5f6000100010000000000ff"
	for protocol, proto := range map[Protocol]string{"": "HTTP/1.1", ProtocolLean: "HTTP/1.1", ProtocolNet: "HTTP/1.1", ProtocolH2: "HTTP/2.0"} {
		c, err := New(Config{Base: server.URL, Run: "a1b2c3d4e5f6", Began: time.Now(), Protocol: protocol})
		if err != nil {
			t.Fatal(err)
		}
		for range 9 {
			a := c.Do(t.Context(), Shot{Operation: "op", Trace: trace, Request: plumbline.Request{Method: http.MethodGet, Path: "/a"}})
			want := proto + " 00-" + trace + "-" + trace[16:] + "-01"
			if a.Status != http.StatusTeapot || string(a.Response.Body) != want || a.Bytes != int64(len(want)) || a.Error != "" {
				t.Errorf("%s: got %d %q, %+v", protocol, a.Status, a.Response.Body, a.Observation)
			}
		}
	}
	if n := len(sources["HTTP/2.0"]); n != h2Connections {
		t.Errorf("HTTP/2 went over %d connections, want %d", n, h2Connections)
	}
	if _, err := New(Config{Base: server.URL, Protocol: "spdy"}); err == nil || !strings.Contains(err.Error(), "spdy") {
		t.Errorf("got %v", err)
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "door") //nolint:usetesting // short: the path of a socket has to be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Host) })}}
	server.Start()
	t.Cleanup(server.Close)
	for _, p := range []Protocol{ProtocolLean, ProtocolNet} {
		c, err := New(Config{Base: "http://shop.example", Began: time.Now(), Socket: filepath.Join(dir, "s"), Protocol: p})
		if err != nil {
			t.Fatal(err)
		}
		a := c.Do(t.Context(), Shot{Request: plumbline.Request{Method: http.MethodGet, Path: "/"}})
		if string(a.Response.Body) != "shop.example" {
			t.Errorf("%s: got %+v", p, a.Observation)
		}
	}
}

// What was made ready is what would have been made now, and the answers to it
// are told in the same way.
func TestReadyShotsAreTheSame(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen []http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Header.Clone())
		seen[len(seen)-1]["Target"] = []string{r.Method + " " + r.RequestURI + " " + r.Host}
		_, _ = io.WriteString(w, "four")
	}))
	t.Cleanup(server.Close)
	checked := 0
	c, err := New(Config{
		Base: server.URL + "/v1", Run: "a1b2c3d4e5f6", Began: time.Now(), Identities: map[string]Credential{"me": {Bearer: "secret-of-mine"}}, Default: "me",
		Inspect: func(string, plumbline.Request, plumbline.Response) []plumbline.Mark {
			checked++
			return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "four"}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := Shot{Operation: "op", Trace: "a1b2c3d4e5f6000100010000000000ff", Request: plumbline.Request{Method: http.MethodGet, Path: "/a%2fb", Query: "q=1", Header: map[string][]string{"Accept": {"*/*"}}}}
	ready := c.Ready(t.Context(), s)
	if ready == nil {
		t.Fatal("cannot be made ready")
	}
	s.Trace = "a1b2c3d4e5f60001000200000000abcd"
	want := c.Do(t.Context(), s)
	s.Ready = ready
	got := c.Do(t.Context(), s)
	if len(seen) != 2 || !equal(seen[0], seen[1]) {
		t.Errorf("the server saw %v", seen)
	}
	if got.Parent != want.Parent || got.Status != want.Status || got.Bytes != 4 || string(got.Response.Body) != "four" || got.Wire != want.Wire || got.Wire == 0 || checked != 2 {
		t.Errorf("got %+v, want %+v; checked %d", got.Observation, want.Observation, checked)
	}
	if got.Transcript == nil || want.Transcript == nil || got.Transcript.Curl != want.Transcript.Curl || strings.Contains(got.Transcript.Curl, "secret") {
		t.Errorf("got %+v, want %+v", got.Transcript, want.Transcript)
	}
	s.Unchecked = true
	if a := c.Do(t.Context(), s); !a.Unchecked || a.Status != 200 || a.Bytes != 4 || len(a.Marks) > 0 || checked != 2 {
		t.Errorf("got %+v; checked %d", a.Observation, checked)
	}
}

func equal(a, b http.Header) bool {
	for _, h := range []http.Header{a, b} {
		h.Del("Date")
	}
	if len(a) != len(b) {
		return false
	}
	for k := range a {
		if strings.Join(a[k], ",") != strings.Join(b[k], ",") {
			return false
		}
	}
	return true
}

func TestWhatCannotBeMadeReady(t *testing.T) {
	t.Parallel()
	plain := Shot{Request: plumbline.Request{Method: http.MethodGet, Path: "/"}, Trace: "a1b2c3d4e5f6000100010000000000ff"}
	for name, c := range map[string]struct {
		cfg  Config
		shot Shot
		want bool
	}{
		"plain":     {Config{}, plain, true},
		"net/http":  {Config{Protocol: ProtocolNet}, plain, false},
		"fetched":   {Config{Default: "me", Sources: map[string]Source{"me": nil}}, plain, false},
		"odd trace": {Config{}, Shot{Request: plain.Request, Trace: plain.Trace, TraceMode: plumbline.TraceZero}, false},
		"own TLS":   {Config{Default: "me", TLS: map[string]*tls.Config{"me": {MinVersion: tls.VersionTLS12}}}, plain, true},
	} {
		c.cfg.Base, c.cfg.Began = "http://127.0.0.1:1", time.Now()
		cl, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := cl.Ready(t.Context(), c.shot) != nil; got != c.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
