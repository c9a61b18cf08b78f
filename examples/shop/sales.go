package shop

import (
	"context"
	"net/http"
	"sync"
)

// admin is the user who may see what was sold.
const admin = "alice"

// sales are what was sold since the process began.
type sales struct {
	mu            sync.Mutex
	orders, cents int
}

func (s *sales) add(cents int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders++
	s.cents += cents
}

func (s *sales) shown() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"orders": s.orders, "cents": s.cents}
}

// getSales tells the admin what was sold.
func (s *service) getSales(_ context.Context, _ *http.Request, user string) (int, any, error) {
	if user != admin && !s.mutant.is("bfla") {
		if s.mutant.is("forbidden-is-401") {
			return 0, nil, refuse(http.StatusUnauthorized, "only for admins")
		}
		return 0, nil, refuse(http.StatusForbidden, "only for admins")
	}
	return http.StatusOK, s.sales.shown(), nil
}
