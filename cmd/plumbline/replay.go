package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/scenarios"
)

func (a *app) replayCommand() *cobra.Command {
	var o options
	var run, file string
	c := &cobra.Command{
		Use: "replay CLAIM", Short: "Make one failure of a run once more and show what happens", Args: cobra.ExactArgs(1),
		Long: `Replay makes the requests that a failing claim rests on once more, from a clean
state, shows them as curl lines with their answers, and judges the claim on
them alone. It exits 1 when the claim fails again and 0 when it does not.

An objective that was broken under load rests on no single request: a slice of
the load is sent again – the same operations at the rates of the 12 seconds in
which most requests were bad, after 3 seconds to warm up – and the objective is
judged on it, with the number of requests and the interval. It exits 3 when they
are too few to tell. What takes longer than that to build up does not show.

With --go it sends nothing, and writes a Go test that does so: it fails as long
as the claim does. What it needs of the run is kept in testdata beside it.`,
		Example: `  plumbline replay contract/response-conforms/getOrder
  plumbline replay load/slo-at-target/orders-fast
  plumbline replay contract/response-conforms/getOrder --go orders_replay_test.go
  plumbline replay contract/roundtrip/orders --run .plumbline/runs/20261125T010203Z`,
		RunE: func(c *cobra.Command, args []string) error {
			if run == "" {
				var err error
				if run, err = newestRun(); err != nil {
					return usage(err)
				}
			}
			if file != "" {
				return a.replayGo(o, run, args[0], file)
			}
			return a.replay(c.Context(), o, run, args[0])
		},
	}
	o.bind(c.Flags())
	o.bindRun(c)
	c.Flags().StringVar(&run, "run", "", "run directory (default the newest in .plumbline/runs)")
	c.Flags().StringVar(&file, "go", "", "write a Go test that replays the failure to this file, and send nothing")
	return c
}

func (a *app) replay(ctx context.Context, o options, dir, claim string) error {
	s, stored, err := a.stored(o, dir) //nolint:contextcheck // what it asks a broker has a deadline of its own
	if err != nil {
		return err
	}
	next, err := scenarios.Replay(s.design, s.plan, s.functions, stored, claim)
	if err != nil {
		return usage(notReplayable(dir, err))
	}
	if s.out, err = os.MkdirTemp("", "plumbline-replay-"); err != nil {
		return harness(err)
	}
	defer func() { _ = os.RemoveAll(s.out) }()
	r, err := a.connect(ctx, s)
	if err != nil {
		return err
	}
	defer r.close(ctx)
	r.More = nil
	if err := r.preflight(ctx); err != nil {
		return err
	}
	for _, x := range next {
		if x.Kind == plumbline.KindLoad {
			a.printf("%s\n", x.Title)
		}
	}
	end := a.watch(ctx, r, s, next)
	carried := r.Carry(ctx, plumbline.Plan{Schema: plumbline.PlanSchema, Seed: s.plan.Seed, Experiments: next})
	end()
	if err := errors.Join(carried, r.Journal.Close()); err != nil {
		return harness(err)
	}
	return a.showReplay(claim, r.Journal.Evidence(), scenarios.Replayed(s.design, s.plan, s.functions, scenarios.WithReplay(stored, r.Journal.Evidence()), claim))
}

// stored is the session of a stored run, with the credentials of the
// configuration at hand.
func (a *app) stored(o options, dir string) (*session, *plumbline.Evidence, error) {
	s, err := a.prepare(recalled(o, dir))
	if err != nil {
		return nil, nil, err
	}
	aim := s.design.Target
	if err := readJSON(filepath.Join(dir, "design.json"), &s.design); err != nil {
		return nil, nil, usage(notARun(dir, err))
	}
	if o.target != "" {
		s.design.Target = aim
	}
	if err := readJSON(filepath.Join(dir, "plan.json"), &s.plan); err != nil {
		return nil, nil, usage(notARun(dir, err))
	}
	s.functions = scenarios.Functions()
	stored, err := journalOf(dir)
	return s, stored, usage(err)
}

