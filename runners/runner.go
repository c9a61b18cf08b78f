package runners

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/faults"
	"github.com/plumbline-dev/plumbline/runners/progress"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A Runner carries out plans. Design, Run, Dir, Journal, Target and Streams
// are needed; without Wires every fault is unsupported, without Pacts nothing
// is verified.
type Runner struct {
	Design  plumbline.Design
	Run     plumbline.Run
	Dir     string // the run directory
	Journal *Journal
	Target  Target
	Streams Streams
	Wires   Wires
	Pacts   Pacts
	Checks  map[string]Check   // self-checks by name
	Seen    *Tally             // what answers held; nil when nobody counts
	Known   []plumbline.Record // what is known before the run begins, and is evidence
	// More proposes what to carry out next, in the light of what was seen; it is
	// asked again until it proposes nothing. Nil proposes nothing.
	More func(round int, e *plumbline.Evidence) []plumbline.Experiment
	// Finished is told of every experiment of the plan that has ended, before the
	// next one begins, so that what was seen holds still. Nil: nobody is.
	Finished func(x plumbline.Experiment, e *plumbline.Evidence)
	Feed     *progress.Feed  // of those who watch; nil when nobody does
	Meter    *progress.Meter // of the answers, as Target and Streams count them; nil when nobody counts
	Log      *slog.Logger
	Lease    time.Duration // of a fault; zero means 15 s

	title string // of the experiment under way

	// Listen is how long the run sends nothing at its beginning, to hear whether
	// others use the wires. Zero: nobody is known to.
	Listen time.Duration

	// Scraped returns what the target said of itself since the last call. Nil: it
	// is not asked.
	Scraped func() []plumbline.Scrape

	guard  *guard // of others, while the plan is carried out
	lately lately
}

// A Target makes single requests and knows what the run created.
type Target interface {
	// Call makes one request of a phase and awaits its answer. It never fails:
	// a request that cannot be made is an observation with an error class.
	Call(ctx context.Context, at Place, c plumbline.Call) plumbline.Observation
	// Flow makes the steps of a flow, one after the other.
	Flow(ctx context.Context, at Place, f plumbline.Flow) Told
	// Teardown deletes what the run created, in reverse order, and reports
	// every resource. It has its own deadline.
	Teardown(ctx context.Context) []plumbline.Resource
}

// Streams runs the open workloads of a phase together and hands over what it
// sees while it runs. It returns when the last answer is in, or at once when
// the context ends.
type Streams interface {
	// Prepare creates what the streams need before any fault is injected.
	Prepare(ctx context.Context, at Place, p plumbline.Phase) error
	Run(ctx context.Context, at Place, p plumbline.Phase, record func(plumbline.Record)) error
}

// Wires injects faults and hands over the exchanges that were seen.
type Wires interface {
	Inject(ctx context.Context, o faults.Order) (faults.Held, error)
	// Exchanges returns what was journalled since the last call.
	Exchanges(ctx context.Context) ([]plumbline.Exchange, error)
}

// Pacts verifies pact files against the target.
type Pacts interface {
	Verify(ctx context.Context, files []string) ([]plumbline.PactResult, error)
}

// A Check is one self-check of the harness.
type Check func(ctx context.Context) []plumbline.Check

// A Place is where in the plan a request belongs; trace ids are made of it.
type Place struct {
	Experiment      string
	ExperimentIndex int
	Phase           string
	PhaseIndex      int
	Role            plumbline.Role
	Stream          int // index of the stream, or streams + index of the call
}

// Carry carries out the plan. The error is that of the harness; what the
// target does is evidence, never an error. When ctx ends, the phase that is
// under way is cut short, faults are healed, created resources deleted, and
// ctx's error is returned. When others suffer from the faults of the run, it ends
// so by itself, which is no error: Run.Stopped says it.
func (r *Runner) Carry(ctx context.Context, p plumbline.Plan) error {
	r.Journal.Record(plumbline.Record{At: 1, Run: &r.Run})
	for _, known := range r.Known {
		r.Journal.Record(known)
	}
	r.Journal.Flush()
	defer r.beat(ctx)()
	outer := ctx
	ctx, over := r.guarded(ctx)
	err := r.experiments(ctx, 0, p.Experiments)
	if err == nil && r.More != nil {
		err = r.more(ctx, len(p.Experiments))
	}
	over()
	end := r.Run
	end.Ended = true // what comes after is no longer the plan
	switch cause := context.Cause(ctx); {
	case err == nil:
	case outer.Err() != nil:
		end.Interrupted = true
	case errors.Is(cause, errOthersSuffer):
		end.Stopped, err = cause.Error(), nil
	default:
		end.Error = err.Error()
	}
	r.restore(ctx)
	if r.Scraped != nil && ctx.Err() == nil {
		target.Wait(ctx, lastWord) // for what the target counts of the last requests
	}
	r.account()
	for _, seen := range r.Seen.Records() {
		r.Journal.Record(plumbline.Record{Seen: &seen})
	}
	r.Journal.Record(plumbline.Record{Run: &end})
	r.Journal.Flush()
	return err
}

// lastWord is how long a target has to count what it has answered, and to be asked
// for it.
const lastWord = 2500 * time.Millisecond

// more carries out what the evidence so far calls for, beginning with nothing
// of what the run has created.
func (r *Runner) more(ctx context.Context, index int) error {
	for round := 1; ; round++ {
		next := r.More(round, r.Journal.Evidence())
		if len(next) == 0 {
			return nil
		}
		if round == 1 { // thousands of things that a load has left are no clean state
			r.teardown(ctx)
		}
		if err := r.experiments(ctx, index, next); err != nil {
			return err
		}
		index += len(next)
	}
}

// experiments carries out experiments, the first of which has the given index
// in the run.
func (r *Runner) experiments(ctx context.Context, first int, experiments []plumbline.Experiment) error {
	for i, x := range experiments {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if x.Kind == plumbline.KindScenario {
			err = r.scenario(ctx, first+i, x)
		} else {
			err = r.experiment(ctx, first+i, x)
		}
		if err != nil {
			return fmt.Errorf("experiment %s: %w", x.ID, err)
		}
		if r.Finished != nil && first == 0 {
			r.Finished(x, r.Journal.Evidence())
		}
	}
	return nil
}

// restore undoes what the run did to the target. It works after ctx is done.
func (r *Runner) restore(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	r.teardown(ctx)
	ctx, cancel := context.WithTimeout(ctx, tidyTime)
	defer cancel()
	r.pull(ctx)
	if check := r.Checks["pass-through"]; check != nil {
		for _, c := range check(ctx) {
			r.Journal.Record(plumbline.Record{Check: &c})
		}
	}
}

// tidyTime bounds the deleting of what a run has created, and what is looked at
// after that.
const tidyTime = 60 * time.Second

// teardown deletes what the run has created so far, and records it. What is left
// when its time is up is tried again at the end of the run, and told.
func (r *Runner) teardown(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tidyTime)
	defer cancel()
	for _, res := range r.Target.Teardown(ctx) {
		r.Journal.Record(plumbline.Record{Resource: &res})
	}
}

func (r *Runner) log() *slog.Logger {
	if r.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Log
}
