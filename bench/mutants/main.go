// Command mutants measures how often Plumbline is right: it runs the demo once
// for every defect of the sample system and several times for the right one,
// and writes the detections and false alarms down.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

type config struct {
	plumbline, mutants, results, out string
	target                           string
	good, loaded, times, parallel    int
	narrow, functions, beside, keep  bool
	benign, null                     bool
	log                              io.Writer
}

// The runs under overload: what the shop then carries is 100 requests a second.
const (
	loaded   = "loaded-"
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
	flag.StringVar(&c.mutants, "mutants", "all", "comma-separated defects, all, or main: those of the first job")
	flag.StringVar(&c.target, "target", processes, "how the sample system runs: processes, or compose: in containers")
	flag.StringVar(&c.results, "results", "bench/mutants/RESULTS.md", "where the table goes")
	flag.StringVar(&c.out, "out", "out/mutants", "where the run directories go")
	flag.IntVar(&c.good, "good", 10, "runs of the right system")
	flag.IntVar(&c.loaded, "overloads", 0, "runs of the right system under more load than it carries")
	flag.IntVar(&c.times, "times", 1, "runs of each defect")
	flag.IntVar(&c.parallel, "parallel", 1, "runs at once")
	flag.BoolVar(&c.narrow, "narrow", false, "judge of a defect only the groups of functions that it breaks, and the harness")
	flag.BoolVar(&c.functions, "functions", false, "judge of a defect only the functions that it breaks, and the harness")
	flag.BoolVar(&c.beside, "beside", false, "with -target compose: run each defect in processes as well, and tell which claims come out otherwise")
	flag.BoolVar(&c.keep, "keep", false, "what an earlier call has run into -out is not run again: a long measurement in pieces")
	flag.BoolVar(&c.benign, "benign", false, "run other legitimate shapes of the sample system, by -mutants, and count false alarms")
	flag.BoolVar(&c.null, "null", false, "run what is empty in the place of the sample system, by -mutants, and count the claims that it is said to keep")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, c); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, c config) error {
	if c.benign || c.null {
		return c.variants(ctx)
	}
	mutants, err := selected(c.mutants)
	if err != nil {
		return err
	}
	if c.target != processes && c.target != containers {
		return fmt.Errorf("-target %s: known are processes and compose", c.target)
	}
	mutants = c.beyond(mutants)
	measured := make([]measurement, len(mutants))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(c.parallel, 1))
	for i, m := range mutants {
		g.Go(func() error {
			got, err := c.measure(ctx, m, i)
			measured[i] = got
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := os.WriteFile(c.results, []byte(table(measured, c.made(), c.host())), 0o644); err != nil { //nolint:gosec // a document
		return err
	}
	for _, m := range measured {
		if m.wrong() != "" {
			return errors.New("not every verdict was right; see " + c.results)
		}
	}
	return nil
}

// beyond repeats the defects, and puts the runs of the right system behind them.
func (c config) beyond(mutants []shop.Mutant) []shop.Mutant {
	mutants = slices.Repeat(mutants, max(c.times, 1))
	for i := range c.good {
		mutants = append(mutants, shop.Mutant{Name: fmt.Sprintf("none-%02d", i+1)})
	}
	for i := range c.loaded {
		mutants = append(mutants, shop.Mutant{Name: fmt.Sprintf("%s%02d", loaded, i+1)})
	}
	return mutants
}

// mainJob names the defects of the first job.
const mainJob = "no-timeout,unbounded-retry,retry-without-jitter,retry-nonidempotent-post,breaker-never-opens,breaker-never-closes," +
	"optional-is-critical,dependency-error-is-500,liveness-depends-on-db,no-recovery-latch,shared-pool-no-bulkhead," +
	"response-type-drift,500-on-invalid-input,slow-at-load,leaks-stacktrace,missing-401"

func selected(names string) ([]shop.Mutant, error) {
	switch names {
	case "all":
		return shop.Mutants(), nil
	case "main":
		names = mainJob
	}
	var out []shop.Mutant
	for name := range strings.SplitSeq(names, ",") {
		name, times, err := repeated(name)
		if err != nil {
			return nil, err
		}
		found := false
		for _, m := range shop.Mutants() {
			if m.Name == name {
				out, found = append(out, slices.Repeat([]shop.Mutant{m}, times)...), true
			}
		}
		if !found && name != "" {
			return nil, fmt.Errorf("no defect is called %q", name)
		}
	}
	return out, nil
}

// repeated reads "name*10": a defect and how often it is run.
func repeated(text string) (name string, times int, err error) {
	name, count, many := strings.Cut(text, "*")
	if !many {
		return name, 1, nil
	}
	if times, err = strconv.Atoi(count); err != nil || times < 1 {
		return name, times, fmt.Errorf("-mutants %s: a defect, or a defect and how often: metastable-retry-storm*10", text)
	}
	return name, times, nil
}

// measure runs the whole job once, in processes as well where that is asked for.
func (c config) measure(ctx context.Context, m shop.Mutant, n int) (measurement, error) {
	dir := filepath.Join(c.out, m.Name)
	if c.times > 1 || strings.Contains(c.mutants, "*") {
		dir += fmt.Sprintf("-%03d", n)
	}
	out, err := c.once(ctx, c.target, m, dir)
	if err != nil || !c.beside {
		return out, err
	}
	other, err := c.once(ctx, processes, m, dir+"-"+processes)
	if err != nil {
		return out, err
	}
	out.beside = &other
	_, _ = fmt.Fprintf(c.log, "%-26s otherwise in processes: %s\n", m.Name, list(out.otherwise()))
	return out, nil
}

// once runs the whole job and reads its report.
func (c config) once(ctx context.Context, target string, m shop.Mutant, dir string) (measurement, error) {
	out := measurement{Mutant: m}
	if c.keep && out.read(dir) == nil {
		return out, nil
	}
	out = measurement{Mutant: m}
	cmd, err := c.command(ctx, target, m, dir)
	if err != nil {
		return out, err
	}
	if err := os.RemoveAll(dir); err != nil {
		return out, err
	}
	said, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return out, fmt.Errorf("%s: %w", m.Name, err)
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	if err := out.read(dir); err != nil {
		return out, fmt.Errorf("%s: %w\n%s", m.Name, err, said)
	}
	if said := cmd.ProcessState.ExitCode(); said != out.Exit {
		return out, fmt.Errorf("%s: exit %d, and its report says %d", m.Name, said, out.Exit)
	}
	_, _ = fmt.Fprintf(c.log, "%-26s exit %d  %s  %s\n", m.Name, out.Exit, out.took(), out.wrong())
	return out, nil
}
