package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const dependencyMap = "resilience/dependency-map"

func init() {
	register(plumbline.Function{
		ID:    dependencyMap,
		Title: "The declared dependencies and their classes match reality",
		Doc: `Method: the calls that one request of each operation makes are counted on the wire, in the self-check that calls everything once and in the healthy requests of the probes; then the dependency answers 503 to single requests (on a TCP wire it refuses everybody) to see which operations need it.
Criterion: every operation that is declared to use the dependency is seen to call it. Without an optional dependency at most a fifth of the requests of each operation fail; without a critical one at least half of the requests of one operation do.
Guard: a cache may hide calls, so all healthy requests count; an operation whose calls were never seen makes the claim inconclusive (wire-dark), for the target may call past the proxy. It ranks behind the functions that name a cause.`,
		Standard: "failure mode and effects analysis (IEC 60812)",
		Mutants:  []string{"optional-is-critical"},
		Order:    91,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, dependencyMap, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Class == "" {
					return unclaimed(dep, plumbline.ReasonNotDeclared, "whether "+dep.Name+" is critical or optional is not declared", "dependencies."+dep.Name+".class")
				}
				x, skip, ok := breaking(d, dep)
				if !ok {
					return skip
				}
				says := "is critical: some of its operations fail without it"
				if dep.Class == plumbline.ClassOptional {
					says = "is optional: its operations succeed without it"
				}
				return claimed(plumbline.BasisDeclared, dep.Source, dep.Name+" "+says, x)
			})
		},
		Judge: judgeMap,
	})
}

// A use is what a run showed of one operation and one dependency.
type use struct {
	operation string
	seen      bool    // a call was seen
	calls     float64 // for one request, the median
	lost      []trial // requests that could not have the dependency
	failed    []trial // of these, the ones that were not answered 2xx
}

// needed says whether the operation can do without: "critical", "optional" or
// "unknown".
func (u use) needed() string {
	switch {
	case len(u.lost) < onceEnough:
		return "unknown"
	case 2*len(u.failed) >= len(u.lost):
		return string(plumbline.ClassCritical)
	case 5*len(u.failed) <= len(u.lost):
		return string(plumbline.ClassOptional)
	}
	return "unknown"
}

// lossProbe is the probe that shows whether an operation needs the dependency.
func (q inquiry) lossProbe() (probe, bool) {
	if q.dep.Wire == plumbline.WireTCP {
		return probeOf(q.d, q.dep, probeRefuse)
	}
	return probeOf(q.d, q.dep, probeUnavailable)
}

// uses looks at every operation that the dependency was broken for.
func (q inquiry) uses() []use {
	p, ok := q.lossProbe()
	if !ok {
		return nil
	}
	var out []use
	for _, op := range p.uses {
		u := use{operation: op.ID, lost: q.faulted(p, op.ID)}
		u.failed = unsuccessful(u.lost)
		u.calls, u.seen = q.usualCalls(p, op.ID)
		u.seen = u.seen || len(u.lost) > 0
		out = append(out, u)
	}
	return out
}

// usualCalls is the median number of calls of a healthy request, and whether
// there was one at all.
func (q inquiry) usualCalls(p probe, operation string) (calls float64, seen bool) {
	healthy := q.wire.trials(q.e, wiresLive, "", operation)
	for _, name := range []string{phaseBaseline, p.phase} {
		if p.scoped {
			healthy = append(healthy, q.wire.trials(q.e, p.experiment, name, operation)...)
		}
	}
	var counts []time.Duration
	for _, t := range healthy {
		counts = append(counts, time.Duration(len(t.calls)))
		seen = seen || len(t.calls) > 0
	}
	return float64(median(counts)), seen
}

