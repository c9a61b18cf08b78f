package scenarios

import (
	"cmp"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/plumbline-dev/plumbline"
)

// confident is the one-sided confidence of every decision for which nothing
// else is declared.
const confident = 0.95

// undecided is the third answer of decideProportion: the interval straddles
// the limit, so that the sample proves neither side.
const undecided plumbline.Outcome = "undecided"

// neededLimit is the number of requests above which asking for more is not an
// answer any more.
const neededLimit = 1e8

// A decision is the answer of decideProportion.
type decision struct {
	outcome      plumbline.Outcome // plumbline.Pass, plumbline.Fail or undecided
	lower, upper float64           // one-sided bounds of the true bad share, each at the confidence asked for
	// needed is how many requests in all would decide if the bad share stayed
	// as it was seen; the sample size itself when it has decided, and zero when
	// no sample of a sensible size would.
	needed int
	// effective is the sample size once bursts are accounted for.
	effective float64
}

// decideProportion says whether the true share of bad requests is below the
// limit (pass), above it (fail), or cannot be told from the sample. It uses
// the exact one-sided binomial bounds of Clopper and Pearson (1934) on a
// sample made smaller by the dispersion phi (see dispersion; 1 for
// independent requests). Without any request nothing is decided.
func decideProportion(bad, n int64, limit, confidence, phi float64) decision {
	phi = max(phi, 1)
	d := settle(float64(bad)/phi, float64(n)/phi, limit, confidence)
	if n == 0 {
		d.needed = zeroErrorNeeded(1-limit, confidence)
		return d
	}
	d.needed = int(n)
	if d.outcome != undecided {
		return d
	}
	d.needed = neededAt(float64(bad)/float64(n), limit, confidence, phi, n)
	return d
}

// settle is decideProportion without dispersion; bad and n may be fractions.
func settle(bad, n, limit, confidence float64) decision {
	d := decision{outcome: undecided, effective: n}
	d.lower, d.upper = clopperPearson(bad, n, confidence)
	switch {
	case n == 0:
	case d.upper < limit:
		d.outcome = plumbline.Pass
	case d.lower > limit:
		d.outcome = plumbline.Fail
	}
	return d
}

