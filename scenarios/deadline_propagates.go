package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const deadlinePropagates = "resilience/deadline-propagates"

// The phases of the requests with a deadline, and what their clients say.
const (
	deadlinePrefix = "deadline/"

	phaseTold  = "told"
	phaseLate  = "late"
	phaseSpent = "spent"

	toldLeft  = 5 * time.Second // nothing is near it
	lateLeft  = 900 * time.Millisecond
	lateEach  = 300 * time.Millisecond // each dependency
	spentLeft = 250 * time.Millisecond
	spentEach = 600 * time.Millisecond

	deadlineTold   = 3
	deadlineCalls  = 6
	deadlineLeast  = 4                      // requests that have to show a thing
	deadlineBeyond = 150 * time.Millisecond // what is handed down may be beyond what is left by that, or a tenth
)

func init() {
	register(plumbline.Function{
		ID:    deadlinePropagates,
		Title: "The time that is left is handed down and kept to",
		Doc: `Method: of one operation that uses the dependency, and of several the one that uses most others, requests are sent one at a time whose client says in the declared header how much time it has: three with plenty, six with 900 ms while each dependency that is meant answers 300 ms late, six with 250 ms while each does 600 ms late. The wire reads what calls say is left.
Criterion: calls to the dependency carry the header; what it says is at most what was left when the call was made, with a tenth of the client's time or 150 ms beyond it, whichever is more; and no call of a kind that the first three made begins that much after the client's time is up. Half of the requests may differ.
Guard: only where the header is declared, for the dependencies that it names. Four requests at least have to have called the dependency while others were late. Calls that only failures make, such as those that undo something, may come later and do not count.`,
		Standard: "gRPC, Deadlines; Beyer et al., Site Reliability Engineering, ch. 22, Deadline Propagation",
		Mutants:  []string{"deadline-handed-on-unchanged"},
		Order:    55,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, deadlinePropagates, func(dep plumbline.Dependency) plumbline.Proposal {
				switch {
				case d.Deadline == nil:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "no header is declared that says how much time is left", "deadline: {header: X-Request-Timeout-Ms}")
				case !slices.ContainsFunc(handedDeadline(d), func(x plumbline.Dependency) bool { return x.Name == dep.Name }):
					return unclaimed(dep, plumbline.ReasonNotApplicable, "what is left is not declared to be handed to "+dep.Name+", or nothing tells whose call is whose", "deadline.dependencies, propagation: w3c")
				}
				op, ok := deadlineUser(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				return claimed(plumbline.BasisDeclared, d.Deadline.Source, fmt.Sprintf("calls to %s say how much of the client's time is left, and none begins when it is up", dep.Name), deadlineExperiment(d, op))
			})
		},
		Judge: judgeDeadline,
	})
}

// handedDeadline are the dependencies to which the time that is left is handed.
func handedDeadline(d plumbline.Design) []plumbline.Dependency {
	var out []plumbline.Dependency
	for _, dep := range d.Dependencies {
		meant := len(d.Deadline.Dependencies) == 0 || slices.Contains(d.Deadline.Dependencies, dep.Name)
		if meant && dep.Wire != plumbline.WireTCP && d.HandsOn(dep) {
			out = append(out, dep)
		}
	}
	return out
}

// deadlineUser is the operation whose calls to the dependency are looked at: the
// one that also calls most others.
func deadlineUser(d plumbline.Design, dep plumbline.Dependency) (best plumbline.Operation, ok bool) {
	most := 0
	for _, op := range usersOf(d, dep) {
		n := 0
		for _, other := range handedDeadline(d) {
			if slices.Contains(other.Operations, op.ID) {
				n++
			}
		}
		if !ok || n > most {
			best, most, ok = op, n, true
		}
	}
	return best, ok
}

func deadlineExperiment(d plumbline.Design, op plumbline.Operation) plumbline.Experiment {
	phase := func(name string, role plumbline.Role, left, late time.Duration, n int) plumbline.Phase {
		own := op.Cases[0]
		own.Request.Header = maps.Clone(withHeader(own.Request.Header, d.Deadline.Header))
		own.Request.Header[d.Deadline.Header] = []string{d.Deadline.Text(left)}
		ph := plumbline.Phase{Name: name, Role: role, Calls: []plumbline.Call{{Name: name, Operation: op.ID, Own: &own, Repeat: n}}}
		for _, dep := range handedDeadline(d) {
			if late > 0 && (len(dep.Operations) == 0 || slices.Contains(dep.Operations, op.ID)) {
				ph.Faults = append(ph.Faults, plumbline.Fault{Dependency: dep.Name, Kind: plumbline.FaultDelay, Latency: late, Streams: []string{name}})
			}
		}
		return ph
	}
	return plumbline.Experiment{
		ID: deadlinePrefix + op.ID, Title: op.ID + " for clients who say how much time they have", Kind: plumbline.KindContract,
		Phases: []plumbline.Phase{
			phase(phaseTold, plumbline.RoleBaseline, toldLeft, 0, deadlineTold),
			phase(phaseLate, plumbline.RoleFault, lateLeft, lateEach, deadlineCalls),
			phase(phaseSpent, plumbline.RoleFault, spentLeft, spentEach, deadlineCalls),
		},
	}
}

