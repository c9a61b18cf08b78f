package lean

import (
	"container/list"
	"context"
	"net"
	"os"
	"time"
)

// How many connections to one host are opened at once. A request that finds none
// free is served by whichever comes first: one that another request gives back, or
// one that it may open. Without a bound a generator that is a little late opens
// hundreds at once, which makes it later still. The bound is what opens dialRate
// connections a second when each takes as long as the quickest has taken, by
// Little's law: it binds where they are opened in an instant, and not where they
// take long.
const (
	firstDials  = 64 // before one was opened
	fewestDials = 8
	dialRate    = 20_000
)

// A waiter is a request without a connection.
type waiter struct {
	got  chan *conn // one that became free; nil: it may open one
	self *list.Element
}

// get is a connection that was kept; or neither, and one may be opened, which
// opened has to follow; or what to wait for.
func (h *host) get(timeout time.Duration) (*conn, *waiter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.pop(timeout); c != nil {
		return c, nil
	}
	if h.dials < h.mostDials() {
		h.dials++
		return nil, nil
	}
	w := &waiter{got: make(chan *conn, 1)}
	w.self = h.waiting.PushBack(w)
	return nil, w
}

func (h *host) mostDials() int {
	if h.quickest == 0 {
		return firstDials
	}
	return max(fewestDials, int(h.quickest.Seconds()*dialRate))
}

// opening says that a connection is opened, whatever the bound.
func (h *host) opening() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dials++
}

// opened says that one was, and how long that took; or that it was not. It is the
// turn of those who wait then.
func (h *host) opened(took time.Duration, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dials--
	if ok && (h.quickest == 0 || took < h.quickest) {
		h.quickest = max(took, 1)
	}
	for h.dials < h.mostDials() && h.give(nil) {
		h.dials++
	}
}

// give hands a connection, or the turn to open one, to who has waited longest. It
// is false when nobody waits.
func (h *host) give(c *conn) bool {
	first := h.waiting.Front()
	if first == nil {
		return false
	}
	w, _ := h.waiting.Remove(first).(*waiter)
	w.self = nil
	w.got <- c
	return true
}

// await waits until the deadline; zero is none. A connection of nil may be opened.
func (h *host) await(ctx context.Context, w *waiter, deadline time.Time) (*conn, error) {
	var late <-chan time.Time
	if !deadline.IsZero() {
		timer := time.NewTimer(time.Until(deadline))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case c := <-w.got:
		return c, nil
	case <-ctx.Done():
		h.leave(w)
		return nil, ctx.Err()
	case <-late:
		h.leave(w)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
}

// leave has w wait no longer; what it was given meanwhile goes to others.
func (h *host) leave(w *waiter) {
	h.mu.Lock()
	if w.self != nil {
		h.waiting.Remove(w.self)
		w.self = nil
		h.mu.Unlock()
		return
	}
	h.mu.Unlock()
	if c := <-w.got; c == nil {
		h.opened(0, false)
	} else if !h.push(c) {
		c.close()
	}
}
