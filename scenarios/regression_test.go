package scenarios

import (
	"math"
	"math/rand/v2"
	"strings"
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

// On a machine too busy to send on time nothing is accused, whichever load it was
// that was late; what is no slower stays so.
func TestALateGeneratorAccusesNoNight(t *testing.T) {
	t.Parallel()
	steady := []float64{50, 51, 49, 50, 52}
	late := func(experiment, phase string) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			e.Health = append(e.Health, plumbline.Health{Experiment: experiment, Phase: phase, Planned: 3000, Sent: 3000, Lag99: 18 * time.Millisecond})
		}
	}
	for name, c := range map[string]struct {
		late       func(*plumbline.Evidence)
		now, again float64
		want       plumbline.Outcome
	}{
		"late at first":            {late(loadTarget, "steady"), 60, 61, plumbline.Inconclusive},
		"late when sent again":     {late(loadAgain, "steady"), 60, 61, plumbline.Inconclusive},
		"late while warming up":    {late(loadTarget, warmUp), 60, 61, plumbline.Fail},
		"late elsewhere":           {late("baseline/before", "steady"), 60, 61, plumbline.Fail},
		"late, and no slower":      {late(loadTarget, "steady"), 51, 0, plumbline.Pass},
		"late, and not sent again": {late(loadTarget, "steady"), 60, 0, plumbline.Inconclusive},
	} {
		d, claim, e := spoil(loadRegression+"/createOrder", func(e *plumbline.Evidence) {
			onNights(steady, c.now, c.again)(e)
			c.late(e)
		}, withHistory)(t)
		v := judgeRegression(d, claim, e)
		if v.Outcome != c.want || v.Outcome == plumbline.Inconclusive && v.Reason != plumbline.ReasonGeneratorSaturated {
			t.Errorf("%s: %s (%s): %s", name, v.Outcome, v.Reason, v.Statement)
		}
		if got := Again(d, drawn(t, d, loadRegression), e); len(got) != 0 {
			t.Errorf("%s: %d loads are sent again", name, len(got))
		}
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
			_, limit := bandOf(nights, slownessOf(plumbline.Design{}, ""))
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

// An objective says of its operations when they count as slower.
func TestRegressionOfAnObjective(t *testing.T) {
	t.Parallel()
	steady := []float64{50, 51, 49, 50, 52}
	of := func(r plumbline.Regression, operations ...string) func(*plumbline.Design) {
		return func(d *plumbline.Design) {
			d.Objectives = append(d.Objectives, plumbline.Objective{Name: "slower", Target: 0.9, Operations: operations, Regression: &r})
		}
	}
	for name, c := range map[string]struct {
		declared   []func(*plumbline.Design)
		now, again float64
		want       plumbline.Outcome
	}{
		"the default":                 {nil, 60, 61, plumbline.Fail},
		"a larger tolerance":          {[]func(*plumbline.Design){of(plumbline.Regression{Tolerance: 0.3})}, 60, 61, plumbline.Pass},
		"a larger tolerance, passed":  {[]func(*plumbline.Design){of(plumbline.Regression{Tolerance: 0.3})}, 70, 71, plumbline.Fail},
		"a larger floor":              {[]func(*plumbline.Design){of(plumbline.Regression{Floor: 15 * time.Millisecond})}, 60, 61, plumbline.Pass},
		"of another operation":        {[]func(*plumbline.Design){of(plumbline.Regression{Tolerance: 0.3}, "getOrder")}, 60, 61, plumbline.Fail},
		"the one with fewest of them": {[]func(*plumbline.Design){of(plumbline.Regression{Tolerance: 0.01}), of(plumbline.Regression{Tolerance: 0.3}, "createOrder")}, 60, 61, plumbline.Pass},
		"once is enough":              {[]func(*plumbline.Design){of(plumbline.Regression{Unconfirmed: true})}, 60, 0, plumbline.Fail},
		"once is not enough":          {nil, 60, 0, plumbline.Inconclusive},
	} {
		d, claim, e := spoil(loadRegression+"/createOrder", onNights(steady, c.now, c.again), append(c.declared, withHistory)...)(t)
		if v := judgeRegression(d, claim, e); v.Outcome != c.want {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Statement)
		}
	}
}

// That there was nothing to hold latencies against is said of the run, with why.
func TestNoBaselineIsSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		design []func(*plumbline.Design)
		nights *plumbline.Nights
		values []float64
		want   string // part of it; empty: nothing is said
	}{
		"no history":              {nil, nil, nil, ""},
		"the first run":           {[]func(*plumbline.Design){withHistory}, &plumbline.Nights{}, nil, "this is the first run of the history"},
		"none was good":           {[]func(*plumbline.Design){withHistory}, &plumbline.Nights{Runs: 3}, nil, "none of the 3 runs before it was good"},
		"another machine":         {[]func(*plumbline.Design){withHistory}, &plumbline.Nights{Runs: 8, Good: 7, Alike: 2}, nil, "of the 7 good runs before it 2 ran on a machine of this kind (linux)"},
		"too few":                 {[]func(*plumbline.Design){withHistory}, &plumbline.Nights{Runs: 8, Good: 3, Alike: 3}, nil, "holds 3 of the 5 good runs"},
		"for some operations":     {[]func(*plumbline.Design){withHistory}, &plumbline.Nights{Runs: 8, Good: 8, Alike: 8}, []float64{5, 5, 5, 5, 5}, "No baseline yet for "},
		"another load":            {[]func(*plumbline.Design){withHistory, func(d *plumbline.Design) { d.Load.Profile = profileSmoke }}, &plumbline.Nights{Runs: 8, Good: 8, Alike: 8}, nil, "the load is not that of the nights before"},
		"nothing known of nights": {[]func(*plumbline.Design){withHistory}, nil, nil, "fewer than 5 good runs are known"},
	} {
		d := shop()
		for _, change := range c.design {
			change(&d)
		}
		p := drawn(t, d, loadRegression)
		e := goodRun(d, p)
		e.Run.Host, e.Nights = "linux", c.nights
		if c.values != nil {
			e.Baselines = []plumbline.Baseline{{Operation: "createOrder", Q: regressionQ, Values: c.values}}
		}
		got := Judge(d, p, Functions(), e).NoBaseline
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
