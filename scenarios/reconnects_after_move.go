package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const reconnectsAfterMove = "resilience/reconnects-after-move"

// phaseMoved is that of an outage on a TCP wire in which what is open leads to
// nobody any more, and new connections work.
const phaseMoved = "moved"

const (
	foundDefault = 30 * time.Second // within which what has moved is found again, where no recovery is declared
	foundPerTry  = 2                // declared timeouts at least: one to give up, one to be answered
)

func init() {
	register(plumbline.Function{
		ID:    reconnectsAfterMove,
		Title: "A dependency that has moved is found again",
		Doc: `Method: in the outage of a dependency on a TCP wire, all connections that are open lead to nobody from one moment on, as when another machine takes over an address: what is sent over them is dropped unacknowledged, nothing comes back, and nothing ends them. New connections reach the dependency. The same traffic goes on.
Criterion: after the bound (the declared recovery, else 30 s; never less than two declared timeouts) at most 5 % of the requests fail, or two of them, and their latency (99th percentile from 300 requests, 90th from 100, else 75th) is at most twice that of before, or half a second above it.
Guard: it must have worked before, at least one connection must have been open, and one must have been made afterwards. Each connection that leads to nobody may cost one request, and two are allowed beyond that: where no more failed, or were slow, in all, nothing is accused. Slow answers at a moment when the harness itself sent late are left undecided. The address stays the same: whether a name is looked up again is not seen. Wires of HTTP are not broken so; where the wire cannot do it (not on Linux, or a Toxiproxy) the claim is skipped.`,
		Standard: "RFC 9293 §3.8.3, the user timeout; Kubernetes, Virtual IPs and Service Proxies",
		Mutants:  []string{"insists-on-connection"},
		Order:    57,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, reconnectsAfterMove, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Wire != plumbline.WireTCP {
					return unclaimed(dep, plumbline.ReasonNotApplicable, "the connections of a wire of kind http are not left to nobody", "a wire of kind tcp to "+dep.Name)
				}
				o, ok := outageOf(d, dep)
				switch {
				case !ok:
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				case !o.moves():
					return unclaimed(dep, plumbline.ReasonNotApplicable, fmt.Sprintf("whether %s is found again within %s would take too long to see", dep.Name, readable(o.foundIn())), "a shorter recovery, or dependencies."+dep.Name+".timeout")
				}
				basis := plumbline.BasisDefault
				if d.Recovery > 0 {
					basis = plumbline.BasisDeclared
				}
				return claimed(basis, dep.Source, fmt.Sprintf("within %s of the moment at which connections to %s lead to nobody any more, it is reached over new ones", readable(o.foundIn()), dep.Name), o.experiment())
			})
		},
		Judge: judgeMoved,
	})
}

// foundIn is the bound within which a dependency that has moved is found again.
func (o outage) foundIn() time.Duration {
	bound := foundDefault
	if o.d.Recovery > 0 {
		bound = o.d.Recovery
	}
	return max(bound, foundPerTry*timeoutOf(o.dep))
}

// moves says whether the outage holds a phase in which the dependency has moved.
func (o outage) moves() bool { return o.tcp() && o.foundIn() <= outageLongest }

// moved is that phase, if there is one.
func (o outage) moved() []plumbline.Phase {
	if !o.moves() {
		return nil
	}
	ph := o.phase(phaseMoved, plumbline.RoleFault, o.foundIn()+o.judgedFor(), 1)
	ph.Faults = []plumbline.Fault{{Dependency: o.dep.Name, Kind: plumbline.FaultMoved, Scope: o.scope()}}
	return []plumbline.Phase{ph}
}

