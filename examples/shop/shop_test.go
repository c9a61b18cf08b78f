package shop

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// A system is the shop in one process; the demo runs it as many.
type system struct {
	url     string
	charges atomic.Int64
	broken  atomic.Bool // payment answers 503
}

func started(t *testing.T, mutant string) *system {
	t.Helper()
	return startedAs(t, mutant, "")
}

func startedAs(t *testing.T, mutant, variant string) *system {
	t.Helper()
	s := &system{}
	payment := dependency("payment")
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	go func() { _ = serveStore(ctx, l, 0) }()
	env := map[string]string{
		"SHOP_MUTANT": mutant, "SHOP_VARIANT": variant, "SHOP_TOKENS": "alice=a,bob=b", "STORE_ADDR": l.Addr().String(),
		"INVENTORY_URL": serve(dependency("inventory")), "RECS_URL": serve(dependency("recs")),
		"PAYMENT_URL": serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.charges.Add(1)
			if s.broken.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			payment.ServeHTTP(w, r)
		})),
	}
	svc, err := newService(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	s.url = serve(svc.handler())
	return s
}

// ask sends a request as METHOD /path [body] and returns status and body.
func (s *system) ask(t *testing.T, token, line string, header ...string) (int, string) {
	t.Helper()
	parts := strings.SplitN(line, " ", 3)
	body := ""
	if len(parts) == 3 {
		body = parts[2]
	}
	req, err := http.NewRequestWithContext(t.Context(), parts[0], s.url+parts[1], strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

func TestShopIsRight(t *testing.T) {
	s := started(t, "")
	for _, c := range []struct {
		token, line string
		status      int
	}{
		{"a", `POST /orders {"product_id":"p-1","quantity":2}`, 201},
		{"a", `POST /orders {"product_id":"p-1","quantity":2.0}`, 201},
		{"a", `POST /orders {"product_id":"p-1","quantity":-1}`, 422},
		{"a", `POST /orders {"product_id":"p-1","quantity":1.5}`, 422},
		{"a", `POST /orders {"product_id":"p-9","quantity":1}`, 422},
		{"a", `POST /orders {"product_id":"p-1","quantity":1,"extra":1}`, 422},
		{"a", `POST /orders {"product_id":"p-1","quantity":1,"note":null}`, 422},
		{"a", `POST /orders [1]`, 422},
		{"a", `POST /orders {`, 400},
		{"", `POST /orders {"product_id":"p-1","quantity":2}`, 401},
		{"wrong", `GET /me`, 401},
		{"a", `GET /orders?limit=0`, 400},
		{"a", `GET /orders?limit=2`, 200},
		{"a", `GET /orders/0123456789abcdef01234567`, 404},
		{"a", `GET /orders?cursor=x`, 400},
		{"a", `PUT /orders/0123456789abcdef01234567 {"product_id":"p-1","quantity":2}`, 404},
		{"a", `PATCH /products/p-1 {}`, 405},
		{"a", `GET /nowhere`, 404},
		{"a", `GET /admin/sales`, 200},
		{"b", `GET /admin/sales`, 403},
		{"a", `GET /products/p-1`, 200},
		{"a", `GET /products/p-9`, 404},
		{"", `GET /livez`, 200},
		{"", `GET /readyz`, 200},
		{"", `GET /openapi.yaml`, 200},
	} {
		if got, body := s.ask(t, c.token, c.line); got != c.status {
			t.Errorf("%s: %d, want %d: %s", c.line, got, c.status, body)
		}
	}
}

func TestARepeatedOrderIsChargedOnce(t *testing.T) {
	s := started(t, "")
	_, first := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`, "Idempotency-Key", "k-1")
	status, second := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`, "Idempotency-Key", "k-1")
	if status != http.StatusCreated || first != second || s.charges.Load() != 1 {
		t.Errorf("%d, %d charges\n%s%s", status, s.charges.Load(), first, second)
	}
}

func TestAFailingPaymentIsTriedThreeTimesAndToldCleanly(t *testing.T) {
	s := started(t, "")
	s.broken.Store(true)
	status, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`)
	if status != http.StatusServiceUnavailable || s.charges.Load() > maxAttempts || strings.Contains(body, "127.0.0.1") {
		t.Errorf("%d after %d charges: %s", status, s.charges.Load(), body)
	}
}

func TestOrdersOfOthersAreNotShown(t *testing.T) {
	s := started(t, "")
	_, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`)
	_, id, _ := strings.Cut(body, `"id":"`)
	if status, body := s.ask(t, "b", "GET /orders/"+id[:24]); status != http.StatusNotFound {
		t.Errorf("%d: %s", status, body)
	}
}

