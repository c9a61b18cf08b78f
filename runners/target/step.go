package target

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
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

// context is what earlier steps say about the things that they lay below.
func (p *Pool) context(steps map[string]Answer) map[source]value {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.start()
	out := map[source]value{}
	inOrder := slices.SortedFunc(maps.Values(steps), func(a, b Answer) int { return cmp.Compare(a.Sent, b.Sent) })
	for _, a := range inOrder {
		if op, ok := p.operation(a.Operation); ok {
			maps.Copy(out, p.outer(op, a))
		}
	}
	return out
}

// step is the value that an earlier step of the flow yields.
func (p *Pool) step(b plumbline.Bind, steps map[string]Answer, u use) (value, error) {
	name := strings.TrimPrefix(b.From, stepPrefix)
	a, ok := steps[name]
	if !ok {
		return value{}, fmt.Errorf("the step %s was not made", name)
	}
	if a.Error != "" || a.Status == 0 {
		return value{}, fmt.Errorf("the step %s was answered %s", name, answer(a))
	}
	v := value{}
	if v.text, ok = Value(a, b.Pointer); !ok {
		return value{}, fmt.Errorf("the answer of the step %s has nothing at %s", name, b.Pointer)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range slices.Backward(p.ledger) {
		if r.operation == a.Operation && slices.Contains(slices.Collect(maps.Values(r.values)), v.text) {
			v.of, v.below = r, r.below
			break
		}
	}
	if v.of == nil && u != shared && p.Mode != plumbline.ModeFull {
		return value{}, fmt.Errorf("the step %s did not create %s", name, v.text)
	}
	return v, nil
}

// Value takes a value out of an answer: at a JSON pointer into its body, out of
// a header ("header:Location"), or, with "request:/name", out of the body that
// was sent.
func Value(a Answer, pointer string) (string, bool) {
	if at, ok := strings.CutPrefix(pointer, "request:"); ok {
		return extract(plumbline.Response{Status: http.StatusOK, Body: a.Request.Body}, at)
	}
	return extract(a.Response, pointer)
}
