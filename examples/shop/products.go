package shop

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"
)

func (s *service) listProducts(context.Context, *http.Request, string) (int, any, error) {
	if !s.mutant.is("undeclared-field") {
		return http.StatusOK, map[string]any{"items": catalogue()}, nil
	}
	items := []any{}
	for _, p := range catalogue() {
		items = append(items, map[string]any{"id": p.ID, "name": p.Name, "price": p.Price, "supplier": "s-1"})
	}
	return http.StatusOK, map[string]any{"items": items}, nil
}

// getProduct asks for stock and recommendations at once. It does without
// recommendations, and says so.
func (s *service) getProduct(ctx context.Context, r *http.Request, _ string) (int, any, error) {
	p, ok := product(r.PathValue("productId"))
	if !ok {
		return 0, nil, refuse(http.StatusNotFound, "no such product")
	}
	var stock struct{ Stock int }
	var found []string
	var lost error
	both, within := errgroup.WithContext(ctx)
	if s.mutant.is("one-after-the-other") {
		both.SetLimit(1)
	}
	both.Go(func() error {
		return s.inventory.call(within, request{method: http.MethodGet, path: "/stock/" + p.ID}, &stock)
	})
	both.Go(func() error {
		found, lost = s.recommend(within, p.ID)
		if s.mutant.is("optional-is-critical") {
			return lost
		}
		return nil
	})
	if err := both.Wait(); err != nil {
		return 0, nil, err
	}
	page := map[string]any{"id": p.ID, "name": p.Name, "price": p.Price, "stock": stock.Stock, "recommendations": found}
	if lost != nil || found == nil {
		page["recommendations"], page["degraded"] = []string{}, true
	}
	return http.StatusOK, page, nil
}
