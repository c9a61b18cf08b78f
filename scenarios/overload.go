package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The experiments of overload. They are sent when the search for capacity has
// found the knee; a failure is repeated once, under the same name with /2.
const (
	overloadBurst  = "overload/burst"
	overloadQueue  = "overload/queue"
	overloadStorm  = "overload/storm"
	overloadRest   = "overload/rest/"
	overloadPrefix = "overload/"
	overloadAgain  = "/2"
)

// The phases of overload.
const (
	phaseCalm    = "before"
	phaseTrigger = "trigger"
	phaseThen    = "after"
	phaseExcess  = "excess"
)

// Shape of the overload, in units of the knee: the highest rate that keeps
// every objective.
const (
	calmShare    = 0.5
	stormShare   = 0.6
	excessTimes  = 1.3
	triggerTimes = 2.0
	triggerTime  = 6 * time.Second
	burstTime    = 10 * time.Second
	calmTime     = 8 * time.Second
	excessTime   = 30 * time.Second
	afterTime    = 30 * time.Second
	anyDeadline  = time.Second // of a client where no latency is promised
	attempts     = 3
	firstPause   = 100 * time.Millisecond
	mostInside   = 1800 // requests that the generator holds under way at a time
)

// multiples of the knee that a burst climbs through.
func multiples() []float64 { return []float64{1, 1.5, 2, 3} }

// planOverload claims one thing of the whole deployment.
func planOverload(d plumbline.Design, function, statement string) plumbline.Proposal {
	p := plumbline.Proposal{Skips: overloadSkips(d)}
	if len(p.Skips) > 0 {
		return p
	}
	p.Experiments = []plumbline.Experiment{capacitySearch(d)}
	p.Claims = []plumbline.Claim{{
		ID: function + "/service", Function: function, Basis: plumbline.BasisDefault, Source: d.Load.Source,
		Statement: statement, Experiments: []string{loadCapacity},
	}}
	return p
}

// kneeOf is the highest rate that keeps every objective, where the search has
// found it and the one that breaks an objective.
func kneeOf(d plumbline.Design, e *plumbline.Evidence) (knee, past float64, why *plumbline.Verdict) {
	c, ok := climbOf(d, e)
	if !ok {
		v := inconclusive(plumbline.ReasonIncomplete, "the search for capacity did not begin")
		return 0, 0, &v
	}
	a := c.answer(e)
	low, high := c.bounds()
	if low != nil && high != nil && a.Reason == "" {
		return a.Kept, a.Broken, nil
	}
	reason := a.Reason
	if reason == "" {
		reason = plumbline.ReasonUndecided
	}
	v := inconclusive(reason, "it is not known how much is too much: %s", a.Sentence)
	v.Remedy = a.Remedy
	return 0, 0, &v
}

// An excess makes the experiments of overload.
type excess struct {
	quest
	knee float64
	past float64 // the lowest rate that broke an objective
}

// calls is a phase of the mix, by clients of some patience.
func (x excess) calls(name string, role plumbline.Role, times float64, lasts time.Duration) plumbline.Phase {
	ph := loadPhase(name, role, []plumbline.Stage{{From: times * x.knee, To: times * x.knee, Duration: lasts}}, x.mix, x.arrivals)
	for i := range ph.Streams {
		ph.Streams[i].Patience = &plumbline.Patience{Timeout: x.deadline(ph.Streams[i].Reaches())}
	}
	return ph
}

func (x excess) deadline(operations []string) time.Duration {
	if t := deadlineOf(x.d, operations); t > 0 {
		return t
	}
	return anyDeadline
}

// longest is the longest deadline of the mix.
func (x excess) longest() time.Duration {
	t := time.Duration(0)
	for _, p := range x.mix {
		t = max(t, x.deadline(plumbline.Stream{Operation: p.operation, Flow: p.flow}.Reaches()))
	}
	return t
}

// burst climbs to a multiple of the knee, and comes back.
func (x excess) burst() []plumbline.Phase {
	phases := []plumbline.Phase{x.calls(phaseCalm, plumbline.RoleBaseline, calmShare, calmTime)}
	for _, m := range multiples() {
		if m*x.knee <= x.ceiling*(1+sameRate) {
			phases = append(phases, x.calls(burstPhase(m), plumbline.RoleProbe, m, burstTime))
		}
	}
	return append(phases, x.calls(phaseThen, plumbline.RoleRecovery, calmShare, afterTime))
}

func burstPhase(times float64) string { return fmt.Sprintf("x%.1f", times) }

// queue asks for a little too much, of clients who wait long.
func (x excess) queue() []plumbline.Phase {
	times := min(excessTimes*max(x.past, x.knee), x.ceiling) / x.knee // of what is known to be too much
	ph := x.calls(phaseExcess, plumbline.RoleProbe, times, excessTime)
	wait := time.Duration(mostInside / (times * x.knee) * float64(time.Second))
	for i := range ph.Streams {
		ph.Streams[i].Patience.Timeout = max(ph.Streams[i].Patience.Timeout, min(wait, 10*time.Second))
	}
	return []plumbline.Phase{ph}
}

// storm is a calm load of clients who try again, with a short burst in it.
func (x excess) storm() []plumbline.Phase {
	patient := func(ph plumbline.Phase) plumbline.Phase {
		for i := range ph.Streams {
			ph.Streams[i].Patience.Attempts, ph.Streams[i].Patience.Pause = attempts, firstPause
		}
		return ph
	}
	return []plumbline.Phase{
		patient(x.calls(phaseCalm, plumbline.RoleBaseline, stormShare, calmTime)),
		x.calls(phaseTrigger, plumbline.RoleProbe, min(triggerTimes, x.ceiling/x.knee), triggerTime),
		patient(x.calls(phaseThen, plumbline.RoleRecovery, stormShare, afterTime+10*time.Second)),
	}
}

