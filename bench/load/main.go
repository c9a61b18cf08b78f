// Command load measures what a request costs Plumbline's load generator and
// its peers, side by side on loopback, and whether what they report is true:
// of a server that froze, and of one whose latencies have a cliff. The server
// and the generator are on a processor each.
//
// Peers that are not at hand are left out of the table, and named.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/plumbline-dev/plumbline/bench/host"
)

// config is what is measured.
type config struct {
	dir     string        // with the programs
	results string        // file to write
	each    time.Duration // of one measurement of cost
	truth   time.Duration // of one measurement of truth
	clients int
	only    string // tools, by comma; empty: all
	parts   string
}

func main() {
	var c config
	flag.StringVar(&c.dir, "programs", "out/bench", "directory with the generators and the server")
	flag.StringVar(&c.results, "results", "", "file to write; empty: standard output")
	flag.DurationVar(&c.each, "each", 5*time.Second, "time of one measurement of cost")
	flag.DurationVar(&c.truth, "truth", 10*time.Second, "time of one measurement of truth, at least 4 s")
	flag.IntVar(&c.clients, "clients", 50, "connections")
	flag.StringVar(&c.only, "only", "", "tools, separated by commas")
	flag.StringVar(&c.parts, "parts", "cost,stall,cliff,profile", "what to measure")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) error {
	var b strings.Builder
	tools, missing := c.tools()
	fmt.Fprintf(&b, "# What a request costs, and whether the figures are true\n\n"+
		"Written by `make bench-load`. %s. The server has one of them, the generator another; %d connections; loopback; one run of %s a row, so figures are for comparison within one table, not between machines.\n",
		host.Now(), c.clients, c.each)
	if len(missing) > 0 {
		fmt.Fprintf(&b, "\nNot at hand and left out: %s.\n", strings.Join(missing, ", "))
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context, config, []tool, *strings.Builder) error
	}{{"cost", cost}, {"stall", stall}, {"cliff", cliff}, {"profile", profile}} {
		if strings.Contains(c.parts, part.name) {
			if err := part.measure(ctx, c, tools, &b); err != nil {
				return err
			}
		}
	}
	if c.results == "" {
		_, err := os.Stdout.WriteString(b.String())
		return err
	}
	return os.WriteFile(c.results, []byte(b.String()), 0o600)
}

// pinned is a command on one processor, where that can be had.
func pinned(ctx context.Context, cpu int, name string, args ...string) *exec.Cmd {
	if taskset, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > 1 {
		args = append([]string{"-c", fmt.Sprint(cpu), name}, args...)
		name = taskset
	}
	return exec.CommandContext(ctx, name, args...) //nolint:gosec // the programs of the bench
}

// A stand is a server under way.
type stand struct {
	url  string
	cmd  *exec.Cmd
	tail *strings.Builder // what it says at its end
}

// serve starts the server.
func (c config) serve(ctx context.Context, args ...string) (*stand, error) {
	s := &stand{cmd: pinned(ctx, 1, filepath.Join(c.dir, "server"), args...), tail: &strings.Builder{}}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line := make([]byte, 256)
	n, err := out.Read(line)
	if err != nil {
		return nil, err
	}
	s.url = "http://" + strings.TrimSpace(string(line[:n]))
	go func() {
		rest := make([]byte, 4096)
		n, _ := out.Read(rest)
		s.tail.Write(rest[:n])
	}()
	return s, nil
}

// end stops the server and returns what it says.
func (s *stand) end() string {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
	return s.tail.String()
}
