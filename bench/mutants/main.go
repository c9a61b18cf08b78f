// Command mutants measures how often Plumbline is right: it runs the demo once
// for every defect of the sample system and several times for the right one,
// and writes the detections and false alarms down.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

type config struct {
	plumbline, mutants, results, out string
	target                           string
	good, loaded, times, parallel    int
	narrow                           bool
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
	flag.StringVar(&c.target, "target", "processes", "how the sample system runs: processes, or compose: in containers")
	flag.StringVar(&c.results, "results", "bench/mutants/RESULTS.md", "where the table goes")
	flag.StringVar(&c.out, "out", "out/mutants", "where the run directories go")
	flag.IntVar(&c.good, "good", 10, "runs of the right system")
	flag.IntVar(&c.loaded, "overloads", 0, "runs of the right system under more load than it carries")
	flag.IntVar(&c.times, "times", 1, "runs of each defect")
	flag.IntVar(&c.parallel, "parallel", 1, "runs at once")
	flag.BoolVar(&c.narrow, "narrow", false, "judge of a defect only the groups of functions that it breaks, and the harness")
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
	mutants, err := selected(c.mutants)
	if err != nil {
		return err
	}
	if c.target != "processes" && c.target != "compose" {
		return fmt.Errorf("-target %s: known are processes and compose", c.target)
	}
	mutants = slices.Repeat(mutants, max(c.times, 1))
	for i := range c.good {
		mutants = append(mutants, shop.Mutant{Name: fmt.Sprintf("none-%02d", i+1)})
	}
	for i := range c.loaded {
		mutants = append(mutants, shop.Mutant{Name: fmt.Sprintf("%s%02d", loaded, i+1)})
	}
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
	host := fmt.Sprintf("%s, %s/%s, %d cores, %d at once", c.target, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), max(c.parallel, 1))
	if c.narrow {
		host += "; of a defect only the groups of functions were judged that it breaks, and the harness"
	}
	if err := os.WriteFile(c.results, []byte(table(measured, host)), 0o644); err != nil { //nolint:gosec // a document
		return err
	}
	for _, m := range measured {
		if m.wrong() != "" {
			return errors.New("not every verdict was right; see " + c.results)
		}
	}
	return nil
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

// command runs the whole job on the sample system with one defect.
func (c config) command(ctx context.Context, m shop.Mutant, dir string) *exec.Cmd {
	defect := m.Name
	if m.Caught == "" {
		defect = ""
	}
	if c.target == "compose" {
		cmd := exec.CommandContext(ctx, c.plumbline, "run", "-c", "examples/shop/plumbline.compose.yaml", "--out", dir) //nolint:gosec // the binary under measurement
		cmd.Env = append(os.Environ(), "SHOP_MUTANT="+defect)
		return cmd
	}
	args := []string{"demo", "--out", dir}
	if defect != "" {
		args = append(args, "--defect", defect)
	}
	switch {
	case strings.HasPrefix(m.Caught, "overload/") || strings.HasPrefix(m.Name, loaded):
		args = append(args, "--overload", overload, "--profile", "recovery")
	case m.UnderLoad():
		args = append(args, "--overload", overload, "--only", underLoad)
	case c.narrow && defect != "":
		args = append(args, "--only", groups(m))
	}
	if m.OverTime() {
		args = append(args, "--profile", "soak", "--duration", soaked)
	}
	return exec.CommandContext(ctx, c.plumbline, args...) //nolint:gosec // the binary under measurement
}

// groups are those of the functions that a defect breaks, what it shows itself
// only beside, and the harness.
func groups(m shop.Mutant) string {
	out := []string{"harness"}
	beside := map[string]string{
		"leaks-stacktrace": "resilience", // when a dependency fails
		"limit-ignored":    "load",       // when lists are long
	}
	for _, f := range append([]string{m.Caught, cmp.Or(beside[m.Name], m.Caught)}, m.May...) {
		if g, _, _ := strings.Cut(f, "/"); !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	return strings.Join(out, ",")
}

// measure runs the demo once and reads its report.
func (c config) measure(ctx context.Context, m shop.Mutant, n int) (measurement, error) {
	out := measurement{Mutant: m}
	dir := filepath.Join(c.out, m.Name)
	if c.times > 1 || strings.Contains(c.mutants, "*") {
		dir += fmt.Sprintf("-%03d", n)
	}
	began := time.Now()
	said, err := c.command(ctx, m, dir).CombinedOutput()
	out.took = time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		out.exit = exit.ExitCode()
	} else if err != nil {
		return out, fmt.Errorf("%s: %w", m.Name, err)
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	data, err := os.ReadFile(filepath.Join(dir, "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil {
		return out, fmt.Errorf("%s: %w\n%s", m.Name, err, said)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("%s: %w", m.Name, err)
	}
	_, _ = fmt.Fprintf(c.log, "%-26s exit %d  %s  %s\n", m.Name, out.exit, out.took.Round(time.Second), out.wrong())
	return out, nil
}
