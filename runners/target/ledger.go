package target

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Limits of the tear-down.
const (
	tearDownTime    = 45 * time.Second
	tearDownWorkers = 8
)

// Teardown deletes what the run created, the last first and nothing before
// what lies below it, and reports every resource. What is refused is tried once
// more in the end, when nothing may refer to it any longer. Teardown works after
// ctx is done, within its own deadline; what is left then is reported as
// surviving.
func (p *Pool) Teardown(ctx context.Context) []plumbline.Resource {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tearDownTime)
	defer cancel()
	p.mu.Lock()
	ledger := p.ledger
	p.ledger = nil
	p.mu.Unlock()
	slices.Reverse(ledger)
	out := make([]plumbline.Resource, len(ledger))
	var refused []int
	byDepth := map[int][]int{}
	for i, r := range ledger {
		byDepth[r.depth()] = append(byDepth[r.depth()], i)
	}
	for _, depth := range slices.Backward(slices.Sorted(maps.Keys(byDepth))) {
		refused = append(refused, p.removeAll(ctx, ledger, byDepth[depth], out)...)
	}
	p.removeAll(ctx, ledger, refused, out)
	return out
}

// removeAll deletes the given resources of the ledger, starting in that order
// but some at a time, and returns those that the deployment would not delete.
func (p *Pool) removeAll(ctx context.Context, ledger []*resource, which []int, out []plumbline.Resource) []int {
	work := make(chan int)
	refused := make([]bool, len(ledger))
	var wg sync.WaitGroup
	for range min(tearDownWorkers, len(which)) {
		wg.Go(func() {
			for i := range work {
				out[i], refused[i] = p.remove(ctx, ledger[i])
			}
		})
	}
	for _, i := range which {
		work <- i
	}
	close(work)
	wg.Wait()
	return slices.DeleteFunc(slices.Clone(which), func(i int) bool { return !refused[i] })
}

// remove deletes one resource. It reports too whether it was asked for in vain.
func (p *Pool) remove(ctx context.Context, r *resource) (out plumbline.Resource, refused bool) {
	req, del, err := p.deletion(r)
	out = plumbline.Resource{Operation: r.operation, URL: req.Path}
	if err != nil {
		out.URL, out.Survives, out.Detail = fmt.Sprint(r.values), true, err.Error()
		return out, false
	}
	a := p.Client.Do(ctx, Shot{Operation: del.ID, Request: req, Trace: p.trace()})
	if a.Error == "" && (a.Status/100 == 2 || a.Status == http.StatusNotFound || a.Status == http.StatusGone) {
		out.Deleted = true
		return out, false
	}
	out.Survives, out.Detail = true, del.ID+" answered "+answer(a)
	return out, true
}

// deletion is the request that deletes a resource, and its operation.
func (p *Pool) deletion(r *resource) (plumbline.Request, plumbline.Operation, error) {
	op, _ := p.operation(r.operation)
	del, ok := p.operation(op.Deletes)
	if !ok || len(del.Cases) == 0 {
		return plumbline.Request{}, del, errors.New("no operation of the document deletes it")
	}
	req := clone(del.Cases[0].Request)
	for _, b := range del.Cases[0].Binds {
		text, known := r.values[b.Pointer]
		if b.From != r.operation {
			outer, ok := r.below[source{b.From, b.Pointer}]
			text, known = outer.text, ok
		}
		if !known {
			return req, del, fmt.Errorf("its identifier is not known: the answer of %s does not say what %s is", r.operation, b.Name)
		}
		if err := put(&req, b, text); err != nil {
			return req, del, err
		}
	}
	return req, del, nil
}

// answer is what came back, in a word.
func answer(a Answer) string {
	if a.Error != "" {
		return "with the error " + string(a.Error)
	}
	return strconv.Itoa(a.Status)
}

// SetState answers a provider state of a generated pact: the parameters name
// an operation and a place in its answer, and the result holds the live value
// under the name that the interaction asks for.
func (p *Pool) SetState(ctx context.Context, name string, params map[string]any) (map[string]any, error) {
	operation, _ := params["operation"].(string)
	pointer, _ := params["pointer"].(string)
	as, _ := params["as"].(string)
	if operation == "" || pointer == "" || as == "" {
		return nil, fmt.Errorf("%w: the state %q does not say which operation yields what", ErrUnknownState, name)
	}
	u := shared
	if deletes, _ := params["consumed"].(bool); deletes {
		u = consumed
	}
	v, err := p.value(ctx, source{operation, pointer}, u, nil)
	if err != nil {
		return nil, err
	}
	return map[string]any{as: v.text}, nil
}
