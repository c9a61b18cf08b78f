package reports

import (
	"math"

	"github.com/plumbline-dev/plumbline"
)

// pointsMost is how many points a chart and the table beside it show. An hour
// of load has more seconds than a page has pixels.
const pointsMost = 300

// coarser takes as many seconds together as are needed for a timeline to have
// no more points than that: the mean of the requests and of the medians, the
// worst of the 99th percentiles; a bad answer is never folded away. It returns
// how many seconds one point stands for.
func coarser(t plumbline.Timeline) (plumbline.Timeline, int) {
	n := (len(t.Points) + pointsMost - 1) / pointsMost
	if n <= 1 {
		return t, 1
	}
	points := make([]plumbline.Point, 0, pointsMost)
	for from := 0; from < len(t.Points); from += n {
		points = append(points, coarserPoint(t.Points[from:min(from+n, len(t.Points))]))
	}
	t.Points = points
	return t, n
}

func coarserPoint(all []plumbline.Point) plumbline.Point {
	p := plumbline.Point{Second: all[0].Second}
	count, bad, weighted := 0, 0, 0.0
	for _, x := range all {
		count, bad = count+x.Count, bad+x.Bad
		weighted += x.P50 * float64(x.Count)
		p.P99 = max(p.P99, x.P99)
	}
	if count > 0 {
		p.P50 = weighted / float64(count)
	}
	per := float64(len(all))
	p.Count, p.Bad = int(math.Round(float64(count)/per)), int(math.Ceil(float64(bad)/per))
	return p
}
