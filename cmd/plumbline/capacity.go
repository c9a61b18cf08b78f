package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
)

// loadOptions say how far a run may go beyond what the service promises.
type loadOptions struct {
	overload float64           // requests a second; zero: what the declaration says
	peak     float64           // promised
	rate     float64           // of the target load; zero: as declared
	search   *plumbline.Search // nil: only where a claim asks for it
	profile  string            // way to load the deployment; empty: as declared
	lasts    time.Duration     // of the load; zero: as declared
}

func (a *app) capacityCommand() *cobra.Command {
	var o options
	var s plumbline.Search
	c := &cobra.Command{
		Use: "capacity", Short: "Search for the highest rate at which the deployment keeps its objectives", Args: cobra.NoArgs,
		Long: `Capacity sends more and more load, up to --up-to requests a second, until an
objective is broken, and then halves the gap. The answer is an interval: the
highest rate that keeps every objective, held once more for --confirm, and the
lowest that breaks one, tried twice; with the objective and the operation that
break first, and the headroom above the promised peak. When the generator
cannot keep up there is no answer but that.

It loads the deployment until it bends: --up-to, or load.overload of
plumbline.yaml, is the permission, and nothing is ever sent beyond it.`,
		Example: `  plumbline capacity -c plumbline.yaml --up-to 2000
  plumbline capacity --spec openapi.json --target http://127.0.0.1:8080 --slo 'p(99)<300ms' --up-to 500 --peak 120`,
		RunE: func(c *cobra.Command, _ []string) error {
			o.search, o.only = &s, []string{"load/capacity-headroom"}
			return a.capacity(c.Context(), o)
		},
	}
	o.bind(c.Flags())
	o.bindRun(c)
	_ = c.Flags().MarkHidden("only")
	f := c.Flags()
	f.Float64Var(&o.overload, "up-to", 0, "requests a second that are never exceeded (default load.overload)")
	f.Float64Var(&o.peak, "peak", 0, "requests a second that are promised at the busiest time (default load.peak)")
	f.Float64Var(&s.Start, "start", 0, "requests a second of the first step (default load.rate)")
	f.DurationVar(&s.Step, "step", 10*time.Second, "how long a step is judged")
	f.DurationVar(&s.Confirm, "confirm", 30*time.Second, "how long the answer is held once more")
	f.Float64Var(&s.Precision, "precision", 0.04, "width of the interval at which the search ends, as a share of its lower end")
	return c
}

// capacity runs the search. Without a promised peak no claim is judged, and the
// answer itself says how the command ends.
func (a *app) capacity(ctx context.Context, o options) error {
	if o.search.Precision <= 0 || o.search.Precision >= 1 || o.search.Step < 2*time.Second {
		return usage(wrongFlag("--precision", "", "write for example --precision 0.1 --step 5s", "--precision is a share between 0 and 1, and a --step takes 2s at least"))
	}
	o.search.Budget = o.budget
	o.budget = 0           // the first step is not dropped for the length of all
	s, err := a.prepare(o) //nolint:contextcheck // what it asks a broker has a deadline of its own
	if err != nil {
		return err
	}
	if _, ok := s.plan.Experiment("load/capacity"); !ok {
		for _, k := range s.plan.Skips {
			if k.Function == "load/capacity-headroom" {
				return usage(fmt.Errorf("%s: %s; --up-to RATE allows it", k.Reason, k.Detail))
			}
		}
	}
	s.answered = func(r plumbline.Report) error {
		if r.Capacity == nil || s.design.Load.Peak > 0 || r.ExitCode != plumbline.ExitNotProven {
			return verdict(r)
		}
		if r.Capacity.Outcome == plumbline.Pass {
			return nil
		}
		return &exit{code: plumbline.ExitNotProven}
	}
	return a.carry(ctx, s)
}

// allowed puts what the command line says of load into the design.
func (s *session) allowed() {
	l := &s.design.Load
	if s.overload > 0 {
		l.Overload = s.overload
	}
	if s.peak > 0 {
		l.Peak = s.peak
	}
	if s.rate > 0 {
		l.Rate = s.rate
	}
	l.Search = s.search
	l.Profile = s.profile
	if s.lasts > 0 {
		l.Duration, l.Soak = s.lasts, s.lasts
	}
}
