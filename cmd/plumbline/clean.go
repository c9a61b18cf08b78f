package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

func (a *app) cleanCommand() *cobra.Command {
	config := "plumbline.yaml"
	c := &cobra.Command{
		Use: "clean", Short: "Heal every fault on the wires of a declaration, whoever ordered it", Args: cobra.NoArgs,
		Long: `Clean asks the wires that wires.control of plumbline.yaml names to heal every
fault. It is for the impatient: a fault that no run renews heals by itself
within its lease.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.clean(c.Context(), config) },
	}
	c.Flags().StringVarP(&config, "config", "c", config, "declaration of the architecture")
	return c
}

func (a *app) clean(ctx context.Context, config string) error {
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
