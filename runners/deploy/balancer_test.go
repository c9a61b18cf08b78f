package deploy

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/runners/ports"
)

// Requests go to an instance in the HTTP that they come in, and who speaks
// HTTP/2 alone is found to be ready as well.
func TestRequestsKeepTheirVersionOfHTTP(t *testing.T) {
	t.Parallel()
	for version, says := range map[int]string{1: "HTTP/1.1", 2: "HTTP/2.0"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		instance := &http.Server{ReadHeaderTimeout: time.Second, Protocols: spoken(version), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, r.Proto+" "+string(body))
		})}
		go func() { _ = instance.Serve(l) }()
		t.Cleanup(func() { _ = instance.Close() })
		if err := ready(t.Context(), l.Addr().String(), "/readyz"); err != nil {
			t.Errorf("%s: %v", says, err)
		}
		entrance, err := ports.Free(t.Context(), "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		b, err := newBalancer(t.Context(), entrance)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.close(0) })
		b.open(&seat{addr: l.Addr().String(), open: true})
		client := &http.Client{Transport: &http.Transport{Protocols: spoken(version)}}
		for range 20 {
			resp, err := client.Post("http://"+entrance+"/", "text/plain", strings.NewReader("a body"))
			if err != nil {
				t.Fatalf("%s: %v", says, err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || string(got) != says+" a body" || resp.Body.Close() != nil {
				t.Errorf("%s: %q, %v", says, got, err)
			}
		}
		b.mu.Lock()
		left := b.seats[0].flying
		b.mu.Unlock()
		if left != 0 {
			t.Errorf("%s: %d are said to be under way", says, left)
		}
	}
}