func (x excess) experiment(id string) plumbline.Experiment {
	out := plumbline.Experiment{ID: id, Kind: plumbline.KindLoad, Claims: []string{}, Title: fmt.Sprintf("more than the deployment carries (%.4g a second)", x.knee)}
	switch strings.TrimSuffix(id, overloadAgain) {
	case overloadBurst:
		out.Phases = x.burst()
	case overloadQueue:
		out.Phases = x.queue()
	default:
		out.Phases = x.storm()
	}
	return out
}

// rest asks for little, until the deployment is back.
func (x excess) rest(n int) plumbline.Experiment {
	return plumbline.Experiment{
		ID: fmt.Sprintf("%s%02d", overloadRest, n), Kind: plumbline.KindLoad, Claims: []string{}, Title: "a rest after an overload",
		Phases: []plumbline.Phase{x.calls(phaseCool, plumbline.RoleRecovery, calmShare/2, searchCool)},
	}
}

// rested tells whether the deployment has come back since the last overload,
// and how many rests there were in all and since then.
func rested(e *plumbline.Evidence) (back bool, all, since int) {
	back = true
	for _, m := range e.Phases {
		switch {
		case strings.HasPrefix(m.Experiment, overloadRest):
			all, since = all+1, since+1
			back = waveOf(e, m).healthy()
		case strings.HasPrefix(m.Experiment, overloadPrefix):
			back, since = false, 0
		}
	}
	return back, all, since
}

// Overload proposes the next experiment of overload, once the search for
// capacity has found the knee: one for each that a claim of the plan rests on,
// and once more for those whose claim would fail.
func Overload(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence) []plumbline.Experiment {
	q, ok := questOf(d)
	knee, past, why := kneeOf(d, e)
	if !ok || why != nil {
		return nil
	}
	x := excess{q, knee, past}
	if x.knee*multiples()[1] > x.ceiling*(1+sameRate) {
		return nil
	}
	next := x.wanted(p, functionsByID(fns), e)
	if next == "" {
		return nil
	}
	switch back, all, since := rested(e); {
	case back:
		return []plumbline.Experiment{x.experiment(next)}
	case since < coolTries:
		return []plumbline.Experiment{x.rest(all + 1)}
	}
	return nil
}

// wanted is the next experiment that a claim of the plan rests on and that was
// not sent; empty when there is none.
func (x excess) wanted(p plumbline.Plan, byID map[string]plumbline.Function, e *plumbline.Evidence) string {
	for _, c := range p.Claims {
		id, wanted := overloadOf()[c.Function]
		switch {
		case !wanted:
		case !began(e, id):
			return id
		case !began(e, id+overloadAgain) && judged(byID[c.Function], x.d, c, e).Reason == plumbline.ReasonIncomplete:
			return id + overloadAgain
		}
	}
	return ""
}

// overloadOf is the experiment that the claims of a function rest on.
func overloadOf() map[string]string {
	return map[string]string{
		goodputPlateau: overloadBurst, shedsFast: overloadBurst, overloadRecovers: overloadBurst,
		queueBounded: overloadQueue, noMetastability: overloadStorm,
	}
}

func began(e *plumbline.Evidence, experiment string) bool {
	return slices.ContainsFunc(e.Phases, func(m plumbline.PhaseMark) bool { return m.Experiment == experiment })
}

// judgeTwice judges what an experiment of overload showed; a failure has to
// show again in a second one.
func judgeTwice(d plumbline.Design, e *plumbline.Evidence, experiment string, judge func(o *onslaught) plumbline.Verdict) plumbline.Verdict {
	knee, _, why := kneeOf(d, e)
	if why != nil {
		return *why
	}
	ceiling := ceilingOf(d)
	if knee*multiples()[1] > ceiling*(1+sameRate) {
		v := inconclusive(plumbline.ReasonUnsafe, "the deployment carries %.4g requests a second, and more than %.4g may not be sent: that is no overload", knee, ceiling)
		v.Remedy = fmt.Sprintf("load.overload of %.0f or more", 2*knee)
		return v
	}
	first := onslaughtOf(d, e, experiment, knee)
	if first.trouble != nil {
		return *first.trouble
	}
	v := judge(first)
	if v.Outcome != plumbline.Fail {
		return v
	}
	if back, _, since := rested(e); !back && since >= coolTries {
		v.Statement += fmt.Sprintf("; and at a quarter of the knee it did not come back within %s", coolTries*searchCool)
		return v
	}
	if !began(e, experiment+overloadAgain) {
		return unproved(v, plumbline.ReasonIncomplete, "it was not repeated")
	}
	second := onslaughtOf(d, e, experiment+overloadAgain, knee)
	if second.trouble != nil {
		return *second.trouble
	}
	again := judge(second)
	if again.Reason == plumbline.ReasonBaselineUnhealthy { // it was healthy before the first
		v.Statement += "; it had not come back when it was to be repeated"
		return v
	}
	if again.Outcome != plumbline.Fail {
		return unproved(v, plumbline.ReasonNotReproduced, "it did not come again: "+again.Statement)
	}
	v.Statement += "; and so it was when it was repeated"
	return v
}
