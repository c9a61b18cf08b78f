package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

const sloAtTarget = "load/slo-at-target"

// defaultObjective is what is asked of a service that promises nothing.
const (
	defaultObjectiveName   = "default-availability"
	defaultObjectiveTarget = 0.99
)

func init() {
	register(plumbline.Function{
		ID:    sloAtTarget,
		Title: "The objectives hold at the declared rate",
		Doc: `Method: an open workload with Poisson arrivals at the declared rate and mix (reads 80 %, writes 20 % when none is declared; without a declared load 25 reads a second for 20 s). The first fifth of the time warms up and is not judged. Latency counts from the moment a request was due. Every request is counted as good or bad for every objective: a failed request is bad for latency too, and so is one that is refused with a 429 or 503. Where the mix has flows each hit is one of them: its steps are requests like all others, due when the step before was answered and the user has thought; an objective that names the flow counts whole flows instead, and one that ended before its last step is bad.
Criterion: the exact one-sided 95 % bounds (Clopper–Pearson) of the share of bad requests, on a sample made smaller by the burstiness of the errors from second to second, lie below the error budget (pass) or above it (fail). Bounds that straddle it are inconclusive and say how many requests would decide. A throughput (throughput: 50/s) is such a share as well: of what was asked for, as much must have been answered well before the load ended as makes the promised number a second. Where no more than that number was asked for it is inconclusive (load-too-low): a load that asks for less can accuse nobody.
The load ends early when half of 200 and more answers within 5 s are errors: it would tell nothing more, and may do harm. It never ends early for going well.
Guard: no operation counts that never answered 2xx, as a quick 404 is no service; an objective that is missed for nothing but a 429 that the document promises is inconclusive, as it may be the quota of one caller; a closed workload judges no latency; a service that still warms up when it begins to be judged – the medians of the first seconds are a third higher than those of the rest, beyond chance, and were not asked for more (MSER) – is told so, with how much: of at most a quarter of the time what was served late does not count where the rest proves the objective and all of it decides nothing, and an objective that is missed for nothing else is inconclusive; errors always count, and what is missed is never kept by leaving something out; answers that were not held against the document, so that the generator could keep up, are told; nothing is judged when the generator could not keep up, and a latency failure that the generator's own lag explains is inconclusive.`,
		Standard: "OpenSLO; Clopper and Pearson 1934; coordinated omission (Tene)",
		Mutants:  []string{"slow-at-load"},
		Order:    40,
		Plan:     planLoad,
		Judge:    judgeObjective,
	})
}

func planLoad(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	x, skips := targetLoad(d)
	p.Skips = append(skips, unjudged(d)...)
	if len(x.Phases) == 0 {
		return p
	}
	sent := map[string]bool{}
	for _, s := range x.Phases[len(x.Phases)-1].Streams {
		sent[s.Operation] = true
		for _, id := range s.Reaches() {
			sent[id] = true
		}
	}
	for _, o := range stagedObjectives(d, x) {
		if o.During != "" {
			continue // slo_during_fault.go
		}
		c := plumbline.Claim{
			ID: sloAtTarget + "/" + o.key, Function: sloAtTarget, Objective: o.Name, Source: o.Source, Basis: plumbline.BasisDeclared,
			Statement:   promise(o.Objective, o.phase),
			Experiments: []string{loadTarget},
		}
		if o.isDefault {
			c.Basis = plumbline.BasisDefault
		}
		if skip, ok := notHere(d, x, o, slices.ContainsFunc(sortedKeys(sent), o.Covers)); ok {
			p.Skips = append(p.Skips, skip)
			continue
		}
		p.Claims = append(p.Claims, c)
	}
	if len(d.Objectives) == 0 {
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: sloAtTarget, Subject: "latency", Reason: plumbline.ReasonNotDeclared,
			Detail: "no latency is promised", Unlock: "slos",
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{x}
	}
	return p
}

// unjudged are the objectives of files that no requests decide.
func unjudged(d plumbline.Design) []plumbline.Skip {
	var out []plumbline.Skip
	for _, u := range d.Unjudged {
		out = append(out, plumbline.Skip{Function: sloAtTarget, Subject: u.Name, Reason: plumbline.ReasonNotApplicable, Detail: u.Why})
	}
	return out
}

