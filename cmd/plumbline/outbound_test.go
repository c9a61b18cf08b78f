package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// rightCharge is what the sample system asks payment for.
const rightCharge = `{"order":"0123456789abcdef01234567","amount":1200}`

// What goes over a real wire to payment is held against its document and against
// the pact with it, and the journal tells which interactions were exercised.
func TestRequestsOnAWireAreHeldAgainstDocumentAndPact(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprint(w, `{"receipt":"r-1"}`)
	}))
	defer upstream.Close()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan wire.Addresses, 1), make(chan error, 1)
	go func() {
		w := wire.Wire{Name: "payment", Kind: plumbline.WireHTTP, Listen: "127.0.0.1:0", Upstream: upstream.URL}
		ended <- wire.Serve(ctx, wire.Config{Control: "127.0.0.1:0", Token: "t", Wires: []wire.Wire{w}}, func(a wire.Addresses) { ready <- a })
	}()
	at := <-ready
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	dep := plumbline.Dependency{
		Name: "payment", Wire: plumbline.WireHTTP, OpenAPI: "../../examples/shop/payment.yaml", Pacts: []string{"../../examples/shop/pacts/payment.json"},
	}
	s := &session{design: plumbline.Design{Dependencies: []plumbline.Dependency{dep}}}
	if err := s.agree(); err != nil {
		t.Fatal(err)
	}
	client := &wire.Client{Addr: at.Control, Token: "t"}
	if err := client.Sync(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	const run = "a1b2c3d4e5f6"
	c := &carrier{design: s.design}
	c.Runner = &runners.Runner{Run: plumbline.Run{ID: run}}
	if err := c.watchWires(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		method, path, key, body string
		agreed                  string
		marks                   string
	}{
		"right":           {"POST", "/charge", "k1", rightCharge, "an order is charged once", ""},
		"a text":          {"POST", "/charge", "k2", strings.Replace(rightCharge, "1200", `"1200"`, 1), "", "body body"},
		"only by pact":    {"POST", "/charge", "k3", strings.Replace(rightCharge, "0123456789abcdef01234567", "o-1", 1), "", "body"},
		"without the key": {"POST", "/charge", "", rightCharge, "", "unagreed"},
		"another path":    {"GET", "/refunds/1", "", "", "", "operation unagreed"},
	} {
		send(t, run, x.method+" http://"+at.Wires["payment"]+x.path, x.key, x.body)
		got := awaitExchange(t, client)
		var kinds []string
		for _, m := range got.Marks {
			kinds = append(kinds, string(m.Kind))
		}
		if strings.Join(got.Agreed, ",") != x.agreed || strings.Join(kinds, " ") != x.marks {
			t.Errorf("%s: agreed %q, marks %+v; want %q, %s", name, got.Agreed, got.Marks, x.agreed, x.marks)
		}
	}
}

func send(t *testing.T, run, line, key, body string) {
	t.Helper()
	method, address, _ := strings.Cut(line, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Traceparent", "00-"+run+"00010001000000000001-0001000000000001-01")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
}

// awaitExchange waits for the next entry of the journal.
func awaitExchange(t *testing.T, c *wire.Client) plumbline.Exchange {
	t.Helper()
	for over := time.Now().Add(10 * time.Second); time.Now().Before(over); {
		got, err := c.Exchanges(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 {
			return got[0]
		}
	}
	t.Fatal("nothing was journalled")
	return plumbline.Exchange{}
}
