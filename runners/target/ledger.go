package target

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// Limits of the tear-down.
const (
	tearDownTime    = 45 * time.Second
	tearDownWorkers = 8
)

// Teardown deletes what the run created, the last first, and reports every
// resource. It works after ctx is done, within its own deadline; what is left
// then is reported as surviving.
func (p *Pool) Teardown(ctx context.Context) []plumbline.Resource {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tearDownTime)
	defer cancel()
	p.mu.Lock()
	ledger := slices.Clone(p.ledger)
	p.ledger = nil
	p.mu.Unlock()
	slices.Reverse(ledger)
	out := make([]plumbline.Resource, len(ledger))
	work := make(chan int)
	var wg sync.WaitGroup
	for range min(tearDownWorkers, len(ledger)) {
		wg.Go(func() {
			for i := range work {
				out[i] = p.remove(ctx, ledger[i])
			}
		})
	}
	for i := range ledger {
		work <- i
	}
	close(work)
	wg.Wait()
	return out
}

// remove deletes one resource.
func (p *Pool) remove(ctx context.Context, r *resource) plumbline.Resource {
	out := plumbline.Resource{Operation: r.operation, URL: fmt.Sprint(r.values)}
	if r.gone {
		out.Deleted = true
		return out
	}
	op, _ := p.operation(r.operation)
	del, ok := p.operation(op.Deletes)
	if !ok || len(del.Cases) == 0 {
		out.Survives, out.Detail = true, "no operation of the document deletes it"
		return out
	}
	req := clone(del.Cases[0].Request)
	for _, b := range del.Cases[0].Binds {
		text, known := r.values[b.Pointer]
		if b.From != r.operation || !known {
			out.Survives, out.Detail = true, "its identifier is not known"
			return out
		}
		if err := put(&req, b, text); err != nil {
			out.Survives, out.Detail = true, err.Error()
			return out
		}
	}
	out.URL = req.Path
	a := p.Client.Do(ctx, Shot{Operation: del.ID, Request: req, Trace: p.trace()})
	if a.Error == "" && (a.Status/100 == 2 || a.Status == http.StatusNotFound || a.Status == http.StatusGone) {
		out.Deleted = true
		return out
	}
	out.Survives, out.Detail = true, fmt.Sprintf("%s answered %d %s", del.ID, a.Status, a.Error)
	return out
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
	user := plumbline.Operation{Method: http.MethodGet}
	if consumed, _ := params["consumed"].(bool); consumed {
		user.Method = http.MethodDelete
	}
	v, err := p.value(ctx, plumbline.Bind{In: "path", Name: as, From: operation, Pointer: pointer}, user)
	if err != nil {
		return nil, err
	}
	return map[string]any{as: v.text}, nil
}
