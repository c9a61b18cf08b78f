package history

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
)

// What counts as a shift.
const (
	shiftLevel  = 0.05 // of the shifts that are told, as many may be chance
	shiftLeast  = 4    // nights on each side: a shift is told after so many
	shiftShare  = 0.05 // a figure that moves by less is not worth a reader's time
	shiftTrials = 1999
)

// A shift is a place from which on a series is another than before.
type shift struct {
	at, after int // of the series: the first value that is so, and the one before it
	was, is   float64
	chance    float64
}

// shifts finds the change points of series that belong together, in each the
// oldest first; zeros are values that were not measured.
//
// It is E-divisive (Matteson and James, A Nonparametric Approach for Multiple
// Change Point Analysis of Multivariate Data, JASA 109, 2014), which Hunter
// uses for nightly benchmarks (Fleming and others, ICPE 2023), on the ranks of
// the values: so one bad night weighs no more than any other, and how likely a
// statistic is by chance depends on the length alone (Deb and Sen, JASA 118,
// 2023). A stretch is cut where the energy distance of its two sides is largest,
// when a permutation test says that this is no chance; then each side is looked
// at in turn. What is no chance is decided over all series together, by the
// procedure of Benjamini and Hochberg (1995): where nothing has changed in any
// of them, a shift is told in one history of twenty. The permutations are
// always the same, so that equal histories give equal answers.
func shifts(series [][]float64) [][]shift {
	measured := make([][]int, len(series)) // places of the values that there are
	first := make([]float64, 0, len(series))
	for i, s := range series {
		for at, v := range s {
			if v > 0 {
				measured[i] = append(measured[i], at)
			}
		}
		_, chance := split(values(s, measured[i]))
		first = append(first, chance)
	}
	limit := discoveries(first)
	out := make([][]shift, len(series))
	for i, s := range series {
		if first[i] <= limit {
			out[i] = cut(s, measured[i], limit)
		}
	}
	return out
}

func values(s []float64, at []int) []float64 {
	out := make([]float64, 0, len(at))
	for _, i := range at {
		out = append(out, s[i])
	}
	return out
}

// discoveries is the largest chance at which a shift is told; negative for
// none.
func discoveries(chances []float64) float64 {
	sorted := slices.Sorted(slices.Values(chances))
	for k, p := range slices.Backward(sorted) {
		if p <= shiftLevel*float64(k+1)/float64(len(sorted)) {
			return p
		}
	}
	return -1
}

// cut cuts a series into stretches that are alike within, and tells the places
// where neighbours differ by enough to be worth telling.
func cut(s []float64, at []int, limit float64) []shift {
	type bound struct {
		place  int // of at
		chance float64
	}
	var bounds []bound
	var look func(from, to int)
	look = func(from, to int) {
		place, chance := split(values(s, at[from:to]))
		if place == 0 || chance > limit {
			return
		}
		look(from, from+place)
		bounds = append(bounds, bound{from + place, chance})
		look(from+place, to)
	}
	look(0, len(at))
	var out []shift
	for i, b := range bounds {
		from, to := 0, len(at)
		if i > 0 {
			from = bounds[i-1].place
		}
		if i+1 < len(bounds) {
			to = bounds[i+1].place
		}
		x := shift{at: at[b.place], after: at[b.place-1], was: median(values(s, at[from:b.place])), is: median(values(s, at[b.place:to])), chance: b.chance}
		if math.Abs(x.is/x.was-1) >= shiftShare {
			out = append(out, x)
		}
	}
	return out
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// split finds the place at which the two sides of a series differ most, and how
// likely so large a difference is when they are alike. Place zero: the series
// is too short.
func split(v []float64) (place int, chance float64) {
	if len(v) < 2*shiftLeast {
		return 0, 1
	}
	ranks, tied := ranked(v)
	place, energy := widest(ranks)
	null := nullOf(ranks, tied)
	above := len(null) - lowerBound(null, energy)
	return place, float64(above+1) / float64(len(null)+1)
}

// lowerBound is the first place of ascending numbers that is not less, up to
// rounding.
func lowerBound(sorted []float64, x float64) int {
	i, _ := slices.BinarySearch(sorted, x*(1-1e-9))
	return i
}

// ranked replaces values by their ranks; equal ones share the middle.
func ranked(v []float64) (ranks []float64, tied bool) {
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case v[a] < v[b]:
			return -1
		case v[a] > v[b]:
			return 1
		}
		return 0
	})
	ranks = make([]float64, len(v))
	for i := 0; i < len(order); {
		j := i
		for j < len(order) && v[order[j]] == v[order[i]] {
			j++
		}
		tied = tied || j > i+1
		for k := i; k < j; k++ {
			ranks[order[k]] = float64(i+j-1)/2 + 1
		}
		i = j
	}
	return ranks, tied
}

// widest is where the energy statistic of the two sides is largest. The sums
// of distances within the left, within the right and between them are carried
// along as values go from one side to the other.
func widest(v []float64) (place int, most float64) {
	n := len(v)
	var left, right, between float64 // sums over unordered pairs
	for i := range n {
		for j := range i {
			right += math.Abs(v[i] - v[j])
		}
	}
	for t := range n - shiftLeast {
		toLeft, toRight := 0.0, 0.0
		for j := range t {
			toLeft += math.Abs(v[t] - v[j])
		}
		for j := t + 1; j < n; j++ {
			toRight += math.Abs(v[t] - v[j])
		}
		left, right, between = left+toLeft, right-toRight, between-toLeft+toRight
		if t+1 < shiftLeast {
			continue
		}
		a, b := float64(t+1), float64(n-t-1)
		energy := a * b / (a + b) * (2*between/(a*b) - 2*left/(a*a) - 2*right/(b*b))
		if energy > most {
			place, most = t+1, energy
		}
	}
	return place, most
}

// nulls are the statistics of shuffled ranks, ascending, by their number.
var nulls sync.Map //nolint:gochecknoglobals // worked out once, and always the same

// nullOf is what the statistic is by chance. Without ties it is the same for
// all series of a length.
func nullOf(ranks []float64, tied bool) []float64 {
	n := len(ranks)
	if known, ok := nulls.Load(n); ok && !tied {
		return known.([]float64) //nolint:forcetypeassert // nothing else is put there
	}
	rnd := rand.New(rand.NewPCG(uint64(n), 0x706c756d62)) //nolint:gosec // permutations, not secrets
	v := slices.Sorted(slices.Values(ranks))
	out := make([]float64, shiftTrials)
	for i := range out {
		rnd.Shuffle(n, func(i, j int) { v[i], v[j] = v[j], v[i] })
		_, out[i] = widest(v)
	}
	slices.Sort(out)
	if !tied {
		nulls.Store(n, out)
	}
	return out
}
