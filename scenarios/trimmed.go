package scenarios

import (
	"math"
	"slices"
	"time"
)

const (
	trimmedShare = 0.05 // left out at each end: a machine that stood still for once says nothing
	trimmedSure  = 1.96 // standard errors on each side: 95 %
)

// A trimmed is the mean of durations without those at both ends, and its standard
// error as a share of it (Tukey and McLaughlin 1963).
type trimmed struct {
	mean   time.Duration
	spread float64
}

func trimmedOf(durations []time.Duration) trimmed {
	all := slices.Sorted(slices.Values(durations))
	cut := int(trimmedShare * float64(len(all)))
	kept := all[cut : len(all)-cut]
	sum, n := 0.0, float64(len(kept))
	for _, d := range kept {
		sum += float64(d)
	}
	// Winsorized: what was left out counts as the nearest that was not.
	squares, center, whole := 0.0, 0.0, float64(len(all))
	drawn := func(i int) float64 { return float64(all[min(max(i, cut), len(all)-cut-1)]) }
	for i := range all {
		center += drawn(i) / whole
	}
	for i := range all {
		squares += (drawn(i) - center) * (drawn(i) - center)
	}
	mean := max(sum/n, 1)
	deviation := math.Sqrt(squares / (whole - 1))
	return trimmed{time.Duration(mean), deviation / ((1 - 2*trimmedShare) * math.Sqrt(whole)) / mean}
}

// over is the ratio of two means, and the upper end of its interval, by the error
// of its logarithm.
func (t trimmed) over(was trimmed) (ratio, high float64) {
	ratio = float64(t.mean) / float64(was.mean)
	return ratio, ratio * math.Exp(trimmedSure*math.Hypot(t.spread, was.spread))
}