// notHere says why an objective is not judged by a load, which sends requests to
// one of its operations or to none.
func notHere(d plumbline.Design, x plumbline.Experiment, o namedObjective, covered bool) (s plumbline.Skip, ok bool) {
	s = plumbline.Skip{Function: sloAtTarget, Subject: o.key, Reason: plumbline.ReasonNotApplicable}
	planned := offeredTo(x, o.Objective, o.phase)
	switch {
	case !covered:
		s.Reason, s.Detail, s.Unlock = plumbline.ReasonNotDeclared, "the load reaches none of its operations", "load.mix"
	case o.Throughput > 0 && thinkers(d, x, o.Objective):
		s.Detail, s.Unlock = "its operations are called by flows whose users think: their requests are not asked for at a rate that holds", "load.mix without them, or load.think_time of zero"
	case planned < o.Throughput && d.Load.Profile != "" && d.Load.Profile != profileBaseline:
		s.Detail = fmt.Sprintf("the profile %s asks for %.4g a second of its operations, and %.4g are promised", d.Load.Profile, planned, o.Throughput)
	default:
		return s, false
	}
	return s, true
}

// thinkers says whether requests that count for an objective are of flows whose
// users think.
func thinkers(d plumbline.Design, x plumbline.Experiment, o plumbline.Objective) bool {
	return slices.ContainsFunc(judgedStreams(x, ""), func(s plumbline.Stream) bool {
		f, _ := d.LoadFlow(s.Operation)
		return s.Counted(o) > 0 && !s.Hasty && f.Thinking().Longest() > 0
	})
}

// promise writes an objective as a sentence.
func promise(o plumbline.Objective, phase string) string {
	if o.Throughput > 0 {
		return throughputPromise(o, phase)
	}
	return fmt.Sprintf("%s of the requests to %s are %s %s", percent(o.Target), coverageOfObjective(o), goodness(o), momentOf(phase))
}

// goodness is what an objective asks of a request.
func goodness(o plumbline.Objective) string {
	if o.Within > 0 {
		return "good within " + readable(o.Within)
	}
	return "good"
}

// coverageOfObjective names what an objective is about.
func coverageOfObjective(o plumbline.Objective) string {
	if len(o.Operations) > 0 {
		return strings.Join(o.Operations, ", ")
	}
	return "all operations"
}

// momentOf is when an objective is judged.
func momentOf(phase string) string {
	if phase != "" {
		return "in the phase " + phase
	}
	return "at the declared rate"
}

// A namedObjective is an objective with the subject of its claim, which is
// unique where names need not be.
type namedObjective struct {
	plumbline.Objective
	key       string
	phase     string // that it is judged in by itself; empty: in all of them together
	isDefault bool
}

// stagedObjectives are the objectives of the design, once for each phase where
// each is judged by itself.
func stagedObjectives(d plumbline.Design, x plumbline.Experiment) []namedObjective {
	all := namedObjectives(d)
	if !stagedClaims(d) {
		return all
	}
	var out []namedObjective
	for _, o := range all {
		for _, p := range promisedPhases(d, x) {
			one := o
			one.key, one.phase = o.key+"/at-"+p.Name, p.Name
			out = append(out, one)
		}
	}
	return out
}

// namedObjectives are the objectives of the design or, when it has none, the
// default one.
func namedObjectives(d plumbline.Design) []namedObjective {
	if len(d.Objectives) == 0 {
		o := plumbline.Objective{Name: defaultObjectiveName, Target: defaultObjectiveTarget}
		return []namedObjective{{o, defaultObjectiveName, "", true}}
	}
	var out []namedObjective
	used := map[string]int{}
	for _, o := range d.Objectives {
		used[o.Name]++
		key := o.Name
		if n := used[o.Name]; n > 1 {
			key = fmt.Sprintf("%s-%d", o.Name, n)
		}
		out = append(out, namedObjective{o, key, "", false})
	}
	return out
}

// objectiveOf finds the objective that a claim of this function is about, and
// the phase that it is judged in; empty for all of the load.
func objectiveOf(d plumbline.Design, c plumbline.Claim) (o plumbline.Objective, phase string, ok bool) {
	for _, o := range namedObjectives(d) {
		if phase, ok := phaseOf(o.key, c.ID); ok {
			return o.Objective, phase, true
		}
	}
	return plumbline.Objective{}, "", false
}

