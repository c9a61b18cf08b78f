package scenarios

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The highest number of bad requests that proves a target, and the lowest that
// disproves it, at one-sided 95 %.
func TestDecideProportionAgainstTheExactBinomialTable(t *testing.T) {
	for _, row := range []struct {
		n          int64
		target     float64
		pass, fail int64 // pass -1: not even a flawless sample proves it
	}{
		{300, 0.95, 8, 22},
		{300, 0.99, 0, 7},
		{300, 0.999, -1, 2},
		{1000, 0.95, 38, 63},
		{1000, 0.99, 4, 16},
		{1000, 0.999, -1, 4},
		{3000, 0.95, 130, 171},
		{3000, 0.99, 20, 40},
		{3000, 0.999, 0, 7},
		{10000, 0.95, 463, 537},
		{10000, 0.99, 83, 118},
		{10000, 0.999, 4, 16},
		{30000, 0.95, 1437, 1563},
		{30000, 0.99, 271, 330},
		{30000, 0.999, 20, 40},
		{60000, 0.95, 2911, 3089},
		{60000, 0.99, 559, 641},
		{60000, 0.999, 47, 74},
	} {
		for _, c := range []struct {
			bad  int64
			want plumbline.Outcome
		}{
			{row.pass, plumbline.Pass},
			{row.pass + 1, undecided},
			{row.fail - 1, undecided},
			{row.fail, plumbline.Fail},
		} {
			if c.bad < 0 {
				continue
			}
			if got := decideProportion(c.bad, row.n, 1-row.target, confident, 1); got.outcome != c.want {
				t.Errorf("%d bad of %d against %v: %s [%v, %v], want %s", c.bad, row.n, row.target, got.outcome, got.lower, got.upper, c.want)
			}
		}
	}
}

func TestZeroErrorNeeded(t *testing.T) {
	for target, want := range map[float64]int{0.95: 59, 0.99: 299, 0.995: 598, 0.999: 2995, 0.9999: 29956} {
		if got := zeroErrorNeeded(target, confident); got != want {
			t.Errorf("zeroErrorNeeded(%v) = %d, want %d", target, got, want)
		}
		if got := decideProportion(0, int64(want), 1-target, confident, 1).outcome; got != plumbline.Pass {
			t.Errorf("%d good requests against %v: %s", want, target, got)
		}
		if got := decideProportion(0, int64(want)-1, 1-target, confident, 1).outcome; got != undecided {
			t.Errorf("%d good requests against %v: %s", want-1, target, got)
		}
	}
	if got := powerNeeded(0.99); got != 3000 {
		t.Errorf("powerNeeded(0.99) = %d, want 3000", got)
	}
}

func TestDecideProportionSaysHowManyRequestsAreNeeded(t *testing.T) {
	d := decideProportion(5, 1000, 0.01, confident, 1)
	if d.outcome != undecided || d.needed <= 1000 {
		t.Fatalf("5 of 1000 against 1 %%: %+v", d)
	}
	n := int64(d.needed)
	if got := settle(0.005*float64(n), float64(n), 0.01, confident).outcome; got != plumbline.Pass {
		t.Errorf("%d requests do not decide: %s", n, got)
	}
	if got := settle(0.005*float64(n-1), float64(n-1), 0.01, confident).outcome; got != undecided {
		t.Errorf("%d requests decide already", n-1)
	}
	if got := decideProportion(10, 1000, 0.01, confident, 1).needed; got != 0 {
		t.Errorf("a share on the limit is decided by %d requests", got)
	}
	if got := decideProportion(0, 0, 0.01, confident, 1); got.outcome != undecided || got.needed != 299 {
		t.Errorf("no request at all: %+v", got)
	}
}

func TestDispersionShrinksABurstySample(t *testing.T) {
	even, burst := make([]tally, 60), make([]tally, 60)
	for i := range even {
		even[i] = tally{50, 0}
		burst[i] = tally{50, 0}
		if i%3 == 0 {
			even[i].bad = 1
		}
	}
	burst[7].bad, burst[31].bad = 10, 10
	if got := dispersion(even); got != 1 {
		t.Errorf("evenly spread: φ = %v, want 1", got)
	}
	phi := dispersion(burst)
	if phi < 8 || phi > 12 {
		t.Errorf("20 bad in two seconds of 60: φ = %v, want about 10", phi)
	}
	naive, fair := decideProportion(20, 3000, 0.01, confident, 1), decideProportion(20, 3000, 0.01, confident, phi)
	if naive.outcome != plumbline.Pass || fair.outcome != undecided {
		t.Errorf("naive %s, with dispersion %s; want pass, undecided", naive.outcome, fair.outcome)
	}
	if math.Abs(fair.effective-3000/phi) > 1e-9 {
		t.Errorf("effective sample size %v, want %v", fair.effective, 3000/phi)
	}
	for _, parts := range [][]tally{nil, {{10, 3}}, {{10, 0}, {10, 0}}, {{10, 10}, {10, 10}}, {{0, 0}, {10, 1}}} {
		if got := dispersion(parts); got != 1 {
			t.Errorf("dispersion(%v) = %v, want 1", parts, got)
		}
	}
}

