package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A gate is a listener that can be shut: who connects then gets no answer at
// all, as from an address behind which nobody is, and waits. It takes no
// connection from its queue, makes the queue as short as it can be, and fills
// it with connections of its own: the system then drops what else comes.
type gate struct {
	*net.TCPListener
	taking  sync.Mutex // held while a connection is taken from the queue, or none is there
	closing sync.Mutex // held until the gate was seen to be shut
	mu      sync.Mutex
	shut    chan struct{} // closed when the gate opens again; nil while it is open
	leases  int           // that keep it shut
	filler  map[string]net.Conn
}

const (
	fillPatience = 250 * time.Millisecond // after which a connection that is not made hangs
	fillMost     = 8                      // connections that fill the shortest queue
)

var errStaysOpen = fmt.Errorf("this system goes on taking connections: %w", errors.ErrUnsupported)

func newGate(l net.Listener) (*gate, error) {
	t, ok := l.(*net.TCPListener)
	if !ok {
		return nil, errors.New("a TCP wire listens on TCP")
	}
	return &gate{TCPListener: t, filler: map[string]net.Conn{}}, nil
}

// Accept returns the next connection that is not of the gate itself.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, shut, err := g.take()
		switch {
		case shut != nil:
			<-shut
			continue
		case errors.Is(err, os.ErrDeadlineExceeded): // it was shut meanwhile
			continue
		case err != nil:
			return nil, err
		}
		g.mu.Lock()
		own := g.filler[conn.RemoteAddr().String()]
		delete(g.filler, conn.RemoteAddr().String())
		g.mu.Unlock()
		if own == nil {
			return conn, nil
		}
		_ = conn.Close()
	}
}

// take takes one connection from the queue. While the gate is shut it takes none
// and returns what is closed when the gate opens.
func (g *gate) take() (conn net.Conn, shut <-chan struct{}, err error) {
	g.taking.Lock()
	defer g.taking.Unlock()
	g.mu.Lock()
	shut = g.shut
	g.mu.Unlock()
	if shut != nil {
		return nil, shut, nil
	}
	conn, err = g.TCPListener.Accept()
	return conn, nil, err
}

// close shuts the gate for one lease more. It returns when connecting was seen
// to hang.
func (g *gate) close(ctx context.Context) error {
	g.closing.Lock()
	defer g.closing.Unlock()
	g.mu.Lock()
	g.leases++
	first := g.leases == 1
	if first {
		g.shut = make(chan struct{})
	}
	g.mu.Unlock()
	if !first {
		return nil
	}
	err := errors.Join(g.SetDeadline(time.Unix(1, 0)), backlog(g.TCPListener, 0))
	if err == nil {
		g.nobodyTakes()
		err = g.fill(ctx)
	}
	if err != nil {
		g.release()
	}
	return err
}

// nobodyTakes returns when no connection is being taken from the queue: one that
// is taken after the queue was filled would leave a place in it, and the next
// client would be let in.
func (g *gate) nobodyTakes() {
	g.taking.Lock()
	defer g.taking.Unlock()
}

// fill makes connections until one is not made.
func (g *gate) fill(ctx context.Context) error {
	d := net.Dialer{Timeout: fillPatience}
	for range fillMost {
		conn, err := d.DialContext(ctx, "tcp", g.door())
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			return nil
		case err != nil:
			return fmt.Errorf("fill the queue of connections: %w", err)
		}
		g.mu.Lock()
		g.filler[conn.LocalAddr().String()] = conn
		g.mu.Unlock()
	}
	return errStaysOpen
}

// door is where the gate connects to itself. Where it listens at all addresses
// of the machine that is loopback of IPv4: a container need not have another.
func (g *gate) door() string {
	at, ok := g.Addr().(*net.TCPAddr)
	if ok && at.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	}
	return g.Addr().String()
}

// release opens the gate again when no other lease keeps it shut.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.leases--; g.leases > 0 {
		return
	}
	_ = backlog(g.TCPListener, usualBacklog)
	_ = g.SetDeadline(time.Time{})
	for _, conn := range g.filler {
		_ = conn.Close()
	}
	close(g.shut)
	g.shut = nil
}

// keepOut shuts the gate of a wire and resets what is open: who needs the
// dependency has to connect. What the system drops meanwhile are the hits.
func (t *tcpWire) keepOut(ctx context.Context, l *lease) error {
	if err := t.gate.close(ctx); err != nil {
		return fmt.Errorf("fault %q: %w", plumbline.FaultUnreachable, err)
	}
	before, err := dropped()
	if err != nil {
		t.gate.release()
		return fmt.Errorf("count what is dropped: %w: %w", err, errors.ErrUnsupported)
	}
	t.cutAll()
	l.countedBy(func() int {
		now, err := dropped()
		if err != nil {
			return 0
		}
		return now - before
	})
	return nil
}
