package main

import (
	"context"
	"maps"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// nightsKept is how many good runs a night is held against.
const nightsKept = 10

// baselines are the latencies under load of the last good runs of the service
// on a machine of the same kind, as records of the run.
func baselines(ctx context.Context, where, service string, run plumbline.Run) ([]plumbline.Record, error) {
	if where == "" {
		return nil, nil
	}
	h, done, err := openHistory(ctx, where)
	if err != nil {
		return nil, err
	}
	defer done.drop()
	values := map[string][]float64{}
	for _, r := range h.Runs {
		if r.Service != service || !r.Good() || r.Facts["runner"] != run.Host || !r.Began.Before(run.Began) {
			continue
		}
		for op, v := range r.P99 {
			values[op] = append(values[op], v)
		}
	}
	var out []plumbline.Record
	for _, op := range slices.Sorted(maps.Keys(values)) {
		all := values[op]
		out = append(out, plumbline.Record{At: 1, Baseline: &plumbline.Baseline{Operation: op, Q: 0.99, Values: all[max(0, len(all)-nightsKept):]}})
	}
	return out, nil
}
