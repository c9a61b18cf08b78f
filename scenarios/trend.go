package scenarios

import (
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// What counts as growth: the trend of the medians from second to second is no
// chance (Mann 1945, Kendall 1975: 3.3 is one in a thousand), and the last third
// is well above the first.
const (
	trendScore = 3.3
	trendLeast = 5 * time.Millisecond
	trendShare = 0.3
	trendPace  = 0.01 // seconds a second: what a queue grows by at one per cent too much
	trendFirst = 6    // seconds below which nothing is said
)

// medians are the medians of good answers of each second, weighted over the
// operations, in order.
func medians(own *plumbline.Evidence) []float64 {
	type second struct{ sum, n float64 }
	all := map[int]second{}
	for _, x := range own.Series {
		if x.Class != "2xx" && x.Class != "3xx" {
			continue
		}
		for _, s := range x.Slices {
			at := int(x.Began/time.Second) + s.Second
			all[at] = second{all[at].sum + s.P50.Seconds()*float64(s.Count), all[at].n + float64(s.Count)}
		}
	}
	var out []float64
	for _, at := range sortedInts(all) {
		out = append(out, all[at].sum/all[at].n)
	}
	return out
}

// growing tells whether values, a second apart, grow, and by how much in each
// second (the median of all slopes: Theil 1950, Sen 1968).
func growing(values []float64) (slope float64, ok bool) {
	n := len(values)
	if n < trendFirst {
		return 0, false
	}
	third := n / 3
	first, last := middle(values[:third]), middle(values[n-third:])
	rise := last - first
	if mannKendall(values) < trendScore || rise < max(trendLeast.Seconds(), min(trendShare*first, trendPace*float64(n))) {
		return 0, false
	}
	return theilSen(values), true
}

// mannKendall is the standardised score of a rising trend.
func mannKendall(values []float64) float64 {
	n, s := float64(len(values)), 0.0
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			switch {
			case values[j] > values[i]:
				s++
			case values[j] < values[i]:
				s--
			}
		}
	}
	return (s - math.Copysign(1, s)) / math.Sqrt(n*(n-1)*(2*n+5)/18)
}

// theilSen is the median of the slopes between all pairs of values.
func theilSen(values []float64) float64 {
	var slopes []float64
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			slopes = append(slopes, (values[j]-values[i])/float64(j-i))
		}
	}
	return middle(slopes)
}

// middle is the median of numbers, the mean of two; zero of none.
func middle(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// meanOf is the mean of numbers with its standard error.
func meanOf(values []float64) (mean, deviation float64) {
	n := float64(len(values))
	if n == 0 {
		return 0, 0
	}
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation/max(1, n-1)) / math.Sqrt(n)
}
