package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// errStopped is why a session ended before its time.
var errStopped = errors.New("stopped early")

// A guard ends a session as soon as far too much of it is bad. It looks at
// every answer as it comes in, so nothing is slower than the answers are.
type guard struct {
	rule *plumbline.Stop
	end  context.CancelCauseFunc

	mu     sync.Mutex
	recent []seen // within the window, the oldest first
	first  int
	bad    int
	reason string
}

// seen is what a guard keeps of an answer.
type seen struct {
	at  time.Duration
	bad bool
}

func newGuard(rule *plumbline.Stop, end context.CancelCauseFunc) *guard {
	return &guard{rule: rule, end: end}
}

func (g *guard) add(o plumbline.Observation) {
	if g.rule == nil || ours(o.Error) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.push(seen{o.Done(), !o.OK() || g.rule.Within > 0 && o.Latency > g.rule.Within})
	if n := len(g.recent) - g.first; n >= g.rule.Least && float64(g.bad) >= g.rule.Share*float64(n) && g.reason == "" {
		g.reason = fmt.Sprintf("%d of %d requests within %s were bad", g.bad, n, g.rule.Window)
		g.end(errStopped)
	}
}

// ours tells whether an error is the generator's own.
func ours(e plumbline.ErrorClass) bool {
	return e == plumbline.ErrorCanceled || e == plumbline.ErrorPorts || e == plumbline.ErrorUnbound
}

// push adds an answer and drops what the window has left behind.
func (g *guard) push(s seen) {
	g.recent = append(g.recent, s)
	if s.bad {
		g.bad++
	}
	for ; g.first < len(g.recent) && g.recent[g.first].at < s.at-g.rule.Window; g.first++ {
		if g.recent[g.first].bad {
			g.bad--
		}
	}
	if g.first > len(g.recent)/2 && g.first > 64 {
		g.recent = append(g.recent[:0], g.recent[g.first:]...)
		g.first = 0
	}
}

func (g *guard) why() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.reason
}
