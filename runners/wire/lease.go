package wire

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// An Order asks for one fault.
type Order struct {
	ID     string          `json:"id"`
	Fault  plumbline.Fault `json:"fault"`
	Traces []string        `json:"traces,omitempty"` // prefixes of trace ids that are hit; empty with ScopeAll
	TTL    time.Duration   `json:"ttl"`
	Seed   uint64          `json:"seed"`
}

// A lease is a fault that is in force.
type lease struct {
	Order
	mu     sync.Mutex
	hits   int
	engine func() int        // how many hits its engine has counted, where the exchanges do not tell; nil otherwise
	seen   map[attempted]int // what it may have hit, by what makes attempts of it, where traces do not tell
	random *rand.Rand
	timer  *time.Timer
	ended  chan struct{}
	onEnd  func()
}

// leases are those in force, by the order in which they came.
type leases struct {
	mu  sync.Mutex
	all []*lease
	// past remembers the hits of leases that have ended, for a controller that
	// asks late.
	past map[string]int
}

const (
	shortestLease = 50 * time.Millisecond
	longestLease  = 10 * time.Minute
	mostPast      = 10_000
)

func newLeases() *leases { return &leases{past: map[string]int{}} }

// hold puts an order into force. onEnd is called once when it ends.
func (l *leases) hold(o Order, onEnd func()) *lease {
	o.TTL = min(max(o.TTL, shortestLease), longestLease)
	x := &lease{Order: o, random: rand.New(rand.NewPCG(o.Seed, 1)), ended: make(chan struct{}), onEnd: onEnd} //nolint:gosec // reproducible on purpose
	l.heal(o.ID)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, x)
	x.timer = time.AfterFunc(o.TTL, func() { l.end(x) })
	return x
}

func (l *leases) find(id string) *lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.IndexFunc(l.all, func(x *lease) bool { return x.ID == id }); i >= 0 {
		return l.all[i]
	}
	return nil
}

// renew gives a lease its time anew. It is false when there is none any more.
func (l *leases) renew(id string) bool {
	x := l.find(id)
	return x != nil && x.timer.Reset(x.TTL)
}

// heal ends a lease and returns its hits, none of one that never was. A second
// time it does nothing.
func (l *leases) heal(id string) (hits int) {
	if x := l.find(id); x != nil {
		x.timer.Stop()
		l.end(x)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.past[id]
}

func (l *leases) healAll() {
	l.mu.Lock()
	all := slices.Clone(l.all)
	l.mu.Unlock()
	for _, x := range all {
		l.heal(x.ID)
	}
}

func (l *leases) end(x *lease) {
	l.mu.Lock()
	i := slices.Index(l.all, x)
	if i < 0 {
		l.mu.Unlock()
		return
	}
	l.all = slices.Delete(l.all, i, i+1)
	if len(l.past) >= mostPast {
		clear(l.past)
	}
	l.past[x.ID] = x.count()
	l.mu.Unlock()
	close(x.ended)
	if x.onEnd != nil {
		x.onEnd()
	}
}

// match returns the lease that hits an exchange, and counts the hit. The exchange
// is on a connection that was kept where it has carried another one before.
func (l *leases) match(x *plumbline.Exchange, kept bool) *lease {
	l.mu.Lock()
	candidates := slices.Clone(l.all)
	l.mu.Unlock()
	for _, c := range candidates {
		if c.hit(x, kept) {
			return c
		}
	}
	return nil
}

func (x *lease) hit(e *plumbline.Exchange, kept bool) bool {
	if !x.concerns(e, kept) {
		return false
	}
	f := x.Fault
	x.mu.Lock()
	defer x.mu.Unlock()
	if f.First > 0 && f.Scope == plumbline.ScopeAll && x.again(e) > f.First {
		return false
	}
	if partial(f) && x.random.Float64() >= f.Toxicity {
		return false
	}
	x.hits++
	return true
}

// concerns tells whether an exchange is of those that the fault is for.
func (x *lease) concerns(e *plumbline.Exchange, kept bool) bool {
	f := x.Fault
	switch {
	case f.Dependency != e.Wire,
		f.Kind == plumbline.FaultUnreachable || f.Kind == plumbline.FaultCut || f.Kind == plumbline.FaultMoved, // of what is not connected, and of what was
		f.Kind == plumbline.FaultStale && !kept,
		f.Method != "" && f.Method != e.Method,
		f.Path != "" && !strings.HasPrefix(e.Path, f.Path),
		f.First > 0 && f.Scope != plumbline.ScopeAll && e.Attempt > f.First,
		!x.scoped(e.Trace):
		return false
	}
	return true
}

// again numbers an exchange among those of its method and path since the lease
// began: one that is for everybody has no traces to go by.
func (x *lease) again(e *plumbline.Exchange) int {
	if x.seen == nil {
		x.seen = map[attempted]int{}
	}
	key := attempted{wire: e.Wire, method: e.Method, path: e.Path}
	x.seen[key]++
	return x.seen[key]
}

func (x *lease) scoped(trace string) bool {
	if x.Fault.Scope == plumbline.ScopeAll {
		return true
	}
	return slices.ContainsFunc(x.Traces, func(p string) bool { return p != "" && strings.HasPrefix(trace, p) })
}

func (x *lease) count() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.engine != nil {
		x.hits = max(x.hits, x.engine())
	}
	return x.hits
}

// countedBy has the hits told by what the fault's engine has counted in all.
func (x *lease) countedBy(engine func() int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.engine = engine
}

// add counts hits that the fault's engine has seen.
func (x *lease) add(n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.hits += n
}
