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
// on a machine of the same kind, and how many runs there are, as records of the
// run.
func baselines(ctx context.Context, where, service string, run plumbline.Run) ([]plumbline.Record, error) {
	if where == "" {
		return nil, nil
	}
	h, done, err := openHistory(ctx, where)
	if err != nil {
		return nil, err
	}
	defer done.drop()
	values, nights := map[string][]float64{}, plumbline.Nights{}
	for _, r := range h.Runs {
		if r.Service != service || r.Ignored || !r.Began.Before(run.Began) {
			continue
		}
		if nights.Runs++; !r.Good() {
			continue
		}
		if nights.Good++; r.Facts["runner"] != run.Host {
			continue
		}
		nights.Alike++
		for op, v := range r.P99 {
			values[op] = append(values[op], v)
		}
	}
	out := []plumbline.Record{{At: 1, Nights: &nights}}
	for _, op := range slices.Sorted(maps.Keys(values)) {
		all := values[op]
		out = append(out, plumbline.Record{At: 1, Baseline: &plumbline.Baseline{Operation: op, Q: 0.99, Values: all[max(0, len(all)-nightsKept):]}})
	}
	return out, nil
}
