// Command mutants measures how often Plumbline is right: it runs the demo once
// for every defect of the sample system, several times for the right one, for
// other legitimate shapes of it, for what is empty in its place, and all that
// beside noise, and writes the detections and false alarms down. What it has
// measured is kept in a file, so that the whole can be measured in pieces.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sync/errgroup"
)

type config struct {
	plumbline, mutants, results, rows, out string
	target, noise, only                    string
	good, first, loaded, times, parallel   int
	narrow, functions, twice, keep         bool
	benign, null                           bool
	log                                    io.Writer
	revision                               string
}

// The runs under overload: what the shop then carries is 100 requests a second.
const (
	overload = "220"
	// underLoad is what is judged of them; the rest of the catalogue has the runs
	// in which the shop has nothing to do.
	underLoad = "harness,load,overload"
	// soaked is how long a defect that grows with time is loaded.
	soaked = "90s"
)

func main() {
	c := config{log: os.Stderr}
	flag.StringVar(&c.plumbline, "plumbline", "bin/plumbline", "the binary to measure")
	flag.StringVar(&c.mutants, "mutants", "all", "comma-separated defects or variants, all, main: those of the first job, core: those that must be found, or none; NAME*10 is run ten times")
	flag.StringVar(&c.target, "target", processes, "how the sample system runs: processes, or compose: in containers")
	flag.StringVar(&c.rows, "rows", "bench/mutants/RESULTS.json", "what was measured, and where what is measured goes")
	flag.StringVar(&c.results, "results", "bench/mutants/RESULTS.md", "where the tables go")
	flag.StringVar(&c.out, "out", "out/mutants", "where the run directories go")
	flag.IntVar(&c.good, "good", 10, "runs of the right system, each with a seed of its own")
	flag.IntVar(&c.first, "first", 1, "number and seed of the first of them")
	flag.IntVar(&c.loaded, "overloads", 0, "runs of the right system under more load than it carries")
	flag.IntVar(&c.times, "times", 1, "runs of each defect")
	flag.IntVar(&c.parallel, "parallel", 1, "runs at once")
	flag.StringVar(&c.noise, "noise", "", "what else goes on meanwhile: busy: a loop on every processor; foreign: a second client of the shop; jitter: dependencies that are not always as fast; gc: pauses of the program under measurement; redeploy: somebody else starts the shop anew")
	flag.StringVar(&c.only, "only", "", "comma-separated groups or functions: judge nothing else of any run")
	flag.BoolVar(&c.narrow, "narrow", false, "judge of a defect only the groups of functions that it breaks, and the harness")
	flag.BoolVar(&c.functions, "functions", false, "judge of a defect only the functions that it breaks, and the harness")
	flag.BoolVar(&c.twice, "beside", false, "with -target compose: run each defect in processes as well, and tell which claims come out otherwise")
	flag.BoolVar(&c.keep, "keep", false, "what an earlier call has run into -out is not run again: a long measurement in pieces")
	flag.BoolVar(&c.benign, "benign", false, "run other legitimate shapes of the sample system, by -mutants, and count false alarms")
	flag.BoolVar(&c.null, "null", false, "run what is empty in the place of the sample system, by -mutants, and count the claims that it is said to keep")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c.revision = revision(ctx, c.plumbline)
	if err := run(ctx, c); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, c config) error {
	if err := c.known(); err != nil {
		return err
	}
	jobs, err := c.jobs()
	if err != nil {
		return err
	}
	quieten, err := c.disturb(ctx)
	if err != nil {
		return err
	}
	defer quieten()
	measured := make([]measurement, len(jobs))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(c.parallel, 1))
	for i, j := range jobs {
		g.Go(func() error {
			got, err := c.measure(ctx, j)
			if measured[i] = got; err != nil {
				return err
			}
			return c.store(got.row)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if c.target == containers {
		if err := os.WriteFile(c.results, []byte(table(measured, c.host())), 0o644); err != nil { //nolint:gosec // a document
			return err
		}
	}
	for _, m := range measured {
		if m.wrong() != "" {
			return errors.New("not every verdict was right; see " + c.results)
		}
	}
	return nil
}
