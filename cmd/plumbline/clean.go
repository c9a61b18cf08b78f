package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/runners/deploy/docker"
	"github.com/plumbline-dev/plumbline/runners/target"
	"github.com/plumbline-dev/plumbline/runners/wire"
	"github.com/plumbline-dev/plumbline/scenarios"
)

func (a *app) cleanCommand() *cobra.Command {
	var o options
	c := &cobra.Command{
		Use: "clean [RUN]", Short: "Delete what a run has left on the target; without one, what killed runs have left on this machine", Args: cobra.MaximumNArgs(1),
		Long: `Clean RUN reads the ledger of a run directory and deletes, children first, what
that run created and did not delete, as after kill -9. It deletes nothing that
the run did not create, and a second time there is nothing to do. Credentials
are those of the declaration that the run was given, unless --config names
another one; the target is that of the run. A deployment that the run has
started in containers is removed whole; what it has changed in a cluster is put
back.

Without RUN it removes the containers, images and networks of runs whose process
is gone, puts back what they have changed in the cluster of target.kubernetes,
and heals every fault, as plumbline heal does, where plumbline.yaml
names wires that outlive runs.`,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.cleanRun(c.Context(), o, args[0])
			}
			return a.cleanMachine(c.Context(), o.config)
		},
	}
	f := c.Flags()
	f.StringVarP(&o.config, "config", "c", "", "declaration of the architecture (default plumbline.yaml when it exists)")
	f.StringVar(&o.target, "target", "", "base URL of the deployment, when it is no longer that of the run")
	f.DurationVar(&o.timeout, "timeout", 10*time.Second, "longest wait for one answer of the target")
	f.BoolVar(&o.force, "force", false, "clean even a target whose name looks like production")
	return c
}

// cleanRun deletes what a run has left.
func (a *app) cleanRun(ctx context.Context, o options, dir string) error {
	if was := recalled(o, dir); isFile(was.config) {
		o.config = was.config
	}
	var was deployed
	if err := readJSON(filepath.Join(dir, deploymentFile), &was); err == nil && was.Containers != "" && o.target == "" {
		return a.cleanContainers(ctx, was.Containers)
	}
	if err := a.cleanCluster(ctx, o, was.Cluster); err != nil {
		return err
	}
	if err := a.undoHooks(ctx, o, dir); err != nil {
		return err
	}
	return a.cleanCreated(ctx, o, dir)
}

// cleanCluster gives a cluster back what the run has left changed there.
func (a *app) cleanCluster(ctx context.Context, o options, run string) error {
	if run == "" {
		return nil
	}
	s := &session{options: o}
	if err := s.declaration(a.env); err != nil {
		return usage(err)
	}
	return a.restoreCluster(ctx, s.declared, run)
}

// cleanCreated deletes what the run has created at the target.
func (a *app) cleanCreated(ctx context.Context, o options, dir string) error {
	pool, err := a.leftBehind(o, dir)
	if err != nil {
		return usage(err)
	}
	name := filepath.Join(dir, target.LedgerFile)
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		a.printf("the run created nothing\n")
		return nil
	}
	if err := pool.Client.Reachable(ctx); err != nil {
		return &exit{plumbline.ExitNotRestored, err}
	}
	all, err := pool.Recover(ctx, name)
	if err != nil {
		return harness(err)
	}
	return a.tellRecovered(all)
}

// tellRecovered says what became of what a run has created.
func (a *app) tellRecovered(all []plumbline.Resource) error {
	survivors := 0
	for _, r := range all {
		if r.Doubtful {
			survivors++
			a.printf("in doubt: %s %s: %s\n", r.Operation, r.URL, r.Detail)
			continue
		}
		if r.Survives {
			survivors++
			a.printf("survives: %s %s: %s\n", r.Operation, r.URL, r.Detail)
			continue
		}
		a.printf("deleted: %s %s\n", r.Operation, r.URL)
	}
	if survivors > 0 {
		return &exit{plumbline.ExitNotRestored, fmt.Errorf("%d of %d things survive, or may", survivors, len(all))}
	}
	a.printf("nothing of the run is left\n")
	return nil
}

