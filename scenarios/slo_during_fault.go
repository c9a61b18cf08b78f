package scenarios

import (
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const sloDuringFault = "resilience/slo-during-fault"

func init() {
	register(plumbline.Function{
		ID:    sloDuringFault,
		Title: "What is promised for the time of a fault holds in it",
		Doc: `Method: for every dependency that an objective with during: is about, the mix of the declared load is sent at its rate, 60 a second at most: to warm up, for three seconds as usual, and while the dependency is lost for all (its calls are answered 503, on a TCP wire refused) as long as in its outage, or longer where the objectives need more requests, a minute at most; and after it, until the bound on recovery.
Criterion: as load/slo-at-target: each request is good or bad, and the exact one-sided bounds of the share of bad ones, on a sample made smaller by bursts, lie below the error budget (pass) or above it (fail).
Guard: the loss must have been delivered. An operation counts when it answered 2xx before the loss: that it never does during it is what the objective is about. A failure needs the same objective not to have been missed before the loss, too. Shares over a fault depend on how long it lasts, so the time is told.`,
		Standard: "Beyer et al., Site Reliability Engineering, ch. 22: graceful degradation; Clopper and Pearson 1934",
		Mutants:  []string{"optional-is-critical"},
		Order:    59,
		Plan:     planLosses,
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			l, ok := lossOf(d, c)
			if !ok {
				return skipped(plumbline.ReasonNotSelected, "the design does not hold this objective any more")
			}
			if v, ok := l.delivered(d, c, e); !ok {
				return v
			}
			return l.judge(e, l.servedBefore(e))
		},
	})
}

func planLosses(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range namedObjectives(d) {
		if o.During == "" {
			continue
		}
		skip := plumbline.Skip{Function: sloDuringFault, Subject: o.key, Reason: plumbline.ReasonNotApplicable}
		switch {
		case o.Throughput > 0:
			skip.Detail = "the load under a fault is a small one, which shows no throughput"
		case len(d.Dependencies) == 0:
			skip = needsWire(sloDuringFault)
			skip.Subject = o.key
		default:
			p = added(p, lossesOf(d, o))
			continue
		}
		p.Skips = append(p.Skips, skip)
	}
	if len(p.Claims)+len(p.Skips) == 0 {
		p.Skips = []plumbline.Skip{{Function: sloDuringFault, Reason: plumbline.ReasonNotDeclared, Detail: "nothing is promised for the time of a fault", Unlock: "slos[].during"}}
	}
	return p
}

// added joins a proposal to another, and each experiment once.
func added(p, more plumbline.Proposal) plumbline.Proposal {
	p.Claims, p.Skips = append(p.Claims, more.Claims...), append(p.Skips, more.Skips...)
	for _, x := range more.Experiments {
		if !slices.ContainsFunc(p.Experiments, func(y plumbline.Experiment) bool { return y.ID == x.ID }) {
			p.Experiments = append(p.Experiments, x)
		}
	}
	return p
}

// lossesOf are the claims on one objective: one for each dependency that it is
// about.
func lossesOf(d plumbline.Design, o namedObjective) plumbline.Proposal {
	var p plumbline.Proposal
	for _, dep := range d.Dependencies {
		l := loss{o.Objective, o.key, dep}
		if !l.about(dep) {
			continue
		}
		subject := dep.Name + "/" + o.key
		x, skip, ok := degraded(d, dep)
		sent := ok && slices.ContainsFunc(x.Phases[0].Streams, func(s plumbline.Stream) bool { return s.Counted(o.Objective) > 0 })
		if ok && !sent {
			skip = plumbline.Skip{Reason: plumbline.ReasonNotDeclared, Detail: "the load reaches none of its operations", Unlock: "load.mix"}
		}
		if !sent {
			skip.Function, skip.Subject = sloDuringFault, subject
			p.Skips = append(p.Skips, skip)
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: sloDuringFault + "/" + subject, Function: sloDuringFault, Objective: o.Name, Dependency: dep.Name, Source: o.Source, Basis: plumbline.BasisDeclared,
			Statement: fmt.Sprintf("%s of the requests to %s are %s %s", percent(o.Target), coverageOfObjective(o.Objective), goodness(o.Objective), l.moment(d)), Experiments: []string{x.ID},
		})
		p.Experiments = append(p.Experiments, x)
	}
	return p
}
