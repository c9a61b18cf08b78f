package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A sighting is what was seen on one wire.
type sighting struct{ ours, others int }

// doctorWires proves which wires are live: a wire is when what the target does
// for a request of ours goes over it.
func (a *app) doctorWires(ctx context.Context, o options, asJSON bool) (failed error) {
	dir, err := os.MkdirTemp("", "plumbline-doctor")
	if err != nil {
		return harness(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	o.out = dir
	s, err := a.prepare(o) //nolint:contextcheck // what it asks a broker has a deadline of its own
	if err != nil {
		return err
	}
	if len(s.design.Dependencies) == 0 {
		return usage(fmt.Errorf("%s declares no dependencies, so there are no wires", s.declared.File))
	}
	stop, err := a.startDeployment(ctx, s)
	defer func() {
		if err := stop(); err != nil && failed == nil {
			failed = &exit{plumbline.ExitNotRestored, err}
		}
	}()
	if err != nil {
		return err
	}
	r, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer r.close(ctx)
	sent := r.ask(ctx)
	seen, err := r.sighted(ctx)
	if err != nil {
		return harness(err)
	}
	return a.tellWires(proved(s.design, sent, seen), asJSON)
}

// ask sends every safe operation that needs nothing made for it.
func (c *carrier) ask(ctx context.Context) (sent int) {
	for _, op := range c.design.Operations {
		if !op.Safe() || len(op.Cases) == 0 {
			continue
		}
		request, err := c.live.Pool.Fill(ctx, op.Cases[0])
		if err != nil {
			continue
		}
		sent++
		c.client.Do(ctx, target.Shot{Operation: op.ID, Request: request, Trace: target.Trace(c.Run.ID, [3]int{0, 0, 0}, uint64(sent))})
	}
	return sent
}

// sighted counts the exchanges on each wire, until a while passes without one.
func (c *carrier) sighted(ctx context.Context) (map[string]sighting, error) {
	seen := map[string]sighting{}
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for quiet := 0; quiet < 3; quiet++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return seen, ctx.Err()
		}
		all, err := c.Wires.Exchanges(ctx)
		if err != nil {
			return seen, err
		}
		for _, x := range all {
			quiet = 0
			v := seen[x.Wire]
			if strings.HasPrefix(x.Trace, c.Run.ID) {
				v.ours++
			} else {
				v.others++
			}
			seen[x.Wire] = v
		}
	}
	status, err := c.wired.Status(ctx)
	for _, w := range status.Wires { // TCP connections that are kept are in no journal yet
		if v := seen[w.Name]; w.Kind == plumbline.WireTCP {
			v.others += w.Open
			seen[w.Name] = v
		}
	}
	return seen, err
}

// proved says what was proved of each wire.
func proved(d plumbline.Design, sent int, seen map[string]sighting) []plumbline.Check {
	var out []plumbline.Check
	for _, dep := range d.Dependencies {
		v := seen[dep.Name]
		c := plumbline.Check{Name: "wire", Subject: dep.Name, OK: true, Value: float64(v.ours), Unit: "exchanges"}
		switch {
		case v.ours > 0:
			c.Detail = fmt.Sprintf("live: %d exchanges follow from %d requests of ours", v.ours, sent)
		case dep.Wire == plumbline.WireTCP && v.others > 0:
			c.Detail = fmt.Sprintf("live: %d connections; a TCP wire knows no traces", v.others)
		case v.others > 0:
			c.Detail = fmt.Sprintf("live, but %d exchanges carry no trace of ours: the target does not pass traceparent on", v.others)
		default:
			c.OK = false
			c.Detail = fmt.Sprintf("nothing came by in %d requests of safe operations: either they do not need it, or the target was not told of the wire (docs/WIRES.md)", sent)
		}
		out = append(out, c)
	}
	return out
}

// tellWires lists what was proved.
func (a *app) tellWires(checks []plumbline.Check, asJSON bool) error {
	dead, err := a.listChecks(checks, asJSON)
	if err == nil && dead > 0 {
		err = &exit{plumbline.ExitNotProven, fmt.Errorf("%d of %d wires are not proved to be live", dead, len(checks))}
	}
	return err
}
