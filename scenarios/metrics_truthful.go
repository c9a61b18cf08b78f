package scenarios

import (
	"fmt"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const (
	metricsTruthful = "obs/metrics-truthful"
	obsMetrics      = "metrics/known"
)

// CheckMetrics is the self-check that reads the metrics of the target until they
// hold still, and records what it read.
const CheckMetrics = "metrics"

// The phases, and what is sent in them.
const (
	metricsUsual   = "usual"
	metricsLate    = "late"
	metricsFailing = "failing"
	metricsAfter   = "after"

	metricsOperations = 4
	metricsCalls      = 25 // of an operation, as usual
	metricsRefused    = 10 // without credentials
	metricsDelayed    = 8
	metricsFailed     = 5
	metricsLeast      = 3 // requests below which nothing is told
	metricsDelay      = 300 * time.Millisecond
	metricsSlack      = 0.02
)

func init() {
	register(plumbline.Function{
		ID:    metricsTruthful,
		Title: "What the metrics tell is what happened",
		Doc: `Method: the metrics are read until they hold still for a second, a known number of requests is sent, and they are read again: 25 each of up to four operations that need nothing made first, and 10 without credentials; then, where an HTTP dependency is behind one of them, 8 while it answers 300 ms late (less where a declared timeout is shorter) and 5 while it answers 503. Metrics are found by the names that are usual (OpenTelemetry, Micrometer, http_requests_total), or as declared. What the target counts during the declared load is compared too.
Criterion: for each operation and status the target counts what was sent, within 2 %; requests that were answered with a 5xx are counted as such; the median that its histogram tells of the late ones is within one bucket of what is between the delay and the median of the client (of a metric without buckets: the mean, from the delay less 20 % to the client's mean and 20 %). Under load it counts at least 98 % of the requests, and of those answered with a 5xx.
Guard: metrics that do not hold still for a second without a request of the run tell of others, and what is counted beyond what was sent may be theirs: inconclusive. Too few may be those of an instance that is not asked: inconclusive, unless all instances are declared or the metrics come from where the target answers. A target that was started anew in between is not judged. Requests that the client lost widen the bound. Refusals without credentials that are not counted, which a door before the service may have answered, warn. Without labels for routes or statuses all requests together are compared. How long requests wait before the service takes them up is not stimulated.`,
		Standard: "OpenTelemetry semantic conventions, HTTP metrics; RED method",
		Mutants:  []string{"metrics-lie", "metrics-flatter"},
		Order:    47,
		Plan:     planMetrics,
		Judge:    judgeMetrics,
	})
}

// What the claims are about.
const (
	metricsCounts  = "counts"
	metricsErrors  = "errors"
	metricsLatency = "latency"
	metricsLoad    = "load"
)

func planMetrics(d plumbline.Design) plumbline.Proposal {
	if d.Metrics == nil {
		return plumbline.Proposal{Skips: []plumbline.Skip{{Function: metricsTruthful, Reason: plumbline.ReasonNotDeclared, Detail: "where the target tells its metrics is not declared", Unlock: "metrics.url"}}}
	}
	var p plumbline.Proposal
	claim := func(subject, statement, experiment, dependency string) {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: metricsTruthful + "/" + subject, Function: metricsTruthful, Basis: plumbline.BasisDeclared, Source: d.Metrics.Source,
			Statement: statement, Experiments: []string{experiment}, Dependency: dependency,
		})
	}
	skip := func(subject string, why plumbline.Reason, detail, unlock string) {
		p.Skips = append(p.Skips, plumbline.Skip{Function: metricsTruthful, Subject: subject, Reason: why, Detail: detail, Unlock: unlock})
	}
	if known := knownOperations(d); len(known) > 0 {
		dep, op, wired := metricsWire(d)
		p.Experiments = append(p.Experiments, metricsExperiment(d, known, dep, op, wired))
		claim(metricsCounts, "the metrics count every request under its status", obsMetrics, "")
		if wired {
			claim(metricsErrors, "the metrics count failures as failures", obsMetrics, dep.Name)
			claim(metricsLatency, "the metrics tell how long requests took", obsMetrics, dep.Name)
		} else {
			skip("errors, latency", plumbline.ReasonNeedsWire, "no HTTP dependency can be made late or fail behind an operation that needs nothing made first", "dependencies with a wire, and their operations")
		}
	} else {
		skip(metricsCounts, plumbline.ReasonNotApplicable, "no operation can be called again and again without something being made first", "examples in the OpenAPI document")
	}
	if x, _ := targetLoad(d); len(x.Phases) > 0 {
		p.Experiments = append(p.Experiments, x)
		claim(metricsLoad, "the metrics count the requests of the load, and its failures", loadTarget, "")
	}
	return p
}

// knownOperations are those of which a known number of requests can be sent:
// nothing is made or fetched for any of them. Reads come first.
func knownOperations(d plumbline.Design) []plumbline.Operation {
	var out []plumbline.Operation
	for _, safe := range []bool{true, false} {
		for _, o := range d.Operations {
			if safe == o.Safe() && countedOnly(d, o) && len(out) < metricsOperations {
				out = append(out, o)
			}
		}
		if len(out) > 0 { // what is created has to be deleted
			break
		}
	}
	return out
}

// countedOnly says whether each request to an operation is one request.
func countedOnly(d plumbline.Design, o plumbline.Operation) bool {
	return repeatable(d, o) && carries(d, o) && !leavesTrace(d, o) && len(o.Cases[0].Binds) == 0
}

