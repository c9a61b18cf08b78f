package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// comparing are the blocks of a comparison.
type comparing struct {
	pairs int
	block time.Duration
}

func (a *app) compareCommand() *cobra.Command {
	var o options
	var x comparing
	c := &cobra.Command{
		Use: "compare A B", Short: "Tell whether deployment B is slower than deployment A", Args: cobra.ExactArgs(2),
		Long: `Compare loads two deployments in turn, in blocks of the declared rate and mix
(A B, B A, A B …), so that what slows the machine down slows both. For the
median and the 95th percentile of each operation it tells the ratio of B to A
with its interval. B is slower where the interval is above 1.05 and the
difference above 1 ms (exit 1); it is not where the interval is below 1.10;
all else is undecided (exit 3).`,
		Example: "  plumbline compare http://old:8080 http://new:8080 --spec openapi.json --pairs 8",
		RunE:    func(c *cobra.Command, args []string) error { return a.compare(c.Context(), o, args, x) },
	}
	o.bind(c.Flags())
	o.bindRun(c)
	_ = c.Flags().MarkHidden("only")
	_ = c.Flags().MarkHidden("target")
	c.Flags().IntVar(&x.pairs, "pairs", 8, "pairs of blocks, 6 at least")
	c.Flags().DurationVar(&x.block, "block", 10*time.Second, "how long a block takes")
	return c
}

// A side is one of the two deployments of a comparison.
type side struct {
	*session
	*carrier
}

func (a *app) compare(ctx context.Context, o options, targets []string, x comparing) error {
	if x.pairs < 6 || x.block < time.Second {
		return usage(errors.New("--pairs of 6 at least, and a --block of 1s at least"))
	}
	out := o.out
	if out == "" {
		out = freshDir(filepath.Join(".plumbline", "compare", time.Now().UTC().Format("20060102T150405Z")))
	}
	sides, err := a.sides(ctx, o, targets, out)
	for _, s := range sides {
		defer s.close(ctx)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err == nil {
		err = a.blocks(ctx, sides, x)
	}
	interrupted := ctx.Err() != nil
	if interrupted {
		err = nil // what was compared until then is told
	}
	for _, s := range sides {
		s.finish(ctx)
		err = errors.Join(err, s.Journal.Close())
	}
	if err != nil {
		return harness(err)
	}
	c := compared(sides)
	c.A, c.B, c.Seed = targets[0], targets[1], o.seed
	if interrupted {
		c.Outcome, c.Reason, c.Remedy = plumbline.Inconclusive, plumbline.ReasonIncomplete, ""
		c.Sentence = fmt.Sprintf("interrupted after %d of %d pairs of blocks; until then: %s", c.Pairs, x.pairs, c.Sentence)
	}
	return a.concluded(c, out, interrupted)
}

// compared holds one side against the other; where one was not reached nothing
// is.
func compared(sides []*side) plumbline.Comparison {
	if len(sides) < 2 {
		return plumbline.Comparison{Schema: plumbline.ComparisonSchema, Compared: []plumbline.Compared{}, Sentence: "nothing was sent"}
	}
	return scenarios.Compare(sides[0].Journal.Evidence(), sides[1].Journal.Evidence())
}

// sides connects to both deployments, as far as they can be reached.
func (a *app) sides(ctx context.Context, o options, targets []string, out string) (sides []*side, err error) {
	for i, target := range targets {
		o.target, o.only, o.out = target, []string{"load/slo-at-target"}, filepath.Join(out, string(rune('a'+i)))
		s, err := a.side(ctx, o)
		if s != nil {
			sides = append(sides, s)
		}
		if err != nil {
			return sides, err
		}
	}
	return sides, nil
}

// side connects to one deployment.
func (a *app) side(ctx context.Context, o options) (*side, error) {
	s, err := a.prepare(o) //nolint:contextcheck // what it asks a broker has a deadline of its own
	if err != nil {
		return nil, err
	}
	if err := s.store(); err != nil {
		return nil, usage(err)
	}
	c, err := a.connect(ctx, s)
	if err != nil {
		return nil, err
	}
	return &side{s, c}, c.preflight(ctx)
}

// blocks sends the blocks in turn, beginning with the other side each time. The
// first pair warms up, and is not kept.
func (a *app) blocks(ctx context.Context, sides []*side, x comparing) error {
	for pair := range x.pairs + 1 {
		order := []*side{sides[pair%2], sides[1-pair%2]}
		for _, s := range order {
			ph, ok := scenarios.CompareBlock(s.session.design, pair, x.block)
			if !ok {
				return errors.New("no operation can be called at a rate")
			}
			var mu sync.Mutex
			var kept []plumbline.Record
			record := func(r plumbline.Record) {
				mu.Lock()
				defer mu.Unlock()
				kept = append(kept, r)
			}
			at := runners.Place{Experiment: "compare", Phase: ph.Name, PhaseIndex: pair, Role: ph.Role}
			if err := s.Streams.Prepare(ctx, at, ph); err != nil {
				return err
			}
			a.note("block %d of %d: %s\n", pair, x.pairs, s.session.design.Target)
			if err := s.Streams.Run(ctx, at, ph, record); err != nil {
				return err // of half a block nothing is kept
			}
			for _, r := range kept {
				if pair > 0 {
					s.Journal.Record(r)
				}
			}
		}
	}
	return nil
}

// finish deletes what was created.
func (s *side) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	for _, r := range s.Target.Teardown(ctx) {
		s.Journal.Record(plumbline.Record{Resource: &r})
	}
}

// concluded writes the comparison and tells it.
func (a *app) concluded(c plumbline.Comparison, out string, interrupted bool) error {
	data, err := indented(c)
	if err == nil {
		err = writeFile(filepath.Join(out, "comparison.json"), data)
	}
	if err != nil {
		return harness(err)
	}
	a.printf("%s: %s\n", c.Outcome, c.Sentence)
	for _, r := range c.Compared {
		a.printf("  %-13s p%-4g %-28s %9.3f ms %9.3f ms  ratio %.3f [%.3f … %.3f]\n", r.Outcome, 100*r.Q, r.Operation, r.A, r.B, r.Ratio, r.Low, r.High)
	}
	if c.Remedy != "" {
		a.printf("  remedy: %s\n", c.Remedy)
	}
	switch {
	case interrupted:
		return &exit{code: plumbline.ExitInterrupted}
	case c.Outcome == plumbline.Pass:
		return nil
	case c.Outcome == plumbline.Fail:
		return &exit{code: plumbline.ExitUnfit}
	default:
		return &exit{code: plumbline.ExitNotProven, err: fmt.Errorf("%s", c.Reason)}
	}
}
