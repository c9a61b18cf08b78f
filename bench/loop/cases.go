package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline/bench/host"
	"github.com/plumbline-dev/plumbline/contracts/mock"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A round is what the loop made of one document with all seeds.
type round struct {
	Unread     bool `json:"unread,omitempty"` // the document cannot be loaded
	Operations int
	Right      mock.Result
	Rotten     mock.Result
	Lines      []string // the first disagreements
}

// loop runs over all documents, as many at once as there are processors.
func (b *bench) loop(ctx context.Context) (string, error) {
	docs, err := b.documentsOf()
	if err != nil {
		return "", err
	}
	n, err := b.notebook("loop", nil, b.seeds, b.every, b.part, b.valid, b.invalid, b.words)
	if err != nil {
		return "", err
	}
	names := b.order(docs)
	machine, began := host.Now(), time.Now()
	if err := errors.Join(b.meet(ctx, n, names, docs), n.end(time.Since(began))); err != nil {
		return "", err
	}
	all, err := noted[round](n, names)
	if err != nil {
		return "", err
	}
	return b.rounds(all, n.took(), machine), nil
}

// meet writes down what the loop makes of the documents that are not met yet.
func (b *bench) meet(ctx context.Context, n *notebook, names []string, docs map[string][]byte) error {
	queue := make(chan string)
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for name := range queue {
				if r, whole := b.round(ctx, name, docs[name]); whole && errs[i] == nil {
					errs[i] = n.add(name, r)
				}
			}
		})
	}
	for _, name := range names {
		if !n.has(name) && b.goesOn(ctx) {
			queue <- name
		}
	}
	close(queue)
	wg.Wait()
	return errors.Join(errs...)
}

// order is that in which the documents are met, the small ones first.
func (b *bench) order(docs map[string][]byte) []string {
	all := slices.Sorted(maps.Keys(docs))
	slices.SortStableFunc(all, func(x, y string) int { return len(docs[x]) - len(docs[y]) })
	var out []string
	for i, name := range all {
		if i%b.every == 0 && strings.Contains(name, b.only) {
			out = append(out, name)
		}
	}
	return out
}

// round runs all seeds over one document; whole is false when it was interrupted.
func (b *bench) round(ctx context.Context, name string, data []byte) (r round, whole bool) {
	d, err := openapi.Parse(name, data, openapi.Options{})
	if err != nil {
		return round{Unread: true}, true
	}
	s, err := schema.Compile(d)
	if err != nil {
		return round{Unread: true}, true
	}
	ops, inspector := sample.Fill(d, s, sample.Options{Seed: 1, MaxValid: b.valid, MaxInvalid: b.invalid}), schema.NewInspector(d, s)
	r.Operations = len(ops)
	for seed := 1; seed <= b.seeds && ctx.Err() == nil; seed++ {
		l := mock.Loop{Doc: d, Set: s, Inspector: inspector, Operations: ops, Seed: uint64(seed)} //nolint:gosec // from 1
		if seed > 1 {
			l.Part = b.part
		}
		ill := l
		ill.Rot = true
		if own, _ := filepath.Match(b.words, name); own {
			ill.Part, ill.Rounds = 0, 30
		}
		r.Right.Add(l.Run(ctx))
		r.Rotten.Add(ill.Run(ctx))
	}
	r.note(name)
	return r, ctx.Err() == nil
}

// note says every disagreement while the run goes on, and keeps the first.
func (r *round) note(name string) {
	for i, x := range slices.Concat(r.Right.Disagreed, r.Rotten.Disagreed) {
		line := fmt.Sprintf("%s: %s %d: %.300s", name, x.Case, x.Status, strings.Join(strings.Fields(x.Message), " "))
		fmt.Fprintln(os.Stderr, line)
		if i < 4 {
			r.Lines = append(r.Lines, line)
		}
	}
}
