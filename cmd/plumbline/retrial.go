package main

import (
	"errors"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/contracts/slo"
	"github.com/plumbline-dev/plumbline/reports/history"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// retrial tells in which runs objectives would have failed.
func (a *app) retrial(h *history.History, v history.View, slos []string, asJSON bool) error {
	want, err := promises(slos, a.env)
	if err != nil {
		return usage(err)
	}
	r, err := retry(h, v, want)
	if err == nil {
		err = noLoad(r)
	}
	switch {
	case err != nil:
		return usage(err)
	case asJSON:
		return a.list(r)
	}
	return r.Write(a.out, v.Paint)
}

// retry judges the last runs of a history against objectives that they did not
// know, by the histograms that their reports keep.
func retry(h *history.History, v history.View, want promise) (history.Retrial, error) {
	runs := slices.DeleteFunc(h.Shown(v.Service), func(r history.Run) bool { return r.Ignored })
	if v.Last == 0 {
		v.Last = history.Nights
	}
	runs = runs[max(0, len(runs)-v.Last):]
	t := tribunal{want: want}
	for _, r := range runs {
		t.out.Service = r.Service
		if err := t.hear(h, r); err != nil {
			return t.out, err
		}
	}
	if len(t.out.Objectives) == 0 && t.refused != nil {
		return t.out, t.refused
	}
	t.settle()
	return t.out, nil
}

// A tribunal is a retrial in the making. Which objectives there are is known
// for good when all nights have been heard: one of them may name an operation
// that only some nights had.
type tribunal struct {
	want    promise
	out     history.Retrial
	heard   []heard
	refused error // of a night whose service has not what the objectives name
}

// heard is one night: its verdicts by the name of the objective, or why there
// are none.
type heard struct {
	verdicts map[string]history.RetriedVerdict
	why      history.RetriedVerdict
}

func (t *tribunal) hear(h *history.History, r history.Run) error {
	rec, run, err := h.Recording(r)
	if err != nil {
		return err
	}
	night := heard{verdicts: map[string]history.RetriedVerdict{}}
	t.out.Nights = append(t.out.Nights, history.RetriedNight{Past: r.Past()})
	defer func() { t.heard = append(t.heard, night) }()
	if rec == nil {
		night.why = history.RetriedVerdict{
			Outcome: plumbline.Inconclusive, Reason: plumbline.ReasonIncomplete,
			Statement: "its report keeps no histograms of the load: there was none, or it was written by an earlier plumbline (`plumbline judge` writes the report of a run directory anew)",
		}
		return nil
	}
	objectives, notices, err := t.want(rec.Named())
	if err == nil {
		err = errors.Join(slo.Contradictions(objectives)...)
	}
	if err != nil && !onlyUnknownOperations(err) {
		return err
	}
	if err != nil {
		t.refused = err
		night.why = history.RetriedVerdict{Outcome: plumbline.Inconclusive, Reason: plumbline.ReasonNotApplicable, Statement: "its load did not reach what the objective names: " + mistake.All(err)[0].Message}
		return nil
	}
	for _, n := range notices {
		if !slices.Contains(t.out.Notices, n) {
			t.out.Notices = append(t.out.Notices, n)
		}
	}
	for _, o := range objectives {
		v := scenarios.JudgeRecorded(*rec, run, o)
		night.verdicts[o.Name] = history.RetriedVerdict{Outcome: v.Outcome, Reason: v.Reason, Statement: v.Statement, Measured: v.Measured, Allowed: v.Allowed, Samples: v.Samples}
		t.name(o)
	}
	return nil
}

// name books an objective under its name, as the last night knows it.
func (t *tribunal) name(o plumbline.Objective) {
	at := history.RetriedObjective{Name: o.Name, Operations: o.Operations, Target: o.Target, Within: o.Within, Throughput: o.Throughput}
	for i, known := range t.out.Objectives {
		if known.Name == o.Name {
			t.out.Objectives[i] = at
			return
		}
	}
	t.out.Objectives = append(t.out.Objectives, at)
}

func (t *tribunal) settle() {
	for i, night := range t.heard {
		for _, o := range t.out.Objectives {
			v, ok := night.verdicts[o.Name]
			if !ok {
				v = night.why
			}
			t.out.Nights[i].Verdicts = append(t.out.Nights[i].Verdicts, v)
		}
	}
	t.out.Count()
}

// onlyUnknownOperations tells whether nothing is wrong with objectives but that
// a service has not the operations that they name.
func onlyUnknownOperations(err error) bool {
	all := mistake.All(err)
	return len(all) > 0 && len(all) == len(leaves(err)) && !slices.ContainsFunc(all, func(p *mistake.Problem) bool { return p.Code != "SLO102" })
}

// noLoad is the mistake of asking what an objective would have been where no
// run was loaded.
func noLoad(r history.Retrial) error {
	if len(r.Nights) > 0 && len(r.Objectives) > 0 {
		return nil
	}
	if len(r.Nights) == 0 {
		return errors.New("the history holds no run to judge again")
	}
	if len(r.Objectives) == 0 && len(r.Notices) > 0 {
		return errors.New("no objective is judged: " + r.Notices[0])
	}
	return errors.New("no run of the history keeps histograms of its load: " + r.Nights[0].Run + " and later have none")
}
