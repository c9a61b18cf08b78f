//go:build e2e

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A shopWitness passes requests on to the shop. After each that may change
// something it reads the orders that were there before, and notes when one of
// them is no longer as it was.
type shopWitness struct {
	base  string
	pass  http.Handler
	names map[string]string // URL path of a foreign order to the token of its owner

	mu      sync.Mutex
	before  map[string]string
	writes  int
	foreign []string
}

func (w *shopWitness) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w.pass.ServeHTTP(rw, r)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	for path, now := range w.read(context.WithoutCancel(r.Context())) {
		if now != w.before[path] {
			w.foreign = append(w.foreign, fmt.Sprintf("after %s %s: %s is %s", r.Method, r.URL.Path, path, now))
		}
	}
}

// read reads the foreign orders.
func (w *shopWitness) read(ctx context.Context) map[string]string {
	out := map[string]string{}
	for path, token := range w.names {
		out[path] = ask(ctx, http.MethodGet, w.base+path, token, "")
	}
	return out
}

func (w *shopWitness) seen() (int, []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.writes, slices.Clone(w.foreign)
}

func ask(ctx context.Context, method, url, token, body string) string {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	data, _ := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", string(data))
}

// witnessed is the shop with orders of somebody else, behind their witness.
func witnessed(t *testing.T) (staging, *shopWitness) {
	t.Helper()
	s := stage(t)
	i := slices.IndexFunc(s.env, func(e string) bool { return strings.HasPrefix(e, "SHOP_URL=") })
	w := &shopWitness{base: strings.TrimPrefix(s.env[i], "SHOP_URL="), names: map[string]string{}}
	at, err := url.Parse(w.base)
	if err != nil {
		t.Fatal(err)
	}
	w.pass = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(at) }}
	for _, token := range []string{"a", "a", "b"} {
		said := ask(t.Context(), http.MethodPost, w.base+"/orders", token, `{"product_id":"p-1","quantity":1,"note":"theirs"}`)
		var order struct{ ID string }
		if _, body, _ := strings.Cut(said, " "); json.Unmarshal([]byte(body), &order) != nil || order.ID == "" {
			t.Fatalf("no order was made: %s", said)
		}
		w.names["/orders/"+order.ID] = token
	}
	w.before = w.read(t.Context())
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	s.env[i] = "SHOP_URL=" + server.URL
	return s, w
}

func (s staging) run(out string) *exec.Cmd {
	cmd := exec.Command(s.bin, "run", "-c", "../../examples/shop/plumbline.yaml", "--only", "contract,api,auth", "--out", out)
	cmd.Env = append(os.Environ(), s.env...)
	return cmd
}

// What a run that is killed leaves of its own is deleted, and nothing else.
func TestCleanAfterKillOnTheShop(t *testing.T) {
	s, w := witnessed(t)
	out := filepath.Join(t.TempDir(), "run")
	cmd := s.run(out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	created := func() int {
		data, _ := os.ReadFile(filepath.Join(out, "ledger.jsonl"))
		return strings.Count(string(data), `"state":"created"`)
	}
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end) && created() < 5; {
		time.Sleep(5 * time.Millisecond)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	for i := range 2 {
		clean := exec.CommandContext(t.Context(), s.bin, "clean", out, "-c", "../../examples/shop/plumbline.yaml")
		clean.Env = append(os.Environ(), s.env...)
		said, err := clean.CombinedOutput()
		// An order without a note carries no value of the run: one that was asked
		// for in the very moment of the kill cannot be told from others, and that
		// is said.
		doubt := strings.Contains(string(said), "in doubt: createOrder") && !strings.Contains(string(said), "survives:")
		if (err != nil) != doubt || i == 1 && strings.Contains(string(said), "deleted:") {
			t.Errorf("clean %d: %v\n%s", i, err, said)
		}
		t.Logf("clean %d: %d deleted", i, strings.Count(string(said), "deleted:"))
	}
	writes, foreign := w.seen()
	t.Logf("%d created before the kill, %d writes, %d foreign mutations", created(), writes, len(foreign))
	if len(foreign) > 0 || created() == 0 {
		t.Errorf("%d created, %v", created(), foreign)
	}
}
