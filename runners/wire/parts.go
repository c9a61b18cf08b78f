package wire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// every does one thing with all parts, in the order of their names.
func (c *Client) every(do func(*Client) error) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Parts)) {
		if err := do(c.Parts[name]); err != nil {
			errs = append(errs, fmt.Errorf("wire %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// keep finds the part that an order is for, and remembers it by the lease.
func (c *Client) keep(o Order) (*Client, error) {
	if c.Parts == nil {
		return c, nil
	}
	p := c.Parts[o.Fault.Dependency]
	if p == nil {
		return nil, fmt.Errorf("no wire is called %q", o.Fault.Dependency)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = map[string]*Client{}
	}
	c.held[o.ID] = p
	return p, nil
}

// keeper is the part that holds a lease. One that was never ordered is nobody's;
// any part says so.
func (c *Client) keeper(id string) *Client {
	if c.Parts == nil {
		return c
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.held[id]; p != nil {
		return p
	}
	for _, p := range c.Parts {
		return p
	}
	return c
}

// statuses are the statuses of the parts as one. Its clock and its number are
// nobody's: each part is read by its own.
func (c *Client) statuses(ctx context.Context) (Status, error) {
	out := Status{Wires: []Listener{}, Leases: []string{}}
	err := c.every(func(p *Client) error {
		s, err := p.Status(ctx)
		out.Wires, out.Leases = append(out.Wires, s.Wires...), append(out.Leases, s.Leases...)
		return err
	})
	return out, err
}

// gathered are the exchanges of all parts, by their beginning.
func (c *Client) gathered(ctx context.Context) ([]plumbline.Exchange, error) {
	var out []plumbline.Exchange
	err := c.every(func(p *Client) error {
		p.Inspect = c.Inspect
		got, err := p.Exchanges(ctx)
		out = append(out, got...)
		return err
	})
	slices.SortStableFunc(out, func(a, b plumbline.Exchange) int { return int(a.Began - b.Began) })
	return out, err
}
