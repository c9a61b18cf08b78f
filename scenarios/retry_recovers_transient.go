package scenarios

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const retryRecovers = "resilience/retry-recovers-transient"

// How many requests have to be saved by a second attempt.
const (
	recoversLeast = 30   // requests of each kind of failure
	recoversShare = 0.90 // of them; a wait that is drawn at random may not fit into the time that is left
)

func init() {
	register(plumbline.Function{
		ID:    retryRecovers,
		Title: "One transient failure is invisible to the client",
		Doc: `Method: of at least thirty requests the first attempt at the dependency is answered by a status that is declared to be retried (503 when none is), and of thirty it is reset before the headers; every further attempt is forwarded. Healthy requests of the same operations go beside them.
Criterion: at least 90 % of the requests of each kind are answered 2xx after a further attempt; a share that is shown to be below that (upper Wilson bound at 95 %) fails.
Guard: only where a retry is declared. A POST or PATCH without an idempotency key is left out: not to repeat it is right. Where one of the two kinds is recovered from, a failure of the other is told as likely and does not gate, unless its status is declared (retry.on): it may not be meant. Success without a further attempt is a fallback and proves no retry. Each request fails once only and goes beside healthy ones, so that no breaker is near opening.`,
		Standard: "Amazon Builders' Library, Timeouts, retries and backoff with jitter",
		Mutants:  []string{"no-retry"},
		Order:    51,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryRecovers, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := retriedProbes(d, dep)
				if !ok {
					return skip
				}
				return claimed(plumbline.BasisDeclared, dep.Retry.Source, "a request whose first attempt at "+dep.Name+" fails is answered as though nothing had been", x)
			})
		},
		Judge: floor(judgeRecoversTransient),
	})
}

// retriedProbes are the probes of a dependency with declared retries, or why
// there are none.
func retriedProbes(d plumbline.Design, dep plumbline.Dependency) (plumbline.Experiment, plumbline.Proposal, bool) {
	switch {
	case dep.Retry == nil:
		return plumbline.Experiment{}, unclaimed(dep, plumbline.ReasonNotDeclared, "no retry is declared on "+dep.Name, "dependencies."+dep.Name+".retry"), false
	case !retries(dep):
		return plumbline.Experiment{}, unclaimed(dep, plumbline.ReasonNotApplicable, dep.Name+" is declared to be tried once", ""), false
	}
	return probes(d, dep)
}

// A transient is what became of the requests whose first attempt failed in one way.
type transient struct {
	what  string
	reset bool
	hit   []trial // that may be repeated
	lost  []trial // of them, those that no further attempt saved
}

func (t transient) saved() float64 { return 1 - float64(len(t.lost))/float64(max(1, len(t.hit))) }

func judgeRecoversTransient(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	var all []transient
	for _, name := range []string{probeOnce, probeResetOnce} {
		p, ok := probeOf(d, q.dep, name)
		if !ok {
			return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
		}
		if v, ok := q.ran(p.experiment, p.phase); !ok {
			return v
		}
		t, hits := q.transient(p)
		switch {
		case hits < recoversLeast:
			return q.undelivered(p.experiment, p.phase, hits, recoversLeast)
		case len(t.hit) == 0:
			return skipped(plumbline.ReasonNotApplicable, "all calls to %s are POST or PATCH without an idempotency key, which must not be repeated", q.dep.Name)
		case len(t.hit) < recoversLeast:
			return inconclusive(plumbline.ReasonTooFewSamples, "%s whose call may be repeated, %d are needed", plural(len(t.hit), "request"), recoversLeast)
		}
		all = append(all, t)
	}
	return q.judgeSaved(all)
}

// transient looks at the requests whose first attempt was hit.
func (q inquiry) transient(p probe) (t transient, hits int) {
	t.reset = p.phase == probeResetOnce
	t.what = map[string]string{probeOnce: fmt.Sprintf("was answered %d", retriedStatus(q.dep)), probeResetOnce: "was reset"}[p.phase]
	for _, op := range p.uses {
		for _, x := range q.faulted(p, op.ID) {
			hits++
			if !mayRepeat(x) {
				continue
			}
			t.hit = append(t.hit, x)
			if !succeeded(x.seen) || marked(x.seen, q.dep.Degraded) || x.attempts() < 2 {
				t.lost = append(t.lost, x)
			}
		}
	}
	return t, hits
}

// mayRepeat says whether the call that was hit may be sent again: its method is
// idempotent (RFC 9110 §9.2.2), or it has a key.
func mayRepeat(t trial) bool {
	return !slices.ContainsFunc(t.calls, func(x plumbline.Exchange) bool { return x.Fault != "" && unsafeMethod(x.Method) && x.Key == "" })
}

func (q inquiry) judgeSaved(all []transient) plumbline.Verdict {
	bySaved := func(a, b transient) int { return cmp.Compare(a.saved(), b.saved()) }
	least, best := slices.MinFunc(all, bySaved), slices.MaxFunc(all, bySaved)
	f := figure{least.saved(), recoversShare, "ratio", len(least.hit)}
	_, upper := wilson(int64(len(least.hit)-len(least.lost)), int64(len(least.hit)))
	switch {
	case least.saved() >= recoversShare:
		return pass(f, "%d requests whose first attempt at %s %s, and %d of which it %s: a further attempt saved at least %.0f %% of them",
			len(all[0].hit), q.dep.Name, all[0].what, len(all[1].hit), all[1].what, 100*least.saved())
	case upper >= recoversShare:
		return inconclusive(plumbline.ReasonUndecided, "%d of %d requests whose first attempt at %s %s were not saved by another one", len(least.lost), len(least.hit), q.dep.Name, least.what)
	}
	v := fail(f, "%d of %d requests whose first attempt at %s %s were not saved by another one (%s)", len(least.lost), len(least.hit), q.dep.Name, least.what, answers(observed(least.lost)))
	v.Evidence, v.Remedy = q.exhibits(least.lost), fmt.Sprintf("repeat a call to %s that failed in passing, after a pause and within the time that is left, or do not declare that it is retried", q.dep.Name)
	if best.saved() >= recoversShare && (len(q.dep.Retry.On) == 0 || least.reset) {
		v.Level = plumbline.LevelLikely
	}
	return v
}
