package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

// A sending is how the judged phases of the target load were sent, as far as it
// bears on what they prove.
type sending struct {
	closed          bool
	stopped         string
	unchecked, sent int64
}

func sendingOf(e *plumbline.Evidence) sending {
	var s sending
	for _, h := range e.Health {
		if h.Experiment != loadTarget || h.Phase == warmUp {
			continue
		}
		s.closed = s.closed || h.Closed
		s.unchecked, s.sent = s.unchecked+h.Unchecked, s.sent+h.Sent
		if h.Stopped != "" {
			s.stopped = h.Stopped
		}
	}
	return s
}

// notes adds what a reader must know beside the figures.
func (s sending) notes() string {
	var notes string
	if s.stopped != "" {
		notes += "; the load was stopped early: " + s.stopped
	}
	if s.unchecked > 0 {
		notes += fmt.Sprintf("; %d of %d answers were not held against the document, for the generator to keep up", s.unchecked, s.sent)
	}
	return notes
}

// forbids is the verdict where what was sent cannot carry the one that the
// requests by themselves would; nil when it can.
func (s sending) forbids(o plumbline.Objective, got decision, text string) *plumbline.Verdict {
	var v plumbline.Verdict
	switch {
	case s.closed && o.Within > 0:
		v = inconclusive(plumbline.ReasonUnsupported, "%s; the workload was closed: it waits for the target, so its latencies are those of the requests that it did not hold back", text)
		v.Remedy = "an open workload: arrivals poisson or constant"
	case got.outcome == plumbline.Pass && s.stopped != "":
		v = inconclusive(plumbline.ReasonIncomplete, "%s; the load was stopped early, which proves nothing good", text)
	default:
		return nil
	}
	return &v
}
