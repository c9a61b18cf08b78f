package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// shownConfidence is that of each bound of the intervals that charts show: two
// of them hold together at 95 %.
const shownConfidence = 0.975

// promised are the objectives that speak of the requests of an experiment.
func promised(d plumbline.Design, x plumbline.Experiment) []plumbline.Promised {
	sent := map[string]bool{}
	for _, ph := range x.Phases {
		for _, s := range ph.Streams {
			sent[s.Operation] = true
			for _, id := range s.Reaches() {
				sent[id] = true
			}
		}
	}
	var out []plumbline.Promised
	for _, o := range d.Objectives {
		if o.Throughput == 0 && aboutFaults(x, o) && slices.ContainsFunc(sortedKeys(sent), o.Covers) {
			out = append(out, plumbline.Promised{Objective: o.Name, Operations: o.Operations, Target: o.Target, Within: milliseconds(o.Within), During: plumbline.Role(o.During)})
		}
	}
	return out
}

// aboutFaults says whether what an experiment breaks is what an objective is
// about, where that is about the loss of something.
func aboutFaults(x plumbline.Experiment, o plumbline.Objective) bool {
	return len(o.Faults) == 0 || slices.ContainsFunc(o.Faults, func(name string) bool { return breaks(x, name) })
}

// A gathering is of the requests of a phase.
type gathering struct {
	all       tally
	perSecond map[int]tally
	bins      []plumbline.Bin
}

func (s *gathering) second(at int, n, bad int64) {
	t := s.perSecond[at]
	s.perSecond[at] = tally{t.n + n, t.bad + bad}
}

func (s *gathering) observe(o plumbline.Observation) {
	bad := int64(0)
	if !o.OK() {
		bad = 1
	}
	s.all = tally{s.all.n + 1, s.all.bad + bad}
	s.second(int(o.Due/time.Second), 1, bad)
	s.bins = append(s.bins, plumbline.Bin{UpTo: o.Latency, Count: 1})
}

func (s *gathering) fold(x plumbline.Series) {
	bad, all := x.Bad, !serves(x)
	if all {
		bad = x.Count
	}
	s.all = tally{s.all.n + x.Count, s.all.bad + bad}
	s.bins = append(s.bins, x.Latency...)
	for _, slice := range x.Slices {
		n := int64(0)
		if all {
			n = slice.Count
		}
		s.second(int(x.Began/time.Second)+slice.Second, slice.Count, n)
	}
}

// stretchOf is what the requests of a phase amount to; ok is false when nothing
// was sent in it. The interval of the bad share is that of Clopper and Pearson
// on a sample made smaller by its bursts; those of the latencies are by order
// statistics.
func stretchOf(e *plumbline.Evidence, m plumbline.PhaseMark) (plumbline.Stretch, bool) {
	s := gathering{perSecond: map[int]tally{}}
	for o := range e.Of(m.Experiment, m.Phase) {
		if sentToTarget(o) {
			s.observe(o)
		}
	}
	for _, x := range e.Series {
		if x.Experiment == m.Experiment && x.Phase == m.Phase && sentToTarget(plumbline.Observation{Error: plumbline.ErrorClass(x.Class)}) {
			s.fold(x)
		}
	}
	if s.all.n == 0 {
		return plumbline.Stretch{}, false
	}
	seconds := make([]tally, 0, len(s.perSecond))
	for _, n := range sortedInts(s.perSecond) {
		seconds = append(seconds, s.perSecond[n])
	}
	bins := mergedBins(s.bins)
	p50, p99 := quantileOfBins(bins, 0.5), quantileOfBins(bins, 0.99)
	return plumbline.Stretch{
		Phase: m.Phase, Count: s.all.n, Bad: s.all.bad, BadShare: shareRange(s.all, seconds),
		P50: milliseconds(p50.value), P50Range: p50.shown(), P99: milliseconds(p99.value), P99Range: p99.shown(),
	}, true
}

func shareRange(all tally, seconds []tally) plumbline.Interval {
	phi := dispersion(seconds)
	low, high := clopperPearson(float64(all.bad)/phi, float64(all.n)/phi, shownConfidence)
	return plumbline.Interval{Low: low, High: high, Confidence: shownConfidence}
}

// shown is the interval as reports have it, in milliseconds.
func (x quantileInterval) shown() plumbline.Interval {
	return plumbline.Interval{Low: milliseconds(x.low), High: milliseconds(x.high), Confidence: shownConfidence}
}