func judgeMap(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	p, ok := q.lossProbe()
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no operation that uses %s can be called again and again", q.dep.Name)
	}
	if v, ok := q.ran(p.experiment, p.phase); !ok {
		return v
	}
	uses := slices.DeleteFunc(q.uses(), func(u use) bool { return !q.must(u.operation) && len(u.lost) < onceEnough })
	for _, u := range uses {
		if !u.seen {
			return inconclusive(plumbline.ReasonWireDark, "%s is declared to use %s, and none of its requests was seen to call it", u.operation, q.dep.Name)
		}
		if len(u.lost) < onceEnough {
			return q.undelivered(p.experiment, p.phase, len(u.lost), onceEnough)
		}
	}
	if len(uses) == 0 {
		return q.undelivered(p.experiment, p.phase, 0, onceEnough)
	}
	if q.dep.Class == plumbline.ClassOptional {
		return q.judgeIsOptional(uses)
	}
	return q.judgeIsCritical(uses)
}

func (q inquiry) judgeIsOptional(uses []use) plumbline.Verdict {
	n, failed := 0, 0
	for _, u := range uses {
		n += len(u.lost)
		failed += len(u.failed)
	}
	f := figure{float64(failed), float64(n / 5), "failed requests", n}
	for _, u := range uses {
		switch u.needed() {
		case string(plumbline.ClassCritical):
			v := fail(f, "declared optional, but without %s %d of %d requests of %s failed (%s)",
				q.dep.Name, len(u.failed), len(u.lost), u.operation, answers(observed(u.lost)))
			v.Evidence = q.exhibits(u.failed)
			v.Remedy = "declare " + q.dep.Name + " critical, or let the operation answer without it"
			return v
		case "unknown":
			return inconclusive(plumbline.ReasonUndecided, "without %s %d of %d requests of %s failed: neither few nor most", q.dep.Name, len(u.failed), len(u.lost), u.operation)
		}
	}
	return pass(f, "without %s %d of %d requests failed; %s", q.dep.Name, failed, n, describeUses(uses))
}

func (q inquiry) judgeIsCritical(uses []use) plumbline.Verdict {
	var most use
	n := 0
	for _, u := range uses {
		n += len(u.lost)
		if len(most.lost) == 0 || len(u.failed)*len(most.lost) > len(most.failed)*len(u.lost) {
			most = u
		}
	}
	f := figure{float64(len(most.failed)), float64(len(most.lost)) / 2, "failed requests", n}
	if most.needed() == string(plumbline.ClassCritical) {
		return pass(f, "without %s %d of %d requests of %s failed; %s", q.dep.Name, len(most.failed), len(most.lost), most.operation, describeUses(uses))
	}
	v := fail(f, "declared critical, but without %s only %d of %d requests failed (%s)", q.dep.Name, len(most.failed), len(most.lost), most.operation)
	v.Evidence = q.exhibits(most.lost)
	v.Remedy = "declare " + q.dep.Name + " optional, or the operations that need it"
	return v
}

func describeUses(uses []use) string {
	parts := make([]string, len(uses))
	for i, u := range uses {
		parts[i] = fmt.Sprintf("%s calls it %g times a request", u.operation, u.calls)
		if !u.seen || u.calls == 0 {
			parts[i] = u.operation + " uses it"
		}
	}
	return strings.Join(parts, ", ")
}

// measuredWires is the dependency map of a run: which operation calls what,
// and whether it can do without.
func measuredWires(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []plumbline.WireUse {
	var out []plumbline.WireUse
	for _, dep := range d.Dependencies {
		q := inquiry{d: d, dep: dep, e: e, wire: trafficOf(e, dep.Name)}
		known := map[string]use{}
		if x, _, ok := breaking(d, dep); ok {
			if _, planned := p.Experiment(x.ID); planned {
				for _, u := range q.uses() {
					known[u.operation] = u
				}
			}
		}
		for _, op := range d.Operations {
			u, ok := known[op.ID]
			if !ok {
				u.calls, u.seen = q.usualCalls(probe{}, op.ID)
			}
			if u.seen || q.must(op.ID) {
				out = append(out, plumbline.WireUse{
					Dependency: dep.Name, Operation: op.ID, Calls: u.calls, Needed: u.needed(), Declared: dep.Class, Wire: dep.Wire,
				})
			}
		}
	}
	return out
}
