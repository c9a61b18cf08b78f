package progress

import (
	"slices"
	"time"
)

// keptPulses is how many pulses a State holds, the last ones: two minutes.
const keptPulses = 120

// A State is what is known of a run: its events, added up. The zero value is
// that of a run that has not begun.
type State struct {
	At       time.Duration // of the last event
	Run      Run
	Phases   []PhaseState // in the order in which they began
	Faults   []Fault      // in force, the oldest first
	Failed   []Fault      // could not be injected or healed
	Pulses   []Pulse      // of the last two minutes, the latest last
	Judged   Judged
	Verdict  *Verdict // nil while the run goes on
	Lost     int      // events that are not in here
	released []string // leases that were healed before anybody heard that they were in force
}

// A PhaseState is a phase that has begun.
type PhaseState struct {
	Phase
	Began    time.Duration
	Ended    time.Duration // zero while it goes on
	Complete bool          // false when it was cut short
}

// Add adds an event. What it points to is not changed, then or later.
func (s *State) Add(e Event) {
	s.At = max(s.At, e.At)
	s.Lost += e.Lost
	switch {
	case e.Run != nil:
		s.Run = *e.Run
	case e.Phase != nil:
		s.Phases = append(s.Phases, PhaseState{Phase: *e.Phase, Began: e.At})
	case e.Ended != nil:
		s.ended(e)
	case e.Fault != nil:
		s.fault(*e.Fault)
	case e.Pulse != nil:
		p := *e.Pulse
		p.At = e.At
		s.Pulses = append(s.Pulses[max(0, len(s.Pulses)-keptPulses+1):], p)
	case e.Judged != nil:
		s.Judged = *e.Judged
	case e.Verdict != nil:
		s.Verdict, s.Faults = e.Verdict, nil
	}
}

func (s *State) ended(e Event) {
	for i := range slices.Backward(s.Phases) {
		if p := &s.Phases[i]; p.Experiment == e.Ended.Experiment && p.Name == e.Ended.Phase && p.Ended == 0 {
			p.Ended, p.Complete = max(e.Ended.Ended, 1), e.Ended.Complete
			return
		}
	}
}

func (s *State) fault(f Fault) {
	s.Faults = slices.DeleteFunc(slices.Clone(s.Faults), func(x Fault) bool { return x.Lease == f.Lease })
	switch {
	case f.State == FaultInjected && !slices.Contains(s.released, f.Lease):
		s.Faults = append(s.Faults, f)
	case f.State == FaultHealed:
		s.released = append(s.released, f.Lease)
	case f.State == FaultFailed:
		s.Failed = append(s.Failed, f)
	}
}

// Phase is the phase that goes on; ok is false between phases, before the first
// and after the last.
func (s *State) Phase() (p PhaseState, ok bool) {
	if s.Verdict != nil || len(s.Phases) == 0 {
		return p, false
	}
	p = s.Phases[len(s.Phases)-1]
	return p, p.Ended == 0
}

// Pulse is the latest; zero before the first.
func (s *State) Pulse() Pulse {
	if len(s.Pulses) == 0 {
		return Pulse{}
	}
	return s.Pulses[len(s.Pulses)-1]
}

// Found are the claims that are broken: so far, or in the end.
func (s *State) Found() []Finding {
	if s.Verdict != nil {
		return s.Verdict.Findings
	}
	return s.Judged.Findings
}

// Step is the place in the plan of the experiment that goes on, counted from
// one, and how many there are. What comes after the plan – repetitions, the
// search for capacity – has a place above that number.
func (s *State) Step() (n, of int) {
	of = len(s.Run.Steps)
	if len(s.Phases) == 0 {
		return 0, of
	}
	last := s.Phases[len(s.Phases)-1].Experiment
	if i := slices.IndexFunc(s.Run.Steps, func(x Step) bool { return x.Experiment == last }); i >= 0 {
		return i + 1, of
	}
	return of + 1, of
}

// Left is how long the plan still takes, as estimated. It is not known for what
// comes after the plan.
func (s *State) Left() (d time.Duration, known bool) {
	n, of := s.Step()
	if s.Verdict != nil || n > of || of == 0 {
		return 0, false
	}
	for _, x := range s.Run.Steps[n:] {
		d += x.Length
	}
	if n == 0 {
		return d, true
	}
	first := slices.IndexFunc(s.Phases, func(p PhaseState) bool { return p.Experiment == s.Run.Steps[n-1].Experiment })
	return d + max(0, s.Run.Steps[n-1].Length-(s.At-s.Phases[first].Began)), true
}

// Clone is a copy that further events of the original do not change.
func (s *State) Clone() State {
	out := *s
	out.Phases, out.Faults, out.Failed = slices.Clone(s.Phases), slices.Clone(s.Faults), slices.Clone(s.Failed)
	out.Pulses, out.released = slices.Clone(s.Pulses), slices.Clone(s.released)
	return out
}
