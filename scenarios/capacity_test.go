package scenarios

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// carrying is a design whose capacity may be searched for.
func carrying(peak float64) plumbline.Design {
	d := shop()
	d.Load.Rate, d.Load.Peak, d.Load.Overload = 50, peak, 5000
	d.Objectives = []plumbline.Objective{{Name: "fast", Target: 0.99, Within: 500 * time.Millisecond}, {Name: "all-available", Target: 0.99}}
	return d
}

func found(t *testing.T, q queueing, d plumbline.Design, seed uint64) *plumbline.Capacity {
	t.Helper()
	p := drawn(t, d, capacityHeadroom)
	r := newReplay(q, d, seed)
	r.run(p)
	a := capacityOf(d, p, r.e)
	if a == nil {
		t.Fatal("no answer")
	}
	return a
}

// The interval holds the truth and is narrow, whatever the seed, the width, the
// first rate and the kind of queue. At Poisson arrivals waiting grows without
// bound as the rate nears what the workers can do, so a promised latency is
// broken up to 3 % before; and a backlog that the promise allows is built up
// slowly at a rate that is 2 % too high, or less.
func TestCapacityHoldsTheTruth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		q            queueing
		arrivals     plumbline.Arrivals
		below, above float64
		runs         int
	}{
		"unbounded, even":    {queueing{width: 2, service: 20 * time.Millisecond, queue: -1}, plumbline.ArrivalsConstant, 0, 0, 20},
		"sheds, even":        {queueing{width: 5, service: 50 * time.Millisecond, queue: 32}, plumbline.ArrivalsConstant, 0, 0, 20},
		"unbounded, poisson": {queueing{width: 8, service: 50 * time.Millisecond, queue: -1}, plumbline.ArrivalsPoisson, 0.03, 0.02, 10},
		"sheds, poisson":     {queueing{width: 8, service: 50 * time.Millisecond, queue: 60}, plumbline.ArrivalsPoisson, 0.03, 0.02, 10},
		"one worker":         {queueing{width: 1, service: 5 * time.Millisecond, queue: -1, noise: 2 * time.Millisecond}, plumbline.ArrivalsPoisson, 0.03, 0.02, 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right, widest := 0, 0.0
			for seed := range uint64(c.runs) {
				d := carrying(100)
				d.Load.Arrivals, d.Load.Rate = c.arrivals, 21+1.37*float64(seed)
				a := found(t, c.q, d, seed)
				widest = max(widest, (a.Broken-a.Kept)/a.Kept)
				if a.Outcome == plumbline.Pass && a.Kept <= c.q.capacity()*(1+c.above) && a.Broken >= c.q.capacity()*(1-c.below) {
					right++
				} else {
					t.Logf("seed %d: %s, truth %.4g", seed, a.Sentence, c.q.capacity())
				}
			}
			t.Logf("right in %d of %d, widest %.3f", right, c.runs, widest)
			if right < c.runs-1 || widest > 0.1+c.above || math.IsNaN(widest) {
				t.Errorf("right in %d of %d, widest %.3f", right, c.runs, widest)
			}
		})
	}
}

// A generator that is short of processor time is no limit of the deployment:
// what was kept before is confirmed, and nothing is said of what is above.
func TestCapacityOfAStarvedGenerator(t *testing.T) {
	t.Parallel()
	a := found(t, queueing{width: 8, service: 20 * time.Millisecond, queue: -1, starve: 120}, carrying(300), 3)
	if a.Outcome != plumbline.Inconclusive || a.Reason != plumbline.ReasonGeneratorSaturated || a.Broken != 0 || a.Remedy == "" {
		t.Errorf("%+v", a)
	}
	if a.Kept < 95 || a.Kept > 125 || a.Steps[len(a.Steps)-1].Kind != "confirm" {
		t.Errorf("%s, last step %+v", a.Sentence, a.Steps[len(a.Steps)-1])
	}
	d, c, e := searched(t, queueing{width: 8, service: 20 * time.Millisecond, queue: -1, starve: 120}, carrying(300))
	if v := judgeCapacity(d, c, e); v.Outcome != plumbline.Inconclusive || v.Reason != plumbline.ReasonGeneratorSaturated {
		t.Errorf("%s %s: %s", v.Outcome, v.Reason, v.Statement)
	}
}

