// Command plumbline tells whether a running deployment still keeps the
// promises of its design, and shows the evidence.
package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a := process()
	go twice(ctx, stop, func() { os.Exit(a.abandon()) })
	os.Exit(execute(ctx, a))
}

// twice waits for an interrupt, and does something at the next one.
func twice(ctx context.Context, stop, do func()) {
	<-ctx.Done()
	again := make(chan os.Signal, 1)
	signal.Notify(again, os.Interrupt, syscall.SIGTERM)
	stop()
	<-again
	do()
}

// An app is everything of the process that a command may touch.
type app struct {
	args     []string
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	terminal bool   // out is a terminal
	width    int    // of the terminal; zero when out is none
	live     bool   // err is a terminal
	prompts  bool   // so is in, beside err: somebody can be asked
	release  func() // gives the terminal back; nil when nobody has taken it
	version  string

	transport http.RoundTripper // of requests to the target; nil: as the flags say

	diagnostics string             // form in which mistakes are told to programs; empty for none
	noticed     []*mistake.Problem // about what was read, and no mistakes: they have no code
	alone       io.Writer          // where diagnostics go when nothing else may stand beside them; nil: to out
}

func process() *app {
	a := &app{args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv, version: version}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		a.terminal = true
		a.width, _, _ = term.GetSize(fd)
	}
	a.live = term.IsTerminal(int(os.Stderr.Fd()))
	a.prompts = a.live && term.IsTerminal(int(os.Stdin.Fd()))
	return a
}

// colour tells whether to colour the output (https://no-color.org).
func (a *app) colour() bool {
	if no, _ := a.env("NO_COLOR"); no != "" {
		return false
	}
	if t, _ := a.env("TERM"); t == "dumb" {
		return false
	}
	if force, _ := a.env("CLICOLOR_FORCE"); force != "" && force != "0" {
		return true
	}
	return a.terminal
}
