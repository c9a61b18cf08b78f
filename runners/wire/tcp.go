package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/plumbline-dev/plumbline"
)

// A tcpWire is a relay that counts and journals connections, in front of a
// Toxiproxy that delays, hangs and resets them:
//
//	caller ──▶ relay ──▶ Toxiproxy ──▶ upstream
//
// Refusing is the relay's own affair: Toxiproxy accepts before it dials.
type tcpWire struct {
	*server
	wire   Wire
	proxy  *toxiproxy.Proxy
	gate   *gate
	number atomic.Uint64
	mu     sync.Mutex
	open   map[*relayed]bool
	closed bool
}

// relayed is one connection.
type relayed struct {
	caller, engine net.Conn
	exchange       plumbline.Exchange
	in, out        atomic.Int64
	cut            atomic.Bool
	left           atomic.Pointer[lease] // by which the caller was left without an answer and without an end; nil when it was not
}

func (s *server) openTCP(ctx context.Context, w Wire) (*served, error) {
	if _, _, err := net.SplitHostPort(w.Upstream); err != nil {
		return nil, errors.New("the upstream of a TCP wire is host:port")
	}
	engine := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())
	p := toxiproxy.NewProxy(engine, w.Name, "127.0.0.1:0", w.Upstream)
	if err := engine.Collection.Add(p, true); err != nil {
		return nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", w.Listen)
	if err != nil {
		p.Stop()
		return nil, err
	}
	g, err := newGate(l)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	t := &tcpWire{server: s, wire: w, proxy: p, gate: g, open: map[*relayed]bool{}}
	go t.accept(ctx)
	return &served{Wire: w, addr: l.Addr().String(), engine: t, close: t.close}, nil
}

func (t *tcpWire) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	_ = t.gate.Close()
	t.cutAll()
	t.proxy.Stop()
}

func (t *tcpWire) accept(ctx context.Context) {
	for {
		conn, err := t.gate.Accept()
		if err != nil {
			return
		}
		go t.relay(ctx, conn)
	}
}

// relay carries one connection until either side ends it.
func (t *tcpWire) relay(ctx context.Context, conn net.Conn) {
	r := &relayed{caller: conn}
	x := &r.exchange
	x.Wire, x.Conn, x.Source, x.Attempt, x.Began = t.wire.Name, t.number.Add(1), conn.RemoteAddr().String(), 1, t.journal.now()
	defer t.done(r)
	l := t.leases.match(x, false)
	if l != nil {
		x.Fault, x.FaultKind = l.ID, l.Fault.Kind
		if l.Fault.Kind == plumbline.FaultRefuse {
			x.Closed = plumbline.ClosedByFault
			linger(conn)
			return
		}
	}
	var d net.Dialer
	engine, err := d.DialContext(ctx, "tcp", t.proxy.Listen)
	if err != nil {
		linger(conn)
		x.Closed = plumbline.ClosedByUpstream
		return
	}
	r.engine = engine
	if !t.join(r) {
		return
	}
	x.Answered = t.journal.now()
	up := make(chan struct{})
	go func() {
		defer close(up)
		r.pump(engine, conn, &r.in)
	}()
	if r.pump(conn, engine, &r.out) && x.Closed == "" {
		x.Closed = plumbline.ClosedByUpstream
	}
	_ = conn.Close()
	<-up
}

// pump copies one direction; it is true when the source was torn, not ended.
func (r *relayed) pump(to, from net.Conn, n *atomic.Int64) (torn bool) {
	w := io.Writer(to)
	if to == r.caller {
		w = answering{r}
	}
	_, err := io.Copy(&counter{w, n}, from)
	if l := r.left.Load(); l != nil && to == r.caller {
		<-l.ended // who is left does not hear of an end either
	}
	if c, ok := to.(interface{ CloseWrite() error }); ok && err == nil {
		_ = c.CloseWrite()
		return false
	}
	linger(to)
	_ = to.Close()
	_ = from.Close()
	return err != nil
}

type counter struct {
	io.Writer
	n *atomic.Int64
}

// Write counts what goes through.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func (t *tcpWire) join(r *relayed) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.open[r] = true
	return true
}

