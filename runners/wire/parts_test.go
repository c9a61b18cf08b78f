package wire

import (
	"net/http"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Processes of one wire each are one to whoever uses them.
func TestPartsAreUsedAsOne(t *testing.T) {
	t.Parallel()
	up := upstreamOf(t, func(http.ResponseWriter, *http.Request) {})
	all := &Client{Parts: map[string]*Client{}}
	urls := map[string]string{}
	for _, name := range []string{"a", "b"} {
		at := serve(t, Wire{Name: name, Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: up.URL})
		all.Parts[name], urls[name] = &Client{Addr: at.Control, Token: "t"}, "http://"+at.Wires[name]
	}
	if err := all.Sync(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	err := all.Order(t.Context(), Order{ID: "x", Fault: plumbline.Fault{Dependency: "b", Kind: plumbline.FaultStatus, Status: 503, Scope: plumbline.ScopeAll}, TTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"a": 200, "b": 503} {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, urls[name], nil)
		if got, err := exchangeWith(transport(false, nil), req); err != nil || got.status != want {
			t.Errorf("%s answers %d, %v", name, got.status, err)
		}
	}
	s, err := all.Status(t.Context())
	if err != nil || len(s.Wires) != 2 || len(s.Leases) != 1 {
		t.Errorf("status %+v, %v", s, err)
	}
	journalled(t, all, 2)
	if err := all.Renew(t.Context(), "x"); err != nil {
		t.Error(err)
	}
	if n, err := all.Hits(t.Context(), "x"); n != 1 || err != nil {
		t.Errorf("%d hits, %v", n, err)
	}
	if n, err := all.Heal(t.Context(), "x"); n != 1 || err != nil {
		t.Errorf("healed after %d hits, %v", n, err)
	}
	if err := all.Order(t.Context(), Order{ID: "y", Fault: plumbline.Fault{Dependency: "c"}, TTL: time.Minute}); err == nil {
		t.Error("a fault on no wire was taken")
	}
	if err := all.HealAll(t.Context()); err != nil {
		t.Error(err)
	}
}
