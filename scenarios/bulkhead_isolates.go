package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const bulkheadIsolates = "resilience/bulkhead-isolates"

// What a neighbour of a hung dependency may suffer.
const (
	sparedBad   = 3
	sparedShare = 0.03
	sparedTimes = 2
	sparedMore  = 100 * time.Millisecond
	pressed     = 10 // requests under pressure from which they are judged by themselves
)

func init() {
	register(plumbline.Function{
		ID:    bulkheadIsolates,
		Title: "One hung dependency does not take other operations down",
		Doc: `Method: the dependency hangs for all while the operations that use it get twice their usual traffic; at the same time safe operations that do not use it get twenty requests a second, as they did before. Looked at are those that were sent while at least half of the peak number of other requests was waiting, if these are ten or more, else all.
Criterion: 97 % of them succeed, or all but two, and their latency is at most twice that of before, or 100 ms above it: the 99th percentile from 300 requests, the 90th from 100, the 75th below, for a machine that stops for a moment slows a few in a row.
Guard: before the hang the same requests were sent at the same rate with the dependency healthy. A breaker may end the pressure soon, hence the choice of what is looked at.`,
		Standard: "Nygard, Release It!, Bulkheads",
		Mutants:  []string{"shared-pool-no-bulkhead"},
		Order:    55,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, bulkheadIsolates, func(dep plumbline.Dependency) plumbline.Proposal {
				o, ok := outageOf(d, dep)
				switch {
				case !dep.Bulkhead:
					return unclaimed(dep, plumbline.ReasonNotDeclared, "no bulkhead is declared on "+dep.Name, "dependencies."+dep.Name+".bulkhead: true")
				case !ok:
					return plumbline.Proposal{Skips: []plumbline.Skip{noUsers(d, dep)}}
				case len(o.spares) == 0:
					return unclaimed(dep, plumbline.ReasonNotApplicable, "no safe operation is known to do without "+dep.Name, "dependencies."+dep.Name+".operations")
				}
				return claimed(plumbline.BasisDeclared, dep.Source,
					fmt.Sprintf("while %s hangs, %s %s and are as quick as before", dep.Name, strings.Join(ids(o.spares), " and "), "go on succeeding"), o.experiment())
			})
		},
		Judge: judgeBulkhead,
	})
}

func ids(operations []plumbline.Operation) []string {
	out := make([]string, len(operations))
	for i, o := range operations {
		out[i] = o.ID
	}
	return out
}

func judgeBulkhead(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	s, v, ok := inquire(d, c, e).sight(phaseBaseline, phaseHang)
	if !ok {
		return v
	}
	base, all := s.sparing(phaseBaseline), s.sparing(phaseHang)
	switch {
	case !steadyState(base):
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before the hang %d of %d neighbouring requests were answered 2xx (%s)",
			len(base)-len(unsuccessful(base)), len(base), answers(observed(base)))
	case len(all) < pressed:
		return inconclusive(plumbline.ReasonTooFewSamples, "%s beside the hang, %d are needed", plural(len(all), "request"), pressed)
	}
	if v, ok := s.lost(phaseHang); !ok {
		return v
	}
	waiting := s.using(phaseHang)
	judged, peak := underPressure(all, waiting)
	text := fmt.Sprintf("while up to %d requests waited for %s", peak, s.dep.Name)
	remedy := "give the calls to " + s.dep.Name + " a limit of their own, so that they cannot use up what other operations need"
	if lost := unsuccessful(judged); len(lost) >= sparedBad && float64(len(lost)) > sparedShare*float64(len(judged)) {
		f := figure{float64(len(lost)) / float64(len(judged)), sparedShare, "ratio", len(judged)}
		v := fail(f, "%s, %d of %d requests that do not need it failed (%s)", text, len(lost), len(judged), answers(observed(lost)))
		v.Evidence, v.Remedy = s.exhibits(lost), remedy
		return v
	}
	q := lateQuantile(len(judged))
	now, before := quantileOf(times(judged), q).value, quantileOf(times(base), q).value
	limit := max(sparedTimes*before, before+sparedMore)
	f := figure{milliseconds(now), milliseconds(limit), "ms", len(judged)}
	if now > limit {
		slices.SortStableFunc(judged, func(a, b trial) int { return int(b.seen.Service() - a.seen.Service()) })
		v := fail(f, "%s, the %s percentile of %d requests that do not need it was %s, %s before", text, ordinal(q), len(judged), readable(now), readable(before))
		v.Evidence, v.Remedy = s.exhibits(judged), remedy
		return v
	}
	return pass(f, "%s, %d of %d requests that do not need it succeeded; their %s percentile was %s, %s before",
		text, len(judged)-len(unsuccessful(judged)), len(judged), ordinal(q), readable(now), readable(before))
}

// underPressure keeps the requests that were sent while at least half of the
// largest number of others was waiting for its answer.
func underPressure(all, others []trial) (judged []trial, peak int) {
	waiting := func(at time.Duration) int {
		n := 0
		for _, t := range others {
			if t.seen.Sent <= at && at < t.seen.Done() {
				n++
			}
		}
		return n
	}
	counts := make([]int, len(all))
	for i, t := range all {
		counts[i] = waiting(t.seen.Sent)
		peak = max(peak, counts[i])
	}
	for i, t := range all {
		if 2*counts[i] >= peak && peak > 0 {
			judged = append(judged, t)
		}
	}
	if len(judged) < pressed {
		return slices.Clone(all), peak
	}
	return judged, peak
}
