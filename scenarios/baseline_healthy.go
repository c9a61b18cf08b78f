package scenarios

import (
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const baselineHealthy = "harness/baseline-healthy"

// The baseline of one operation: few requests, evenly spaced, so that it loads
// nothing, and enough of them that one slow answer in ten is seen.
const (
	baselineRate     = 5.0
	baselineTime     = 6 * time.Second
	baselineErrors   = 1                     // of 30
	baselineLatency  = time.Second           // where no objective says otherwise
	baselineLeast    = 15                    // requests below which nothing is said
	baselineMost     = 20                    // operations, 100 requests a second in all
	driftRatio       = 1.5                   // of the medians, after to before
	driftNotBelow    = 20 * time.Millisecond // what a median may always grow by
	baselineLowShare = 0.9
)

func init() {
	register(plumbline.Function{
		ID:    baselineHealthy,
		Title: "The target works with no fault injected, before and after",
		Doc: `Method: every operation that can be called again and again gets 30 requests at 5 a second, all operations at once, before anything else and again after the last fault. Where no dependency is declared, nothing is broken and there is none.
Criterion: in both baselines at most 1 of 30 requests fails (no answer, 5xx, an undocumented status, 401, 403 or 429) and the 90th percentile is within the latency objective of the operation (1 s when none is declared); the second median is at most 1.5 times the first, 20 ms of growth being free. 30 requests cannot judge a 99th percentile, so none is judged. Latencies count from when a request was sent: how late that was is no matter of the target's.
Guard: this self-check never accuses the target. Without a healthy first baseline the verdicts on faults to that operation are inconclusive; without a healthy second one they may still fail, as not coming back is what they look for, but they cannot pass. An operation that never answers 2xx is a gap in coverage, not an unhealthy baseline.`,
		Standard: "Principles of Chaos Engineering: steady state; Kayenta: a baseline as control",
		Informs:  true,
		Order:    10,
		Plan:     planBaselines,
		Judge:    judgeBaseline,
	})
}

func planBaselines(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	if len(d.Dependencies) == 0 {
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: baselineHealthy, Reason: plumbline.ReasonNotApplicable,
			Detail: "no dependency is declared, so that nothing is broken that a baseline would be compared with", Unlock: "dependencies",
		})
		return p
	}
	operations, left := baselineOperations(d)
	for _, o := range left {
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: baselineHealthy, Subject: o.ID, Reason: plumbline.ReasonNotSelected,
			Detail: "a baseline of more operations would be load", Unlock: "load.mix or dependencies[].operations that name " + o.ID,
		})
	}
	if len(operations) == 0 {
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: baselineHealthy, Reason: plumbline.ReasonNotApplicable,
			Detail: "no operation can be called again and again", Unlock: "mode: own, or examples in the OpenAPI document",
		})
		return p
	}
	for _, o := range operations {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: baselineHealthy + "/" + o.ID, Function: baselineHealthy, Operation: o.ID, Basis: plumbline.BasisDefault,
			Statement:   o.ID + " works before and after the faults, equally fast",
			Experiments: []string{baselineBefore, baselineAfter},
		})
	}
	p.Experiments = []plumbline.Experiment{
		baseline(baselineBefore, "the target with no fault, before", operations),
		baseline(baselineAfter, "the target with no fault, after", operations),
	}
	return p
}

func baseline(id, title string, operations []plumbline.Operation) plumbline.Experiment {
	ph := plumbline.Phase{Name: "baseline", Role: plumbline.RoleBaseline, Duration: baselineTime}
	for _, o := range operations {
		s := steady(o.ID, baselineRate, baselineTime)
		s.Case = o.Cases[0].ID
		ph.Streams = append(ph.Streams, s)
	}
	return plumbline.Experiment{ID: id, Title: title, Kind: plumbline.KindHarness, Phases: []plumbline.Phase{ph}}
}

// baselineOperations are the operations that get a baseline, those that other
// claims are made about first, and those that are left over because a baseline
// must not be load.
func baselineOperations(d plumbline.Design) (chosen, left []plumbline.Operation) {
	for _, o := range d.Operations {
		if repeatable(d, o) {
			chosen = append(chosen, o)
		}
	}
	most := baselineMost
	if d.Load.Limit > 0 {
		most = min(most, max(1, int(d.Load.Limit/baselineRate)))
	}
	if len(chosen) <= most {
		return chosen, nil
	}
	slices.SortStableFunc(chosen, func(a, b plumbline.Operation) int { return interest(d, b.ID) - interest(d, a.ID) })
	return chosen[:most], chosen[most:]
}