// undoHooks undoes the hooks that the journal of a killed run shows in force.
func (a *app) undoHooks(ctx context.Context, o options, dir string) error {
	var left []string
	if e, err := runners.ReadEvidence(filepath.Join(dir, "evidence.jsonl")); err == nil {
		left = scenarios.Unhealed(e, plumbline.FaultHook)
	}
	if len(left) == 0 {
		return nil
	}
	s := &session{options: o}
	if err := s.declaration(a.env); err != nil {
		return usage(err)
	}
	hooks := hooksOf(s.declared)
	for _, name := range left {
		hook, ok := hooks[name]
		if !ok {
			return &exit{plumbline.ExitNotRestored, fmt.Errorf("the hook %s is in force, and %s does not say how it is undone", name, s.declared.File)}
		}
		if err := hook.Mend(ctx); err != nil {
			return &exit{plumbline.ExitNotRestored, fmt.Errorf("the hook %s is in force: %w", name, err)}
		}
		a.printf("undone: %s\n", name)
	}
	return nil
}

// cleanContainers removes the deployment of a run, and with it what the run
// created there.
func (a *app) cleanContainers(ctx context.Context, run string) error {
	removed, err := docker.CleanRun(ctx, run)
	for _, what := range removed {
		a.printf("removed: %s\n", what)
	}
	if err != nil {
		return &exit{plumbline.ExitNotRestored, err}
	}
	a.printf("nothing of the run is left\n")
	return nil
}

// leftBehind is a pool for what a stored run left, with the credentials of the
// configuration at hand.
func (a *app) leftBehind(o options, dir string) (*target.Pool, error) {
	s := &session{options: o}
	if err := s.declaration(a.env); err != nil {
		return nil, err
	}
	if err := readJSON(filepath.Join(dir, "design.json"), &s.design); err != nil {
		return nil, notARun(dir, err)
	}
	if o.target != "" {
		s.design.Target = o.target
	}
	cfg := target.Config{Base: s.design.Target, Began: time.Now(), Force: s.force, Timeout: s.timeout, Limit: s.design.Load.Limit}
	if e, err := runners.ReadEvidence(filepath.Join(dir, "evidence.jsonl")); err == nil {
		cfg.Run = e.Run.ID
	}
	if err := s.identify(&cfg); err != nil {
		return nil, err
	}
	client, err := target.New(cfg)
	if err != nil {
		return nil, err
	}
	return &target.Pool{Client: client, Operations: s.design.Operations, Families: s.design.Families, Mode: s.design.Mode}, nil
}

// cleanMachine removes what killed runs have left here. A machine without
// Docker has nothing of the kind.
func (a *app) cleanMachine(ctx context.Context, config string) error {
	removed, err := docker.Clean(ctx)
	for _, what := range removed {
		a.printf("removed: %s\n", what)
	}
	if err != nil && !errors.Is(err, docker.ErrUnreachable) {
		return &exit{plumbline.ExitNotRestored, err}
	}
	if config == "" && !isFile("plumbline.yaml") {
		a.printf("no killed run has left a container here\n")
		return nil
	}
	config = cmp.Or(config, "plumbline.yaml")
	d, err := declaration.Read(config, a.env)
	if err == nil {
		if err := a.restoreCluster(ctx, d, ""); err != nil {
			return err
		}
	}
	if err == nil && d.Control == "" {
		a.printf("no killed run has left a container here, and %s names no wires that outlive a run\n", config)
		return nil
	}
	return a.heal(ctx, config)
}

func (a *app) healCommand() *cobra.Command {
	var config string
	c := &cobra.Command{
		Use: "heal", Short: "End every fault that is in force on the wires", Args: cobra.NoArgs,
		Long: `Heal asks the wires that wires.control of plumbline.yaml names to end every
fault, and says what is left: exit code 4 when something is. It is for the
impatient: a fault that no run renews ends by itself within its lease.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.heal(c.Context(), cmp.Or(config, "plumbline.yaml")) },
	}
	c.Flags().StringVarP(&config, "config", "c", "", "declaration of the architecture (default plumbline.yaml)")
	return c
}

func (a *app) heal(ctx context.Context, config string) error {
	d, err := declaration.Read(config, a.env)
	if err != nil {
		return usage(err)
	}
	if d.Control == "" {
		return usage(errors.New("wires.control names no process of wires; those that a run starts itself end with it"))
	}
	client := &wire.Client{Addr: d.Control, Token: d.Token}
	if err := client.HealAll(ctx); err != nil {
		return harness(fmt.Errorf("wires.control: %w", err))
	}
	status, err := client.Status(ctx)
	if err != nil {
		return harness(err)
	}
	if len(status.Leases) > 0 {
		return &exit{plumbline.ExitNotRestored, fmt.Errorf("%d faults are in force again: a run is under way", len(status.Leases))}
	}
	for _, w := range status.Wires {
		a.printf("%s passes everything through\n", w.Name)
	}
	return nil
}
