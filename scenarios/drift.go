package scenarios

import (
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A moment is a value at a time.
type moment struct {
	at    time.Duration
	value float64
}

// A drift is how a figure moves with time: the line of Theil and Sen.
type drift struct {
	n           int     // values it rests on, before they were put together
	level       float64 // median of all
	first, last float64 // medians of the first and the last tenth
	slope       float64 // of a second
	low, high   float64 // bounds of the slope, each one-sided at 95 %
	surely      float64 // bound that the slope is above, at trendScore
	flattens    bool    // the second half grows by less than half of what the first does
}

// mostStretches is how many stretches values are put together into: what
// neighbours have in common is then mostly within one.
const mostStretches = 30

// driftOf finds the drift of values that are in the order of time.
func driftOf(values []moment) drift {
	out := drift{n: len(values)}
	points := stretched(values)
	if len(points) < 3 {
		return out
	}
	ys := make([]float64, len(points))
	for i, p := range points {
		ys[i] = p.value
	}
	tenth := max(1, len(ys)/10)
	out.level, out.first, out.last = middle(ys), middle(ys[:tenth]), middle(ys[len(ys)-tenth:])
	slopes := slopesOf(points)
	out.slope = middle(slopes)
	spread := math.Sqrt(kendallVariance(len(points)) * inflation(points, out.slope))
	out.low, out.high = sen(slopes, -boundScore*spread), sen(slopes, boundScore*spread)
	out.surely = sen(slopes, -trendScore*spread)
	half := len(points) / 2
	early, late := middle(slopesOf(points[:half])), middle(slopesOf(points[half:]))
	out.flattens = early > 0 && late < early/2
	return out
}

// stretched parts values into stretches of the same length and takes the median
// of each.
func stretched(values []moment) []moment {
	if len(values) <= mostStretches {
		return values
	}
	var out []moment
	for i := range mostStretches {
		part := values[i*len(values)/mostStretches : (i+1)*len(values)/mostStretches]
		var ys []float64
		for _, v := range part {
			ys = append(ys, v.value)
		}
		out = append(out, moment{part[len(part)/2].at, middle(ys)})
	}
	return out
}

// slopesOf are the slopes between all pairs, in ascending order.
func slopesOf(points []moment) []float64 {
	var out []float64
	for i := range points {
		for j := i + 1; j < len(points); j++ {
			if dt := (points[j].at - points[i].at).Seconds(); dt > 0 {
				out = append(out, (points[j].value-points[i].value)/dt)
			}
		}
	}
	slices.Sort(out)
	return out
}

// kendallVariance is the variance of Kendall's S of so many independent values.
func kendallVariance(n int) float64 { return float64(n) * float64(n-1) * float64(2*n+5) / 18 }

// sen is the slope at so many places from the middle, of twice as many ranks
// (Sen 1968).
func sen(slopes []float64, by float64) float64 {
	n := len(slopes)
	at := (float64(n) + by) / 2
	if by < 0 {
		return slopes[min(n-1, max(0, int(math.Floor(at))-1))]
	}
	return slopes[min(n-1, max(0, int(math.Ceil(at))))]
}

// boundScore is that of one-sided bounds at 95 %, 1.645, and a little: neighbours
// that are alike are counted in roughly.
const boundScore = 2

// mostAlike bounds the correlation of neighbours: more of it is of a line that is
// bent, and no chance.
const mostAlike = 0.6

// inflation is by how much the variance grows because neighbours are alike: of
// what the line leaves over, (1+r)/(1−r) with their correlation r.
func inflation(points []moment, slope float64) float64 {
	rest := make([]float64, len(points))
	for i, p := range points {
		rest[i] = p.value - slope*p.at.Seconds()
	}
	mean, _ := meanOf(rest)
	var same, all float64
	for i, x := range rest {
		all += (x - mean) * (x - mean)
		if i > 0 {
			same += (x - mean) * (rest[i-1] - mean)
		}
	}
	if all == 0 {
		return 1
	}
	r := min(mostAlike, max(0, same/all))
	return (1 + r) / (1 - r)
}

// medianMoments are the medians of good answers of each second of the judged
// load, in milliseconds.
func medianMoments(e *plumbline.Evidence) []moment {
	type second struct{ sum, n float64 }
	all := map[int]second{}
	for _, x := range e.Series {
		if x.Experiment != loadTarget || x.Phase == warmUp || (x.Class != "2xx" && x.Class != "3xx") {
			continue
		}
		for _, s := range x.Slices {
			at := int(x.Began/time.Second) + s.Second
			all[at] = second{all[at].sum + milliseconds(s.P50)*float64(s.Count), all[at].n + float64(s.Count)}
		}
	}
	var out []moment
	for _, at := range sortedInts(all) {
		if all[at].n > 0 {
			out = append(out, moment{time.Duration(at) * time.Second, all[at].sum / all[at].n})
		}
	}
	return out
}
