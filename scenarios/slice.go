package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A slice of a load, which is sent again to see a breach once more.
const (
	sliceTime = 12 * time.Second // that is judged, at most
	sliceLead = 3 * time.Second  // before it, which is not
	sliceAsks = 3                // operations of which one request is made by itself
)

// sliceOf cuts the worst stretch out of the target load, for an objective that
// was broken: the same operations at the rates that they had then, and the
// arrivals of the same seed. The slice has the name of the load and of its phase, so that it is
// judged as that was. It never asks for more than the load did, and not for
// longer than 15 s; a breach that takes longer to build up does not show in it.
func sliceOf(d plumbline.Design, p plumbline.Plan, c plumbline.Claim, e *plumbline.Evidence) ([]plumbline.Experiment, error) {
	o, phase, _ := objectiveOf(d, c)
	planned, _ := p.Experiment(loadTarget)
	worst, from, most := plumbline.Phase{}, time.Duration(0), int64(-1)
	for _, ph := range planned.Phases {
		if ph.Name == warmUp || len(ph.Streams) == 0 || phase != "" && ph.Name != phase {
			continue
		}
		if at, bad, ok := worstSeconds(e, o, ph); ok && bad > most {
			worst, from, most = ph, at, bad
		}
	}
	if most < 0 {
		return nil, fmt.Errorf("%s: its load was not recorded second by second, so there is no slice of it: plumbline run --only %s sends it as a whole", c.ID, c.Function)
	}
	length := min(sliceTime, worst.Duration-from)
	lead := cut(worst, from-sliceLead, from)
	lead.Name, lead.Role, lead.Stop = warmUp, plumbline.RoleProbe, nil
	judged := cut(worst, from, from+length)
	rate := 0.0
	for _, s := range judged.Streams {
		rate += s.Expected() / length.Seconds()
	}
	lead.Calls = askedAlone(judged.Streams, o)
	return []plumbline.Experiment{{
		ID: loadTarget, Kind: plumbline.KindLoad, Claims: []string{c.ID}, Phases: []plumbline.Phase{lead, judged},
		Title: fmt.Sprintf("%s of the load, from %s of the phase %s on, at %.4g requests a second, after %s to warm up", length, from, worst.Name, rate, sliceLead),
	}}, nil
}

// askedAlone are single requests of operations that an objective covers. A flow is
// none.
func askedAlone(streams []plumbline.Stream, o plumbline.Objective) []plumbline.Call {
	var out []plumbline.Call
	for _, s := range streams {
		if o.Covers(s.Operation) && len(s.Flow) == 0 && len(out) < sliceAsks {
			out = append(out, plumbline.Call{Name: s.Name, Operation: s.Operation, Case: s.Case, Fresh: true})
		}
	}
	return out
}

// worstSeconds finds where in a phase most requests were bad within the length of a
// slice.
func worstSeconds(e *plumbline.Evidence, o plumbline.Objective, ph plumbline.Phase) (from time.Duration, bad int64, ok bool) {
	i := slices.IndexFunc(e.Phases, func(m plumbline.PhaseMark) bool { return m.Experiment == loadTarget && m.Phase == ph.Name })
	if i < 0 {
		return 0, 0, false
	}
	s := serviceOf(ofPhase(e, ph.Name), o)
	began := int(e.Phases[i].Began / time.Second)
	last := max(int((ph.Duration-sliceTime)/time.Second), 0)
	for start := range last + 1 {
		sum := int64(0)
		for n, second := range s.at {
			if in := second - began - start; in >= 0 && in < int(sliceTime/time.Second) {
				sum += s.seconds[n].bad
			}
		}
		if sum > bad || !ok {
			from, bad, ok = time.Duration(start)*time.Second, sum, true
		}
	}
	return from, bad, ok && len(s.at) > 0
}

// cut is a phase between two times of it. What lies before its beginning has the
// rate of that.
func cut(ph plumbline.Phase, from, to time.Duration) plumbline.Phase {
	out := ph
	out.Duration, out.Streams, out.Calls, out.Flows, out.Checks, out.Learn = to-from, nil, nil, nil, nil, nil
	for _, s := range ph.Streams {
		s.Stages = cutStages(s.Stages, from, to)
		out.Streams = append(out.Streams, s)
	}
	return out
}

func cutStages(stages []plumbline.Stage, from, to time.Duration) []plumbline.Stage {
	var out []plumbline.Stage
	if from < 0 && len(stages) > 0 {
		first := stages[0].From
		out = append(out, plumbline.Stage{From: first, To: first, Duration: min(to, 0) - from})
	}
	began := time.Duration(0)
	for _, g := range stages {
		low, high := max(from, began), min(to, began+g.Duration)
		if low < high {
			at := func(t time.Duration) float64 {
				return rate(g.From + (g.To-g.From)*float64(t-began)/float64(g.Duration))
			}
			out = append(out, plumbline.Stage{From: at(low), To: at(high), Duration: high - low})
		}
		began += g.Duration
	}
	return out
}

// judgeSlice judges an objective on a slice of the load, unless the generator
// could not keep it up.
func judgeSlice(f plumbline.Function, d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	for _, h := range e.Health {
		if why := saturation(h); why != "" && h.Experiment == loadTarget && h.Phase != warmUp {
			v := inconclusive(plumbline.ReasonGeneratorSaturated, "in the slice: %s", why)
			v.Remedy = "run plumbline on a machine of its own"
			return v
		}
	}
	return judged(f, d, c, e)
}
