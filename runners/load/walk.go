package load

import (
	"context"
	"net/http"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A Walk makes the requests of one hit that is a flow, one after the other, each
// of what came back before. It is used by one goroutine.
type Walk interface {
	// Next is the request that comes next; ok is false when the flow is over.
	Next() (t Turn, ok bool)
	// Took is told how that request was answered.
	Took(a target.Answer)
	// Ended says at which step the flow ended before its last one, and why; nil
	// when it did not.
	Ended() error
}

// A Turn is one request of a Walk.
type Turn struct {
	Step  int           // of the flow, from 0
	Think time.Duration // that a user takes before it: no part of how long the flow takes
	Pause time.Duration // before it is made once more: a part of that
	// Shot makes the request. It may wait for what the deployment still has to
	// do before it can be made.
	Shot func(ctx context.Context) target.Shot

	due    time.Duration // since the run began
	unsure bool          // what it needs may not be there yet: it is due when it can be made
}

// A walking is a hit on its way through a flow.
type walking struct {
	d       *dispatch
	hit     hit
	walk    Walk
	whole   plumbline.Observation
	ended   time.Duration // the step before, since the run began
	thought time.Duration
	lag     time.Duration // of all steps
	reached int           // steps that were made
	last    target.Answer
}

// follow makes the steps of a flow. Each is measured as a request of its
// operation, due when the one before it was answered and the user has thought;
// the flow as a whole is measured from when the hit was due, without think time.
func (d *dispatch) follow(h hit, w Walk) {
	s := &d.session.Streams[h.stream]
	due := max(d.began+h.due, 1)
	x := walking{d: d, hit: h, walk: w, ended: due}
	x.whole = plumbline.Observation{Experiment: d.session.Experiment, Phase: d.session.Phase, Stream: s.Name, Operation: s.Operation, Due: due}
	for t, ok := w.Next(); ok; t, ok = w.Next() {
		if !x.turn(t) {
			break
		}
	}
	d.folds.flow(h.stream, x.told(), x.reached)
}

// turn makes one request; false when the session has ended.
func (x *walking) turn(t Turn) bool {
	t.due = x.ended + t.Think + t.Pause
	if !x.d.rest(t.due - x.d.engine.Client.Now()) {
		x.last.Error = plumbline.ErrorCanceled
		return false
	}
	x.thought += t.Think
	t.unsure = x.last.Status == http.StatusAccepted // what was asked for is made by and by (RFC 9110 §15.3.3)
	h := x.hit
	h.due = t.due - x.d.began
	a, attempts := x.d.try(h, &t)
	x.last, x.ended = a, a.Done()
	x.walk.Took(a)
	if a.Error == plumbline.ErrorUnbound {
		return true // it was not sent, and is none of its operation
	}
	x.reached, x.lag = max(x.reached, t.Step+1), x.lag+a.Sent-a.Due
	x.d.measured(h.stream, t.Step+1, a, attempts)
	return true
}

// told is the flow as one. One that ended before its last step is told by what
// ended it: an error, an answer that refuses for want of capacity, or any other
// answer that it does not go on with.
func (x *walking) told() plumbline.Observation {
	o, why := x.whole, x.walk.Ended()
	o.Latency, o.Sent = x.ended-o.Due-x.thought, o.Due+x.lag
	o.Status, o.Error = x.last.Status, x.last.Error
	if why != nil {
		o.Marks = []plumbline.Mark{{Kind: plumbline.MarkDiffers, Message: why.Error()}}
	}
	switch {
	case o.Error != "":
	case why == nil:
		o.Status = http.StatusOK
	case !shed(o):
		o.Error = plumbline.ErrorEnded
	}
	return o
}
