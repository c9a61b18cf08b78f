package scenarios

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A failure is told when it comes again from a clean state in most of the
// repetitions.
const (
	repeatTries    = 3
	repeatNeeded   = 2
	repeatSuspects = 3
)

// repeatPrefix begins the IDs of experiments that repeat others. A phase of
// one is called PHASE@CLAIM.
const repeatPrefix = "repeat/"

// Repetition proposes the experiments that repeat, from a clean state, what
// the failing claims of the plan rest on; try counts from one. It proposes
// nothing for claims that are decided: that failed twice again, or cannot any
// more. It is pure: the evidence alone says what was repeated before.
func Repetition(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence, try int) []plumbline.Experiment {
	if try > repeatTries {
		return nil
	}
	byID := functionsByID(fns)
	original := withoutRepetitions(e)
	var out []plumbline.Experiment
	for _, c := range p.Claims {
		f := byID[c.Function]
		if !f.Repeats {
			continue
		}
		v := judged(f, d, c, original)
		if v.Outcome != plumbline.Fail {
			continue
		}
		again, tries := repeatedFails(f, d, c, e, v)
		if again >= repeatNeeded || tries-again > repeatTries-repeatNeeded {
			continue
		}
		out = addRepetition(out, p, c, v, try)
	}
	return out
}

func functionsByID(fns []plumbline.Function) map[string]plumbline.Function {
	out := map[string]plumbline.Function{}
	for _, f := range fns {
		out[f.ID] = f
	}
	return out
}

// addRepetition adds the phases that repeat the suspects of one verdict.
func addRepetition(out []plumbline.Experiment, p plumbline.Plan, c plumbline.Claim, v plumbline.Verdict, try int) []plumbline.Experiment {
	for _, s := range v.Suspects[:min(len(v.Suspects), repeatSuspects)] {
		call, flow, ok := planned(p, s)
		if !ok {
			continue
		}
		id := fmt.Sprintf("%s%d/%s", repeatPrefix, try, s.Experiment)
		x := slices.IndexFunc(out, func(x plumbline.Experiment) bool { return x.ID == id })
		if x < 0 {
			x = len(out)
			out = append(out, plumbline.Experiment{ID: id, Kind: plumbline.KindContract, Title: fmt.Sprintf("repetition %d of %s", try, s.Experiment), Claims: []string{}})
		}
		name := s.Phase + "@" + c.ID
		ph := slices.IndexFunc(out[x].Phases, func(ph plumbline.Phase) bool { return ph.Name == name })
		if ph < 0 {
			ph = len(out[x].Phases)
			out[x].Phases = append(out[x].Phases, plumbline.Phase{Name: name, Role: plumbline.RoleProbe})
			out[x].Claims = append(out[x].Claims, c.ID)
		}
		if to := &out[x].Phases[ph]; flow != nil {
			to.Flows = append(to.Flows, *flow)
		} else {
			to.Calls = append(to.Calls, call)
		}
	}
	return out
}

// planned finds the call or flow that a suspect names, ready to be repeated.
func planned(p plumbline.Plan, s plumbline.Suspect) (plumbline.Call, *plumbline.Flow, bool) {
	x, _ := p.Experiment(s.Experiment)
	ph, ok := x.Phase(s.Phase)
	if !ok {
		return plumbline.Call{}, nil, false
	}
	for _, c := range ph.Calls {
		if c.Name == s.Stream {
			c.Fresh, c.Repeat = true, 0
			return c, nil, true
		}
	}
	for _, f := range ph.Flows {
		if f.Name == s.Stream || ofFlow(s.Stream, f, ph.Flows) {
			return plumbline.Call{}, &f, true
		}
	}
	for _, st := range ph.Streams {
		if st.Name == s.Stream {
			return plumbline.Call{Name: st.Name, Operation: st.Operation, Case: st.Case, Fresh: true}, nil, true
		}
	}
	return plumbline.Call{}, nil, false
}

// ofFlow tells whether a stream is a step of the flow, and not of another one
// whose name begins with the same words.
func ofFlow(stream string, f plumbline.Flow, all []plumbline.Flow) bool {
	if !strings.HasPrefix(stream, f.Name+"/") {
		return false
	}
	return !slices.ContainsFunc(all, func(o plumbline.Flow) bool {
		return len(o.Name) > len(f.Name) && (stream == o.Name || strings.HasPrefix(stream, o.Name+"/"))
	})
}

// repeated holds a failure against its repetitions: one that did not come
// again is no failure, and one that was not repeated is not told yet.
func repeated(f plumbline.Function, d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence, v plumbline.Verdict) (plumbline.Verdict, string) {
	if !f.Repeats || v.Outcome != plumbline.Fail || len(v.Suspects) == 0 {
		return v, ""
	}
	again, tries := repeatedFails(f, d, c, e, v)
	switch {
	case again >= repeatNeeded:
		return v, fmt.Sprintf("%d of %d", again, tries)
	case tries == 0:
		return unproved(v, plumbline.ReasonIncomplete, "it was not repeated"), ""
	case tries-again > repeatTries-repeatNeeded:
		return unproved(v, plumbline.ReasonNotReproduced, fmt.Sprintf("from a clean state it came again in %d of %d repetitions", again, tries)), ""
	}
	return unproved(v, plumbline.ReasonIncomplete, fmt.Sprintf("it was repeated only %d times", tries)), ""
}

