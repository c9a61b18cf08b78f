package faults

import (
	"context"
	"fmt"
	"net/url"

	"github.com/plumbline-dev/plumbline/runners/wire"
)

func init() {
	register("wire", func(ctx context.Context, u *url.URL) (Driver, error) {
		c := &wire.Client{Addr: u.Host, Token: u.User.Username()}
		if _, err := c.Status(ctx); err != nil {
			return nil, fmt.Errorf("open wires at %s: %w", u.Host, err)
		}
		return Wire{c}, nil
	})
}

// Wire breaks the wires of a `plumbline wire` process. Its leases are kept by
// that process, so they end also when this one is killed.
type Wire struct{ Client *wire.Client }

// Inject orders the fault.
func (w Wire) Inject(ctx context.Context, o Order) (Held, error) {
	err := w.Client.Order(ctx, wire.Order{ID: o.ID, Fault: o.Fault, Traces: o.Traces, TTL: o.TTL, Seed: o.Seed})
	if err != nil {
		return nil, err
	}
	return wireHeld{w.Client, o.ID}, nil
}

// Close heals every lease of the process.
func (w Wire) Close(ctx context.Context) error { return w.Client.HealAll(ctx) }

type wireHeld struct {
	client *wire.Client
	id     string
}

func (h wireHeld) Renew(ctx context.Context) error       { return h.client.Renew(ctx, h.id) }
func (h wireHeld) Hits(ctx context.Context) (int, error) { return h.client.Hits(ctx, h.id) }
func (h wireHeld) Heal(ctx context.Context) (int, error) { return h.client.Heal(ctx, h.id) }
