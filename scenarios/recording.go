package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// recordedGrain is how far apart, as a share, the bins of a recording end: what
// an objective with a threshold of its own is told to be exact to.
const recordedGrain = 0.01

// recordingOf keeps what JudgeRecorded needs of the target load; nil when there
// was none, or when its requests were recorded one by one.
func recordingOf(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) *plumbline.Recording {
	planned, ok := p.Experiment(loadTarget)
	series := judgedSeries(e, plumbline.Objective{})
	if !ok || len(series) == 0 || len(judgedObservations(e, plumbline.Objective{})) > 0 {
		return nil
	}
	r := &plumbline.Recording{Operations: []plumbline.RecordedOperation{}, Phases: []plumbline.PhaseMark{}, Series: []plumbline.Series{}}
	for _, ph := range planned.Phases {
		m, _ := e.Phase(loadTarget, ph.Name)
		m.Experiment, m.Phase, m.Role = loadTarget, ph.Name, ph.Role
		r.Phases = append(r.Phases, m)
	}
	loaded := map[string]bool{}
	for _, x := range series {
		loaded[x.Operation] = true
		x.Latency, x.Service = coarser(x.Latency), coarser(x.Service)
		x.First, x.Connect, x.Handshake, x.Marks = nil, nil, nil, nil
		r.Series = append(r.Series, x)
	}
	for _, o := range d.Operations {
		if loaded[o.ID] {
			r.Operations = append(r.Operations, plumbline.RecordedOperation{ID: o.ID, Method: o.Method, Path: o.Path, Tags: o.Tags})
		}
	}
	r.Health = slices.DeleteFunc(slices.Clone(e.Health), func(h plumbline.Health) bool { return h.Experiment != loadTarget })
	r.Doubts = slices.DeleteFunc(slices.Clone(e.Doubts), func(x plumbline.Doubt) bool {
		return x.Dependency != "" || (x.Experiment != "" && x.Experiment != loadTarget)
	})
	return r
}

// coarser joins bins that end within the grain of each other. A latency is
// never made less than it was.
func coarser(bins []plumbline.Bin) []plumbline.Bin {
	var out []plumbline.Bin
	for _, b := range slices.Backward(bins) { // each ends at the slowest that it holds
		if n := len(out); n > 0 && float64(b.UpTo) > float64(out[n-1].UpTo)*(1-recordedGrain) {
			out[n-1].Count += b.Count
			continue
		}
		out = append(out, b)
	}
	slices.Reverse(out)
	return out
}

// JudgeRecorded judges an objective by what the report of an earlier run has
// kept of its load: with the same function, the same bounds and the same proofs
// as in a run. It is pure.
func JudgeRecorded(r plumbline.Recording, run plumbline.Run, o plumbline.Objective) plumbline.Verdict {
	if o.During != "" {
		return skipped(plumbline.ReasonNotApplicable, "it is promised for the time of a %s, and histograms are kept of the load without one", o.During)
	}
	d := plumbline.Design{Objectives: []plumbline.Objective{o}, Operations: r.Named()}
	c := plumbline.Claim{ID: sloAtTarget + "/" + o.Name, Function: sloAtTarget, Objective: o.Name, Source: o.Source, Basis: plumbline.BasisDeclared, Experiments: []string{loadTarget}}
	planned := plumbline.Experiment{ID: loadTarget, Kind: plumbline.KindLoad}
	for _, m := range r.Phases {
		planned.Phases = append(planned.Phases, plumbline.Phase{Name: m.Phase, Role: m.Role, Streams: []plumbline.Stream{{}}})
	}
	p := plumbline.Plan{Experiments: []plumbline.Experiment{planned}, Claims: []plumbline.Claim{c}}
	e := &plumbline.Evidence{Run: run, Phases: r.Phases, Series: r.Series, Health: r.Health, Doubts: r.Doubts}
	f := functionsByID(Functions())[sloAtTarget]
	return proofsOf(d, p, e).weigh(f, c, judged(f, d, c, e))
}
