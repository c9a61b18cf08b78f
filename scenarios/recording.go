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
	r := &plumbline.Recording{Operations: []plumbline.RecordedOperation{}, Phases: []plumbline.PhaseMark{}}
	of := []plumbline.Experiment{planned}
	for _, dep := range d.Dependencies {
		x, ok := p.Experiment(degradedID(dep.Name))
		if !ok {
			continue
		}
		of = append(of, x)
		r.Faults = append(r.Faults, recordedFault(d, p, dep, e))
		series = append(series, slices.DeleteFunc(slices.Clone(e.Series), func(s plumbline.Series) bool { return s.Experiment != x.ID || s.Phase == warmUp })...)
	}
	for _, x := range of {
		for _, ph := range x.Phases {
			m, _ := e.Phase(x.ID, ph.Name)
			m.Experiment, m.Phase, m.Role = x.ID, ph.Name, ph.Role
			r.Phases = append(r.Phases, m)
		}
	}
	keepSeries(r, d, series)
	among := func(id string) bool {
		return slices.ContainsFunc(of, func(x plumbline.Experiment) bool { return x.ID == id })
	}
	r.Flows = recordedFlows(e.Flows, among)
	r.Health = slices.DeleteFunc(slices.Clone(e.Health), func(h plumbline.Health) bool { return !among(h.Experiment) })
	r.Doubts = slices.DeleteFunc(slices.Clone(e.Doubts), func(x plumbline.Doubt) bool {
		return x.Dependency != "" || (x.Experiment != "" && !among(x.Experiment))
	})
	return r
}

// keepSeries keeps series, coarser than they were, and the names of their operations.
func keepSeries(r *plumbline.Recording, d plumbline.Design, series []plumbline.Series) {
	loaded := map[string]bool{}
	for _, x := range series {
		loaded[x.Operation] = true
		r.Series = append(r.Series, recordedSeries(x))
	}
	for _, o := range d.Operations {
		if loaded[o.ID] {
			r.Operations = append(r.Operations, plumbline.RecordedOperation{ID: o.ID, Method: o.Method, Path: o.Path, Tags: o.Tags})
		}
	}
}

// recordedFlows are the flows of some experiments that were judged.
func recordedFlows(all []plumbline.Series, among func(experiment string) bool) []plumbline.Series {
	var out []plumbline.Series
	for _, x := range all {
		if x.Phase != warmUp && among(x.Experiment) {
			out = append(out, recordedSeries(x))
		}
	}
	return out
}

// recordedSeries is what a recording keeps of a series.
func recordedSeries(x plumbline.Series) plumbline.Series {
	x.Latency, x.Service = coarser(x.Latency), coarser(x.Service)
	x.First, x.Connect, x.Handshake, x.Marks = nil, nil, nil, nil
	return x
}

// recordedFault is what of the load under a loss does not show in its series:
// what worked before, and whether the loss is proved.
func recordedFault(d plumbline.Design, p plumbline.Plan, dep plumbline.Dependency, e *plumbline.Evidence) plumbline.RecordedFault {
	l := loss{dep: dep}
	f := plumbline.RecordedFault{Dependency: dep.Name, Experiment: l.id(), Served: []string{}}
	c := plumbline.Claim{Function: sloDuringFault, Dependency: dep.Name, Experiments: []string{l.id()}}
	if v, ok := l.delivered(d, c, e); !ok {
		f.Doubt = v.Statement
	} else if _, why := proofsOf(d, p, e).missing(c, plumbline.Pass); why != "" {
		f.Doubt = why
	}
	served := l.servedBefore(e)
	for _, id := range sortedKeys(served) {
		if served[id] {
			f.Served = append(f.Served, id)
		}
	}
	return f
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
// as in a run. Of an objective for the time of a fault that is the worst verdict
// over the faults under which a load was sent. It is pure.
func JudgeRecorded(r plumbline.Recording, run plumbline.Run, o plumbline.Objective) plumbline.Verdict {
	d := plumbline.Design{Objectives: []plumbline.Objective{o}, Operations: r.Named()}
	c := plumbline.Claim{ID: sloAtTarget + "/" + o.Name, Function: sloAtTarget, Objective: o.Name, Source: o.Source, Basis: plumbline.BasisDeclared, Experiments: []string{loadTarget}}
	e := &plumbline.Evidence{Run: run, Phases: r.Phases, Series: r.Series, Flows: r.Flows, Health: r.Health, Doubts: r.Doubts}
	if o.Throughput > 0 && len(r.Flows) > 0 {
		return skipped(plumbline.ReasonNotApplicable, "there were flows in that load, and whether their users thought is not known: their requests may not have been asked for at a rate that held")
	}
	if o.During != "" {
		return judgeRecordedFaults(r, d, c, e)
	}
	f := functionsByID(Functions())[sloAtTarget]
	p := plumbline.Plan{Experiments: []plumbline.Experiment{recordedAs(r, loadTarget)}, Claims: []plumbline.Claim{c}}
	return proofsOf(d, p, e).weigh(f, c, judged(f, d, c, e))
}

// recordedAs is an experiment as far as a recording tells of it.
func recordedAs(r plumbline.Recording, id string) plumbline.Experiment {
	x := plumbline.Experiment{ID: id, Kind: plumbline.KindLoad}
	for _, m := range r.Phases {
		if m.Experiment == id {
			x.Phases = append(x.Phases, plumbline.Phase{Name: m.Phase, Role: m.Role, Streams: []plumbline.Stream{{}}})
		}
	}
	return x
}

// judgeRecordedFaults judges an objective for the time of a fault.
func judgeRecordedFaults(r plumbline.Recording, d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	worst := skipped(plumbline.ReasonNotApplicable, "no load was sent in that run while something was lost that the objective is about")
	f := functionsByID(Functions())[sloDuringFault]
	for _, fault := range r.Faults {
		l := loss{Objective: d.Objectives[0], dep: plumbline.Dependency{Name: fault.Dependency}}
		if !l.about(l.dep) || l.Throughput > 0 {
			continue
		}
		served := map[string]bool{}
		for _, o := range r.Operations {
			served[o.ID] = slices.Contains(fault.Served, o.ID)
		}
		for _, x := range r.Flows {
			served[x.Operation] = slices.Contains(fault.Served, x.Operation)
		}
		c.Function, c.Experiments = sloDuringFault, []string{fault.Experiment}
		p := plumbline.Plan{Experiments: []plumbline.Experiment{recordedAs(r, fault.Experiment)}, Claims: []plumbline.Claim{c}}
		v := proofsOf(d, p, e).weigh(f, c, l.judge(e, served))
		if fault.Doubt != "" {
			v = inconclusive(plumbline.ReasonFaultNotDelivered, "the loss of %s proves nothing in that run: %s", fault.Dependency, fault.Doubt)
		}
		if worst.Outcome == plumbline.Skipped || plumbline.CompareOutcome(v.Outcome, worst.Outcome) < 0 {
			worst = v
		}
	}
	return worst
}
