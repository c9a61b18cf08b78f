package pact_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

// TestMain lets the test binary be its own worker.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "pact-worker" {
		if os.Getenv("TEST_WORKER_CRASHES") != "" {
			os.Exit(7)
		}
		if err := pact.WorkerMain(os.Stdin, os.NewFile(3, "results"), os.Args[2], os.Args[3]); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// wants skips where the library is not there, and fails where it has to be.
func wants(tb testing.TB, err error) {
	tb.Helper()
	if err == nil {
		return
	}
	if os.Getenv("PLUMBLINE_REQUIRE_PACT") != "" {
		tb.Fatalf("pact: %v", err)
	}
	tb.Skipf("pact: %v", err)
}

const contract = `{"consumer":{"name":"web"},"provider":{"name":"shop"},"interactions":[%s],"metadata":{"pactSpecification":{"version":"4.0"}}}`

func interaction(key, path, state string) string {
	states := ""
	if state != "" {
		states = `"providerStates":[{"name":"` + state + `","params":{}}],`
	}
	return fmt.Sprintf(`{"type":"Synchronous/HTTP","key":%q,"description":%q,%s"request":{"method":"GET","path":%q},
		"response":{"status":200,"headers":{"Content-Type":["application/json"]},"body":{"content":{"name":"plumb bob"},"contentType":"application/json","encoded":false},
		"matchingRules":{"body":{"$.name":{"combine":"AND","matchers":[{"match":"type"}]}}}}}`, key, "asks for "+key, states, path)
}

// provider misbehaves by path.
func provider(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || r.Header.Get("X-Plumbline-Interaction") != "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/reset":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = conn.(*net.TCPConn).SetLinger(0)
				_ = conn.Close()
			}
		case "/slow":
			time.Sleep(1500 * time.Millisecond)
		case "/status":
			w.WriteHeader(http.StatusNotFound)
		case "/drifted":
			_, _ = fmt.Fprint(w, `{"name": 7}`)
		case "/half":
			_, _ = fmt.Fprint(w, `{"name": `)
		default:
			_, _ = fmt.Fprint(w, `{"name": "another"}`)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func verify(t *testing.T, v *pact.Verifier, interactions ...string) ([]plumbline.PactResult, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "web-shop.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, contract, strings.Join(interactions, ",")), 0o600); err != nil {
		t.Fatal(err)
	}
	return v.Verify(t.Context(), pact.Job{
		Files: []string{file}, Base: provider(t).URL,
		Send: func(r *http.Request) (*http.Response, error) {
			r.Header.Set("Authorization", "Bearer secret")
			return http.DefaultTransport.RoundTrip(r)
		},
		States: func(_ context.Context, name string, _ map[string]any) (map[string]any, error) {
			if name == "cannot be" {
				return nil, errors.New("nothing creates one")
			}
			return map[string]any{}, nil
		},
	})
}

// Every case of the provider, and what has to be said of it.
func cases() (interactions, want []string) {
	interactions = []string{
		interaction("right", "/right", ""),
		interaction("stated", "/right", "an order exists"),
		interaction("unset", "/right", "cannot be"),
		interaction("drifted", "/drifted", ""),
		interaction("status", "/status", ""),
		interaction("half", "/half", ""),
		interaction("reset", "/reset", ""),
		interaction("slow", "/slow", ""),
	}
	want = []string{
		plumbline.PactOK, plumbline.PactOK, plumbline.PactStateUnset, plumbline.PactMismatch,
		plumbline.PactMismatch, plumbline.PactMismatch, plumbline.PactError, plumbline.PactError,
	}
	return interactions, want
}

func outcomes(results []plumbline.PactResult) []string {
	var out []string
	for _, r := range results {
		out = append(out, r.Result)
	}
	return out
}

