package scenarios

import (
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const sagaCompensates = "data/saga-compensates"

func init() {
	register(plumbline.Function{
		ID:    sagaCompensates,
		Title: "A failed operation of several steps leaves nothing behind",
		Doc: `Method: an operation that is declared to do its work in steps is requested once without a disturbance, and then once for each way in which a step fails after one that can be undone has had its effect: it answers 503, it hangs, and it does its work and the answer is lost; for the first step only the last. Only the call of that step is disturbed, and only of this request. Then it is read how much is left of what the operation takes, until it is as much as before or the declared time is over (30 s), and where there is a list it is walked before and after.
Criterion: what is answered 2xx, or is in the list all the same, may stay; of every other request each step that a dependency has confirmed is undone by its declared call, which the dependency confirms or answers 404 or 410.
Guard: without a disturbance the request has to be answered 2xx, to make each declared call, and to change the reading, or nothing is judged. An undo counts whoever makes it: with the trace of the request, or after it with none of this run. It is missed only when the run went on for the declared time. Proved is what the wire, the reading and the list all show; an undo that is missed on the wire alone, or where no list shows that nothing was made, is likely and warns. A reading that is lower although each undo was seen is inconclusive: others may take of it. That a charge is not made twice is the business of resilience/retry-only-safe.`,
		Standard: "Garcia-Molina, Salem, Sagas, 1987",
		Mutants:  []string{"saga-no-compensation", "saga-ignores-timeout"},
		Order:    31,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planSaga(d, sagaCompensates, "leaves nothing behind when one of its steps fails", func(plumbline.Finite) bool { return true })
		},
		Judge: judgeCompensates,
	})
}

func judgeCompensates(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	f, ok := finiteOf(d, c)
	if !ok {
		return broken("the design has nothing finite of %s", c.ID)
	}
	if v, ok := sagaControl(e, f); !ok {
		return v
	}
	var found []wrongdoing
	var open, kept []string
	trials := sagaTrials(f)
	for _, t := range trials {
		w, why := t.judge(e, f)
		switch {
		case w != nil:
			found = append(found, *w)
		case why != "":
			open = append(open, why)
		default:
			kept = append(kept, t.name())
		}
	}
	switch {
	case len(found) > 0:
		v := accuse(e, len(found)+len(kept), "requests", found)
		v.Suspects = nil // a request with a fault is not repeated by itself
		v.Remedy = "undo every step whose outcome is not known to be none, also after a timeout and when the client has gone away"
		return v
	case len(open) > 0:
		return inconclusive(plumbline.ReasonUndecided, "%s", first(open, 2))
	}
	return pass(figure{0, 0, "requests", len(kept)}, "%s was undone, or had come to its end, when %s", f.Operation, strings.Join(kept, ", "))
}

// judge looks at one disturbance: what is wrong, or why nothing is known.
func (t sagaTrial) judge(e *plumbline.Evidence, f plumbline.Finite) (*wrongdoing, string) {
	s := sagaSight(e, f, t.name())
	step := f.Steps[t.step]
	left := s.left()
	switch {
	case !s.sent:
		return nil, "when " + t.name() + " nothing was sent: " + s.told("take")
	case s.hit(step.Dependency, step.Does, t.kind) == 0:
		return nil, t.name() + ": the fault was delivered to no " + step.Does + " of the request, which was answered " + answer(s.taken)
	case s.stays:
		return nil, ""
	case len(left) > 0 && !s.waited(sagaTime(f)):
		return nil, "when " + t.name() + " the run ended before the time for an undo was over"
	case len(left) > 0:
		w := s.orphaned(left, t.name())
		return &w, ""
	case !s.back:
		return nil, "when " + t.name() + " each undo was seen, and less of " + f.Name + " is left than before"
	}
	return nil, ""
}
