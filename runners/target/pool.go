package target

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
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
	places map[string][]string // pointers by operation
}

// A source is a place in the answer of an operation.
type source struct{ operation, pointer string }

// A value is one that the deployment gave, with those that it lies below: an
// item is found under the order that it was added to and under no other.
type value struct {
	text  string
	of    *resource // what the run created; nil when it was there before
	below map[source]value
}

// A resource is something that the run created.
type resource struct {
	operation string
	values    map[string]string // by pointer
	below     map[source]value
}

// depth is how many resources of the run the resource lies below.
func (r *resource) depth() int {
	n := 0
	for _, v := range r.below {
		if v.of != nil {
			n = max(n, v.of.depth()+1)
		}
	}
	return n
}

// A use is what a request does to the thing that a value names.
type use int

const (
	shared   use = iota // reads it
	owned               // changes it: in mode own only what the run created
	consumed            // deletes it: nothing else may use the value
)

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

// fillWith is Fill. The innermost place of the path is filled first, for its
// value may say what it lies below.
func (p *Pool) fillWith(ctx context.Context, c plumbline.Case, how filling) (plumbline.Request, error) {
	op, _ := p.operation(c.Operation)
	req := clone(c.Request)
	below := p.context(how.steps)
	for i, b := range innermost(c) {
		v, err := p.bound(ctx, b, below, usage(op, b, i == 0), how)
		if err != nil {
			return req, fmt.Errorf("%w for %s of %s: %w", ErrUnbound, b.Name, c.Operation, err)
		}
		for s, outer := range v.below {
			if _, said := below[s]; !said || how.steps != nil {
				below[s] = outer
			}
		}
		if err := put(&req, b, v.text); err != nil {
			return req, fmt.Errorf("%w: %w", ErrUnbound, err)
		}
	}
	return req, nil
}

