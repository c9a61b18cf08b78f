package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// shedClass is the class of answers that refuse for want of capacity, where it
// is judged how much a service carries: whatever their status, the client went
// away with nothing.
const shedClass = "shed"

// A rung is one step of a search, with what was seen of it.
type rung struct {
	phase     string
	rate      float64 // asked for
	places    []place // whose requests are judged together
	verdict   string
	why       string
	objective string // closest to its limit, or past it
	operation string // that is worst at it
	offered   float64
	goodput   float64
	inside    float64 // requests in the deployment at a time, by Little's law
	seconds   float64
	requests  int64
	p50, p99  time.Duration
}

// rungsOf are the steps of the search in the order in which they were tried;
// ok is false when the last one was cut short.
func rungsOf(d plumbline.Design, e *plumbline.Evidence) (out []rung, ok bool) {
	ok = true
	for _, m := range e.Phases {
		if !climbing(m) {
			continue
		}
		if !m.Complete || m.Rate == 0 {
			return out, false
		}
		if n := len(out); m.Phase == phaseLonger && n > 0 {
			out[n-1].places = append(out[n-1].places, place{m.Experiment, m.Phase})
			continue
		}
		out = append(out, rung{phase: m.Phase, rate: m.Rate, places: []place{{m.Experiment, m.Phase}}})
	}
	for i := range out {
		out[i].weigh(d, e)
	}
	notYetBack(out)
	return out, ok
}

// climbing tells whether a phase is one of the search that is judged.
func climbing(m plumbline.PhaseMark) bool {
	return (m.Experiment == loadCapacity || strings.HasPrefix(m.Experiment, loadCapacity+"/")) && m.Phase != warmUp
}

// notYetBack takes it back that a deployment is back while its median is still
// far above what it was before.
func notYetBack(rungs []rung) {
	quick := time.Duration(0)
	for i := range rungs {
		r := &rungs[i]
		switch {
		case r.verdict != plumbline.StepKept:
		case r.phase != phaseCool:
			if quick == 0 || r.p50 < quick {
				quick = r.p50
			}
		case quick > 0 && r.p50 > 2*quick+10*time.Millisecond:
			r.verdict, r.why = plumbline.StepBroken, fmt.Sprintf("the median latency is still %s", readable(r.p50))
		}
	}
}

// evidence is that of the rung alone, as if it were of the target load.
func (r *rung) evidence(e *plumbline.Evidence) *plumbline.Evidence {
	out := &plumbline.Evidence{Run: e.Run}
	for _, x := range e.Series {
		if slices.Contains(r.places, place{x.Experiment, x.Phase}) {
			x.Experiment, x.Phase = loadTarget, phaseHold
			if x.Shed {
				x.Class = shedClass
			}
			out.Series = append(out.Series, x)
		}
	}
	for _, x := range e.Flows {
		if slices.Contains(r.places, place{x.Experiment, x.Phase}) {
			x.Experiment, x.Phase = loadTarget, phaseHold
			out.Flows = append(out.Flows, x)
		}
	}
	for _, h := range e.Health {
		if slices.Contains(r.places, place{h.Experiment, h.Phase}) {
			h.Experiment, h.Phase = loadTarget, phaseHold
			out.Health = append(out.Health, h)
		}
	}
	return out
}

// weigh judges a rung.
func (r *rung) weigh(d plumbline.Design, e *plumbline.Evidence) {
	own := r.evidence(e)
	r.measure(e, own)
	if r.verdict, r.why = plumbline.StepStarved, starvation(own.Health); r.why != "" {
		return
	}
	r.verdict, r.why = plumbline.StepKept, ""
	worst, judged := 0.0, 0
	for _, o := range shareObjectives(d) {
		s := serviceOf(own, o.Objective)
		if s.total.n == 0 {
			continue
		}
		judged++
		verdict, why := r.holds(o.Objective, &s, lagOf(own, loadTarget))
		if used := share(s.total) / o.ErrorBudget(); r.objective == "" || used > worst {
			worst, r.objective, r.operation = used, o.Name, worstOperation(own, o.Objective)
		}
		if severity(verdict) > severity(r.verdict) {
			r.verdict, r.why = verdict, o.Name+": "+why
		}
	}
	if judged == 0 {
		r.verdict, r.why = plumbline.StepBroken, "no operation answered 2xx"
		r.objective = shareObjectives(d)[0].Name
		return
	}
	r.growth(own)
}

