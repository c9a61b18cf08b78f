package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/compare"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// A watcher holds the requests to one dependency against its document and the
// pacts with it. Either may be nil.
type watcher struct {
	document *outbound.Inspector
	pact     *compare.Agreement
}

func newWatcher(d plumbline.Dependency) (*watcher, error) {
	w := &watcher{}
	if d.OpenAPI != "" {
		var err error
		if w.document, err = outbound.New(d.OpenAPI); err != nil {
			return nil, fmt.Errorf("dependencies.%s.openapi: %w", d.Name, err)
		}
	}
	if len(d.Pacts) > 0 {
		var err error
		if w.pact, err = agreement(d); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// agreement reads the pacts of the deployment with a dependency.
func agreement(d plumbline.Dependency) (*compare.Agreement, error) {
	a := &compare.Agreement{}
	for _, file := range d.Pacts {
		data, err := os.ReadFile(file)
		if err == nil {
			err = a.Add(file, data)
		}
		if err != nil {
			return nil, fmt.Errorf("dependencies.%s.pact: %w", d.Name, err)
		}
	}
	return a, nil
}

// agree notes in the design which interactions there are with the dependencies.
func (s *session) agree() error {
	for i, d := range s.design.Dependencies {
		if len(d.Pacts) == 0 {
			continue
		}
		a, err := agreement(d)
		if err != nil {
			return err
		}
		if s.design.Dependencies[i].Agreed = a.Names(); len(a.Names()) == 0 {
			return fmt.Errorf("dependencies.%s.pact: %v hold no interaction over HTTP", d.Name, d.Pacts)
		}
	}
	return nil
}

func (w *watcher) headers() []string {
	var out []string
	if w.document != nil {
		out = w.document.Headers()
	}
	if w.pact != nil {
		out = append(out, w.pact.Headers()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (w *watcher) inspect(x *plumbline.Exchange, s wire.Sight) {
	r := outbound.Request{Method: x.Method, Path: x.Path, Query: s.Query, Header: s.Header, Body: s.Body, Whole: s.Whole}
	if w.document != nil {
		x.Operation, x.Marks = w.document.Inspect(r)
	}
	if w.pact == nil {
		return
	}
	fits, marks := w.pact.Inspect(r)
	x.Agreed, x.Marks = fits, append(x.Marks, marks...)
}

// watchWires lets the requests to dependencies with a document of their own, or
// a pact with them, be inspected as they arrive. What was inspected is kept by
// nobody.
func (c *carrier) watchWires(ctx context.Context, client *wire.Client) error {
	watchers := map[string]*watcher{}
	watch := wire.Watch{Run: c.Run.ID, Headers: map[string][]string{}}
	for _, d := range c.design.Dependencies {
		if d.OpenAPI == "" && len(d.Pacts) == 0 {
			continue
		}
		w, err := newWatcher(d)
		if err != nil {
			return usage(err)
		}
		watchers[d.Name], watch.Headers[d.Name] = w, w.headers()
	}
	if len(watchers) == 0 {
		return nil
	}
	client.Inspect = func(x *plumbline.Exchange, s wire.Sight) { watchers[x.Wire].inspect(x, s) }
	if err := client.Watch(ctx, watch); err != nil {
		return usage(fmt.Errorf("the wires cannot hand requests over for inspection: %w", err))
	}
	return nil
}
