package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/deploy/docker"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// A stack is a deployment that was started for a run, and its wires.
type stack struct {
	*docker.Stack
	wires *wire.Client
}

// startDeployment starts what target.compose names, with a wire in the place of
// each dependency, and makes its entry the target. What it returns ends it, and
// is called on every way out; it does nothing where nothing was started.
func (a *app) startDeployment(ctx context.Context, s *session) (stop func() error, err error) {
	nothing := func() error { return nil }
	if len(s.declared.Compose) == 0 || s.target != "" {
		return nothing, nil
	}
	services, err := docker.Compose(ctx, s.declared.Compose)
	if err != nil {
		return nothing, usage(err)
	}
	token := newToken()
	wires, err := placed(s.design.Dependencies, token)
	if err != nil {
		return nothing, usage(err)
	}
	a.note("starting %d services and %d wires in containers\n", len(services), len(wires))
	up, err := docker.Up(ctx, newRunID(), services, wires)
	if err != nil {
		return nothing, harness(err)
	}
	s.stack = &stack{Stack: up, wires: &wire.Client{Token: token, Parts: map[string]*wire.Client{}}}
	stop = func() error { return up.Down(ctx) }
	for _, w := range wires {
		at, err := up.Control(ctx, w.Wire.Name)
		if err != nil {
			return stop, harness(err)
		}
		s.stack.wires.Parts[w.Wire.Name] = &wire.Client{Addr: at, Token: token}
	}
	at, err := up.Address(ctx, s.declared.Entry, s.declared.Port)
	if err != nil {
		return stop, usage(err)
	}
	s.design.Target = "http://" + at
	return stop, answers(ctx, at)
}

// answers waits until something listens behind a published port: Docker itself
// takes connections there before the container does.
func answers(ctx context.Context, at string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !listening(ctx, at) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return &exit{plumbline.ExitNotProven, fmt.Errorf("the deployment does not answer at %s: %w", at, ctx.Err())}
		}
	}
	return nil
}

// listening tells whether a connection stays open although nothing is said.
func listening(ctx context.Context, at string) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", at)
	if err != nil {
		return false
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	_, err = conn.Read(make([]byte, 1))
	return os.IsTimeout(err)
}

// placed are the wires in the places of the services that dependencies name in
// their upstreams.
func placed(dependencies []plumbline.Dependency, token string) ([]docker.WireSpec, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var out []docker.WireSpec
	for _, d := range dependencies {
		at := d.Upstream
		if u, err := url.Parse(at); err == nil && d.Wire == plumbline.WireHTTP {
			if at = u.Host; u.Port() == "" {
				at = net.JoinHostPort(u.Host, "80")
			}
		}
		service, port, err := net.SplitHostPort(at)
		number, perr := strconv.Atoi(port)
		if err != nil || perr != nil {
			return nil, fmt.Errorf("dependency %s: its upstream %q names no service and port of the compose file", d.Name, d.Upstream)
		}
		out = append(out, docker.WireSpec{
			Wire: wire.Wire{Name: d.Name, Kind: d.Wire, Names: d.Names}, Service: service, Port: number,
			Binary: filepath.Join(filepath.Dir(self), "plumbline-wire"), Token: token,
		})
	}
	return out, nil
}
