package plumbline

import "time"

// An Objective is a service-level objective: the share of requests that must
// be good. A request is good when it is answered as documented and without a
// server error and, where Within is set, answered within it. A percentile
// objective is such a share: p99 ≤ 300 ms is Target 0.99, Within 300 ms.
//
// An objective with a Throughput is about good answers a second in the place of
// a share; its Target is zero.
type Objective struct {
	Name       string        `json:"name"`
	Operations []string      `json:"operations,omitempty"` // IDs, or flows of the load (FlowPrefix) and nothing else; empty for the whole service
	Target     float64       `json:"target"`               // in (0, 1); 0.999 leaves an error budget of 0.001
	Throughput float64       `json:"throughput,omitempty"` // good answers a second that are promised, of all its operations together; zero for a share
	Within     time.Duration `json:"within,omitempty"`     // latency threshold; zero for plain availability
	During     string        `json:"during,omitempty"`     // phase role it applies to: "" for no fault, "fault", "recovery"
	Faults     []string      `json:"faults,omitempty"`     // names of dependencies: with During, it is about the loss of these; empty: of each
	Confidence float64       `json:"confidence,omitempty"` // one-sided; zero means 0.95
	Decision   Decision      `json:"decision,omitempty"`
	Severity   Severity      `json:"severity,omitempty"`   // of its claims; empty: that of their function
	Regression *Regression   `json:"regression,omitempty"` // how much slower than before its operations may be; nil: as load/regression says
	Window     time.Duration `json:"window,omitempty"`     // for error-budget arithmetic only
	Source     Source        `json:"source"`
}

// An Unjudged is an objective that was read, and that is not judged.
type Unjudged struct {
	Name   string `json:"name"`
	Why    string `json:"why"` // one clause
	Source Source `json:"source"`
}

// ErrorBudget is the share of requests that may be bad; it means nothing of an
// objective with a Throughput.
func (o Objective) ErrorBudget() float64 { return 1 - o.Target }

// Covers reports whether the objective applies to the operation. To a flow it
// applies only when it names it: the requests of its steps are there already.
func (o Objective) Covers(operation string) bool {
	if len(o.Operations) == 0 {
		return !IsFlow(operation)
	}
	for _, id := range o.Operations {
		if id == operation {
			return true
		}
	}
	return false
}

// Good reports whether an observation counts as good: no transport error, no
// 5xx, no breach of the documented statuses, and in time counted from due.
func (o Objective) Good(x Observation) bool {
	return x.OK() && (o.Within == 0 || x.Latency <= o.Within)
}

// A Regression says when operations count as slower than on the nights before.
// Zero values mean the defaults of load/regression.
type Regression struct {
	Tolerance   float64       `json:"tolerance,omitempty"`   // share of the median of those nights
	Floor       time.Duration `json:"floor,omitempty"`       // beyond that median
	Unconfirmed bool          `json:"unconfirmed,omitempty"` // told without sending the load once more
}

// A Decision says what an objective needs in order to gate.
type Decision string

// The decisions. The empty value means DecisionNotDisproved.
const (
	DecisionNotDisproved Decision = "not-disproved" // only a demonstrated breach fails
	DecisionProve        Decision = "prove"         // what is not proved is inconclusive, and gates
)

// A Severity says what a claim that is broken does to the run. It never makes
// a broken claim a kept one.
type Severity string

// The severities. The empty value means SeverityGate.
const (
	SeverityGate Severity = "gate" // the run is unfit
	SeverityWarn Severity = "warn" // it is told as broken, and the run does not fail for it
	SeverityInfo Severity = "info" // as SeverityWarn, and told as no more than information
)
