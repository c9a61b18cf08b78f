package shop

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// An edge repeats once what has failed, with the same body, and nothing else.
func TestEdge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statuses []int
		wait     string
		want     int
		calls    int
	}{
		"well":                 {[]int{200}, "", 200, 1},
		"wrong":                {[]int{404}, "", 404, 1},
		"failed once":          {[]int{503, 200}, "", 200, 2},
		"failed twice":         {[]int{503, 500, 200}, "", 500, 2},
		"is to be left alone":  {[]int{503, 200}, "60", 503, 1},
		"cut off, then served": {[]int{0, 200}, "", 200, 2},
	} {
		calls := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if body, _ := io.ReadAll(r.Body); string(body) != "said" {
				t.Errorf("%s: call %d says %q", name, calls+1, body)
			}
			status := c.statuses[calls]
			calls++
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			if c.wait != "" {
				w.Header().Set("Retry-After", c.wait)
			}
			w.WriteHeader(status)
		}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, io.NopCloser(strings.NewReader("said")))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := edge{http.DefaultTransport}.RoundTrip(r)
		if err != nil || resp.StatusCode != c.want || calls != c.calls {
			t.Errorf("%s: %v, %v after %d calls", name, resp, err, calls)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
		s.Close()
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:9", http.NoBody)
	r.RequestURI = ""
	if resp, err := (edge{http.DefaultTransport}).RoundTrip(r); err == nil {
		_ = resp.Body.Close()
		t.Error("a call that was called off is answered")
	}
}
