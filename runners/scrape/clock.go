package scrape

import (
	"context"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// How long a target may take until its counts are those of what it has answered.
const (
	settleEvery = time.Second
	settleMost  = 6
)

// Follow reads the source again and again until ctx ends, and hands over what
// was read. A source that is slow is asked less often.
func (s *Source) Follow(ctx context.Context, record func(plumbline.Scrape)) {
	every := s.Every
	if every <= 0 {
		every = time.Second
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		if got := s.Read(ctx, false); ctx.Err() == nil {
			record(got)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// Settled reads the source until its counts hold still, and returns the last two
// readings: what a service counts when it has answered comes a little after the
// answer.
func (s *Source) Settled(ctx context.Context) []plumbline.Scrape {
	last := s.Read(ctx, true)
	for range settleMost {
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return []plumbline.Scrape{last}
		}
		next := s.Read(ctx, true)
		if next.Error != "" || same(last, next) {
			return []plumbline.Scrape{last, next}
		}
		last = next
	}
	return []plumbline.Scrape{last}
}

// same tells whether nothing was answered between two readings.
func same(a, b plumbline.Scrape) bool {
	return a.Error == "" && a.Requests == b.Requests && a.Timed == b.Timed
}
