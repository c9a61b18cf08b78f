package plumbline

// A Recording is what a report keeps of the judged load, so that an objective
// that nobody had declared then can be judged a month later by the same code:
// the histograms, and the facts about the harness that a verdict rests on.
type Recording struct {
	Operations []RecordedOperation `json:"operations"`      // that got requests
	Phases     []PhaseMark         `json:"phases"`          // as planned; one that never ended is not complete
	Series     []Series            `json:"series"`          // of the judged phases; latencies to within 1 %
	Flows      []Series            `json:"flows,omitempty"` // of the same phases, each flow as a whole
	Health     []Health            `json:"health,omitempty"`
	Doubts     []Doubt             `json:"doubts,omitempty"` // about the load, or the whole run
	Faults     []RecordedFault     `json:"faults,omitempty"` // under which a load was sent; its phases, series and health are among those above
}

// A RecordedFault is a load that was sent while a dependency was lost.
type RecordedFault struct {
	Dependency string   `json:"dependency"`
	Experiment string   `json:"experiment"`
	Served     []string `json:"served"`          // IDs of operations that answered 2xx before the loss
	Doubt      string   `json:"doubt,omitempty"` // why it proves nothing
}

// A RecordedOperation is an operation by all its names.
type RecordedOperation struct {
	ID     string   `json:"id"`
	Method string   `json:"method"`
	Path   string   `json:"path"`
	Tags   []string `json:"tags,omitempty"`
}

// Named are the operations of a recording, as far as objectives name them.
func (r Recording) Named() []Operation {
	out := make([]Operation, 0, len(r.Operations))
	for _, o := range r.Operations {
		out = append(out, Operation{ID: o.ID, Method: o.Method, Path: o.Path, Tags: o.Tags})
	}
	return out
}
