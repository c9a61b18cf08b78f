package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

// inject checks an order and puts it into force. Errors wrap
// errors.ErrUnsupported where the wire cannot be broken so.
func (s *server) inject(ctx context.Context, o Order) error {
	w, ok := s.wires[o.Fault.Dependency]
	if !ok {
		return fmt.Errorf("no wire is called %q", o.Fault.Dependency)
	}
	if err := sound(o); err != nil {
		return err
	}
	if w.engine == nil {
		s.leases.hold(o, nil)
		return nil
	}
	if err := w.engine.supports(o.Fault); err != nil {
		return err
	}
	var l *lease
	held := make(chan struct{})
	l = s.leases.hold(o, func() {
		<-held
		w.engine.release(ctx, l)
	})
	err := w.engine.take(l)
	close(held)
	if err != nil {
		s.leases.heal(o.ID)
	}
	return err
}

// selective tells whether a fault is for some requests only, by what they are.
func selective(f plumbline.Fault) bool { return f.Method != "" || f.Path != "" || f.First != 0 }

// partial tells whether a fault is for a share of the requests.
func partial(f plumbline.Fault) bool { return f.Toxicity > 0 && f.Toxicity < 1 }

// sound refuses orders that say nothing or more than can be.
func sound(o Order) error {
	f := o.Fault
	switch {
	case o.TTL <= 0:
		return errors.New("a lease needs a time to live")
	case f.Toxicity < 0 || f.Toxicity > 1:
		return errors.New("toxicity is a share in (0, 1]")
	case f.Scope != plumbline.ScopeAll && len(o.Traces) == 0:
		return errors.New("a fault of one run needs the traces of that run")
	case f.Kind == plumbline.FaultStatus && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d cannot be answered", f.Status)
	}
	switch f.Kind {
	case plumbline.FaultStatus, plumbline.FaultDelay, plumbline.FaultDelayBody, plumbline.FaultResetBefore, plumbline.FaultResetBody,
		plumbline.FaultLostResponse, plumbline.FaultDrip, plumbline.FaultTruncate, plumbline.FaultGarbage,
		plumbline.FaultHang, plumbline.FaultRefuse, plumbline.FaultLatency:
		return nil
	}
	return fmt.Errorf("fault %q is not known: %w", f.Kind, errors.ErrUnsupported)
}
