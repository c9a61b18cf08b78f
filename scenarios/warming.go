package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// When the beginning of a judged load counts as warming up, beyond the phase
// that is there for it. TestWarmingIsSeldomSeenWhereNoneIs plays what these let
// through.
const (
	warmingLeast   = 12   // seconds of the whole
	warmingMost    = 0.25 // of them, at most, are left out
	warmingSlower  = 1.3  // times the median of the rest
	warmingScore   = 2.2  // of the ranks of the beginning, one-sided
	warmingBusier  = 1.15 // times the requests a second of the rest: what is busier is slower for that
	warmingShortly = 2    // seconds, at least: one slow second is a pause and no warming up
)

// A warming is the beginning of a judged load in which the service was still
// getting quicker.
type warming struct {
	seconds     int // of all
	all         int
	first, then time.Duration // medians of the medians of the seconds
	began       int           // second of the run
}

// warmingOf finds where an objective's operations stop getting quicker: the
// truncation by which the standard error of what is left of the medians of the seconds is
// least (MSER, White 1997), bounded, and only where the beginning is slower
// beyond chance and by a third, and was not asked for more.
func warmingOf(series []plumbline.Series) (w warming, ok bool) {
	counts, medians, began, ok := secondsOf(series)
	n := len(medians)
	if !ok || n < warmingLeast {
		return w, false
	}
	cut := truncation(medians, int(warmingMost*float64(n)))
	if cut < warmingShortly {
		return w, false
	}
	head, rest := medians[:cut], medians[cut:]
	first, then := middle(head), middle(rest)
	switch {
	case first < warmingSlower*then, rankScore(head, rest)/math.Sqrt(wandering(rest)) < warmingScore:
		return w, false
	case middle(counts[:cut]) > warmingBusier*middle(counts[cut:]):
		return w, false
	}
	return warming{seconds: cut, all: n, first: seconds(first), then: seconds(then), began: began}, true
}

// secondsOf are the requests of each second that were served, and the mean of
// the medians of their operations in it, in seconds. A second without any has
// the median of the one before it.
func secondsOf(series []plumbline.Series) (counts, medians []float64, began int, ok bool) {
	began = math.MaxInt
	last := 0
	type sum struct{ n, weighted float64 }
	at := map[int]sum{}
	for _, x := range series {
		if !serves(x) {
			continue
		}
		for _, s := range x.Slices {
			k := int(x.Began/time.Second) + s.Second
			at[k] = sum{at[k].n + float64(s.Count), at[k].weighted + float64(s.Count)*s.P50.Seconds()}
			began, last = min(began, k), max(last, k)
		}
	}
	if len(at) == 0 {
		return nil, nil, 0, false
	}
	for k := began; k <= last; k++ {
		s := at[k]
		counts = append(counts, s.n)
		switch {
		case s.n > 0:
			medians = append(medians, s.weighted/s.n)
		default:
			medians = append(medians, medians[len(medians)-1])
		}
	}
	return counts, medians, began, true
}

// truncation is how many values at the beginning have to go so that the
// standard error of the mean of the rest is least, of at most so many.
func truncation(values []float64, most int) int {
	best, least := 0, math.Inf(1)
	for d := 0; d <= most; d++ {
		rest := values[d:]
		mean := 0.0
		for _, v := range rest {
			mean += v / float64(len(rest))
		}
		square := 0.0
		for _, v := range rest {
			square += (v - mean) * (v - mean)
		}
		if err := square / float64(len(rest)*len(rest)); err < least {
			best, least = d, err
		}
	}
	return best
}

// rankScore is how far the values of one sample rank above those of another, in
// standard deviations of what chance would do (Mann and Whitney 1947).
func rankScore(high, low []float64) float64 {
	u := 0.0
	for _, h := range high {
		for _, l := range low {
			switch {
			case h > l:
				u++
			case h == l:
				u += 0.5
			}
		}
	}
	n, m := float64(len(high)), float64(len(low))
	return (u - n*m/2) / math.Sqrt(n*m*(n+m+1)/12)
}

