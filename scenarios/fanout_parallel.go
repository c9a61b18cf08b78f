package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const fanoutParallel = "load/fanout-parallel"

// How a fan-out is looked at.
const (
	fanoutCalls   = 12
	fanoutDelay   = 200 * time.Millisecond
	fanoutLeast   = 5 // requests that every delay hit
	fanoutSlack   = 0.30
	fanoutSetting = "usual"
	fanoutSlow    = "slow"
)

func init() {
	register(plumbline.Function{
		ID:    fanoutParallel,
		Title: "Calls to dependencies that do not need each other are made at the same time",
		Doc: `Method: one operation that uses all dependencies declared as parallel is called twelve times as usual, one call after the other, and twelve times while each of them is 200 ms late (less where a declared timeout is shorter: 60 % of the shortest).
Criterion: the median answer is later by at most that delay and 30 % (pass). It fails when it is later by the sum of the delays less 30 % of one, and the calls of most requests did not overlap on the wires.
Guard: only declared sets are judged, for one call may need what another answers. At least five requests must have been hit on every wire. Noise adds to both sides, so that the overlap must say the same.`,
		Standard: "general practice, no standard: Microservices Patterns (Richardson), API composition",
		Mutants:  []string{"one-after-the-other"},
		Order:    92,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, fanoutParallel, func(dep plumbline.Dependency) plumbline.Proposal {
				f, ok := fanoutOf(d, dep)
				switch {
				case len(dep.Parallel) == 0:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "what is called at the same time as "+dep.Name+" is not declared", "dependencies."+dep.Name+".parallel")
				case slices.ContainsFunc(f.all, func(o plumbline.Dependency) bool { return o.Wire == plumbline.WireTCP }):
					return unclaimed(dep, plumbline.ReasonNotApplicable, "calls on a TCP wire cannot be told apart", "wires of kind http")
				case !ok:
					return unclaimed(dep, plumbline.ReasonNotApplicable, "no operation that uses all of them can be called again and again", "dependencies."+dep.Name+".operations")
				}
				return claimed(plumbline.BasisDeclared, dep.Source, fmt.Sprintf("%s are called at the same time", f.names()), f.experiment())
			})
		},
		Judge: judgeFanout,
	})
}

// A fanout is a set of dependencies that one operation calls at a time.
type fanout struct {
	all       []plumbline.Dependency
	operation plumbline.Operation
}

// fanoutOf finds the operation; ok is false when there is none.
func fanoutOf(d plumbline.Design, dep plumbline.Dependency) (f fanout, ok bool) {
	f.all = []plumbline.Dependency{dep}
	for _, name := range dep.Parallel {
		if other, known := d.Dependency(name); known {
			f.all = append(f.all, other)
		}
	}
	for _, op := range usersOf(d, dep) {
		uses := func(o plumbline.Dependency) bool { return slices.Contains(o.Operations, op.ID) }
		if len(f.all) > 1 && !slices.ContainsFunc(f.all, func(o plumbline.Dependency) bool { return !uses(o) }) {
			f.operation = op
			return f, true
		}
	}
	return f, false
}

func (f fanout) names() string {
	var out []string
	for _, dep := range f.all {
		out = append(out, dep.Name)
	}
	return strings.Join(out, " and ")
}

// delay is how late each of them is.
func (f fanout) delay() time.Duration {
	d := fanoutDelay
	for _, dep := range f.all {
		if dep.Timeout > 0 {
			d = min(d, dep.Timeout*6/10)
		}
	}
	return d.Round(time.Millisecond)
}

func (f fanout) experiment() plumbline.Experiment {
	call := []plumbline.Call{{Name: f.operation.ID, Operation: f.operation.ID, Repeat: fanoutCalls}}
	slow := plumbline.Phase{Name: fanoutSlow, Role: plumbline.RoleFault, Calls: call}
	for _, dep := range f.all {
		slow.Faults = append(slow.Faults, plumbline.Fault{Dependency: dep.Name, Kind: plumbline.FaultDelay, Scope: plumbline.ScopeRun, Latency: f.delay()})
	}
	return plumbline.Experiment{
		ID: "fanout/" + f.all[0].Name, Title: f.names() + " are late at the same time", Kind: plumbline.KindScenario,
		Phases: []plumbline.Phase{{Name: fanoutSetting, Role: plumbline.RoleBaseline, Calls: call}, slow},
	}
}

// late are the requests of the slow phase that every delay hit, and how many of
// them made their calls one after the other.
func (f fanout) late(e *plumbline.Evidence, experiment string) (hit []trial, apart int) {
	wires := make([]traffic, len(f.all))
	for i, dep := range f.all {
		wires[i] = trafficOf(e, dep.Name)
	}
	for _, t := range wires[0].trials(e, experiment, fanoutSlow, f.operation.ID) {
		calls, all := []plumbline.Exchange{}, succeeded(t.seen)
		for _, w := range wires {
			one := trial{t.seen, w[t.seen.Trace]}
			all = all && one.hits(plumbline.FaultDelay) > 0
			calls = append(calls, one.calls...)
		}
		if !all {
			continue
		}
		if hit = append(hit, t); !overlap(calls) {
			apart++
		}
	}
	return hit, apart
}

// overlap says whether two calls on different wires were under way at a time.
func overlap(calls []plumbline.Exchange) bool {
	for i, a := range calls {
		for _, b := range calls[:i] {
			if a.Wire != b.Wire && a.Began < b.Ended && b.Began < a.Ended {
				return true
			}
		}
	}
	return false
}

func judgeFanout(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	f, ok := fanoutOf(d, q.dep)
	if !ok {
		return broken("the design has no fan-out from %s", q.dep.Name)
	}
	id := f.experiment().ID
	if v, ok := q.ran(id, fanoutSetting, fanoutSlow); !ok {
		return v
	}
	usual := q.wire.trials(e, id, fanoutSetting, f.operation.ID)
	hit, apart := f.late(e, id)
	if good := len(usual) - len(unsuccessful(usual)); good < fanoutLeast {
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "%d of %d usual requests were answered 2xx", good, len(usual))
	}
	if len(hit) < fanoutLeast {
		return q.undelivered(id, fanoutSlow, len(hit), fanoutLeast)
	}
	delay := f.delay()
	added := median(times(hit)) - median(times(usual))
	limit := delay + time.Duration(fanoutSlack*float64(delay))
	serial := time.Duration((float64(len(f.all)) - fanoutSlack) * float64(delay))
	figures := figure{milliseconds(added), milliseconds(limit), "ms", len(hit)}
	told := fmt.Sprintf("with %s each late by %s, %s answers %s later; the calls of %d of %d requests did not overlap", f.names(), readable(delay), f.operation.ID, readable(added), apart, len(hit))
	switch {
	case added <= limit:
		return pass(figures, "%s", told)
	case added >= serial && 2*apart > len(hit):
		v := fail(figures, "%s", told)
		v.Remedy = "make the calls to " + f.names() + " at the same time, and wait for all of them"
		v.Evidence = q.exhibits(hit)
		return v
	}
	return inconclusive(plumbline.ReasonUndecided, "%s", told)
}
