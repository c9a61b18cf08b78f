package faults

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/plumbline-dev/plumbline"
)

func init() {
	register("toxiproxy", func(_ context.Context, u *url.URL) (Driver, error) {
		t := &Toxiproxy{client: toxiproxy.NewClient(u.Host), held: map[string]*toxic{}}
		if _, err := t.client.Proxies(); err != nil {
			return nil, fmt.Errorf("open Toxiproxy at %s: %w", u.Host, err)
		}
		return t, nil
	})
}

// Toxiproxy breaks the proxies of a Toxiproxy that is deployed already, by its
// API; a proxy has the name of its dependency. Toxiproxy knows no leases: they
// are kept here, so a crash of this process leaves its toxics behind.
type Toxiproxy struct {
	client *toxiproxy.Client
	mu     sync.Mutex
	held   map[string]*toxic
}

// toxic is a fault that is in force. Hits are not known to Toxiproxy.
type toxic struct {
	driver *Toxiproxy
	proxy  *toxiproxy.Proxy
	order  Order
	timer  *time.Timer
	once   sync.Once
	err    error
}

// Inject adds a toxic to both directions, or disables the proxy. Every
// connection is hit: Toxiproxy does not know whose it is.
func (t *Toxiproxy) Inject(_ context.Context, o Order) (Held, error) {
	kind, attributes := attributesOf(o.Fault)
	if kind == "" || o.Fault.Scope != plumbline.ScopeAll {
		return nil, fmt.Errorf("toxiproxy cannot do %q to one run alone: %w", o.Fault.Kind, errors.ErrUnsupported)
	}
	p, err := t.client.Proxy(o.Fault.Dependency)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", o.Fault.Dependency, err)
	}
	h := &toxic{driver: t, proxy: p, order: o}
	if kind == "down" {
		err = p.Disable()
	} else {
		err = h.add(kind, attributes)
	}
	if err != nil {
		return nil, fmt.Errorf("inject %s: %w", o.Fault.Kind, err)
	}
	h.timer = time.AfterFunc(o.TTL, h.end)
	t.mu.Lock()
	t.held[o.ID] = h
	t.mu.Unlock()
	return h, nil
}

func attributesOf(f plumbline.Fault) (string, toxiproxy.Attributes) {
	switch f.Kind {
	case plumbline.FaultRefuse:
		return "down", nil
	case plumbline.FaultHang:
		return "timeout", toxiproxy.Attributes{"timeout": 0}
	case plumbline.FaultResetBefore:
		return "reset_peer", toxiproxy.Attributes{"timeout": 0}
	case plumbline.FaultLatency:
		return "latency", toxiproxy.Attributes{"latency": f.Latency.Milliseconds(), "jitter": f.Jitter.Milliseconds()}
	default:
		return "", nil
	}
}

func (h *toxic) add(kind string, attributes toxiproxy.Attributes) error {
	toxicity := float32(h.order.Fault.Toxicity)
	if toxicity == 0 {
		toxicity = 1
	}
	for _, direction := range []string{"upstream", "downstream"} {
		if _, err := h.proxy.AddToxic(h.order.ID+direction, kind, direction, toxicity, attributes); err != nil {
			return err
		}
	}
	return nil
}

// end mends, once.
func (h *toxic) end() {
	h.once.Do(func() {
		if h.order.Fault.Kind == plumbline.FaultRefuse {
			h.err = h.proxy.Enable()
			return
		}
		for _, direction := range []string{"upstream", "downstream"} {
			h.err = errors.Join(h.err, h.proxy.RemoveToxic(h.order.ID+direction))
		}
	})
}

// Renew gives the lease its time anew.
func (h *toxic) Renew(context.Context) error {
	if !h.timer.Reset(h.order.TTL) {
		return errors.New("the lease has ended")
	}
	return nil
}

// Hits cannot be told: Toxiproxy does not count them.
func (h *toxic) Hits(context.Context) (int, error) {
	return 0, fmt.Errorf("toxiproxy does not count hits: %w", errors.ErrUnsupported)
}

// Heal mends.
func (h *toxic) Heal(context.Context) (int, error) {
	h.timer.Stop()
	h.end()
	return 0, h.err
}

// Close heals what is left.
func (t *Toxiproxy) Close(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, h := range t.held {
		_, err := h.Heal(ctx)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
