package docker

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/moby/api/types/container"

	"github.com/plumbline-dev/plumbline"
)

// Upset does to a service what the fault says, and sees that it was done: seen
// counts its containers. What it returns to mend it sees that, too.
func (s *Stack) Upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error) {
	name := f.Dependency
	if len(s.of(name)) == 0 || f.Kind == plumbline.FaultHook {
		return 0, nil, fmt.Errorf("no service is called %q: %w", name, errors.ErrUnsupported)
	}
	if f.Kind == plumbline.FaultScale {
		return s.rescale(ctx, name, f.Instances)
	}
	before, err := s.states(ctx, name)
	if err != nil {
		return 0, nil, err
	}
	undo, err := s.upset(ctx, f)
	if undo == nil {
		return 0, nil, err
	}
	mend = func(ctx context.Context) error {
		if err := undo(ctx); err != nil {
			return err
		}
		return s.restored(ctx, name, before)
	}
	if err != nil {
		return 0, mend, err
	}
	seen, err = s.sufferers(ctx, f, before)
	return seen, mend, err
}

// upset does what the fault says; the undoing is nil when it cannot be done.
func (s *Stack) upset(ctx context.Context, f plumbline.Fault) (Undo, error) {
	switch name := f.Dependency; f.Kind {
	case plumbline.FaultPause:
		return s.Pause(ctx, name)
	case plumbline.FaultStop:
		return s.Stop(ctx, name, f.Instances)
	case plumbline.FaultKill:
		return s.Kill(ctx, name, f.Instances)
	case plumbline.FaultRestart:
		return s.started(name), s.Restart(ctx, name)
	case plumbline.FaultDisconnect:
		return s.Disconnect(ctx, name)
	case plumbline.FaultSqueeze:
		return s.Squeeze(ctx, name, f.CPUs, f.Bytes)
	default:
		return nil, fmt.Errorf("%s of a service: %w", f.Kind, errors.ErrUnsupported)
	}
}

// sufferers counts the containers that suffer a fault; the error says that some
// do not.
func (s *Stack) sufferers(ctx context.Context, f plumbline.Fault, before []state) (seen int, err error) {
	after, err := s.states(ctx, f.Dependency)
	if err != nil {
		return 0, err
	}
	for i := range after {
		if i < len(before) && after[i].suffers(f, before[i]) {
			seen++
		}
	}
	want := len(before)
	if f.Instances > 0 {
		want = f.Instances
	}
	if seen < want {
		return seen, fmt.Errorf("%s was seen of %d of %d containers of %s", f.Kind, seen, want, f.Dependency)
	}
	return seen, nil
}

// rescale gives a service so many containers, until it is mended.
func (s *Stack) rescale(ctx context.Context, name string, n int) (seen int, mend func(context.Context) error, err error) {
	was := len(s.of(name))
	mend = func(ctx context.Context) error { return s.Scale(ctx, name, was) }
	if err := s.Scale(ctx, name, n); err != nil {
		return 0, mend, err
	}
	return n, mend, nil
}

// A state is what can be upset about a container.
type state struct {
	status   container.ContainerState
	started  string
	networks int
	cpus     int64
	memory   int64
}

// suffers tells whether a container suffers the fault, beside how it was before.
func (a state) suffers(f plumbline.Fault, before state) bool {
	switch f.Kind {
	case plumbline.FaultPause:
		return a.status == container.StatePaused
	case plumbline.FaultStop, plumbline.FaultKill:
		return a.status == container.StateExited
	case plumbline.FaultRestart:
		return a.status == container.StateRunning && a.started != before.started
	case plumbline.FaultDisconnect:
		return a.networks == 0
	case plumbline.FaultSqueeze:
		return (f.CPUs == 0 || a.cpus == int64(f.CPUs*1e9)) && (f.Bytes == 0 || a.memory == f.Bytes)
	default:
		return false
	}
}

// states looks at the containers of a service.
func (s *Stack) states(ctx context.Context, service string) ([]state, error) {
	var out []state
	for _, c := range s.of(service) {
		i, err := c.Inspect(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, state{i.State.Status, i.State.StartedAt, len(i.NetworkSettings.Networks), i.HostConfig.NanoCPUs, i.HostConfig.Memory})
	}
	return out, nil
}

// restored sees that the containers of a service run again, on their networks
// and within no tighter bounds than before.
func (s *Stack) restored(ctx context.Context, service string, before []state) error {
	if err := s.await(ctx, service, s.well(service)); err != nil {
		return err
	}
	now, err := s.states(ctx, service)
	if err != nil {
		return err
	}
	for i, a := range now {
		if i < len(before) && (a.status != container.StateRunning || a.networks != before[i].networks || tighter(a.cpus, before[i].cpus) || tighter(a.memory, before[i].memory)) {
			return fmt.Errorf("service %s is not as it was: %+v, was %+v", service, a, before[i])
		}
	}
	return nil
}

// tighter compares bounds, of which zero is none. Docker takes none off, so that
// all there is stands for it.
func tighter(now, before int64) bool { return before != 0 && now < before }
