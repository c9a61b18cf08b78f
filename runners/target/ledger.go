package target

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
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
// what lies below it, and reports every resource. What is refused is tried
// again in the end, when nothing may refer to it any longer, for as long as that
// helps. Teardown works after
// ctx is done, within its own deadline; what is left then is reported as
// surviving.
func (p *Pool) Teardown(ctx context.Context) []plumbline.Resource { return p.teardown(ctx, false) }

// teardown is Teardown. When it verifies, it reads what it deleted, and
// believes that more than the answer to the deletion.
func (p *Pool) teardown(ctx context.Context, verify bool) []plumbline.Resource {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tearDownTime)
	defer cancel()
	p.mu.Lock()
	ledger := p.ledger
	p.ledger, p.known, p.byPath = nil, map[string][]*thing{}, map[string]*thing{}
	p.mu.Unlock()
	slices.Reverse(ledger)
	x := removal{Pool: p, ledger: ledger, out: make([]plumbline.Resource, len(ledger)), verify: verify}
	var refused []int
	byDepth := map[int][]int{}
	for i, t := range ledger {
		byDepth[t.depth()] = append(byDepth[t.depth()], i)
	}
	for _, depth := range slices.Backward(slices.Sorted(maps.Keys(byDepth))) {
		refused = append(refused, x.all(ctx, byDepth[depth])...)
	}
	for before := len(refused) + 1; len(refused) > 0 && len(refused) < before; {
		before = len(refused)
		refused = x.all(ctx, refused)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, t := range ledger {
		state := entrySurvives
		if x.out[i].Deleted {
			state = entryDeleted
		}
		p.write(t, state)
	}
	return x.out
}

// A removal deletes the things of a ledger.
type removal struct {
	*Pool
	ledger []*thing
	out    []plumbline.Resource
	verify bool
}

// all deletes the given things, starting in that order but some at a time, and
// returns those that the deployment would not delete.
func (x *removal) all(ctx context.Context, which []int) []int {
	work := make(chan int)
	refused := make([]bool, len(x.ledger))
	var wg sync.WaitGroup
	for range min(tearDownWorkers, len(which)) {
		wg.Go(func() {
			for i := range work {
				x.out[i], refused[i] = x.one(ctx, x.ledger[i])
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

// one deletes one thing. It reports too whether it was asked for in vain.
func (x *removal) one(ctx context.Context, t *thing) (out plumbline.Resource, refused bool) {
	if t.monitor != "" && !t.deleted {
		x.settle(ctx, t)
	}
	req, del, err := x.deletion(t)
	out = plumbline.Resource{Operation: t.operation, URL: req.Path}
	switch {
	case err != nil:
		out.URL, out.Survives, out.Detail = t.said(), true, err.Error()
		return out, false
	case t.deleted:
		out.Deleted = true
		return out, false
	}
	a := x.Client.Do(ctx, Shot{Operation: del.ID, Request: req, Trace: x.trace(), Patient: true})
	if a.Error != "" || a.Status/100 != 2 && a.Status != http.StatusNotFound && a.Status != http.StatusGone {
		out.Survives, out.Detail = true, del.ID+" answered "+answer(a)
		return out, true
	}
	if x.verify && x.remains(ctx, t, req) {
		out.Survives, out.Detail = true, del.ID+" answered "+answer(a)+", and it can still be read"
		return out, true
	}
	out.Deleted = true
	return out, false
}

// said is what is known of a thing that has no path of its own: what its answer
// said, by place.
func (t *thing) said() string {
	var parts []string
	for _, place := range slices.Sorted(maps.Keys(t.values)) {
		parts = append(parts, place+" "+t.values[place])
	}
	if len(parts) == 0 {
		return "something"
	}
	return "something (" + strings.Join(parts, ", ") + ")"
}

// remains tells whether a thing can still be read after its deletion. What says
// of itself that it is deleted is gone.
func (x *removal) remains(ctx context.Context, t *thing, del plumbline.Request) bool {
	req, ok := x.reading(t)
	if !ok || req.Path != del.Path {
		return false
	}
	a := x.Client.Do(ctx, Shot{Request: req, Trace: x.trace()})
	return a.Error == "" && a.Status == http.StatusOK && !saysDeleted(a.Response)
}

// deletion is the request that deletes a thing, and its operation.
func (p *Pool) deletion(t *thing) (plumbline.Request, plumbline.Operation, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.delete(t)
}

// delete is deletion for those who hold the lock.
func (p *Pool) delete(t *thing) (plumbline.Request, plumbline.Operation, error) {
	op, _ := p.op(t.operation)
	del, ok := p.op(op.Deletes)
	if !ok || len(del.Cases) == 0 {
		return plumbline.Request{}, del, errors.New("no operation of the document deletes it")
	}
	req := clone(del.Cases[0].Request)
	if t.path != "" {
		req.Path = t.path
		return req, del, nil
	}
	for _, b := range del.Cases[0].Binds {
		text, _, known := t.find(source{b.From, b.Pointer})
		if !known {
			return req, del, fmt.Errorf("its identifier is not known: the answer of %s does not say what %s is", t.operation, b.Name)
		}
		if err := put(&req, b, text); err != nil {
			return req, del, err
		}
	}
	return req, del, nil
}

// place notes under which path a thing is deleted.
func (p *Pool) place(t *thing) {
	if req, _, err := p.delete(t); err == nil {
		t.path = req.Path
		p.byPath[t.path] = t
	}
}

// answer is what came back, in a word.
func answer(a Answer) string {
	if a.Error != "" {
		return "with the error " + string(a.Error)
	}
	return strconv.Itoa(a.Status)
}
