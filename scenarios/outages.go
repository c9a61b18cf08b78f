package scenarios

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// outages tells what every fault that lasted cost the requests of each
// operation, and how soon they were good again. Nothing is judged by it.
func outages(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []plumbline.Outage {
	var out []plumbline.Outage
	for _, dep := range d.Dependencies {
		x, ok := p.Experiment("outage/" + dep.Name)
		if !ok {
			continue
		}
		marks := phasesOf(e, x.ID)
		for i, m := range marks {
			if m.Role != plumbline.RoleFault || !m.Complete {
				continue
			}
			s := span{fault: m}
			for _, next := range marks[i+1:] {
				if next.Role != plumbline.RoleRecovery {
					break
				}
				s.after = append(s.after, next)
			}
			out = append(out, s.outages(d, dep.Name, e)...)
		}
	}
	return out
}

func phasesOf(e *plumbline.Evidence, experiment string) []plumbline.PhaseMark {
	var out []plumbline.PhaseMark
	for _, m := range e.Phases {
		if m.Experiment == experiment {
			out = append(out, m)
		}
	}
	return out
}

// A span is a fault and the phases of recovery that follow it without another.
type span struct {
	fault plumbline.PhaseMark
	after []plumbline.PhaseMark
}

// outages are those of every operation of the design that was sent requests
// while the fault lasted.
func (s span) outages(d plumbline.Design, dependency string, e *plumbline.Evidence) []plumbline.Outage {
	var out []plumbline.Outage
	for _, op := range d.Operations {
		o := plumbline.Outage{
			Experiment: s.fault.Experiment, Dependency: dependency, Operation: op.ID, Phase: s.fault.Phase,
			Seconds: (s.fault.Ended - s.fault.Began).Seconds(),
		}
		during := s.requests(e, op.ID, s.fault.Phase)
		o.Requests, o.Bad = len(during), countBad(during)
		if o.Requests == 0 {
			continue
		}
		s.recovery(&o, e)
		for _, goal := range d.Objectives {
			if c, ok := s.cost(e, op.ID, goal); ok {
				o.Budgets = append(o.Budgets, c)
			}
		}
		out = append(out, o)
	}
	return out
}

func (s span) requests(e *plumbline.Evidence, operation, phase string) []plumbline.Observation {
	var out []plumbline.Observation
	for o := range e.Of(s.fault.Experiment, phase) {
		if o.Operation == operation && sentToTarget(o) {
			out = append(out, o)
		}
	}
	return out
}

func countBad(all []plumbline.Observation) int {
	n := 0
	for _, o := range all {
		if !o.OK() {
			n++
		}
	}
	return n
}

// recovery finds the first request after the fault since which all were good:
// what lies before it is the most that recovery can have taken.
func (s span) recovery(o *plumbline.Outage, e *plumbline.Evidence) {
	var all []plumbline.Observation
	for _, m := range s.after {
		all = append(all, s.requests(e, o.Operation, m.Phase)...)
	}
	o.After = len(all)
	lastBad, firstGood := time.Duration(-1), time.Duration(-1)
	for _, x := range all {
		if !x.OK() {
			lastBad = max(lastBad, x.Due)
		}
	}
	for _, x := range all {
		if x.Due > lastBad && (firstGood < 0 || x.Due < firstGood) {
			firstGood = x.Due
		}
	}
	if firstGood >= 0 {
		o.Recovered, o.Recovery = true, max(0, firstGood-s.fault.Ended).Seconds()
	}
}

// cost is what the fault and its aftermath spend of an objective's budget.
func (s span) cost(e *plumbline.Evidence, operation string, goal plumbline.Objective) (c plumbline.BudgetCost, ok bool) {
	if goal.During != "" || goal.Throughput > 0 || goal.Window == 0 || goal.ErrorBudget() <= 0 || !goal.Covers(operation) {
		return c, false
	}
	lost := 0.0 // seconds in which nothing would have been good
	for _, m := range append([]plumbline.PhaseMark{s.fault}, s.after...) {
		all := s.requests(e, operation, m.Phase)
		bad := 0
		for _, x := range all {
			if !goal.Good(x) {
				bad++
			}
		}
		if len(all) > 0 {
			lost += (m.Ended - m.Began).Seconds() * float64(bad) / float64(len(all))
		}
	}
	share := lost / (goal.Window.Seconds() * goal.ErrorBudget())
	return plumbline.BudgetCost{Objective: goal.Name, Target: goal.Target, Window: goal.Window, Share: share}, true
}
