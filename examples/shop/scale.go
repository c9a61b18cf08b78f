package shop

import (
	"context"
	"net/http"

	"golang.org/x/sync/errgroup"
)

// atScale are defects in how many calls are made, and over what.
func atScale() []Mutant {
	return []Mutant{
		{"n-plus-one", "recommendations are asked for once for each order of a list", "load/call-budget", []string{"load/slo-at-target", "resilience/bulkhead-isolates", "resilience/dependency-map"}},
		{"one-after-the-other", "a product asks for recommendations when it has the stock", "load/fanout-parallel", nil},
		{"connection-each-time", "each call to payment opens a connection", "load/outbound-reuse", nil},
	}
}

// decorated is a defect: it asks for recommendations for each order of a list
// by itself, and does without those that fail.
func (s *service) decorated(ctx context.Context, orders []any) {
	if !s.mutant.is("n-plus-one") {
		return
	}
	var all errgroup.Group
	for range orders {
		all.Go(func() error {
			var found struct{ Items []string }
			_ = s.recs.call(ctx, request{method: http.MethodGet, path: "/recommendations/" + catalogue()[0].ID}, &found)
			return nil
		})
	}
	_ = all.Wait()
}
