package gate_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/runners/gate"
)

// A bench is a gate on a socket whose runs end when the test says so.
type bench struct {
	*httptest.Server
	gate    *gate.Gate
	started atomic.Int32
	end     chan gate.Result
}

func serve(t *testing.T, token string) *bench {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	b := &bench{end: make(chan gate.Result)}
	b.gate = gate.New(ctx, 2, func(ctx context.Context, _ string) gate.Result {
		b.started.Add(1)
		select {
		case r := <-b.end:
			return r
		case <-ctx.Done():
			return gate.Result{Verdict: gate.Broken, Reason: "interrupted"}
		}
	})
	b.Server = httptest.NewServer(b.gate.Handler(token))
	t.Cleanup(func() { cancel(); b.gate.Wait(); b.Close() })
	return b
}

func (b *bench) ask(t *testing.T, method, path, body, token string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, b.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, _ := io.ReadAll(res.Body)
	out := map[string]any{}
	_ = json.Unmarshal(data, &out)
	return res.StatusCode, out
}

func TestOneRunAKeyWhoeverAsks(t *testing.T) {
	t.Parallel()
	b := serve(t, "")
	for range 3 {
		if _, a := b.ask(t, http.MethodPost, "/verdict?key=v1", "", ""); a["verdict"] != "running" {
			t.Fatalf("%v, want running", a)
		}
	}
	b.end <- gate.Result{Verdict: gate.Fail, Reason: "unfit: 1 of 9 claims broken", Failed: []string{"contract/roundtrip/orders"}}
	status, a := b.ask(t, http.MethodGet, "/verdict?key=v1&wait=1m", "", "")
	if status != http.StatusOK || a["verdict"] != "fail" || a["reason"] != "unfit: 1 of 9 claims broken" {
		t.Fatalf("%d %v", status, a)
	}
	if gates, _ := a["failedGates"].([]any); len(gates) != 1 || gates[0] != "contract/roundtrip/orders" {
		t.Fatalf("failedGates: %v", a["failedGates"])
	}
	if n := b.started.Load(); n != 1 {
		t.Fatalf("%d runs for one key", n)
	}
}

func TestRunsTakeTurns(t *testing.T) {
	t.Parallel()
	b := serve(t, "")
	b.ask(t, http.MethodPost, "/verdict?key=a", "", "")
	b.ask(t, http.MethodPost, "/verdict?key=b", "", "")
	b.end <- gate.Result{Verdict: gate.Pass}
	b.end <- gate.Result{Verdict: gate.Pass}
	for _, k := range []string{"a", "b"} {
		if _, a := b.ask(t, http.MethodGet, "/verdict?wait=1m&key="+k, "", ""); a["verdict"] != "pass" {
			t.Fatalf("%s: %v", k, a)
		}
	}
}

func TestAnErrorIsTriedAnew(t *testing.T) {
	t.Parallel()
	b := serve(t, "")
	b.ask(t, http.MethodPost, "/verdict?key=v1", "", "")
	b.end <- gate.Result{Verdict: gate.Broken, Reason: "no target"}
	for b.gate.List()[0].Verdict == gate.Running {
		time.Sleep(time.Millisecond)
	}
	b.ask(t, http.MethodPost, "/verdict?key=v1", "", "")
	b.end <- gate.Result{Verdict: gate.Inconclusive, Reason: "too few samples"}
	if _, a := b.ask(t, http.MethodGet, "/verdict?key=v1&wait=1m", "", ""); a["verdict"] != "inconclusive" {
		t.Fatalf("%v", a)
	}
}

func TestFlaggerAdvancesOnAPassAlone(t *testing.T) {
	t.Parallel()
	const canary = `{"name":"shop","namespace":"test","phase":"Progressing","checksum":"CHECK","metadata":{}}`
	for _, c := range []struct {
		name   string
		result gate.Result
		status int
	}{
		{"pass", gate.Result{Verdict: gate.Pass}, http.StatusOK},
		{"fail", gate.Result{Verdict: gate.Fail}, http.StatusConflict},
		{"inconclusive", gate.Result{Verdict: gate.Inconclusive}, http.StatusConflict},
		{"error", gate.Result{Verdict: gate.Broken}, http.StatusConflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := serve(t, "")
			go func() { b.end <- c.result }()
			if status, a := b.ask(t, http.MethodPost, "/flagger", canary, ""); status != c.status {
				t.Fatalf("%d %v, want %d", status, a, c.status)
			}
		})
	}
}