func TestVerify(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	interactions, want := cases()
	got, err := verify(t, &pact.Verifier{Timeout: time.Second, Shard: 3}, interactions...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(outcomes(got), want) {
		t.Errorf("outcomes %v, want %v", outcomes(got), want)
	}
	for _, r := range got {
		if r.Result != plumbline.PactOK && len(r.Detail) == 0 {
			t.Errorf("%s: %s without a reason", r.Key, r.Result)
		}
	}
	if !strings.Contains(strings.Join(got[3].Detail, ""), "7") {
		t.Errorf("the mismatch does not show the value: %v", got[3].Detail)
	}
	if !strings.Contains(strings.Join(got[6].Detail, ""), "reset") {
		t.Errorf("the cause of no answer is not kept: %v", got[6].Detail)
	}
}

// TestEnginesAgree is the reason for the second engine.
func TestEnginesAgree(t *testing.T) {
	worker, err := filepath.Abs("../../bin/plumbline-pact-go")
	if err == nil {
		_, err = os.Stat(worker)
	}
	wants(t, err)
	_, _, err = pact.Library("")
	wants(t, err)
	interactions, want := cases()
	got, err := verify(t, &pact.Verifier{Engine: "pact-go", Shard: 1, Timeout: time.Second, Worker: []string{worker, "-test.run=^TestWorker$", "-test.timeout=0"}}, interactions...)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(outcomes(got), want) {
		t.Errorf("pact-go says %v, ffi says %v", outcomes(got), want)
	}
}

// A worker that crashes costs the interactions of its shard, never the run,
// and they are not taken for kept.
func TestVerifyWorkerCrashes(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	t.Setenv("TEST_WORKER_CRASHES", "1")
	interactions, _ := cases()
	got, err := verify(t, &pact.Verifier{}, interactions...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got {
		if r.Result != plumbline.PactNotRun || !strings.Contains(strings.Join(r.Detail, ""), "crashed") {
			t.Errorf("%s: %s %v", r.Key, r.Result, r.Detail)
		}
	}
}

func TestVerifyWithoutLibrary(t *testing.T) {
	t.Setenv("PLUMBLINE_PACT_LIBRARY", "")
	interactions, _ := cases()
	got, err := verify(t, &pact.Verifier{Library: filepath.Join(t.TempDir(), "absent.so")}, interactions...)
	if !errors.Is(err, pact.ErrNoLibrary) {
		t.Errorf("error %v", err)
	}
	for _, r := range got {
		if r.Result != plumbline.PactNotRun || !strings.Contains(strings.Join(r.Detail, ""), "plumbline setup") {
			t.Errorf("%s: %s %v", r.Key, r.Result, r.Detail)
		}
	}
}

// An empty pact must not be taken for a kept one.
func TestVerifyEmptyPact(t *testing.T) {
	got, err := verify(t, &pact.Verifier{})
	if err != nil || len(got) != 1 || got[0].Result != plumbline.PactEmpty {
		t.Errorf("%v %v", got, err)
	}
}

// An interaction whose rule lists statuses accepts each of them, and what is
// said of another one begins as it does without a rule.
func TestAnyOfSeveralStatuses(t *testing.T) {
	_, _, err := pact.Library("")
	wants(t, err)
	listing := func(key, path, statuses string) string {
		return fmt.Sprintf(`{"type":"Synchronous/HTTP","key":%q,"description":%q,"request":{"method":"GET","path":%q},
			"response":{"status":201,"matchingRules":{"status":{"combine":"AND","matchers":[{"match":"statusCode","status":%s}]}}}}`, key, "asks for "+key, path, statuses)
	}
	got, err := verify(t, &pact.Verifier{Timeout: 5 * time.Second}, listing("one", "/", "[200,201]"), listing("other", "/status", "[200,201]"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{plumbline.PactOK, plumbline.PactMismatch} {
		if got[i].Result != want {
			t.Errorf("%s: got %s %q, want %s", got[i].Key, got[i].Result, got[i].Detail, want)
		}
	}
	if text := strings.Join(got[1].Detail, ";"); text != "expected 200 or 201 but was 404" {
		t.Errorf("got %q", text)
	}
}
