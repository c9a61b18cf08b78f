package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// An onslaught is what one experiment of overload showed.
type onslaught struct {
	d       plumbline.Design
	knee    float64
	phases  map[string]*wave
	trouble *plumbline.Verdict // why nothing of it can be judged; nil when it can
}

// A wave is one phase of an onslaught.
type wave struct {
	rate            float64 // asked for
	seconds         []beat  // in order
	total, good     int64
	shed, advised   int64
	timeouts, other int64 // neither good nor shed
	accepted        []plumbline.Bin
	refused         []plumbline.Bin // from sent
	series          []plumbline.Series
}

// A beat is one second of a wave.
type beat struct {
	n, good int64
	parts   []plumbline.Slice // of good answers
}

// slow is how many good answers took longer than a limit, at least: of a part it
// is known how long half of it took, and one in a hundred.
func (b beat) slow(limit time.Duration) (least int64) {
	for _, s := range b.parts {
		switch {
		case limit == 0:
		case s.P50 > limit:
			least += (s.Count + 1) / 2
		case s.P99 > limit:
			least += max(1, s.Count/100)
		}
	}
	return least
}

func onslaughtOf(d plumbline.Design, e *plumbline.Evidence, experiment string, knee float64) *onslaught {
	o := &onslaught{d: d, knee: knee, phases: map[string]*wave{}}
	for _, m := range e.Phases {
		if m.Experiment != experiment {
			continue
		}
		if !m.Complete {
			v := inconclusive(plumbline.ReasonIncomplete, "the phase %s of %s did not run to its end", m.Phase, experiment)
			o.trouble = &v
			return o
		}
		o.phases[m.Phase] = waveOf(e, m)
	}
	for _, h := range e.Health {
		if why := saturation(h); h.Experiment == experiment && why != "" {
			v := inconclusive(plumbline.ReasonGeneratorSaturated, "in %s of %s: %s", h.Phase, experiment, why)
			v.Remedy = moreRoom
			o.trouble = &v
		}
	}
	if len(o.phases) == 0 {
		v := inconclusive(plumbline.ReasonIncomplete, "the deployment was not overloaded: %s did not begin", experiment)
		o.trouble = &v
	}
	return o
}

func waveOf(e *plumbline.Evidence, m plumbline.PhaseMark) *wave {
	w := &wave{rate: m.Rate}
	beats := map[int]*beat{}
	for _, x := range e.Series {
		if x.Experiment != m.Experiment || x.Phase != m.Phase || !sentToTarget(plumbline.Observation{Error: plumbline.ErrorClass(x.Class)}) {
			continue
		}
		good := !x.Shed && (x.Class == "2xx" || x.Class == "3xx")
		w.count(x, good)
		for _, s := range x.Slices {
			b := beats[s.Second]
			if b == nil {
				b = &beat{}
				beats[s.Second] = b
			}
			b.n += s.Count
			if good {
				b.good += s.Count
				b.parts = append(b.parts, s)
			}
		}
	}
	for _, second := range sortedInts(beats) {
		w.seconds = append(w.seconds, *beats[second])
	}
	w.accepted, w.refused = mergedBins(w.accepted), mergedBins(w.refused)
	return w
}

func (w *wave) count(x plumbline.Series, good bool) {
	w.total += x.Count
	w.series = append(w.series, x)
	switch {
	case good:
		w.good += x.Count - x.Bad
		w.accepted = append(w.accepted, x.Latency...)
	case x.Shed:
		w.shed, w.advised = w.shed+x.Count, w.advised+x.Advised
		w.refused = append(w.refused, x.Service...)
	case x.Class == string(plumbline.ErrorTimeout):
		w.timeouts += x.Count
	default:
		w.other += x.Count
	}
}

// goodput is the mean of good answers a second with its standard error, after
// the first two seconds.
func (w *wave) goodput() (mean, deviation float64) {
	var goods []float64
	for _, b := range w.seconds[min(2, len(w.seconds)):] {
		goods = append(goods, float64(b.good))
	}
	return meanOf(goods)
}

// back is the first second from which on in no five seconds, to the end, fewer
// than a share of the requests were answered well, and within the limit where
// there is one; ok is false when there is none. What a few requests do by chance
// is not taken for it: the one-sided 95 % bound has to lie below the share.
func (w *wave) back(share float64, limit time.Duration) (second int, ok bool) {
	const window = 5
	for from := range w.seconds {
		ok = len(w.seconds)-from >= window
		for at := from; ok && at+window <= len(w.seconds); at++ {
			n, well := int64(0), int64(0)
			for _, b := range w.seconds[at : at+window] {
				n, well = n+b.n, well+b.good-b.slow(limit)
			}
			_, upper := wilson(well, n)
			ok = upper >= share
		}
		if ok {
			return from, true
		}
	}
	return 0, false
}

// healthy says whether a wave that was no overload went well; what follows it
// cannot be judged otherwise.
func (w *wave) healthy() bool { return w != nil && w.total > 0 && w.good*100 >= w.total*95 }

// easy is the verdict where what was to be too much was answered well: who was not
// overloaded has not shown how that is borne. It is nil otherwise.
func (o *onslaught) easy(w *wave) *plumbline.Verdict {
	if !w.healthy() {
		return nil
	}
	times := w.rate / o.knee
	v := inconclusive(plumbline.ReasonNoPositiveControl, "at %.3g times the knee of %.4g requests a second %d of %d were answered well: that was no overload", times, o.knee, w.good, w.total)
	v.Remedy = "a higher load.overload, when the deployment carries more than the search for its capacity has found"
	return &v
}

// top is the wave of the highest multiple of the knee that was sent.
func (o *onslaught) top() (times float64, w *wave) {
	for _, m := range slices.Backward(multiples()) {
		if w := o.phases[burstPhase(m)]; w != nil {
			return m, w
		}
	}
	return 0, nil
}