func TestCapacityAtItsEdges(t *testing.T) {
	t.Parallel()
	eight := queueing{width: 8, service: 20 * time.Millisecond, queue: 50}
	for name, c := range map[string]struct {
		q       queueing
		change  func(*plumbline.Design)
		outcome plumbline.Outcome
		reason  plumbline.Reason
		low     float64
		broken  bool
	}{
		"the ceiling is carried":   {eight, func(d *plumbline.Design) { d.Load.Overload = 200 }, plumbline.Inconclusive, plumbline.ReasonUndecided, 195, false},
		"the limit is below it":    {eight, func(d *plumbline.Design) { d.Load.Limit = 90 }, plumbline.Inconclusive, plumbline.ReasonUndecided, 85, false},
		"it begins above":          {eight, func(d *plumbline.Design) { d.Load.Rate = 3000 }, plumbline.Pass, "", 360, true},
		"nothing is kept":          {queueing{width: 1, service: 2 * time.Second, queue: 1}, nil, plumbline.Pass, "", 0, true},
		"slower than is promised":  {queueing{width: 4000, service: 600 * time.Millisecond, queue: -1}, nil, plumbline.Pass, "", 0, true},
		"the time is up":           {eight, func(d *plumbline.Design) { d.Load.Search = &plumbline.Search{Budget: 20 * time.Second} }, plumbline.Inconclusive, plumbline.ReasonIncomplete, 45, false},
		"no latency is promised":   {queueing{width: 8, service: 20 * time.Millisecond, queue: -1}, func(d *plumbline.Design) { d.Objectives = nil }, plumbline.Pass, "", 360, true},
		"more than can be decided": {eight, func(d *plumbline.Design) { d.Objectives[1].Target = 0.9999 }, plumbline.Pass, "", 300, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := carrying(100)
			d.Load.Arrivals = plumbline.ArrivalsConstant
			if c.change != nil {
				c.change(&d)
			}
			a := found(t, c.q, d, 7)
			if a.Outcome != c.outcome || a.Reason != c.reason || a.Kept < c.low || a.Kept > c.q.capacity() || (a.Broken > 0) != c.broken {
				t.Errorf("%s %s: %s", a.Outcome, a.Reason, a.Sentence)
			}
			for _, s := range a.Steps {
				if testing.Verbose() {
					t.Logf("%+v", s)
				}
				if s.Rate > ceilingOf(d)*1.001 {
					t.Errorf("%.4g a second were sent, and %.4g are allowed", s.Rate, ceilingOf(d))
				}
			}
		})
	}
}

// searched is the evidence of a search, with the claim on its headroom.
func searched(t *testing.T, q queueing, d plumbline.Design) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
	t.Helper()
	p := drawn(t, d, capacityHeadroom)
	r := newReplay(q, d, 11)
	r.run(p)
	i := slices.IndexFunc(p.Claims, func(c plumbline.Claim) bool { return c.Function == capacityHeadroom })
	if i < 0 {
		t.Fatal("no claim")
	}
	return d, p.Claims[i], r.e
}

func init() {
	ofPeak := func(peak float64) func(*testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
		return func(t *testing.T) (plumbline.Design, plumbline.Claim, *plumbline.Evidence) {
			t.Helper()
			d := carrying(peak)
			d.Load.Arrivals = plumbline.ArrivalsConstant
			return searched(t, queueing{width: 4, service: 20 * time.Millisecond, queue: -1}, d)
		}
	}
	specimens[capacityHeadroom] = specimen{kept: ofPeak(100), broken: ofPeak(150), unproven: ofPeak(203.0 / 1.5)}
}

func TestCapacityIsOnlySearchedForWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*plumbline.Design)
		reason plumbline.Reason
		runs   bool
	}{
		"nobody allowed it":      {func(d *plumbline.Design) { d.Load.Overload = 0 }, plumbline.ReasonUnsafe, false},
		"nothing can be called":  {func(d *plumbline.Design) { d.Operations = nil }, plumbline.ReasonNotApplicable, false},
		"no peak":                {func(d *plumbline.Design) { d.Load.Peak = 0 }, plumbline.ReasonNotDeclared, false},
		"no peak, but asked for": {func(d *plumbline.Design) { d.Load.Peak, d.Load.Search = 0, &plumbline.Search{} }, plumbline.ReasonNotDeclared, true},
	} {
		d := carrying(100)
		c.change(&d)
		p := planCapacity(d)
		if len(p.Claims) > 0 || len(p.Skips) != 1 || p.Skips[0].Reason != c.reason || (len(p.Experiments) > 0) != c.runs {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// The law is found again where it holds, with its truth inside the interval,
// and refused where it does not.
func TestScaling(t *testing.T) {
	t.Parallel()
	const gamma, alpha, beta = 50.0, 0.03, 0.0004
	rungs := func(at func(n float64) float64, levels ...float64) []rung {
		random := rand.New(rand.NewPCG(5, 5))
		var out []rung
		for _, n := range levels {
			x := at(n) * (1 + 0.02*random.NormFloat64())
			out = append(out, rung{phase: phaseHold, rate: x, offered: x, goodput: x, inside: n, verdict: plumbline.StepKept, seconds: 10})
		}
		return out
	}
	law := func(n float64) float64 { return gamma * n / (1 + alpha*(n-1) + beta*n*(n-1)) }
	s := scalingOf(rungs(law, 1, 2, 4, 8, 16, 24, 32, 40), 1)
	within := func(x, low, high float64) bool { return low <= x && x <= high && high > low }
	crest := law(math.Sqrt((1 - alpha) / beta))
	if s.Refused != "" || !within(alpha, s.AlphaLow, s.AlphaHigh) || !within(beta, s.BetaLow, s.BetaHigh) || !within(crest, s.MostLow, s.MostHigh) {
		t.Errorf("%+v, crest %.4g", s, crest)
	}
	if s := scalingOf(rungs(law, 1, 2, 4, 8, 16), 1); s.Refused == "" {
		t.Errorf("of five rates: %+v", s)
	}
	saw := func(n float64) float64 { return 50 * n / (1 + 0.9*math.Mod(n, 3)) }
	if s := scalingOf(rungs(saw, 1, 2, 3, 4, 5, 6, 7, 8), 1); s.Refused == "" {
		t.Errorf("of a saw: %+v", s)
	}
	if s := scalingOf(rungs(law, 1, 1.5, 2, 2.5, 3, 3.5, 4), 1); s.Refused == "" && s.Most != 0 {
		t.Errorf("a peak far out of reach is told: %+v", s)
	}
}

func TestGrowing(t *testing.T) {
	t.Parallel()
	line := func(n int, at func(i int) float64) (out []float64) {
		for i := range n {
			out = append(out, at(i))
		}
		return out
	}
	random := rand.New(rand.NewPCG(1, 1))
	for name, c := range map[string]struct {
		values []float64
		want   bool
	}{
		"a queue":           {line(10, func(i int) float64 { return 0.01 + 0.02*float64(i) }), true},
		"flat":              {line(30, func(int) float64 { return 0.05 }), false},
		"noise":             {line(30, func(int) float64 { return 0.05 + 0.02*random.Float64() }), false},
		"too little":        {line(30, func(i int) float64 { return 0.05 + 0.0001*float64(i) }), false},
		"too short":         {line(5, func(i int) float64 { return float64(i) }), false},
		"it falls":          {line(10, func(i int) float64 { return 1 - 0.05*float64(i) }), false},
		"a queue, in noise": {line(30, func(i int) float64 { return 0.02 + 0.01*float64(i) + 0.03*random.Float64() }), true},
	} {
		if slope, got := growing(c.values); got != c.want || got && slope <= 0 {
			t.Errorf("%s: %t, %v", name, got, slope)
		}
	}
}
