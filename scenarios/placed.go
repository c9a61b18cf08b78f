package scenarios

import (
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A stretch is one second of a series of which it is known how many requests
// it had, and only about how many of them were slow.
type stretch struct {
	second int
	n      int64
	slow   float64
}

// allot puts the slow requests of series whose threshold was not known when
// they were measured into their seconds, so that bursts of them count: the
// histogram of the whole says how many there were, the median, the 99th
// percentile and the slowest of each second about where. Without it a second
// in which everything stood still would look like bad luck spread evenly.
func allot(stretches []stretch, slow int64, perSecond map[int]tally) {
	sum := 0.0
	for _, s := range stretches {
		sum += s.slow
	}
	if sum == 0 {
		return
	}
	share, owed := float64(slow)/sum, 0.0
	for _, s := range stretches {
		owed += min(s.slow*share, float64(s.n))
		whole := int64(math.Round(owed))
		owed -= float64(whole)
		at := perSecond[s.second]
		at.bad = min(at.bad+max(0, whole), at.n)
		perSecond[s.second] = at
	}
}

// stretchesOf are the seconds of a series with how many of their requests took
// longer than the limit.
func stretchesOf(x plumbline.Series, limit time.Duration) []stretch {
	out := make([]stretch, 0, len(x.Slices))
	for _, s := range x.Slices {
		out = append(out, stretch{int(x.Began/time.Second) + s.Second, s.Count, float64(s.Count) * slowShare(s, limit)})
	}
	return out
}

// slowShare reads the share of requests above a limit off the three points of
// the distribution that a second has: between them latency and share go along
// a power law, as tails do, and below the median most is slow.
func slowShare(s plumbline.Slice, limit time.Duration) float64 {
	between := func(low, high time.Duration, atLow, atHigh float64) float64 {
		if high <= low || low <= 0 {
			return atLow
		}
		at := math.Log(float64(limit)/float64(low)) / math.Log(float64(high)/float64(low))
		return atLow * math.Pow(atHigh/atLow, at)
	}
	one := 1 / float64(max(s.Count, 1))
	switch {
	case limit >= s.Max:
		return 0
	case limit >= s.P99:
		return between(s.P99, s.Max, max(0.01, one), one)
	case limit >= s.P50:
		return between(s.P50, s.P99, 0.5, max(0.01, min(one, 0.5)))
	}
	return 1 - 0.5*math.Pow(float64(limit)/float64(s.P50), 3)
}
