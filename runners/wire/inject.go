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
		if OfTCP(o.Fault.Kind) {
			return fmt.Errorf("an HTTP wire cannot do %q: it is about bytes and connections: %w", o.Fault.Kind, errors.ErrUnsupported)
		}
		s.leases.hold(o, nil)
		return nil
	}
	if err := w.engine.supports(o.Fault); err != nil {
		return err
	}
	var l *lease
	held := make(chan struct{})
	taken := false
	l = s.leases.hold(o, func() {
		<-held
		if taken || !ofRelay(o.Fault.Kind) {
			w.engine.release(ctx, l)
		}
	})
	err := w.engine.take(ctx, l)
	taken = err == nil
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
	return known(f)
}

// known refuses kinds that are not known, and values that a kind does not have.
func known(f plumbline.Fault) error {
	switch f.Kind {
	case plumbline.FaultBandwidth, plumbline.FaultSlicer, plumbline.FaultLimit:
		if f.Bytes <= 0 {
			return fmt.Errorf("%q needs a number of bytes", f.Kind)
		}
		return nil
	case plumbline.FaultSlowClose, plumbline.FaultTimeout:
		if f.Latency <= 0 {
			return fmt.Errorf("%q needs a latency", f.Kind)
		}
		return nil
	case plumbline.FaultStatus, plumbline.FaultDelay, plumbline.FaultDelayBody, plumbline.FaultResetBefore, plumbline.FaultResetBody,
		plumbline.FaultLostResponse, plumbline.FaultDrip, plumbline.FaultTruncate, plumbline.FaultGarbage,
		plumbline.FaultHang, plumbline.FaultRefuse, plumbline.FaultLatency, plumbline.FaultUnreachable, plumbline.FaultCut, plumbline.FaultMoved, plumbline.FaultStale:
		return nil
	default: // the others are not about a wire
	}
	return fmt.Errorf("fault %q is not known: %w", f.Kind, errors.ErrUnsupported)
}

// OfTCP tells whether a kind of fault is about bytes and connections alone.
func OfTCP(k plumbline.FaultKind) bool {
	switch k {
	case plumbline.FaultBandwidth, plumbline.FaultSlowClose, plumbline.FaultTimeout, plumbline.FaultSlicer, plumbline.FaultLimit,
		plumbline.FaultUnreachable, plumbline.FaultCut, plumbline.FaultMoved:
		return true
	default:
		return false
	}
}
