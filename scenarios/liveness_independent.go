package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const livenessIndependent = "resilience/liveness-independent"

// What a poll of the liveness path may take, and how many may not be right.
const (
	pollLimit   = 500 * time.Millisecond
	pollsBad    = 2 // of twenty; one may meet a stop of the machine
	pollsNeeded = 15
	pollNear    = 500 * time.Millisecond // between a poll and a neighbour that was held up with it
)

func init() {
	register(plumbline.Function{
		ID:    livenessIndependent,
		Title: "Liveness does not depend on dependencies",
		Doc: `Method: the liveness path is polled at least twenty times while the dependency fails for all that the run sends (503, or refused on a TCP wire), and twenty times while it hangs. On an HTTP wire the hang may be kept to the polls themselves and the requests beside them.
Criterion: status 200 within 500 ms; one poll in ten may differ, for the machine may stop for a moment.
Guard: where polls were slow before any fault, slowness is not held against them. Where wires of several dependencies hang at once only a poll whose own call was seen on the wire counts. A poll that is held up together with an operation that does not use the dependency shows a target without bulkheads, not a liveness check that looks at dependencies: it is left out.`,
		Standard: "Kubernetes, Configure Liveness, Readiness and Startup Probes",
		Mutants:  []string{"liveness-depends-on-db"},
		Order:    60,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			if _, ok := livenessOf(d); !ok && len(d.Dependencies) > 0 {
				return plumbline.Proposal{Skips: []plumbline.Skip{noLiveness(d, livenessIndependent)}}
			}
			return perDependency(d, livenessIndependent, func(dep plumbline.Dependency) plumbline.Proposal {
				o, ok := outageOf(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				p := claimed(plumbline.BasisDeclared, dep.Source, fmt.Sprintf("GET %s answers 200 within %s while %s fails or hangs", d.Liveness, readable(pollLimit), dep.Name), o.experiment())
				if x, found := probingOf(d, dep); found && !o.hangs() {
					p.Experiments = append(p.Experiments, x)
				}
				return p
			})
		},
		Judge: judgeLiveness,
	})
}

func judgeLiveness(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).sight(phaseBaseline, phaseDown)
	if !ok {
		return v
	}
	base := s.polled(phaseBaseline)
	if !steadyState(base) {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before the outage %d of %d polls of the liveness path were answered 2xx (%s)",
			len(base)-len(unsuccessful(base)), len(base), answers(observed(base)))
	}
	slowAnyway := len(differing(base, false)) > len(base)/10
	if v, ok = s.lost(phaseDown); !ok {
		return v
	}
	down := s.judgedPolls(phaseDown, slowAnyway)
	if down.accuses() {
		return s.notIndependent(down, "failed")
	}
	hung, v, ok := s.hungPolls(slowAnyway)
	switch {
	case hung.accuses():
		return s.notIndependent(hung, "hung")
	case !ok:
		return v
	case min(down.counted, hung.counted) < pollsNeeded:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s can be judged, %d are needed", plural(min(down.counted, hung.counted), "poll"), pollsNeeded)
	}
	polls, bad := down.counted+hung.counted, len(down.bad)+len(hung.bad)
	slowest := quantileOf(times(append(slices.Clone(down.all), hung.all...)), 1).value
	return pass(figure{float64(bad), float64(polls / 10), "polls", polls}, "%d polls while %s failed and hung, %d of them other than 200 within %s; the slowest took %s",
		polls, s.dep.Name, bad, readable(pollLimit), readable(slowest))
}

// A pollSample is the polls of one phase.
type pollSample struct {
	all     []trial
	counted int     // of all, those that can be judged
	bad     []trial // of these, those that are not as they should be
}

// accuses says whether there are more bad polls than chance would have it.
func (p pollSample) accuses() bool {
	return p.counted >= pollsNeeded && len(p.bad) >= pollsBad && 10*len(p.bad) >= p.counted
}

func (s outageSight) notIndependent(p pollSample, what string) plumbline.Verdict {
	v := fail(figure{float64(len(p.bad)), float64(p.counted / 10), "polls", p.counted}, "%d of %d polls of the liveness path were other than 200 within %s while %s %s (%s)",
		len(p.bad), p.counted, readable(pollLimit), s.dep.Name, what, answers(observed(p.bad)))
	v.Evidence = s.exhibits(p.bad)
	v.Remedy = "let the liveness path say only that the process itself runs; what it needs belongs to readiness"
	return v
}

// judgedPolls looks at the polls of a phase of the outage.
func (s outageSight) judgedPolls(phase string, slowAnyway bool) pollSample {
	var held []trial
	for _, t := range s.sparing(phase) {
		if !succeeded(t.seen) || t.seen.Service() > pollLimit {
			held = append(held, t)
		}
	}
	p := pollSample{all: s.polled(phase)}
	p.counted = len(p.all)
	for _, t := range differing(p.all, slowAnyway) {
		if together(t, held) {
			p.counted--
			continue
		}
		p.bad = append(p.bad, t)
	}
	return p
}

// hungPolls looks at the polls while the dependency hung: for all, or for
// single requests and the polls themselves.
func (s outageSight) hungPolls(slowAnyway bool) (pollSample, plumbline.Verdict, bool) {
	if !s.o.hangs() {
		return s.scopedPolls(slowAnyway)
	}
	if v, ok := s.ran(s.o.id(), phaseHang); !ok {
		return pollSample{}, v, false
	}
	p := s.judgedPolls(phaseHang, slowAnyway)
	v, ok := s.lost(phaseHang)
	return p, v, ok
}

func (s outageSight) scopedPolls(slowAnyway bool) (pollSample, plumbline.Verdict, bool) {
	p, ok := probeOf(s.d, s.dep, probeHang)
	if !ok {
		return pollSample{}, inconclusive(plumbline.ReasonNoTrace, "no hang of %s could be kept to this run", s.dep.Name), false
	}
	if v, ok := s.ran(p.experiment, p.phase); !ok {
		return pollSample{}, v, false
	}
	hits := 0
	for _, op := range p.uses {
		hits += len(s.faulted(p, op.ID))
	}
	if hits < onceEnough {
		return pollSample{}, s.undelivered(p.experiment, p.phase, hits, onceEnough), false
	}
	out := pollSample{all: s.wire.trials(s.e, p.experiment, p.phase, pollName)}
	out.counted = len(out.all)
	for _, t := range differing(out.all, slowAnyway) {
		if len(t.calls) > 0 {
			out.bad = append(out.bad, t)
		}
	}
	return out, plumbline.Verdict{}, true
}

// differing are the polls that are not 200 or, unless slowness is excused, not
// quick.
func differing(polls []trial, slowAnyway bool) []trial {
	var out []trial
	for _, t := range polls {
		if t.seen.Error != "" || t.seen.Status != 200 || (!slowAnyway && t.seen.Service() > pollLimit) {
			out = append(out, t)
		}
	}
	return out
}

// together says whether one of the other requests was held up at the time of
// the poll.
func together(poll trial, held []trial) bool {
	for _, t := range held {
		if t.seen.Sent <= poll.seen.Done()+pollNear && poll.seen.Sent <= t.seen.Done()+pollNear {
			return true
		}
	}
	return false
}
