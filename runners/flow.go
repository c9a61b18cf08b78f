package runners

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A Told is what a flow told: an observation for every request, in order, and
// what its walks saw.
type Told struct {
	Observations []plumbline.Observation
	Walked       []plumbline.Walked
}

// errEnded says that a step was not made because one before it failed.
var errEnded = errors.New("the flow had ended")

// Flow makes the steps of a flow, one after the other.
func (l *Live) Flow(ctx context.Context, at Place, f plumbline.Flow) Told {
	x := passage{Live: l, at: at, flow: f.Name, answers: map[string]target.Answer{}, walked: map[string]map[string]int{}, many: map[string][]target.Answer{}}
	for at := 0; at < len(f.Steps); {
		n := at + 1
		for f.Steps[at].Together && n < len(f.Steps) && f.Steps[n].Together {
			n++
		}
		x.steps(ctx, f.Steps[at:n])
		at = n
	}
	l.changing.note(f.Tries, x.observed)
	return x.told
}

// A passage is a flow on its way.
type passage struct {
	*Live
	at      Place
	flow    string
	answers map[string]target.Answer // by the name of the step
	ended   error
	told    Told
	walked  map[string]map[string]int  // what the walk of a step saw
	many    map[string][]target.Answer // to the copies of a step
}

// steps makes steps at the same time and books them in order.
func (x *passage) steps(ctx context.Context, all []plumbline.Step) {
	if len(all) == 1 && x.ended == nil && x.manifold(ctx, all[0]) {
		return
	}
	got := make([]target.Answer, len(all))
	var wg sync.WaitGroup
	for i, s := range all {
		wg.Go(func() { got[i] = x.answer(ctx, s) })
	}
	wg.Wait()
	for i, s := range all {
		x.book(ctx, s, got[i])
	}
}

// manifold makes a step that sends more than one request; false is that of any
// other.
func (x *passage) manifold(ctx context.Context, s plumbline.Step) bool {
	switch {
	case s.Copies > 0:
		x.copies(ctx, s)
	case s.Each != "":
		x.each(ctx, s)
	case s.Lose != nil:
		x.lose(ctx, s)
	default:
		return false
	}
	return true
}

func (x *passage) answer(ctx context.Context, s plumbline.Step) target.Answer {
	if x.ended != nil && !s.Cleanup {
		return x.send(ctx, s.Call, fmt.Errorf("%w: %w", errEnded, x.ended))
	}
	if s.Pause > 0 && !target.Wait(ctx, s.Pause) {
		return x.send(ctx, s.Call, ctx.Err())
	}
	return x.poll(ctx, s, func() target.Answer { return x.send(ctx, s.Call, nil) })
}

// book holds the answer to a step against what it asks for.
func (x *passage) book(ctx context.Context, s plumbline.Step, a target.Answer) {
	if a.Status != 0 && a.Error == "" {
		x.answers[s.Name] = a
		for _, c := range s.Compare {
			a.Matches = append(a.Matches, compare(c, a, x.answers))
		}
		a.Matches = append(a.Matches, criteria(s.Criteria, a, x.answers)...)
	}
	x.told.Observations = append(x.told.Observations, a.Observation)
	if s.Must && x.ended == nil && !x.good(s, a) {
		x.ended = fmt.Errorf("%s was answered %s", s.Name, wordOf(a.Observation))
	}
	if s.Walk != nil && a.Error == "" && a.Status/100 == 2 {
		x.walk(ctx, s, a)
	}
}

// observed is the observation of a step, with what its comparisons found.
func (x *passage) observed(step string) (plumbline.Observation, bool) {
	i := slices.IndexFunc(x.told.Observations, func(o plumbline.Observation) bool { return o.Stream == x.flow+"/"+step })
	if i < 0 {
		return plumbline.Observation{}, false
	}
	return x.told.Observations[i], true
}

func wordOf(o plumbline.Observation) string {
	if o.Error != "" {
		return string(o.Error)
	}
	return fmt.Sprint(o.Status)
}

// good tells whether the answer to a step is what it asks for.
func (x *passage) good(s plumbline.Step, a target.Answer) bool {
	if a.Error != "" || len(s.Criteria) == 0 {
		return a.Error == "" && a.Status/100 == 2
	}
	return met(s.Criteria, a, x.answers)
}

// poll makes the call of a step, again and again where that is asked for.
func (x *passage) poll(ctx context.Context, s plumbline.Step, send func() target.Answer) target.Answer {
	a := send()
	if s.Poll == nil {
		return a
	}
	over := time.Now().Add(s.Poll.Within)
	for n := 0; !x.enough(s, a, n) && time.Now().Before(over); n++ {
		if !target.Wait(ctx, max(s.Poll.Every, 10*time.Millisecond)) {
			return a
		}
		a = send()
	}
	return a
}

// enough tells whether a step is not to be repeated after n repetitions.
func (x *passage) enough(s plumbline.Step, a target.Answer, n int) bool {
	if len(s.Poll.Statuses) > 0 {
		return slices.Contains(s.Poll.Statuses, a.Status)
	}
	over := s.Poll.Most > 0 && n >= s.Poll.Most
	return over || x.good(s, a) || a.Error == plumbline.ErrorUnbound || !met(s.Poll.When, a, x.answers)
}

// send makes one call of the flow, or says why it could not be made.
func (x *passage) send(ctx context.Context, c plumbline.Call, unbound error) target.Answer {
	s := x.shot(x.at, c)
	s.Stream = x.flow + "/" + c.Name
	kase, ok := x.kase(c)
	switch {
	case unbound != nil:
		s.Unbound = unbound
	case !ok:
		s.Unbound = fmt.Errorf("the design has no case %q of %s", c.Case, c.Operation)
	default:
		s.Request, s.Unbound = x.Pool.FillStep(ctx, kase, x.answers)
	}
	a := x.do(ctx, s, kase, c)
	x.Pool.LearnStep(c.Operation, a)
	return a
}
