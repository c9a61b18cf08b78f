package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// commandLine is the whole of the command line, to be looked at.
func commandLine() *cobra.Command {
	a := &app{out: &bytes.Buffer{}, err: &bytes.Buffer{}, env: func(string) (string, bool) { return "", false }}
	return a.root()
}

// A page of the reference is what the code says.
func pageIs(t *testing.T, page, text string) {
	t.Helper()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s is not what the code says; `make golden` writes it anew", page)
	}
}

func TestPageOfCommands(t *testing.T) {
	t.Setenv("HOME", "/home/user") // a default must not be a path of this machine
	var out strings.Builder
	commandsMarkdown(&out, commandLine())
	pageIs(t, "../../docs/COMMANDS.md", out.String())
}

func TestPageOfSteps(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := stepsMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	pageIs(t, "../../docs/STEPS.md", out.String())
}
