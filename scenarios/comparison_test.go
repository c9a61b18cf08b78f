package scenarios

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A night is a comparison on a machine that is noisy from block to block, for
// both deployments alike, and a little for each alone. B takes times as long.
func night(seed uint64, pairs int, times float64) plumbline.Comparison {
	random := rand.New(rand.NewPCG(seed, 2))
	var sides [2]plumbline.Evidence
	for pair := range pairs {
		ph, _ := CompareBlock(shop(), pair+1, 5*time.Second)
		machine := math.Exp(0.25 * random.NormFloat64())
		for i := range sides {
			own := machine * math.Exp(0.02*random.NormFloat64())
			if i == 1 {
				own *= times
			}
			for _, s := range ph.Streams {
				x := plumbline.Series{Experiment: "compare", Phase: ph.Name, Stream: s.Name, Operation: s.Operation, Class: "2xx"}
				for range int(s.Expected()) {
					tell(&x, 0, time.Duration(own*20*math.Exp(0.4*random.NormFloat64())*float64(time.Millisecond)))
				}
				x.Latency = mergedBins(x.Latency)
				sides[i].Series = append(sides[i].Series, x)
			}
			sides[i].Health = append(sides[i].Health, plumbline.Health{Phase: ph.Name, Planned: 100, Sent: 100, Lag99: time.Millisecond})
		}
	}
	return Compare(&sides[0], &sides[1])
}

// Thirty nights with the same deployment on both sides: none is red. A fifth
// slower is found.
func TestCompareRaisesNoFalseAlarm(t *testing.T) {
	t.Parallel()
	alike, slower, quicker := map[plumbline.Outcome]int{}, map[plumbline.Outcome]int{}, map[plumbline.Outcome]int{}
	for seed := range uint64(30) {
		alike[night(seed, 8, 1).Outcome]++
		slower[night(seed, 8, 1.2).Outcome]++
		quicker[night(seed, 8, 0.8).Outcome]++
	}
	t.Logf("alike %v, slower %v, quicker %v", alike, slower, quicker)
	if alike[plumbline.Fail] > 0 || quicker[plumbline.Fail] > 0 || slower[plumbline.Pass] > 0 || slower[plumbline.Fail] < 28 {
		t.Errorf("alike %v, slower %v, quicker %v", alike, slower, quicker)
	}
}

func TestCompareAtItsEdges(t *testing.T) {
	t.Parallel()
	few := night(1, 3, 2)
	starved, other := plumbline.Evidence{Health: []plumbline.Health{{Phase: "block-01", Planned: 100, Sent: 50}}}, plumbline.Evidence{}
	empty := Compare(&other, &other)
	for name, c := range map[string]struct {
		got    plumbline.Comparison
		reason plumbline.Reason
	}{
		"too few pairs":       {few, plumbline.ReasonTooFewSamples},
		"nothing was sent":    {empty, plumbline.ReasonTooFewSamples},
		"a starved generator": {Compare(&starved, &other), plumbline.ReasonGeneratorSaturated},
	} {
		if c.got.Outcome != plumbline.Inconclusive || c.got.Reason != c.reason || c.got.Remedy == "" {
			t.Errorf("%s: %+v", name, c.got)
		}
	}
	if _, ok := CompareBlock(plumbline.Design{}, 1, time.Second); ok {
		t.Error("a block of nothing")
	}
}