func (t *tcpWire) done(r *relayed) {
	t.mu.Lock()
	delete(t.open, r)
	t.mu.Unlock()
	_ = r.caller.Close()
	if r.engine != nil {
		_ = r.engine.Close()
	}
	x := r.exchange
	x.In, x.Out, x.Ended = r.in.Load(), r.out.Load(), t.journal.now()
	if r.cut.Load() {
		x.Closed = plumbline.ClosedByFault
	}
	t.journal.add(x, nil)
}

// cutAll resets every open connection.
func (t *tcpWire) cutAll() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for r := range t.open {
		t.reset(r)
		n++
	}
	return n
}

// reset ends one connection with a reset. The lock is held.
func (t *tcpWire) reset(r *relayed) {
	r.cut.Store(true)
	linger(r.caller)
	_ = r.caller.Close()
	_ = r.engine.Close()
}

func (t *tcpWire) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// supports refuses what a TCP wire cannot do: rather no fault than one that
// hits more than it was ordered for. A share can be refused, by the relay; but
// Toxiproxy draws lots for each direction of a connection anew, so that more
// would be hit, and others than the relay counts.
func (t *tcpWire) supports(f plumbline.Fault) error {
	if _, ok := ToxicOf(f); !ok && !ofRelay(f.Kind) {
		return fmt.Errorf("a TCP wire cannot do %q: %w", f.Kind, errors.ErrUnsupported)
	}
	switch {
	case f.Scope != plumbline.ScopeAll:
		return fmt.Errorf("a TCP wire cannot do %q to one run alone: %w", f.Kind, errors.ErrUnsupported)
	case selective(f):
		return fmt.Errorf("a TCP wire cannot do %q to some requests alone: it knows none: %w", f.Kind, errors.ErrUnsupported)
	case partial(f) && f.Kind != plumbline.FaultRefuse:
		return fmt.Errorf("a TCP wire cannot do %q to a share of the connections: %w", f.Kind, errors.ErrUnsupported)
	}
	return nil
}

// ofRelay tells whether a fault is the affair of the relay, and no toxic.
func ofRelay(k plumbline.FaultKind) bool {
	return k == plumbline.FaultRefuse || k == plumbline.FaultUnreachable || k == plumbline.FaultCut || k == plumbline.FaultMoved
}

// take puts a lease into force: connections that are open are hit as well.
func (t *tcpWire) take(ctx context.Context, l *lease) error {
	switch l.Fault.Kind {
	case plumbline.FaultRefuse, plumbline.FaultCut:
		l.add(t.cutAll())
		return nil
	case plumbline.FaultUnreachable:
		return t.keepOut(ctx, l)
	case plumbline.FaultMoved:
		return t.leave(l)
	default: // by Toxiproxy
	}
	l.add(t.count())
	toxic, ok := ToxicOf(l.Fault)
	if !ok {
		return fmt.Errorf("toxiproxy has no %q: %w", l.Fault.Kind, errors.ErrUnsupported)
	}
	for _, direction := range toxic.Streams {
		spec, err := json.Marshal(map[string]any{"name": l.ID + direction, "type": toxic.Kind, "stream": direction, "attributes": toxic.Attributes})
		if err != nil {
			return err
		}
		if _, err := t.proxy.Toxics.AddToxicJson(bytes.NewReader(spec)); err != nil {
			return fmt.Errorf("toxic %s: %w", toxic.Kind, err)
		}
	}
	return nil
}

// release ends what take began. Connections that hung are cut: what was lost
// in them would make the protocol above wait for ever. The context is that of
// the order, which is long done: only its values are used.
func (t *tcpWire) release(ctx context.Context, l *lease) {
	switch l.Fault.Kind {
	case plumbline.FaultRefuse, plumbline.FaultCut:
		return
	case plumbline.FaultUnreachable:
		t.gate.release()
		return
	case plumbline.FaultMoved:
		t.endLeft(l)
		return
	default: // by Toxiproxy
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	toxic, _ := ToxicOf(l.Fault)
	for _, direction := range toxic.Streams {
		if err := t.proxy.Toxics.RemoveToxic(ctx, l.ID+direction); err != nil {
			t.cfg.Log.ErrorContext(ctx, "toxic is left", "wire", t.wire.Name, "lease", l.ID, "error", err)
		}
	}
	if l.Fault.Kind == plumbline.FaultHang || l.Fault.Kind == plumbline.FaultTimeout {
		t.cutAll()
	}
}
