package scenarios

import (
	"cmp"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The least number of hits on which a function of the resilience group rests:
// one for what is counted, one for what happens always or never.
const (
	hitsLeast  = 10
	onceEnough = faultLeast
)

// noiseLimit bounds how much a crowded machine, as seen in the requests beside
// the faulted ones, may add to a time bound.
const noiseLimit = 500 * time.Millisecond

// A traffic is what went over one wire, by trace id, each in the order in
// which it began.
type traffic map[string][]plumbline.Exchange

func trafficOf(e *plumbline.Evidence, dependency string) traffic {
	w := traffic{}
	for _, x := range e.Exchanges {
		if x.Wire == dependency && x.Trace != "" {
			w[x.Trace] = append(w[x.Trace], x)
		}
	}
	for _, calls := range w {
		slices.SortStableFunc(calls, func(a, b plumbline.Exchange) int { return cmp.Compare(a.Began, b.Began) })
	}
	return w
}

// A trial is one request of the harness with the calls that it set off on one
// wire.
type trial struct {
	seen  plumbline.Observation
	calls []plumbline.Exchange
}

// trials are the requests of one stream or call, in the order in which they
// were due. Those that never left the harness are none.
func (w traffic) trials(e *plumbline.Evidence, experiment, phase, stream string) []trial {
	var out []trial
	for o := range e.Of(experiment, phase) {
		if o.Stream != stream || !sentToTarget(o) {
			continue
		}
		t := trial{seen: o}
		if o.Trace != "" {
			t.calls = w[o.Trace]
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b trial) int { return cmp.Compare(a.seen.Due, b.seen.Due) })
	return out
}

// hits counts the calls that a fault of the kind hit.
func (t trial) hits(kind plumbline.FaultKind) int {
	n := 0
	for _, x := range t.calls {
		if x.Fault != "" && x.FaultKind == kind {
			n++
		}
	}
	return n
}

// A callKey tells calls of one request apart that are not repeats of each other.
type callKey struct{ method, path string }

// repeats groups the calls of the request that began by the given moment into
// those that may be attempts at the same thing.
func (t trial) repeats(until time.Duration) map[callKey][]plumbline.Exchange {
	out := map[callKey][]plumbline.Exchange{}
	for _, x := range t.calls {
		if x.Began <= until {
			k := callKey{x.Method, x.Path}
			out[k] = append(out[k], x)
		}
	}
	return out
}

// attempts is the largest number of attempts at the same thing before the
// client had its answer.
func (t trial) attempts() int {
	most := 0
	for _, same := range t.repeats(t.seen.Done()) {
		most = max(most, len(same))
	}
	return most
}

// hitBy keeps the requests of which a call was hit by a fault of the kind.
func hitBy(trials []trial, kind plumbline.FaultKind) []trial {
	var out []trial
	for _, t := range trials {
		if t.hits(kind) > 0 {
			out = append(out, t)
		}
	}
	return out
}

// callsOf counts the calls of all the requests.
func callsOf(trials []trial) int {
	n := 0
	for _, t := range trials {
		n += len(t.calls)
	}
	return n
}

// callsPerRequest is the mean number of calls that a request set off.
func callsPerRequest(trials []trial) float64 {
	if len(trials) == 0 {
		return 0
	}
	return float64(callsOf(trials)) / float64(len(trials))
}

// dueFrom keeps the requests that were due at the moment or later.
func dueFrom(trials []trial, from time.Duration) []trial {
	var out []trial
	for _, t := range trials {
		if t.seen.Due >= from {
			out = append(out, t)
		}
	}
	return out
}

// observed are the requests alone.
func observed(trials []trial) []plumbline.Observation {
	out := make([]plumbline.Observation, len(trials))
	for i, t := range trials {
		out[i] = t.seen
	}
	return out
}

// unsuccessful keeps the requests that were not answered 2xx.
func unsuccessful(trials []trial) []trial {
	var out []trial
	for _, t := range trials {
		if !succeeded(t.seen) {
			out = append(out, t)
		}
	}
	return out
}

// steadyState says whether the requests show the operation at work: enough of
// them, and nine in ten answered 2xx.
func steadyState(trials []trial) bool {
	return len(trials) >= 5 && 10*len(unsuccessful(trials)) <= len(trials)
}

// times are the service times, in ascending order.
func times(trials []trial) []time.Duration {
	out := make([]time.Duration, len(trials))
	for i, t := range trials {
		out[i] = t.seen.Service()
	}
	slices.Sort(out)
	return out
}

// answeredBy is the service time within which a share of the requests that
// were answered 2xx had their answer.
func answeredBy(trials []trial, q float64) time.Duration {
	var good []trial
	for _, t := range trials {
		if succeeded(t.seen) {
			good = append(good, t)
		}
	}
	return quantileOf(times(good), q).value
}

// An inquiry is what a judge looks into: one dependency and what its wire saw.
type inquiry struct {
	d    plumbline.Design
	dep  plumbline.Dependency
	e    *plumbline.Evidence
	wire traffic
}

func inquire(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) inquiry {
	dep, _ := d.Dependency(c.Dependency)
	return inquiry{d: d, dep: dep, e: e, wire: trafficOf(e, dep.Name)}
}

// ran is the verdict when one of the phases did not run to its end.
func (q inquiry) ran(experiment string, phases ...string) (plumbline.Verdict, bool) {
	for _, p := range phases {
		if _, ok := q.e.Phase(experiment, p); !ok {
			return inconclusive(plumbline.ReasonIncomplete, "phase %s of experiment %s did not run to its end", p, experiment), false
		}
	}
	return plumbline.Verdict{}, true
}

// delivered counts what the faults on the dependency hit in a phase, as the
// wire counted it.
func (q inquiry) delivered(experiment, phase string) (hits int, refused string) {
	for _, l := range leasesOf(q.e) {
		if l.Experiment != experiment || l.Phase != phase || l.Fault.Dependency != q.dep.Name {
			continue
		}
		hits += l.Hits
		if l.refused {
			refused = l.Error
		}
	}
	return hits, refused
}

// undelivered is the verdict when a fault did not hit often enough, with the
// most probable reason.
func (q inquiry) undelivered(experiment, phase string, hits, needed int) plumbline.Verdict {
	_, refused := q.delivered(experiment, phase)
	mark, _ := q.e.Phase(experiment, phase)
	foreign, seen := 0, false
	for _, x := range q.e.Exchanges {
		if x.Wire != q.dep.Name {
			continue
		}
		seen = true
		if x.Began >= mark.Began && x.Began <= mark.Ended && plumbline.TraceRun(x.Trace) != q.e.Run.ID {
			foreign++
		}
	}
	switch {
	case refused != "":
		return inconclusive(plumbline.ReasonUnsupported, "the wire to %s could not be broken in %s/%s: %s", q.dep.Name, experiment, phase, refused)
	case !seen:
		return inconclusive(plumbline.ReasonWireDark, "nothing was ever seen on the wire to %s", q.dep.Name)
	case hits == 0 && foreign > 0 && q.dep.Wire != plumbline.WireTCP:
		return inconclusive(plumbline.ReasonNoTrace, "%s went over the wire to %s in %s/%s and none of them carried a trace id of this run",
			plural(foreign, "call"), q.dep.Name, experiment, phase)
	}
	return inconclusive(plumbline.ReasonFaultNotDelivered, "the fault of %s/%s hit %s on their way to %s, %d are needed",
		experiment, phase, plural(hits, "request"), q.dep.Name, needed)
}

// exhibits shows the first of the requests, with what they set off.
func (q inquiry) exhibits(trials []trial) []plumbline.Exhibit {
	return exhibits(q.e, observed(trials[:min(len(trials), exhibitLimit)]))
}

// inOrder sorts the requests by when they were due.
func inOrder(trials []trial) []trial {
	slices.SortStableFunc(trials, func(a, b trial) int { return cmp.Compare(a.seen.Due, b.seen.Due) })
	return trials
}
