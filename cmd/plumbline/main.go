// Command plumbline tells whether a running deployment still keeps the
// promises of its design, and shows the evidence.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(execute(ctx, process()))
}

// An app is everything of the process that a command may touch.
type app struct {
	args     []string
	in       io.Reader
	out, err io.Writer
	env      func(string) (string, bool)
	terminal bool // out is a terminal
	width    int  // of the terminal; zero when out is none
	version  string
}

func process() *app {
	a := &app{args: os.Args[1:], in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.LookupEnv, version: version}
	if fd := int(os.Stdout.Fd()); term.IsTerminal(fd) {
		a.terminal = true
		a.width, _, _ = term.GetSize(fd)
	}
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
