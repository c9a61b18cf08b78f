package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A thing is what one answer of the deployment named: its values by their
// place in the answer, and the things that its request lay below.
type thing struct {
	operation string
	values    map[string]string // by pointer
	above     []*thing
	own       bool   // the run created it
	deleted   bool   // and has deleted it
	entry     int    // number in the ledger on disk; zero: none
	shot      uint64 // number of the request that made it; zero: unknown
	trace     string
	path      string    // that deletes it; empty while it is not known
	monitor   string    // of a 202 that has not been followed
	ready     time.Time // before which the 202 asked not to be looked at; zero: at once
}

// find is the value of a source in the thing, or in what it lies below.
func (t *thing) find(src source) (string, *thing, bool) {
	if t.operation == src.operation {
		if text, ok := t.values[src.pointer]; ok {
			return text, t, true
		}
	}
	for _, a := range t.above {
		if text, of, ok := a.find(src); ok {
			return text, of, true
		}
	}
	return "", nil, false
}

// below tells whether a thing lies below another one.
func (t *thing) below(other *thing) bool {
	return slices.ContainsFunc(t.above, func(a *thing) bool { return a == other || a.below(other) })
}

// depth is how many things of the run the thing lies below.
func (t *thing) depth() int {
	n := 0
	for _, a := range t.above {
		if a.own {
			n = max(n, a.depth()+1)
		}
	}
	return n
}

// fresh calls the operation that yields the value. A creation that is refused
// is tried again with other names, and with another of its valid cases.
func (p *Pool) fresh(ctx context.Context, src source, u use, chain []source) (*thing, error) {
	op, err := p.yielding(src, u, chain)
	if err != nil {
		return nil, err
	}
	if err := p.resting(op.ID); err != nil {
		return nil, err
	}
	t, a, err := p.produce(ctx, op, op.Cases[0], src, u, chain)
	if err != nil && op.Creates() && taken(a.Status) && len(op.Cases[0].Unique) > 0 {
		t, a, err = p.produce(ctx, op, op.Cases[0], src, u, chain)
	}
	for _, c := range op.Cases[1:min(len(op.Cases), 4)] {
		if err != nil && refused(a.Status) {
			t, a, err = p.produce(ctx, op, c, src, u, chain)
		}
	}
	p.note(op.ID, err)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// taken tells the statuses by which a creation is refused for a name that
// something has already.
func taken(status int) bool {
	return status == http.StatusConflict || status == http.StatusUnprocessableEntity
}

// refused tells the statuses after which another case may be let through.
func refused(status int) bool {
	return taken(status) || status == http.StatusBadRequest || status == http.StatusNotFound
}

// resting says why a source is let alone: it has failed again and again.
func (p *Pool) resting(id string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.failed[id]; f.times >= mostFailures && time.Since(f.at) < restTime {
		return f.err
	}
	return nil
}

func (p *Pool) note(id string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		delete(p.failed, id)
		return
	}
	p.failed[id] = failure{p.failed[id].times + 1, time.Now(), err}
}

// produce makes one call of a source.
func (p *Pool) produce(ctx context.Context, op plumbline.Operation, c plumbline.Case, src source, u use, chain []source) (*thing, Answer, error) { //nolint:revive // one call of one source, for one use
	req, err := p.fillWith(ctx, c, filling{chain: append(slices.Clip(chain), src)})
	if err != nil {
		return nil, Answer{}, err
	}
	a := p.Client.Do(ctx, Shot{Operation: op.ID, Case: c.ID, Request: req, Trace: p.trace()})
	t := p.learn(op.ID, a, u == consumed)
	if a.Error != "" || a.Status/100 != 2 {
		return nil, a, fmt.Errorf("%s answered %s", op.ID, answer(a))
	}
	if a.Status == http.StatusAccepted && t != nil {
		p.settle(ctx, t)
	}
	if t == nil || t.values[src.pointer] == "" {
		return nil, a, fmt.Errorf("the answer of %s has nothing at %s", op.ID, src.pointer)
	}
	if u == consumed {
		p.forget(t)
	}
	return t, a, nil
}

// Learn takes the values of an answer into the pool and, when its operation
// creates, books the resource in the ledger, also when the answer broke off
// after a status of success. Answers without a 2xx teach nothing.
func (p *Pool) Learn(operation string, a Answer) { p.learn(operation, a, false) }

// learn is Learn; what is taken is booked, but is nothing for others. It
// returns the first thing of the answer, or nil.
func (p *Pool) learn(operation string, a Answer, taken bool) *thing {
	p.mu.Lock()
	defer p.mu.Unlock()
	op, ok := p.op(operation)
	if !ok || a.Status/100 != 2 {
		return nil
	}
	first := p.booked(op, a)
	if first == nil {
		all := p.read(op, a)
		if len(all) == 0 {
			return nil
		}
		first = all[0]
		if !taken {
			p.offer(all...)
		}
		return first
	}
	if !taken {
		p.offer(first)
	}
	return first
}

// offer lets others use things.
func (p *Pool) offer(all ...*thing) {
	for _, t := range all {
		known := p.known[t.operation]
		same := slices.ContainsFunc(known, func(k *thing) bool { return k == t || !t.own && len(t.values) > 0 && equalValues(k, t) })
		if !same && len(known) < mostValues && len(t.values) > 0 {
			p.known[t.operation] = append(known, t)
		}
	}
}

