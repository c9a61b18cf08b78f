package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

// An outageSight is what a run showed of an outage.
type outageSight struct {
	inquiry
	o outage
}

// sight looks at the outage of the dependency; the verdict says why there is
// nothing to see.
func (q inquiry) sight(phases ...string) (outageSight, plumbline.Verdict, bool) {
	o, ok := outageOf(q.d, q.dep)
	if !ok {
		return outageSight{}, skipped(plumbline.ReasonNotApplicable, "no operation that uses %s can be called again and again", q.dep.Name), false
	}
	v, ok := q.ran(o.id(), phases...)
	return outageSight{q, o}, v, ok
}

// struck is sight of the baseline, the outage and further phases, where all was
// usual before and the dependency was lost.
func (q inquiry) struck(further ...string) (outageSight, plumbline.Verdict, bool) {
	s, v, ok := q.sight(append([]string{phaseBaseline, phaseDown}, further...)...)
	if !ok {
		return s, v, false
	}
	if v, ok := s.usual(s.using(phaseBaseline)); !ok {
		return s, v, false
	}
	v, ok = s.lost(phaseDown)
	return s, v, ok
}

// using are the requests of a phase that use the dependency.
func (s outageSight) using(phase string) []trial { return s.of(phase, s.o.uses) }

// sparing are the requests of a phase that do not.
func (s outageSight) sparing(phase string) []trial { return s.of(phase, s.o.spares) }

// polled are the polls of the liveness path in a phase.
func (s outageSight) polled(phase string) []trial {
	return s.wire.trials(s.e, s.o.id(), phase, pollName)
}

func (s outageSight) of(phase string, operations []plumbline.Operation) []trial {
	var out []trial
	for _, op := range operations {
		out = append(out, s.wire.trials(s.e, s.o.id(), phase, op.ID)...)
	}
	return inOrder(out)
}

// lost says whether the fault of a phase was delivered: to ten calls or to as
// many as may trip the breaker, on a TCP wire to one connection.
func (s outageSight) lost(phase string) (plumbline.Verdict, bool) {
	if s.o.blind() {
		needed := hitsLeast
		if s.o.tcp() {
			needed = 1
		}
		hits, _ := s.delivered(s.o.id(), phase)
		return s.undelivered(s.o.id(), phase, hits, needed), hits >= needed
	}
	kind, needed := plumbline.FaultStatus, hitsLeast
	if phase == phaseHang {
		kind = plumbline.FaultHang
	}
	if b := s.dep.Breaker; b != nil && b.MinCalls > 0 {
		needed = min(needed, b.MinCalls)
	}
	hits := 0
	for _, t := range s.using(phase) {
		hits += t.hits(kind)
	}
	return s.undelivered(s.o.id(), phase, hits, needed), hits >= needed
}

// settled says whether the service had come back after a pause without traffic.
func (s outageSight) settled() bool {
	if _, ok := s.e.Phase(s.o.id(), phaseAfter); !ok || !s.o.settles() {
		return false
	}
	after := s.using(phaseAfter)
	if len(after) < outageWarmUp {
		return false
	}
	last := after[len(after)-1]
	return len(unsuccessful(after)) <= len(after)/3 && len(last.calls) > 0
}

// usual is the verdict when the operations did not work, or did not use the
// dependency, before anything was broken.
func (s outageSight) usual(base []trial) (plumbline.Verdict, bool) {
	switch {
	case !steadyState(base):
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before the outage of %s %d of %d requests were answered 2xx (%s)",
			s.dep.Name, len(base)-len(unsuccessful(base)), len(base), answers(observed(base))), false
	case !s.o.blind() && callsOf(base) == 0 && len(s.wire) == 0:
		return s.undelivered(s.o.id(), phaseDown, 0, hitsLeast), false
	case !s.o.blind() && callsOf(base) < hitsLeast:
		return inconclusive(plumbline.ReasonNoPositiveControl, "before the outage %d requests made %s to %s, %d are needed: the answers came from somewhere else",
			len(base), plural(callsOf(base), "call"), s.dep.Name, hitsLeast), false
	}
	return plumbline.Verdict{}, true
}

// perRequest writes calls and requests as a reader can check them.
func perRequest(calls, requests int) string {
	if requests == 0 {
		return "no request"
	}
	return fmt.Sprintf("%s for %s (%.2f each)", plural(calls, "call"), plural(requests, "request"), float64(calls)/float64(requests))
}
