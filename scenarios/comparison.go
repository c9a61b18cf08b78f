package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/plumbline-dev/plumbline"
)

// When one deployment counts as slower than another.
const (
	slowerBy    = 1.05 // the lower bound of the ratio is above it, and
	slowerLeast = 1.0  // milliseconds: the difference is more than that
	alikeBelow  = 1.10 // the upper bound of the ratio is below it: not slower
	fewestPairs = 6
	// ComparePrefix begins the names of the blocks, which are phases of the
	// target load: a pair has the same name in both journals.
	ComparePrefix = "block-"
)

// CompareBlock is the phase that one block of a comparison sends; ok is false
// when no operation can be called at a rate.
func CompareBlock(d plumbline.Design, pair int, lasts time.Duration) (ph plumbline.Phase, ok bool) {
	x, _ := targetLoad(d)
	if len(x.Phases) == 0 {
		return ph, false
	}
	mix, _ := mixOf(d)
	rate := 0.0
	for _, s := range x.Phases[0].Streams {
		rate += s.Stages[0].From * float64(s.PerHit())
	}
	stage := plumbline.Stage{From: rate, To: rate, Duration: lasts}
	return loadPhase(fmt.Sprintf("%s%02d", ComparePrefix, pair), plumbline.RoleBaseline, []plumbline.Stage{stage}, mix, x.Phases[0].Streams[0].Arrivals), true
}

// Compare compares two deployments by blocks that were sent to them in turn, so
// that what slowed the machine down slowed both. The ratio of each quantile is
// taken within each pair of blocks; its interval is Student's over the
// logarithms, and holds for all rows together (Bonferroni). It is a failure
// only where B is slower beyond chance and by more than 5 % and 1 ms.
func Compare(a, b *plumbline.Evidence) plumbline.Comparison {
	c := plumbline.Comparison{Schema: plumbline.ComparisonSchema, Outcome: plumbline.Pass, Compared: []plumbline.Compared{}}
	for _, h := range slices.Concat(a.Health, b.Health) {
		if why := saturation(h); why != "" {
			c.Outcome, c.Reason = plumbline.Inconclusive, plumbline.ReasonGeneratorSaturated
			c.Sentence, c.Remedy = fmt.Sprintf("the generator fell behind in %s: %s", h.Phase, why), moreRoom
			return c
		}
	}
	blocksA, blocksB := blocksOf(a), blocksOf(b)
	rows := 0
	for op := range blocksA {
		if len(blocksB[op]) > 0 {
			rows += len(comparedQuantiles())
		}
	}
	for _, op := range sortedKeys(blocksA) {
		for _, q := range comparedQuantiles() {
			if row, pairs := rowOf(blocksA[op], blocksB[op], q, rows); pairs > 0 {
				row.Operation = op
				c.Pairs = max(c.Pairs, pairs)
				c.Compared = append(c.Compared, row)
			}
		}
	}
	slices.SortStableFunc(c.Compared, func(x, y plumbline.Compared) int {
		return cmp.Or(plumbline.CompareOutcome(x.Outcome, y.Outcome), cmp.Compare(y.Low, x.Low))
	})
	return concluded(c)
}

func comparedQuantiles() []float64 { return []float64{0.5, 0.95} }

// concluded says what the rows amount to.
func concluded(c plumbline.Comparison) plumbline.Comparison {
	if c.Pairs < fewestPairs {
		c.Outcome, c.Reason = plumbline.Inconclusive, plumbline.ReasonTooFewSamples
		c.Sentence, c.Remedy = fmt.Sprintf("%s of blocks with answers in both; %d are needed", plural(c.Pairs, "pair"), fewestPairs), "more --pairs"
		return c
	}
	n := map[plumbline.Outcome]int{}
	for _, row := range c.Compared {
		n[row.Outcome]++
	}
	first := c.Compared[0]
	told := fmt.Sprintf("p%g of %s: %.3g ms and %.3g ms, ratio %.3g [%.3g … %.3g]", 100*first.Q, first.Operation, first.A, first.B, first.Ratio, first.Low, first.High)
	switch {
	case n[plumbline.Fail] > 0:
		c.Outcome, c.Sentence = plumbline.Fail, fmt.Sprintf("B is slower in %d of %d quantiles; %s", n[plumbline.Fail], len(c.Compared), told)
	case n[plumbline.Inconclusive] > 0:
		c.Outcome, c.Reason, c.Remedy = plumbline.Inconclusive, plumbline.ReasonUndecided, "more --pairs, or longer blocks"
		c.Sentence = fmt.Sprintf("%d of %d quantiles are undecided; %s", n[plumbline.Inconclusive], len(c.Compared), told)
	default:
		c.Sentence = fmt.Sprintf("B is not slower than A by 10 %% in any of %d quantiles; the widest: %s", len(c.Compared), told)
	}
	return c
}

// blocksOf are the histograms of good answers by operation and block.
func blocksOf(e *plumbline.Evidence) map[string]map[string][]plumbline.Bin {
	out := map[string]map[string][]plumbline.Bin{}
	for _, x := range slices.Concat(e.Series, e.Flows) {
		if x.Class != "2xx" && x.Class != "3xx" {
			continue
		}
		if out[x.Operation] == nil {
			out[x.Operation] = map[string][]plumbline.Bin{}
		}
		out[x.Operation][x.Phase] = mergedBins(slices.Concat(out[x.Operation][x.Phase], x.Latency))
	}
	return out
}

// rowOf is one row, of so many in all.
func rowOf(a, b map[string][]plumbline.Bin, q float64, rows int) (row plumbline.Compared, pairs int) {
	var logs, as, bs []float64
	for _, name := range sortedKeys(a) {
		x, y := quantileOfBins(a[name], q).value, quantileOfBins(b[name], q).value
		if x > 0 && y > 0 {
			logs, as, bs = append(logs, math.Log(float64(y)/float64(x))), append(as, milliseconds(x)), append(bs, milliseconds(y))
		}
	}
	if len(logs) < 2 {
		return row, len(logs)
	}
	mean, deviation := meanOf(logs)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(len(logs) - 1)}.Quantile(1 - 0.025/float64(rows))
	row = plumbline.Compared{
		Q: q, A: middle(as), B: middle(bs), Outcome: plumbline.Inconclusive,
		Ratio: math.Exp(mean), Low: math.Exp(mean - t*deviation), High: math.Exp(mean + t*deviation),
	}
	switch {
	case row.Low > slowerBy && row.B-row.A > slowerLeast:
		row.Outcome = plumbline.Fail
	case row.High <= alikeBelow, row.B-row.A <= slowerLeast && row.Low <= slowerBy:
		row.Outcome = plumbline.Pass
	}
	return row, len(logs)
}
