package runners

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A holding is a fault that is in force, kept alive by a goroutine that renews
// its lease.
type holding struct {
	injection plumbline.Injection
	held      faults.Held        // nil when it could not be injected
	injected  chan struct{}      // closed when that is known
	over      context.CancelFunc // ends the wait for its time
	stop      context.CancelFunc
	done      chan struct{}
}

// inject makes the faults of a phase happen, or sees to it that they will. One
// that cannot be injected is recorded with its error: the judges then find that
// it was not delivered.
func (r *Runner) inject(ctx context.Context, at Place, p plumbline.Phase) []*holding {
	return r.injectAs(ctx, at, p, "")
}

// injectAs injects the faults of a phase once more, as leases of another name.
func (r *Runner) injectAs(ctx context.Context, at Place, p plumbline.Phase, name string) []*holding {
	var out []*holding
	for i, f := range p.Faults {
		h := &holding{injected: make(chan struct{}), injection: plumbline.Injection{
			Lease: fmt.Sprintf("%s-%04x-%02x-%02x%s", r.Run.ID, at.ExperimentIndex, at.PhaseIndex, i, name), Experiment: at.Experiment, Phase: at.Phase, Fault: f,
		}}
		out = append(out, h)
		waiting, over := context.WithCancel(ctx)
		h.over = over
		do := func() {
			defer close(h.injected)
			if f.After > 0 && !target.Wait(waiting, f.After) {
				h.injection.Error = "the phase was over before it"
			} else {
				r.start(ctx, at, p, h)
			}
			in := h.injection
			r.Journal.Record(plumbline.Record{Injection: &in})
			r.upset(in)
		}
		if f.After > 0 {
			go do()
		} else {
			do()
		}
	}
	if len(out) > 0 && slices.ContainsFunc(p.Faults, func(f plumbline.Fault) bool { return f.Kind.OfDeployment() }) {
		r.Journal.Flush() // what a killed run has upset has to be known
	}
	return out
}

func (r *Runner) start(ctx context.Context, at Place, p plumbline.Phase, h *holding) {
	h.injection.Asked = time.Since(r.Run.Began)
	defer func() { h.injection.Began = time.Since(r.Run.Began) }()
	if r.Wires == nil {
		h.injection.Error, h.injection.Unsupported = "no wires in this run", true
		return
	}
	lease := r.Lease
	if lease == 0 {
		lease = 15 * time.Second
	}
	order := faults.Order{ID: h.injection.Lease, Fault: h.injection.Fault, Traces: r.traces(at, p, h.injection.Fault), TTL: lease, Seed: r.Run.Seed ^ uint64(at.ExperimentIndex)<<16 ^ uint64(at.PhaseIndex)}
	held, err := r.Wires.Inject(ctx, order)
	if err != nil {
		h.injection.Error, h.injection.Unsupported = err.Error(), errors.Is(err, errors.ErrUnsupported)
		return
	}
	h.held = held
	if h.injection.Fault.Kind.OfDeployment() {
		h.injection.Hits, _ = held.Hits(ctx)
	}
	renewal, stop := context.WithCancel(ctx)
	h.stop, h.done = stop, make(chan struct{})
	go func() {
		defer close(h.done)
		r.renew(renewal, at, held, lease/3)
	}()
}

func (r *Runner) renew(ctx context.Context, at Place, held faults.Held, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := held.Renew(ctx); err != nil && ctx.Err() == nil {
				r.doubt(at, plumbline.ReasonFaultNotDelivered, "renew lease: "+err.Error())
			}
		}
	}
}

// traces are the prefixes of the trace ids that a fault may hit: those of the
// streams and calls that it names, or all of the run.
func (r *Runner) traces(at Place, p plumbline.Phase, f plumbline.Fault) []string {
	if f.Scope == plumbline.ScopeAll {
		return nil
	}
	if len(f.Streams) == 0 {
		return []string{r.Run.ID}
	}
	var out []string
	for _, name := range f.Streams {
		for i, s := range p.Streams {
			if s.Name == name {
				out = append(out, target.Prefix(r.Run.ID, at.ExperimentIndex, at.PhaseIndex, i))
			}
		}
		for i, c := range p.Calls {
			if c.Name == name {
				out = append(out, target.Prefix(r.Run.ID, at.ExperimentIndex, at.PhaseIndex, len(p.Streams)+i))
			}
		}
	}
	return out
}

// heal ends the faults and records how often each had hit: those on wires first,
// all at once, and then those of the deployment, for what is started again may
// need its dependencies. It works after ctx is done.
func (r *Runner) heal(ctx context.Context, held []*holding) {
	for _, ofDeployment := range []bool{false, true} {
		var wg sync.WaitGroup
		for _, h := range held {
			if h.injection.Fault.Kind.OfDeployment() == ofDeployment {
				wg.Go(func() { r.end(ctx, h) })
			}
		}
		wg.Wait()
	}
}

// end ends one fault.
func (r *Runner) end(ctx context.Context, h *holding) {
	h.over()
	<-h.injected
	if h.held == nil {
		return
	}
	h.stop()
	<-h.done
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // parts of the deployment have a limit of their own
	defer cancel()
	hits, err := h.held.Heal(ctx)
	h.injection.Hits, h.injection.Healed = hits, time.Since(r.Run.Began)
	if err != nil {
		h.injection.Error, h.injection.Healed = "heal: "+err.Error(), 0
	}
	in := h.injection
	r.Journal.Record(plumbline.Record{Injection: &in})
	r.upset(in)
}
