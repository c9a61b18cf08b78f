package scenarios

import (
	"fmt"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const cancelOnDisconnect = "resilience/cancel-on-disconnect"

// How clients go away, and what is looked at then.
const (
	leaveAfter   = 200 * time.Millisecond
	leaveLeast   = 3                      // times that the dependency is waited for, so that leaving makes a difference
	givesUpIn    = time.Second            // after the client has left, at most
	givesUpLeast = 100 * time.Millisecond // or it cannot be told from the timeout of the call
	goesOnShare  = 0.2                    // of the requests
)

func init() {
	register(plumbline.Function{
		ID:    cancelOnDisconnect,
		Title: "Work stops when the client has gone away",
		Doc: `Method: while a dependency hangs for single requests, further requests of the same safe operations hang in it whose clients give up after 200 ms and close the connection.
Criterion: at least 80 % of their calls to the dependency are closed by the target within a second after the client has left, or half of the time for which calls of clients who stay are held, whichever is sooner; and no call is begun for them after that.
Guard: only where it is declared of the dependency (cancels), and only safe operations, for what changes something may have to be finished. Ten clients at least have to have left while their call hung. What clients who stay see is the positive control: five of their calls at least have to have been held, and that for so long that a call which outlives its client can be told from one that runs into its timeout. Slowness that healthy requests share decides nothing. Where the run did not start the target itself something between may keep the connection for the client: a breach is likely then, and does not gate unless gates names this function.`,
		Standard: "Beyer et al., Site Reliability Engineering, ch. 22, Cancellation Propagation",
		Mutants:  []string{"outlives-client"},
		Order:    54,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, cancelOnDisconnect, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				switch {
				case !dep.Cancels:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "it is not declared that calls to "+dep.Name+" are given up with their client", "dependencies."+dep.Name+".cancels: true")
				case !ok:
					return skip
				case !d.HandsOn(dep):
					return unclaimed(dep, plumbline.ReasonNotApplicable, "without trace context a call cannot be told to belong to a client who has left", "propagation: w3c")
				case len(leaving(d, dep)) == 0:
					return unclaimed(dep, plumbline.ReasonNotApplicable, "no safe operation waits long enough for "+dep.Name+" to be left meanwhile", "a safe operation in dependencies."+dep.Name+".operations")
				}
				return claimed(plumbline.BasisDeclared, dep.Source, fmt.Sprintf("a call to %s is given up when the client of the request has gone away", dep.Name), x)
			})
		},
		Judge: judgeCancel,
	})
}

// leaves says whether clients of the operation leave while the dependency hangs.
func leaves(dep plumbline.Dependency, op plumbline.Operation) bool {
	return dep.Cancels && op.Safe() && timeoutOf(dep) >= leaveLeast*leaveAfter
}

// leaving are the operations whose clients leave.
func leaving(d plumbline.Design, dep plumbline.Dependency) []plumbline.Operation {
	p, _ := probeOf(d, dep, probeHang)
	return slices.DeleteFunc(slices.Clone(p.uses), func(op plumbline.Operation) bool { return !leaves(dep, op) })
}

// abandoned is a stream of requests whose clients leave.
func abandoned(dep plumbline.Dependency, op plumbline.Operation, rate float64, length time.Duration) plumbline.Stream {
	s := seeded(abandonedStream(dep.Name, op.ID), op, rate, length)
	s.Patience = &plumbline.Patience{Timeout: leaveAfter}
	return s
}

func abandonedStream(dependency, operation string) string {
	return operation + " left while it waits for " + dependency
}

// A desertion is what became of the calls of clients who left.
type desertion struct {
	bound time.Duration // for a call to be closed after that
	left  []trial
	goOn  []trial // of them: the call was held on to, or another was begun
	more  int     // of these: another was begun
	worst time.Duration
}

