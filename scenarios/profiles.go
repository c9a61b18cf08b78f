package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The profiles: ways to load a deployment, derived from its objectives and its
// declared load. The empty name stands for the load as it is declared.
const (
	profileSmoke    = "smoke"
	profileBaseline = "baseline"
	profileStress   = "stress"
	profileSpike    = "spike"
	profileSoak     = "soak"
	profileCapacity = "capacity"
	profileRecovery = "recovery"
)

// What profiles are made of, where nothing else is declared.
const (
	smokeShare   = 0.1
	profileLeast = 10 * time.Second // of a phase
	stressLevels = 5
	spikeTimes   = 3.0 // the declared rate, where no peak is promised
	soakTime     = 30 * time.Minute
)

// A Profile is one way to load a deployment.
type Profile struct {
	Name      string
	Title     string   // one sentence
	Functions []string // groups and functions that judge it
}

// Profiles lists the profiles, the gentlest first.
func Profiles() []Profile {
	return []Profile{
		{profileSmoke, "a tenth of the declared rate: whether anything works under load", []string{sloAtTarget}},
		{profileBaseline, "the declared rate, as a run sends it; with a history held against the nights before", []string{sloAtTarget, loadRegression}},
		{profileStress, "level by level from the declared rate to the headroom above the peak; levels within what is promised are judged, each by itself", []string{sloAtTarget}},
		{profileSpike, "the declared rate, a jump to the peak, and back; each is judged by itself", []string{sloAtTarget}},
		{profileSoak, "the declared rate for half an hour: what grows with time", []string{sloAtTarget, loadSoak}},
		{profileCapacity, "the search for the highest rate that keeps every objective", []string{capacityHeadroom}},
		{profileRecovery, "more than the deployment carries, by clients who try again, and back", []string{"overload"}},
	}
}

// A profiler makes the phases of the target load under a profile.
type profiler struct {
	d        plumbline.Design
	mix      []portion
	arrivals plumbline.Arrivals
	warm     plumbline.Stage
	base     float64 // the declared rate
}

// profilePhases are the phases of the target load under the profile of the
// design; ok is false when the load is that which is declared. No phases: no
// rate that the profile needs is promised or allowed.
func profilePhases(d plumbline.Design, mix []portion, arrivals plumbline.Arrivals) (phases []plumbline.Phase, ok bool) {
	warm, _ := stagesOf(d)
	p := profiler{d, mix, arrivals, warm, warm.To}
	switch d.Load.Profile {
	case profileSmoke:
		return p.smoke(), true
	case profileStress:
		return p.stress(), true
	case profileSpike:
		return p.spike(), true
	case profileSoak:
		return p.soak(), true
	}
	return nil, false
}

// flat is a phase at a rate that does not change.
func (p profiler) flat(name string, perSecond float64, lasts time.Duration) plumbline.Phase {
	return stoppable(loadPhase(name, plumbline.RoleBaseline, []plumbline.Stage{{From: perSecond, To: perSecond, Duration: lasts}}, p.mix, p.arrivals))
}

// proved is such a phase, as long as it takes to prove the objectives.
func (p profiler) proved(name string, perSecond float64) plumbline.Phase {
	return p.flat(name, perSecond, proving(p.d, p.mix, perSecond, profileLeast))
}

// warmed begins with what is not judged.
func (p profiler) warmed(stage plumbline.Stage, judged ...plumbline.Phase) []plumbline.Phase {
	return append([]plumbline.Phase{loadPhase(warmUp, plumbline.RoleProbe, []plumbline.Stage{stage}, p.mix, p.arrivals)}, judged...)
}

func (p profiler) smoke() []plumbline.Phase {
	low := rate(max(1, p.base*smokeShare))
	return p.warmed(plumbline.Stage{From: low, To: low, Duration: 2 * time.Second}, p.flat("steady", low, proving(p.d, p.mix, low, 2*profileLeast)))
}

func (p profiler) stress() []plumbline.Phase {
	top := promisedTop(p.d, p.base)
	if ceiling := ceilingOf(p.d); ceiling > 0 {
		top = max(top, min(top*headroomOf(p.d), ceiling))
	}
	if top <= p.base {
		return nil
	}
	var levels []plumbline.Phase
	for i := range stressLevels {
		r := rate(p.base + (top-p.base)*float64(i)/(stressLevels-1))
		levels = append(levels, p.proved(fmt.Sprintf("level-%d", i+1), r))
	}
	return p.warmed(p.warm, levels...)
}

func (p profiler) spike() []plumbline.Phase {
	top := promisedTop(p.d, p.base)
	if top <= p.base {
		top = min(p.base*spikeTimes, ceilingOf(p.d))
	}
	if top <= p.base {
		return nil
	}
	return p.warmed(p.warm, p.proved("before", p.base), p.proved("spike", top), p.proved("after", p.base))
}

func (p profiler) soak() []plumbline.Phase {
	lasts := soakTime
	if p.d.Load.Soak > 0 {
		lasts = p.d.Load.Soak
	}
	return p.warmed(p.warm, p.flat("steady", p.base, lasts))
}

// promisedTop is the highest rate that the service promises to carry.
func promisedTop(d plumbline.Design, base float64) float64 {
	if d.Load.Limit > 0 {
		return min(max(base, d.Load.Peak), d.Load.Limit)
	}
	return max(base, d.Load.Peak)
}

// stagedClaims says whether each judged phase of the target load is judged by
// itself.
func stagedClaims(d plumbline.Design) bool {
	return d.Load.Profile == profileStress || d.Load.Profile == profileSpike
}

// promisedPhases are the judged phases of a load whose rate is promised: what
// lies above that is sent for the picture, and breaks no promise.
func promisedPhases(d plumbline.Design, x plumbline.Experiment) []plumbline.Phase {
	warm, _ := stagesOf(d)
	top := promisedTop(d, warm.To)
	return slices.DeleteFunc(slices.Clone(x.Phases), func(p plumbline.Phase) bool {
		sum := 0.0
		for _, s := range p.Streams {
			sum += max(s.Stages[0].From, s.Stages[0].To) * float64(s.PerHit())
		}
		return p.Name == warmUp || sum > top*(1+sameRate)
	})
}

// phaseOf is the phase that a claim on an objective is about; empty when it is
// about all of the load.
func phaseOf(key, claim string) (phase string, ok bool) {
	if claim == sloAtTarget+"/"+key {
		return "", true
	}
	return strings.CutPrefix(claim, sloAtTarget+"/"+key+"/at-")
}

// ofPhase is the evidence of one phase of the target load alone; all of it for
// the empty name.
func ofPhase(e *plumbline.Evidence, phase string) *plumbline.Evidence {
	if phase == "" {
		return e
	}
	out := *e
	out.Series = slices.DeleteFunc(slices.Clone(e.Series), func(x plumbline.Series) bool { return x.Experiment == loadTarget && x.Phase != phase })
	out.Flows = slices.DeleteFunc(slices.Clone(e.Flows), func(x plumbline.Series) bool { return x.Experiment == loadTarget && x.Phase != phase })
	out.Health = slices.DeleteFunc(slices.Clone(e.Health), func(h plumbline.Health) bool { return h.Experiment == loadTarget && h.Phase != phase })
	out.Observations = slices.DeleteFunc(slices.Clone(e.Observations), func(o plumbline.Observation) bool { return o.Experiment == loadTarget && o.Phase != phase })
	return &out
}
