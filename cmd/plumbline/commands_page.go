package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// commandsMarkdown writes the page docs/COMMANDS.md: every command with its
// flags, the exit codes, and the codes of mistakes.
func commandsMarkdown(w io.Writer, root *cobra.Command) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	say("# Commands\n\nWritten by `make golden` from what the commands say of themselves.\n\n")
	say("| exit code | |\n|---|---|\n")
	for _, c := range exitCodes() {
		say("| %d | %s |\n", c.code, c.meaning)
	}
	for _, c := range commands(root) {
		if c == root || c.Hidden || c.HasParent() && c.Parent().Hidden || isCobras(c) {
			continue
		}
		say("\n## %s\n\n%s\n\n", c.CommandPath(), prose(c))
		if !c.HasSubCommands() {
			say("```text\n%s\n```\n", c.UseLine())
		}
		flagsMarkdown(w, c)
	}
	say("\n## Codes of mistakes\n\nWhat is wrong with what a user writes is told with its place, a way out, and a code; `plumbline explain CODE` says this.\n\n| code | |\n|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(codes())) {
		say("| %s | %s |\n", code, strings.ReplaceAll(codes()[code], "|", `\|`))
	}
}

// isCobras tells whether a command comes with the library.
func isCobras(c *cobra.Command) bool {
	return strings.HasPrefix(c.CommandPath(), "plumbline completion") || c.Name() == "help"
}

// prose is what a command says of itself.
func prose(c *cobra.Command) string {
	text := c.Short + "."
	if c.Long != "" {
		text = c.Long
	}
	if c.Example != "" {
		text += "\n\n```text\n" + c.Example + "\n```"
	}
	return text
}

func flagsMarkdown(w io.Writer, c *cobra.Command) {
	var rows []string
	c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Name == "help" {
			return
		}
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		kind, text := pflag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "[]" && f.DefValue != "0" && f.DefValue != "0s" {
			text += fmt.Sprintf(" (default `%s`)", f.DefValue)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | %s | %s |\n", name, kind, strings.ReplaceAll(text, "|", `\|`)))
	})
	if len(rows) > 0 {
		_, _ = fmt.Fprintf(w, "\n| flag | value | |\n|---|---|---|\n%s", strings.Join(rows, ""))
	}
}
