package wire

import (
	"errors"
	"fmt"
	"net"

	"github.com/plumbline-dev/plumbline"
)

// leave does to every connection that is open what happens to those of a machine
// that is gone while another one takes its address: what the caller sends is
// dropped before it is acknowledged, nothing is sent to it, and it is not told of
// any end. So both kinds of callers find out that can in earnest: those that wait
// no longer than they want to, and those whose system gives up (TCP_USER_TIMEOUT,
// keep-alive).
func (t *tcpWire) leave(l *lease) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range t.open {
		r.left.Store(l)
		if err := deafen(r.caller); err != nil {
			t.cutLeft(l)
			return fmt.Errorf("fault %q: %w", plumbline.FaultMoved, err)
		}
		linger(r.caller) // when the lease is over, its end is a reset
		l.add(1)
	}
	return nil
}

// endLeft resets what was left by the lease: no fault may outlive it.
func (t *tcpWire) endLeft(l *lease) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cutLeft(l)
}

// cutLeft is endLeft where the lock is held already.
func (t *tcpWire) cutLeft(l *lease) {
	for r := range t.open {
		if r.left.Load() == l {
			t.reset(r)
		}
	}
}

// deafen makes the system drop whatever arrives for a connection, and send no
// keep-alive of its own.
func deafen(conn net.Conn) error {
	c, ok := conn.(*net.TCPConn)
	if !ok {
		return errors.ErrUnsupported
	}
	return errors.Join(c.SetKeepAlive(false), dropAll(c))
}

// answering writes to the caller of a connection as long as it was not left.
type answering struct{ *relayed }

// Write loses what is for a caller that was left.
func (a answering) Write(p []byte) (int, error) {
	if a.left.Load() != nil {
		return len(p), nil
	}
	return a.caller.Write(p)
}
