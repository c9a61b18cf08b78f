package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// timelines draws every experiment with streams second by second, in the order
// in which they ran.
func timelines(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []plumbline.Timeline {
	var out []plumbline.Timeline
	for _, x := range p.Experiments {
		streams := slices.ContainsFunc(x.Phases, func(ph plumbline.Phase) bool { return len(ph.Streams) > 0 })
		if !streams {
			continue
		}
		t := plumbline.Timeline{Experiment: x.ID, Title: x.Title, Phases: []plumbline.PhaseMark{}, Points: pointsOf(e, x.ID), Promised: promised(d, x), Cuts: cutsOf(d, p, e, x)}
		for _, m := range e.Phases {
			if m.Experiment == x.ID {
				t.Phases = append(t.Phases, m)
				if s, ok := stretchOf(e, m); ok {
					t.Stretches = append(t.Stretches, s)
				}
			}
		}
		if len(t.Points) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// A second is what was seen of the requests that were due in it.
type second struct {
	count, bad int
	latencies  []time.Duration // of requests that were recorded one by one
	weighted   float64         // sum of count × median of the slices
	slices     int             // count that the weighted sum stands for
	p99        time.Duration   // largest of the slices
}

// pointsOf folds the requests of an experiment by the second in which they
// were due. Of load that was folded before, the median of a second is the mean
// of those of its operations and the 99th percentile is the largest of them:
// good enough to look at, and nothing is judged by it.
func pointsOf(e *plumbline.Evidence, experiment string) []plumbline.Point {
	seconds := map[int]*second{}
	at := func(d time.Duration) *second {
		s := int(d / time.Second)
		if seconds[s] == nil {
			seconds[s] = &second{}
		}
		return seconds[s]
	}
	for o := range e.Of(experiment, "") {
		if !sentToTarget(o) {
			continue
		}
		s := at(o.Due)
		s.count++
		if !o.OK() {
			s.bad++
		}
		s.latencies = append(s.latencies, o.Latency)
	}
	for _, x := range e.Series {
		if x.Experiment != experiment || !sentToTarget(plumbline.Observation{Error: plumbline.ErrorClass(x.Class)}) {
			continue
		}
		for _, slice := range x.Slices {
			at(x.Began+time.Duration(slice.Second)*time.Second).fold(slice, !serves(x))
		}
	}
	points := make([]plumbline.Point, 0, len(seconds))
	for _, n := range sortedInts(seconds) {
		points = append(points, seconds[n].point(n))
	}
	return points
}

func (s *second) fold(slice plumbline.Slice, bad bool) {
	s.count += int(slice.Count)
	if bad {
		s.bad += int(slice.Count)
	}
	s.weighted += float64(slice.Count) * milliseconds(slice.P50)
	s.slices += int(slice.Count)
	s.p99 = max(s.p99, slice.P99)
}

func (s *second) point(n int) plumbline.Point {
	slices.Sort(s.latencies)
	p := plumbline.Point{Second: n, Count: s.count, Bad: s.bad, P99: milliseconds(max(s.p99, quantileOf(s.latencies, 0.99).value))}
	own := float64(len(s.latencies))
	if total := own + float64(s.slices); total > 0 {
		p.P50 = (s.weighted + own*milliseconds(quantileOf(s.latencies, 0.5).value)) / total
	}
	return p
}

// quantiles are the latency quantiles of each operation and flow under the target
// load, of what was answered without a server error, and not refused for want of
// capacity; of flows, of those that were made whole.
func quantiles(d plumbline.Design, e *plumbline.Evidence) []plumbline.Quantile {
	var out []plumbline.Quantile
	add := func(id string) {
		var bins []plumbline.Bin
		for _, x := range judgedSeries(e, plumbline.Objective{Operations: []string{id}}) {
			if serves(x) {
				bins = append(bins, x.Latency...)
			}
		}
		out = append(out, quantilesOf(id, mergedBins(bins), 0.5, 0.9, 0.95, 0.99, 0.999)...)
	}
	for _, o := range d.Operations {
		add(o.ID)
	}
	for _, f := range d.Load.Flows {
		add(plumbline.FlowPrefix + f.Name)
	}
	return out
}
