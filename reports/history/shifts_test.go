package history

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// A step is a place of a series from which on it is more, by a share.
type step struct {
	at   int
	more float64
}

// nightly are series with a run-to-run noise, and with a step.
func nightly(rnd *rand.Rand, series, n int, s step, noise float64) [][]float64 {
	out := make([][]float64, series)
	for i := range out {
		for k := range n {
			v := 10 * math.Exp(noise*rnd.NormFloat64())
			if k >= s.at {
				v *= 1 + s.more
			}
			out[i] = append(out[i], v)
		}
	}
	return out
}

// Where nothing has changed, a shift is told in one history of twenty: with one
// series or ten, short or long, and with outliers.
func TestShiftsAreSeldomChance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		series, n int
		spoil     func(*rand.Rand, []float64)
	}{
		{"one short series", 1, 14, nil},
		{"one long series", 1, 60, nil},
		{"ten series", 10, 30, nil},
		{"nights far off", 5, 30, func(rnd *rand.Rand, s []float64) {
			for range 2 {
				s[rnd.IntN(len(s))] *= 50
			}
		}},
		{"rounded values", 3, 30, func(_ *rand.Rand, s []float64) {
			for i := range s {
				s[i] = math.Round(s[i])
			}
		}},
	} {
		rnd, told := rand.New(rand.NewPCG(1, uint64(len(c.name)))), 0
		const histories = 200
		for range histories {
			all := nightly(rnd, c.series, c.n, step{}, 0.08)
			for _, s := range all {
				if c.spoil != nil {
					c.spoil(rnd, s)
				}
			}
			if slices.ContainsFunc(shifts(all), func(s []shift) bool { return len(s) > 0 }) {
				told++
			}
		}
		// 10 are expected; 20 and more have a chance of one in five hundred.
		if told > 19 {
			t.Errorf("%s: a shift was told in %d of %d histories without one", c.name, told, histories)
		} else {
			t.Logf("%s: %d of %d", c.name, told, histories)
		}
	}
}

// A step is found, and about where it is.
func TestShiftsAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		series, n   int
		at          int
		step, noise float64
		least       int // of 100 histories
	}{
		{"a third more in the middle", 5, 40, 20, 0.3, 0.05, 99},
		{"a third more, six nights ago", 5, 40, 34, 0.3, 0.05, 90},
		{"a fifth more in two weeks", 3, 14, 7, 0.2, 0.03, 90},
		{"a quarter less", 5, 40, 25, -0.25, 0.05, 99},
	} {
		rnd, found := rand.New(rand.NewPCG(2, uint64(len(c.name)))), 0
		for range 100 {
			all := nightly(rnd, c.series, c.n, step{}, c.noise)
			all[1] = nightly(rnd, 1, c.n, step{c.at, c.step}, c.noise)[0]
			for _, s := range shifts(all)[1] {
				if s.at >= c.at-2 && s.at <= c.at+2 && (s.is > s.was) == (c.step > 0) {
					found++
					break
				}
			}
		}
		if found < c.least {
			t.Errorf("%s: found in %d of 100 histories, want %d", c.name, found, c.least)
		} else {
			t.Logf("%s: %d of 100", c.name, found)
		}
	}
}

func TestTwoShiftsAndNightsWithoutAFigure(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(4, 4))
	s := nightly(rnd, 1, 60, step{20, 0.5}, 0.03)[0]
	for i := 40; i < 60; i++ {
		s[i] /= 1.5
	}
	s[20], s[41] = 0, 0 // not measured
	got := shifts([][]float64{s})[0]
	if len(got) != 2 || got[0].at != 21 || got[0].after != 19 || got[1].at != 40 || got[0].is < 14 || got[1].is > 11 {
		t.Errorf("%+v", got)
	}
	if again := shifts([][]float64{s})[0]; !reflect.DeepEqual(got, again) {
		t.Errorf("the same history, another answer: %+v", again)
	}
	for _, short := range [][]float64{nil, {1}, {1, 1, 1, 9, 9, 9, 9}, {5, 5, 5, 5, 5, 5, 5, 5, 5, 5}} {
		if got := shifts([][]float64{short})[0]; len(got) > 0 {
			t.Errorf("%v: %+v", short, got)
		}
	}
}

func BenchmarkShifts(b *testing.B) {
	all := nightly(rand.New(rand.NewPCG(5, 5)), 41, 60, step{30, 0.3}, 0.05)
	for b.Loop() {
		nulls.Clear()
		shifts(all)
	}
}
