// Package wire is the recording fault proxy: it stands between a deployment
// and its dependencies, journals every exchange, and breaks those that a lease
// says are to be broken.
//
// It is made to be a process of its own that outlives the runs that use it. A
// fault is a lease: it is in force before the request that orders it is
// answered, and ends when it is healed or not renewed, whatever became of who
// ordered it. Without a lease every wire passes everything through; a wire
// invents no answer of its own, so an upstream that cannot be reached is seen
// by the caller as a reset, never as a 502.
package wire

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Config says what a process serves.
type Config struct {
	Control   string // address of the control port
	Token     string // that the control port wants as bearer; must not be empty
	Wires     []Wire
	Proxy     string         // address of the port for HTTP_PROXY; empty opens none
	Authority string         // folder of the authority of wires that end TLS; empty keeps one in memory
	Trust     *x509.CertPool // of upstreams with TLS; nil trusts what the system trusts
	Linger    time.Duration  // end when nobody has called the control port for so long; zero stays
	Log       *slog.Logger   // nil discards
}

// A Wire is one dependency.
type Wire struct {
	Name     string
	Kind     plumbline.Wire
	Listen   string   // "host:port"; "https://host:port" ends TLS with a certificate of our own authority
	Upstream string   // "http://host:port" or "https://host:port" on an HTTP wire, "host:port" on a TCP wire
	Names    []string // by which callers know the dependency: a Host among them is passed on as it is
}

// Addresses are the real addresses of a process that serves.
type Addresses struct {
	Control string
	Wires   map[string]string // by name
	Proxy   string            // empty when there is none
}

// GCPercent is what a process that serves wires, and nothing else, does well to set
// by debug.SetGCPercent: little lives in it, so that the usual share would have it
// collect many times a second, and what is collected then waits.
const GCPercent = 800

// Serve serves the wires until ctx ends or nobody calls any more. It calls
// ready once, when every port is open. Leases that are in force when it ends
// end with it.
func Serve(ctx context.Context, c Config, ready func(Addresses)) error {
	if c.Token == "" {
		return errors.New("the control port of the wires needs a token")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{cfg: c, leases: newLeases(), journal: newJournal(), wires: map[string]*served{}, called: time.Now(), trust: c.Trust}
	var err error
	if s.authority, err = openAuthority(c.Authority); err != nil {
		return err
	}
	defer s.close()
	at := Addresses{Wires: map[string]string{}}
	for _, w := range c.Wires {
		v, err := s.open(ctx, w)
		if err != nil {
			return fmt.Errorf("wire %s: %w", w.Name, err)
		}
		at.Wires[w.Name] = v.addr
	}
	if c.Proxy != "" {
		addr, shut, err := s.openDoor(ctx, c.Proxy)
		if err != nil {
			return fmt.Errorf("port for HTTP_PROXY: %w", err)
		}
		defer shut()
		at.Proxy = addr
	}
	return s.serve(ctx, at, ready)
}

// serve answers the control port until ctx ends or nobody calls any more.
func (s *server) serve(ctx context.Context, at Addresses, ready func(Addresses)) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.cfg.Control)
	if err != nil {
		return fmt.Errorf("control port: %w", err)
	}
	at.Control = l.Addr().String()
	control := &http.Server{Handler: s.control(), ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() { _ = control.Serve(l) }()
	defer func() { _ = control.Close() }()
	if ready != nil {
		ready(at)
	}
	s.wait(ctx)
	return nil
}

// A server is one process of wires.
type server struct {
	cfg     Config
	leases  *leases
	journal *journal
	sights  sights
	mu      sync.Mutex
	wires   map[string]*served
	called  time.Time

	authority *authority
	trust     *x509.CertPool
}

// served is a wire that is open.
type served struct {
	Wire
	addr  string
	close func()
	// engine makes faults on a TCP wire; nil on an HTTP wire, whose handler
	// looks at the leases itself.
	engine *tcpWire
	http   *httpWire // nil on a TCP wire
}

func (s *server) open(ctx context.Context, w Wire) (*served, error) {
	if _, dup := s.wires[w.Name]; dup || w.Name == "" {
		return nil, errors.New("the name is empty or taken")
	}
	var v *served
	var err error
	switch w.Kind {
	case plumbline.WireHTTP:
		v, err = s.openHTTP(ctx, w)
	case plumbline.WireTCP:
		v, err = s.openTCP(ctx, w)
	default:
		err = fmt.Errorf("no wire of kind %q", w.Kind)
	}
	if err != nil {
		return nil, err
	}
	s.wires[w.Name] = v
	return v, nil
}

func (s *server) close() {
	s.leases.healAll()
	for _, w := range s.wires {
		w.close()
	}
}

// wait returns when ctx ends or, with a linger, when nobody has called for so long.
func (s *server) wait(ctx context.Context) {
	if s.cfg.Linger == 0 {
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(max(s.cfg.Linger/10, 10*time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.mu.Lock()
			idle := time.Since(s.called)
			s.mu.Unlock()
			if idle > s.cfg.Linger {
				return
			}
		}
	}
}

// allowed checks the token without telling, by the time it takes, how much of
// it was right.
func (s *server) allowed(r *http.Request) bool {
	shown := r.Header.Get("Authorization")
	if t := r.Header.Get(TokenHeader); t != "" {
		shown = "Bearer " + t
	}
	got := sha256.Sum256([]byte(shown))
	want := sha256.Sum256([]byte("Bearer " + s.cfg.Token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}
