package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

const retryBudget = "resilience/retry-budget"

// When retries are too many.
const (
	budgetLeast = 30   // requests in the second half of the outage
	budgetFloor = 10.0 // further calls a second that common budgets always allow
)

func init() {
	register(plumbline.Function{
		ID:    retryBudget,
		Title: "Retries stay a small share of traffic when everything fails",
		Doc: `Method: under steady traffic every call to the dependency is answered 503; in the second half of the outage the calls that one request makes are compared with those that it made before the outage. What is more are retries.
Criterion: at most the declared share (retry_budget) of further calls. A breaker that opens keeps to it as well.
Guard: only where a budget is declared. Common budgets have a floor below which they do not bind (Finagle and linkerd allow ten retries a second): so many further calls a second, or fewer, are left undecided. A budget by concurrency (Envoy's retry_budget) does not bind while failures are as quick as here, and is not to be declared as a share.`,
		Standard: "Beyer et al., Site Reliability Engineering, ch. 21: per-client retry budget; Gateway API GEP-3388",
		Mutants:  []string{"no-retry-budget"},
		Order:    57,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, retryBudget, func(dep plumbline.Dependency) plumbline.Proposal {
				o, ok := outageOf(d, dep)
				switch {
				case dep.RetryBudget == 0:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "no retry budget is declared on "+dep.Name, "dependencies."+dep.Name+".retry_budget")
				case o.blind():
					return unclaimed(dep, plumbline.ReasonNotApplicable, "calls to "+dep.Name+" cannot be counted for their requests", "a wire of kind http to "+dep.Name+", and propagation: w3c")
				case !ok:
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				return claimed(plumbline.BasisDeclared, dep.Source, fmt.Sprintf("when %s fails for all, retries add at most %.0f %% of calls", dep.Name, 100*dep.RetryBudget), o.experiment())
			})
		},
		Judge: judgeBudget,
	})
}

func judgeBudget(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).struck()
	if !ok {
		return v
	}
	base, down := s.using(phaseBaseline), s.using(phaseDown)
	first, last := down[0].seen.Due, down[len(down)-1].seen.Due
	tail := dueFrom(down, last-(last-first)/2)
	if len(tail) < budgetLeast {
		return inconclusive(plumbline.ReasonTooFewSamples, "%s in the second half of the outage, %d are needed", plural(len(tail), "request"), budgetLeast)
	}
	usual, each := callsPerRequest(base), callsPerRequest(tail)
	extra := max(0, each/usual-1)
	f := figure{extra, s.dep.RetryBudget, "ratio", len(tail)}
	text := fmt.Sprintf("in the second half of the outage %s; %.2f each before it", perRequest(callsOf(tail), len(tail)), usual)
	if extra <= s.dep.RetryBudget {
		return pass(f, "%s", text)
	}
	if more := (each - usual) * float64(len(tail)) / ((last - first) / 2).Seconds(); more <= budgetFloor {
		return inconclusive(plumbline.ReasonUndecided, "%s; that is %.1f further calls a second, which may be the floor of a budget", text, more)
	}
	v = fail(f, "%s: retries added %.0f %%", text, 100*extra)
	v.Evidence = s.exhibits(tail)
	v.Remedy = fmt.Sprintf("let retries of %s draw on a budget that requests which succeed fill, for example one retry for every %.0f requests, or open a breaker", s.dep.Name, 1/s.dep.RetryBudget)
	return v
}