// neededAt finds by bisection the smallest sample above n that decides at the
// given share of bad requests.
func neededAt(share, limit, confidence, phi float64, n int64) int {
	settled := func(n float64) bool {
		return settle(share*n/phi, n/phi, limit, confidence).outcome != undecided
	}
	low, high := float64(n), 2*float64(n)
	for !settled(high) {
		if high > neededLimit {
			return 0
		}
		low, high = high, 2*high
	}
	for high-low > 1 {
		mid := math.Floor((low + high) / 2)
		if settled(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return int(math.Ceil(high))
}

// clopperPearson returns the exact lower and upper bound of a proportion, each
// one-sided at the confidence. Fractions are allowed, as the effective size of
// a sample is one. An empty sample bounds nothing.
func clopperPearson(bad, n, confidence float64) (lower, upper float64) {
	lower, upper = 0, 1
	if bad > 0 {
		lower = distuv.Beta{Alpha: bad, Beta: n - bad + 1}.Quantile(1 - confidence)
	}
	if bad < n {
		upper = distuv.Beta{Alpha: bad + 1, Beta: n - bad}.Quantile(confidence)
	}
	return lower, upper
}

// wilson returns the lower and upper bound of a proportion by Wilson's score
// interval (1927), each one-sided at 95 %. It is closer to the
// observed ratio than clopperPearson and meant for small samples of which no
// gate hangs. An empty sample bounds nothing.
func wilson(bad, n int64) (lower, upper float64) {
	if n == 0 {
		return 0, 1
	}
	z := distuv.UnitNormal.Quantile(confident)
	size, p := float64(n), float64(bad)/float64(n)
	center := p + z*z/(2*size)
	margin := z * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	norm := 1 + z*z/size
	return max(0, (center-margin)/norm), min(1, (center+margin)/norm)
}

// A tally counts requests and how many of them were bad.
type tally struct{ n, bad int64 }

// dispersion estimates how much burstier the bad requests came than
// independent ones would: Pearson's χ² over the slices, divided by its degrees
// of freedom, and never below 1. A sample of n requests is worth n/φ.
func dispersion(parts []tally) float64 {
	var all tally
	k := 0
	for _, s := range parts {
		if s.n > 0 {
			k++
		}
		all.n += s.n
		all.bad += s.bad
	}
	if k < 2 || all.bad == 0 || all.bad >= all.n {
		return 1
	}
	p := float64(all.bad) / float64(all.n)
	chi := 0.0
	for _, s := range parts {
		if s.n > 0 {
			expected := float64(s.n) * p
			chi += (float64(s.bad) - expected) * (float64(s.bad) - expected) / (expected * (1 - p))
		}
	}
	return max(1, chi/float64(k-1))
}

// zeroErrorNeeded is the least number of requests, all of them good, that
// proves the target at the confidence: 59 for 95 %, 299 for 99 %, 2995 for
// 99.9 %, at 0.95.
func zeroErrorNeeded(target, confidence float64) int {
	if target <= 0 || target >= 1 {
		return 0
	}
	return int(math.Ceil(math.Log(1-confidence) / math.Log(target)))
}

// powerNeeded is the number of requests that proves the target with about
// 92 % power when the service spends half of its error budget.
func powerNeeded(target float64) int { return int(math.Ceil(30/(1-target) - 1e-9)) }

// A quantileInterval is a latency quantile with its two-sided 95 % interval by
// order statistics.
type quantileInterval struct {
	value, low time.Duration
	high       time.Duration // zero when the sample is too small to bound it
	samples    int64
}

// quantileOf returns a quantile of durations in ascending order, with its
// interval. It makes no assumption about the distribution.
func quantileOf(sorted []time.Duration, q float64) quantileInterval {
	return quantileBy(int64(len(sorted)), q, func(rank int64) time.Duration { return sorted[rank-1] })
}

// quantileOfBins is quantileOf for a histogram in ascending order; each
// duration is reported as the upper edge of its bin.
func quantileOfBins(bins []plumbline.Bin, q float64) quantileInterval {
	n := int64(0)
	for _, b := range bins {
		n += b.Count
	}
	return quantileBy(n, q, func(rank int64) time.Duration {
		for _, b := range bins {
			if rank -= b.Count; rank <= 0 {
				return b.UpTo
			}
		}
		return 0
	})
}

func quantileBy(n int64, q float64, at func(rank int64) time.Duration) quantileInterval {
	if n == 0 {
		return quantileInterval{}
	}
	x := quantileInterval{samples: n, value: at(min(n, max(1, int64(math.Ceil(q*float64(n)-1e-9)))))}
	low, high := quantileRanks(n, q)
	x.low = at(max(1, low))
	if high <= n {
		x.high = at(high)
	}
	return x
}

// quantileRanks returns the ranks, from 1, between which the q-quantile lies
// with 95 % confidence. A low rank of zero, or a high rank above n, means that
// the sample does not bound it on that side.
func quantileRanks(n int64, q float64) (low, high int64) {
	const tail = 0.025
	below := distuv.Binomial{N: float64(n), P: q}
	// The quantile is below the r-th value when fewer than r samples are below it.
	high = firstRank(n, func(r int64) bool { return below.CDF(float64(r-1)) >= 1-tail })
	low = firstRank(n, func(r int64) bool { return below.CDF(float64(r-1)) > tail }) - 1
	return low, high
}

// firstRank is the lowest rank in [1, n] for which a monotonic condition
// holds, or n+1.
func firstRank(n int64, holds func(int64) bool) int64 {
	low, high := int64(1), n+1
	for low < high {
		if mid := low + (high-low)/2; holds(mid) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// median is the middle duration, the lower of two; zero of none. The argument
// need not be sorted and is left alone.
func median(durations []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(durations))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)-1)/2]
}

// spread is the relative width of durations, (p90 − p10) / p50: near zero for
// a fixed interval, 0.10 and more for a jittered one. It is zero for fewer
// than two durations.
func spread(durations []time.Duration) float64 {
	sorted := slices.Sorted(slices.Values(durations))
	if len(sorted) < 2 {
		return 0
	}
	p10, p50, p90 := quantileOf(sorted, 0.1).value, quantileOf(sorted, 0.5).value, quantileOf(sorted, 0.9).value
	if p50 == 0 {
		return 0
	}
	return float64(p90-p10) / float64(p50)
}

// mergedBins puts bins of several histograms in ascending order and joins
// those that end at the same latency. The argument is left alone.
func mergedBins(bins []plumbline.Bin) []plumbline.Bin {
	sorted := slices.SortedFunc(slices.Values(bins), func(a, b plumbline.Bin) int { return cmp.Compare(a.UpTo, b.UpTo) })
	var out []plumbline.Bin
	for _, b := range sorted {
		if n := len(out); n > 0 && out[n-1].UpTo == b.UpTo {
			out[n-1].Count += b.Count
			continue
		}
		out = append(out, b)
	}
	return out
}
