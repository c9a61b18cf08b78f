package runners

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// How long a call of a serial phase is waited for.
const (
	idleTimes = 3 // times the idle time, at most, for the wire to be idle
	idleTries = 3 // calls in a row that it was not idle for, after which no further one is tried
	idleShare = 5 // one call in so many may be left out for it, or the phase proves nothing
)

// serially makes the calls of a phase one at a time, each that is to be told by
// time once the wire has been idle. Nothing can tell what the target does from
// what others do on a wire that they use: such a call is left out, and where
// too many are, the phase is doubted.
func (r *Runner) serially(ctx context.Context, at Place, p plumbline.Phase) error {
	wanted, missed, inRow := 0, 0, 0
	for n, turn := range p.InTurn() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		place := at
		place.Stream = len(p.Streams) + turn.Call
		call := p.Calls[turn.Call]
		if !turn.Alone {
			r.told(Told{Observations: []plumbline.Observation{r.Target.Call(ctx, place, call)}})
			r.lately.note(p.Serial.Wire, time.Since(r.Run.Began))
			continue
		}
		wanted++
		idle, ok := time.Duration(0), false
		if inRow < idleTries {
			idle, ok = r.idle(ctx, *p.Serial)
		}
		if !ok {
			missed++
			inRow++
			continue
		}
		inRow = 0
		only := p
		only.Faults = slices.DeleteFunc(slices.Clone(p.Faults), func(f plumbline.Fault) bool { return !slices.Contains(f.Streams, call.Name) })
		held := r.injectAs(ctx, at, only, fmt.Sprintf("-%03x", n))
		o := r.Target.Call(ctx, place, call)
		r.heal(ctx, held)
		r.lately.note(p.Serial.Wire, time.Since(r.Run.Began))
		o.Alone = idle
		r.told(Told{Observations: []plumbline.Observation{o}})
	}
	if ctx.Err() == nil && missed*idleShare > wanted {
		r.doubt(at, plumbline.ReasonNoise, fmt.Sprintf("others use the wire to %s: before %d of %d calls of the phase %s it was not idle for %s, so that what went over it could not be told from theirs", p.Serial.Wire, missed, wanted, at.Phase, p.Serial.Idle))
	}
	return ctx.Err()
}

// idle waits until nothing has gone over a wire, and no call of the phase was under
// way, for as long as it says, and returns that time. It is not ok when that takes too long, or ctx ends.
func (r *Runner) idle(ctx context.Context, s plumbline.Serial) (time.Duration, bool) {
	for until := time.Since(r.Run.Began) + idleTimes*s.Idle; ; {
		r.pull(ctx)
		now := time.Since(r.Run.Began)
		lacking := r.lately.last(s.Wire) + s.Idle - now
		switch {
		case ctx.Err() != nil:
			return 0, false
		case lacking <= 0:
			return s.Idle, true
		case now+lacking > until:
			return 0, false
		}
		if !target.Wait(ctx, lacking) {
			return 0, false
		}
	}
}

// lately is when something last went over each wire, as far as the journal was read,
// or was to be expected to.
type lately struct {
	mu sync.Mutex
	at map[string]time.Duration
}

func (l *lately) note(wire string, at time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == nil {
		l.at = map[string]time.Duration{}
	}
	l.at[wire] = max(l.at[wire], at)
}

// last is zero of a wire over which nothing has gone.
func (l *lately) last(wire string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at[wire]
}
