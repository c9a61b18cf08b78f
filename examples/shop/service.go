package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// A service is the orders service.
type service struct {
	mutant                   mutant
	inventory, payment, recs *dependencyClient
	store                    *store
	cache                    *cache // nil where there is none
	tokens                   *tokens
	limits                   *limits
	sales                    sales
	slots                    *semaphore.Weighted
	hot                      sync.Mutex
	work                     *work
	writes                   locks
	metrics                  *metrics
	gone, memory             sync.Map // used by defects alone, as the next
	flying                   atomic.Int64
	document                 []byte                 // of the API
	free                     atomic.Pointer[string] // ID of an order that was deleted, where it is given again
}

// mostInFlight bounds the requests at once; what is more is refused at once.
const mostInFlight = 512

func newService(env func(string) string) (*service, error) {
	m, err := newMutant(env("SHOP_MUTANT"))
	if err != nil {
		return nil, err
	}
	v, err := Named(env("SHOP_VARIANT"))
	if err != nil {
		return nil, err
	}
	m = m.variant(v)
	s := &service{
		mutant: m, store: newStore(env("STORE_ADDR"), m), cache: newCache(env("CACHE_ADDR"), m), slots: semaphore.NewWeighted(mostInFlight), metrics: newMetrics(m),
		inventory: newDependencyClient("inventory", env("INVENTORY_URL"), 900*time.Millisecond, m),
		payment:   newDependencyClient("payment", env("PAYMENT_URL"), 900*time.Millisecond, m),
		recs:      newDependencyClient("recs", env("RECS_URL"), 180*time.Millisecond, m),
	}
	if m.is("shared-breaker") {
		s.payment.breaker, s.recs.breaker = s.inventory.breaker, s.inventory.breaker
	}
	if s.work, err = newWork(env("SHOP_WORK"), m); err != nil {
		return nil, err
	}
	switch {
	case m.is("shared-pool-no-bulkhead"):
		s.slots = semaphore.NewWeighted(24)
	case m.unbounded():
		s.slots = semaphore.NewWeighted(1 << 40)
	}
	if s.limits, err = newLimits(env("SHOP_LIMITS"), m); err != nil {
		return nil, err
	}
	if s.document, err = documentOf(v); err != nil {
		return nil, err
	}
	s.tokens, err = newTokens(env("SHOP_TOKENS"), env("SHOP_JWT_KEY"), m)
	return s, err
}

// documentOf is the document of the API, as a variant has it.
func documentOf(v Variant) ([]byte, error) {
	data, err := fs.ReadFile(files, "openapi.yaml")
	if err != nil {
		return nil, err
	}
	return v.Document("openapi.yaml", data)
}

// An operation answers a request of a known caller.
type operation func(ctx context.Context, r *http.Request, user string) (status int, body any, err error)

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /orders", s.authenticated(s.createOrder))
	mux.Handle("GET /orders", s.authenticated(s.listOrders))
	mux.Handle("GET /orders/{orderId}", s.authenticated(s.getOrder))
	mux.Handle("PUT /orders/{orderId}", s.authenticated(s.replaceOrder))
	mux.Handle("PATCH /orders/{orderId}", s.authenticated(s.patchOrder))
	mux.Handle("DELETE /orders/{orderId}", s.authenticated(s.deleteOrder))
	mux.Handle("GET /products", s.authenticated(s.listProducts))
	mux.Handle("GET /products/{productId}", s.authenticated(s.getProduct))
	mux.Handle("GET /me", s.authenticated(func(_ context.Context, _ *http.Request, user string) (int, any, error) {
		return http.StatusOK, map[string]any{"name": user}, nil
	}))
	mux.Handle("GET /admin/sales", s.authenticated(s.getSales))
	invoice := s.authenticated(s.getInvoice)
	if s.mutant.is("missing-401") {
		invoice = s.bounded(func(ctx context.Context, r *http.Request) (int, any, error) { return s.getInvoice(ctx, r, "alice") })
	}
	mux.Handle("GET /orders/{orderId}/invoice", invoice)
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, r *http.Request) {
		s.line()
		if s.mutant.is("liveness-depends-on-db") && !s.ready(r.Context()) {
			refuse(http.StatusServiceUnavailable, "store").write(w)
			return
		}
		answer(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if !s.mutant.is("readiness-lies") && !s.mutant.is("readiness-independent") && !s.ready(r.Context()) {
			refuse(http.StatusServiceUnavailable, "the store does not answer").write(w)
			return
		}
		answer(w, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET /openapi.yaml", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "openapi.yaml", time.Time{}, bytes.NewReader(s.document))
	})
	if s.mutant.is("large-openapi") {
		s.shelved(mux)
	}
	if s.mutant.is("debug-left-on") {
		mux.HandleFunc("GET /debug/vars", func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, map[string]any{"cmdline": []string{"shop"}})
		})
	}
	return s.metrics.measured(mux, recovered(s.shaped(s.routed(mux))))
}