// bound is the value of one bind.
func (p *Pool) bound(ctx context.Context, b plumbline.Bind, below map[source]value, u use, how filling) (value, error) {
	if strings.HasPrefix(b.From, stepPrefix) {
		return p.step(b, how.steps, u)
	}
	src := source{b.From, b.Pointer}
	if v, ok := below[src]; ok {
		return v, nil
	}
	if op, ok := p.operation(src.operation); ok && how.fresh && op.Creates() {
		return p.fresh(ctx, src, consumed, how.chain)
	}
	return p.value(ctx, src, u, how.chain)
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

// value takes a live value from a source.
func (p *Pool) value(ctx context.Context, src source, u use, chain []source) (value, error) {
	if u != consumed {
		if v, ok := p.next(src, u); ok {
			return v, nil
		}
	}
	return p.fresh(ctx, src, u, chain)
}

// next takes the next known value in turn.
func (p *Pool) next(src source, u use) (value, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.known[src]
	for range all {
		v := all[p.turn[src]%len(all)]
		p.turn[src]++
		if v.of != nil || u == shared || p.Mode == plumbline.ModeFull {
			return v, true
		}
	}
	return value{}, false
}

// fresh calls the operation that yields the value.
func (p *Pool) fresh(ctx context.Context, src source, u use, chain []source) (value, error) {
	op, err := p.yielding(src, u, chain)
	if err != nil {
		return value{}, err
	}
	req, err := p.fillWith(ctx, op.Cases[0], filling{chain: append(slices.Clip(chain), src)})
	if err != nil {
		return value{}, err
	}
	a := p.Client.Do(ctx, Shot{Operation: op.ID, Case: op.Cases[0].ID, Request: req, Trace: p.trace()})
	v := p.learn(op.ID, a, u == consumed)
	if a.Error != "" || a.Status/100 != 2 {
		return value{}, fmt.Errorf("%s answered %s", op.ID, answer(a))
	}
	var ok bool
	if v.text, ok = extract(a.Response, src.pointer); !ok {
		return value{}, fmt.Errorf("the answer of %s has nothing at %s", op.ID, src.pointer)
	}
	if u == consumed {
		p.forget(src, v.text)
	}
	return v, nil
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

// Learn takes the values of an answer into the pool and, when its operation
// creates, books the resource in the ledger, also when the answer broke off
// after a status of success. Answers without a 2xx teach nothing.
func (p *Pool) Learn(operation string, a Answer) { p.learn(operation, a, false) }

// learn is Learn; what is taken is booked, but is no value for others. It
// returns what is common to the values of the answer.
func (p *Pool) learn(operation string, a Answer, taken bool) value {
	op, ok := p.operation(operation)
	if !ok || a.Status/100 != 2 {
		return value{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
	places := p.places[operation]
	if len(places) == 0 && !op.Creates() {
		return value{}
	}
	common := value{below: p.outer(op, a)}
	if op.Creates() {
		common.of = &resource{operation: operation, values: map[string]string{}, below: common.below}
		p.ledger = append(p.ledger, common.of)
	}
	for _, pointer := range places {
		text, ok := extract(a.Response, pointer)
		if !ok {
			continue
		}
		v := value{text, common.of, common.below}
		if v.of != nil {
			v.of.values[pointer] = v.text
		}
		if src := (source{operation, pointer}); !taken && len(p.known[src]) < mostValues {
			p.known[src] = append(p.known[src], v)
		}
	}
	return common
}

// start finds, once, the places of every operation's answer that any case
// binds to.
func (p *Pool) start() {
	if p.known != nil {
		return
	}
	p.known, p.turn, p.places = map[source][]value{}, map[source]int{}, map[string][]string{}
	for _, o := range p.Operations {
		for _, c := range slices.Concat(o.Cases, o.Invalid) {
			for _, b := range c.Binds {
				if !slices.Contains(p.places[b.From], b.Pointer) {
					p.places[b.From] = append(p.places[b.From], b.Pointer)
				}
			}
		}
	}
}

// outer are the values of the path that the request went to: what an answer
// yields lies below them.
func (p *Pool) outer(op plumbline.Operation, a Answer) map[source]value {
	i := max(slices.IndexFunc(op.Cases, func(c plumbline.Case) bool { return c.ID == a.Case }), 0)
	if i >= len(op.Cases) {
		return nil
	}
	var out map[source]value
	names := placeholders(op.Cases[i].Request.Path, a.Request.Path)
	for _, b := range op.Cases[i].Binds {
		text, ok := names[b.Name]
		if b.In != "path" || !ok {
			continue
		}
		if out == nil {
			out = map[source]value{}
		}
		src := source{b.From, b.Pointer}
		out[src] = value{text: text}
		if k := slices.IndexFunc(p.known[src], func(v value) bool { return v.text == text }); k >= 0 {
			out[src] = p.known[src][k]
		}
		for s, v := range out[src].below {
			out[s] = v
		}
	}
	return out
}

// forget drops a value that is about to be deleted, and all that lie below it.
func (p *Pool) forget(src source, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s, all := range p.known {
		p.known[s] = slices.DeleteFunc(all, func(v value) bool {
			outer, ok := v.below[src]
			return s == src && v.text == text || ok && outer.text == text
		})
	}
}

// Prepare makes sure that some values are known for every bind of the case, so
// that requests at a rate need not wait for them.
func (p *Pool) Prepare(ctx context.Context, c plumbline.Case, n int) error {
	for _, b := range c.Binds {
		src := source{b.From, b.Pointer}
		want := min(n, mostValues)
		if op, _ := p.operation(b.From); op.Safe() {
			want = 1
		}
		// A call that teaches nothing new ends it as one that fails does.
		for before := -1; before < p.count(src) && p.count(src) < want; {
			before = p.count(src)
			if _, err := p.fresh(ctx, src, shared, nil); err != nil {
				if before > 0 {
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
	return len(p.known[src])
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
