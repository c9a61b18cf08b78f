package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const compensationRetried = "data/compensation-retried"

func init() {
	register(plumbline.Function{
		ID:    compensationRetried,
		Title: "An undo that fails is tried again until it is done",
		Doc: `Method: the last step of an operation that is declared to do its work in steps answers 503, and the undo of the first that has one answers 503 as well, to as many attempts as one call makes (retry.max_attempts) and one more; two where no retry is declared. Then it is read how much is left until it is as much as before, or three times the declared time for an undo is over.
Criterion: a later attempt at the undo reaches the dependency, which confirms it or answers 404 or 410.
Guard: what holds for data/saga-compensates as to what is known without a disturbance, and as to proof, holds here. The failure of the undo has to be seen on the wire: where no undo of the request was attempted, or its calls do not carry the trace of the request, nothing is judged. What a request that was answered 2xx has made may stay.`,
		Standard: "Garcia-Molina, Salem, Sagas, 1987, §6: compensating transactions must complete",
		Mutants:  []string{"undo-given-up"},
		Order:    32,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return planSaga(d, compensationRetried, "tries an undo that fails again until it is done", func(f plumbline.Finite) bool {
				_, _, ok := lastUndone(f)
				return ok
			})
		},
		Judge: judgeRetriedUndo,
	})
}

func judgeRetriedUndo(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	f, ok := finiteOf(d, c)
	if !ok {
		return broken("the design has nothing finite of %s", c.ID)
	}
	if v, ok := sagaControl(e, f); !ok {
		return v
	}
	_, at, _ := lastUndone(f)
	step := f.Steps[at]
	s := sagaSight(e, f, sagaUndo)
	failed := 0
	if s.sent {
		failed = s.hit(step.Dependency, step.Undoes, plumbline.FaultStatus)
	}
	switch {
	case !s.sent:
		return inconclusive(plumbline.ReasonIncomplete, "nothing was sent: %s", s.told("take"))
	case succeeded(s.taken):
		return inconclusive(plumbline.ReasonFaultNotDelivered, "although its last step failed, the request was answered %s", answer(s.taken))
	case failed == 0:
		return inconclusive(plumbline.ReasonFaultNotDelivered, "no %s of the request was seen to fail", step.Undoes)
	case s.undone(step):
		return pass(figure{0, 0, "undos given up", 1}, "after %s that failed, %s was tried again and done", plural(failed, "attempt"), step.Undoes)
	case s.stays:
		return inconclusive(plumbline.ReasonUndecided, "the request was answered %s, and what it made is in the list all the same", answer(s.taken))
	case !s.waited(sagaLonger * sagaTime(f)):
		return inconclusive(plumbline.ReasonIncomplete, "the run ended before the time for an undo was over")
	case s.back:
		return inconclusive(plumbline.ReasonUndecided, "no %s was done after it had failed, and as much of %s is left as before", step.Undoes, f.Name)
	}
	v := accuse(e, 1, "undos given up", []wrongdoing{s.orphaned([]plumbline.SagaStep{step}, "the last step and the undo fail")})
	v.Suspects = nil
	v.Remedy = "keep what is still to be undone where it survives, and try it again until it is done"
	return v
}
