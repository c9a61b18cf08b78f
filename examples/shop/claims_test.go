package shop

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A key makes one order of duplicates, refuses another body, and is the caller's
// own; each defect breaks its part of that.
func TestKeys(t *testing.T) {
	const one, two = `POST /orders {"product_id":"p-1","quantity":1}`, `POST /orders {"product_id":"p-1","quantity":2}`
	for _, c := range []struct {
		mutant         string
		replayed, kept bool
		mismatch       int
		scoped         bool
	}{
		{"", true, true, http.StatusUnprocessableEntity, true},
		{"idempotency-key-ignored", false, true, http.StatusCreated, true},
		{"key-mismatch-accepted", true, true, http.StatusCreated, true},
		{"key-not-scoped", true, true, http.StatusUnprocessableEntity, false},
	} {
		s := started(t, c.mutant)
		_, first := s.ask(t, "a", one, "Idempotency-Key", "k-1")
		_, second := s.ask(t, "a", one, "Idempotency-Key", "k-1")
		_, other := s.ask(t, "a", one, "Idempotency-Key", "k-2")
		mismatch, _ := s.ask(t, "a", two, "Idempotency-Key", "k-1")
		_, stranger := s.ask(t, "b", one, "Idempotency-Key", "k-1")
		if (first == second) != c.replayed || first == other || mismatch != c.mismatch || (stranger != first) != c.scoped {
			t.Errorf("%q: replayed %t, mismatch %d, scoped %t", c.mutant, first == second, mismatch, stranger != first)
		}
	}
}

func TestDuplicatesMeet(t *testing.T) {
	s := started(t, "")
	var mu sync.Mutex
	var wg sync.WaitGroup
	made := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			status, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`, "Idempotency-Key", "k-1")
			mu.Lock()
			defer mu.Unlock()
			if status == http.StatusCreated {
				made[body] = true
			} else if status != http.StatusConflict {
				t.Errorf("%d: %s", status, body)
			}
		})
	}
	wg.Wait()
	if len(made) != 1 || s.charges.Load() != 1 {
		t.Errorf("%d orders, %d charges", len(made), s.charges.Load())
	}
}

// A key whose request has failed can be used again.
func TestAFailedRequestGivesItsKeyUp(t *testing.T) {
	s := started(t, "")
	const one = `POST /orders {"product_id":"p-1","quantity":1}`
	s.broken.Store(true)
	if status, _ := s.ask(t, "a", one, "Idempotency-Key", "k-1"); status != http.StatusServiceUnavailable {
		t.Fatal(status)
	}
	s.broken.Store(false)
	if status, body := s.ask(t, "a", one, "Idempotency-Key", "k-1"); status != http.StatusCreated {
		t.Errorf("%d %s", status, body)
	}
}

func TestStaleWritesAreRefused(t *testing.T) {
	for mutant, want := range map[string]int{"": http.StatusPreconditionFailed, "if-match-ignored": http.StatusOK} {
		s := started(t, mutant)
		_, body := s.ask(t, "a", `POST /orders {"product_id":"p-1","quantity":1}`)
		_, id, _ := strings.Cut(body, `"id":"`)
		put := "PUT /orders/" + id[:24]
		if status, _ := s.ask(t, "a", put+` {"product_id":"p-1","quantity":2}`, "If-Match", `*`); status != http.StatusOK {
			t.Error(status)
		}
		if status, _ := s.ask(t, "a", put+` {"product_id":"p-1","quantity":3}`, "If-Match", `"0"`); status != want {
			t.Errorf("%q: %d", mutant, status)
		}
	}
}
