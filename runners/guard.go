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

// What the guard goes by (DESIGN D14).
const (
	guardEvery   = time.Second
	guardWindow  = 10 * time.Second       // of the time in which a fault holds
	guardShare   = 0.2                    // of what others send in a window may fail or be slow
	guardLeast   = 3                      // that fail or are slow, at least
	guardKnown   = 10                     // exchanges by which it is known how others fare without a fault
	guardWell    = 0.05                   // of them may fail, or nothing can be told
	guardTimes   = 10                     // times what takes longest without a fault is slow
	guardSlow    = 100 * time.Millisecond // and by so much longer, at least
	guardMissing = 20                     // exchanges that a window would have without a fault: fewer do not show that they fail to come
	guardSettle  = 5 * time.Second        // after a fault, before others are taken to be well again
	guardKept    = 500                    // exchanges of a wire
)

// errOthersSuffer ends a run that harms others.
var errOthersSuffer = errors.New("others suffer from the faults of this run")

// A guard watches what others send over the wires, and that no fault was meant for:
// how it fares while nothing is broken, and while a fault is that is for this run
// alone. What carries no trace of the run may be its doing all the same, where the
// target loses traces or begins its own: it is taken for that of others only on a
// wire over which such came while the run sent nothing.
type guard struct {
	run string

	mu    sync.Mutex
	wires map[string]*bystanders
	heard map[string]float64 // exchanges a second of others while the run sent nothing, by wire
	began time.Duration      // of the fault phase under way; zero when there is none
	idle  time.Duration      // since when nothing is broken
}

// bystanders is what is known of others on one wire.
type bystanders struct {
	ours bool                 // a trace of the run was seen: the target passes them on
	calm []plumbline.Exchange // without a fault, the latest
	hard []plumbline.Exchange // since the fault began
}

// begin and end enclose a phase with faults.
func (g *guard) begin(at time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.began = max(at, 1)
	for _, w := range g.wires {
		w.hard = nil
	}
}

func (g *guard) end(at time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.began, g.idle = 0, at+guardSettle
}

// note takes an exchange in.
func (g *guard) note(x plumbline.Exchange) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wires == nil {
		g.wires = map[string]*bystanders{}
	}
	w := g.wires[x.Wire]
	if w == nil {
		w = &bystanders{}
		g.wires[x.Wire] = w
	}
	switch {
	case plumbline.TraceRun(x.Trace) == g.run:
		w.ours = true
	case x.Fault != "", g.heard[x.Wire] == 0:
	case g.began > 0 && x.Ended >= g.began:
		w.hard = append(w.hard, x)
	case x.Began >= g.idle:
		if w.calm = append(w.calm, x); len(w.calm) > guardKept {
			w.calm = slices.Delete(w.calm, 0, len(w.calm)-guardKept)
		}
	}
}

// harm says who suffers, as a sentence; empty when nobody is known to.
func (g *guard) harm(now time.Duration) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.began == 0 {
		return ""
	}
	for name, w := range g.wires {
		if why := g.harmOn(name, w, now); why != "" {
			return fmt.Sprintf("on the wire to %s %s", name, why)
		}
	}
	return ""
}

// usual is how others fared without a fault: how many of them failed, and how long
// the slowest of the rest took.
func (w *bystanders) usual() (failed int, longest time.Duration) {
	for _, x := range w.calm {
		if spoiled(x) {
			failed++
			continue
		}
		longest = max(longest, x.Ended-x.Began)
	}
	return failed, longest
}

// lately is how others fare in the last moments of a fault.
func (w *bystanders) lately(now, limit time.Duration) (seen, bad int) {
	for _, x := range w.hard {
		if x.Ended < now-guardWindow {
			continue
		}
		seen++
		if spoiled(x) || x.Ended-x.Began > limit {
			bad++
		}
	}
	return seen, bad
}

func (g *guard) harmOn(name string, w *bystanders, now time.Duration) string {
	failed, longest := w.usual()
	if !w.ours || len(w.calm) < guardKnown || float64(failed) > guardWell*float64(len(w.calm)) {
		return ""
	}
	limit := max(guardTimes*longest, longest+guardSlow)
	seen, bad := w.lately(now, limit)
	if bad >= guardLeast && float64(bad) > guardShare*float64(seen) {
		return fmt.Sprintf("%d of the last %d exchanges of others that no fault was meant for failed or took longer than %s; without a fault %d of %d failed, and none took longer than %s", bad, seen, limit.Round(time.Millisecond), failed, len(w.calm), longest.Round(time.Millisecond))
	}
	expected := g.heard[name] * guardWindow.Seconds()
	if now-g.began >= guardWindow && expected >= guardMissing && float64(seen) < guardShare*expected {
		return fmt.Sprintf("%d exchanges of others came in the last %s; without a fault it is %.0f", seen, guardWindow, expected)
	}
	return ""
}

// spoiled tells whether an exchange that no fault was meant for went wrong.
func spoiled(x plumbline.Exchange) bool { return x.Status >= 500 || x.Status == 0 || x.Closed != "" }

// guarded watches others while the run goes on, and ends it when they suffer: the
// phase is cut short, and everything healed, as when the run is interrupted.
func (r *Runner) guarded(ctx context.Context) (guarded context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	r.guard = &guard{run: r.Run.ID}
	if r.Wires == nil {
		return ctx, func() { cancel(nil) }
	}
	r.guard.heard = r.listen(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(guardEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if !r.guard.watching() {
				continue
			}
			r.pull(context.WithoutCancel(ctx))
			if why := r.guard.harm(time.Since(r.Run.Began)); why != "" {
				cancel(fmt.Errorf("%w: %s", errOthersSuffer, why))
			}
		}
	}()
	return ctx, func() { cancel(nil); <-done }
}

// listen waits for as long as the runner is to, and tells how many exchanges of others
// came a second, by wire.
func (r *Runner) listen(ctx context.Context) map[string]float64 {
	if r.Listen == 0 {
		return nil
	}
	r.pull(ctx)
	if !target.Wait(ctx, r.Listen) {
		return nil
	}
	heard := map[string]float64{}
	for _, x := range r.pull(ctx) {
		if plumbline.TraceRun(x.Trace) != r.Run.ID && x.Fault == "" {
			heard[x.Wire]++
		}
	}
	for name, n := range heard {
		if heard[name] = n / r.Listen.Seconds(); n < guardLeast {
			delete(heard, name)
		}
	}
	return heard
}

// forUs tells whether faults are for the run alone, so that nobody else is to notice.
func (r *Runner) forUs(all []plumbline.Fault) bool {
	for _, f := range all {
		dep, ok := r.Design.Dependency(f.Dependency)
		if f.Scope == plumbline.ScopeAll || f.Kind.OfDeployment() || ok && dep.Wire == plumbline.WireTCP {
			return false
		}
	}
	return len(all) > 0
}

// watching tells whether a fault is in force.
func (g *guard) watching() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.began > 0
}
