package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// wrongFlag is a value of a flag that cannot be.
func wrongFlag(flag, value, help, format string, args ...any) error {
	return &mistake.Problem{Code: "FLG202", Source: plumbline.Source{File: strings.TrimSpace(flag + " " + value)}, Message: fmt.Sprintf(format, args...), Help: help}
}

// notOneOf is a value of a flag that is not among those that are known.
func notOneOf(flag, value string, known []string) error {
	help := strings.TrimSpace(mistake.DidYouMean(value, known) + " known are " + strings.Join(known, ", "))
	return wrongFlag(flag, value, help, "%q is not known", value)
}

// unreadable is a flag that names something that cannot be read. What breaks it
// at a line of its own is told as it is.
func unreadable(flag, value, help, what string, err error) error {
	inner := mistake.All(err)
	switch {
	case len(inner) == 1 && inner[0].Source.Line == 0:
		return wrongFlag(flag, value, help, "%s: %s", what, inner[0].Message)
	case len(inner) > 0:
		return err
	}
	return wrongFlag(flag, value, help, "%s: %v", what, err)
}

// besides gives what is wrong with a file beside the document a code; it is many
// mistakes where the error is many.
func besides(code, help string, err error) error {
	if err == nil {
		return nil
	}
	var out []error
	for _, e := range leaves(err) {
		message, said, _ := strings.Cut(e.Error(), "\n  help: ")
		if said == "" {
			said = help
		}
		out = append(out, &mistake.Problem{Code: code, Message: message, Help: said})
	}
	return errors.Join(out...)
}

// unnamed is something that is needed and was not named.
func unnamed(message, help string) error {
	return &mistake.Problem{Code: "FLG203", Message: message, Help: help}
}

// flagMistake turns what the flags' library refuses into a problem.
func flagMistake(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var value *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		help := mistake.DidYouMean("--"+name, flagNames(c))
		if help == "" {
			help = fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())
		}
		dash := "--"
		if len(name) == 1 {
			dash = "-"
		}
		return &mistake.Problem{Code: "FLG201", Source: plumbline.Source{File: dash + name}, Message: fmt.Sprintf("%s has no flag %q", c.CommandPath(), dash+name), Help: help}
	case errors.As(err, &value):
		f := value.GetFlag()
		return wrongFlag("--"+f.Name, value.GetValue(), example(f), "%q is not a value of --%s: %v", value.GetValue(), f.Name, errors.Unwrap(value))
	}
	return &mistake.Problem{Code: "FLG202", Message: err.Error(), Help: fmt.Sprintf("`%s --help` lists the flags", c.CommandPath())}
}

// example says how a value of a flag is written.
func example(f *pflag.Flag) string {
	switch f.Value.Type() {
	case "duration":
		return "write 300ms, 1.5s or 2m"
	case "uint64", "int", "uint":
		return "write a whole number"
	case "float64":
		return "write a number"
	}
	return f.Usage
}

func flagNames(c *cobra.Command) []string {
	var out []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			out = append(out, "--"+f.Name)
		}
	})
	return out
}

// unknownCommand is the mistake of a command that there is not; nil for every
// other error.
func unknownCommand(root *cobra.Command, args []string, err error) error {
	if !strings.HasPrefix(err.Error(), "unknown command ") || len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	help := mistake.DidYouMean(args[0], names)
	if help == "" {
		help = "`plumbline --help` lists the commands"
	}
	return &mistake.Problem{Code: "FLG201", Message: fmt.Sprintf("unknown command %q", args[0]), Help: help}
}

// tellError writes an error: mistakes of the user one after the other, with the
// lines that they are about, and everything else in one line.
func (a *app) tellError(err error) {
	all := leaves(err)
	coded := 0
	for _, e := range all {
		p, ok := e.(*mistake.Problem) //nolint:errorlint // a leaf wraps nothing
		if !ok {
			a.note("plumbline: %s\n", e)
			continue
		}
		if coded++; coded > 1 {
			a.note("\n")
		}
		illustrated(p)
		a.note("%s\n", p)
	}
	switch {
	case coded == 1:
		a.note("\n`plumbline explain %s` says more\n", mistake.All(err)[0].Code)
	case coded > 1:
		a.note("\n%d mistakes; `plumbline explain CODE` says more of each\n", coded)
	}
}

// leaves are the parts of a joined error, and a mistake without what was
// wrapped around it.
func leaves(err error) []error {
	if p := mistake.All(err); len(p) == 1 && onlyWraps(err) {
		return []error{p[0]}
	}
	var e *exit
	if errors.As(err, &e) && e.err != nil && error(e) == err { //nolint:errorlint // the exit itself, not one that is deeper
		return leaves(e.err)
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []error
		for _, one := range many.Unwrap() {
			out = append(out, leaves(one)...)
		}
		return out
	}
	if err.Error() == "" {
		return nil
	}
	return []error{err}
}

// onlyWraps tells whether an error is a chain, not a tree.
func onlyWraps(err error) bool {
	for err != nil {
		if _, many := err.(interface{ Unwrap() []error }); many {
			return false
		}
		err = errors.Unwrap(err)
	}
	return true
}
