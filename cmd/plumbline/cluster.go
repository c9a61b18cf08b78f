package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/deploy/kube"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

// A cluster is where the deployment runs, with the wires that were put in for the run.
type cluster struct {
	*kube.Cluster
	id    string       // that changes are noted under
	wires *wire.Client // nil when none were put in
}

// openCluster finds the cluster that target.kubernetes names.
func openCluster(ctx context.Context, at *declaration.Kubernetes, run string) (*kube.Cluster, error) {
	return kube.Open(ctx, kube.Config{Kubeconfig: at.Kubeconfig, Context: at.Context, Namespace: at.Namespace, Run: run})
}

// joinCluster sees that the deployment is there, and lets the Services of its
// dependencies lead to wires where the declaration names an image for them.
func (a *app) joinCluster(ctx context.Context, s *session) (stop func() error, err error) {
	nothing := func() error { return nil }
	at := s.declared.Start.Kubernetes
	id := newRunID()
	c, err := openCluster(ctx, at, id)
	if err != nil {
		return nothing, usage(s.declared.Wrong("CFG004", "$.target.kubernetes", "`kubectl get deployments` has to work with the same kubeconfig, context and namespace", err))
	}
	if _, err := c.Ready(ctx, at.Deployment); err != nil {
		return nothing, &exit{plumbline.ExitNotProven, err}
	}
	s.cluster = &cluster{Cluster: c, id: id}
	if at.WireImage == "" || len(s.design.Dependencies) == 0 {
		return nothing, nil
	}
	stop = func() error { return c.Down(ctx) }
	a.note("putting %d wires into the Services of the cluster\n", len(s.design.Dependencies))
	token := newToken()
	s.cluster.wires = &wire.Client{Token: token, Parts: map[string]*wire.Client{}}
	for _, d := range s.design.Dependencies {
		part, err := c.Put(ctx, kube.WireSpec{Wire: wire.Wire{Name: d.Name, Kind: d.Wire, Names: slices.Clone(d.Names)}, Service: kube.ServiceOf(d.Upstream), Image: at.WireImage, Token: token})
		if err != nil {
			return stop, harness(err)
		}
		s.cluster.wires.Parts[d.Name] = part
	}
	return stop, nil
}

// restoreCluster gives back what runs have left changed in the cluster that the
// declaration names: one run, or, with an empty one, all whose process is gone.
func (a *app) restoreCluster(ctx context.Context, d *declaration.Declaration, run string) error {
	at := d.Start.Kubernetes
	if at == nil {
		return nil
	}
	c, err := openCluster(ctx, at, run)
	if err != nil {
		return &exit{plumbline.ExitNotRestored, fmt.Errorf("what runs have left in the cluster: %w", err)}
	}
	restored, err := c.Restore(ctx, run)
	for _, what := range restored {
		a.printf("restored: %s\n", what)
	}
	if err != nil {
		return &exit{plumbline.ExitNotRestored, err}
	}
	return nil
}
