// Command nights runs the load of the right sample system night after night into
// one history. Nothing differs between the nights but the seed, so every failure
// and everything that is told as slower is a false alarm.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/bench/host"
)

const regression = "load/regression"

type config struct {
	plumbline, results, out string
	nights                  int
	lasts                   time.Duration
}

func main() {
	var c config
	flag.StringVar(&c.plumbline, "plumbline", "bin/plumbline", "the binary to measure")
	flag.StringVar(&c.results, "results", "bench/nights/RESULTS.md", "where the table goes")
	flag.StringVar(&c.out, "out", "out/nights", "where the runs and their history go; what is there is removed")
	flag.IntVar(&c.nights, "nights", 30, "runs, one after the other")
	flag.DurationVar(&c.lasts, "duration", time.Minute, "how long the load of a night lasts: an operation that is answered less than 299 times is not compared")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "nights:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// A night is what one run told.
type night struct {
	exit, kept int
	red        []string // claims of load that were broken, or told as slower
	unproven   []string
	compared   int // operations that were held against the nights before
	took       time.Duration
}

func run(ctx context.Context, c config) error {
	if err := os.RemoveAll(c.out); err != nil {
		return err
	}
	var nights []night
	for i := range c.nights {
		n, err := c.night(ctx, i+1)
		if err != nil {
			return err
		}
		nights = append(nights, n)
		fmt.Fprintf(os.Stderr, "night %d: exit %d, %d kept, %d compared, red: %v, unproven: %d, %s\n", i+1, n.exit, n.kept, n.compared, n.red, len(n.unproven), n.took.Round(time.Second))
	}
	if err := os.WriteFile(c.results, []byte(c.table(nights)), 0o600); err != nil {
		return err
	}
	if slices.ContainsFunc(nights, func(n night) bool { return len(n.red) > 0 }) {
		return errors.New("a night was red; see " + c.results)
	}
	return nil
}

func (c config) night(ctx context.Context, number int) (night, error) {
	var n night
	dir := filepath.Join(c.out, fmt.Sprintf("night-%02d", number))
	began := time.Now()
	cmd := exec.CommandContext(ctx, c.plumbline, "demo", "--profile", "baseline", "--duration", c.lasts.String(), "--seed", strconv.Itoa(number), "--history", filepath.Join(c.out, "history"), "--out", dir, "--quiet") //nolint:gosec // the binary under measurement
	said, err := cmd.CombinedOutput()
	n.took = time.Since(began)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		n.exit = exit.ExitCode()
	} else if err != nil {
		return n, err
	}
	var r plumbline.Report
	data, err := os.ReadFile(filepath.Join(dir, "report.json")) //nolint:gosec // written by the binary under measurement
	if err != nil || json.Unmarshal(data, &r) != nil {
		return n, fmt.Errorf("night %d: %w\n%s", number, err, said)
	}
	for _, f := range r.Findings {
		n.count(f)
	}
	return n, ctx.Err()
}

func (n *night) count(f plumbline.Finding) {
	compared := f.Function == regression && f.Outcome != plumbline.Skipped
	if compared {
		n.compared++
	}
	switch f.Outcome {
	case plumbline.Pass:
		n.kept++
	case plumbline.Inconclusive:
		n.unproven = append(n.unproven, f.Claim+": "+string(f.Code))
	case plumbline.Fail, plumbline.Error:
		n.red = append(n.red, f.Claim)
	case plumbline.Skipped, plumbline.Waived: // not judged
	}
}

func (c config) table(nights []night) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Nights in which nothing changed\n\nWritten by `make bench-nights`: the load of the right sample system, %s of it, %d times into one history. %s.\n\n", c.lasts, len(nights), host.Now())
	red, compared, unproven := 0, 0, map[string]int{}
	for _, n := range nights {
		red, compared = red+len(n.red), compared+n.compared
		for _, u := range n.unproven {
			unproven[u]++
		}
	}
	fmt.Fprintf(&b, "Red claims: %d. Claims that latencies are as on the nights before: %d.\n\n|night|exit|kept|red|unproven|compared with nights before|took|\n|--:|--:|--:|--|--:|--:|--:|\n", red, compared)
	for i, n := range nights {
		fmt.Fprintf(&b, "|%d|%d|%d|%s|%d|%d|%s|\n", i+1, n.exit, n.kept, strings.Join(n.red, ", "), len(n.unproven), n.compared, n.took.Round(time.Second))
	}
	if len(unproven) > 0 {
		b.WriteString("\nUnproven, and in how many nights:\n\n")
		for _, u := range slices.Sorted(maps.Keys(unproven)) {
			fmt.Fprintf(&b, "- %s: %d\n", u, unproven[u])
		}
	}
	return b.String()
}