// All orders are on some page, once, whatever the size of a page.
func TestPagesHoldEveryOrderOnce(t *testing.T) {
	s := started(t, "")
	for range 7 {
		s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`)
		s.ask(t, "b", `POST /orders {"product_id":"p-1","quantity":1}`)
	}
	for _, limit := range []string{"1", "3", "7", "100"} {
		seen := map[string]bool{}
		for next := ""; ; {
			_, body := s.ask(t, "a", "GET /orders?limit="+limit+next)
			var page struct {
				Items []struct{ ID string }
				Next  string
			}
			if err := json.Unmarshal([]byte(body), &page); err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Items {
				if seen[o.ID] {
					t.Errorf("limit %s: %s comes twice", limit, o.ID)
				}
				seen[o.ID] = true
			}
			if page.Next == "" {
				break
			}
			next = "&cursor=" + page.Next
		}
		if len(seen) != 7 {
			t.Errorf("limit %s: %d orders", limit, len(seen))
		}
	}
}

func TestOrdersAreReplacedAndPatched(t *testing.T) {
	s := started(t, "")
	_, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1,"note":"x"}`)
	_, id, _ := strings.Cut(body, `"id":"`)
	at := "/orders/" + id[:24]
	s.ask(t, "a", "PATCH "+at+` {"quantity":4}`, "Content-Type", "application/merge-patch+json")
	if _, body := s.ask(t, "a", "GET "+at); !strings.Contains(body, `"quantity":4`) || !strings.Contains(body, `"note":"x"`) {
		t.Error(body)
	}
	s.ask(t, "a", "PUT "+at+` {"product_id":"p-2","quantity":3}`)
	if _, body := s.ask(t, "a", "GET "+at); !strings.Contains(body, `"product_id":"p-2"`) || strings.Contains(body, "note") {
		t.Error(body)
	}
}

// Two defects need an order to show.
func TestDefectsOfOwnership(t *testing.T) {
	for _, c := range []struct {
		mutant, token, method, body string
		status                      int
		holds                       string
	}{
		{"", "b", "GET", "", 404, ""},
		{"bola", "b", "GET", "", 200, `"quantity":1`},
		{"tells-existence", "b", "GET", "", 403, ""},
		{"", "a", "PATCH", `{"quantity":2,"total":7}`, 422, ""},
		{"mass-assignment", "a", "PATCH", `{"quantity":2,"total":7,"created_at":"2001-02-03T04:05:06Z"}`, 200, `"total":7}`},
	} {
		s := started(t, c.mutant)
		_, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`)
		_, id, _ := strings.Cut(body, `"id":"`)
		status, body := s.ask(t, c.token, strings.TrimSpace(c.method+" /orders/"+id[:24]+" "+c.body), "Content-Type", "application/merge-patch+json")
		if status != c.status || !strings.Contains(body, c.holds) {
			t.Errorf("%q: %d %s", c.mutant, status, body)
		}
	}
}

// Each defect changes what it says, and only a known one can be switched on.
func TestMutants(t *testing.T) {
	for _, c := range []struct {
		mutant, token, line string
		status              int
		holds               string
	}{
		{"500-on-invalid-input", "a", `POST /orders {"product_id":"p-1","quantity":-1}`, 500, ""},
		{"response-type-drift", "a", `POST /orders {"product_id":"p-1","quantity":1}`, 201, `"total":"1200"`},
		{"bfla", "b", `GET /admin/sales`, 200, `"orders":0`},
		{"forbidden-is-401", "b", `GET /admin/sales`, 401, ""},
		{"tells-existence", "b", `GET /orders/0123456789abcdef01234567`, 404, ""},
		{"missing-401", "", `GET /orders/0123456789abcdef01234567/invoice`, 404, ""},
	} {
		if status, body := started(t, c.mutant).ask(t, c.token, c.line); status != c.status || !strings.Contains(body, c.holds) {
			t.Errorf("%s: %d %s", c.mutant, status, body)
		}
	}
	if _, err := newMutant("nonsense"); err == nil {
		t.Error("an unknown defect was switched on")
	}
	seen := map[string]bool{}
	for _, m := range Mutants() {
		if seen[m.Name] || m.Defect == "" || m.Caught == "" {
			t.Errorf("%+v", m)
		}
		seen[m.Name] = true
	}
}
