package plumbline

import (
	"slices"
	"time"
)

// HandsOn reports whether requests can be told on the wire to a dependency by the
// trace context that the target hands on. Where they cannot, they are told by time.
func (d Design) HandsOn(dep Dependency) bool {
	return d.Propagation != PropagationNone && dep.Propagation != PropagationNone
}

// Serial makes the calls of a phase one at a time, so that what goes over a wire
// meanwhile is known by the time: no trace context has to be handed on for it.
// Faults are in force for the one call that they name, and heal when it has its
// answer.
type Serial struct {
	Wire string        `json:"wire"` // the dependency whose exchanges are attributed so
	Idle time.Duration `json:"idle"` // for so long nothing may have gone over it before such a call
}

// A SerialCall is one call of a serial phase.
type SerialCall struct {
	Call  int  // index in the phase
	Alone bool // the wire has to have been idle before it
}

// InTurn returns the calls of a serial phase in the order in which they are made, each
// as often as it is repeated. Those that a fault names, or all where there is none,
// wait for the wire to be idle; the others are spread evenly before them.
func (p Phase) InTurn() []SerialCall {
	var alone, beside []SerialCall
	for i, c := range p.Calls {
		broken := len(p.Faults) == 0 || slices.ContainsFunc(p.Faults, func(f Fault) bool { return slices.Contains(f.Streams, c.Name) })
		for range max(c.Repeat, 1) {
			if broken {
				alone = append(alone, SerialCall{i, true})
			} else {
				beside = append(beside, SerialCall{i, false})
			}
		}
	}
	if len(alone) == 0 {
		return beside
	}
	out := make([]SerialCall, 0, len(alone)+len(beside))
	for i, t := range alone {
		out = append(out, beside[i*len(beside)/len(alone):(i+1)*len(beside)/len(alone)]...)
		out = append(out, t)
	}
	return out
}