// unproved takes the proof from a failure and keeps what was seen.
func unproved(v plumbline.Verdict, why plumbline.Reason, detail string) plumbline.Verdict {
	v.Outcome, v.Reason, v.Statement = plumbline.Inconclusive, why, detail+"; seen: "+v.Statement
	v.Wrong, v.Patch = "", ""
	return v
}

// repeatedFails counts the repetitions of a claim, and those in which it failed.
func repeatedFails(f plumbline.Function, d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence, v plumbline.Verdict) (again, tries int) {
	for try := 1; try <= repeatTries; try++ {
		r, ok := repetition(c, e, v, try)
		if !ok {
			continue
		}
		tries++
		if judged(f, d, c, r).Outcome == plumbline.Fail {
			again++
		}
	}
	return again, tries
}

// repetition is the evidence of one repetition of a claim, under the names of
// the original. The good answers of the original that are not under suspicion
// stay, as positive controls.
func repetition(c plumbline.Claim, e *plumbline.Evidence, v plumbline.Verdict, try int) (*plumbline.Evidence, bool) {
	out := *e
	out.Observations, out.Walked, out.Series, out.Flows = nil, nil, nil, nil
	found := false
	for _, o := range e.Observations {
		if n, experiment, phase, claim := originOf(o.Experiment, o.Phase); n == try && claim == c.ID {
			o.Experiment, o.Phase = experiment, phase
			out.Observations = append(out.Observations, o)
			found = true
		} else if n == 0 && isControl(o, v) {
			out.Observations = append(out.Observations, unmarked(o))
		}
	}
	for _, w := range e.Walked {
		if n, experiment, phase, claim := originOf(w.Experiment, w.Phase); n == try && claim == c.ID {
			w.Experiment, w.Phase = experiment, phase
			out.Walked = append(out.Walked, w)
		}
	}
	return &out, found
}

// originOf reads what a repetition repeats off the names of experiment and
// phase; try is zero for an original.
func originOf(experiment, phase string) (try int, original, originalPhase, claim string) {
	rest, ok := strings.CutPrefix(experiment, repeatPrefix)
	if !ok {
		return 0, experiment, phase, ""
	}
	number, original, _ := strings.Cut(rest, "/")
	originalPhase, claim, _ = strings.Cut(phase, "@")
	if _, err := fmt.Sscan(number, &try); err != nil {
		return 0, experiment, phase, ""
	}
	return try, original, originalPhase, claim
}

// isControl tells whether an answer can stand for "it works otherwise": a 2xx
// to a valid case, held against nothing else, and not under suspicion.
func isControl(o plumbline.Observation, v plumbline.Verdict) bool {
	return !strings.HasPrefix(o.Experiment, shrinkPrefix) && o.Kind == plumbline.CaseValid && succeeded(o) && len(o.Matches) == 0 &&
		!slices.ContainsFunc(v.Suspects, func(s plumbline.Suspect) bool {
			same := s.Stream == o.Stream || strings.HasPrefix(o.Stream, s.Stream+"/")
			return s.Experiment == o.Experiment && s.Phase == o.Phase && same
		})
}

// unmarked is a control without what was noted about its content: an operation
// whose every answer breaks the document works all the same, and what breaks
// it must come again to be told.
func unmarked(o plumbline.Observation) plumbline.Observation {
	o.Marks = slices.DeleteFunc(slices.Clone(o.Marks), breaksDocument)
	return o
}

// withoutRepetitions is the evidence of the plan alone.
func withoutRepetitions(e *plumbline.Evidence) *plumbline.Evidence {
	again := func(experiment string) bool {
		return strings.HasPrefix(experiment, repeatPrefix) || strings.HasPrefix(experiment, shrinkPrefix)
	}
	if !slices.ContainsFunc(e.Observations, func(o plumbline.Observation) bool { return again(o.Experiment) }) {
		return e
	}
	out := *e
	out.Observations = slices.DeleteFunc(slices.Clone(e.Observations), func(o plumbline.Observation) bool { return again(o.Experiment) })
	out.Walked = slices.DeleteFunc(slices.Clone(e.Walked), func(w plumbline.Walked) bool { return again(w.Experiment) })
	return &out
}

// suspect names the request of an observation.
func suspect(o plumbline.Observation) plumbline.Suspect {
	return plumbline.Suspect{Experiment: o.Experiment, Phase: o.Phase, Stream: o.Stream}
}

// suspects name the requests of observations, each once, in their order.
func suspects(observations []plumbline.Observation) []plumbline.Suspect {
	var out []plumbline.Suspect
	for _, o := range observations {
		if s := suspect(o); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// levelOf is the level of a verdict of a function.
func levelOf(f plumbline.Function, v plumbline.Verdict) plumbline.Level {
	return cmp.Or(v.Level, f.Level, plumbline.LevelProved)
}
