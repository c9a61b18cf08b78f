package pact_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

// ours is a pact file that the tool has generated.
var ours = strings.Replace(contract, `"metadata":{`, `"metadata":{"plumbline":{"kind":"provider-surface"},`, 1)

// stated is an interaction as the surface pacts have them: a state that gives
// the identifier of the path, and a rule for each field of the answer.
func stated(n int) string {
	return fmt.Sprintf(`{"type":"Synchronous/HTTP","key":"%04d","description":"reads order %d","providerStates":[{"name":"createOrder has answered","params":{"operation":"createOrder","pointer":"/id","as":"id","n":%d}}],
		"request":{"method":"GET","path":"/orders/1","generators":{"path":{"type":"ProviderState","expression":"/orders/${id}"}},"matchingRules":{"path":{"combine":"AND","matchers":[{"match":"regex","regex":"^/orders/[^/]+$"}]}}},
		"response":{"status":200,"headers":{"Content-Type":["application/json"]},
		"body":{"content":{"id":"o-1","state":"open","total":12.5,"lines":[{"sku":"bob","quantity":2}]},"contentType":"application/json","encoded":false},
		"matchingRules":{"body":{"$.id":{"combine":"AND","matchers":[{"match":"regex","regex":"^o-[0-9]+$"}]},"$.state":{"combine":"AND","matchers":[{"match":"regex","regex":"^(open|paid)$"}]},
		"$.total":{"combine":"AND","matchers":[{"match":"number"}]},"$.lines":{"combine":"AND","matchers":[{"match":"type","min":1}]},
		"$.lines[*].sku":{"combine":"AND","matchers":[{"match":"type"}]},"$.lines[*].quantity":{"combine":"AND","matchers":[{"match":"integer"}]}}}}}`, n, n, n)
}

// drivers are the verifiers that are at hand: our own binding, and pact-go
// where PLUMBLINE_PACT_GO names its worker.
func drivers() map[string]*pact.Verifier {
	all := map[string]*pact.Verifier{"ffi": {}}
	if second := os.Getenv("PLUMBLINE_PACT_GO"); second != "" {
		all["pact-go"] = &pact.Verifier{Engine: "pact-go", Shard: 1, Worker: []string{second, "-test.run=^TestWorker$", "-test.timeout=0"}}
	}
	return all
}

// BenchmarkVerify verifies interactions with states. Wanted on two cores: 100
// in half a second, 500 in 2.5 s, 1,000 in 6 s.
func BenchmarkVerify(b *testing.B) {
	_, _, err := pact.Library("")
	wants(b, err)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"id":%q,"state":"paid","total":3,"lines":[{"sku":"a","quantity":1},{"sku":"b","quantity":4}]}`, strings.TrimPrefix(r.URL.Path, "/orders/"))
	}))
	defer target.Close()
	for _, n := range []int{100, 500, 1000} {
		file := filepath.Join(b.TempDir(), "web-shop.json")
		var all []string
		for i := range n {
			all = append(all, stated(i))
		}
		if err := os.WriteFile(file, fmt.Appendf(nil, ours, strings.Join(all, ",")), 0o600); err != nil {
			b.Fatal(err)
		}
		j := pact.Job{
			Files: []string{file}, Base: target.URL, Send: http.DefaultTransport.RoundTrip,
			States: func(_ context.Context, _ string, params map[string]any) (map[string]any, error) {
				return map[string]any{"id": fmt.Sprint("o-", params["n"])}, nil
			},
		}
		for name, v := range drivers() {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				for b.Loop() {
					holdKept(b, v, j, n)
				}
				b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/op")
			})
		}
	}
}

// holdKept wants all n interactions kept: a figure of anything else is none.
func holdKept(b *testing.B, v *pact.Verifier, j pact.Job, n int) {
	b.Helper()
	got, err := v.Verify(b.Context(), j)
	if err != nil {
		b.Fatal(err)
	}
	kept := 0
	for _, r := range got {
		if r.Result == plumbline.PactOK {
			kept++
		} else {
			b.Fatalf("%s: %s %q", r.Key, r.Result, r.Detail)
		}
	}
	if kept != n {
		b.Fatalf("%d interactions were judged, want %d", kept, n)
	}
}
