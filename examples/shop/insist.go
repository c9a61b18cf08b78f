package shop

import (
	"context"
	"errors"
	"net"
	"os"
	"sync"
)

// insistence is a defect: once a kept connection has not answered in time, it is
// the only one that is used, by one call after the other, until it answers or
// ends.
type insistence struct {
	turn chan struct{} // full while a call uses it
	mu   sync.Mutex
	conn net.Conn // nil while there is none
}

func newInsistence() *insistence { return &insistence{turn: make(chan struct{}, 1)} }

func (i *insistence) on() net.Conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.conn
}

// wait returns the connection when it is free; nil when there is none.
func (i *insistence) wait(ctx context.Context) (net.Conn, error) {
	if i.on() == nil {
		return nil, nil //nolint:nilnil // there is none, and that is right
	}
	select {
	case i.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	conn := i.on()
	if conn == nil {
		<-i.turn
	}
	return conn, nil
}

// insists takes in how a call over a kept connection ended, and says whether the
// connection is to be used again all the same.
func (i *insistence) insists(conn net.Conn, err error) bool {
	silent := errors.Is(err, os.ErrDeadlineExceeded)
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case i.conn == conn:
		if !silent {
			i.conn = nil
		}
		<-i.turn
		return silent
	case silent && i.conn == nil:
		i.conn = conn
		return true
	}
	return false
}
