package main

import (
	"context"
	"fmt"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// watchWires lets the requests to dependencies with a document of their own be
// inspected as they arrive. What was inspected is kept by nobody.
func (c *carrier) watchWires(ctx context.Context, client *wire.Client) error {
	inspectors := map[string]*outbound.Inspector{}
	watch := wire.Watch{Run: c.Run.ID, Headers: map[string][]string{}}
	for _, d := range c.design.Dependencies {
		if d.OpenAPI == "" {
			continue
		}
		i, err := outbound.New(d.OpenAPI)
		if err != nil {
			return usage(fmt.Errorf("dependencies.%s.openapi: %w", d.Name, err))
		}
		inspectors[d.Name], watch.Headers[d.Name] = i, i.Headers()
	}
	if len(inspectors) == 0 {
		return nil
	}
	client.Inspect = func(x plumbline.Exchange, s wire.Sight) (string, []plumbline.Mark) {
		return inspectors[x.Wire].Inspect(outbound.Request{Method: x.Method, Path: x.Path, Query: s.Query, Header: s.Header, Body: s.Body, Whole: s.Whole})
	}
	if err := client.Watch(ctx, watch); err != nil {
		return usage(fmt.Errorf("the wires cannot hand requests over for inspection: %w", err))
	}
	return nil
}