// metricsWire is a dependency that can be made late and fail, and an operation
// that uses it.
func metricsWire(d plumbline.Design) (dep plumbline.Dependency, op plumbline.Operation, ok bool) {
	for _, class := range []plumbline.Class{plumbline.ClassCritical, ""} {
		for _, dep := range d.Dependencies {
			if dep.Wire == plumbline.WireTCP || dep.Class != class {
				continue
			}
			for _, safe := range []bool{true, false} {
				for _, o := range usersOf(d, dep) {
					if o.Safe() == safe && countedOnly(d, o) {
						return dep, o, true
					}
				}
			}
		}
	}
	return dep, op, false
}

func lateBy(dep plumbline.Dependency) time.Duration {
	if dep.Timeout > 0 {
		return min(metricsDelay, dep.Timeout*6/10).Round(time.Millisecond)
	}
	return metricsDelay
}

func metricsExperiment(d plumbline.Design, known []plumbline.Operation, dep plumbline.Dependency, op plumbline.Operation, wired bool) plumbline.Experiment {
	usual := plumbline.Phase{Name: metricsUsual, Role: plumbline.RoleProbe, Checks: []string{CheckMetrics}}
	for _, o := range known {
		usual.Calls = append(usual.Calls, plumbline.Call{Name: o.ID, Operation: o.ID, Repeat: metricsCalls})
	}
	for _, o := range known {
		if protected(d, o) && len(d.Identities) > 0 {
			usual.Calls = append(usual.Calls, plumbline.Call{Name: o.ID + anonymousCall, Operation: o.ID, Auth: plumbline.AuthNone, Repeat: metricsRefused})
			break
		}
	}
	x := plumbline.Experiment{ID: obsMetrics, Title: "a known number of requests is held against the metrics", Kind: plumbline.KindContract, Phases: []plumbline.Phase{usual}}
	if wired {
		broken := func(name string, n int, f plumbline.Fault) {
			f.Dependency, f.Scope = dep.Name, plumbline.ScopeRun
			x.Phases = append(x.Phases, plumbline.Phase{
				Name: name, Role: plumbline.RoleFault, Checks: []string{CheckMetrics}, Faults: []plumbline.Fault{f},
				Calls: []plumbline.Call{{Name: op.ID, Operation: op.ID, Repeat: n}},
			})
		}
		broken(metricsLate, metricsDelayed, plumbline.Fault{Kind: plumbline.FaultDelay, Latency: lateBy(dep)})
		broken(metricsFailing, metricsFailed, plumbline.Fault{Kind: plumbline.FaultStatus, Status: 503})
	}
	x.Phases = append(x.Phases, plumbline.Phase{Name: metricsAfter, Role: plumbline.RoleProbe, Checks: []string{CheckMetrics}})
	if o, ok := outageOf(d, dep); wired && ok && dep.Breaker != nil && openFor(dep) <= settleLongest { // it closes before what follows
		x.Phases = append(x.Phases, o.settle())
	}
	return x
}

func judgeMetrics(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(metricsTruthful)+1:]
	if subject == metricsLoad {
		return judgeMetricsLoad(e)
	}
	phase := map[string]string{metricsCounts: metricsUsual, metricsErrors: metricsFailing, metricsLatency: metricsLate}[subject]
	g, v, ok := gaugeOf(d, e, phase)
	if !ok {
		return v
	}
	switch subject {
	case metricsErrors:
		return g.errors()
	case metricsLatency:
		_, op, _ := metricsWire(d)
		dep, _ := d.Dependency(c.Dependency)
		return g.latency(e, dep, op)
	}
	return g.counts()
}

// judgeMetricsLoad compares what the target counted from before the load until
// after it with what was sent in between. Others can only add to it.
func judgeMetricsLoad(e *plumbline.Evidence) plumbline.Verdict {
	var sent, failed, counted, told float64
	var v plumbline.Verdict
	for _, x := range accountPhases(e) {
		if x.Experiment != loadTarget || x.Phase == warmUp {
			continue
		}
		if !x.Requested {
			continue
		}
		sent, failed = sent+x.Client.Requests, failed+x.Client.Failed
		counted, told = counted+x.Target.Requests, told+x.Target.Failed
	}
	f := figure{counted, sent, "requests", int(sent)}
	says := fmt.Sprintf("of %.0f requests under load the target counted %.0f, and %.0f of %.0f failures as such", sent, counted, told, failed)
	switch {
	case len(e.Scrapes) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "the metrics were not read")
	case sent == 0:
		return inconclusive(plumbline.ReasonUnsupported, "the metrics could not be read around the load, or hold no count of requests: %s", unread(e))
	case failed >= metricsLeast && told < failed*(1-metricsSlack):
		v = fail(figure{told, failed, "requests", int(sent)}, "%s", says)
		v.Remedy = "count an answer under the status that the client is sent, after errors were turned into answers"
	case counted < sent*(1-metricsSlack):
		v = inconclusive(plumbline.ReasonUndecided, "%s: it misses some, or has an instance that was not asked", says)
		v.Remedy = "name every instance in metrics.urls"
	default:
		v = pass(f, "%s", says)
	}
	return v
}

// unread is why the metrics tell nothing, as far as that is known.
func unread(e *plumbline.Evidence) string {
	for _, s := range e.Scrapes {
		if s.Error != "" {
			return s.Error
		}
	}
	return "metrics.requests names the counter of requests"
}
