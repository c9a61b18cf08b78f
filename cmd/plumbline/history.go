package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"charm.land/lipgloss/v2"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/reports/history"
)

const historyUsage = "folder of earlier reports, or git:BRANCH"

func (a *app) historyCommand() *cobra.Command {
	var v history.View
	var asJSON bool
	var slos []string
	c := &cobra.Command{
		Use: "history FOLDER", Short: "Show earlier runs: outcomes, claims that were not kept, latency", Args: cobra.ExactArgs(1),
		Long: `History reads a folder of report.json files, as runs with --history leave them,
or a branch of the repository at hand (git:BRANCH). It needs no server. The
folder holds an index, which is made anew when it is missing.

With --slo it answers another question: in which of the last 30 runs would
these objectives have failed? The histograms that the reports keep are judged
as a run is, with the same bounds; a run that does not hold what that takes is
unproven.`,
		Example: "  plumbline history nights\n  plumbline history git:plumbline-history --last 30\n  plumbline history nights --slo new-slo.yaml\n  plumbline history nights --slo 'POST /orders: p(99)<200ms'",
		RunE: func(c *cobra.Command, args []string) error {
			h, done, err := pastOf(c.Context(), args[0])
			if err != nil {
				return usage(err)
			}
			defer done.drop()
			if a.colour() {
				v.Paint = func(shade, s string) string { return lipgloss.NewStyle().Foreground(lipgloss.Color(shade)).Render(s) }
			}
			switch {
			case len(slos) > 0:
				return a.retrial(h, v, slos, asJSON)
			case asJSON:
				return a.list(h.List(v))
			}
			return h.Write(a.out, v)
		},
	}
	c.Flags().IntVar(&v.Last, "last", 0, "runs to show (default 14; 30 with --slo)")
	c.Flags().StringArrayVar(&slos, "slo", nil, "tell in which runs this objective would have failed: "+sloForms)
	c.Flags().StringVar(&v.Service, "service", "", "service to show (default that of the last run)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, all runs")
	return c
}

func (a *app) baselineCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "baseline", Short: "Say which earlier runs others are compared with",
		Long: `A run is compared with the last good one: the last that was fit. A run can be
promoted, so that it counts as good whatever its outcome, or ignored, so that
it is compared with nothing; and anybody can be told why. RUN is the beginning
of a run's ID, or last. What is said is kept in notes.json of the history.`,
	}
	one := func(use, short string, least int, change func(*history.Note, string)) *cobra.Command {
		var where string
		var undo bool
		s := &cobra.Command{
			Use: use, Short: short, Args: cobra.RangeArgs(least, 2),
			RunE: func(c *cobra.Command, args []string) error {
				text := ""
				if len(args) > 1 {
					text = args[1]
				}
				return a.say(c.Context(), where, args[0], func(n *history.Note) {
					if change(n, text); undo {
						*n = history.Note{}
					}
				})
			},
		}
		s.Flags().StringVar(&where, "history", "", historyUsage)
		s.Flags().BoolVar(&undo, "undo", false, "take back all that was said of the run")
		_ = s.MarkFlagRequired("history")
		return s
	}
	c.AddCommand(
		one("promote RUN [WHY]", "Let a run count as good", 1, func(n *history.Note, why string) { n.Promoted, n.Ignored, n.Text = true, false, keep(why, n.Text) }),
		one("ignore RUN [WHY]", "Compare nothing with a run", 1, func(n *history.Note, why string) { n.Ignored, n.Promoted, n.Text = true, false, keep(why, n.Text) }),
		one("annotate RUN TEXT", "Note something of a run", 2, func(n *history.Note, text string) { n.Text = text }),
	)
	return c
}

func keep(now, before string) string {
	if now == "" {
		return before
	}
	return now
}

func (a *app) say(ctx context.Context, where, id string, change func(*history.Note)) error {
	h, done, err := pastOf(ctx, where)
	if err != nil {
		return usage(err)
	}
	defer done.drop()
	r, err := h.Find(id)
	if err != nil {
		return usage(notInHistory(where, err.Error()))
	}
	if err := h.Say(r.ID, change); err != nil {
		return harness(err)
	}
	if err := done.commit(ctx, "baseline: what is said of run "+r.ID); err != nil {
		return harness(err)
	}
	a.note("%s of %s: noted\n", r.ID, r.Began.UTC().Format("2 Jan 2006, 15:04"))
	return nil
}

// remember tells in a report what became of its claims since the last good run
// and, where it is to be kept, adds it to the history.
func remember(ctx context.Context, where string, r *plumbline.Report, add bool) error {
	if where == "" {
		return nil
	}
	h, done, err := openHistory(ctx, where)
	if err != nil {
		return err
	}
	defer done.drop()
	r.Since = h.Since(*r)
	if !add {
		return nil
	}
	if err := h.Add(*r); err != nil {
		return err
	}
	return done.commit(ctx, fmt.Sprintf("run %s of %s: %s", r.Run.ID, r.Service, r.Outcome))
}

// revision is what was deployed, as far as the environment of a pipeline
// knows; empty outside of one.
func (a *app) revision() string {
	for _, name := range []string{"PLUMBLINE_REVISION", "GITHUB_SHA", "CI_COMMIT_SHA"} {
		if v, ok := a.env(name); ok && v != "" {
			return v[:min(len(v), 12)]
		}
	}
	return ""
}

// images are the digests of what is deployed: of the containers that were
// started for the run or, where none was, what the pipeline says of the target.
func (a *app) images(ctx context.Context, s *session) map[string]string {
	if s.stack != nil {
		return s.stack.Images(ctx)
	}
	if v, ok := a.env("PLUMBLINE_IMAGE"); ok && strings.Contains(v, "sha256:") {
		return map[string]string{s.design.Service: v[strings.Index(v, "sha256:"):]}
	}
	return nil
}

// openHistory opens a folder, or a branch as a folder.
func openHistory(ctx context.Context, where string) (*history.History, *branch, error) {
	b, err := checkOut(ctx, where)
	if err != nil {
		return nil, nil, err
	}
	dir := where
	if b != nil {
		dir = b.dir
	} else if info, err := os.Stat(where); err == nil && !info.IsDir() {
		return nil, nil, fmt.Errorf("history %s: not a folder", where)
	}
	h, err := history.Open(dir)
	if err != nil {
		b.drop()
		return nil, nil, err
	}
	return h, b, nil
}

// pastOf opens a history that is asked about: it has to be there already.
func pastOf(ctx context.Context, where string) (*history.History, *branch, error) {
	if _, err := os.Stat(where); err != nil && !strings.HasPrefix(where, branchPrefix) {
		return nil, nil, notInHistory(where, "there is no such folder")
	}
	h, b, err := openHistory(ctx, where)
	if err != nil {
		return nil, nil, notInHistory(where, err.Error())
	}
	if b != nil && b.head == "" {
		b.drop()
		return nil, nil, notInHistory(where, "the repository has no such branch")
	}
	return h, b, nil
}

// notInHistory is a history that cannot be read, or does not hold what is asked
// for.
func notInHistory(where, why string) error {
	return &mistake.Problem{Code: "HIS601", Source: plumbline.Source{File: where}, Message: why, Help: "`plumbline run --history FOLDER` keeps runs there; a folder of run directories is a history too"}
}
