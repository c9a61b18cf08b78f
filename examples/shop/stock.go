package shop

import (
	"encoding/json"
	"net/http"
	"sync"
)

// plenty is how much there is of a product, and of the limited one in the
// beginning.
const plenty = 100

// A shelf is what the inventory knows of the limited product.
type shelf struct {
	mu       sync.Mutex
	left     int
	held     map[string]int  // by order
	released map[string]bool // orders: what arrives late for them holds nothing
}

// inventory serves GET /stock/{id}, and for the limited product
// PUT /reservations/{order}, DELETE of it, and PUT /stock/{id}, which corrects
// the count. All of them can be repeated without harm.
func inventory(mux *http.ServeMux) {
	s := &shelf{left: plenty, held: map[string]int{}, released: map[string]bool{}}
	mux.HandleFunc("GET /stock/{id}", func(w http.ResponseWriter, r *http.Request) {
		p, ok := product(r.PathValue("id"))
		if !ok {
			answer(w, http.StatusNotFound, map[string]any{"error": "unknown"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"id": p.ID, "stock": s.count(p.ID)})
	})
	mux.HandleFunc("PUT /stock/"+limited, func(w http.ResponseWriter, r *http.Request) {
		var c struct{ Stock int }
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || c.Stock < 0 {
			answer(w, http.StatusBadRequest, map[string]any{"error": "stock"})
			return
		}
		s.mu.Lock()
		s.left = c.Stock
		s.mu.Unlock()
		answer(w, http.StatusOK, map[string]any{"id": limited, "stock": c.Stock})
	})
	mux.HandleFunc("PUT /reservations/{order}", func(w http.ResponseWriter, r *http.Request) {
		var c struct {
			Product  string
			Quantity int
		}
		if err := json.NewDecoder(r.Body).Decode(&c); err != nil || c.Product != limited || c.Quantity < 1 {
			answer(w, http.StatusBadRequest, map[string]any{"error": "product, quantity"})
			return
		}
		if !s.hold(r.PathValue("order"), c.Quantity) {
			answer(w, http.StatusConflict, map[string]any{"error": "not enough"})
			return
		}
		answer(w, http.StatusOK, map[string]any{"held": c.Quantity})
	})
	mux.HandleFunc("DELETE /reservations/{order}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]any{"released": s.release(r.PathValue("order"))})
	})
}

func (s *shelf) count(id string) int {
	if id != limited {
		return plenty
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

// hold takes stock for an order, once.
func (s *shelf) hold(order string, quantity int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch _, has := s.held[order]; {
	case has:
		return true
	case s.released[order] || s.left < quantity:
		return false
	}
	s.left -= quantity
	s.held[order] = quantity
	return true
}

// release gives back what an order holds.
func (s *shelf) release(order string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.held[order]
	s.left += n
	delete(s.held, order)
	s.released[order] = true
	return n
}
