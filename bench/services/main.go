// Command services measures Plumbline on services that others wrote: how many
// operations it reaches, what it accuses them of, and how much of that was
// confirmed by hand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

type config struct {
	plumbline, results, confirmed, documents string
	out, cache, only, serve                  string
	broken                                   bool
}

func main() {
	var c config
	flag.StringVar(&c.plumbline, "plumbline", "bin/plumbline", "the binary to measure")
	flag.StringVar(&c.results, "results", "bench/services/RESULTS.md", "where the table goes")
	flag.StringVar(&c.confirmed, "confirmed", "bench/services/confirmed.yaml", "the findings that were confirmed by hand")
	flag.StringVar(&c.documents, "documents", "bench/services/documents", "where the documents are that no package holds")
	flag.StringVar(&c.out, "out", "out/services", "where the run directories go")
	flag.StringVar(&c.cache, "cache", "", "where packages go (default the cache of the user)")
	flag.BoolVar(&c.broken, "outages", false, "measure the services whose database breaks")
	flag.StringVar(&c.only, "only", "", "name of one service")
	flag.StringVar(&c.serve, "serve", "", "start this service, print its address, and wait for an interrupt")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "services:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, c config) error {
	if err := c.settle(); err != nil {
		return err
	}
	if _, err := readConfirmed(c.confirmed); err != nil {
		return err
	}
	if c.serve != "" {
		return c.wait(ctx)
	}
	var rows []row
	wrong := 0
	for _, s := range c.services() {
		if c.only != "" && c.only != s.name {
			continue
		}
		r, err := c.measure(ctx, s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		wrong += len(r.alarms)
		rows = append(rows, r)
		_, _ = fmt.Fprintln(os.Stderr, r)
	}
	if len(rows) == 0 {
		return fmt.Errorf("no service is called %q", c.only)
	}
	if c.only == "" {
		if err := os.WriteFile(c.results, []byte(table(rows)), 0o644); err != nil { //nolint:gosec // a document
			return err
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d gating findings are not confirmed", wrong)
	}
	return nil
}

// services are those that are measured.
func (c config) services() []service {
	if c.broken {
		return outages()
	}
	return services()
}

// settle makes the paths absolute: services and plumbline run elsewhere.
func (c *config) settle() error {
	if c.cache == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		c.cache = filepath.Join(base, "plumbline", "services")
	}
	for _, dir := range []*string{&c.plumbline, &c.documents, &c.cache, &c.out} {
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return err
		}
		*dir = abs
	}
	return nil
}

// wait serves one service until the context is done.
func (c config) wait(ctx context.Context) error {
	for _, s := range allServices() {
		if s.name != c.serve {
			continue
		}
		st, err := newStage(c, s.name)
		if err != nil {
			return err
		}
		d, err := s.start(ctx, st)
		if err == nil {
			fmt.Printf("--spec %s --target %s\n", d.document, d.target)
			<-ctx.Done()
		}
		return errors.Join(err, st.stop())
	}
	return fmt.Errorf("no service is called %q", c.serve)
}
