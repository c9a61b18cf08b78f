package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

func (a *app) doctorCommand() *cobra.Command {
	var library string
	var wires bool
	var o options
	c := &cobra.Command{
		Use: "doctor", Short: "Say what is missing on this machine, and how to get it", Args: cobra.NoArgs,
		Long: `Doctor looks at this machine. With --wires it looks at a deployment instead: it
sends the safe operations of the document to the target, each with a trace of its
own, and says which wires carried what follows from them.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if wires {
				return a.doctorWires(c.Context(), o)
			}
			return a.doctor(c.Context(), library)
		},
	}
	c.Flags().BoolVar(&wires, "wires", false, "prove which wires of plumbline.yaml are live")
	c.Flags().StringVarP(&o.config, "config", "c", "", "declaration of the architecture, for --wires (default plumbline.yaml)")
	c.Flags().StringVar(&o.target, "target", "", "base URL of the deployment, for --wires")
	c.Flags().DurationVar(&o.timeout, "timeout", 10*time.Second, "longest wait for one answer of the target, for --wires")
	o.seed, o.engine = 1, "ffi"
	c.Flags().StringVar(&library, "pact-library", "", "libpact_ffi to look at instead of the one that set-up fetched")
	return c
}

func (a *app) doctor(ctx context.Context, library string) error {
	checks := pact.Diagnose(ctx, library)
	checks = append(checks, wire.SelfTest(ctx)...)
	bad := 0
	for _, c := range checks {
		mark := "✓"
		if !c.OK {
			mark, bad = "✗", bad+1
		}
		name := c.Name
		if c.Subject != "" {
			name += " " + c.Subject
		}
		a.printf("%s %-36s %s\n", mark, name, c.Detail)
	}
	if bad > 0 {
		return &exit{plumbline.ExitNotProven, fmt.Errorf("%d of %d checks do not hold; everything that does not need them still runs", bad, len(checks))}
	}
	return nil
}

func (a *app) setupCommand() *cobra.Command {
	var s pact.Setup
	var printDir bool
	c := &cobra.Command{
		Use: "setup", Short: "Fetch libpact_ffi into the cache of this user", Args: cobra.NoArgs,
		Long: `Set-up puts libpact_ffi, the reference core of Pact, into a cache of this user,
pinned by SHA-256: from a given file, the release download or the npm package,
in this order. Without it everything else still runs, and the claims on pacts
are inconclusive.`,
		RunE: func(c *cobra.Command, _ []string) error {
			s.Log = func(line string) { a.note("%s\n", line) }
			path, err := s.Install(c.Context())
			if err != nil {
				return harness(err)
			}
			if printDir {
				path = dirOf(path)
			}
			a.printf("%s\n", path)
			return nil
		},
	}
	c.Flags().StringVar(&s.From, "from", "", "install this file (for machines without a network)")
	c.Flags().StringVar(&s.Platform, "platform", "", "os/arch[/musl] (default: this machine)")
	c.Flags().StringVar(&s.Dir, "dir", "", "cache folder (default: that of the user)")
	c.Flags().BoolVar(&printDir, "print-dir", false, "print the folder of the library alone")
	return c
}