// journalOf reads the journal of a run that has begun.
func journalOf(dir string) (*plumbline.Evidence, error) {
	e, err := runners.ReadEvidence(filepath.Join(dir, "evidence.jsonl"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, neverBegan(dir, "it has no journal, evidence.jsonl")
	case err != nil:
		return nil, notARun(dir, err)
	case e.Run.ID == "":
		return nil, neverBegan(dir, "its journal, evidence.jsonl, holds nothing")
	}
	return e, nil
}

// neverBegan is a run of which there is nothing but its plan.
func neverBegan(dir, why string) error {
	return &mistake.Problem{Code: "RUN402", Source: plumbline.Source{File: dir}, Message: "the run never began: " + why, Help: "was the deployment running? `plumbline run` carries the plan out anew"}
}

// notReplayable is a claim that cannot be made again.
func notReplayable(dir string, err error) error {
	return &mistake.Problem{Code: "RUN403", Source: plumbline.Source{File: dir}, Message: err.Error(), Help: "`plumbline report " + dir + "` tells what failed there, and how each is seen again"}
}

// runs is where run directories go unless --out says otherwise.
const runs = ".plumbline/runs"

// replayFlags are what a replay has to be told beside the claim: where the run
// is, unless it is where the newest one is looked for.
func replayFlags(dir string) string {
	if dir == "" || strings.HasPrefix(filepath.ToSlash(dir), runs+"/") {
		return ""
	}
	if strings.Trim(dir, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@+=,") != "" {
		dir = "'" + strings.ReplaceAll(dir, "'", `'\''`) + "'"
	}
	return " --run " + dir
}

// recalled are the options with the document and the declaration of the run,
// where nothing names others.
func recalled(o options, dir string) options {
	if o.spec != "" || o.config != "" {
		return o
	}
	var d plumbline.Design
	if err := readJSON(filepath.Join(dir, "design.json"), &d); err != nil {
		return o
	}
	o.config = d.Declaration
	switch {
	case d.Document.URL != "":
		o.spec = d.Document.URL
	case isFile(d.Document.File):
		o.spec = d.Document.File
	}
	return o
}

// newestRun is the last of the run directories: their names are times.
func newestRun() (string, error) {
	entries, err := os.ReadDir(runs)
	if err != nil || len(entries) == 0 {
		return "", unnamed("there is no run in "+runs, "name the directory of one with --run")
	}
	return filepath.Join(runs, entries[len(entries)-1].Name()), nil
}

func (a *app) showReplay(claim string, e *plumbline.Evidence, v plumbline.Verdict) error {
	for _, o := range e.Observations {
		answer := fmt.Sprint(o.Status)
		if o.Error != "" {
			answer = string(o.Error)
		}
		a.printf("%s: %s after %s\n", o.Stream, answer, o.Latency)
		if o.Transcript == nil {
			continue
		}
		if o.Transcript.Curl != "" {
			a.printf("  %s\n", o.Transcript.Curl)
		}
		if o.Transcript.ResponseBody != "" {
			a.printf("  %s\n", strings.ReplaceAll(strings.TrimRight(o.Transcript.ResponseBody, "\n"), "\n", "\n  "))
		}
		for _, m := range o.Marks {
			a.printf("  %s %s: %s\n", m.Kind, m.Pointer, m.Message)
		}
	}
	a.printf("%s: %s: %s\n", claim, v.Outcome, v.Statement)
	switch {
	case v.Outcome == plumbline.Fail:
		return &exit{code: plumbline.ExitUnfit}
	case v.Reason == plumbline.ReasonTooFewSamples: // for a pass: the few that failed were made again, and did not
		a.printf("it did not come again; a run judges the claim on more requests\n")
		return nil
	case v.Outcome == plumbline.Pass:
		return nil
	default:
		return &exit{code: plumbline.ExitNotProven}
	}
}