func judgeObjective(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	o, phase, ok := objectiveOf(d, c)
	if !ok {
		return skipped(plumbline.ReasonNotSelected, "the design does not hold this objective any more")
	}
	e = ofPhase(e, phase)
	if s := serviceOf(e, o); o.Throughput > 0 && s.total.n > 0 {
		v := carriedOf(e, phase, o, s).judge(o, e)
		v.Floor = v.Unit != ""
		return v
	}
	v, by := judgedBy(o, e)
	if v.Unit != "" {
		s := *by
		seen := decideProportion(s.total.bad, s.total.n, o.ErrorBudget(), confidenceOf(o), dispersion(s.seconds))
		v = between(v, seen.lower, seen.upper, confidenceOf(o))
	}
	return v
}

// judgedBy judges an objective by the load, and hands back what it is judged by.
func judgedBy(o plumbline.Objective, e *plumbline.Evidence) (plumbline.Verdict, *service) {
	answered := answeredUnderLoad(judgedSeries(e, o), judgedObservations(e, o))
	s := serviceOver(e, o, answered)
	switch {
	case s.total.n == 0 && len(s.silent) > 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "no operation ever answered 2xx under load: %s", strings.Join(s.silent, ", ")), &s
	case s.total.n == 0:
		return inconclusive(plumbline.ReasonTooFewSamples, "no request was sent under load"), &s
	}
	return s.warmed(s.judge(o, e), o, e, answered)
}

// judge judges the objective by its good and bad requests.
func (s *service) judge(o plumbline.Objective, e *plumbline.Evidence) plumbline.Verdict {
	got := decideProportion(s.total.bad, s.total.n, o.ErrorBudget(), confidenceOf(o), dispersion(s.seconds))
	figures := figure{share(s.total), o.ErrorBudget(), "ratio", int(s.total.n)}
	sent := sendingOf(e)
	text := fmt.Sprintf("%d of %d requests were bad (%s; %s one-sided bounds %s to %s), %s may be%s%s%s",
		s.total.bad, s.total.n, percent(share(s.total)), percent(confidenceOf(o)), percent(got.lower), percent(got.upper), percent(o.ErrorBudget()), bursty(s.total, got), s.notes(), sent.notes())
	if v := sent.forbids(o, got, text); v != nil {
		return *v
	}
	switch got.outcome {
	case plumbline.Pass:
		return pass(figures, "%s", text)
	case plumbline.Fail:
		if s.throttled(o) {
			v := inconclusive(plumbline.ReasonThrottled, "%s; the others keep the objective, or do not decide it, and a limit on one caller is no want of capacity", text)
			v.Remedy = "send from more identities, lift the limit for this caller, or ask for less (load.rate)"
			return v
		}
		if lag := lagOf(e, loadTarget); o.Within > 0 && lag > lagLimit && !s.failsFromSent(o) {
			return inconclusive(plumbline.ReasonGeneratorSaturated, "%s; the generator's own lag (99th percentile %s) explains it", text, readable(lag))
		}
		if s.close > 0 && decideProportion(s.total.bad-s.close, s.total.n, o.ErrorBudget(), confidenceOf(o), dispersion(s.seconds)).outcome != plumbline.Fail {
			return inconclusive(plumbline.ReasonUndecided, "%s; %d of the bad are so close to the threshold that the histogram does not tell on which side", text, s.close)
		}
		v := fail(figures, "%s", text)
		v.Remedy = "find what takes the time or fails at this rate, or promise less"
		v.Evidence = s.exhibits(e, o)
		return v
	default:
		v := inconclusive(plumbline.ReasonUndecided, "%s; %s", text, wanted(got.needed))
		v.Measured, v.Allowed, v.Unit, v.Samples = figures.measured, figures.allowed, figures.unit, figures.samples
		v.Remedy = "raise load.duration or load.rate"
		return v
	}
}

func wanted(needed int) string {
	if needed == 0 {
		return "the share is so close to the budget that no number of requests would decide"
	}
	return fmt.Sprintf("about %d requests would decide at this share", needed)
}

func bursty(t tally, d decision) string {
	if d.effective > 0.9*float64(t.n) {
		return ""
	}
	return fmt.Sprintf("; they came in bursts, so that %d requests are worth %.0f", t.n, d.effective)
}

func share(t tally) float64 {
	if t.n == 0 {
		return 0
	}
	return float64(t.bad) / float64(t.n)
}

// lagOf is the largest lag of the generator in the judged phases of a load.
func lagOf(e *plumbline.Evidence, experiment string) time.Duration {
	lag := time.Duration(0)
	for _, h := range e.Health {
		if h.Experiment == experiment && h.Phase != warmUp {
			lag = max(lag, h.Lag99)
		}
	}
	return lag
}
