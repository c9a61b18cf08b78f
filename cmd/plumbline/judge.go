package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/scenarios"
)

func (s *session) judge(e *plumbline.Evidence) plumbline.Report {
	r := scenarios.Judge(s.design, s.plan, scenarios.Functions(), e)
	r.Notes = append(r.Notes, s.notes...)
	for i, f := range r.Findings {
		if strings.HasPrefix(f.Replay, "plumbline replay ") {
			r.Findings[i].Replay += replayFlags(s.out)
		}
	}
	return r
}

func (a *app) judgeCommand() *cobra.Command {
	var slos []string
	var earlier string
	c := &cobra.Command{
		Use: "judge DIR", Short: "Judge the stored evidence of a run again, offline", Args: cobra.ExactArgs(1),
		Long: `Judge reads design.json, plan.json and evidence.jsonl of a run directory, draws
the verdicts again and writes the reports anew. It works on what a killed run
left behind; the report is then marked incomplete. --slo replaces the objectives.`,
		RunE: func(c *cobra.Command, args []string) error { return a.judgeDir(c.Context(), args[0], slos, earlier) },
	}
	c.Flags().StringVar(&earlier, "history", "", historyUsage+" to compare with; nothing is kept there")
	c.Flags().StringArrayVar(&slos, "slo", nil, "judge against these objectives instead: "+sloForms)
	return c
}

func (a *app) judgeDir(ctx context.Context, dir string, slos []string, earlier string) error {
	var s session
	s.out = dir
	if err := readJSON(filepath.Join(dir, "design.json"), &s.design); err != nil {
		return usage(notARun(dir, err))
	}
	if err := readJSON(filepath.Join(dir, "plan.json"), &s.plan); err != nil {
		return usage(err)
	}
	e, err := runners.ReadEvidence(filepath.Join(dir, "evidence.jsonl"))
	if err != nil {
		return usage(err)
	}
	if len(slos) > 0 {
		if err := s.otherObjectives(slos); err != nil {
			return usage(err)
		}
	}
	r := s.judge(e)
	if err := remember(ctx, earlier, &r, false); err != nil {
		return usage(err)
	}
	if err := writeReports(dir, r); err != nil {
		return harness(err)
	}
	if err := a.show(r, dir); err != nil {
		return err
	}
	return verdict(r)
}

// otherObjectives judges the load that was run against other objectives: the
// claims of the old ones make way for those of the new.
func (s *session) otherObjectives(texts []string) error {
	s.design.Objectives = nil
	want, err := promises(texts, os.LookupEnv)
	if err != nil {
		return err
	}
	if s.design.Objectives, _, err = want(s.design.Operations); err != nil {
		return err
	}
	fresh, err := scenarios.Draw(s.design, scenarios.Functions(), s.plan.Seed)
	if err != nil {
		return err
	}
	const judged = "load/slo-at-target"
	var claims []plumbline.Claim
	for _, c := range s.plan.Claims {
		if c.Function != judged {
			claims = append(claims, c)
		}
	}
	for _, c := range fresh.Claims {
		if c.Function == judged {
			claims = append(claims, c)
		}
	}
	s.plan.Claims = claims
	return nil
}

// reportOf reads the report of a run, a folder or a report.json.
func reportOf(run string) (r plumbline.Report, err error) {
	name := run
	if !strings.HasSuffix(name, ".json") {
		name = filepath.Join(name, "report.json")
	}
	f, err := os.Open(name)
	if err != nil {
		return r, notARun(run, err)
	}
	defer func() { _ = f.Close() }()
	return reports.Read(f)
}

func (a *app) reportCommand() *cobra.Command {
	var format, out, earlier, otlp string
	c := &cobra.Command{
		Use: "report DIR", Short: "Render the report of a run, a folder or a report.json, in another format", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			write, ok := reports.Lookup(format)
			if !ok {
				return usage(notOneOf("--format", format, reports.Names()))
			}
			r, err := reportOf(args[0])
			if err != nil {
				return usage(err)
			}
			if err := remember(c.Context(), earlier, &r, false); err != nil {
				return usage(err)
			}
			if otlp != "" && !c.Flags().Changed("format") {
				return a.export(c.Context(), otlp, r)
			}
			if err := a.export(c.Context(), otlp, r); err != nil {
				return err
			}
			if format == "text" && out == "" {
				return reports.Terminal{Width: a.width, Colour: a.colour()}.Write(a.out, r)
			}
			if out == "" {
				return write(a.out, r)
			}
			g, err := os.Create(out)
			if err != nil {
				return usage(err)
			}
			defer func() { _ = g.Close() }()
			return write(g, r)
		},
	}
	c.Flags().StringVar(&earlier, "history", "", historyUsage+" to compare with")
	c.Flags().StringVar(&otlp, "otlp", "", otlpUsage)
	c.Flags().StringVar(&format, "format", "text", "one of "+strings.Join(reports.Names(), ", "))
	c.Flags().StringVarP(&out, "output", "o", "", "file to write (default standard output)")
	return c
}
