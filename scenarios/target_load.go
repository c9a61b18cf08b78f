package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The target load where nothing is declared: as many reads as prove 99 % when
// all are good, at a rate that no service calls load.
const (
	undeclaredRate = 40.0
	undeclaredTime = 12 * time.Second
	declaredTime   = 30 * time.Second // where a rate but no duration is declared
	warmUpShare    = 0.2
	readShare      = 0.8
)

// targetLoad is the open workload that the design declares, or a modest one.
// It has no phases when there is nothing to send.
func targetLoad(d plumbline.Design) (plumbline.Experiment, []plumbline.Skip) {
	mix, skips := mixOf(d)
	if len(mix) == 0 {
		return plumbline.Experiment{}, append(skips, plumbline.Skip{
			Function: sloAtTarget, Reason: plumbline.ReasonNotApplicable,
			Detail: "no operation can be called at a rate", Unlock: "mode: own, load.mix, or examples in the OpenAPI document",
		})
	}
	warm, judged := stagesOf(d)
	arrivals := d.Load.Arrivals
	if arrivals == "" {
		arrivals = plumbline.ArrivalsPoisson
	}
	x := plumbline.Experiment{ID: loadTarget, Title: "the service under the profile " + d.Load.Profile, Kind: plumbline.KindLoad}
	if phases, ok := profilePhases(d, mix, arrivals); ok {
		if x.Phases = phases; len(phases) == 0 {
			skips = append(skips, plumbline.Skip{
				Function: sloAtTarget, Subject: d.Load.Profile, Reason: plumbline.ReasonUnsafe,
				Detail: "no rate above the declared one is promised or allowed", Unlock: "load.peak, or load.overload",
			})
		}
		return x, skips
	}
	return plumbline.Experiment{
		ID: loadTarget, Title: "the service under its declared load", Kind: plumbline.KindLoad,
		Phases: []plumbline.Phase{
			loadPhase(warmUp, plumbline.RoleProbe, []plumbline.Stage{warm}, mix, arrivals),
			stoppable(loadPhase("steady", plumbline.RoleBaseline, judged, mix, arrivals)),
		},
	}, skips
}

// stoppable ends a phase when half of what comes back are errors.
func stoppable(ph plumbline.Phase) plumbline.Phase {
	ph.Stop = &plumbline.Stop{Share: 0.5, Least: 200, Window: 5 * time.Second}
	return ph
}

// A portion is an operation, or a flow, with its part of the load.
type portion struct {
	operation string
	flow      []string      // operations of its steps, when it is a flow
	thinking  time.Duration // at most
	share     float64       // hits for each request of the load
}

// counted is how many requests, or flows, that count for an objective a portion
// has for each request of the load.
func (p portion) counted(o plumbline.Objective) float64 {
	return p.share * float64(plumbline.Stream{Operation: p.operation, Flow: p.flow}.Counted(o))
}

// reaches says whether a portion sends requests of one of some operations.
func (p portion) reaches(operations []string) bool {
	all := plumbline.Stream{Operation: p.operation, Flow: p.flow}.Reaches()
	return slices.ContainsFunc(all, func(id string) bool { return slices.Contains(operations, id) })
}

// mixOf shares the requests out over the operations, in the order of the
// document, and over flows. A weight is of hits, and a flow has as many requests
// as it has steps: rates are of requests, whatever they belong to.
func mixOf(d plumbline.Design) (mix []portion, skips []plumbline.Skip) {
	weights := map[string]float64{}
	for _, o := range d.Operations {
		if d.Load.Mix[o.ID] > 0 {
			if repeatable(d, o) {
				weights[o.ID] = d.Load.Mix[o.ID]
			} else {
				skips = append(skips, notCallable(sloAtTarget, o))
			}
		}
	}
	if len(d.Load.Mix) == 0 {
		weights = defaultMix(d)
	}
	for _, o := range d.Operations {
		if w := weights[o.ID]; w > 0 {
			mix = append(mix, portion{operation: o.ID, share: w})
		}
	}
	flows, more := flowsOf(d)
	mix, skips = append(mix, flows...), append(skips, more...)
	sum := 0.0
	for _, p := range mix {
		sum += p.share * float64(max(len(p.flow), 1))
	}
	for i := range mix {
		mix[i].share /= sum
	}
	return mix, skips
}