func judgeMoved(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).sight(phaseBaseline, phaseMoved)
	if !ok {
		return v
	}
	base, all := s.using(phaseBaseline), s.using(phaseMoved)
	if v, ok := s.usual(base); !ok {
		return v
	}
	left, refused := s.delivered(s.o.id(), phaseMoved)
	mark, _ := e.Phase(s.o.id(), phaseMoved)
	tail := dueFrom(all, mark.Began+s.o.foundIn())
	switch {
	case refused != "":
		return skipped(plumbline.ReasonNotApplicable, "the wire to %s cannot leave connections without an answer and without an end: %s", s.dep.Name, refused)
	case left == 0:
		return s.undelivered(s.o.id(), phaseMoved, left, 1)
	case len(tail) < hitsLeast:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s after the bound of %s, %d are needed", plural(len(tail), "request"), readable(s.o.foundIn()), hitsLeast)
	}
	if v, ok := s.found(left, base, all, tail); !ok {
		return v
	}
	anew := s.connectedAnew(mark)
	if anew == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s to %s led to nobody any more and no new one was seen to be made: the answers came from somewhere else", plural(left, "connection"), s.dep.Name)
	}
	lost := unsuccessful(all)
	took := time.Duration(0)
	if len(lost) > 0 {
		took = lost[len(lost)-1].seen.Done() - mark.Began
	}
	return pass(figure{took.Seconds(), s.o.foundIn().Seconds(), "s", len(all)}, "after %s to %s led to nobody any more %d of %d requests failed, the last of them over after %s; %s new ones were made",
		plural(left, "connection"), s.dep.Name, len(lost), len(all), readable(took), fmt.Sprint(anew))
}

// found says whether the requests at the end are answered as before.
func (s outageSight) found(left int, base, all, tail []trial) (plumbline.Verdict, bool) {
	when := fmt.Sprintf("%s after %s to %s led to nobody any more, and new ones worked,", readable(s.o.foundIn()), plural(left, "connection"), s.dep.Name)
	remedy := "take a connection that was not answered in time out of use, whatever it is, and make a new one"
	accuse := func(f figure, bad, ever []trial, what string) (plumbline.Verdict, bool) {
		if len(ever) <= left+cutBeyond {
			return inconclusive(plumbline.ReasonUndecided, "%s %s; but in all it was %d, no more than there were connections", when, what, len(ever)), false
		}
		v := fail(f, "%s %s", when, what)
		v.Evidence, v.Remedy = s.exhibits(bad), remedy
		return v, false
	}
	lost := unsuccessful(tail)
	if share := float64(len(lost)) / float64(len(tail)); len(lost) >= recoveredBad && share > recoveredShare {
		return accuse(figure{share, recoveredShare, "ratio", len(tail)}, lost, unsuccessful(all), fmt.Sprintf("%d of %d requests failed (%s)", len(lost), len(tail), answers(observed(lost))))
	}
	q := lateQuantile(min(len(tail), len(base)))
	now, before := quantileOf(times(tail), q).value, quantileOf(times(base), q).value
	limit := max(recoveredTimes*before, before+noiseLimit) // who waits for a connection that leads to nobody waits long
	if now <= limit {
		return plumbline.Verdict{}, true
	}
	what := fmt.Sprintf("the %s percentile was %s, %s before it", ordinal(q), readable(now), readable(before))
	if late := latest(tail); late > stallLimit {
		return inconclusive(plumbline.ReasonNoise, "%s %s; but the harness itself sent a request %s late", when, what, readable(late)), false
	}
	return accuse(figure{milliseconds(now), milliseconds(limit), "ms", len(tail)}, laggards(tail, limit), laggards(all, limit), what)
}

// laggards are the requests that took longer than the limit, or failed.
func laggards(all []trial, limit time.Duration) []trial {
	return slices.DeleteFunc(slices.Clone(all), func(t trial) bool { return succeeded(t.seen) && t.seen.Service() <= limit })
}

// connectedAnew counts the connections that were made in a phase.
func (q inquiry) connectedAnew(mark plumbline.PhaseMark) (n int) {
	for _, x := range q.e.Exchanges {
		if x.Wire == q.dep.Name && x.Began >= mark.Began && x.Began <= mark.Ended {
			n++
		}
	}
	return n
}
