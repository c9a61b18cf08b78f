package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/crew"
)

// Draw asks every function what it claims about the design and lays the
// experiments out as one plan. Experiments that several functions propose
// under one ID run once and serve them all; if they differ, Draw says so and
// draws nothing. Functions that have nothing to judge become skips.
//
// Same arguments, same plan, byte for byte: the seed is only handed on to the
// runner, and experiments are ordered by station alone (see inRunOrder).
func Draw(d plumbline.Design, fns []plumbline.Function, seed uint64) (plumbline.Plan, error) {
	w := drawing{
		plan:     plumbline.Plan{Schema: plumbline.PlanSchema, Seed: seed, Claims: []plumbline.Claim{}, Experiments: []plumbline.Experiment{}},
		wantedBy: map[string][]string{},
	}
	sorted := slices.Clone(fns)
	slices.SortStableFunc(sorted, func(a, b plumbline.Function) int { return cmp.Compare(a.ID, b.ID) })
	for i, p := range proposals(d, sorted) {
		w.add(sorted[i], p)
	}
	w.dropIdle(sorted)
	if x, ok := learning(d, w.plan.Experiments); ok {
		w.plan.Experiments = append(w.plan.Experiments, x)
	}
	w.claimExperiments()
	w.check(d)
	if err := errors.Join(w.errs...); err != nil {
		return plumbline.Plan{}, fmt.Errorf("draw plan: %w", err)
	}
	inRunOrder(w.plan.Experiments)
	slices.SortStableFunc(w.plan.Claims, func(a, b plumbline.Claim) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(w.plan.Skips, func(a, b plumbline.Skip) int {
		return cmp.Or(cmp.Compare(a.Function, b.Function), cmp.Compare(a.Subject, b.Subject))
	})
	return w.plan, nil
}

// proposals asks the functions, several at once: a large document has thousands
// of operations, and no function changes the design.
func proposals(d plumbline.Design, fns []plumbline.Function) []plumbline.Proposal {
	out := make([]plumbline.Proposal, len(fns))
	crew.Each(len(fns), func() func(int) {
		return func(i int) { out[i] = fns[i].Plan(d) }
	})
	return out
}

// A drawing is a plan in the making.
type drawing struct {
	plan     plumbline.Plan
	wantedBy map[string][]string // experiment ID to IDs of the functions that proposed it
	errs     []error
}

func (w *drawing) errorf(format string, args ...any) {
	w.errs = append(w.errs, fmt.Errorf(format, args...))
}

// add takes over what one function proposes.
func (w *drawing) add(f plumbline.Function, p plumbline.Proposal) {
	if len(p.Claims) == 0 && len(p.Skips) == 0 {
		p.Skips = []plumbline.Skip{{Reason: plumbline.ReasonNotApplicable, Detail: "the design holds nothing that it could judge"}}
	}
	for _, c := range p.Claims {
		c.Function = f.ID
		if c.ID != f.ID && !strings.HasPrefix(c.ID, f.ID+"/") {
			w.errorf("claim %q does not begin with its function %s", c.ID, f.ID)
		}
		w.plan.Claims = append(w.plan.Claims, c)
	}
	for _, s := range p.Skips {
		s.Function = f.ID
		w.plan.Skips = append(w.plan.Skips, s)
	}
	for _, x := range p.Experiments {
		x.Claims = nil
		w.wantedBy[x.ID] = append(w.wantedBy[x.ID], f.ID)
		if known, ok := w.plan.Experiment(x.ID); !ok {
			w.plan.Experiments = append(w.plan.Experiments, x)
		} else if !reflect.DeepEqual(known, x) {
			w.errorf("%s wants another experiment %q than %s", f.ID, x.ID, w.wantedBy[x.ID][0])
		}
	}
}

// dropIdle leaves out the self-checks of wires that no other claim of the plan
// is about, unless self-checks are all there is. Without --only none is idle.
func (w *drawing) dropIdle(fns []plumbline.Function) {
	informs, used := map[string]bool{}, map[string]bool{}
	for _, f := range fns {
		informs[f.ID] = f.Informs
	}
	judged := false
	for _, c := range w.plan.Claims {
		used[c.Dependency] = used[c.Dependency] || !informs[c.Function]
		judged = judged || !informs[c.Function]
	}
	if !judged {
		return
	}
	w.plan.Claims = slices.DeleteFunc(w.plan.Claims, func(c plumbline.Claim) bool {
		idle := informs[c.Function] && c.Dependency != "" && !used[c.Dependency]
		if idle {
			w.plan.Skips = append(w.plan.Skips, plumbline.Skip{
				Function: c.Function, Subject: c.Dependency, Reason: plumbline.ReasonNotSelected,
				Detail: "no claim of this plan is about " + c.Dependency, Unlock: "run without --only",
			})
		}
		return idle
	})
}

// claimExperiments writes into each experiment the claims that it serves:
// those that name it, and those that judge all evidence of the run but come
// from a function that asked for it.
func (w *drawing) claimExperiments() {
	for i := range w.plan.Experiments {
		x := &w.plan.Experiments[i]
		x.Claims = []string{}
		for _, c := range w.plan.Claims {
			all := len(c.Experiments) == 0 && slices.Contains(w.wantedBy[x.ID], c.Function)
			if all || slices.Contains(c.Experiments, x.ID) {
				x.Claims = append(x.Claims, c.ID)
			}
		}
		slices.Sort(x.Claims)
	}
}

// check finds what no runner could carry out or no judge could tell apart.
func (w *drawing) check(d plumbline.Design) {
	seen := map[string]bool{}
	for _, c := range w.plan.Claims {
		if seen[c.ID] {
			w.errorf("claim %q is made twice", c.ID)
		}
		seen[c.ID] = true
		for _, id := range c.Experiments {
			if _, ok := w.plan.Experiment(id); !ok {
				w.errorf("claim %q rests on experiment %q, which nobody proposes", c.ID, id)
			}
		}
	}
	for _, x := range w.plan.Experiments {
		names := map[string]bool{}
		for _, p := range x.Phases {
			if names[p.Name] {
				w.errorf("experiment %q has two phases %q", x.ID, p.Name)
			}
			names[p.Name] = true
			w.checkPhase(d, x.ID, p)
		}
	}
}

// checkPhase looks at the names that faults and evidence refer to.
func (w *drawing) checkPhase(d plumbline.Design, experiment string, p plumbline.Phase) {
	names := map[string]bool{}
	request := func(name, operation string) {
		if names[name] {
			w.errorf("experiment %q, phase %q: two requests are named %q", experiment, p.Name, name)
		}
		names[name] = true
		removed := slices.ContainsFunc(d.Released, func(o plumbline.Operation) bool { return o.ID == operation })
		_, known := d.Operation(operation)
		_, flow := d.LoadFlow(operation)
		if !known && !flow && !removed {
			w.errorf("experiment %q, phase %q: no operation %q in the design", experiment, p.Name, operation)
		}
	}
	for _, s := range p.Streams {
		request(s.Name, s.Operation)
	}
	for _, c := range p.Calls {
		request(c.Name, c.Operation)
	}
	for _, f := range p.Faults {
		if _, ok := d.Dependency(f.Dependency); !ok && !f.Kind.OfDeployment() {
			w.errorf("experiment %q, phase %q: no dependency %q in the design", experiment, p.Name, f.Dependency)
		}
		for _, s := range f.Streams {
			if !names[s] {
				w.errorf("experiment %q, phase %q: a fault is meant for %q, which is not in the phase", experiment, p.Name, s)
			}
		}
	}
}

// inRunOrder sorts experiments by the station at which they run and, at one
// station, by ID. What is gentle and needs a fresh target comes first; what
// leaves breakers open and pools drained comes last, before the second
// baseline that tells whether it has passed; the check that nothing is left
// broken comes after that. The search for capacity ends the run, for only there
// are its further steps known (Climb), and the overload that follows it.
func inRunOrder(experiments []plumbline.Experiment) {
	slices.SortStableFunc(experiments, func(a, b plumbline.Experiment) int {
		return cmp.Or(cmp.Compare(station(a), station(b)), cmp.Compare(a.ID, b.ID))
	})
}

// station is the place of an experiment in a run.
func station(x plumbline.Experiment) int {
	prefixes := []string{contractLearn, baselineBefore, "wires/", contractFlows, "contract/", "auth/", "obs/", "api/pages"}
	last := []string{apiLimit, "deploy/", "outage/", obsMetrics, baselineAfter, teardown, loadCapacity}
	for i, p := range prefixes {
		if strings.HasPrefix(x.ID, p) {
			return i
		}
	}
	n := len(prefixes)
	for i, p := range last {
		if strings.HasPrefix(x.ID, p) {
			return n + 10 + i
		}
	}
	switch {
	case x.Kind == plumbline.KindHarness:
		return 1
	case x.Kind == plumbline.KindContract, x.Walks():
		return 2
	case x.Kind == plumbline.KindLoad:
		return n
	default: // resilience probes: one fault at a time, on few requests
		return n + 1
	}
}