// A handing is what the calls of some requests said of the time that is left.
type handing struct {
	called []trial       // requests that called the dependency
	mute   []trial       // of them: a call said nothing
	beyond []trial       // of them: a call said more than is left
	worst  time.Duration // by so much
	after  []trial       // requests for which a call was begun when their time was up
	latest time.Duration // the most of a client's time that had passed when a call began
}

func judgeDeadline(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	op, ok := deadlineUser(d, q.dep)
	if !ok || d.Deadline == nil {
		return skipped(plumbline.ReasonNotApplicable, "no request with a deadline uses %s", q.dep.Name)
	}
	x := deadlinePrefix + op.ID
	if v, ok := q.ran(x, phaseTold, phaseLate, phaseSpent); !ok {
		return v
	}
	usual := map[string]bool{}
	told := q.wire.trials(e, x, phaseTold, phaseTold)
	for _, t := range told {
		for _, call := range t.calls {
			usual[call.Method] = true
		}
	}
	if len(unsuccessful(told)) > 0 || len(usual) == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "of %s with plenty of time %d were answered 2xx, and they made %s to %s", plural(len(told), "request"), len(told)-len(unsuccessful(told)), plural(callsOf(told), "call"), q.dep.Name)
	}
	late := handingOf(q.wire.trials(e, x, phaseLate, phaseLate), usual, lateLeft)
	spent := handingOf(q.wire.trials(e, x, phaseSpent, phaseSpent), usual, spentLeft)
	if len(late.called) < deadlineLeast {
		return q.undelivered(x, phaseLate, len(late.called), deadlineLeast)
	}
	f := figure{milliseconds(late.worst), milliseconds(beyondOf(lateLeft)), "ms", len(late.called)}
	hand := "say in " + d.Deadline.Header + " of each call what is left of the client's time when it is made, and make none when that is up"
	most := len(late.called) / 2
	switch {
	case len(late.mute) > most:
		v := fail(figure{float64(len(late.mute)), float64(most), "requests", len(late.called)}, "of %s with %s in %s the calls to %s did not say how much time is left", plural(len(late.mute), "request"), d.Deadline.Text(lateLeft), d.Deadline.Header, q.dep.Name)
		v.Evidence, v.Remedy = q.exhibits(late.mute), hand
		return v
	case len(late.beyond) > most:
		v := fail(f, "for %d of %d clients with %s calls to %s said that more was left than there was, by up to %s", len(late.beyond), len(late.called), readable(lateLeft), q.dep.Name, readable(late.worst))
		v.Evidence, v.Remedy = q.exhibits(late.beyond), hand
		return v
	case len(spent.after) > deadlineCalls/2:
		v := fail(figure{float64(len(spent.after)), deadlineCalls / 2, "requests", deadlineCalls}, "for %d of %d clients with %s a call to %s was begun when that was up, up to %s after it was sent", len(spent.after), deadlineCalls, readable(spentLeft), q.dep.Name, readable(spent.latest))
		v.Evidence, v.Remedy = q.exhibits(spent.after), hand
		return v
	}
	return pass(f, "calls to %s for %s with %s said at most %s more than was left, the latest after %s; of those with %s, %d made a call when that was up",
		q.dep.Name, plural(len(late.called), "client"), readable(lateLeft), readable(late.worst), readable(late.latest), readable(spentLeft), len(spent.after))
}

// beyondOf is by how much more may be said to be left than is.
func beyondOf(left time.Duration) time.Duration { return max(deadlineBeyond, left/10) }

// handingOf looks at the calls of the usual kinds.
func handingOf(trials []trial, usual map[string]bool, left time.Duration) (h handing) {
	for _, t := range trials {
		called, mute, beyond, after := false, false, false, false
		for _, call := range t.calls {
			if !usual[call.Method] {
				continue
			}
			passed := call.Began - t.seen.Sent
			over := call.Deadline - (left - passed)
			called, mute = true, mute || call.Deadline == 0
			beyond = beyond || over > beyondOf(left)
			after = after || passed > left+beyondOf(left)
			h.latest = max(h.latest, passed)
			if call.Deadline > 0 {
				h.worst = max(h.worst, over)
			}
		}
		for _, sort := range []struct {
			is bool
			to *[]trial
		}{{called, &h.called}, {mute, &h.mute}, {beyond, &h.beyond}, {after, &h.after}} {
			if sort.is {
				*sort.to = append(*sort.to, t)
			}
		}
	}
	return h
}
