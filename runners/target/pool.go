package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// mostValues bounds the live values that are kept for one bind.
const mostValues = 64

// ErrUnbound says that no live value could be had for a request.
var ErrUnbound = errors.New("no live value")

// A Pool finds the values that only the live deployment knows, by calling the
// operations that yield them, and keeps the ledger of what the run created.
// It is safe for concurrent use.
type Pool struct {
	Client     *Client
	Operations []plumbline.Operation
	Mode       plumbline.Mode
	// Place makes the trace context of the pool's own requests. Nil: none.
	Place func() string

	mu     sync.Mutex
	known  map[source][]value
	turn   map[source]int
	ledger []*resource
}

// A source is a place in the answer of an operation.
type source struct{ operation, pointer string }

type value struct {
	text string
	of   *resource // what the run created; nil when it was there before
}

// A resource is something that the run created.
type resource struct {
	operation string
	values    map[string]string // by pointer
	gone      bool
}

func (p *Pool) operation(id string) (plumbline.Operation, bool) {
	i := slices.IndexFunc(p.Operations, func(o plumbline.Operation) bool { return o.ID == id })
	if i < 0 {
		return plumbline.Operation{}, false
	}
	return p.Operations[i], true
}

// Fill returns the request of a case with its binds filled in. A case of a
// deleting operation gets a resource of its own, created for it; in mode own
// nothing that the run did not create is changed or deleted. Errors wrap
// ErrUnbound.
func (p *Pool) Fill(ctx context.Context, c plumbline.Case) (plumbline.Request, error) {
	op, _ := p.operation(c.Operation)
	req := clone(c.Request)
	for _, b := range c.Binds {
		v, err := p.value(ctx, b, op)
		if err != nil {
			return req, fmt.Errorf("%w for %s of %s: %w", ErrUnbound, b.Name, c.Operation, err)
		}
		if err := put(&req, b, v.text); err != nil {
			return req, fmt.Errorf("%w: %w", ErrUnbound, err)
		}
	}
	return req, nil
}

// value takes a live value for a bind of an operation.
func (p *Pool) value(ctx context.Context, b plumbline.Bind, user plumbline.Operation) (value, error) {
	src := source{b.From, b.Pointer}
	changes := !user.Safe() && b.In == "path"
	if changes && user.Method == http.MethodDelete {
		return p.fresh(ctx, src, true)
	}
	if v, ok := p.next(src, changes); ok {
		return v, nil
	}
	return p.fresh(ctx, src, false)
}

// next takes the next known value in turn; owned asks for one that the run
// created.
func (p *Pool) next(src source, owned bool) (value, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.known[src]
	for range all {
		v := all[p.turn[src]%len(all)]
		p.turn[src]++
		if (v.of == nil || !v.of.gone) && (v.of != nil || !owned || p.Mode == plumbline.ModeFull) {
			return v, true
		}
	}
	return value{}, false
}

// fresh calls the operation that yields the value. A consumed value is taken
// out of the ledger: its user deletes it.
func (p *Pool) fresh(ctx context.Context, src source, consume bool) (value, error) {
	op, ok := p.operation(src.operation)
	switch {
	case !ok || len(op.Cases) == 0:
		return value{}, fmt.Errorf("%s cannot be called", src.operation)
	case !op.Safe() && p.Mode == plumbline.ModeObserve:
		return value{}, fmt.Errorf("%s creates, and the mode is observe", op.ID)
	case op.Safe() && consume && p.Mode != plumbline.ModeFull:
		return value{}, fmt.Errorf("%s only lists what the run did not create", op.ID)
	}
	req, err := p.Fill(ctx, op.Cases[0])
	if err != nil {
		return value{}, err
	}
	a := p.Client.Do(ctx, Shot{Operation: op.ID, Case: op.Cases[0].ID, Request: req, Trace: p.trace()})
	if a.Error != "" || a.Status/100 != 2 {
		return value{}, fmt.Errorf("%s answered %d %s", op.ID, a.Status, a.Error)
	}
	res := p.Learn(op.ID, a)
	text, ok := extract(a.Response, src.pointer)
	if !ok {
		return value{}, fmt.Errorf("the answer of %s has nothing at %s", op.ID, src.pointer)
	}
	if consume && res != nil {
		p.mu.Lock()
		res.gone = true
		p.mu.Unlock()
	}
	return value{text, res}, nil
}

func (p *Pool) trace() string {
	if p.Place == nil {
		return ""
	}
	return p.Place()
}

// Learn takes the values of an answer into the pool and, when its operation
// creates, books the resource in the ledger. It returns the ledger's entry, or
// nil. Answers without a 2xx teach nothing.
func (p *Pool) Learn(operation string, a Answer) *resource {
	op, ok := p.operation(operation)
	if !ok || a.Error != "" || a.Status/100 != 2 {
		return nil
	}
	var res *resource
	if op.Creates() {
		res = &resource{operation: operation, values: map[string]string{}}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known, p.turn = map[source][]value{}, map[source]int{}
	}
	for _, pointer := range p.pointers(operation) {
		text, ok := extract(a.Response, pointer)
		if !ok {
			continue
		}
		if res != nil {
			res.values[pointer] = text
		}
		src := source{operation, pointer}
		if len(p.known[src]) < mostValues {
			p.known[src] = append(p.known[src], value{text, res})
		}
	}
	if res != nil {
		p.ledger = append(p.ledger, res)
	}
	return res
}

// pointers are the places of an operation's answer that any case binds to.
func (p *Pool) pointers(operation string) []string {
	var out []string
	for _, o := range p.Operations {
		for _, c := range slices.Concat(o.Cases, o.Invalid) {
			for _, b := range c.Binds {
				if b.From == operation && !slices.Contains(out, b.Pointer) {
					out = append(out, b.Pointer)
				}
			}
		}
	}
	return out
}

// Prepare makes sure that some values are known for every bind of the case, so
// that requests at a rate need not wait for them.
func (p *Pool) Prepare(ctx context.Context, c plumbline.Case, n int) error {
	for _, b := range c.Binds {
		src := source{b.From, b.Pointer}
		op, _ := p.operation(b.From)
		if op.Safe() {
			n = 1
		}
		for p.count(src) < min(n, mostValues) {
			if _, err := p.fresh(ctx, src, false); err != nil {
				if p.count(src) > 0 {
					break
				}
				return fmt.Errorf("%w for %s of %s: %w", ErrUnbound, b.Name, c.Operation, err)
			}
		}
	}
	return nil
}

func (p *Pool) count(src source) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(p.known[src]), func(v value) bool { return v.of != nil && v.of.gone }))
}
