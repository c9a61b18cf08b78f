package scenarios

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// loadCapacity is the first step of the search for capacity, and begins the IDs
// of all further ones, which are only known when those before have been judged.
const loadCapacity = "load/capacity"

// The phases of a step. What is judged of a hold that could not be decided is
// judged together with the holds that lengthen it.
const (
	phaseHold    = "hold"
	phaseLonger  = "longer"
	phaseConfirm = "confirm"
	phaseCool    = "cool-down"
)

// The search for capacity, where nothing else is declared.
const (
	searchStep      = 10 * time.Second
	searchConfirm   = 30 * time.Second
	searchPrecision = 0.04
	roughPrecision  = 0.15 // where only overload is judged: how much is too much need not be known as well
	searchCool      = 3 * time.Second
	searchFactor    = 2.0 // from step to step until one breaks an objective
	searchLongest   = 3   // holds of one step
	starvedTries    = 3
	levelTries      = 5 // at one rate
	searchTries     = 6 // steps below one that breaks when none is kept
	coolTries       = 20
	mostRungs       = 80
	headroomFactor  = 1.5
	// soonest is the shortest deadline that a client is given: what is below it
	// would measure the generator.
	soonest = 250 * time.Millisecond
)

// A quest is what a search for capacity asks of a design.
type quest struct {
	d        plumbline.Design
	mix      []portion
	start    float64
	ceiling  float64
	step     time.Duration
	confirm  time.Duration
	narrow   float64
	arrivals plumbline.Arrivals
}

// ceilingOf is the highest rate that a run may send at all, beyond what the
// service promises; zero when it may not go beyond that.
func ceilingOf(d plumbline.Design) float64 {
	if d.Load.Limit > 0 {
		return min(d.Load.Overload, d.Load.Limit)
	}
	return d.Load.Overload
}

// questOf is the search of a design; ok is false when there is nothing to send
// or it may not be sent.
func questOf(d plumbline.Design) (q quest, ok bool) {
	mix, _ := mixOf(d)
	s := d.Load.Search
	if s == nil {
		s = &plumbline.Search{}
	}
	q = quest{d: d, mix: hastily(mix), ceiling: ceilingOf(d), step: searchStep, confirm: searchConfirm, narrow: searchPrecision, arrivals: d.Load.Arrivals}
	if q.arrivals == "" {
		q.arrivals = plumbline.ArrivalsPoisson
	}
	if s.Step > 0 {
		q.step = s.Step
	}
	if s.Confirm > 0 {
		q.confirm = s.Confirm
	}
	if d.Load.Profile == profileRecovery {
		q.narrow = roughPrecision
	}
	if s.Precision > 0 {
		q.narrow = s.Precision
	}
	for _, rate := range []float64{s.Start, d.Load.Rate, d.Load.Peak / 2, undeclaredRate / 2} {
		if q.start == 0 {
			q.start = min(rate, q.ceiling)
		}
	}
	return q, len(mix) > 0 && q.ceiling > 0
}

// A move is what a search does next.
type move struct {
	phase string
	rate  float64
}

// experiment is the n-th step of the search, the first of which is in the plan.
func (q quest) experiment(n int, m move) plumbline.Experiment {
	x := plumbline.Experiment{ID: loadCapacity, Kind: plumbline.KindLoad, Title: fmt.Sprintf("the search for capacity: %s at %.4g a second", m.phase, m.rate)}
	if n > 1 {
		x.ID = fmt.Sprintf("%s/%02d", loadCapacity, n)
		x.Claims = []string{}
	}
	if m.phase == phaseHold || m.phase == phaseConfirm {
		x.Phases = append(x.Phases, q.phase(warmUp, plumbline.RoleProbe, m.rate, wholeSeconds(warmUpShare*q.step.Seconds())))
	}
	lasts, role := q.lasts(m.rate), plumbline.RoleBaseline
	switch m.phase {
	case phaseConfirm:
		lasts = max(lasts, q.confirm)
	case phaseCool:
		lasts, role = searchCool, plumbline.RoleRecovery
	}
	x.Phases = append(x.Phases, q.phase(m.phase, role, m.rate, lasts))
	return x
}

// lasts is how long a step is judged: as long as is asked for, or as long as it
// takes to prove the objectives when nothing goes wrong, within reason.
func (q quest) lasts(rate float64) time.Duration { return proving(q.d, q.mix, rate, q.step) }

// proving is how long a rate has to be held, for at least so long, to prove the
// objectives of a design when nothing goes wrong.
func proving(d plumbline.Design, mix []portion, rate float64, least time.Duration) time.Duration {
	need := least.Seconds()
	for _, o := range namedObjectives(d) {
		covered := 0.0
		for _, p := range mix {
			covered += p.counted(o.Objective)
		}
		if covered > 0 && o.During == "" {
			// What no sensible time would prove lengthens nothing: it is held not to be disproved.
			if proof := 1.3 * float64(zeroErrorNeeded(o.Target, confidenceOf(o.Objective))) / (covered * rate); proof <= 6*least.Seconds() {
				need = max(need, proof)
			}
		}
	}
	return wholeSeconds(math.Ceil(need))
}

// phase sends the mix at a rate, by clients who do not wait for ever, and ends
// early when half of what comes back is bad.
func (q quest) phase(name string, role plumbline.Role, perSecond float64, lasts time.Duration) plumbline.Phase {
	ph := loadPhase(name, role, []plumbline.Stage{{From: perSecond, To: perSecond, Duration: lasts}}, q.mix, q.arrivals)
	for i := range ph.Streams {
		if t := deadlineOf(q.d, ph.Streams[i].Reaches()); t > 0 {
			ph.Streams[i].Patience = &plumbline.Patience{Timeout: t}
		}
	}
	ph.Stop = &plumbline.Stop{Share: 0.5, Least: max(50, int(2*perSecond)), Window: 2 * time.Second}
	return ph
}

// deadlineOf is when a client has no use for the answer to a request any more:
// twice the longest latency that is promised for the operations; zero when none
// is.
func deadlineOf(d plumbline.Design, operations []string) time.Duration {
	longest := time.Duration(0)
	for _, o := range d.Objectives {
		if slices.ContainsFunc(operations, o.Covers) && o.During == "" {
			longest = max(longest, o.Within)
		}
	}
	if longest == 0 {
		return 0
	}
	return max(2*longest, soonest)
}
