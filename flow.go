package plumbline

import (
	"slices"
	"strings"
)

// FlowPrefix begins the name of a flow where else an operation is named: in the
// mix of the load, in a Stream and in an Objective.
const FlowPrefix = "flow:"

// IsFlow reports whether what stands in the place of an operation ID is a flow.
func IsFlow(operation string) bool { return strings.HasPrefix(operation, FlowPrefix) }

// LoadFlow returns the flow of the load that a stream on the given operation
// begins with each hit.
func (d Design) LoadFlow(operation string) (Flow, bool) {
	name, ok := strings.CutPrefix(operation, FlowPrefix)
	for _, f := range d.Load.Flows {
		if ok && f.Name == name {
			return f, true
		}
	}
	return Flow{}, false
}

// Operations are the IDs of those that the steps of the flow call, in order.
func (f Flow) Operations() []string {
	out := make([]string, 0, len(f.Steps))
	for _, s := range f.Steps {
		out = append(out, s.Operation)
	}
	return out
}

// Thinking is the think time of all steps together.
func (f Flow) Thinking() Think {
	sum := Think{}
	for _, s := range f.Steps {
		sum.Least, sum.Most = sum.Least+s.least(), sum.Most+s.Longest()
	}
	return sum
}

// Hurried is the flow without think time.
func (f Flow) Hurried() Flow {
	f.Steps = slices.Clone(f.Steps)
	for i := range f.Steps {
		f.Steps[i].Think = Think{}
	}
	return f
}

// PerHit is how many requests one hit of the stream is, when all goes well.
func (s Stream) PerHit() int { return max(len(s.Flow), 1) }

// Reaches are the IDs of the operations that the stream sends requests of, each
// as often as one hit does.
func (s Stream) Reaches() []string {
	if len(s.Flow) > 0 {
		return s.Flow
	}
	return []string{s.Operation}
}

// Hits is the mean number of hits of the stream.
func (s Stream) Hits() float64 {
	n := 0.0
	for _, g := range s.Stages {
		n += (g.From + g.To) / 2 * g.Duration.Seconds()
	}
	return n
}

// Covered is what of one hit of the stream counts for an objective: its requests
// of the operations that are covered or, for an objective on its flow, the flow
// as one.
func (s Stream) Covered(o Objective) []string {
	var out []string
	if len(s.Flow) > 0 && o.Covers(s.Operation) {
		out = append(out, s.Operation)
	}
	for _, id := range s.Reaches() {
		if o.Covers(id) {
			out = append(out, id)
		}
	}
	return out
}

// Counted is how many they are.
func (s Stream) Counted(o Objective) int { return len(s.Covered(o)) }

// A Reached counts the hits of a flow that came to one of its steps.
type Reached struct {
	Step      string `json:"step"`
	Operation string `json:"operation"`
	Count     int64  `json:"n"` // of the Series' Count: made the request of the step
}

// A FlowUse is what became of one flow of the target load.
type FlowUse struct {
	Flow  string           `json:"flow"` // FlowPrefix and its name
	Hits  int64            `json:"hits"`
	Whole int64            `json:"whole"`           // of Hits: made to their last step
	Ended map[string]int64 `json:"ended,omitempty"` // the others, by the class of their Series
	Why   []string         `json:"why,omitempty"`   // at which step, and what of its answer: the first of them, each once
	Steps []FlowStep       `json:"steps"`
}

// A FlowStep is what became of one step of a flow.
type FlowStep struct {
	Step      string     `json:"step"`
	Operation string     `json:"operation"`
	Reached   int64      `json:"reached"`             // flows that made its request
	Quantiles []Quantile `json:"quantiles,omitempty"` // of its answers, from due
}