// interest counts what else the design says about an operation.
func interest(d plumbline.Design, operation string) int {
	n := 0
	for _, dep := range d.Dependencies {
		if slices.Contains(dep.Operations, operation) {
			n += 2
		}
	}
	if d.Load.Mix[operation] > 0 {
		n++
	}
	return n
}

func judgeBaseline(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	b := baselineOf(d, e, c.Operation)
	switch {
	case b.before.n == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request of the first baseline reached %s", c.Operation)
	case b.before.succeeded == 0 && !anySuccess(e, baselineBefore):
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "no operation answered 2xx; %s: %s", c.Operation, b.before.answers)
	case b.before.succeeded == 0:
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx (%s): not covered, not unhealthy", b.before.answers)
	case b.before.trouble != "":
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "before any fault: %s", b.before.trouble)
	case b.after.n == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request of the second baseline reached %s", c.Operation)
	case b.after.trouble != "":
		return inconclusive(plumbline.ReasonBaselineUnhealthy, "after the faults: %s", b.after.trouble)
	case b.drifted():
		return inconclusive(plumbline.ReasonBaselineDrift, "the median went from %s before to %s after", readable(b.before.p50), readable(b.after.p50))
	}
	f := figure{milliseconds(max(b.before.p90, b.after.p90)), milliseconds(latencyLimit(d, c.Operation)), "ms", b.before.n + b.after.n}
	return pass(f, "%d and %d requests, %s and %s; the 90th percentile was %s before and %s after",
		b.before.n, b.after.n, plural(b.before.errors, "error"), plural(b.after.errors, "error"), readable(b.before.p90), readable(b.after.p90))
}

// A baselineSample is what one baseline showed of one operation.
type baselineSample struct {
	n, errors, succeeded int
	p50, p90             time.Duration
	answers              string
	trouble              string // why it is not healthy; empty when it is
	slow                 bool   // and it is nothing but slow
}

// A baselinePair is the baseline before the faults and the one after.
type baselinePair struct{ before, after baselineSample }

func (b baselinePair) drifted() bool {
	grown := b.after.p50 - b.before.p50
	return grown > driftNotBelow && float64(b.after.p50) > driftRatio*float64(b.before.p50)
}

func baselineOf(d plumbline.Design, e *plumbline.Evidence, operation string) baselinePair {
	limit := latencyLimit(d, operation)
	return baselinePair{
		before: sampleBaseline(e, baselineBefore, operation, limit),
		after:  sampleBaseline(e, baselineAfter, operation, limit),
	}
}

func sampleBaseline(e *plumbline.Evidence, experiment, operation string, limit time.Duration) baselineSample {
	var s baselineSample
	var seen []plumbline.Observation
	var latencies []time.Duration
	for o := range e.Of(experiment, "") {
		if o.Operation != operation || !sentToTarget(o) {
			continue
		}
		seen = append(seen, o)
		latencies = append(latencies, o.Service())
		if succeeded(o) {
			s.succeeded++
		}
		if !o.OK() || o.Status == 401 || o.Status == 403 || o.Status == 429 {
			s.errors++
		}
	}
	slices.Sort(latencies)
	s.n, s.answers = len(seen), answers(seen)
	s.p50, s.p90 = quantileOf(latencies, 0.5).value, quantileOf(latencies, baselineLowShare).value
	s.trouble, s.slow = s.judge(limit)
	return s
}

func (s baselineSample) judge(limit time.Duration) (trouble string, slow bool) {
	switch {
	case s.n == 0:
		return "", false
	case s.n < baselineLeast:
		return "only " + plural(s.n, "request") + " were sent", false
	case s.errors > baselineErrors:
		return plural(s.errors, "error") + " in " + plural(s.n, "request") + " (" + s.answers + ")", false
	case s.p90 > limit:
		return "the 90th percentile is " + readable(s.p90) + ", above " + readable(limit), true
	}
	return "", false
}

// latencyLimit is the strictest latency objective that covers the operation
// while nothing is broken.
func latencyLimit(d plumbline.Design, operation string) time.Duration {
	limit := time.Duration(0)
	for _, o := range d.Objectives {
		if o.During == "" && o.Within > 0 && o.Covers(operation) && (limit == 0 || o.Within < limit) {
			limit = o.Within
		}
	}
	if limit == 0 {
		return baselineLatency
	}
	return limit
}

func anySuccess(e *plumbline.Evidence, experiment string) bool {
	for o := range e.Of(experiment, "") {
		if succeeded(o) {
			return true
		}
	}
	return false
}
