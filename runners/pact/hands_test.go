package pact_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

// visits notes in which order a target was asked, and how many were with it at
// once at most. With met, the first stay until there is a second.
type visits struct {
	mu    sync.Mutex
	order []string
	in    int
	most  int
	met   chan struct{}
}

func (v *visits) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if v.come(r.Method + " " + r.URL.Path) {
		close(v.met)
	}
	if v.met != nil {
		select {
		case <-v.met:
		case <-r.Context().Done():
		}
	}
	v.mu.Lock()
	v.in--
	v.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprint(w, `{"name": "another"}`)
}

// come tells whether this is the first time that there are two.
func (v *visits) come(request string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.order = append(v.order, request)
	v.in++
	first := v.in == 2 && v.most < 2
	v.most = max(v.most, v.in)
	return first && v.met != nil
}

// mixed are reads with a state each between other requests.
func mixed() []string {
	var out []string
	for i := range 40 {
		x := interaction(strconv.Itoa(i), fmt.Sprintf("/%d", i), "")
		switch i % 4 {
		case 1:
			x = strings.Replace(x, `"method":"GET"`, `"method":"DELETE"`, 1)
		case 2:
			x = strings.Replace(x, `"request":`, `"providerStates":[{"name":"a has answered","params":{"operation":"a","pointer":"/id","as":"id"}}],"request":`, 1)
		case 3:
			x = strings.Replace(x, `"request":`, `"providerStates":[{"name":"a has answered","params":{"operation":"a","pointer":"/id","as":"id"}},{"name":"a has answered","params":{"operation":"a","pointer":"/of","as":"of"}}],"request":`, 1)
		}
		out = append(out, x)
	}
	return out
}

func visited(t *testing.T, form string, v *visits) []plumbline.PactResult {
	t.Helper()
	_, _, err := pact.Library("")
	wants(t, err)
	s := httptest.NewServer(v)
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "web-shop.json")
	if err := os.WriteFile(file, fmt.Appendf(nil, form, strings.Join(mixed(), ",")), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := (&pact.Verifier{}).Verify(t.Context(), pact.Job{
		Files: []string{file}, Base: s.URL, Send: http.DefaultTransport.RoundTrip,
		States: func(context.Context, string, map[string]any) (map[string]any, error) { return map[string]any{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got {
		if r.Result != plumbline.PactOK || r.Key != strconv.Itoa(i) {
			t.Errorf("result %d is %s of %s %q, want ok, in the order of the file", i, r.Result, r.Key, r.Detail)
		}
	}
	return got
}

// A consumer's pact is verified in its order, one interaction at a time: what
// its states do to the provider nobody knows.
func TestAConsumersPactIsVerifiedInItsOrder(t *testing.T) {
	t.Parallel()
	v := &visits{}
	visited(t, contract, v)
	if v.most != 1 {
		t.Errorf("%d interactions were with the target at once, want 1", v.most)
	}
	for i, got := range v.order {
		if !strings.HasSuffix(got, fmt.Sprintf(" /%d", i)) {
			t.Fatalf("request %d is %s: out of order", i, got)
		}
	}
}

// Of a pact of ours what only reads is verified by several workers, and
// nothing is changed before all of it is read.
func TestReadsOfOurOwnPactAreVerifiedAtOnce(t *testing.T) {
	t.Parallel()
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("there is one processor")
	}
	v := &visits{met: make(chan struct{})}
	visited(t, ours, v)
	if v.most < 2 {
		t.Errorf("%d interactions were with the target at once, want 2", v.most)
	}
	for i, got := range v.order {
		n, err := strconv.Atoi(got[strings.LastIndex(got, "/")+1:])
		if err != nil {
			t.Fatal(err)
		}
		if free := n%4 == 0 || n%4 == 2; free != (i < 20) {
			t.Errorf("request %d is %s: reads come first, and nothing beside the others", i, got)
		}
	}
}
