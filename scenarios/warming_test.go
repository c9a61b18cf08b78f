package scenarios

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// playedLoad are so many seconds of a hundred requests each, of one operation:
// the median of each, and how many of them took longer than the objective
// allows.
func playedLoad(lasts int, median func(second int) float64, late func(second int) int64) []plumbline.Series {
	const threshold = 400 * time.Millisecond
	x := plumbline.Series{Experiment: loadTarget, Phase: "steady", Operation: "createOrder", Class: "2xx", Within: []plumbline.Within{{Threshold: threshold}}}
	for k := range lasts {
		p50 := seconds(median(k))
		slow := late(k)
		x.Slices = append(x.Slices, plumbline.Slice{Second: k, Count: 100, P50: p50, P99: 2 * p50, Max: 3 * p50, Within: []int64{100 - slow}})
		x.Count += 100
		x.Within[0].Count += 100 - slow
		x.Latency = append(x.Latency, plumbline.Bin{UpTo: threshold / 2, Count: 100 - slow}, plumbline.Bin{UpTo: 2 * threshold, Count: slow})
	}
	x.Latency = mergedBins(x.Latency)
	x.Service = x.Latency
	return []plumbline.Series{x}
}

func never(int) int64 { return 0 }

// How often a service that is steady is taken for one that warms up, over
// noises of several kinds: what is told of it is wrong then, and in the worst
// case a quarter of its load is left out.
func TestWarmingIsSeldomSeenWhereNoneIs(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(11, 12))
	for name, noise := range map[string]func() func(int) float64{
		"independent, 5 %":  func() func(int) float64 { return func(int) float64 { return 0.01 * math.Exp(0.05*rnd.NormFloat64()) } },
		"independent, 30 %": func() func(int) float64 { return func(int) float64 { return 0.01 * math.Exp(0.3*rnd.NormFloat64()) } },
		"it wanders": func() func(int) float64 {
			at := 0.0
			return func(int) float64 {
				at = 0.7*at + 0.15*rnd.NormFloat64()
				return 0.01 * math.Exp(at)
			}
		},
		"it pauses": func() func(int) float64 {
			return func(int) float64 {
				if rnd.Float64() < 0.1 {
					return 0.05
				}
				return 0.01 * math.Exp(0.1*rnd.NormFloat64())
			}
		},
		"it gets slower": func() func(int) float64 {
			return func(k int) float64 { return (0.01 + 0.001*float64(k)) * math.Exp(0.1*rnd.NormFloat64()) }
		},
	} {
		for _, lasts := range []int{20, 60} {
			seen := 0
			const runs = 1000
			for range runs {
				if _, ok := warmingOf(playedLoad(lasts, noise(), never)); ok {
					seen++
				}
			}
			t.Logf("%s, %d s: %.1f %%", name, lasts, 100*float64(seen)/runs)
			if seen > runs*3/100 {
				t.Errorf("%s, %d s: %d of %d", name, lasts, seen, runs)
			}
		}
	}
}

// One that does warm up is seen, and as much of it is left out as it took, at
// most a quarter.
func TestWarmingIsSeen(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct {
		lasts       int
		takes       float64 // seconds until it is nearly gone
		least, most int     // seconds left out
	}{{20, 3, 2, 5}, {60, 5, 3, 9}, {60, 10, 6, 15}} {
		seen, sum := 0, 0
		const runs = 300
		for range runs {
			w, ok := warmingOf(playedLoad(c.lasts, func(k int) float64 {
				return (0.01 + 0.04*math.Exp(-3*float64(k)/c.takes)) * math.Exp(0.1*rnd.NormFloat64())
			}, never))
			if !ok {
				continue
			}
			if seen++; w.seconds > c.lasts/4 {
				t.Fatalf("%d s of %d are left out", w.seconds, c.lasts)
			}
			sum += w.seconds
		}
		mean := float64(sum) / float64(max(seen, 1))
		t.Logf("%d s, of which it takes %g: seen in %d of %d, %.1f s left out", c.lasts, c.takes, seen, runs, mean)
		if seen < runs*8/10 || mean < float64(c.least) || mean > float64(c.most) {
			t.Errorf("%d s, of which it takes %g: seen in %d of %d, %.1f s left out", c.lasts, c.takes, seen, runs, mean)
		}
	}
}

func TestWhatIsBusierAtFirstIsNoWarmingUp(t *testing.T) {
	t.Parallel()
	all := playedLoad(20, func(k int) float64 { return []float64{0.05, 0.01}[min(1, k/4)] }, never)
	if _, ok := warmingOf(all); !ok {
		t.Fatal("it is not seen")
	}
	for k := range 4 {
		all[0].Slices[k].Count = 150
	}
	if w, ok := warmingOf(all); ok {
		t.Errorf("%+v", w)
	}
}

