package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/scenarios"
)

func (a *app) planCommand() *cobra.Command {
	var o options
	var asJSON bool
	c := &cobra.Command{
		Use: "plan", Short: "Print what would run, what it costs and what it can decide", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := a.prepare(o)
			if err != nil {
				return err
			}
			if asJSON {
				return a.list(s.plan)
			}
			a.tell(s)
			a.printPlan(s)
			return s.undecidable()
		},
	}
	o.bind(c.Flags())
	o.bindProfile(c.Flags(), "")
	c.Flags().BoolVar(&asJSON, "json", false, "print plan.json")
	return c
}

func (a *app) printPlan(s *session) {
	a.printf("%s: %d operations, %d claims, seed %d, mode %s\n\n", s.design.Service, len(s.design.Operations), len(s.plan.Claims), s.plan.Seed, s.design.Mode)
	w := tabwriter.NewWriter(a.out, 2, 4, 2, ' ', 0)
	row := func(cells ...string) { _, _ = fmt.Fprintln(w, "  "+strings.Join(cells, "\t")) }
	row("EXPERIMENT", "KIND", "REQUESTS", "TIME", "CLAIMS")
	sum := 0
	for _, x := range s.plan.Experiments {
		sum += requests(x)
		row(x.ID, string(x.Kind), fmt.Sprint(requests(x)), length(s.design, x).Round(100*time.Millisecond).String(), fmt.Sprint(len(x.Claims)))
	}
	row("all", "", fmt.Sprint(sum), s.length().Round(time.Second).String(), fmt.Sprint(len(s.plan.Claims)))
	_ = w.Flush()
	if lines := scenarios.Power(s.design, s.plan); len(lines) > 0 {
		a.printf("\nWhat the load can decide:\n")
		row("OBJECTIVE", "TARGET", "PLANNED", "TO PROVE IT", "FOR 92% POWER", "")
		for _, l := range lines {
			can := "decidable"
			if !l.Decidable {
				can = "CANNOT DECIDE"
			}
			row(l.Objective, goal(l), fmt.Sprint(l.Planned), fmt.Sprint(l.Prove), fmt.Sprint(l.Power), can)
		}
		_ = w.Flush()
	}
	if lines := testability(s.design.Operations); len(lines) > 0 {
		a.printf("\nWhat the document leaves out:\n%s", indent(strings.Join(lines, "\n")))
	}
	if g := sample.Graph(s.design.Operations); g != "" {
		a.printf("\nWhere identifiers come from:\n%s", indent(g))
	}
	if f := sample.Lives(s.design.Families); f != "" {
		a.printf("\nLife cycles:\n%s", indent(f))
	}
	if text, names := sample.Missing(s.doc, s.set, s.stated); text != "" {
		a.printf("\nNo source for %s. An overlay that says it (--overlay FILE), to be completed:\n%s", strings.Join(names, ", "), indent(text))
	}
	a.printSkips(s.plan)
}

func (a *app) printSkips(p plumbline.Plan) {
	if len(p.Skips) == 0 {
		return
	}
	a.printf("\nNot judged:\n")
	for _, k := range p.Skips {
		line := "  " + k.Function
		if k.Subject != "" {
			line += " (" + k.Subject + ")"
		}
		line += ": " + string(k.Reason)
		if k.Detail != "" {
			line += ": " + k.Detail
		}
		if k.Unlock != "" {
			line += " — unlock with " + k.Unlock
		}
		a.printf("%s\n", line)
	}
}

func indent(s string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ") + "\n"
}

// undecidable refuses a profile that cannot decide its objectives.
func (s *session) undecidable() error {
	var out []error
	for _, l := range scenarios.Power(s.design, s.plan) {
		if !l.Decidable {
			out = append(out, &mistake.Problem{
				Code: "SLO104", Source: s.stands(l.Objective), Help: "a longer load.duration, a higher load.rate, or a lower target",
				Message: fmt.Sprintf("this profile cannot decide %s: %s", l.Objective, lacking(l)),
			})
		}
	}
	return usage(errors.Join(out...))
}

// goal is what an objective asks for, in a word.
func goal(l scenarios.PowerLine) string {
	if l.Throughput > 0 {
		return fmt.Sprintf("%.4g/s", l.Throughput)
	}
	return fmt.Sprintf("%g%%", l.Target*100)
}

// lacking says why a load cannot decide an objective.
func lacking(l scenarios.PowerLine) string {
	if l.Throughput > 0 && l.Offered <= l.Throughput {
		return fmt.Sprintf("%.4g good answers a second only show where more is asked for, and the profile asks for %.4g a second of its operations", l.Throughput, l.Offered)
	}
	return fmt.Sprintf("%s needs %d error-free requests, the profile sends %d", goal(l), l.Prove, l.Planned)
}

// stands is where an objective stands, by its name.
func (s *session) stands(objective string) plumbline.Source {
	for _, o := range s.design.Objectives {
		if o.Name == objective {
			return o.Source
		}
	}
	return plumbline.Source{}
}
