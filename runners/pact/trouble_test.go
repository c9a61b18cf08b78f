package pact_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

// A troubled target hangs, talks garbage, floods, or has the worker killed, by
// path; flood counts what it could write.
type troubled struct {
	pid   string // file with the process of the worker
	flood atomic.Int64
}

func (tr *troubled) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/hang":
		<-r.Context().Done()
	case "/kill":
		if data, err := os.ReadFile(tr.pid); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil {
				if p, err := os.FindProcess(pid); err == nil {
					_ = p.Kill()
				}
			}
		}
		<-r.Context().Done()
	case "/garbage", "/reset":
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if r.URL.Path == "/garbage" {
				_, _ = conn.Write([]byte("\x00\xff\x13 no HTTP at all\r\n\r\n"))
			} else {
				_ = conn.(*net.TCPConn).SetLinger(0)
			}
			_ = conn.Close()
		}
	case "/flood":
		block := make([]byte, 1<<20)
		for range 200 {
			n, err := w.Write(block)
			if tr.flood.Add(int64(n)); err != nil {
				return
			}
		}
	case "/header":
		for i := range 40 {
			w.Header().Set("X-"+strconv.Itoa(i), strings.Repeat("h", 8<<10))
		}
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"name": "another"}`)
	}
}

// judged verifies one interaction a path against a troubled target. The worker
// is a process, whose number the target can read.
func judged(t *testing.T, v *pact.Verifier, worker []string, paths ...string) ([]plumbline.PactResult, *troubled) {
	t.Helper()
	tr := &troubled{pid: filepath.Join(t.TempDir(), "pid")}
	s := httptest.NewServer(tr)
	t.Cleanup(s.Close)
	v.Worker = append([]string{"sh", "-c", `echo $$ > "$0"; exec "$@"`, tr.pid}, worker...)
	var all []string
	for i, p := range paths {
		all = append(all, interaction(strconv.Itoa(i), p, ""))
	}
	file := filepath.Join(t.TempDir(), "web-shop.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, contract, strings.Join(all, ",")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := v.Verify(t.Context(), pact.Job{Files: []string{file}, Base: s.URL, Send: http.DefaultTransport.RoundTrip})
	if err != nil {
		t.Fatal(err)
	}
	return got, tr
}

// troubles are paths with what has to be said of them; all others are right.
func troubles() map[string]struct{ result, says string } {
	return map[string]struct{ result, says string }{
		"/hang":    {plumbline.PactError, "no whole answer came within 700ms"},
		"/garbage": {plumbline.PactError, "malformed HTTP"},
		"/reset":   {plumbline.PactError, "reset"},
		"/flood":   {plumbline.PactError, "the response body is larger than 8388608 bytes"},
		"/header":  {plumbline.PactError, "the response header is larger than 262144 bytes"},
	}
}

func holdTroubles(t *testing.T, got []plumbline.PactResult, tr *troubled, paths []string) {
	t.Helper()
	for i, r := range got {
		want, bad := troubles()[paths[i]]
		if !bad {
			want.result = plumbline.PactOK
		}
		if r.Result != want.result || !strings.Contains(strings.Join(r.Detail, ""), want.says) {
			t.Errorf("%s: %s %q, want %s, %q", paths[i], r.Result, r.Detail, want.result, want.says)
		}
	}
	if n := tr.flood.Load(); n > 64<<20 {
		t.Errorf("%d bytes of the flood were taken", n)
	}
}

// A target in trouble has a finding for each of its own interactions, with its
// cause; all others are judged.
func TestATroubledTarget(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	paths := []string{"/a", "/hang", "/b", "/garbage", "/c", "/flood", "/d", "/header", "/e", "/reset", "/f", "/hang", "/g"}
	got, tr := judged(t, &pact.Verifier{Timeout: 700 * time.Millisecond}, []string{os.Args[0], "pact-worker"}, paths...)
	holdTroubles(t, got, tr, paths)
}

// The same for the second engine, which is slow: a few interactions.
func TestATroubledTargetByPactGo(t *testing.T) {
	worker, err := filepath.Abs("../../bin/plumbline-pact-go")
	if err == nil {
		_, err = os.Stat(worker)
	}
	wants(t, err)
	_, _, err = pact.Library("")
	wants(t, err)
	argv := []string{worker, "-test.run=^TestWorker$", "-test.timeout=0"}
	paths := []string{"/a", "/hang", "/garbage", "/flood", "/b"}
	got, tr := judged(t, &pact.Verifier{Engine: "pact-go", Shard: 1, Timeout: 700 * time.Millisecond}, argv, paths...)
	holdTroubles(t, got, tr, paths)
	got, _ = judged(t, &pact.Verifier{Engine: "pact-go", Shard: 1}, argv, "/a", "/kill", "/b")
	holdKilled(t, got, 1, 2)
}

// A worker that is killed in the middle costs the interactions of its shard,
// which says so; all others are judged.
func TestAKilledWorkerCostsItsShard(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	paths := []string{"/0", "/1", "/2", "/3", "/4", "/kill", "/6", "/7", "/8", "/9"}
	got, _ := judged(t, &pact.Verifier{Shard: 3}, []string{os.Args[0], "pact-worker"}, paths...)
	holdKilled(t, got, 3, 6)
}

// holdKilled wants the results from one on, before another, to be not run.
func holdKilled(t *testing.T, got []plumbline.PactResult, from, to int) {
	t.Helper()
	for i, r := range got {
		detail := strings.Join(r.Detail, "")
		if lost := i >= from && i < to; lost && (r.Result != plumbline.PactNotRun || !strings.Contains(detail, "crashed (signal: killed)")) || !lost && r.Result != plumbline.PactOK {
			t.Errorf("%d: %s %q", i, r.Result, r.Detail)
		}
	}
}

// Nobody listens: each interaction says so.
func TestARefusedConnection(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	nobody, err := ports.Free(t.Context(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + nobody
	file := filepath.Join(t.TempDir(), "web-shop.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, contract, interaction("a", "/a", "")+","+interaction("b", "/b", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := (&pact.Verifier{}).Verify(t.Context(), pact.Job{Files: []string{file}, Base: base, Send: http.DefaultTransport.RoundTrip})
	for _, r := range got {
		if err != nil || r.Result != plumbline.PactError || !strings.Contains(strings.Join(r.Detail, ""), "refused") {
			t.Errorf("%s: %s %q, %v", r.Key, r.Result, r.Detail, err)
		}
	}
}
