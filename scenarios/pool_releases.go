package scenarios

import (
	"cmp"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const poolReleases = "resilience/pool-releases"

const checkConnections = "connections"

// When connections are held for good.
const (
	poolMore   = 2   // beyond what was in use at once
	poolGrowth = 10  // connections by which each round has to raise the level
	poolShare  = 0.1 // of the calls that a round has hit, which have to be behind it
)

func init() {
	register(plumbline.Function{
		ID:    poolReleases,
		Title: "Faults leak no connections",
		Doc: `Method: the wire counts the connections that the service holds to the dependency before and after a round of faults – statuses, resets, truncated and trickling answers, hangs – and before and after another one, the outage and the recovery from it.
Criterion: after the second round there are no more connections than before it, or than calls were under way at once in its course, and two; a level that both rounds have raised beyond that, by ten connections and a tenth of the calls that they hit, is a leak.
Guard: a pool that grows to what was needed and keeps it idle is right: it grows once, and not beyond the calls that were under way at once. A level that was raised by one of the rounds alone is undecided. Connections are counted at the wire, so that one wire for each dependency is needed; a pool between service and wire (a sidecar) is what is counted then.`,
		Standard: "Nygard, Release It!, Blocked Threads; HikariCP, About Pool Sizing",
		Mutants:  []string{"leaks-connections"},
		Order:    59,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, poolReleases, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := probes(d, dep)
				if !ok {
					return skip
				}
				o, ok := outageOf(d, dep)
				if !ok {
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				}
				return claimed(plumbline.BasisDefault, dep.Source, "calls to "+dep.Name+" that fail give their connections back", x, o.experiment())
			})
		},
		Judge: judgePool,
	})
}

// A poolRound is what became of the connections in one experiment.
type poolRound struct {
	before, after int
	hit           int // calls that faults hit
	peak          int // calls that were under way at once
}

// allowed is how many connections a pool may hold after the round.
func (r poolRound) allowed() int { return max(r.before, r.peak) + poolMore }

// leaks says whether the round has raised the level for good.
func (r poolRound) leaks() bool {
	grown := r.after - r.before
	return r.after > r.allowed() && grown >= poolGrowth && float64(grown) >= poolShare*float64(r.hit)
}

func judgePool(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).sight(phaseDown, phaseAfter)
	if !ok {
		return v
	}
	x, ok := probingOf(d, s.dep)
	if !ok {
		return skipped(plumbline.ReasonNotApplicable, "no request can be kept from %s by itself", s.dep.Name)
	}
	if v, ok := s.ran(x.ID, phaseAfter); !ok {
		return v
	}
	first, ok := s.round(x.ID)
	second, again := s.round(s.o.id())
	switch {
	case !ok || !again:
		return inconclusive(plumbline.ReasonIncomplete, "the connections to %s were not counted before and after the faults", s.dep.Name)
	case min(first.hit, second.hit) < hitsLeast:
		return s.undelivered(s.o.id(), phaseDown, min(first.hit, second.hit), hitsLeast)
	}
	f := figure{float64(second.after), float64(second.allowed()), "connections", first.hit + second.hit}
	const told = "%d connections to %s before a round of faults that hit %s, %d after it; %d before another that hit %d, %d after it, with up to %d calls under way at once"
	args := []any{first.before, s.dep.Name, plural(first.hit, "call"), first.after, second.before, second.hit, second.after, second.peak}
	switch {
	case first.leaks() && second.leaks():
		v := fail(f, told, args...)
		shown := hitBy(s.using(phaseDown), plumbline.FaultStatus)
		if s.o.blind() {
			shown = unsuccessful(s.using(phaseDown))
		}
		v.Evidence = s.exhibits(shown)
		v.Remedy = "close what a call holds on every path out of it, those of errors first"
		return v
	case second.leaks():
		return inconclusive(plumbline.ReasonUndecided, told, args...)
	}
	return pass(f, told, args...)
}

// round reads the counts of an experiment: the first and the last of them.
func (q inquiry) round(experiment string) (poolRound, bool) {
	var r poolRound
	n := 0
	for _, c := range q.e.Checks {
		if c.Name != checkConnections || c.Experiment != experiment || c.Subject != q.dep.Name || !c.OK {
			continue
		}
		if n == 0 {
			r.before = int(c.Value)
		}
		r.after = int(c.Value)
		n++
	}
	r.hit, r.peak = q.under(experiment)
	return r, n > 1
}

// under counts the calls that faults hit in an experiment, and those that were
// under way at once.
func (q inquiry) under(experiment string) (hit, peak int) {
	marks := phasesOf(q.e, experiment)
	if len(marks) == 0 {
		return 0, 0
	}
	began, ended := marks[0].Began, marks[len(marks)-1].Ended
	type edge struct {
		at   time.Duration
		more int
	}
	var edges []edge
	for _, x := range q.e.Exchanges { // also of others: their connections are counted as well
		if x.Wire != q.dep.Name || x.Began < began || x.Began > ended {
			continue
		}
		if x.Fault != "" {
			hit++
		}
		edges = append(edges, edge{x.Began, 1}, edge{x.Ended, -1})
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(b.more, a.more)) })
	now := 0
	for _, x := range edges {
		now += x.more
		peak = max(peak, now)
	}
	return hit, peak
}
