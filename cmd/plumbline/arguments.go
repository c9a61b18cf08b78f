package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// strict lets every command say in our words what is wrong with its arguments,
// and those that only hold others refuse what none of them is called.
func strict(root *cobra.Command) {
	for _, c := range commands(root) {
		switch check := c.Args; {
		case c.HasSubCommands() && c != root && !c.Runnable():
			c.Args, c.RunE = cobra.ArbitraryArgs, holds
		case check != nil:
			c.Args = func(c *cobra.Command, args []string) error {
				if check(c, args) == nil {
					return nil
				}
				return usage(argumentMistake(c, args))
			}
		}
	}
}

// holds is what a command does that only holds others.
func holds(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	var names []string
	for _, sub := range c.Commands() {
		names = append(names, sub.Name())
	}
	help := strings.TrimSpace(mistake.DidYouMean(args[0], names) + " known are " + strings.Join(names, ", "))
	return usage(&mistake.Problem{Code: "FLG201", Source: plumbline.Source{File: c.CommandPath() + " " + args[0]}, Message: fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0]), Help: help})
}

// argumentMistake says which arguments are missing, or one too many.
func argumentMistake(c *cobra.Command, args []string) error {
	wanted := regexp.MustCompile(`\[?[A-Z]+\]?`).FindAllString(c.Use, -1)
	p := &mistake.Problem{Code: "FLG204", Source: plumbline.Source{File: strings.Join(append([]string{c.CommandPath()}, args...), " ")}, Help: fmt.Sprintf("write `%s`; `%s --help` says more", c.UseLine(), c.CommandPath())}
	switch {
	case len(wanted) == 0:
		p.Message = fmt.Sprintf("%s takes flags alone: what is %q?", c.CommandPath(), args[0])
	case len(args) < len(wanted):
		p.Message = fmt.Sprintf("%s wants %s, and %s is not named", c.CommandPath(), strings.Join(wanted, " "), wanted[len(args)])
	default:
		p.Message = fmt.Sprintf("%s takes no more than %s: what is %q?", c.CommandPath(), strings.Join(wanted, " "), args[len(wanted)])
	}
	return p
}

// unsaidFlag is the mistake of a flag that is needed and was not given; nil for
// every other error.
func unsaidFlag(err error) error {
	m := regexp.MustCompile(`^required flag\(s\) "([^"]+)"`).FindStringSubmatch(err.Error())
	if m == nil {
		return nil
	}
	return unnamed(fmt.Sprintf("--%s is needed, and not given", m[1]), fmt.Sprintf("say --%s VALUE", m[1]))
}

// notARun is a folder that no run has written.
func notARun(dir string, err error) error {
	return &mistake.Problem{Code: "RUN401", Source: plumbline.Source{File: dir}, Message: fmt.Sprintf("%s is not the directory of a run: %v", dir, err), Help: "runs lie in .plumbline/runs, or where --out put them"}
}
