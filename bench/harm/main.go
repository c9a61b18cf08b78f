// Command harm measures what Plumbline does to others. A second client sends
// requests of its own while the whole suite breaks the wires of the sample
// system: how many of its requests met a fault? And runs are killed at random
// moments: what is left of them?
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"

	"github.com/plumbline-dev/plumbline/bench/host"
)

type config struct {
	plumbline, out    string
	results           string
	kills, containers int
	radius            bool
	seed              uint64
}

func main() {
	var c config
	flag.StringVar(&c.results, "results", "bench/harm", "folder of RADIUS.md and KILLS.md")
	flag.StringVar(&c.plumbline, "plumbline", "bin/plumbline", "the binary to measure")
	flag.StringVar(&c.out, "out", "out/harm", "where the run directories go")
	flag.BoolVar(&c.radius, "radius", true, "run the suite beside a second client")
	flag.IntVar(&c.kills, "kills", 20, "runs against processes that are killed")
	flag.IntVar(&c.containers, "containers", 5, "runs in containers that are killed")
	flag.Uint64Var(&c.seed, "seed", 1, "of the moments of the kills")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, c); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "harm:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func measure(ctx context.Context, c config) error {
	on := host.Now()
	var errs []error
	if c.radius {
		r, err := c.besideAnother(ctx)
		if err != nil {
			return err
		}
		errs = append(errs, r.wrong(), c.write("RADIUS.md", r.text(on)))
	}
	if c.kills+c.containers == 0 {
		return errors.Join(errs...)
	}
	killed, err := c.killed(ctx)
	if err != nil {
		return err
	}
	contained, err := c.contained(ctx)
	if err != nil {
		return err
	}
	for _, k := range killed {
		errs = append(errs, k.wrong())
	}
	for _, k := range contained {
		errs = append(errs, k.wrong())
	}
	return errors.Join(append(errs, c.write("KILLS.md", killsText(on, killed, contained)))...)
}

func (c config) write(name, text string) error {
	return os.WriteFile(filepath.Join(c.results, name), []byte(text), 0o644) //nolint:gosec // a document
}

// declaration is of the sample system on wires that somebody else has started.
const declaration = "examples/shop/plumbline.yaml"

// command is one of Plumbline's on a stage.
func (c config) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.plumbline, args...) //nolint:gosec // the binary under measurement
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// exitOf is the status of a command that ended.
func exitOf(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}
