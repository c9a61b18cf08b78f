package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const retryOnlySafe = "resilience/retry-only-safe"

func init() {
	register(plumbline.Function{
		ID:    retryOnlySafe,
		Title: "Calls that are not idempotent are not blindly repeated",
		Doc: `Method: the POST and PATCH calls of a few requests reach the dependency, which does its work, and the response is lost in a reset; calls with the same method, path and body are counted by trace id, beside healthy requests that show how many of them are made without a failure.
Criterion: no such call is repeated, or every repeat carries the same idempotency key.
Guard: equal calls that a healthy request makes are not repeats. A repeat on a new connection without a key is one, whoever in the target sent it. Where no POST or PATCH was ever seen on the wire there is nothing to judge.`,
		Standard: "RFC 9110 §9.2.2; draft-ietf-httpapi-idempotency-key-header-07",
		Mutants:  []string{"retry-nonidempotent-post"},
		Order:    50,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryOnlySafe, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				if !ok {
					return skip
				}
				source := dep.Source
				if dep.Retry != nil && dep.Retry.Key != "" {
					source = dep.Retry.Source
				}
				return claimed(plumbline.BasisDefault, source, "when the answer of "+dep.Name+" to a POST or PATCH is lost, the call is not repeated without an idempotency key", x)
			})
		},
		Judge: judgeOnlySafe,
	})
}

// A safeKey tells calls apart that do not do the same thing.
type safeKey struct{ method, path, body string }

func judgeOnlySafe(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	p, ok := probeOf(d, q.dep, probeLost)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", q.dep.Name)
	}
	if v, ok := q.ran(p.experiment, p.phase); !ok {
		return v
	}
	hit, repeated, most := q.lostAnswers(p)
	f := figure{float64(most), 0, "repeats", len(hit)}
	switch {
	case len(repeated) > 0:
		v := fail(f, "%d of %d requests repeated a call whose answer was lost, up to %s, without an idempotency key: %s may have done the work twice",
			len(repeated), len(hit), plural(most, "time"), q.dep.Name)
		v.Evidence = q.exhibits(repeated)
		v.Remedy = "send an Idempotency-Key that stays the same over all attempts, or do not retry"
		return v
	case len(hit) < onceEnough && !q.changes():
		if len(q.wire) == 0 {
			return q.undelivered(p.experiment, p.phase, 0, onceEnough)
		}
		return skipped(plumbline.ReasonNotApplicable, "none of the calls to %s is a POST or PATCH", q.dep.Name)
	case len(hit) < onceEnough:
		return q.undelivered(p.experiment, p.phase, len(hit), onceEnough)
	}
	return pass(f, "%d calls whose answer was lost were not repeated, or only with the same idempotency key", len(hit))
}

// lostAnswers are the requests of which an answer was lost, those of them that
// repeated the call blindly, and the most repeats that one of them made.
func (q inquiry) lostAnswers(p probe) (hit, repeated []trial, most int) {
	for _, op := range p.uses {
		usual := 1
		for _, t := range q.beside(p, op.ID) {
			for _, same := range unsafeCalls(t) {
				usual = max(usual, len(same))
			}
		}
		for _, t := range q.faulted(p, op.ID) {
			hit = append(hit, t)
			if n := blindRepeats(t, usual); n > 0 {
				repeated = append(repeated, t)
				most = max(most, n)
			}
		}
	}
	return hit, repeated, most
}

// changes says whether a POST or PATCH of this run was ever seen on the wire.
func (q inquiry) changes() bool {
	for _, calls := range q.wire {
		for _, x := range calls {
			if unsafeMethod(x.Method) {
				return true
			}
		}
	}
	return false
}

// unsafeMethod says whether a method must not be repeated without knowing more
// (RFC 9110 §9.2.2); PUT and DELETE are idempotent.
func unsafeMethod(method string) bool { return method == "POST" || method == "PATCH" }

func unsafeCalls(t trial) map[safeKey][]plumbline.Exchange {
	out := map[safeKey][]plumbline.Exchange{}
	for _, x := range t.calls {
		if unsafeMethod(x.Method) {
			k := safeKey{x.Method, x.Path, x.BodyHash}
			out[k] = append(out[k], x)
		}
	}
	return out
}

// blindRepeats counts calls beyond the usual number that do not carry the same
// key as the first. Only what had lost an answer counts.
func blindRepeats(t trial, usual int) int {
	most := 0
	for _, same := range unsafeCalls(t) {
		lost, unkeyed := false, 0
		for i, x := range same {
			lost = lost || x.FaultKind == plumbline.FaultLostResponse
			if i >= usual && (x.Key == "" || x.Key != same[0].Key) {
				unkeyed++
			}
		}
		if lost {
			most = max(most, unkeyed)
		}
	}
	return most
}
