package scenarios

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// defaultTimeout bounds the wait for a dependency where none is declared.
const defaultTimeout = 5 * time.Second

// defaultAttempts is the per-request retry budget of the SRE book, ch. 21.
const defaultAttempts = 3

// timeoutOf is how long one client request may wait for the dependency,
// retries included.
func timeoutOf(dep plumbline.Dependency) time.Duration {
	if dep.Timeout > 0 {
		return dep.Timeout
	}
	return defaultTimeout
}

// tolerance is what a time bound is widened by.
func tolerance(limit time.Duration) time.Duration { return max(100*time.Millisecond, limit/10) }

// attemptsOf is how often one client request may try the dependency.
func attemptsOf(dep plumbline.Dependency) int {
	if dep.Retry != nil && dep.Retry.MaxAttempts > 0 {
		return dep.Retry.MaxAttempts
	}
	return defaultAttempts
}

// openFor is how long the declared breaker stays open; zero without a breaker.
func openFor(dep plumbline.Dependency) time.Duration {
	switch {
	case dep.Breaker == nil:
		return 0
	case dep.Breaker.OpenFor == 0:
		return time.Minute
	}
	return dep.Breaker.OpenFor
}

// cleanStatuses are those with which an operation may say that it cannot do
// without the dependency.
func cleanStatuses(dep plumbline.Dependency) []int {
	if len(dep.Accept) > 0 {
		return dep.Accept
	}
	return []int{502, 503, 504, 429}
}

// livenessOf finds the operation behind the liveness path.
func livenessOf(d plumbline.Design) (plumbline.Operation, bool) {
	if d.Liveness == "" {
		return plumbline.Operation{}, false
	}
	return healthAt(d, d.Liveness)
}

// noLiveness is why the liveness path cannot be asked.
func noLiveness(d plumbline.Design, function string) plumbline.Skip {
	if d.Liveness == "" {
		return plumbline.Skip{Function: function, Reason: plumbline.ReasonNotDeclared, Detail: "no liveness path is known", Unlock: "target.liveness"}
	}
	return plumbline.Skip{
		Function: function, Reason: plumbline.ReasonNotApplicable, Detail: "no valid request is known for GET " + d.Liveness,
		Unlock: "the liveness path without parameters in the OpenAPI document",
	}
}

// healthAt finds the operation behind a path that tells how the target is:
// that of the document, and else the one that was declared.
func healthAt(d plumbline.Design, path string) (plumbline.Operation, bool) {
	for _, all := range [][]plumbline.Operation{d.Operations, d.Health} {
		for _, o := range all {
			if _, ok := seed(o); ok && o.Method == "GET" && strings.HasSuffix(o.Path, path) {
				return o, true
			}
		}
	}
	return plumbline.Operation{}, false
}

// carries says whether the operation may carry traffic while a dependency is
// broken: callable again and again, and not a page about the service itself.
func carries(d plumbline.Design, o plumbline.Operation) bool {
	if !repeatable(d, o) || slices.Contains(d.Public, o.ID) {
		return false
	}
	last := o.Path[strings.LastIndex(o.Path, "/")+1:]
	return !slices.Contains([]string{"livez", "readyz", "healthz", "health", "live", "ready", "liveness", "readiness", "metrics"}, last) &&
		(d.Liveness == "" || !strings.HasSuffix(o.Path, d.Liveness))
}

// usersOf are the operations whose requests are to reach the dependency: the
// declared ones or, where none are declared, all. Those that need nothing of
// the run come first, for what a request is made of must not hang on the
// dependency that is broken.
func usersOf(d plumbline.Design, dep plumbline.Dependency) []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range d.Operations {
		if len(dep.Operations) > 0 && !slices.Contains(dep.Operations, o.ID) {
			continue
		}
		if carries(d, o) || (len(dep.Operations) > 0 && repeatable(d, o)) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b plumbline.Operation) int {
		return cmp.Or(cmp.Compare(min(1, len(a.Cases[0].Binds)), min(1, len(b.Cases[0].Binds))), cmp.Compare(turn(&a), turn(&b)))
	})
	return out
}

// sparedBy are the safe operations that do without the dependency. They are
// known only where its users are declared.
func sparedBy(d plumbline.Design, dep plumbline.Dependency) []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range d.Operations {
		if len(dep.Operations) > 0 && !slices.Contains(dep.Operations, o.ID) && o.Safe() && carries(d, o) && len(o.Cases[0].Binds) == 0 {
			out = append(out, o)
		}
	}
	return out
}

// noUsers is the skip of a dependency that no request can be sent to.
func noUsers(d plumbline.Design, dep plumbline.Dependency) plumbline.Skip {
	s := plumbline.Skip{
		Subject: dep.Name, Reason: plumbline.ReasonNotApplicable,
		Detail: "no operation that uses " + dep.Name + " can be called again and again",
		Unlock: "dependencies." + dep.Name + ".operations, or examples in the OpenAPI document",
	}
	if d.Mode != plumbline.ModeObserve {
		return s
	}
	own := d
	own.Mode = plumbline.ModeOwn
	if len(usersOf(own, dep)) > 0 {
		s.Reason, s.Unlock = plumbline.ReasonUnsafe, "mode: own"
		s.Detail = "only operations that create something use " + dep.Name
	}
	return s
}

// perDependency asks for a proposal on each dependency and joins them.
func perDependency(d plumbline.Design, function string, propose func(plumbline.Dependency) plumbline.Proposal) plumbline.Proposal {
	if len(d.Dependencies) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{needsWire(function)}}
	}
	var p plumbline.Proposal
	for _, dep := range d.Dependencies {
		one := propose(dep)
		for i := range one.Claims {
			one.Claims[i].ID = function + "/" + dep.Name
			one.Claims[i].Function, one.Claims[i].Dependency = function, dep.Name
			for _, x := range one.Experiments {
				one.Claims[i].Experiments = append(one.Claims[i].Experiments, x.ID)
			}
		}
		for i := range one.Skips {
			one.Skips[i].Function = function
		}
		p.Claims = append(p.Claims, one.Claims...)
		p.Skips = append(p.Skips, one.Skips...)
		for _, x := range one.Experiments {
			if !slices.ContainsFunc(p.Experiments, func(y plumbline.Experiment) bool { return y.ID == x.ID }) {
				p.Experiments = append(p.Experiments, x)
			}
		}
	}
	return p
}

// claimed proposes one claim with the experiments that decide it.
func claimed(basis plumbline.Basis, source plumbline.Source, statement string, experiments ...plumbline.Experiment) plumbline.Proposal {
	return plumbline.Proposal{
		Claims:      []plumbline.Claim{{Basis: basis, Source: source, Statement: statement}},
		Experiments: experiments,
	}
}

// unclaimed proposes nothing but the reason for it.
func unclaimed(dep plumbline.Dependency, reason plumbline.Reason, detail, unlock string) plumbline.Proposal {
	return plumbline.Proposal{Skips: []plumbline.Skip{{Subject: dep.Name, Reason: reason, Detail: detail, Unlock: unlock}}}
}
