package faults

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// mendTime bounds the mending of one part of the deployment.
const mendTime = 90 * time.Second

// An Environment upsets parts of a deployment.
type Environment interface {
	// Upset does what f says to the part that f names. It returns once that was
	// seen to have happened, with the number of containers, processes or hooks
	// that it was seen of. mend undoes it and returns once that was seen, too; it
	// is to be called also after an error, unless it is nil. The error wraps
	// errors.ErrUnsupported where this environment does not know the part, or
	// cannot do that to it.
	Upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error)
}

// Deployment is a driver that sends faults of the deployment to the first of
// its environments that can make them, and all others to its wires.
type Deployment struct {
	Wires        Driver // nil where there are none
	Environments []Environment
}

// Inject orders the fault.
func (d Deployment) Inject(ctx context.Context, o Order) (Held, error) {
	if !o.Fault.Kind.OfDeployment() {
		if d.Wires == nil {
			return nil, fmt.Errorf("no wires in this run: %w", errors.ErrUnsupported)
		}
		return d.Wires.Inject(ctx, o)
	}
	tried := errors.ErrUnsupported
	for _, e := range d.Environments {
		seen, mend, err := e.Upset(ctx, o.Fault)
		switch {
		case err == nil:
			return &upset{seen: seen, mend: mend}, nil
		case !errors.Is(err, errors.ErrUnsupported):
			return undone(ctx, o.Fault, mend, err)
		}
		tried = err
	}
	return nil, fmt.Errorf("%s of %q: %w", o.Fault.Kind, o.Fault.Dependency, tried)
}

// undone mends what was upset by halves. Where that fails, the fault is held, so
// that it is not taken for one that never was.
func undone(ctx context.Context, f plumbline.Fault, mend func(context.Context) error, err error) (Held, error) {
	u := &upset{mend: mend}
	if _, merr := u.Heal(ctx); merr != nil {
		return u, nil //nolint:nilerr // it is told when it is healed again
	}
	return nil, fmt.Errorf("%s of %q: %w", f.Kind, f.Dependency, err)
}

// Close heals what is left on the wires.
func (d Deployment) Close(ctx context.Context) error {
	if d.Wires == nil {
		return nil
	}
	return d.Wires.Close(ctx)
}

// An upset is a fault of the deployment that is in force. It has no lease: what
// was started for the run is removed whole when its process is gone, and a hook
// is undone by `plumbline clean`.
type upset struct {
	seen   int
	mend   func(context.Context) error
	mu     sync.Mutex
	mended bool
}

func (u *upset) Renew(context.Context) error       { return nil }
func (u *upset) Hits(context.Context) (int, error) { return u.seen, nil }

func (u *upset) Heal(ctx context.Context) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.mended || u.mend == nil {
		return u.seen, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mendTime)
	defer cancel()
	err := u.mend(ctx)
	u.mended = err == nil
	return u.seen, err
}