func equalValues(a, b *thing) bool {
	if len(a.values) != len(b.values) {
		return false
	}
	for k, v := range a.values {
		if b.values[k] != v {
			return false
		}
	}
	return true
}

// booked is the thing that a creating answer made, booked in the ledger when
// it is not yet; nil when the operation creates nothing.
func (p *Pool) booked(op plumbline.Operation, a Answer) *thing {
	if !op.Creates() {
		return nil
	}
	if t := p.byShot[a.shot]; t != nil && a.shot != 0 {
		return t
	}
	t := p.thing(op, a, 0)
	t.own, t.shot, t.entry, t.trace = true, a.shot, a.entry, a.Trace
	if a.Status == http.StatusAccepted {
		p.promised(t, a)
	}
	p.enter(t)
	p.write(t, entryCreated)
	return t
}

// enter puts a thing of the run into the ledger. A thing that is created once
// more, as by a repeated PUT, is one.
func (p *Pool) enter(t *thing) {
	p.place(t)
	p.ledger = append(p.ledger, t)
	p.byShot[t.shot] = t
	p.index(t)
}

func (p *Pool) index(t *thing) {
	for pointer, text := range t.values {
		p.mine[owning{source{t.operation, pointer}, text}] = t
	}
}

// read are the things that an answer names: one, or those of a listing.
func (p *Pool) read(op plumbline.Operation, a Answer) []*thing {
	places := p.places[op.ID]
	if len(places) == 0 {
		return nil
	}
	listing := slices.ContainsFunc(places, func(s string) bool { return strings.HasPrefix(s+"/", "/0/") || strings.Contains(s+"/", "/0/") })
	var out []*thing
	for i := range mostListed {
		t := p.thing(op, a, i)
		if i > 0 && (!listing || !t.itself(places)) {
			break
		}
		out = append(out, t)
	}
	return out
}

// itself tells whether a thing of a listing is there at all.
func (t *thing) itself(places []string) bool {
	return slices.ContainsFunc(places, func(s string) bool { return strings.Contains(s+"/", "/0/") && t.values[s] != "" })
}

// thing reads one thing off an answer: the n-th of a listing.
func (p *Pool) thing(op plumbline.Operation, a Answer, n int) *thing {
	t := &thing{operation: op.ID, values: map[string]string{}, above: p.outer(op, a)}
	template := p.template(op, a)
	for _, pointer := range p.places[op.ID] {
		at := pointer
		if n > 0 {
			at = strings.TrimSuffix(strings.Replace(pointer+"/", "/0/", fmt.Sprintf("/%d/", n), 1), "/")
		}
		if text, ok := valueAt(a, template, at); ok {
			t.values[pointer] = text
		} else if op.Creates() && strings.HasPrefix(pointer, "/") && a.Status != http.StatusAccepted {
			// RFC 9110 §10.2.2: Location names what a 201 created.
			if text, ok := extract(a.Response, "header:Location"); ok && a.Status == http.StatusCreated {
				t.values[pointer] = text
			}
		}
	}
	return t
}

// template is the path of the case that a request was made of.
func (p *Pool) template(op plumbline.Operation, a Answer) string {
	i := slices.IndexFunc(op.Cases, func(c plumbline.Case) bool { return c.ID == a.Case })
	if i >= 0 && placeholders(op.Cases[i].Request.Path, a.Request.Path) != nil {
		return op.Cases[i].Request.Path
	}
	return op.Path
}

// outer are the things that a request named in its path, query and body: what
// its answer yields lies below them, or needs them.
func (p *Pool) outer(op plumbline.Operation, a Answer) []*thing {
	if len(op.Cases) == 0 {
		return nil
	}
	i := max(slices.IndexFunc(op.Cases, func(c plumbline.Case) bool { return c.ID == a.Case }), 0)
	names := placeholders(op.Cases[i].Request.Path, a.Request.Path)
	if len(names) == 0 {
		names = placeholders(op.Path, a.Request.Path)
	}
	var out []*thing
	for _, b := range op.Cases[i].Binds {
		text, ok := names[b.Name]
		if b.In == "body" {
			text, ok = extract(plumbline.Response{Body: a.Request.Body}, b.Name)
		}
		if !ok || b.In == "query" || b.In == "header" || b.From == plumbline.FromNew {
			continue
		}
		out = append(out, p.named(b, text))
	}
	return slices.DeleteFunc(out, func(t *thing) bool { return t == nil })
}

// named is the thing that a value of a bind names, as far as it is known.
func (p *Pool) named(b plumbline.Bind, text string) *thing {
	for _, s := range append([]plumbline.Bind{b}, b.Else...) {
		for _, all := range [][]*thing{p.known[s.From], p.ledger} {
			for _, t := range slices.Backward(all) {
				if t.operation == s.From && t.values[s.Pointer] == text {
					return t
				}
			}
		}
	}
	if b.In != "path" {
		return nil
	}
	return &thing{operation: b.From, values: map[string]string{b.Pointer: text}}
}

// forget drops a thing that is about to be deleted, and all that lie below it.
func (p *Pool) forget(gone *thing) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for op, all := range p.known {
		p.known[op] = slices.DeleteFunc(all, func(t *thing) bool {
			return t == gone || t.below(gone) || t.operation == gone.operation && equalValues(t, gone)
		})
	}
}
