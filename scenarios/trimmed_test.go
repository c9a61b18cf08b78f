package scenarios

import (
	"math/rand/v2"
	"testing"
	"time"
)

// gapsDrawn are gaps of full jitter between two bounds; the first few are those
// of a machine that stood still.
func gapsDrawn(r *rand.Rand, n int, low, high time.Duration, still int) []time.Duration {
	out := make([]time.Duration, n)
	for i := range out {
		out[i] = low + time.Duration(r.Float64()*float64(high-low))
		if i < still {
			out[i] += 2 * time.Second
		}
	}
	return out
}

// The chances are known that growth is seen, is not, and stays open, with as many
// gaps as the probes of one dependency make.
func TestGrowthOfGapsIsTold(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, c := range []struct {
		name                string
		low, high           [2]time.Duration
		still               int
		seen, denied, least float64 // shares of the runs: at most seen, at most denied, at least either
	}{
		{"full jitter that doubles", [2]time.Duration{0, 0}, [2]time.Duration{200 * ms, 400 * ms}, 0, 1, 0, 0.995},
		{"the same beside a machine that stood still", [2]time.Duration{0, 0}, [2]time.Duration{200 * ms, 400 * ms}, 2, 1, 0, 0.995},
		{"a tenth of jitter, no growth", [2]time.Duration{90 * ms, 90 * ms}, [2]time.Duration{110 * ms, 110 * ms}, 0, 0, 1, 0.999},
		{"half of jitter, no growth", [2]time.Duration{50 * ms, 50 * ms}, [2]time.Duration{150 * ms, 150 * ms}, 0, 0.01, 1, 0.6},
		{"full jitter, no growth", [2]time.Duration{0, 0}, [2]time.Duration{200 * ms, 200 * ms}, 0, 0.1, 1, 0.2},
	} {
		r := rand.New(rand.NewPCG(5, 6)) //nolint:gosec // reproducible on purpose
		seen, denied := 0, 0
		const runs = 2000
		for range runs {
			was, now := trimmedOf(gapsDrawn(r, 54, c.low[0], c.high[0], c.still)), trimmedOf(gapsDrawn(r, 54, c.low[1], c.high[1], c.still))
			switch ratio, high := now.over(was); {
			case high < backoffGrowth:
				denied++
			case ratio >= backoffGrowth:
				seen++
			}
		}
		yes, no := float64(seen)/runs, float64(denied)/runs
		t.Logf("%s: seen in %.2f %%, denied in %.2f %%", c.name, 100*yes, 100*no)
		if yes > c.seen || no > c.denied || yes+no < c.least {
			t.Errorf("%s: seen in %.4f, denied in %.4f of the runs", c.name, yes, no)
		}
	}
}
