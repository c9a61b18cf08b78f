package main

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline/examples/shop"
	"github.com/plumbline-dev/plumbline/runners/pact"
)

func dirOf(path string) string { return filepath.Dir(path) }

// workerCommand is the Pact worker: this binary, started again by itself.
func (a *app) workerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "pact-worker LIBRARY SHA256", Hidden: true, Args: cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			const results = 3 // the descriptor that the parent opened
			return harness(pact.WorkerMain(a.in, os.NewFile(results, "results"), args[0], args[1]))
		},
	}
}

// withParent is the variable that lets a role of the sample system end with its
// standard input, which ends with the process that started it.
const withParent = "PLUMBLINE_SHOP_WITH_PARENT"

// shopCommand is one role of the sample system, started by demo.
func (a *app) shopCommand() *cobra.Command {
	return &cobra.Command{
		Use: "shop ROLE", Hidden: true, DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			env := func(name string) string {
				v, _ := a.env(name)
				return v
			}
			ctx := c.Context()
			if env(withParent) != "" {
				var end context.CancelFunc
				ctx, end = context.WithCancel(ctx)
				go func() { _, _ = io.Copy(io.Discard, a.in); end() }()
			}
			return harness(shop.Main(ctx, args, env, a.out))
		},
	}
}
