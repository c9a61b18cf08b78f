package target

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// Both clients send the method as it is, with its content.
func TestQueryGoesOut(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + string(body)
	}))
	t.Cleanup(server.Close)
	for _, p := range []Protocol{ProtocolLean, ProtocolNet} {
		c, err := New(Config{Base: server.URL, Run: "a1b2c3d4e5f6", Protocol: p})
		if err != nil {
			t.Fatal(err)
		}
		a := c.Do(t.Context(), Shot{Operation: "search", Request: plumbline.Request{Method: "QUERY", Path: "/search", Body: []byte(`{"term":"abc"}`)}})
		if sent := <-got; a.Status != 200 || sent != `QUERY {"term":"abc"}` {
			t.Errorf("%s: %d %q", p, a.Status, sent)
		}
	}
}
