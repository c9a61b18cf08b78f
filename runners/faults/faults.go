// Package faults holds the drivers that inject faults, one file a driver. What
// all of them promise: a fault has taken hold when Inject returns, it ends
// when it is healed or its lease is not renewed, and healing works also after
// the context of the run is done.
package faults

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// An Order asks for one fault.
type Order struct {
	ID     string
	Fault  plumbline.Fault
	Traces []string      // prefixes of the trace ids that are hit; empty with ScopeAll
	TTL    time.Duration // of the lease
	Seed   uint64        // of random choices
}

// A Driver breaks things on purpose.
type Driver interface {
	// Inject makes the fault happen and returns once it has taken hold. The
	// error wraps errors.ErrUnsupported where this driver cannot make it.
	Inject(ctx context.Context, o Order) (Held, error)
	// Close heals what is left and lets go of the driver.
	Close(ctx context.Context) error
}

// Held is a fault that is in force.
type Held interface {
	// Renew gives the lease its time anew.
	Renew(ctx context.Context) error
	// Hits is how many exchanges, or connections, the fault has touched.
	Hits(ctx context.Context) (int, error)
	// Heal mends. It may be called more than once.
	Heal(ctx context.Context) (hits int, err error)
}

type opener func(ctx context.Context, addr *url.URL) (Driver, error)

// drivers is filled by the init functions of the files of this package.
var drivers = map[string]opener{}

func register(scheme string, o opener) {
	if _, dup := drivers[scheme]; dup {
		panic("faults: scheme " + scheme + " is registered twice")
	}
	drivers[scheme] = o
}

// Schemes lists the URL schemes of the drivers.
func Schemes() []string { return slices.Sorted(maps.Keys(drivers)) }

// Open opens the driver of a URL such as wire://token@127.0.0.1:7000 or
// toxiproxy://127.0.0.1:8474.
func Open(ctx context.Context, rawURL string) (Driver, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("open fault driver: %w", err)
	}
	open, ok := drivers[u.Scheme]
	if !ok {
		return nil, fmt.Errorf("open fault driver: scheme %q is not one of %s", u.Scheme, strings.Join(Schemes(), ", "))
	}
	return open(ctx, u)
}
