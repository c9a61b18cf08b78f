package shop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

// work is what each request costs: one of so many workers for so long. By it
// the shop has a capacity that is known, width over service, on any machine.
// The zero value costs nothing.
type work struct {
	mutant  mutant
	width   int
	service time.Duration
	workers *semaphore.Weighted
	waiting atomic.Int64
	refused atomic.Int64
}

// longestQueue is how long a request may have to wait for a worker. What would
// wait longer is refused at once.
const longestQueue = 100 * time.Millisecond

// newWork reads "8x40ms": 8 workers, 40 ms for each request.
func newWork(text string, m mutant) (*work, error) {
	w := &work{mutant: m}
	if text == "" {
		return w, nil
	}
	width, service, ok := strings.Cut(text, "x")
	n, err := strconv.Atoi(width)
	d, err2 := time.ParseDuration(service)
	if err = errors.Join(err, err2); !ok || err != nil || n < 1 || d <= 0 {
		return nil, fmt.Errorf("SHOP_WORK=%s: workers and time, such as 8x40ms", text)
	}
	if m.is("fewer-workers") {
		n = max(1, n-max(1, n/4))
	}
	w.width, w.service, w.workers = n, d, semaphore.NewWeighted(int64(n))
	return w, nil
}

// do waits for a worker, and for the work to be done. What comes when too many
// wait is refused at once; who has gone away gets no worker.
func (w *work) do(ctx context.Context) error {
	if w.workers == nil {
		return nil
	}
	waiting := w.waiting.Add(1)
	defer w.waiting.Add(-1)
	if waiting > w.room() {
		w.refused.Add(1)
		return refuse(w.mutant.busy(), "too many requests wait")
	}
	if w.mutant.is("metastable-retry-storm") {
		ctx = context.WithoutCancel(ctx) // who has gone away is served all the same
	}
	if err := w.workers.Acquire(ctx, 1); err != nil {
		return refuse(http.StatusServiceUnavailable, "no worker was free in time")
	}
	defer w.workers.Release(1)
	time.Sleep(w.cost(waiting))
	return nil
}

// room is how many requests may be under way: those that are worked on, and
// those that wait no longer than they may.
func (w *work) room() int64 {
	if w.mutant.unbounded() {
		return 1 << 40
	}
	return int64(w.width) + int64(longestQueue/w.service)*int64(w.width)
}

// cost is how long a request keeps a worker when so many are under way.
func (w *work) cost(under int64) time.Duration {
	switch {
	case w.mutant.is("goodput-collapse") && under > 2*int64(w.width): // a convoy at a lock
		return w.service * time.Duration(under) / time.Duration(2*w.width)
	case w.mutant.is("scarred-by-overload") && w.refused.Load() > 200: // a pool that is not given back
		return 3 * w.service
	}
	return w.service
}

// unbounded tells whether the defect lets as many wait as want to.
func (m mutant) unbounded() bool {
	return m.is("no-load-shedding") || m.is("metastable-retry-storm") || m.is("goodput-collapse")
}
