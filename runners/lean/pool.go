package lean

import (
	"container/list"
	"sync"
	"time"
)

// A host is what connections are kept for. The one that was used last is used
// next, so that as few as possible are kept warm.
type host struct {
	address address
	mu      sync.Mutex
	idle    []*conn // the one that was used last is the last

	waiting  list.List     // requests without a connection; who has waited longest is first
	dials    int           // connections that are being opened
	quickest time.Duration // that opening one took, TLS included; zero: none was opened
}

// pop is a connection that was kept; mu is held.
func (h *host) pop(timeout time.Duration) *conn {
	n := len(h.idle)
	if n == 0 {
		return nil
	}
	c := h.idle[n-1]
	h.idle[n-1], h.idle = nil, h.idle[:n-1]
	// The one at the bottom has waited longest: looking at it alone keeps the
	// pool free of those that are never used again.
	if n > 1 && time.Since(h.idle[0].idle) > timeout {
		old := h.idle[0]
		h.idle = append(h.idle[:0], h.idle[1:]...)
		old.close()
	}
	if time.Since(c.idle) > timeout {
		c.close()
		return nil
	}
	return c
}

// push gives a connection back. It is false when it has to be closed.
func (h *host) push(c *conn) bool {
	c.idle = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.give(c) {
		return true
	}
	if len(h.idle) >= mostIdle {
		return false
	}
	h.idle = append(h.idle, c)
	return true
}

func (h *host) closeAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.idle {
		c.close()
	}
	h.idle = nil
}