// flowsOf are the flows of the mix with their weights, and those that the mode
// does not let a run send.
func flowsOf(d plumbline.Design) (mix []portion, skips []plumbline.Skip) {
	for _, f := range d.Load.Flows {
		key := plumbline.FlowPrefix + f.Name
		w := d.Load.Mix[key]
		unsafe := slices.IndexFunc(f.Steps, func(s plumbline.Step) bool {
			o, ok := d.Operation(s.Operation)
			return !ok || !o.Safe() && d.Mode == plumbline.ModeObserve
		})
		switch {
		case w <= 0:
		case unsafe >= 0:
			skips = append(skips, plumbline.Skip{
				Function: sloAtTarget, Subject: key, Reason: plumbline.ReasonUnsafe,
				Detail: fmt.Sprintf("its step %s changes data, and the mode is %s", f.Steps[unsafe].Name, d.Mode), Unlock: "mode: own",
			})
		default:
			mix = append(mix, portion{key, f.Operations(), f.Thinking().Longest(), w})
		}
	}
	return mix, skips
}

// defaultMix weighs reads and writes 80 to 20; without a declared load there
// are no writes. Pages about the service itself are no load, unless it has no
// others.
func defaultMix(d plumbline.Design) map[string]float64 {
	fit := carries
	if !slices.ContainsFunc(d.Operations, func(o plumbline.Operation) bool { return carries(d, o) && o.Safe() }) {
		fit = repeatable
	}
	var reads, writes []string
	for _, o := range d.Operations {
		switch {
		case !fit(d, o):
		case o.Safe():
			reads = append(reads, o.ID)
		case declaredLoad(d):
			writes = append(writes, o.ID)
		}
	}
	weights := map[string]float64{}
	for _, id := range reads {
		weights[id] = readShare / float64(len(reads))
	}
	for _, id := range writes {
		weights[id] = (1 - readShare) / float64(len(writes))
	}
	return weights
}

func declaredLoad(d plumbline.Design) bool { return d.Load.Rate > 0 || len(d.Load.Stages) > 0 }

// stagesOf are the stage that warms up and those that are judged, for all
// operations together.
func stagesOf(d plumbline.Design) (warm plumbline.Stage, judged []plumbline.Stage) {
	limited := func(rate float64) float64 {
		if d.Load.Limit > 0 {
			return min(rate, d.Load.Limit)
		}
		return rate
	}
	if len(d.Load.Stages) > 0 {
		total := time.Duration(0)
		for _, g := range d.Load.Stages {
			judged = append(judged, plumbline.Stage{From: limited(g.From), To: limited(g.To), Duration: g.Duration})
			total += g.Duration
		}
		first := (judged[0].From + judged[0].To) / 2
		return plumbline.Stage{From: first, To: first, Duration: wholeSeconds(warmUpShare * total.Seconds())}, judged
	}
	rate, total := d.Load.Rate, d.Load.Duration
	if rate == 0 {
		rate, total = undeclaredRate, undeclaredTime
	}
	if total == 0 {
		total = declaredTime
	}
	rate = limited(rate)
	lead := wholeSeconds(warmUpShare * total.Seconds())
	warm = plumbline.Stage{From: rate, To: rate, Duration: lead}
	return warm, []plumbline.Stage{{From: rate, To: rate, Duration: max(total-lead, time.Second)}}
}

// wholeSeconds rounds to a second and never to none.
func wholeSeconds(s float64) time.Duration {
	return max(time.Second, time.Duration(s*float64(time.Second)).Round(time.Second))
}

// rate rounds to a millionth of a request a second: profiles are for people.
func rate(perSecond float64) float64 { return math.Round(perSecond*1e6) / 1e6 }

// thoughtful is how many times its longest think time a phase lasts at least for
// users to think in it: the steps of flows only come at the rate of the phase once the
// first flows have come to their end.
const thoughtful = 5

// hastily is a mix whose users do not think. How many requests come a second is
// the same, and they come from the first second on.
func hastily(mix []portion) []portion {
	out := slices.Clone(mix)
	for i := range out {
		if out[i].thinking > 0 {
			out[i].thinking = math.MaxInt64
		}
	}
	return out
}

// loadPhase runs all operations and flows of the mix together, each with its
// share of every stage.
func loadPhase(name string, role plumbline.Role, stages []plumbline.Stage, mix []portion, arrivals plumbline.Arrivals) plumbline.Phase {
	ph := plumbline.Phase{Name: name, Role: role}
	for _, g := range stages {
		ph.Duration += g.Duration
	}
	for _, p := range mix {
		s := plumbline.Stream{Name: p.operation, Operation: p.operation, Flow: p.flow, Hasty: p.thinking > ph.Duration/thoughtful, Arrivals: arrivals}
		for _, g := range stages {
			s.Stages = append(s.Stages, plumbline.Stage{From: rate(g.From * p.share), To: rate(g.To * p.share), Duration: g.Duration})
		}
		ph.Streams = append(ph.Streams, s)
	}
	return ph
}