// line is a defect: liveness waits until few requests are in flight.
func (s *service) line() {
	const few, patience = 16, 5 * time.Second
	for began := time.Now(); s.mutant.is("liveness-waits-in-line") && s.flying.Load() > few && time.Since(began) < patience; {
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *service) ready(ctx context.Context) bool {
	_, err := s.store.do(ctx, "PING")
	return err == nil
}

func answer(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	if e, ok := body.(entity); ok {
		w.Header().Set("ETag", e.etag())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// bounded refuses what is more than the service can have in flight.
func (s *service) bounded(serve func(context.Context, *http.Request) (int, any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.mutant.is("shared-pool-no-bulkhead") {
			if s.slots.Acquire(r.Context(), 1) != nil {
				return
			}
		} else if s.unfit(r.Context()) || !s.slots.TryAcquire(1) {
			refuse(s.mutant.busy(), "too many requests in flight").write(w)
			return
		}
		defer s.slots.Release(1)
		s.flying.Add(1)
		defer s.flying.Add(-1)
		if s.mutant.is("slow-at-load") && r.Method == http.MethodGet {
			s.hot.Lock()
			time.Sleep(12 * time.Millisecond)
			s.hot.Unlock()
		}
		s.mutant.dawdle(r.Method)
		queued := time.Now()
		status, body, err := 0, any(nil), s.work.do(r.Context())
		if s.mutant.is("metrics-lie") {
			elide(r.Context(), queued)
		}
		if err == nil {
			ctx, end := within(continued(r.Context(), r.Header), r.Header)
			defer end()
			status, body, err = serve(ctx, r)
		}
		s.tell(w, r, status, body, err)
	})
}

// tell answers with what an operation came to.
func (s *service) tell(w http.ResponseWriter, r *http.Request, status int, body any, err error) {
	var p problem
	switch {
	case errors.As(err, &p):
		s.mutant.worded(p).write(w)
	case err != nil:
		s.failed(err).write(w)
	case s.current(w, r, status, body):
	default:
		answer(w, status, body)
	}
}

// authenticated asks who calls, before anything else is looked at.
func (s *service) authenticated(op operation) http.Handler {
	return s.bounded(func(ctx context.Context, r *http.Request) (int, any, error) {
		user, ok := s.tokens.caller(r)
		switch {
		case !ok:
			return 0, nil, refuse(http.StatusUnauthorized, "a bearer token is needed")
		case !s.limits.allow(r, user):
			return 0, nil, refuse(http.StatusTooManyRequests, "you may ask again in a while")
		}
		return op(ctx, r, user)
	})
}

// recovered turns a panic into a plain 500.
func recovered(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				quiet().Print(fmt.Sprint(p))
				refuse(http.StatusInternalServerError, "").write(w)
			}
		}()
		h.ServeHTTP(w, r)
	})
}
