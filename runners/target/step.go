package target

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// stepPrefix is how a bind names an earlier step of its flow as its source.
const stepPrefix = "step:"

// FillFresh is Fill on resources that are created for the request: what the
// innermost place of its path names, and what its query, header and body name,
// is made anew and given to nobody else. A value that only a listing yields is
// taken from there. Errors wrap ErrUnbound.
func (p *Pool) FillFresh(ctx context.Context, c plumbline.Case) (plumbline.Request, error) {
	return p.fillWith(ctx, c, filling{fresh: true})
}

// FillStep returns the request of a step of a flow. Binds from "step:NAME" take
// their values from the answers of earlier steps, by name; the rest comes from
// the same things as far as those steps lay below them, and else from the pool.
// In mode own a step changes only what the run created. Errors wrap ErrUnbound.
func (p *Pool) FillStep(ctx context.Context, c plumbline.Case, steps map[string]Answer) (plumbline.Request, error) {
	return p.fillWith(ctx, c, filling{steps: steps})
}

// LearnStep books in the ledger what the step of a flow created, and offers it
// to nobody else.
func (p *Pool) LearnStep(operation string, a Answer) { p.learn(operation, a, true) }

// around are the things that earlier steps made, or lay below, the latest
// first.
func (p *Pool) around(steps map[string]Answer) []*thing {
	if len(steps) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	latest := slices.SortedFunc(maps.Values(steps), func(a, b Answer) int { return cmp.Compare(b.Sent, a.Sent) })
	var out []*thing
	for _, a := range latest {
		op, ok := p.op(a.Operation)
		if !ok {
			continue
		}
		if t := p.makerOf(a); t != nil {
			out = append(out, t)
			continue
		}
		out = append(out, p.outer(op, a)...)
	}
	return out
}

// makerOf is the thing of the ledger that an answer made.
func (p *Pool) makerOf(a Answer) *thing {
	if a.shot != 0 {
		return p.byShot[a.shot]
	}
	return nil
}

// step is the value that an earlier step of the flow yields, and what that one
// made. Whether the step may change it is decided when the request is whole.
func (p *Pool) step(ctx context.Context, b plumbline.Bind, steps map[string]Answer) (string, *thing, error) {
	name := strings.TrimPrefix(b.From, stepPrefix)
	a, ok := steps[name]
	if !ok {
		return "", nil, fmt.Errorf("the step %s was not made", name)
	}
	if a.Error != "" || a.Status == 0 {
		return "", nil, fmt.Errorf("the step %s was answered %s", name, answer(a))
	}
	p.mu.Lock()
	t := p.makerOf(a)
	pending := t != nil && t.monitor != ""
	p.mu.Unlock()
	if pending {
		p.settle(ctx, t)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	op, _ := p.op(a.Operation)
	text, ok := valueAt(a, p.template(op, a), b.Pointer)
	if t != nil && t.values[b.Pointer] != "" {
		text, ok = t.values[b.Pointer], true // a status monitor may have said it later
	}
	switch {
	case !ok:
		return "", nil, fmt.Errorf("the answer of the step %s has nothing at %s", name, b.Pointer)
	case b.Unlike: // names nothing that anybody made
		p.number++
		return unlike(text, p.number), nil, nil
	}
	return text, t, nil
}

// Value takes a value out of an answer: at a JSON pointer into its body, out of
// a header ("header:Location"), or, with "request:/name", out of the body that
// was sent.
func Value(a Answer, pointer string) (string, bool) { return valueAt(a, "", pointer) }

// valueAt is Value, for the places of the request too: template is the path
// that it was made of.
func valueAt(a Answer, template, pointer string) (string, bool) {
	kind, at, ok := strings.Cut(pointer, ":")
	if !ok || strings.HasPrefix(pointer, "/") {
		return extract(a.Response, pointer)
	}
	switch kind {
	case "request":
		return extract(plumbline.Response{Body: a.Request.Body}, at)
	case "path":
		text, ok := placeholders(template, a.Request.Path)[at]
		return text, ok && text != ""
	case "query":
		return queryValue(a.Request.Query, at)
	case "sent":
		return headerValue(a.Request.Header, at)
	}
	return extract(a.Response, pointer)
}
