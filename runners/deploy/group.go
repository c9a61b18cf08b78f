package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A Group is the processes of a deployment, by their names, that can be paused,
// ended and started again. It is safe for concurrent use.
type Group struct {
	mu  sync.Mutex
	all map[string]*member
}

type member struct {
	process  *Process
	again    Command       // that starts it anew, where it was
	grace    time.Duration // between the request to end and the kill
	entrance Entrance      // zero when it is not said

	upsetting sync.Mutex // held while instances come and go
	fleet     *fleet     // in the place of the process; nil when there is none
}

// Add takes a process into the group. Again is the command that starts it anew,
// at the same address.
func (g *Group) Add(name string, p *Process, again Command, grace time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.all == nil {
		g.all = map[string]*member{}
	}
	g.all[name] = &member{process: p, again: again, grace: grace}
}

// Names are those of the processes, sorted.
func (g *Group) Names() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Sorted(maps.Keys(g.all))
}

// PID is the number of a process; ok is false when no process is called so, or
// it has ended.
func (g *Group) PID(name string) (pid int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	m, ok := g.all[name]
	if !ok {
		return 0, false
	}
	if m.process.gone() {
		return 0, false
	}
	return m.process.PID(), true
}

// Stop ends every process that runs.
func (g *Group) Stop() {
	g.mu.Lock()
	all := slices.Collect(maps.Values(g.all))
	g.mu.Unlock()
	for _, m := range all {
		m.upsetting.Lock()
		m.disband()
		m.upsetting.Unlock()
		g.running(m).Stop(m.grace)
	}
}

// running is the process that was started last.
func (g *Group) running(m *member) *Process {
	g.mu.Lock()
	defer g.mu.Unlock()
	return m.process
}

// Upset does to a process what the fault says.
func (g *Group) Upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error) {
	g.mu.Lock()
	m, ok := g.all[f.Dependency]
	g.mu.Unlock()
	if !ok {
		return 0, nil, fmt.Errorf("no process is called %q: %w", f.Dependency, errors.ErrUnsupported)
	}
	switch {
	case f.Kind == plumbline.FaultScale:
		return g.rescale(ctx, m, f.Instances)
	case m.instances() > 1:
		return m.upset(ctx, f)
	case f.Instances > 1:
		return 0, nil, fmt.Errorf("%s is one process: %w", f.Dependency, errors.ErrUnsupported)
	}
	p := g.running(m)
	switch f.Kind {
	case plumbline.FaultPause:
		mend = func(context.Context) error { return p.resume() }
		err = p.pause()
	case plumbline.FaultStop:
		mend = func(ctx context.Context) error { return g.start(ctx, m) }
		p.Stop(m.grace)
	case plumbline.FaultKill:
		mend = func(ctx context.Context) error { return g.start(ctx, m) }
		p.kill()
	case plumbline.FaultRestart:
		mend = func(ctx context.Context) error { return g.start(ctx, m) }
		p.Stop(m.grace)
		err = g.start(ctx, m)
	default:
		return 0, nil, fmt.Errorf("%s of a process: %w", f.Kind, errors.ErrUnsupported)
	}
	if err != nil {
		return 0, mend, err
	}
	return 1, mend, nil
}

// pause stops the process where it stands, and sees that it does.
func (p *Process) pause() error {
	if err := halt(p.cmd); err != nil {
		return err
	}
	for over := time.Now().Add(5 * time.Second); ; {
		halted, err := isHalted(p.PID())
		if halted || err != nil || time.Now().After(over) {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

func (p *Process) resume() error {
	if p.gone() {
		return fmt.Errorf("%s has ended meanwhile", p.Name)
	}
	if err := proceed(p.cmd); err != nil {
		return err
	}
	halted, err := isHalted(p.PID())
	if err == nil && halted {
		err = fmt.Errorf("%s still stands", p.Name)
	}
	return err
}

// start starts a process anew that has ended; one that runs it leaves alone.
func (g *Group) start(ctx context.Context, m *member) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !m.process.gone() {
		return nil
	}
	p, err := Start(ctx, m.again)
	if err != nil {
		return err
	}
	m.process = p
	return nil
}
