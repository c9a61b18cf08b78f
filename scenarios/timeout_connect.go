package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const timeoutConnect = "resilience/timeout-connect"

// connectRate is what each operation sends a second while nobody is there.
const connectRate = 5.0

func init() {
	register(plumbline.Function{
		ID:    timeoutConnect,
		Title: "An address where nobody is does not hang the target",
		Doc: `Method: in the outage of a dependency on a TCP wire the connections to it are reset, and who connects anew gets no answer at all for more than two seconds: the wire takes no connection from a queue that is full, so that the system drops what comes, as at an address where nobody is.
Criterion: each answer comes within the declared connect_timeout for each attempt, with the gaps that a declared backoff allows between them, and never later than the declared timeout (5 s when none is declared), plus max(100 ms, 10 %). One request in five, and always one, may be beyond it.
Guard: what healthy requests took before (at most 500 ms) is added to the bound, which is never below what is declared. That attempts to connect were dropped is counted by the system; at least three have to have been. What the answer is does not matter here. Wires of HTTP are not broken so. Where the wire cannot leave connections unanswered (not on Linux, or a Toxiproxy) the claim is unproven where a connect_timeout is declared, and skipped where none is.`,
		Standard: "RFC 5737, the addresses where nobody is; Nygard, Release It!, Timeouts",
		Mutants:  []string{"no-connect-timeout"},
		Order:    53,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, timeoutConnect, func(dep plumbline.Dependency) plumbline.Proposal {
				if dep.Wire != plumbline.WireTCP {
					return unclaimed(dep, plumbline.ReasonNotApplicable, "who connects to a wire of kind http is always answered", "a wire of kind tcp to "+dep.Name)
				}
				o, ok := outageOf(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				basis := plumbline.BasisDefault
				if dep.ConnectTimeout > 0 || dep.Timeout > 0 {
					basis = plumbline.BasisDeclared
				}
				return claimed(basis, dep.Source, fmt.Sprintf("when nobody answers who connects to %s, every request is answered within %s", dep.Name, readable(connectsIn(dep))), o.experiment())
			})
		},
		Judge: judgeConnect,
	})
}

// connectsIn is how long a request may wait for connections that are not made.
func connectsIn(dep plumbline.Dependency) time.Duration {
	if dep.ConnectTimeout == 0 {
		return timeoutOf(dep)
	}
	attempts := 1
	if dep.Retry != nil {
		attempts = attemptsOf(dep)
	}
	if attempts > 1 && dep.Retry.Backoff == 0 {
		return max(dep.ConnectTimeout, timeoutOf(dep)) // nobody knows the gaps
	}
	total := time.Duration(attempts) * dep.ConnectTimeout
	for i := range attempts - 1 {
		total += dep.Retry.Backoff << i
	}
	return max(dep.ConnectTimeout, min(total, timeoutOf(dep)))
}

// connectsLeast is how many attempts to connect have to have been dropped.
const connectsLeast = 3

func judgeConnect(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).sight(phaseBaseline, phaseUnreachable)
	if !ok {
		return v
	}
	if v, ok := s.usual(s.using(phaseBaseline)); !ok {
		return v
	}
	hits, refused := s.delivered(s.o.id(), phaseUnreachable)
	switch {
	case refused != "" && s.dep.ConnectTimeout == 0:
		return skipped(plumbline.ReasonNotApplicable, "the wire to %s cannot leave connections unanswered: %s", s.dep.Name, refused)
	case hits < connectsLeast:
		return s.undelivered(s.o.id(), phaseUnreachable, hits, connectsLeast)
	}
	bound := connectsIn(s.dep)
	all, v, ok := s.gradeProbes([]string{probeUnreachable}, hitsLeast, func(p probe, op string) time.Duration { return s.allowed(p, op, bound+tolerance(bound)) })
	f := figure{milliseconds(slowestOf(all)), milliseconds(bound + tolerance(bound)), "ms", 0}
	for _, g := range all {
		f.samples += g.n
	}
	for _, g := range all {
		if len(g.late) > g.mostLate() {
			v := fail(f, "%d of %d requests of %s were not answered within %s while nobody answered who connected to %s, the slowest after %s",
				len(g.late), g.n, g.operation, readable(bound), s.dep.Name, readable(g.slowest))
			v.Evidence, v.Remedy = s.exhibits(g.late), "bound the time that a connection to "+s.dep.Name+" may take to be made: the system goes on trying for minutes"
			return v
		}
	}
	if !ok {
		return v
	}
	return pass(f, "%d requests were answered %s while nobody answered who connected to %s (%d attempts were dropped), the slowest after %s",
		f.samples, answersOf(all), s.dep.Name, hits, readable(slowestOf(all)))
}
