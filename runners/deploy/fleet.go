package deploy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/ports"
)

// An Entrance says where a process of a group takes requests, so that several
// instances of it can take its place there.
type Entrance struct {
	Addr  string // host and port; they are in the arguments or the environment of the command
	Ready string // path that answers 2xx once an instance is ready; empty: once it takes connections
}

// readyTime bounds how long an instance takes to get ready.
const readyTime = 20 * time.Second

// A fleet is several instances of a member, at ports of their own, behind a
// balancer at the address of the member.
type fleet struct {
	front *balancer
	all   []*instance
}

type instance struct {
	process *Process
	command Command
	seat    *seat
}

// Enter says where a process that was added takes requests.
func (g *Group) Enter(name string, at Entrance) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if m := g.all[name]; m != nil {
		m.entrance = at
	}
}

// instances counts what runs in the place of the process, itself included.
func (m *member) instances() int {
	m.upsetting.Lock()
	defer m.upsetting.Unlock()
	if m.fleet == nil {
		return 1
	}
	return len(m.fleet.all)
}

// rescale makes n instances of a process until it is mended.
func (g *Group) rescale(ctx context.Context, m *member, n int) (seen int, mend func(context.Context) error, err error) {
	was := m.instances()
	mend = func(ctx context.Context) error { return g.scale(ctx, m, was) }
	switch err := g.scale(ctx, m, n); {
	case errors.Is(err, errors.ErrUnsupported):
		return 0, nil, err
	case err != nil:
		return 0, mend, err
	}
	return n, mend, nil
}

// scale puts n instances behind a balancer in the place of the process; one, and
// there is a single process again, without a balancer.
func (g *Group) scale(ctx context.Context, m *member, n int) error {
	if n < 1 || n > 1 && !m.portable() {
		return fmt.Errorf("%s cannot be %d instances: it is not known how one is told its address: %w", m.process.Name, n, errors.ErrUnsupported)
	}
	m.upsetting.Lock()
	defer m.upsetting.Unlock()
	m.disband()
	if n == 1 {
		return g.start(ctx, m)
	}
	g.running(m).Stop(m.grace)
	front, err := newBalancer(ctx, m.entrance.Addr)
	if err != nil {
		return err
	}
	m.fleet = &fleet{front: front}
	for range n {
		if err := m.enlarge(ctx); err != nil {
			return err
		}
	}
	return nil
}

// portable says whether the command can be told to listen somewhere else.
func (m *member) portable() bool {
	if m.entrance.Addr == "" {
		return false
	}
	for _, text := range append(m.again.Argv[1:], m.again.Env...) {
		if strings.Contains(text, m.entrance.Addr) {
			return true
		}
	}
	return false
}

// elsewhere is the command with another address in the place of its own.
func (m *member) elsewhere(addr string) Command {
	c := m.again
	c.Argv, c.Env = nil, nil
	for _, a := range m.again.Argv {
		c.Argv = append(c.Argv, strings.ReplaceAll(a, m.entrance.Addr, addr))
	}
	for _, v := range m.again.Env {
		c.Env = append(c.Env, strings.ReplaceAll(v, m.entrance.Addr, addr))
	}
	return c
}

// enlarge starts one instance more, and lets it take requests when it is ready.
func (m *member) enlarge(ctx context.Context) error {
	host, _, err := net.SplitHostPort(m.entrance.Addr)
	if err != nil {
		return err
	}
	addr, err := ports.Free(ctx, host)
	if err != nil {
		return err
	}
	i := &instance{command: m.elsewhere(addr), seat: &seat{addr: addr}}
	m.fleet.all = append(m.fleet.all, i)
	return m.begin(ctx, i)
}

// begin starts an instance that does not run, and opens its seat.
func (m *member) begin(ctx context.Context, i *instance) error {
	var err error
	if i.process == nil || i.process.gone() {
		if i.process, err = Start(ctx, i.command); err != nil {
			return err
		}
	}
	if err := ready(ctx, i.seat.addr, m.entrance.Ready); err != nil {
		return fmt.Errorf("an instance of %s: %w", m.process.Name, err)
	}
	m.fleet.front.open(i.seat)
	return nil
}

// roll restarts the instances, one after the other: each is sent nothing more,
// asked to end, started again, and sent requests when it is ready.
func (m *member) roll(ctx context.Context) (seen int, err error) {
	for _, i := range m.fleet.all {
		m.fleet.front.shut(i.seat)
		i.process.Stop(m.grace)
		if err := m.begin(ctx, i); err != nil {
			return seen, err
		}
		seen++
	}
	return seen, nil
}

// whole starts the instances that have ended.
func (m *member) whole(ctx context.Context) error {
	m.upsetting.Lock()
	defer m.upsetting.Unlock()
	if m.fleet == nil {
		return nil // it is a single process again, which was started
	}
	for _, i := range m.fleet.all {
		if err := m.begin(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// disband ends the balancer and its instances.
func (m *member) disband() {
	if m.fleet == nil {
		return
	}
	m.fleet.front.close(m.grace)
	for _, i := range m.fleet.all {
		if i.process != nil {
			i.process.Stop(m.grace)
		}
	}
	m.fleet = nil
}

// upset does to a fleet what the fault says.
func (m *member) upset(ctx context.Context, f plumbline.Fault) (seen int, mend func(context.Context) error, err error) {
	m.upsetting.Lock()
	defer m.upsetting.Unlock()
	mend = m.whole
	n := len(m.fleet.all)
	switch {
	case f.Instances > n:
		return 0, nil, fmt.Errorf("%s has %d instances, and not %d: %w", m.process.Name, n, f.Instances, errors.ErrUnsupported)
	case f.Kind == plumbline.FaultRestart:
		seen, err = m.roll(ctx)
		return seen, mend, err
	case f.Kind != plumbline.FaultStop && f.Kind != plumbline.FaultKill:
		return 0, nil, fmt.Errorf("%s of several processes: %w", f.Kind, errors.ErrUnsupported)
	case f.Instances > 0:
		n = f.Instances
	}
	for _, i := range m.fleet.all[len(m.fleet.all)-n:] {
		if f.Kind == plumbline.FaultKill {
			i.process.kill()
		} else {
			i.process.Stop(m.grace)
		}
		seen++
	}
	return seen, mend, nil
}

// ready waits until an instance takes connections and, where a path says so, is
// ready.
func ready(ctx context.Context, addr, path string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := asked(ctx, addr, path)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not ready at %s after %s: %w", addr, readyTime, err)
		}
	}
}

func asked(ctx context.Context, addr, path string) error {
	if path == "" {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	// What speaks HTTP/2 alone refuses, or closes, what is asked in HTTP/1.1.
	err := askedIn(ctx, addr, path, 1)
	if err != nil && askedIn(ctx, addr, path, 2) == nil {
		return nil
	}
	return err
}

func askedIn(ctx context.Context, addr, path string, version int) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{DisableKeepAlives: true, Protocols: spoken(version)}).RoundTrip(r)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		err = fmt.Errorf("%s answers %d", path, resp.StatusCode)
	}
	return errors.Join(err, resp.Body.Close())
}
