package main

import (
	"context"
	"net/url"
	"runtime"
	"strings"
	"sync"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/scrape"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// A listener gathers what the target says of itself until the runner asks for it:
// the journal is not written to while it is read.
type listener struct {
	source *scrape.Source

	mu    sync.Mutex
	heard []plumbline.Scrape
}

func (l *listener) add(all ...plumbline.Scrape) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, all...)
}

// take returns what was heard since the last call.
func (l *listener) take() []plumbline.Scrape {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.heard
	l.heard = nil
	return out
}

// settled is the self-check that reads the metrics until they hold still.
func (l *listener) settled(ctx context.Context) []plumbline.Check {
	all := l.source.Settled(ctx)
	l.add(all...)
	c := plumbline.Check{Name: scenarios.CheckMetrics, OK: true, Detail: "the metrics were read"}
	if last := all[len(all)-1]; last.Error != "" {
		c.OK, c.Detail = false, last.Error
	}
	return []plumbline.Check{c}
}

// listen lets the run hear what its target says of itself, where that is known.
// The func that it returns ends that.
func (c *carrier) listen(ctx context.Context, s *session) (end func()) {
	source := &scrape.Source{Began: c.Run.Began}
	switch {
	case s.design.Metrics != nil:
		source.Metrics = *s.design.Metrics
		source.Metrics.URLs = located(s.design.Metrics.URLs, s.design.Target)
	case s.design.Environment.Watched && c.group != nil:
		name := s.design.Environment.Target
		source.PIDs = func() []int {
			if pid, ok := c.group.PID(name); ok {
				return []int{pid}
			}
			return nil
		}
	default:
		return func() {}
	}
	l := &listener{source: source}
	c.Scraped = l.take
	c.Checks[scenarios.CheckMetrics] = l.settled
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { source.Follow(ctx, func(x plumbline.Scrape) { l.add(x) }) })
	return func() {
		cancel()
		wg.Wait()
	}
}

// located are the addresses of metrics; a path is one of the target.
func located(urls []string, target string) []string {
	var out []string
	for _, at := range urls {
		base, err := url.Parse(target)
		if err == nil && strings.HasPrefix(at, "/") {
			at = base.Scheme + "://" + base.Host + at
		}
		out = append(out, at)
	}
	return out
}

// watchable says whether the system tells of processes that are started here.
func watchable() bool { return runtime.GOOS == "linux" }
