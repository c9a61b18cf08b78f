//go:build e2e

package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// interruptedAt answers requests, and interrupts whoever sends them at the n-th.
func interruptedAt(t *testing.T, n int64) (url string, ctx context.Context, got *atomic.Int64) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	got = &atomic.Int64{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if got.Add(1) == n {
			interrupt()
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true}`))
	}))
	t.Cleanup(func() { interrupt(); srv.Close() })
	return srv.URL, ctx, got
}

// At whatever moment a search or a comparison is interrupted: it ends with 130,
// its report is there and proves nothing, and no request comes after it.
func TestInterruptedSearchesAndComparisonsReport(t *testing.T) {
	doc := document(t)
	for _, at := range []int64{1, 30, 90} {
		for name, args := range map[string][]string{
			"capacity": {"capacity", "--target", "TARGET", "--spec", doc, "--slo", "p(95)<500ms", "--start", "60", "--up-to", "400", "--step", "4s", "--confirm", "6s"},
			"compare":  {"compare", "TARGET", "TARGET", "--spec", doc, "--pairs", "6", "--block", "1s"},
		} {
			target, ctx, got := interruptedAt(t, at)
			out := filepath.Join(t.TempDir(), "out")
			args = append(args, "--out", out)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], "TARGET", target)
			}
			var said bytes.Buffer
			code := execute(ctx, &app{args: args, in: &bytes.Buffer{}, out: &said, err: &said, env: func(string) (string, bool) { return "", false }, version: "test"})
			sent := got.Load()
			if code != plumbline.ExitInterrupted {
				t.Errorf("%s at request %d: exit %d, want %d\n%s", name, at, code, plumbline.ExitInterrupted, said.String())
			}
			report := filepath.Join(out, map[string]string{"capacity": "report.json", "compare": "comparison.json"}[name])
			data, err := os.ReadFile(report)
			if err != nil {
				t.Errorf("%s at request %d: %v\n%s", name, at, err, said.String())
			}
			if bytes.Contains(data, []byte(`"outcome": "pass"`)) && name == "compare" || bytes.Contains(data, []byte(`"outcome": "fit"`)) {
				t.Errorf("%s at request %d: something is proved by half of it\n%s", name, at, said.String())
			}
			time.Sleep(300 * time.Millisecond)
			if late := got.Load() - sent; late > 0 {
				t.Errorf("%s at request %d: %d requests came after it had ended", name, at, late)
			}
		}
	}
}
