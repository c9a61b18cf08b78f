package runners

import (
	"context"
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// calls makes the calls of a phase, then its flows, as many at a time as the
// phase has workers. What they tell is recorded in the order of the plan,
// whatever the order in which it came.
func (r *Runner) calls(ctx context.Context, at Place, p plumbline.Phase) error {
	if len(p.Calls)+len(p.Flows)+len(p.Learn) == 0 {
		return nil
	}
	if p.Serial != nil {
		return r.serially(ctx, at, p)
	}
	var calls []int // index of the call, as often as it is made
	for i, c := range p.Calls {
		calls = append(calls, slices.Repeat([]int{i}, max(c.Repeat, 1))...)
	}
	place := func(i int) Place {
		at := at
		at.Stream = len(p.Streams) + i
		return at
	}
	inOrder(ctx, p.Workers, len(calls), func(n int) Told {
		return Told{Observations: []plumbline.Observation{r.Target.Call(ctx, place(calls[n]), p.Calls[calls[n]])}}
	}, r.told)
	inOrder(ctx, p.Workers, len(p.Flows), func(n int) Told {
		return r.Target.Flow(ctx, place(len(p.Calls)+n), p.Flows[n])
	}, r.told)
	for i, op := range p.Learn {
		if t, ok := r.Target.(teacher); ok && ctx.Err() == nil {
			r.told(t.Teach(ctx, place(len(p.Calls)+len(p.Flows)+i), op))
		}
	}
	return ctx.Err()
}

// A teacher is a Target that can learn which values operations accept.
type teacher interface {
	Teach(ctx context.Context, at Place, operation string) Told
}

func (r *Runner) told(t Told) {
	for _, o := range t.Observations {
		r.Journal.Record(plumbline.Record{Observation: &o})
	}
	for _, w := range t.Walked {
		r.Journal.Record(plumbline.Record{Walked: &w})
	}
}

// inOrder does n pieces of work, some at a time, and hands over the results in
// the order of the pieces. It begins none after ctx has ended.
func inOrder[T any](ctx context.Context, workers, n int, do func(int) T, give func(T)) {
	if workers <= 1 {
		for i := range n {
			if ctx.Err() != nil {
				return
			}
			give(do(i))
		}
		return
	}
	results := make([]chan T, n)
	for i := range results {
		results[i] = make(chan T, 1)
	}
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(workers, n) {
		wg.Go(func() {
			for i := range next {
				results[i] <- do(i)
			}
		})
	}
	go func() {
		defer close(next)
		for _, c := range results[handOut(ctx, next, n):] {
			close(c)
		}
	}()
	for _, c := range results {
		if v, ok := <-c; ok {
			give(v)
		}
	}
	wg.Wait()
}

// handOut offers the numbers from 0 to n-1 until ctx ends, and returns how many
// were taken.
func handOut(ctx context.Context, next chan<- int, n int) int {
	for i := range n {
		select {
		case next <- i:
		case <-ctx.Done():
			return i
		}
	}
	return n
}
