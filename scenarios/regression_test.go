package scenarios

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	good := []float64{5, 5.2, 4.9, 5.1, 5, 5.3}
	specimens[loadRegression] = specimen{
		kept:     spoil(loadRegression+"/createOrder", onNights(good, 5, 0), withHistory),
		broken:   spoil(loadRegression+"/createOrder", onNights(good, 9, 9), withHistory),
		unproven: spoil(loadRegression+"/createOrder", onNights(good, 9, 5), withHistory),
	}
}

func withHistory(d *plumbline.Design) { d.History = true }

// onNights gives the nights before, in milliseconds, what the load was answered
// in, and what it was when sent again; zero: it was not.
func onNights(nights []float64, now, again float64) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		e.Baselines = []plumbline.Baseline{{Operation: "createOrder", Q: regressionQ, Values: nights}}
		took := func(ms float64, n int64) []plumbline.Bin {
			return []plumbline.Bin{{UpTo: time.Duration(ms * float64(time.Millisecond)), Count: n}}
		}
		for i := range e.Series {
			x := &e.Series[i]
			if x.Experiment != loadTarget || x.Phase == warmUp || x.Operation != "createOrder" {
				continue
			}
			x.Latency = took(now, x.Count)
			if again > 0 {
				y := *x
				y.Experiment, y.Latency = loadAgain, took(again, x.Count)
				e.Series = append(e.Series, y)
			}
		}
	}
}

func TestRegression(t *testing.T) {
	steady := []float64{50, 51, 49, 50, 52}
	for name, c := range map[string]struct {
		nights     []float64
		now, again float64
		want       plumbline.Outcome
	}{
		"too few nights":         {steady[:4], 500, 500, plumbline.Skipped},
		"as ever":                {steady, 51, 0, plumbline.Pass},
		"within the tolerance":   {steady, 54.9, 0, plumbline.Pass},
		"within the floor":       {[]float64{1, 1, 1, 1, 1}, 2.9, 0, plumbline.Pass},
		"within the band":        {[]float64{50, 60, 40, 55, 45}, 71, 0, plumbline.Pass},
		"slower, not sent again": {steady, 60, 0, plumbline.Inconclusive},
		"slower once":            {steady, 60, 52, plumbline.Inconclusive},
		"slower twice":           {steady, 60, 61, plumbline.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			d, claim, e := spoil(loadRegression+"/createOrder", onNights(c.nights, c.now, c.again), withHistory)(t)
			if v := judgeRegression(d, claim, e); v.Outcome != c.want {
				t.Errorf("%s: %s", v.Outcome, v.Statement)
			}
			p := drawn(t, d, loadRegression)
			wants := c.want == plumbline.Inconclusive && c.again == 0
			if got := Again(d, p, e); (len(got) == 1) != wants {
				t.Errorf("%d loads are sent again", len(got))
			}
		})
	}
}

// falseAlarms plays nights without any change: the share of runs with a red
// claim among so many operations, whose latencies differ from run to run by
// lognormal noise. Only good runs become a baseline.
func falseAlarms(runs, operations int, noise, slower float64) float64 {
	random := rand.New(rand.NewPCG(7, uint64(1000*noise))) //nolint:gosec // reproducible on purpose
	draw := func() float64 { return 100 * math.Exp(noise*random.NormFloat64()) }
	red := 0
	for range runs {
		alarm := false
		for range operations {
			nights := make([]float64, nightsMost)
			for i := range nights {
				nights[i] = draw()
			}
			_, limit := bandOf(nights)
			now, again := draw(), draw()
			alarm = alarm || now*slower > limit && again*slower > limit
		}
		if alarm {
			red++
		}
	}
	return float64(red) / float64(runs)
}

// nightsMost is how many nights there are to hold one against.
const nightsMost = 10

// The rates at which runs without a change are red, and at which changes are
// found, are known.
func TestRegressionHasFewFalseAlarms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operations    int
		noise, slower float64
		least, most   float64
	}{
		{1, 0.03, 1, 0, 0.0002},
		{1, 0.05, 1, 0, 0.002},
		{1, 0.08, 1, 0, 0.005},
		{20, 0.03, 1, 0, 0.002},
		{20, 0.05, 1, 0, 0.02},
		{20, 0.08, 1, 0, 0.075},
		{1, 0.05, 1.2, 0.55, 1},
		{1, 0.05, 1.3, 0.9, 1},
		{1, 0.05, 1.5, 0.98, 1},
	} {
		got := falseAlarms(4000, c.operations, c.noise, c.slower)
		t.Logf("%d operations, noise %g, %gx: %.2f %% red", c.operations, c.noise, c.slower, 100*got)
		if got < c.least || got > c.most {
			t.Errorf("%d operations, noise %g, %gx: %.4f of runs are red, want %g to %g", c.operations, c.noise, c.slower, got, c.least, c.most)
		}
	}
}

// Thirty nights of the same system, of six operations with a noise of 5 % from
// run to run, and none is red.
func TestThirtyNightsOfTheSameAreNotRed(t *testing.T) {
	t.Parallel()
	const operations = 6
	random := rand.New(rand.NewPCG(30, 1)) //nolint:gosec // reproducible on purpose
	draw := func() float64 { return 40 * math.Exp(0.05*random.NormFloat64()) }
	nights := make([][]float64, operations)
	for n := range 30 {
		for op := range nights {
			past := nights[op]
			now, again := draw(), draw()
			d, claim, e := spoil(loadRegression+"/createOrder", onNights(past[max(0, len(past)-nightsMost):], now, again), withHistory)(t)
			if v := judgeRegression(d, claim, e); v.Outcome == plumbline.Fail {
				t.Errorf("night %d: %s", n+1, v.Statement)
			}
			nights[op] = append(past, now)
		}
	}
}
