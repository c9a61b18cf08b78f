package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/pact"
	"github.com/plumbline-dev/plumbline/runners/wire"
)

func (a *app) doctorCommand() *cobra.Command {
	var library string
	var wires, asJSON bool
	var o options
	c := &cobra.Command{
		Use: "doctor", Short: "Say what is missing on this machine, and how to get it", Args: cobra.NoArgs,
		Long: `Doctor looks at this machine. With --wires it looks at a deployment instead: it
sends the safe operations of the document to the target, each with a trace of its
own, and says which wires carried what follows from them.`,
		RunE: func(c *cobra.Command, _ []string) error {
			if wires {
				return a.doctorWires(c.Context(), o, asJSON)
			}
			return a.doctor(c.Context(), library, asJSON)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the checks as JSON")
	c.Flags().BoolVar(&wires, "wires", false, "prove which wires of plumbline.yaml are live")
	c.Flags().StringVarP(&o.config, "config", "c", "", "declaration of the architecture, for --wires (default plumbline.yaml)")
	c.Flags().StringVar(&o.target, "target", "", "base URL of the deployment, for --wires")
	c.Flags().DurationVar(&o.timeout, "timeout", 10*time.Second, "longest wait for one answer of the target, for --wires")
	o.seed, o.engine = 1, "ffi"
	c.Flags().StringVar(&library, "pact-library", "", "libpact_ffi to look at instead of the one that set-up fetched")
	return c
}

func (a *app) doctor(ctx context.Context, library string, asJSON bool) error {
	checks := pact.Diagnose(ctx, library)
	checks = append(checks, wire.SelfTest(ctx)...)
	bad, err := a.listChecks(checks, asJSON)
	if err == nil && bad > 0 {
		err = &exit{plumbline.ExitNotProven, fmt.Errorf("%d of %d checks do not hold; everything that does not need them still runs", bad, len(checks))}
	}
	return err
}

// listChecks writes checks, one a line or as JSON, and counts those that do not
// hold.
func (a *app) listChecks(checks []plumbline.Check, asJSON bool) (bad int, err error) {
	for _, c := range checks {
		mark := "✓"
		if !c.OK {
			mark, bad = "✗", bad+1
		}
		name := c.Name
		if c.Subject != "" {
			name = strings.TrimSpace(name + " " + c.Subject)
		}
		if !asJSON {
			a.printf("%s %-36s %s\n", mark, name, c.Detail)
		}
	}
	if asJSON {
		err = a.list(checks)
	}
	return bad, err
}

// list writes a listing as JSON.
func (a *app) list(v any) error {
	data, err := indented(v)
	if err != nil {
		return harness(err)
	}
	a.printf("%s", data)
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
