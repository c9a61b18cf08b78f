package faults

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/wire"
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
	mu     sync.Mutex // held while Toxiproxy is told something
	held   map[string]*toxic
}

// toxic is a fault that is in force. Hits are not known to Toxiproxy.
type toxic struct {
	driver *Toxiproxy
	proxy  *toxiproxy.Proxy
	order  Order
	timer  *time.Timer
	mended bool
}

// Inject adds a toxic to both directions, or disables the proxy. Every
// connection is hit: Toxiproxy does not know whose it is. An order of an ID
// that is in force takes the place of the former.
func (t *Toxiproxy) Inject(_ context.Context, o Order) (Held, error) {
	kind, ok := wire.ToxicOf(o.Fault)
	if err := accept(ok || o.Fault.Kind == plumbline.FaultRefuse, o); err != nil {
		return nil, err
	}
	p, err := t.client.Proxy(o.Fault.Dependency)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w", o.Fault.Dependency, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if former := t.held[o.ID]; former != nil {
		if err := former.mend(); err != nil {
			return nil, fmt.Errorf("heal the former %s: %w", o.ID, err)
		}
	}
	h := &toxic{driver: t, proxy: p, order: o}
	t.held[o.ID] = h
	if err := h.begin(kind); err != nil {
		return nil, errors.Join(fmt.Errorf("inject %s: %w", o.Fault.Kind, err), h.mend())
	}
	h.timer = time.AfterFunc(o.TTL, func() { _ = h.end() }) // Close tries again
	return h, nil
}

// accept refuses what Toxiproxy cannot do: rather no fault than one that hits
// more than it was ordered for.
func accept(able bool, o Order) error {
	f := o.Fault
	switch {
	case o.TTL <= 0:
		return errors.New("a lease needs a time to live")
	case f.Toxicity < 0 || f.Toxicity > 1:
		return errors.New("toxicity is a share in (0, 1]")
	case !able:
		return fmt.Errorf("toxiproxy cannot do %q: %w", f.Kind, errors.ErrUnsupported)
	case f.Scope != plumbline.ScopeAll:
		return fmt.Errorf("toxiproxy cannot do %q to one run alone: %w", f.Kind, errors.ErrUnsupported)
	case f.Method != "" || f.Path != "" || f.First != 0:
		return fmt.Errorf("toxiproxy cannot do %q to some requests alone: it knows none: %w", f.Kind, errors.ErrUnsupported)
	case f.Toxicity > 0 && f.Toxicity < 1:
		return fmt.Errorf("toxiproxy cannot do %q to a share of the connections: it draws lots for each direction anew: %w", f.Kind, errors.ErrUnsupported)
	}
	return nil
}

func (h *toxic) begin(kind wire.Toxic) error {
	if h.order.Fault.Kind == plumbline.FaultRefuse {
		return h.proxy.Disable()
	}
	for _, direction := range kind.Streams {
		if _, err := h.proxy.AddToxic(h.order.ID+direction, kind.Kind, direction, 1, kind.Attributes); err != nil {
			return err
		}
	}
	return nil
}

// end mends, once. What could not be mended is tried again the next time.
func (h *toxic) end() error {
	h.driver.mu.Lock()
	defer h.driver.mu.Unlock()
	return h.mend()
}

// mend is end for who holds the driver's lock.
func (h *toxic) mend() error {
	if h.mended {
		return nil
	}
	if h.timer != nil {
		h.timer.Stop()
	}
	var err error
	if h.order.Fault.Kind != plumbline.FaultRefuse {
		kind, _ := wire.ToxicOf(h.order.Fault)
		for _, direction := range kind.Streams {
			err = errors.Join(err, known(h.proxy.RemoveToxic(h.order.ID+direction)))
		}
	} else if !h.shared() {
		err = known(h.proxy.Enable())
	}
	if err != nil {
		return err
	}
	h.mended = true
	delete(h.driver.held, h.order.ID)
	return nil
}

// shared tells whether another fault keeps the proxy disabled.
func (h *toxic) shared() bool {
	for _, other := range h.driver.held {
		if other != h && other.order.Fault.Kind == plumbline.FaultRefuse && other.order.Fault.Dependency == h.order.Fault.Dependency {
			return true
		}
	}
	return false
}

// known passes over that Toxiproxy does not know what was to be undone:
// somebody has reset it.
func known(err error) error {
	var api *toxiproxy.ApiError
	if errors.As(err, &api) && api.Status == http.StatusNotFound {
		return nil
	}
	return err
}

// Renew gives the lease its time anew.
func (h *toxic) Renew(context.Context) error {
	h.driver.mu.Lock()
	defer h.driver.mu.Unlock()
	if h.mended || !h.timer.Stop() {
		return errors.New("the lease has ended")
	}
	h.timer.Reset(h.order.TTL)
	return nil
}

// Hits cannot be told: Toxiproxy does not count them.
func (h *toxic) Hits(context.Context) (int, error) {
	return 0, fmt.Errorf("toxiproxy does not count hits: %w", errors.ErrUnsupported)
}

// Heal mends.
func (h *toxic) Heal(context.Context) (int, error) { return 0, h.end() }

// Close heals what is left.
func (t *Toxiproxy) Close(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, h := range t.held {
		errs = append(errs, h.mend())
	}
	return errors.Join(errs...)
}
