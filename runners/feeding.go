package runners

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// A feeding is how far the sequential feeders of a run are, by their place in
// the design.
type feeding struct {
	mu    sync.Mutex
	taken map[int]int
	short map[int]bool // had no row left for a request
}

// row takes the next row of a feeder, or draws one; ok is false when none is
// left.
func (f *feeding) row(i int, x plumbline.Feeder, draw *rand.Rand) (row map[string]any, ok bool) {
	if len(x.Rows) == 0 {
		return nil, false
	}
	if x.Order == plumbline.FeedRandom {
		return x.Rows[draw.IntN(len(x.Rows))], true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.taken == nil {
		f.taken, f.short = map[int]int{}, map[int]bool{}
	}
	n := f.taken[i]
	if n >= len(x.Rows) && x.AtEnd == plumbline.EndStop {
		f.short[i] = true
		return nil, false
	}
	f.taken[i] = n + 1
	return x.Rows[n%len(x.Rows)], true
}

// ended are the feeders that had no row left for a request.
func (f *feeding) ended(all []plumbline.Feeder) []plumbline.Feeder {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []plumbline.Feeder
	for i, x := range all {
		if f.short[i] {
			out = append(out, x)
		}
	}
	return out
}

// fed tells whether the requests of a stream are filled by feeders: those of
// the load, which rotate over the cases of their operation.
func (l *Live) fed(s plumbline.Stream) bool {
	return s.Case == "" && slices.ContainsFunc(l.Design.Load.Feeders, func(f plumbline.Feeder) bool { return f.Feeds(s.Operation) })
}

// unfed are cases without the binds of places that feeders fill: nothing has to
// be made for those.
func (l *Live) unfed(cases []plumbline.Case, operation string) []plumbline.Case {
	out := slices.Clone(cases)
	for i := range out {
		out[i].Binds = slices.DeleteFunc(slices.Clone(out[i].Binds), func(b plumbline.Bind) bool {
			return slices.ContainsFunc(l.Design.Load.Feeders, func(f plumbline.Feeder) bool {
				return f.Feeds(operation) && slices.ContainsFunc(f.Fields, func(x plumbline.Feed) bool { return x.In == b.In && x.Name == b.Name })
			})
		})
	}
	return out
}

// feed fills a request with the rows of a hit. Places that are bound to a step
// of a flow are left to it.
func (l *Live) feed(r *plumbline.Request, operation string, stream int, number uint64, bound ...plumbline.Bind) error {
	op, _ := l.Design.Operation(operation)
	draw := rand.New(rand.NewPCG(l.Run.Seed^uint64(stream)<<40, number)) //nolint:gosec // reproducible on purpose
	for i, f := range l.Design.Load.Feeders {
		if !f.Feeds(operation) {
			continue
		}
		row, ok := l.feeding.row(i, f, draw)
		if !ok {
			return fmt.Errorf("%s has no row left", f.Name)
		}
		for _, x := range f.Fields {
			if slices.ContainsFunc(bound, func(b plumbline.Bind) bool { return b.In == x.In && b.Name == x.Name && stepped(b) }) {
				continue
			}
			if err := target.Feed(r, op.Path, x, row[x.Column]); err != nil {
				return fmt.Errorf("%s: %w", f.Name, err)
			}
		}
	}
	return nil
}

// hungry notes that feeders came to their end, so that less was asked for than
// is told.
func (l *Live) hungry(at Place, streams []plumbline.Stream, record func(plumbline.Record)) {
	for _, f := range l.feeding.ended(l.Design.Load.Feeders) {
		if slices.ContainsFunc(streams, func(s plumbline.Stream) bool { return s.Case == "" && slices.ContainsFunc(s.Reaches(), f.Feeds) }) {
			record(plumbline.Record{Doubt: &plumbline.Doubt{
				Experiment: at.Experiment, Reason: plumbline.ReasonLoadTooLow,
				Detail: fmt.Sprintf("%s came to its end after %d rows, and from then on nothing was sent of what it feeds", f.Name, f.Count),
			}})
		}
	}
}