// At the exact border the test must not say pass or fail more often than its
// confidence allows.
func TestDecideProportionKeepsItsConfidence(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const runs, n, p = 1000, 1000, 0.05
	var passed, failed int
	for range runs {
		bad := int64(0)
		for range n {
			if r.Float64() < p {
				bad++
			}
		}
		switch decideProportion(bad, n, p, confident, 1).outcome {
		case plumbline.Pass:
			passed++
		case plumbline.Fail:
			failed++
		default:
		}
	}
	if passed > runs*7/100 || failed > runs*7/100 {
		t.Errorf("wrong verdicts on the border: %d pass, %d fail of %d", passed, failed, runs)
	}
}

func TestWilson(t *testing.T) {
	// Zero failures in 52, 268, 542 and 2716 requests prove 5, 1, 0.5, 0.1 %.
	for n, limit := range map[int64]float64{52: 0.05, 268: 0.01, 2704: 0.001} {
		if _, upper := wilson(0, n); math.Abs(upper-limit) > limit/50 {
			t.Errorf("0 of %d: upper bound %v, want about %v", n, upper, limit)
		}
	}
	if lower, upper := wilson(0, 0); lower != 0 || upper != 1 {
		t.Errorf("nothing seen: [%v, %v]", lower, upper)
	}
}

func TestQuantileRanks(t *testing.T) {
	if low, high := quantileRanks(1000, 0.99); low != 983 || high != 997 {
		t.Errorf("p99 of 1000: ranks %d–%d, want 983–997", low, high)
	}
	for _, c := range []struct {
		q float64
		n int64
	}{{0.9, 36}, {0.95, 72}, {0.99, 368}, {0.999, 3688}} {
		if _, high := quantileRanks(c.n, c.q); high != c.n {
			t.Errorf("p%v of %d: high rank %d, want %d", c.q*100, c.n, high, c.n)
		}
		if _, high := quantileRanks(c.n-1, c.q); high != c.n {
			t.Errorf("p%v of %d must not be bounded; high rank %d", c.q*100, c.n-1, high)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var sorted []time.Duration
	var bins []plumbline.Bin
	for i := 1; i <= 1000; i++ {
		d := time.Duration(i) * time.Millisecond
		sorted = append(sorted, d)
		bins = append(bins, plumbline.Bin{UpTo: d, Count: 1})
	}
	want := quantileInterval{990 * time.Millisecond, 983 * time.Millisecond, 997 * time.Millisecond, 1000}
	if got := quantileOf(sorted, 0.99); got != want {
		t.Errorf("quantileOf = %+v, want %+v", got, want)
	}
	if got := quantileOfBins(bins, 0.99); got != want {
		t.Errorf("quantileOfBins = %+v, want %+v", got, want)
	}
	if got := quantileOf(sorted[:100], 0.99); got.high != 0 || got.value != 99*time.Millisecond {
		t.Errorf("p99 of 100 = %+v, want no upper end", got)
	}
	if got := quantileOf(nil, 0.5); got != (quantileInterval{}) {
		t.Errorf("quantile of nothing = %+v", got)
	}
}

func TestSpreadTellsAFixedGapFromJitter(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var fixed, jittered []time.Duration
	for range 30 {
		fixed = append(fixed, 100*time.Millisecond+time.Duration(r.NormFloat64()*1.5e6))
		jittered = append(jittered, time.Duration(r.Float64()*200e6))
	}
	before := slices.Clone(jittered)
	if got := spread(fixed); got >= 0.10 {
		t.Errorf("spread of a fixed gap = %v", got)
	}
	if got := spread(jittered); got < 0.5 {
		t.Errorf("spread of full jitter = %v", got)
	}
	if got := median([]time.Duration{3, 1, 2}); got != 2 {
		t.Errorf("median = %v", got)
	}
	if !slices.Equal(before, jittered) {
		t.Error("spread sorted its argument")
	}
}

func TestPercentHasThreeDigits(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{
		0: "0 %", 1: "100 %", 0.5: "50 %", 0.95: "95 %", 0.9995: "99.95 %", 0.949203: "94.92 %", 0.788621: "78.9 %", 0.0000742: "0.0074 %", 0.0123456: "1.23 %", 0.00012: "0.012 %",
	} {
		if got := percent(share); got != want {
			t.Errorf("%g is %q, want %q", share, got, want)
		}
	}
}
