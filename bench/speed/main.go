// Command speed measures what is wanted of Plumbline's speed, and writes it
// beside what was wanted: inspection, contract cases, a large document, and the
// verification of pacts by each engine that is at hand. Every figure is the
// median of several runs of a program that anybody can run alone.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/plumbline-dev/plumbline/bench/host"
)

// config is what is measured with.
type config struct {
	plumbline string // the binary
	second    string // worker of the second Pact engine; one that is not there is left out
	document  string // file; empty: from the package registry
	cache     string // directory of what is fetched
	results   string // file to write
	runs      int
	only      string // the part that is measured; empty: all
}

// A row is one figure beside what was wanted.
type row struct {
	what, got, wanted string
	kept              bool
}

func main() {
	var c config
	flag.StringVar(&c.plumbline, "plumbline", "bin/plumbline", "the binary")
	flag.StringVar(&c.second, "second", "bin/plumbline-pact-go", "worker of the second Pact engine")
	flag.StringVar(&c.document, "document", "", "GitHub's REST document; empty: @octokit/openapi "+octokit+" by npm")
	flag.StringVar(&c.cache, "cache", "out/bench/speed", "directory of what is fetched")
	flag.StringVar(&c.results, "results", "", "file to write; empty: standard output")
	flag.StringVar(&c.only, "only", "", "measure this part only: inspection, cases, document, pacts or wires")
	flag.IntVar(&c.runs, "runs", 3, "runs of which the median is told")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) error {
	machine := host.Now()
	var rows []row
	var left []string
	for _, part := range []struct {
		name    string
		measure func(context.Context, config) ([]row, error)
	}{{"inspection", inspection}, {"cases", cases}, {"document", large}, {"pacts", pacts}, {"wires", wires}} {
		if c.only != "" && c.only != part.name {
			continue
		}
		fmt.Fprintln(os.Stderr, part.name)
		more, err := part.measure(ctx, c)
		if err != nil {
			left = append(left, fmt.Sprintf("%s (%v)", part.name, err))
		}
		rows = append(rows, more...)
	}
	by := "bench-speed"
	if c.only == "wires" {
		by = "bench-wire"
	}
	text := page(rows, left, fmt.Sprintf("Written by `make %s`. %s. Medians of %d runs.", by, machine, c.runs))
	if c.results == "" {
		_, err := os.Stdout.WriteString(text)
		return err
	}
	return os.WriteFile(c.results, []byte(text), 0o600)
}

// page is the table of all figures. What could not be measured is named.
func page(rows []row, left []string, how string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Speed\n\n%s\n\n", how)
	b.WriteString("| what | measured | wanted | kept |\n|---|---:|---:|---|\n")
	for _, r := range rows {
		kept := "yes"
		switch {
		case r.wanted == "":
			kept = ""
		case !r.kept:
			kept = "**no**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.what, r.got, r.wanted, kept)
	}
	if len(left) > 0 {
		fmt.Fprintf(&b, "\nNot measured: %s.\n", strings.Join(left, "; "))
	}
	return b.String()
}
