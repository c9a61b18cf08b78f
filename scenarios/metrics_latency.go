package scenarios

import (
	"fmt"
	"math"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// fewestBuckets of a histogram that tells a median.
const fewestBuckets = 3

// latency is the verdict on how long the target says that requests took, which
// cannot be less than what its dependency kept each of them waiting, nor more
// than what the client waited.
func (g *metricsGauge) latency(e *plumbline.Evidence, dep plumbline.Dependency, op plumbline.Operation) plumbline.Verdict {
	delay := lateBy(dep)
	var took []time.Duration
	hit := 0
	for _, t := range trafficOf(e, dep.Name).trials(e, obsMetrics, metricsLate, op.ID) {
		took = append(took, t.seen.Service())
		if t.hits(plumbline.FaultDelay) > 0 && t.seen.Service() >= delay*9/10 {
			hit++
		}
	}
	if hit < metricsLeast || 2*hit <= len(took) {
		return inconclusive(plumbline.ReasonFaultNotDelivered, "%d of %d requests waited for the delay of %s", hit, len(took), readable(delay))
	}
	all := g.counted
	if g.routed {
		all = g.of(op.ID)
	}
	var one plumbline.Served
	for _, s := range all {
		if s.Timed > 0 {
			one.Timed, one.Seconds, one.Buckets = one.Timed+s.Timed, one.Seconds+s.Seconds, bucketsOf(one.Buckets, s.Buckets)
		}
	}
	if one.Timed == 0 {
		return skipped(plumbline.ReasonNotApplicable, "the metrics hold no durations of %s by a usual name: metrics.durations names them", op.ID)
	}
	if math.Abs(one.Timed-float64(len(took))) > g.allowedBy(float64(len(took))) {
		return inconclusive(plumbline.ReasonNoise, "the metrics hold durations of %.0f requests, %d were sent", one.Timed, len(took))
	}
	return held(one, delay, took)
}

// bucketsOf adds histograms up; nil where their buckets differ.
func bucketsOf(a, b []plumbline.Duration) []plumbline.Duration {
	if a == nil {
		return append([]plumbline.Duration(nil), b...)
	}
	if len(a) != len(b) {
		return nil
	}
	for i := range b {
		a[i].Count += b[i].Count
	}
	return a
}

// held compares what is told of durations with what they must have been.
func held(told plumbline.Served, delay time.Duration, took []time.Duration) plumbline.Verdict {
	least, most := delay.Seconds(), median(took).Seconds()
	mean := told.Seconds / told.Timed
	f := figure{1000 * mean, 1000 * least, "ms", len(took)}
	says := fmt.Sprintf("requests that waited %s for a dependency, and took %s (median) for the client, take %s on average by the metrics", readable(delay), readable(median(took)), readable(seconds(mean)))
	wrong := mean < 0.8*least || mean > 1.2*meanSeconds(took)
	if n := len(told.Buckets); n > fewestBuckets {
		at := bucketAt(told)
		low, high := bucketHolding(told.Buckets, least), bucketHolding(told.Buckets, most)
		says += fmt.Sprintf("; the median of the histogram is %s", bucketName(told.Buckets, at))
		wrong = at < low-1 || at > high+1
	}
	if !wrong {
		return pass(f, "%s", says)
	}
	v := fail(f, "%s", says)
	v.Remedy = "take the time from when a request arrives until its answer is sent, in the unit that the name of the metric says"
	return v
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func meanSeconds(all []time.Duration) float64 {
	sum := time.Duration(0)
	for _, d := range all {
		sum += d
	}
	return sum.Seconds() / float64(max(1, len(all)))
}

// bucketAt is the bucket in which the median is.
func bucketAt(s plumbline.Served) int {
	for i, b := range s.Buckets {
		if b.Count >= s.Timed/2 {
			return i
		}
	}
	return len(s.Buckets) - 1
}

// bucketHolding is the bucket that a duration belongs to.
func bucketHolding(all []plumbline.Duration, s float64) int {
	for i, b := range all {
		if b.UpTo == 0 || s <= b.UpTo {
			return i
		}
	}
	return len(all) - 1
}

func bucketName(all []plumbline.Duration, i int) string {
	if all[i].UpTo == 0 {
		return "above all of its buckets"
	}
	return "at most " + readable(seconds(all[i].UpTo))
}
