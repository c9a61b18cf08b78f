package pact

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Any process of the machine can reach the front; only the core may send
// through it, and no target learns the secret.
func TestTheFrontForwardsForItsCoreAlone(t *testing.T) {
	t.Parallel()
	sent := 0
	j := Job{Base: "http://target.invalid/v1", secret: newSecret(), Send: func(r *http.Request) (*http.Response, error) {
		sent++
		if r.Header.Get(correlation) != "" {
			t.Errorf("the target was shown %q", r.Header.Get(correlation))
		}
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
	}}
	f, err := newFront(t.Context(), j, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.close)
	for _, c := range []struct {
		header string
		want   int
	}{
		{"", http.StatusForbidden},
		{"getOrder#0-web.json", http.StatusForbidden},
		{" getOrder#0-web.json", http.StatusForbidden},
		{newSecret() + " getOrder#0-web.json", http.StatusForbidden},
		{j.secret, http.StatusForbidden},
		{j.secret + " getOrder#0-web.json", http.StatusOK},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, fmt.Sprintf("http://127.0.0.1:%d/orders/7", f.port), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(correlation, c.header)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%q: %d, want %d", c.header, resp.StatusCode, c.want)
		}
	}
	if sent != 1 {
		t.Errorf("%d requests were sent, want 1", sent)
	}
}
