package shop

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
)

// nulls are what may stand in the place of the shop and keeps no promise of its
// design. Of the last three the answers are those of the shop.
func nulls() []Variant {
	// What holds of the shop whatever becomes of its dependencies.
	itself := []string{"auth/", "security/", "idempotency/", "data/", "obs/metrics-truthful", "deploy/", "http/", "api/", "load/"}
	// Who answers as the document has it, whatever is asked, does lose nothing when
	// instances go.
	abreast := []string{"deploy/rolling-restart", "deploy/instance-kill"}
	return []Variant{
		{Name: "always-200", What: "every request is answered 200 and {}", Null: true},
		{Name: "always-200-empty", What: "every request is answered 200 and nothing", Null: true},
		{Name: "always-404", What: "every request is answered 404 and nothing", Null: true},
		{Name: "always-503", What: "every request is answered 503 and nothing", Null: true},
		{Name: "echo", What: "every request is answered with its body", Null: true},
		{Name: "401-for-everything", What: "every request is answered 401", Null: true},
		{Name: "redirect-everything", What: "every request is sent on to /login", Null: true},
		{Name: "dead-port", What: "nobody listens", Null: true},
		{Name: "tarpit", What: "connections are taken, and nothing is answered", Null: true},
		{Name: "spec-example-mock", What: "every operation has one answer, as the document has it", Null: true, Kept: abreast},
		{Name: Stub, What: "plumbline stub answers, which remembers what it has made, and its keys", Null: true, Kept: []string{"idempotency/", "data/read-your-writes"}},
		{Name: AroundWires, What: "the shop calls its dependencies past the wires", Null: true, Kept: itself},
		{Name: "unused-dependency", What: "inventory, payment and recs are never called", Null: true, Kept: append([]string{"resilience/*/store", "resilience/startup-order"}, itself...)},
		{Name: "all-from-cache", What: "what was read once is answered for ever", Null: true, Kept: append([]string{"*/*/store", "*/*/inventory", "*/*/payment", "resilience/startup-order", "resilience/health-fast"}, itself...)},
	}
}

// inPlace serves what stands in the place of the shop, where a variant does.
func inPlace(ctx context.Context, l net.Listener, name string, ready func()) (served bool, err error) {
	switch name {
	case "dead-port":
		err = l.Close()
		ready()
		<-ctx.Done()
		return true, err
	case "tarpit":
		ready()
		return true, tarpit(ctx, l)
	}
	h := empty(name)
	if h == nil {
		return false, nil
	}
	ready()
	return true, serve(ctx, l, serverOf(h), false)
}

// tarpit takes connections and answers nothing.
func tarpit(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			return nil
		}
		go func() {
			defer func() { _ = conn.Close() }()
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
}

// empty is a server that answers everything alike; nil where none is called so.
func empty(name string) http.Handler {
	status, body := 0, ""
	switch name {
	case "always-200":
		status, body = http.StatusOK, "{}"
	case "always-200-empty":
		status = http.StatusOK
	case "always-404":
		status = http.StatusNotFound
	case "always-503":
		status = http.StatusServiceUnavailable
	case "401-for-everything":
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			refuse(http.StatusUnauthorized, "a bearer token is needed").write(w)
		})
	case "redirect-everything":
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) })
	case "echo":
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.Copy(w, r.Body)
		})
	case "spec-example-mock":
		return exampled()
	default:
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if body != "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// exampled has one answer for each operation of the document, whatever it is asked.
func exampled() http.Handler {
	const order = `{"id": "000000000000000000000001", "product_id": "p-1", "quantity": 2, "total": 2400, "status": "confirmed", "created_at": "2026-01-01T00:00:00Z"}`
	mux := http.NewServeMux()
	for pattern, body := range map[string]string{
		"GET /orders": `{"items": [` + order + `]}`, "GET /orders/{id}": order, "PUT /orders/{id}": order, "PATCH /orders/{id}": order,
		"GET /orders/{id}/invoice": `{"order_id": "000000000000000000000001", "receipt": "r-1", "amount": 2400, "currency": "EUR"}`,
		"GET /products":            `{"items": [{"id": "p-1", "name": "Plumb bob", "price": 1200}]}`,
		"GET /products/{id}":       `{"id": "p-1", "name": "Plumb bob", "price": 1200, "stock": 100, "recommendations": ["p-2"]}`,
		"GET /me":                  `{"name": "alice"}`, "GET /admin/sales": `{"orders": 1, "cents": 2400}`,
		"GET /livez": `{"status": "ok"}`, "GET /readyz": `{"status": "ok"}`,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, json.RawMessage(body)) })
	}
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusCreated, json.RawMessage(order)) })
	mux.HandleFunc("DELETE /orders/{id}", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusNoContent, nil) })
	return mux
}

// A kept answer is one that all-from-cache gives again.
type kept struct {
	status int
	header http.Header
	body   []byte
}

// fromCache answers what was read once as it was then.
func fromCache(h http.Handler) http.Handler {
	var all sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path == "/livez" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
			h.ServeHTTP(w, r)
			return
		}
		key := r.Header.Get("Authorization") + " " + r.URL.String()
		v, found := all.Load(key)
		if !found {
			said := httptest.NewRecorder()
			h.ServeHTTP(said, r)
			k := kept{said.Code, said.Header(), said.Body.Bytes()}
			if v = k; said.Code == http.StatusOK {
				all.Store(key, k)
			}
		}
		k := v.(kept) //nolint:forcetypeassert // nothing else is in it
		for name, values := range k.header {
			w.Header()[name] = values
		}
		w.WriteHeader(k.status)
		_, _ = w.Write(k.body)
	})
}

// unasked is what a dependency would have answered, where it is not called.
func unasked(name string) []byte {
	switch name {
	case "inventory":
		return []byte(`{"stock": 100, "held": 1, "released": 1}`)
	case "payment":
		return []byte(`{"receipt": "` + newID() + `"}`)
	}
	return []byte(`{"items": ["p-2", "p-3"]}`)
}
