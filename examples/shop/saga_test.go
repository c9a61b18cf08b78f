package shop

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// left waits until the stock of the limited product is what is wanted, for it is
// given back in the background; it returns what it is in the end.
func (s *system) left(t *testing.T, want int) string {
	t.Helper()
	body := ""
	for over := time.Now().Add(10 * time.Second); time.Now().Before(over); {
		if _, body = s.ask(t, "a", "GET /products/p-4"); strings.Contains(body, fmt.Sprintf(`"stock":%d,`, want)) || strings.Contains(body, fmt.Sprintf(`"stock":%d}`, want)) {
			return ""
		}
	}
	return body
}

func TestThereIsOnlySoMuchOfTheLimitedProduct(t *testing.T) {
	s := started(t, "")
	var mu sync.Mutex
	got := map[int]int{}
	ids := []string{}
	var wg sync.WaitGroup
	for range 3 * plenty / 10 {
		wg.Go(func() {
			status, body := s.ask(t, "a", `POST /orders {"product_id":"p-4","quantity":10}`)
			mu.Lock()
			defer mu.Unlock()
			if got[status]++; status == http.StatusCreated {
				_, id, _ := strings.Cut(body, `"id":"`)
				ids = append(ids, id[:24])
			}
		})
	}
	wg.Wait()
	if got[http.StatusCreated] != plenty/10 || got[http.StatusConflict] != 2*plenty/10 {
		t.Errorf("%v", got)
	}
	if body := s.left(t, 0); body != "" {
		t.Error(body)
	}
	s.ask(t, "a", "DELETE /orders/"+ids[0])
	if body := s.left(t, 10); body != "" {
		t.Error(body)
	}
}

// What an order that failed had reserved is given back, unless the shop has the
// defect not to.
func TestAnOrderThatFailsIsUndone(t *testing.T) {
	for mutant, want := range map[string]int{"": plenty, "saga-no-compensation": plenty - 1, "saga-ignores-timeout": plenty} {
		s := started(t, mutant)
		s.broken.Store(true)
		if status, body := s.ask(t, "a", `POST /orders {"product_id":"p-4","quantity":1}`); status != http.StatusServiceUnavailable {
			t.Errorf("%d %s", status, body)
		}
		if body := s.left(t, want); body != "" {
			t.Errorf("%q: %s", mutant, body)
		}
	}
}