// latencyJudge judges an objective of 99 % within 400 ms by a load that was
// played.
func latencyJudge(t *testing.T) func(series ...plumbline.Series) plumbline.Verdict {
	t.Helper()
	d, claim, e := spoil(sloAtTarget+"/orders-latency", nil)(t)
	return func(series ...plumbline.Series) plumbline.Verdict {
		e.Series = series
		return judgeObjective(d, claim, e)
	}
}

func TestWarmingUpNeverMakesAFailurePass(t *testing.T) {
	t.Parallel()
	judge := latencyJudge(t)
	slowStart := func(k int) float64 { return []float64{0.05, 0.01}[min(1, k/4)] }
	early := func(n int64) func(int) int64 {
		return func(k int) int64 {
			if k < 4 {
				return n
			}
			return 0
		}
	}
	errors := func(all []plumbline.Series, n int64) []plumbline.Series {
		bad := all[0]
		bad.Class, bad.Within, bad.Count = "5xx", []plumbline.Within{{Threshold: 400 * time.Millisecond}}, 4*n
		bad.Slices = nil
		for k := range 4 {
			bad.Slices = append(bad.Slices, plumbline.Slice{Second: k, Count: n, Within: []int64{0}})
		}
		return append(all, bad)
	}
	d, claim, e := spoil(sloAtTarget+"/orders-latency", nil)(t)
	for name, c := range map[string]struct {
		series []plumbline.Series
		want   plumbline.Outcome
		told   string // part of the statement; "-" for nothing of it
		cut    bool   // drawn as left out
	}{
		"quick, but for the start":   {playedLoad(20, slowStart, early(40)), plumbline.Inconclusive, "without that time it is not missed", true},
		"a little late at the start": {playedLoad(20, slowStart, early(5)), plumbline.Pass, "that time is left out", true},
		"late all the time":          {playedLoad(20, slowStart, func(int) int64 { return 10 }), plumbline.Fail, "as well", false},
		"no start":                   {playedLoad(20, func(int) float64 { return 0.01 }, early(40)), plumbline.Fail, "-", false},
		"kept all the same":          {playedLoad(20, slowStart, never), plumbline.Pass, "-", false},
		"errors at the start":        {errors(playedLoad(20, slowStart, never), 50), plumbline.Fail, "as well", false},
	} {
		v := judge(c.series...)
		told := strings.Contains(v.Statement, "warmed up")
		if v.Outcome != c.want || told != (c.told != "-") || told && !strings.Contains(v.Statement, c.told) {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Statement)
		}
		e.Series = c.series
		cut, ok := cutOf(d, claim, e)
		if ok != c.cut || ok && (cut.Ended-cut.Began < 2*time.Second || cut.Ended-cut.Began > 5*time.Second || cut.Began != c.series[0].Began) {
			t.Errorf("%s: %+v is left out: %t", name, cut, ok)
		}
	}
}

// A service that misses its objective for good is kept by leaving something out
// no more often than it would be by chance.
func TestLeavingOutDoesNotExcuse(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(15, 16))
	judge := latencyJudge(t)
	passes := 0
	const runs = 1000
	for range runs {
		v := judge(playedLoad(30,
			func(k int) float64 { return (0.01 + 0.04*math.Exp(-float64(k)/2)) * math.Exp(0.1*rnd.NormFloat64()) },
			func(int) (n int64) { // exactly at the borderline of 1 %
				for range 100 {
					if rnd.Float64() < 0.01 {
						n++
					}
				}
				return n
			})...)
		if v.Outcome == plumbline.Pass {
			passes++
		}
	}
	t.Logf("%.1f %% of %d", 100*float64(passes)/runs, runs)
	if passes > runs*5/100 {
		t.Errorf("%d of %d at the borderline passed", passes, runs)
	}
}

// What is left out is drawn: the phase that warms up for all, and what single
// objectives leave out beyond it.
func TestWarmingUpIsDrawn(t *testing.T) {
	t.Parallel()
	d, claim, e := spoil(sloAtTarget+"/orders-latency", nil)(t)
	const s = time.Second
	e.Series = playedLoad(20, func(k int) float64 { return []float64{0.05, 0.01}[min(1, k/4)] }, func(k int) int64 { return []int64{5, 0}[min(1, k/4)] })
	e.Phases = []plumbline.PhaseMark{{Experiment: loadTarget, Phase: warmUp, Began: -3 * s, Ended: 0}, {Experiment: loadTarget, Phase: "steady", Ended: 20 * s}, {Experiment: loadCapacity, Phase: warmUp, Began: 30 * s, Ended: 31 * s}}
	p := plumbline.Plan{Claims: []plumbline.Claim{{ID: sloAtTarget + "/other", Function: sloAtTarget}, claim}}
	for x, want := range map[string][]plumbline.Cut{
		loadTarget:       {{Began: -3 * s}, {Ended: 4 * s, Objectives: []string{"orders-latency"}}},
		loadCapacity:     {{Began: 30 * s, Ended: 31 * s}},
		"outage/pricing": nil,
	} {
		if got := cutsOf(d, p, e, plumbline.Experiment{ID: x}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", x, got, want)
		}
	}
}