func judgeCancel(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	p, ok := probeOf(d, q.dep, probeHang)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request that uses %s can be left", q.dep.Name)
	}
	if v, ok := q.ran(p.experiment, p.phase); !ok {
		return v
	}
	var all, bad []trial
	more, worst, least := 0, time.Duration(0), givesUpIn
	for _, op := range leaving(d, q.dep) {
		g, v, ok := q.desertion(p, op.ID)
		if !ok {
			return v
		}
		all, bad = append(all, g.left...), append(bad, g.goOn...)
		more, worst, least = more+g.more, max(worst, g.worst), min(least, g.bound)
	}
	share := float64(len(bad)) / float64(max(1, len(all)))
	f := figure{share, goesOnShare, "ratio", len(all)}
	if share > goesOnShare {
		v := fail(f, "for %d of %d clients who left after %s the target went on: their calls to %s were held up to %s longer, %s is allowed, and for %d of them another call was begun",
			len(bad), len(all), readable(leaveAfter), q.dep.Name, readable(worst), readable(least), more)
		v.Evidence, v.Remedy = q.exhibits(bad), "hand the context of the request, which ends when the client leaves, to every call that is made for it"
		if d.Environment.Target == "" {
			v.Level = plumbline.LevelLikely
			v.Statement += "; whether something between keeps the connection for the client is not known"
		}
		return v
	}
	return pass(f, "of %d clients who left after %s the calls to %s of %d were given up within %s; the slowest after %s",
		len(all), readable(leaveAfter), q.dep.Name, len(all)-len(bad), readable(least), readable(worst))
}

// desertion looks at the clients of one operation who left.
func (q inquiry) desertion(p probe, operation string) (g desertion, v plumbline.Verdict, ok bool) {
	held := heldCalls(q.faulted(p, operation))
	for _, t := range hitBy(q.wire.trials(q.e, p.experiment, p.phase, abandonedStream(q.dep.Name, operation)), p.kind) {
		if t.seen.Error == plumbline.ErrorTimeout {
			g.left = append(g.left, t)
		}
	}
	switch {
	case len(g.left) < hitsLeast:
		return g, q.undelivered(p.experiment, p.phase, len(g.left), hitsLeast), false
	case len(held) < hitsLeast/2:
		return g, inconclusive(plumbline.ReasonNoPositiveControl, "of clients of %s who stay %s to %s were seen to hang, %d are needed", operation, plural(len(held), "call"), q.dep.Name, hitsLeast/2), false
	}
	usual := held[len(held)/4]
	if g.bound = min(givesUpIn, (usual-leaveAfter)/2); g.bound < givesUpLeast {
		return g, inconclusive(plumbline.ReasonNoPositiveControl, "calls of clients of %s who stay are given up after %s: whether others end with their client, who leaves after %s, cannot be told",
			operation, readable(usual), readable(leaveAfter)), false
	}
	for _, t := range g.left {
		over, begun := q.outlives(t, g.bound)
		g.worst = max(g.worst, over)
		if begun {
			g.more++
		}
		if begun || over > g.bound {
			g.goOn = append(g.goOn, t)
		}
	}
	slow := answeredBy(q.beside(p, operation), 0.95)
	if slow > g.bound/2 && float64(len(g.goOn)) > goesOnShare*float64(len(g.left)) {
		return g, inconclusive(plumbline.ReasonNoise, "healthy requests of %s took up to %s meanwhile, so that slowness may be why calls were held for %s after the client had left", operation, readable(slow), readable(g.worst)), false
	}
	return g, v, true
}

// heldCalls are how long the hung calls of the requests were held, in ascending order.
func heldCalls(trials []trial) []time.Duration {
	var out []time.Duration
	for _, t := range trials {
		if d := longestCall([]trial{t}); d > 0 {
			out = append(out, d)
		}
	}
	slices.Sort(out)
	return out
}

// outlives is for how long a call of the request was held after its client had
// left, and whether one was begun on any wire when it should have been over.
func (q inquiry) outlives(t trial, bound time.Duration) (over time.Duration, begun bool) {
	left := t.seen.Done()
	for _, x := range q.e.Exchanges {
		if x.Trace != t.seen.Trace {
			continue
		}
		begun = begun || x.Began > left+bound
		if x.Wire == q.dep.Name && x.Began <= left && x.FaultKind == plumbline.FaultHang {
			over = max(over, x.Ended-left)
		}
	}
	return over, begun
}
