package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/progress"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// watch lets people watch the experiments of a run: on standard error, and by
// the file in its directory. What it returns ends that, when all has been shown.
func (a *app) watch(ctx context.Context, c *carrier, s *session, next []plumbline.Experiment) (end func()) {
	c.Feed = &progress.Feed{}
	kept, err := progress.Keep(c.Feed, filepath.Join(s.out, progress.File))
	if err != nil {
		a.note("note: nobody can follow this run: %v\n", err)
	}
	shown := a.follow(ctx, s.options, c.Feed.Watch(256))
	c.Feed.Tell(progress.Event{At: 1, Run: about(c.Run, s, next)})
	return func() {
		c.Feed.Close()
		shown()
		if kept != nil {
			select {
			case <-kept:
			case <-time.After(2 * time.Second): // a disk that hangs
			}
		}
	}
}

// about is what is about to be done.
func about(run plumbline.Run, s *session, next []plumbline.Experiment) *progress.Run {
	out := &progress.Run{ID: run.ID, Service: s.design.Service, Target: s.design.Target, Began: run.Began, Claims: len(s.plan.Claims)}
	for _, x := range next {
		out.Steps = append(out.Steps, progress.Step{Experiment: x.ID, Title: x.Title, Length: length(s.design, x)})
	}
	return out
}

// soFar judges claims as soon as the experiments that decide them have ended.
// What is judged once is not looked at again: the verdict does that.
func (s *session) soFar(feed *progress.Feed) func(plumbline.Experiment, *plumbline.Evidence) {
	ended := map[string]bool{}
	judged := map[string]bool{}
	var all progress.Judged
	return func(x plumbline.Experiment, e *plumbline.Evidence) {
		ended[x.ID] = true
		part := s.plan
		part.Claims, part.Skips = nil, nil
		for _, c := range s.plan.Claims {
			if !judged[c.ID] && decided(c, ended) {
				judged[c.ID] = true
				part.Claims = append(part.Claims, c)
			}
		}
		if len(part.Claims) == 0 {
			return
		}
		v := outcome(plumbline.Report{Findings: scenarios.Sofar(s.design, part, s.functions, e)})
		all.Kept, all.Broken, all.Unproven = all.Kept+v.Kept, all.Broken+v.Broken, all.Unproven+v.Unproven
		all.Findings = append(all.Findings[:len(all.Findings):len(all.Findings)], v.Findings...)
		now := all
		feed.Tell(progress.Event{At: time.Since(e.Run.Began), Judged: &now})
	}
}

// decided tells whether all experiments of a claim have ended.
func decided(c plumbline.Claim, ended map[string]bool) bool {
	for _, x := range c.Experiments {
		if !ended[x] {
			return false
		}
	}
	return len(c.Experiments) > 0
}

// outcome is the verdict of a report for those who watch.
func outcome(r plumbline.Report) *progress.Verdict {
	v := &progress.Verdict{Outcome: r.Outcome, Sentence: r.Sentence, ExitCode: r.ExitCode}
	for _, f := range r.Findings {
		if f.Outcome == plumbline.Fail {
			v.Findings = append(v.Findings, progress.Finding{Claim: f.Claim, Title: f.Title, Outcome: f.Outcome, Reason: f.Reason, Operation: f.Operation, Gates: f.Gates})
		}
		switch {
		case !f.Gates:
		case f.Outcome == plumbline.Pass:
			v.Kept++
		case f.Outcome == plumbline.Fail:
			v.Broken++
		default:
			v.Unproven++
		}
	}
	return v
}

// concluded tells those who watch how the run ended: with a verdict, or why
// without one.
func concluded(ctx context.Context, f *progress.Feed, began time.Time, v *progress.Verdict, err error) {
	if v == nil {
		v = &progress.Verdict{Sentence: "no verdict"}
		if err != nil {
			v.Sentence += ": " + err.Error()
		} else if ctx.Err() != nil {
			v.Sentence += ": interrupted"
		}
	}
	f.Tell(progress.Event{At: time.Since(began), Verdict: v})
}
