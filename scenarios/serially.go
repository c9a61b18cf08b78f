package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// untracedLeast is how many exchanges have to have gone over a wire before it is
// said that none of them carries a trace id of the run.
const untracedLeast = 20

// Serially proposes the experiments by which claims can be judged although the
// deployment, against what was expected, hands no trace context on to a dependency:
// first single requests that are told by time, and then, where nobody else was seen
// to use the wire meanwhile, an outage for everybody. It is pure, and proposes
// nothing a second time.
func Serially(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence) []plumbline.Experiment {
	told, wires := byTime(e)
	silent := func(dep plumbline.Dependency) bool { return handsNothingOn(d, dep, told) }
	if !slices.ContainsFunc(d.Dependencies, silent) {
		return nil // a plan is not drawn for nothing
	}
	drawn, err := Draw(blindTo(d, silent), fns, p.Seed)
	if err != nil { // the plan of the run could not have been drawn either
		return nil
	}
	var out []plumbline.Experiment
	for _, x := range drawn.Experiments {
		_, known := p.Experiment(x.ID)
		if known || !mayReplace(x.ID, wires) || len(phasesOf(e, x.ID)) > 0 || !restedOn(p, drawn, x) {
			continue
		}
		x.Kind = plumbline.KindContract // no feature file holds it
		out = append(out, x)
	}
	return out
}

// mayReplace says whether an experiment is one by which claims can be judged without
// trace context, and may be made: an outage for everybody only where, while requests
// were told by time, nothing of others went over the wire.
func mayReplace(id string, wires map[string]serialWire) bool {
	if strings.HasPrefix(id, serialPrefix) {
		return true
	}
	name, all := strings.CutSuffix(strings.TrimPrefix(id, "outage/"), everybody)
	w, seen := wires[serialPrefix+name]
	return all && seen && len(w.strays) == 0
}

// restedOn tells whether a claim of the plan rests on the experiment, as it is drawn anew.
func restedOn(p, drawn plumbline.Plan, x plumbline.Experiment) bool {
	return slices.ContainsFunc(drawn.Claims, func(c plumbline.Claim) bool {
		return slices.Contains(c.Experiments, x.ID) && slices.ContainsFunc(p.Claims, func(o plumbline.Claim) bool { return o.ID == c.ID })
	})
}

// handsNothingOn says whether the target was seen not to hand trace context on to a
// dependency: much went over its wire, and nothing of it with a trace of the run.
func handsNothingOn(d plumbline.Design, dep plumbline.Dependency, e *plumbline.Evidence) bool {
	if dep.Wire == plumbline.WireTCP || !d.HandsOn(dep) {
		return false
	}
	n := 0
	for _, x := range e.Exchanges {
		if x.Wire != dep.Name || seriallyTold(e, x) {
			continue
		}
		if plumbline.TraceRun(x.Trace) == e.Run.ID {
			return false
		}
		n++
	}
	return n >= untracedLeast
}

// seriallyTold says whether an exchange is of a serial experiment, so that its trace
// may have been given to it by the time.
func seriallyTold(e *plumbline.Evidence, x plumbline.Exchange) bool {
	return slices.ContainsFunc(e.Phases, func(m plumbline.PhaseMark) bool {
		return m.Experiment == serialPrefix+x.Wire && x.Began >= m.Began && x.Began <= m.Ended
	})
}

// blindTo is the design as it is where no trace context is handed on to some
// dependencies.
func blindTo(d plumbline.Design, some func(plumbline.Dependency) bool) plumbline.Design {
	d.Dependencies = slices.Clone(d.Dependencies)
	for i, dep := range d.Dependencies {
		if some(dep) {
			d.Dependencies[i].Propagation = plumbline.PropagationNone
		}
	}
	return d
}

// A sight is what a run is judged by: the plan and the design, and how both are where
// requests had to be told by time.
type sight struct {
	planned plumbline.Design // as the plan was drawn
	d       plumbline.Design
	p       plumbline.Plan
	e       *plumbline.Evidence // with exchanges given to requests by time
	wires   map[string]serialWire
	again   map[string]bool // claims that rest on what was carried out in place of what was planned
}

// sightOf tells exchanges by time where a run had to, and lets the claims of the plan
// rest on the experiments that were carried out for that.
func sightOf(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence) sight {
	s := sight{planned: d, d: d, p: p, again: map[string]bool{}}
	s.e, s.wires = byTime(e)
	late := func(dep plumbline.Dependency) bool {
		_, known := p.Experiment(serialPrefix + dep.Name)
		return !known && len(phasesOf(e, serialPrefix+dep.Name)) > 0
	}
	if len(s.wires) == 0 || !slices.ContainsFunc(d.Dependencies, late) {
		return s
	}
	s.d = blindTo(d, late)
	drawn, err := Draw(s.d, fns, p.Seed)
	if err != nil {
		return s
	}
	s.p.Claims, s.p.Experiments = slices.Clone(p.Claims), slices.Clone(p.Experiments)
	for i, c := range s.p.Claims {
		at := slices.IndexFunc(drawn.Claims, func(o plumbline.Claim) bool { return o.ID == c.ID })
		if at < 0 || slices.Equal(drawn.Claims[at].Experiments, c.Experiments) {
			continue
		}
		if slices.ContainsFunc(drawn.Claims[at].Experiments, func(id string) bool { return len(phasesOf(e, id)) == 0 }) {
			continue
		}
		s.p.Claims[i], s.again[c.ID] = drawn.Claims[at], true
		for _, id := range drawn.Claims[at].Experiments {
			if _, known := s.p.Experiment(id); !known {
				x, _ := drawn.Experiment(id)
				s.p.Experiments = append(s.p.Experiments, x)
			}
		}
	}
	return s
}

// judge draws the verdict on one claim. What was told by time is shown only to those
// that rest on it: to others a trace is what went over the wire.
func (s sight) judge(f plumbline.Function, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	d := s.planned
	if s.again[c.ID] {
		d = s.d
	}
	if slices.ContainsFunc(c.Experiments, func(id string) bool { _, told := s.wires[id]; return told }) {
		e = s.e
	}
	v := judged(f, d, c, e)
	for _, id := range c.Experiments {
		w, ok := s.wires[id]
		if !ok {
			continue
		}
		v = bySerial(v, w, func(trace string) plumbline.Verdict {
			fewer := *e
			fewer.Observations = slices.DeleteFunc(slices.Clone(e.Observations), func(o plumbline.Observation) bool { return o.Trace == trace })
			return judged(f, d, c, &fewer)
		})
	}
	return v
}
