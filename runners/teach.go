package runners

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// Teach finds out whether an operation refuses what was made up and accepts what
// lists show. It asks with what was made up first; only where that is refused
// are lists read, and values of them tried. Those that are accepted are settled:
// they stand in the cases of the operation from then on. It is called for one
// operation after the other, so that what is learnt is the same whatever the
// number of workers that use it.
func (l *Live) Teach(ctx context.Context, at Place, operation string) Told {
	t := teaching{Live: l, at: at}
	for _, c := range l.Pool.Trials(operation) {
		if a := t.send(ctx, c, "made up", nil); !demands(a) {
			continue
		}
		t.lists(ctx, operation)
		var before []string
		for n := range target.MostVariants {
			k, learnt := l.Pool.Variant(c, n)
			if len(learnt) == 0 || slices.Equal(learnt, before) || ctx.Err() != nil {
				break
			}
			before = learnt
			if a := t.send(ctx, k, fmt.Sprintf("learnt %d", n+1), learnt); a.Error == "" && a.Status/100 == 2 {
				l.Pool.Settle(operation, n)
				return t.told
			}
		}
	}
	return t.told
}

// demands tells whether an answer may mean that a value does not exist.
func demands(a target.Answer) bool {
	return a.Error == "" && slices.Contains([]int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity}, a.Status)
}

// A teaching is one operation on its way.
type teaching struct {
	*Live
	at   Place
	told Told
}

// lists reads the lists from which an operation may learn, each once in a run.
func (t *teaching) lists(ctx context.Context, operation string) {
	op, _ := t.Design.Operation(operation)
	for _, lesson := range op.Lessons {
		c, ok := t.find(lesson.From, "")
		if !ok || t.read[lesson.From] {
			continue
		}
		if t.read == nil {
			t.read = map[string]bool{}
		}
		t.read[lesson.From] = true
		t.Pool.Notice(lesson.From, t.send(ctx, c, "list", nil))
	}
}

// send sends a case as it is; how it is received says nothing of the case as it
// will be.
func (t *teaching) send(ctx context.Context, c plumbline.Case, why string, learnt []string) target.Answer {
	call := plumbline.Call{Name: c.ID + " " + why, Operation: c.Operation, Case: c.ID, Own: &c}
	s := t.shot(t.at, call)
	s.Request, s.Unbound = t.Pool.Fill(ctx, c)
	a := t.do(ctx, s, c, call)
	a.Learnt = learnt
	t.Pool.Learn(c.Operation, a)
	t.told.Observations = append(t.told.Observations, a.Observation)
	return a
}
