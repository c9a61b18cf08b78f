package runners

import (
	"context"
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// lose sends the request of a step as a client does who never gets the answer,
// and then the same bytes again. What the first made is known to no later step;
// it is deleted in the end where its answer was there to be thrown away.
func (x *passage) lose(ctx context.Context, s plumbline.Step) {
	kase, ok := x.kase(s.Call)
	measure, timed := x.answers[s.Lose.Like]
	var request plumbline.Request
	var err error
	switch {
	case !ok:
		err = fmt.Errorf("the design has no case %q of %s", s.Case, s.Operation)
	case !timed:
		err = fmt.Errorf("the step %s was not answered", s.Lose.Like)
	default:
		request, err = x.Pool.FillStep(ctx, kase, x.answers)
	}
	send := func(ctx context.Context, name string) target.Answer {
		shot := x.shot(x.at, s.Call)
		shot.Stream, shot.Request, shot.Unbound = x.flow+"/"+name, request, err
		a := x.do(ctx, shot, kase, s.Call)
		x.Pool.LearnStep(s.Operation, a)
		return a
	}
	impatient, hangUp := ctx, context.CancelFunc(func() {})
	if s.Lose.Share < 1 {
		usual := measure.Latency - measure.Connect - measure.Handshake
		impatient, hangUp = context.WithTimeout(ctx, time.Duration(s.Lose.Share*float64(usual)))
	}
	lost := send(impatient, s.Name+" lost")
	hangUp()
	x.told.Observations = append(x.told.Observations, lost.Observation)
	if err == nil && s.Pause > 0 && !target.Wait(ctx, s.Pause) {
		err = ctx.Err()
	}
	x.book(ctx, s, x.poll(ctx, s, func() target.Answer { return send(ctx, s.Name) }))
}