func TestNobodyWithoutTheToken(t *testing.T) {
	t.Parallel()
	const token = "s3cret-of-the-gate"
	b := serve(t, token)
	go func() { b.end <- gate.Result{Verdict: gate.Pass} }()
	for _, c := range []struct {
		method, path, body, token string
		status                    int
	}{
		{http.MethodGet, "/healthz", "", "", http.StatusNoContent},
		{http.MethodGet, "/verdict?key=v1", "", "", http.StatusUnauthorized},
		{http.MethodGet, "/verdict?key=v1", "", "wrong", http.StatusUnauthorized},
		{http.MethodGet, "/runs", "", "", http.StatusUnauthorized},
		{http.MethodPost, "/flagger", `{"name":"a","checksum":"1"}`, "", http.StatusUnauthorized},
		{http.MethodPost, "/flagger", `{"name":"a","checksum":"1","metadata":{"token":"` + token + `"}}`, "", http.StatusOK},
		{http.MethodGet, "/runs", "", token, http.StatusOK},
		{http.MethodGet, "/verdict", "", token, http.StatusBadRequest},
		{http.MethodGet, "/verdict?key=v1&wait=for-ever", "", token, http.StatusBadRequest},
		{http.MethodGet, "/runs/nothing", "", token, http.StatusNotFound},
		{http.MethodGet, "/runs/../../etc/passwd/report.html", "", token, http.StatusNotFound},
	} {
		if status, a := b.ask(t, c.method, c.path, c.body, c.token); status != c.status {
			t.Errorf("%s %s: %d %v, want %d", c.method, c.path, status, a, c.status)
		}
	}
}

func TestTheReportIsServed(t *testing.T) {
	t.Parallel()
	b := serve(t, "")
	file := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(file, []byte("<!doctype html><title>unfit</title>"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.ask(t, http.MethodPost, "/verdict?key=v1", "", "")
	b.end <- gate.Result{Verdict: gate.Fail, Report: file}
	_, a := b.ask(t, http.MethodGet, "/verdict?key=v1&wait=1m", "", "")
	url, _ := a["reportUrl"].(string)
	if status, _ := b.ask(t, http.MethodGet, url, "", ""); url == "" || status != http.StatusOK {
		t.Fatalf("%q: %d", url, status)
	}
}

func TestOnlyEndedRunsAreForgotten(t *testing.T) {
	t.Parallel()
	b := serve(t, "")
	for _, k := range []string{"a", "b", "c", "d"} {
		b.ask(t, http.MethodPost, "/verdict?key="+k, "", "")
		if k != "d" {
			b.end <- gate.Result{Verdict: gate.Pass}
			b.ask(t, http.MethodGet, "/verdict?wait=1m&key="+k, "", "")
		}
	}
	var keys []string
	for _, a := range b.gate.List() {
		keys = append(keys, a.Key)
	}
	if got := strings.Join(keys, " "); got != "d c" {
		t.Fatalf("remembered: %s", got)
	}
}

// A page of a stranger whose name was made to mean this machine starts no run
// and reads no report; where callers show a token, names do not matter.
func TestWithoutATokenOnlyThisMachineIsAnswered(t *testing.T) {
	t.Parallel()
	for token, wanted := range map[string]map[string]int{
		"":       {"evil.example:8088": http.StatusMisdirectedRequest, "localhost:8088": http.StatusOK, "[::1]:8088": http.StatusOK},
		"s3cret": {"gate.example:8088": http.StatusOK},
	} {
		b := serve(t, token)
		for host, want := range wanted {
			for _, path := range []string{"/verdict?key=v1", "/runs", "/healthz"} {
				r := httptest.NewRequest(http.MethodGet, path, nil)
				r.Host = host
				r.Header.Set("Authorization", "Bearer "+token)
				w := httptest.NewRecorder()
				b.gate.Handler(token).ServeHTTP(w, r)
				if path == "/healthz" {
					want = http.StatusNoContent
				}
				if w.Code != want {
					t.Errorf("token %q, host %s, %s: %d, want %d", token, host, path, w.Code, want)
				}
			}
			r := httptest.NewRequest(http.MethodPost, "/flagger", strings.NewReader("{}"))
			r.Host = host
			w := httptest.NewRecorder()
			b.gate.Handler(token).ServeHTTP(w, r)
			if refused := w.Code == http.StatusMisdirectedRequest; refused != (token == "" && host == "evil.example:8088") {
				t.Errorf("flagger, token %q, host %s: %d", token, host, w.Code)
			}
		}
		if n := b.started.Load(); token == "" && n > 1 {
			t.Errorf("%d runs", n)
		}
	}
}
