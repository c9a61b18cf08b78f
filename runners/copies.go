package runners

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// copies sends the request of a step several times at once, byte for byte: it is
// filled in once, before the first is sent. The answer that later steps take
// values from is the first 2xx.
func (x *passage) copies(ctx context.Context, s plumbline.Step) {
	kase, ok := x.kase(s.Call)
	var request plumbline.Request
	err := fmt.Errorf("the design has no case %q of %s", s.Case, s.Operation)
	if ok {
		request, err = x.Pool.FillStep(ctx, kase, x.answers)
	}
	if s.Pause > 0 && !target.Wait(ctx, s.Pause) {
		err = ctx.Err()
	}
	shots := make([]target.Shot, s.Copies+1)
	for i := range shots {
		shots[i] = x.shot(x.at, s.Call)
		shots[i].Stream, shots[i].Request, shots[i].Unbound = x.flow+"/"+nth(s.Name, i+1), request, err
	}
	got := make([]target.Answer, len(shots))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, shot := range shots {
		wg.Go(func() {
			<-start
			got[i] = x.do(ctx, shot, kase, s.Call)
		})
	}
	close(start)
	wg.Wait()
	x.many[s.Name] = got
	best := s
	best.Name, best.Must, best.Walk = "", false, nil // of all of them the best counts
	for _, a := range got {
		x.Pool.LearnStep(s.Operation, a)
		if was, taken := x.answers[s.Name]; !taken || was.Status/100 != 2 {
			x.answers[s.Name] = a
		}
		x.book(ctx, best, a)
	}
	delete(x.answers, "")
}

// each makes a step once for every 2xx answer to the copies of another, at the
// same time.
func (x *passage) each(ctx context.Context, s plumbline.Step) {
	var made []target.Answer
	for _, a := range x.many[s.Each] {
		if a.Error == "" && a.Status/100 == 2 {
			made = append(made, a)
		}
	}
	var stopped error
	if s.Pause > 0 && !target.Wait(ctx, s.Pause) {
		stopped = ctx.Err()
	}
	got := make([]target.Answer, len(made))
	var wg sync.WaitGroup
	for i, a := range made {
		one := passage{Live: x.Live, at: x.at, flow: x.flow, answers: maps.Clone(x.answers)}
		one.answers[s.Each] = a
		c := s.Call
		c.Name = nth(s.Name, i+1)
		wg.Go(func() { got[i] = one.send(ctx, c, stopped) })
	}
	wg.Wait()
	for _, a := range got {
		x.told.Observations = append(x.told.Observations, a.Observation)
	}
}

// nth names the n-th of several copies of a step.
func nth(step string, n int) string {
	if n == 1 {
		return step
	}
	return fmt.Sprintf("%s %d", step, n)
}
