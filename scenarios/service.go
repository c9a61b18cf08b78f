package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A service is what the judged phases of the target load showed for one
// objective.
type service struct {
	total    tally
	seconds  []tally // for the dispersion
	at       []int   // the seconds of the run that these are
	fromSent tally   // as total, with the latency counted from sending; empty when it is not known
	refused  int64   // of total, bad: answered with a 429 that the document promises
	rough    bool    // some latencies were read off a histogram, to within 1 %
	silent   []string
	bad      []plumbline.Observation // recorded one by one
	loose    []stretch               // seconds in which it is not known how many were slow
	slow     int64                   // in all of them
	close    int64                   // of the bad: so close above the threshold that the histogram cannot tell
	warming  warming                 // what is left out, or casts doubt
}

// serviceOf counts good and bad requests over the operations that the
// objective covers and that answered 2xx at least once.
func serviceOf(e *plumbline.Evidence, o plumbline.Objective) service {
	return serviceOver(e, o, answeredUnderLoad(judgedSeries(e, o), judgedObservations(e, o)))
}

// serviceOver is serviceOf where it is known of every operation that got
// requests whether it counts.
func serviceOver(e *plumbline.Evidence, o plumbline.Objective, answered map[string]bool) service {
	var s service
	series, observations := judgedSeries(e, o), judgedObservations(e, o)
	perSecond := map[int]tally{}
	for _, x := range series {
		if answered[x.Operation] {
			s.fold(x, o, perSecond)
		}
	}
	for _, x := range observations {
		if answered[x.Operation] {
			s.observe(x, o, perSecond)
		}
	}
	allot(s.loose, s.slow, perSecond)
	for _, second := range sortedInts(perSecond) {
		s.seconds, s.at = append(s.seconds, perSecond[second]), append(s.at, second)
	}
	for _, id := range sortedKeys(answered) {
		if !answered[id] {
			s.silent = append(s.silent, id)
		}
	}
	return s
}

// answeredUnderLoad holds every operation that got requests, and whether one
// of them was answered 2xx.
func answeredUnderLoad(series []plumbline.Series, observations []plumbline.Observation) map[string]bool {
	answered := map[string]bool{}
	for _, x := range series {
		answered[x.Operation] = answered[x.Operation] || (x.Class == "2xx" && x.Count > 0)
	}
	for _, x := range observations {
		answered[x.Operation] = answered[x.Operation] || succeeded(x)
	}
	return answered
}

// judgedSeries are the series that count for the objective. Those of flows do
// only where it names them: the requests of their steps are among the others.
func judgedSeries(e *plumbline.Evidence, o plumbline.Objective) []plumbline.Series {
	return slices.DeleteFunc(slices.Concat(e.Series, e.Flows), func(x plumbline.Series) bool {
		return x.Experiment != loadTarget || x.Phase == warmUp || !o.Covers(x.Operation) ||
			!sentToTarget(plumbline.Observation{Error: plumbline.ErrorClass(x.Class)})
	})
}

// judgedObservations are the requests that were recorded one by one and count
// for the objective.
func judgedObservations(e *plumbline.Evidence, o plumbline.Objective) []plumbline.Observation {
	var out []plumbline.Observation
	for x := range e.Of(loadTarget, "") {
		if x.Phase != warmUp && o.Covers(x.Operation) && sentToTarget(x) {
			out = append(out, x)
		}
	}
	return out
}

func (s *service) observe(x plumbline.Observation, o plumbline.Objective, perSecond map[int]tally) {
	at := perSecond[int(x.Due/time.Second)]
	at.n++
	s.total.n++
	s.fromSent.n++
	refused := x.Status == 429 && x.OK()
	if refused || !o.Good(x) {
		at.bad++
		s.total.bad++
		s.bad = append(s.bad, x)
	}
	if refused {
		s.refused++
	}
	sooner := x
	sooner.Latency = x.Service()
	if refused || !o.Good(sooner) {
		s.fromSent.bad++
	}
	perSecond[int(x.Due/time.Second)] = at
}

// fold takes in one class of answers to one operation.
func (s *service) fold(x plumbline.Series, o plumbline.Objective, perSecond map[int]tally) {
	good, threshold := s.goodOf(x, o)
	s.total.n += x.Count
	s.total.bad += x.Count - good
	s.fromSent.n += x.Count
	if throttles(x) {
		s.refused += x.Count - x.Bad
	}
	if o.Within > 0 && serves(x) && len(x.Service) > 0 {
		s.fromSent.bad += x.Count - max(0, below(x.Service, o.Within)-x.Bad)
	} else {
		s.fromSent.bad += x.Count - good
	}
	if o.Within > 0 && threshold < 0 && serves(x) {
		s.loose, s.slow = append(s.loose, stretchesOf(x, o.Within)...), s.slow+x.Count-good
	}
	for _, slice := range x.Slices {
		second := int(x.Began/time.Second) + slice.Second
		at := perSecond[second]
		at.n += slice.Count
		switch {
		case !serves(x):
			at.bad += slice.Count
		case threshold >= 0 && threshold < len(slice.Within):
			at.bad += slice.Count - slice.Within[threshold]
		}
		perSecond[second] = at
	}
}

