package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of the pool.
const (
	mostValues   = 64              // live things that are kept of one operation
	mostFailures = 6               // of a source in a row, before it is let alone for a while
	restTime     = 2 * time.Second // how long that is
	mostListed   = 16              // things that are taken from one listing
)

// ErrUnbound says that no live value could be had for a request, or that it
// would change what the run did not create.
var ErrUnbound = errors.New("no live value")

// A Pool finds the values that only the live deployment knows, by calling the
// operations that yield them, and keeps the ledger of what the run created.
// It is safe for concurrent use.
type Pool struct {
	Client     *Client
	Operations []plumbline.Operation
	Families   []plumbline.Family
	Mode       plumbline.Mode
	// Place makes the trace context of the pool's own requests. Nil: none.
	Place func() string
	// Holds tells whether the proof of a case holds for another request. Nil:
	// it never does, and nothing is learnt.
	Holds func(c plumbline.Case, req plumbline.Request) bool

	lore    lore
	mu      sync.Mutex
	started bool
	byID    map[string]int
	places  map[string][]string // pointers by operation
	known   map[string][]*thing // that may be used, by operation
	turn    map[string]int
	states  map[string]*state            // of provider states, by operation
	there   map[string]map[string]string // what the path of a request that was answered named, by the operation of a state
	failed  map[string]failure
	made    map[string]bool // values that FromNew made
	byShot  map[uint64]*thing
	byPath  map[string]*thing // by the path that deletes it
	mine    map[owning]*thing
	ledger  []*thing // what the run created, in that order
	book    *book    // the ledger on disk; nil: none
	number  uint64   // of new values
}

// A source is a place in the answer of an operation.
type source struct{ operation, pointer string }

// An owning is a value of something that the run created.
type owning struct {
	source
	text string
}

// A failure is what a source answered lately.
type failure struct {
	times int
	at    time.Time
	err   error
}

// A use is what a request does to the thing that a value names.
type use int

const (
	shared   use = iota // reads it
	owned               // changes it: in mode own only what the run created
	consumed            // deletes it: nothing else may use the value
)

func (p *Pool) operation(id string) (plumbline.Operation, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.op(id)
}

// op is operation for those who hold the lock.
func (p *Pool) op(id string) (plumbline.Operation, bool) {
	p.start()
	i, ok := p.byID[id]
	if !ok {
		return plumbline.Operation{}, false
	}
	return p.Operations[i], true
}

// start finds, once, the places of every operation's answer that any case
// binds to.
func (p *Pool) start() {
	if p.started {
		return
	}
	p.started, p.byID, p.places, p.known = true, map[string]int{}, map[string][]string{}, map[string][]*thing{}
	p.turn, p.states, p.failed, p.made = map[string]int{}, map[string]*state{}, map[string]failure{}, map[string]bool{}
	p.there = map[string]map[string]string{}
	p.byShot, p.byPath, p.mine = map[uint64]*thing{}, map[string]*thing{}, map[owning]*thing{}
	for i, o := range p.Operations {
		if _, dup := p.byID[o.ID]; !dup {
			p.byID[o.ID] = i
		}
		for _, c := range slices.Concat(o.Cases, o.Invalid) {
			for _, b := range c.Binds {
				for _, b := range append([]plumbline.Bind{b}, b.Else...) {
					if !slices.Contains(p.places[b.From], b.Pointer) {
						p.places[b.From] = append(p.places[b.From], b.Pointer)
					}
				}
			}
		}
	}
}

// Fill returns the request of a case with its binds filled in. A case of a
// deleting operation gets a resource of its own, created for it; in mode own
// nothing that the run did not create is changed or deleted. Errors wrap
// ErrUnbound.
func (p *Pool) Fill(ctx context.Context, c plumbline.Case) (plumbline.Request, error) {
	return p.fillWith(ctx, c, filling{})
}

// A filling says how the places of a request are filled: on behalf of the
// sources in the chain, from the earlier steps of a flow, or with things made
// for it.
type filling struct {
	chain []source
	steps map[string]Answer
	fresh bool
}

