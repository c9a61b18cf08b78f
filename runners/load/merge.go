package load

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Merge adds up two exported histograms, of other streams, or of other
// generators. Where their bins differ the finer ones are kept.
func Merge(a, b []plumbline.Bin) []plumbline.Bin {
	out := make([]plumbline.Bin, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].UpTo < b[0].UpTo:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0].UpTo < a[0].UpTo:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, plumbline.Bin{UpTo: a[0].UpTo, Count: a[0].Count + b[0].Count})
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// Quantile is the smallest latency that a share q of the requests did not
// exceed. Zero when there were none.
func Quantile(bins []plumbline.Bin, q float64) time.Duration {
	total, sum := int64(0), int64(0)
	for _, b := range bins {
		total += b.Count
	}
	for _, b := range bins {
		if sum += b.Count; float64(sum) >= q*float64(total) {
			return b.UpTo
		}
	}
	return 0
}
