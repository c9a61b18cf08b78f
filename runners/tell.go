package runners

import (
	"context"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// pulse is how often those who watch are told how requests fare.
const pulse = time.Second

// tell tells those who watch what has happened just now.
func (r *Runner) tell(e progress.Event) {
	e.At = time.Since(r.Run.Began)
	r.Feed.Tell(e)
}

// begins tells that a phase begins.
func (r *Runner) begins(at Place, p plumbline.Phase) {
	r.Meter.Begin(p.Role)
	_, rate := offered(p)
	r.tell(progress.Event{Phase: &progress.Phase{
		Experiment: at.Experiment, Title: r.title, Name: at.Phase, Role: at.Role, Text: describe(p), Length: p.Duration, Rate: rate,
	}})
}

// upset tells what became of a fault.
func (r *Runner) upset(in plumbline.Injection) {
	f := progress.Fault{
		Lease: in.Lease, Experiment: in.Experiment, Dependency: in.Fault.Dependency, Text: named(in.Fault),
		State: progress.FaultInjected, Hits: in.Hits, Detail: in.Error,
	}
	switch {
	case in.Error != "":
		f.State = progress.FaultFailed
	case in.Healed > 0:
		f.State = progress.FaultHealed
	}
	r.tell(progress.Event{Fault: &f})
}

// beat tells every second how requests fare, until it is ended.
func (r *Runner) beat(ctx context.Context) (end func()) {
	if r.Feed == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // what is restored after an interrupt takes its time
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(pulse)
		defer tick.Stop()
		for before := time.Now(); ; {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				p := r.Meter.Pulse(now.Sub(before))
				r.tell(progress.Event{Pulse: &p})
				before = now
			}
		}
	}()
	return func() { cancel(); <-done }
}