// fillWith is Fill, with the first sources that yield something.
func (p *Pool) fillWith(ctx context.Context, c plumbline.Case, how filling) (plumbline.Request, error) {
	c, _ = p.Taught(c)
	variants := 1
	for _, b := range c.Binds {
		variants = max(variants, 1+len(b.Else))
	}
	var first error
	for i := range variants {
		v := c
		v.Binds = slices.Clone(c.Binds)
		for k, b := range c.Binds {
			if n := min(i, len(b.Else)); n > 0 {
				v.Binds[k].From, v.Binds[k].Pointer = b.Else[n-1].From, b.Else[n-1].Pointer
			}
		}
		req, err := p.fillOne(ctx, v, how)
		if err == nil {
			if err = p.permit(c, req); err != nil {
				return req, err
			}
			return p.vacant(ctx, v, req)
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return clone(c.Request), first
}

// fillOne fills the places of a case. The innermost place of the path is filled
// first, for the thing that it names says what it lies below.
func (p *Pool) fillOne(ctx context.Context, c plumbline.Case, how filling) (plumbline.Request, error) {
	op, _ := p.operation(c.Operation)
	op.Method = c.Request.Method // a call may have another one than the operation
	req := clone(c.Request)
	around := p.around(how.steps)
	for i, b := range innermost(c) {
		text, t, err := p.bound(ctx, b, around, usage(op, b, i == 0), how)
		if err != nil {
			return req, fmt.Errorf("%w for %s of %s: %w", ErrUnbound, b.Name, c.Operation, err)
		}
		if t != nil {
			around = append([]*thing{t}, around...)
		}
		if err := put(&req, b, text); err != nil {
			return req, fmt.Errorf("%w: %w", ErrUnbound, err)
		}
	}
	for _, b := range c.Unique {
		if err := put(&req, b, p.novel(b.Pointer)); err != nil {
			return req, fmt.Errorf("%w: %w", ErrUnbound, err)
		}
	}
	return req, nil
}

// bound is the value of one bind, and the thing that it names.
func (p *Pool) bound(ctx context.Context, b plumbline.Bind, around []*thing, u use, how filling) (string, *thing, error) {
	if strings.HasPrefix(b.From, stepPrefix) {
		return p.step(ctx, b, how.steps)
	}
	switch b.From {
	case plumbline.FromNew:
		return p.novel(b.Pointer), nil, nil
	case plumbline.FromGiven:
		return b.Pointer, nil, nil
	}
	src := source{b.From, b.Pointer}
	if text, of, ok := findIn(around, src); ok {
		return text, of, nil
	}
	if op, ok := p.operation(src.operation); ok && op.Creates() && (how.fresh || b.After != "") {
		u = consumed
	}
	t, err := p.take(ctx, src, u, how.chain)
	if err == nil && b.After != "" {
		err = p.first(ctx, b.After, t)
	}
	if err != nil {
		return "", nil, err
	}
	return t.values[src.pointer], t, nil
}

// findIn looks for a value in things, and in what they lie below.
func findIn(things []*thing, src source) (string, *thing, bool) {
	for _, t := range things {
		if text, of, ok := t.find(src); ok {
			return text, of, true
		}
	}
	return "", nil, false
}

// first calls an operation on a thing before another one can be.
func (p *Pool) first(ctx context.Context, operation string, t *thing) error {
	op, ok := p.operation(operation)
	if !ok || len(op.Cases) == 0 {
		return fmt.Errorf("%s, which comes before it, cannot be called", operation)
	}
	c := op.Cases[0]
	req := clone(c.Request)
	for _, b := range c.Binds {
		text, _, found := t.find(source{b.From, b.Pointer})
		if !found {
			return fmt.Errorf("%s, which comes before it, needs %s", operation, b.Name)
		}
		if err := put(&req, b, text); err != nil {
			return err
		}
	}
	if err := p.permit(c, req); err != nil {
		return err
	}
	a := p.Client.Do(ctx, Shot{Operation: op.ID, Case: c.ID, Request: req, Trace: p.trace()})
	if a.Error != "" || a.Status/100 != 2 {
		return fmt.Errorf("%s, which comes before it, answered %s", op.ID, answer(a))
	}
	return nil
}

// usage is what an operation does to what a bind names. A deletion deletes
// what the innermost place of its path names.
func usage(op plumbline.Operation, b plumbline.Bind, innermost bool) use {
	switch {
	case op.Safe() || b.In != "path":
		return shared
	case op.Method == http.MethodDelete && innermost:
		return consumed
	}
	return owned
}

// take takes a live thing from a source.
func (p *Pool) take(ctx context.Context, src source, u use, chain []source) (*thing, error) {
	if u != consumed {
		if t := p.next(src, u); t != nil {
			return t, nil
		}
	}
	return p.fresh(ctx, src, u, chain)
}

// next is the next known thing in turn.
func (p *Pool) next(src source, u use) *thing {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
	all := p.known[src.operation]
	for range all {
		t := all[p.turn[src.operation]%len(all)]
		p.turn[src.operation]++
		_, has := t.values[src.pointer]
		if has && (t.own || u == shared || p.Mode == plumbline.ModeFull) {
			return t
		}
	}
	return nil
}

// yielding is the operation of a source, when it may be called for the use.
func (p *Pool) yielding(src source, u use, chain []source) (plumbline.Operation, error) {
	op, ok := p.operation(src.operation)
	switch {
	case !ok || len(op.Cases) == 0:
		return op, fmt.Errorf("%s cannot be called", src.operation)
	case slices.Contains(chain, src):
		return op, fmt.Errorf("%s needs a value of its own answer", op.ID)
	case !op.Safe() && p.Mode == plumbline.ModeObserve:
		return op, fmt.Errorf("%s creates, and the mode is observe", op.ID)
	case op.Changes:
		return op, fmt.Errorf("%s changes data", op.ID)
	case u != shared && !op.Creates() && p.Mode != plumbline.ModeFull:
		return op, fmt.Errorf("%s only yields what the run did not create", op.ID)
	}
	return op, nil
}

func (p *Pool) trace() string {
	if p.Place == nil {
		return ""
	}
	return p.Place()
}

// Prepare makes sure that some values are known for every bind of the case, so
// that requests at a rate need not wait for them.
func (p *Pool) Prepare(ctx context.Context, c plumbline.Case, n int) error {
	for _, b := range innermost(c) {
		op, ok := p.operation(b.From)
		if b.From == plumbline.FromNew || b.From == plumbline.FromGiven || strings.HasPrefix(b.Pointer, "path:") && !op.Creates() {
			continue
		}
		src, want := source{b.From, b.Pointer}, min(n, mostValues)
		if ok && op.Safe() {
			want = 1
		}
		if err := p.gather(ctx, src, want); err != nil && p.count(src) == 0 && len(b.Else) == 0 {
			return fmt.Errorf("%w for %s of %s: %w", ErrUnbound, b.Name, c.Operation, err)
		}
	}
	return nil
}

// gather calls a source until so many values of it are known. A call that
// teaches nothing new ends it as one that fails does.
func (p *Pool) gather(ctx context.Context, src source, want int) error {
	for before := -1; before < p.count(src) && p.count(src) < want; {
		before = p.count(src)
		if _, err := p.fresh(ctx, src, shared, nil); err != nil {
			return err
		}
	}
	return nil
}

func (p *Pool) count(src source) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
	n := 0
	for _, t := range p.known[src.operation] {
		if _, ok := t.values[src.pointer]; ok {
			n++
		}
	}
	return n
}

// innermost are the binds of a case, those of the path first and the last of
// them before the others.
func innermost(c plumbline.Case) []plumbline.Bind {
	at := func(b plumbline.Bind) int {
		if b.In != "path" {
			return -1
		}
		return strings.Index(c.Request.Path, "{"+b.Name+"}")
	}
	out := slices.Clone(c.Binds)
	slices.SortStableFunc(out, func(a, b plumbline.Bind) int { return at(b) - at(a) })
	return out
}