// wandering is how many times the variance of a mean is that of independent
// values, by how much each second resembles the one before it; never below 1.
func wandering(values []float64) float64 {
	mean := 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	square, product := 0.0, 0.0
	for i, v := range values {
		square += (v - mean) * (v - mean)
		if i > 0 {
			product += (v - mean) * (values[i-1] - mean)
		}
	}
	if square == 0 || product <= 0 {
		return 1
	}
	r := min(product/square, 0.9)
	return (1 + r) / (1 - r)
}

// without is the service without what was served, soon or late, while it warmed
// up. What was not served then is never left out. It is not ok when the answers
// of single seconds are not known exactly.
func (w warming) without(s service, series []plumbline.Series, o plumbline.Objective) (out service, n, slow int64, ok bool) {
	left := map[int]tally{}
	for i, at := range s.at {
		left[at] = s.seconds[i]
	}
	for _, x := range series {
		if !serves(x) {
			continue
		}
		_, threshold := s.goodOf(x, o)
		seen := int64(0)
		for _, slice := range x.Slices {
			seen += slice.Count
			at := int(x.Began/time.Second) + slice.Second
			if at >= w.began+w.seconds {
				continue
			}
			if threshold < 0 || threshold >= len(slice.Within) {
				return s, 0, 0, false
			}
			late := slice.Count - slice.Within[threshold]
			n, slow = n+slice.Count, slow+late
			left[at] = tally{left[at].n - slice.Count, left[at].bad - late}
		}
		if seen != x.Count {
			return s, 0, 0, false
		}
	}
	out = s
	out.warming = w
	out.total = tally{s.total.n - n, s.total.bad - slow}
	out.seconds, out.at = nil, nil
	for _, at := range sortedInts(left) {
		if left[at].n > 0 {
			out.seconds, out.at = append(out.seconds, left[at]), append(out.at, at)
		}
	}
	return out, n, slow, true
}

// warmed is the verdict on a latency where the service still warmed up when it
// began to be judged. What is missed with that time is never kept without it:
// it is then inconclusive. What could not be decided may be. The service is
// that by which it was decided.
func (s *service) warmed(v plumbline.Verdict, o plumbline.Objective, e *plumbline.Evidence, answered map[string]bool) (plumbline.Verdict, *service) {
	if o.Within == 0 || v.Outcome != plumbline.Fail && v.Reason != plumbline.ReasonUndecided || v.Unit == "" {
		return v, s
	}
	series := slices.DeleteFunc(judgedSeries(e, o), func(x plumbline.Series) bool { return !answered[x.Operation] })
	w, ok := warmingOf(series)
	if !ok {
		return v, s
	}
	rest, n, slow, ok := w.without(*s, series, o)
	if !ok {
		return v, s
	}
	got := decideProportion(rest.total.bad, rest.total.n, o.ErrorBudget(), confidenceOf(o), dispersion(rest.seconds))
	told := fmt.Sprintf("in the first %d s of %d, with %d requests of which %d were late, it still warmed up (median %s, then %s)", w.seconds, w.all, n, slow, readable(w.first), readable(w.then))
	switch {
	case v.Outcome == plumbline.Fail && got.outcome == plumbline.Fail:
		v.Statement += "; " + told + ", and it is missed without that time as well"
	case v.Outcome == plumbline.Fail:
		v = inconclusive(plumbline.ReasonUndecided, "%s; %s, and without that time it is not missed", v.Statement, told)
		v.Remedy = "let it warm up for longer: a fifth of load.duration is left for that"
		s.warming = w
	case got.outcome == plumbline.Pass:
		kept := rest.judge(o, e)
		if kept.Outcome != plumbline.Pass {
			return v, s
		}
		kept.Statement += "; " + told + ", and that time is left out"
		return kept, &rest
	}
	return v, s
}
