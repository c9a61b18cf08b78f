package scenarios

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// contractLearn is the experiment in which values are learnt. It runs before
// all others, so that every request of an operation is made in the same way.
const contractLearn = "learn/values"

// learning teaches the operations that the experiments of a plan call, by their
// lessons; ok is false when there is nothing to teach.
func learning(d plumbline.Design, all []plumbline.Experiment) (x plumbline.Experiment, ok bool) {
	called := calledBy(all)
	p := plumbline.Phase{Name: "values", Role: plumbline.RoleProbe}
	for _, o := range d.Operations {
		if called[o.ID] && len(o.Lessons) > 0 && callable(d, o) && teachable(o) {
			p.Learn = append(p.Learn, o.ID)
		}
	}
	x = plumbline.Experiment{
		ID: contractLearn, Kind: plumbline.KindContract, Claims: []string{},
		Title: "which values that lists show are demanded by other operations", Phases: []plumbline.Phase{p},
	}
	return x, len(p.Learn) > 0
}

// calledBy are the operations that experiments send requests of.
func calledBy(all []plumbline.Experiment) map[string]bool {
	called := map[string]bool{}
	for _, x := range all {
		for _, p := range x.Phases {
			for _, c := range p.Calls {
				called[c.Operation] = true
			}
			for _, s := range p.Streams {
				for _, id := range s.Reaches() {
					called[id] = true
				}
			}
			for _, f := range p.Flows {
				for _, s := range f.Steps {
					called[s.Operation] = true
				}
			}
		}
	}
	return called
}

// teachable says whether an operation may name what the run did not create: it
// reads, or it is not called as something that acts on what it names.
func teachable(o plumbline.Operation) bool {
	return o.Safe() || !actsOnWhatIsThere(o)
}

// unlearnt says whether a request was refused for a value that was made up,
// where the operation accepts one that is there: no schema says which there are.
// Requests that are not about such a place have what was learnt.
func unlearnt(op plumbline.Operation, o plumbline.Observation) bool {
	return refusesInput(o) && len(o.Learnt) == 0 && slices.ContainsFunc(op.Lessons, func(l plumbline.Lesson) bool {
		place := l.In + "/" + strings.TrimPrefix(l.Name, "/")
		ok, err := path.Match(place, o.Pointer) // a pointer has no other pattern than *
		return err == nil && ok
	})
}

// knows says whether a request of the operation was accepted with values that
// were learnt.
func knows(op plumbline.Operation, e *plumbline.Evidence) bool {
	return slices.ContainsFunc(e.Observations, func(o plumbline.Observation) bool {
		return o.Operation == op.ID && len(o.Learnt) > 0 && succeeded(o)
	})
}

// withLearnt adds to the words for a request where its values come from.
func withLearnt(words string, o plumbline.Observation) string {
	if len(o.Learnt) == 0 {
		return words
	}
	return fmt.Sprintf("%s, with %s", words, "learnt "+strings.Join(o.Learnt, ", "))
}