func severity(verdict string) int {
	return slices.Index([]string{plumbline.StepKept, plumbline.StepUndecided, plumbline.StepBroken, plumbline.StepStarved}, verdict)
}

// holds tells whether one objective is kept in a rung.
func (r *rung) holds(o plumbline.Objective, s *service, lag time.Duration) (verdict, why string) {
	got := decideProportion(s.total.bad, s.total.n, o.ErrorBudget(), confidenceOf(o), dispersion(s.seconds))
	why = fmt.Sprintf("%d of %d requests were bad, %s may be", s.total.bad, s.total.n, percent(o.ErrorBudget()))
	few := got.effective < float64(zeroErrorNeeded(o.Target, confidenceOf(o)))
	switch {
	case got.outcome == plumbline.Fail && o.Within > 0 && lag > lagLimit && !s.failsFromSent(o):
		return plumbline.StepStarved, fmt.Sprintf("the generator's own lag (99th percentile %s) explains what was slow", readable(lag))
	case got.outcome == plumbline.Fail:
		return plumbline.StepBroken, why
	case got.outcome == plumbline.Pass:
		return plumbline.StepKept, why
	case r.phase == phaseCool, few && (len(r.places) >= searchLongest || r.phase == phaseConfirm):
		// Too few to prove it, however good: it is not disproved.
		if share(s.total) <= o.ErrorBudget() {
			return plumbline.StepKept, why
		}
	}
	return plumbline.StepUndecided, why
}

// starvation says why the generator, not the target, was the limit; or nothing.
func starvation(all []plumbline.Health) string {
	if len(all) == 0 {
		return "how well the generator kept up was not recorded"
	}
	for _, h := range all {
		if why := saturation(h); why != "" {
			return why
		}
	}
	return ""
}

// growth looks for a queue that grows: what takes longer from second to second
// cannot be held, whatever the objectives have said so far. It is held longer,
// to find out.
func (r *rung) growth(own *plumbline.Evidence) {
	slope, ok := growing(medians(own))
	if !ok || r.verdict == plumbline.StepBroken || r.verdict == plumbline.StepStarved || r.phase == phaseCool {
		return
	}
	r.why = fmt.Sprintf("the median latency grows by %s every second", readable(time.Duration(slope*float64(time.Second))))
	r.verdict = plumbline.StepUndecided
	if len(r.places) >= searchLongest || r.phase == phaseConfirm {
		r.verdict = plumbline.StepBroken
	}
}

// measure takes the figures of a rung.
func (r *rung) measure(e, own *plumbline.Evidence) {
	planned, stopped := int64(0), false
	for _, h := range own.Health {
		planned, stopped = planned+h.Planned, stopped || h.Stopped != ""
	}
	asked, took := 0.0, 0.0
	for _, m := range e.Phases {
		if slices.Contains(r.places, place{m.Experiment, m.Phase}) {
			asked, took = asked+m.Expected/m.Rate, took+(m.Ended-m.Began).Seconds()
		}
	}
	r.seconds, r.offered = asked, float64(planned)/asked
	if stopped {
		r.seconds, r.offered = max(took, 0.001), r.rate
	}
	var bins []plumbline.Bin
	good, total := int64(0), 0.0
	for _, x := range own.Series {
		if !sentToTarget(plumbline.Observation{Error: plumbline.ErrorClass(x.Class)}) {
			continue
		}
		r.requests += x.Count
		if x.Class == "2xx" || x.Class == "3xx" {
			good += x.Count - x.Bad
			bins = append(bins, x.Latency...)
		}
		for _, b := range x.Service {
			total += b.UpTo.Seconds() * float64(b.Count)
		}
	}
	bins = mergedBins(bins)
	r.goodput, r.inside = float64(good)/r.seconds, total/r.seconds
	r.p50, r.p99 = quantileOfBins(bins, 0.5).value, quantileOfBins(bins, 0.99).value
}

// worstOperation is that with the largest share of bad requests.
func worstOperation(own *plumbline.Evidence, o plumbline.Objective) string {
	operations := map[string]bool{}
	for _, x := range slices.Concat(own.Series, own.Flows) {
		operations[x.Operation] = operations[x.Operation] || o.Covers(x.Operation)
	}
	worst, name := -1.0, ""
	for _, id := range sortedKeys(operations) {
		if !operations[id] {
			continue
		}
		one := o
		one.Operations = []string{id}
		s := serviceOf(own, one)
		if x := share(s.total); s.total.n > 0 && x > worst {
			worst, name = x, id
		}
	}
	return name
}