// goodOf counts the good requests of a series, and says which of its
// thresholds is that of the objective; -1 when none is. An answer with an
// undocumented status is bad however quick it was: the slices know of each
// whether it was both, the totals only how many were either.
func (s *service) goodOf(x plumbline.Series, o plumbline.Objective) (good int64, threshold int) {
	threshold = slices.IndexFunc(x.Within, func(w plumbline.Within) bool { return o.Within > 0 && w.Threshold == o.Within })
	switch {
	case !serves(x):
		return 0, threshold
	case o.Within == 0:
		return x.Count - x.Bad, threshold
	case threshold < 0:
		s.rough = true
		good = max(0, below(x.Latency, o.Within)-x.Bad)
		s.close += below(x.Latency, time.Duration(float64(o.Within)/(1-recordedGrain))) - below(x.Latency, o.Within)
		return good, threshold
	}
	seen := int64(0)
	for _, slice := range x.Slices {
		seen += slice.Count
		if threshold < len(slice.Within) {
			good += slice.Within[threshold]
		}
	}
	if seen != x.Count {
		good = max(0, x.Within[threshold].Count-x.Bad)
	}
	return good, threshold
}

// serves says whether the answers of a series can be good at all. One that
// refuses for want of capacity, or of quota, is no service at the rate that was
// asked for, whatever the document says of it.
func serves(x plumbline.Series) bool {
	return !x.Shed && (x.Class == "2xx" || x.Class == "3xx" || x.Class == "4xx")
}

// throttles says whether the answers of a series are 429.
func throttles(x plumbline.Series) bool { return x.Shed && x.Class == "4xx" }

// throttled says whether the objective is missed for nothing but answers with a
// 429 that the document promises: of the rest it is not.
func (s *service) throttled(o plumbline.Objective) bool {
	if s.refused == 0 {
		return false
	}
	rest := decideProportion(s.total.bad-s.refused, s.total.n-s.refused, o.ErrorBudget(), confidenceOf(o), dispersion(s.seconds))
	return rest.outcome != plumbline.Fail
}

// below counts what a histogram holds up to a limit.
func below(bins []plumbline.Bin, limit time.Duration) int64 {
	n := int64(0)
	for _, b := range bins {
		if b.UpTo <= limit {
			n += b.Count
		}
	}
	return n
}

// failsFromSent says whether the objective is missed even when the lag of the
// generator is taken away.
func (s *service) failsFromSent(o plumbline.Objective) bool {
	return decideProportion(s.fromSent.bad, s.fromSent.n, o.ErrorBudget(), confidenceOf(o), dispersion(s.seconds)).outcome == plumbline.Fail
}

// notes adds what a reader must know beside the figures.
func (s *service) notes() string {
	var notes string
	if len(s.silent) > 0 {
		notes += "; not counted, as they never answered 2xx: " + strings.Join(s.silent, ", ")
	}
	if s.refused > 0 {
		notes += fmt.Sprintf("; of the bad ones %d were refused with a 429 that the document promises", s.refused)
	}
	if s.rough {
		notes += "; latencies are to within 1 %, and bursts as the percentiles of each second show them, as the threshold was not known when they were measured"
	}
	return notes
}

// exhibits shows bad requests or, when none was recorded one by one, what each
// operation answered.
func (s *service) exhibits(e *plumbline.Evidence, o plumbline.Objective) []plumbline.Exhibit {
	if len(s.bad) > 0 {
		return exhibits(e, s.bad)
	}
	byOperation := map[string][]plumbline.Series{}
	for _, x := range judgedSeries(e, o) {
		byOperation[x.Operation] = append(byOperation[x.Operation], x)
	}
	var out []plumbline.Exhibit
	for _, id := range sortedKeys(byOperation) {
		n := map[string]int{}
		var bins []plumbline.Bin
		for _, x := range byOperation[id] {
			n[x.Class] += int(x.Count)
			bins = append(bins, x.Latency...)
		}
		slowest := quantileOfBins(mergedBins(bins), 0.99)
		if len(out) < exhibitLimit {
			x := plumbline.Exhibit{
				Summary: fmt.Sprintf("%s: %s; 99th percentile %s", id, counted(n), readable(slowest.value)),
				Phase:   loadTarget,
			}
			if x.Request = single(e, id); x.Request != nil {
				x.Summary += "; the request is one of the same operation that was made by itself"
			}
			out = append(out, x)
		}
	}
	return out
}

// single is a good request of an operation that was recorded, without its
// answer, which is none of the load; nil when there is none.
func single(e *plumbline.Evidence, operation string) *plumbline.Transcript {
	for _, o := range e.Observations {
		if t := o.Transcript; t != nil && t.Curl != "" && o.Operation == operation && o.Kind == plumbline.CaseValid && o.Identity == "" && succeeded(o) {
			return &plumbline.Transcript{Method: t.Method, URL: t.URL, RequestHeader: t.RequestHeader, RequestBody: t.RequestBody, Curl: t.Curl}
		}
	}
	return nil
}
