//go:build e2e

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// slotted serves one operation with so many workers for so long each, and a
// bounded queue: its capacity is known on any machine.
func slotted(t *testing.T, workers, queue int, service time.Duration) string {
	t.Helper()
	slots, room := make(chan struct{}, workers), make(chan struct{}, workers+queue)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case room <- struct{}{}:
			defer func() { <-room }()
		default:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		slots <- struct{}{}
		defer func() { <-slots }()
		time.Sleep(service)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}`))
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

// document describes what slotted serves.
func document(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "openapi.json")
	const text = `{"openapi":"3.0.3","info":{"title":"slots","version":"1"},"paths":{"/thing":{"get":{"operationId":"getThing","responses":{
"200":{"description":"ok","content":{"application/json":{"schema":{"type":"object","properties":{"ok":{"type":"boolean"}}}}}},"503":{"description":"full"}}}}}}`
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func run(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	var out bytes.Buffer
	code = execute(t.Context(), &app{args: args, in: &bytes.Buffer{}, out: &out, err: &out, env: func(string) (string, bool) { return "", false }, version: "test"})
	return code, out.String()
}

// The interval holds what the server can do: two slots of 20 ms serve at most
// 100 requests a second, and with four places to wait one in twenty is turned
// away from about 86 a second on, since arrivals come in clusters. A machine
// that is too busy for it gets no answer, and never a much lower one.
func TestCapacityOfARealServer(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	code, said := run(t, "capacity", "--spec", document(t), "--target", slotted(t, 2, 4, 20*time.Millisecond), "--slo", "p(95)<500ms", "--up-to", "400",
		"--start", "40", "--step", "5s", "--confirm", "8s", "--precision", "0.1", "--out", out)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	c := r.Capacity
	switch {
	case c == nil || code != 0 && code != plumbline.ExitNotProven:
		t.Fatalf("exit %d\n%s", code, said)
	case c.Outcome == plumbline.Pass && (c.Kept > 102 || c.Broken < 60 || code != 0):
		t.Errorf("exit %d: %s", code, c.Sentence)
	case c.Outcome != plumbline.Pass && code != plumbline.ExitNotProven:
		t.Errorf("exit %d: %s", code, c.Sentence)
	}
	t.Log(c.Sentence)
}

// A deployment that takes twice as long is slower; one is not slower than
// itself.
func TestCompareRealServers(t *testing.T) {
	doc, a, b := document(t), slotted(t, 64, 64, 20*time.Millisecond), slotted(t, 64, 64, 60*time.Millisecond)
	for name, c := range map[string]struct {
		other     string
		forbidden int
	}{"itself": {a, plumbline.ExitUnfit}, "a slower one": {b, plumbline.ExitFit}} {
		code, said := run(t, "compare", a, c.other, "--spec", doc, "--pairs", "6", "--block", "2s", "--out", filepath.Join(t.TempDir(), "out"))
		if code == c.forbidden || code == plumbline.ExitUsage || code == plumbline.ExitHarness {
			t.Errorf("%s: exit %d\n%s", name, code, said)
		}
		t.Logf("%s: exit %d", name, code)
	}
}
