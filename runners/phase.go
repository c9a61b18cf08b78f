package runners

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/progress"
)

// experiment runs the phases of one experiment, one after the other.
func (r *Runner) experiment(ctx context.Context, index int, x plumbline.Experiment) error {
	r.title = x.Title
	for i, p := range x.Phases {
		if err := ctx.Err(); err != nil {
			return err
		}
		at := Place{Experiment: x.ID, ExperimentIndex: index, Phase: p.Name, PhaseIndex: i, Role: p.Role}
		if err := r.phase(ctx, at, p); err != nil {
			return err
		}
	}
	return nil
}

// phase injects the faults, makes the calls, runs the streams and heals.
func (r *Runner) phase(ctx context.Context, at Place, p plumbline.Phase) error {
	r.begins(at, p)
	if len(p.Streams) > 0 {
		if err := r.Streams.Prepare(ctx, at, p); err != nil && ctx.Err() == nil {
			r.doubt(at, plumbline.ReasonNoPositiveControl, "prepare streams: "+err.Error())
		}
	}
	mark := plumbline.PhaseMark{Experiment: at.Experiment, Phase: at.Phase, Role: at.Role, Began: time.Since(r.Run.Began)}
	mark.Expected, mark.Rate = offered(p)
	guarded := r.forUs(p.Faults)
	if guarded {
		r.pull(context.WithoutCancel(ctx)) // what came before
		r.guard.begin(mark.Began)
	}
	var held []*holding
	if p.Serial == nil { // its faults are for single calls
		held = r.inject(ctx, at, p)
	}
	err := r.carry(ctx, at, p)
	r.heal(ctx, held)
	mark.Ended, mark.Complete = time.Since(r.Run.Began), err == nil && ctx.Err() == nil
	r.pull(context.WithoutCancel(ctx))
	if len(p.Faults) > 0 {
		r.guard.end(mark.Ended) // also of faults for everybody: after them others are not well at once
	}
	r.account()
	r.Journal.Record(plumbline.Record{Phase: &mark})
	r.Journal.Flush()
	r.tell(progress.Event{Ended: &mark})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// offered is how many requests the streams of a phase ask for, and how many a
// second on average.
func offered(p plumbline.Phase) (expected, rate float64) {
	for _, s := range p.Streams {
		if s.Arrivals != plumbline.ArrivalsClosed {
			expected += s.Expected()
		}
	}
	if p.Duration > 0 {
		rate = expected / p.Duration.Seconds()
	}
	return expected, rate
}

func (r *Runner) carry(ctx context.Context, at Place, p plumbline.Phase) error {
	for _, name := range p.Checks {
		r.check(ctx, at, name)
	}
	if err := r.calls(ctx, at, p); err != nil {
		return err
	}
	if err := r.verify(ctx, at, p); err != nil {
		return err
	}
	if len(p.Streams) == 0 {
		return nil
	}
	return r.Streams.Run(ctx, at, p, r.Journal.Record)
}

func (r *Runner) check(ctx context.Context, at Place, name string) {
	check := r.Checks[name]
	if check == nil {
		r.Journal.Record(plumbline.Record{Check: &plumbline.Check{Name: name, Experiment: at.Experiment, Detail: "not available in this run"}})
		return
	}
	for _, c := range check(ctx) {
		c.Experiment = at.Experiment
		r.Journal.Record(plumbline.Record{Check: &c})
	}
}

func (r *Runner) verify(ctx context.Context, at Place, p plumbline.Phase) error {
	if len(p.Pacts) == 0 {
		return nil
	}
	if r.Pacts == nil {
		r.doubt(at, plumbline.ReasonNoLibrary, "this run has no Pact engine")
		return nil
	}
	var files []string
	for _, f := range p.Pacts {
		// Generated pacts are in the run directory; declared ones are where they were found.
		if inside := filepath.Join(r.Dir, f); !filepath.IsAbs(f) && isThere(inside) {
			f = inside
		}
		files = append(files, f)
	}
	results, err := r.Pacts.Verify(ctx, files)
	if err != nil && ctx.Err() == nil {
		r.doubt(at, plumbline.ReasonNoLibrary, err.Error())
	}
	for _, res := range results {
		if rel, err := filepath.Rel(r.Dir, res.File); err == nil && filepath.IsLocal(rel) {
			res.File = filepath.ToSlash(rel)
		}
		r.Journal.Record(plumbline.Record{Pact: &res})
	}
	return ctx.Err()
}

func (r *Runner) doubt(at Place, why plumbline.Reason, detail string) {
	r.log().Warn("doubt", "experiment", at.Experiment, "phase", at.Phase, "reason", string(why), "detail", detail)
	r.Journal.Record(plumbline.Record{Doubt: &plumbline.Doubt{Experiment: at.Experiment, Reason: why, Detail: detail}})
}

// pull moves what the wires have seen into the journal, and returns it.
func (r *Runner) pull(ctx context.Context) []plumbline.Exchange {
	if r.Wires == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	seen, err := r.Wires.Exchanges(ctx)
	if err != nil {
		r.Journal.Record(plumbline.Record{Doubt: &plumbline.Doubt{Reason: plumbline.ReasonWireDark, Detail: "the journal of the wires cannot be read: " + err.Error()}})
	}
	for _, x := range seen {
		r.guard.note(x)
		r.lately.note(x.Wire, x.Ended)
		r.Journal.Record(plumbline.Record{At: max(x.Ended, 1), Exchange: &x})
	}
	return seen
}

// account moves what the target said of itself into the journal.
func (r *Runner) account() {
	if r.Scraped == nil {
		return
	}
	for _, s := range r.Scraped() {
		r.Journal.Record(plumbline.Record{At: s.At, Scrape: &s})
	}
}

func isThere(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
