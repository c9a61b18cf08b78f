package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const staleConnection = "resilience/stale-connection"

// staleLeast is how many calls have to have met a dead connection.
const staleLeast = 8

func init() {
	register(plumbline.Function{
		ID:    staleConnection,
		Title: "A dead keep-alive connection is not the client's problem",
		Doc: `Method: for single requests of safe operations the first call to the dependency that comes over a kept connection, one that has carried a request before, is reset before it is read, as by a server that has just closed an idle connection; every other call, and each over a new connection, goes through. Healthy requests of the same operations go beside them.
Criterion: the requests are answered 2xx; one in ten, and always one, may not be.
Guard: only safe operations, for others may not be sent again. Eight calls at least have to have met a dead connection, so that of a service that makes a new connection for each call nothing is told. A failure at whose side a healthy request failed too does not count where the service can do without the dependency. RFC 9112 lets a client send such a call again and does not ask it to: a breach is likely, and gates only where a retry is declared of the dependency, or gates names this function.`,
		Standard: "RFC 9112 §9.3.1 and §9.5",
		Mutants:  []string{"stale-connection-is-final"},
		Order:    50,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, staleConnection, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				switch {
				case !ok:
					return skip
				case !d.HandsOn(dep):
					return unclaimed(dep, plumbline.ReasonNotApplicable, "without trace context no single request can be kept from a connection", "propagation: w3c")
				}
				if _, ok := probeOf(d, dep, probeStale); !ok {
					return unclaimed(dep, plumbline.ReasonNotApplicable, "no safe operation that uses "+dep.Name+" can be called again and again", "a safe operation in dependencies."+dep.Name+".operations")
				}
				return claimed(plumbline.BasisDefault, dep.Source, "a kept connection that "+dep.Name+" has closed costs no client its answer", x)
			})
		},
		Judge: judgeStale,
	})
}

// safeOnly are the operations among these that may be sent again.
func safeOnly(operations []plumbline.Operation) []plumbline.Operation {
	return slices.DeleteFunc(slices.Clone(operations), func(op plumbline.Operation) bool { return !op.Safe() })
}

func judgeStale(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	p, ok := probeOf(d, q.dep, probeStale)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request can be kept from a connection to %s", q.dep.Name)
	}
	if v, ok := q.ran(p.experiment, p.phase); !ok {
		return v
	}
	var hit []trial
	for _, op := range p.uses {
		hit = append(hit, q.faulted(p, op.ID)...)
	}
	if len(hit) < staleLeast {
		return q.undelivered(p.experiment, p.phase, len(hit), staleLeast)
	}
	lost, most := unsuccessful(hit), max(1, len(hit)/10)
	f := figure{float64(len(lost)), float64(most), "requests", len(hit)}
	if len(lost) <= most {
		return pass(f, "%d of %d requests whose call met a connection that %s had closed were answered 2xx", len(hit)-len(lost), len(hit), q.dep.Name)
	}
	v := fail(f, "%d of %d requests whose call met a connection that %s had closed were not answered 2xx (%s)", len(lost), len(hit), q.dep.Name, answers(observed(lost)))
	v.Evidence, v.Remedy = q.exhibits(lost), "send a call that may be repeated again, over a new connection, when a kept one turns out to be closed"
	if !retries(q.dep) {
		v.Level = plumbline.LevelLikely
	}
	return v
}
