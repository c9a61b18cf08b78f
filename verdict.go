package plumbline

import (
	"cmp"
	"slices"
	"time"
)

// ReportSchema names the version of the Report's JSON form.
const ReportSchema = "plumbline/report/1"

// An Outcome is the judgement on one claim.
type Outcome string

// The outcomes.
const (
	Pass         Outcome = "pass"
	Fail         Outcome = "fail"
	Inconclusive Outcome = "inconclusive"
	Skipped      Outcome = "skipped"
	Error        Outcome = "error" // the harness itself failed
	Waived       Outcome = "waived"
)

// A Reason is the stable word for why a claim could not be judged. It is empty
// for pass and fail.
type Reason string

// The reasons for Skipped.
const (
	ReasonNotDeclared   Reason = "not-declared"
	ReasonNeedsWire     Reason = "needs-wire"
	ReasonNeedsIdentity Reason = "needs-identity"
	ReasonUnsafe        Reason = "unsafe-not-opted-in"
	ReasonNotApplicable Reason = "not-applicable"
	ReasonNotSelected   Reason = "not-selected"
)

// The reasons for Inconclusive.
const (
	ReasonBaselineUnhealthy  Reason = "baseline-unhealthy"
	ReasonBaselineDrift      Reason = "baseline-drift"
	ReasonWireDark           Reason = "wire-dark"
	ReasonWireOpaque         Reason = "wire-not-transparent" // the proxy changes what it carries
	ReasonFaultNotDelivered  Reason = "fault-not-delivered"
	ReasonGeneratorSaturated Reason = "generator-saturated"
	ReasonTooFewSamples      Reason = "too-few-samples"
	ReasonNoPositiveControl  Reason = "no-positive-control"
	ReasonUnsupported        Reason = "unsupported"
	ReasonIncomplete         Reason = "incomplete" // the run ended before the evidence was gathered
	ReasonNoLibrary          Reason = "no-pact-library"
	ReasonNoTrace            Reason = "no-trace-context"
	ReasonUndecided          Reason = "undecided" // the interval straddles the target
	ReasonNoise              Reason = "noise"
	ReasonThrottled          Reason = "throttled" // the deployment limits how much this caller may send
	ReasonNotReproduced      Reason = "not-reproduced"
	ReasonOthersSuffer       Reason = "others-suffer"      // the run ended itself for their sake
	ReasonUncovered          Reason = "too-little-covered" // less of the document was proved than is declared that a pass needs
	ReasonRestarted          Reason = "target-restarted"   // by somebody else, during the experiment
	ReasonLoadTooLow         Reason = "load-too-low"       // less was asked of the deployment than it promises to carry
)

// A Verdict is the judgement on one claim: what was measured, what was
// allowed, and one sentence that holds the numbers.
type Verdict struct {
	Outcome   Outcome   `json:"outcome"`
	Reason    Reason    `json:"reason,omitempty"`
	Statement string    `json:"statement"` // what was observed, with numbers
	Measured  float64   `json:"measured"`
	Allowed   float64   `json:"allowed"`
	Floor     bool      `json:"floor,omitempty"`    // Allowed is the least that is wanted, and not the most
	Interval  *Interval `json:"interval,omitempty"` // of Measured, in its unit; nil when none was computed
	Unit      string    `json:"unit,omitempty"`     // of Measured and Allowed: "ratio", "ms", "attempts"
	Samples   int       `json:"samples,omitempty"`
	Remedy    string    `json:"remedy,omitempty"`
	Evidence  []Exhibit `json:"evidence,omitempty"` // at most 5, the most telling first
	Level     Level     `json:"level,omitempty"`    // of a fail; empty means LevelProved
	// Cause is what failures of different claims have in common when one
	// mistake is behind them: "schema #/components/schemas/Order total type".
	// Equal causes become one finding.
	Cause string `json:"cause,omitempty"`
	// Suspects name every request that made a fail, the most telling first: the
	// first of them are repeated before it is told.
	Suspects []Suspect `json:"suspects,omitempty"`
	Wrong    string    `json:"wrong,omitempty"` // "service", "document": who has to change; empty when nothing says so
	Patch    string    `json:"patch,omitempty"` // overlay (OpenAPI Overlay 1.0) that makes the document true
}

// A Suspect names a request, or a flow, of the plan.
type Suspect struct {
	Experiment string `json:"experiment"`
	Phase      string `json:"phase"`
	Stream     string `json:"stream"` // name of the call or of the flow
}

// An Exhibit is a piece of evidence shown with a finding.
type Exhibit struct {
	Summary     string       `json:"summary"`
	Trace       string       `json:"trace,omitempty"`
	Phase       string       `json:"phase,omitempty"`
	Request     *Transcript  `json:"request,omitempty"`
	Exchanges   []Exchange   `json:"exchanges,omitempty"` // on the wire, in order, at most 10
	Observation *Observation `json:"observation,omitempty"`
}

// An Interval is where the true value of something measured lies.
type Interval struct {
	Low        float64 `json:"low"`
	High       float64 `json:"high,omitempty"`       // zero when the sample is too small to bound it
	Confidence float64 `json:"confidence,omitempty"` // of each bound by itself; two of 0.975 hold together at 0.95
}

// A Finding is a claim with its verdict.
type Finding struct {
	Function   string    `json:"function"`
	Claim      string    `json:"claim"`
	Title      string    `json:"title"`     // of the function
	Statement  string    `json:"statement"` // what is claimed
	Basis      Basis     `json:"basis,omitempty"`
	Source     Source    `json:"source"`
	Dependency string    `json:"dependency,omitempty"`
	Operation  string    `json:"operation,omitempty"`
	Outcome    Outcome   `json:"outcome"`
	Reason     string    `json:"reason"`         // of the outcome: the Reason word, if any, and one sentence with the numbers
	Code       Reason    `json:"code,omitempty"` // the Reason word alone
	Measured   float64   `json:"measured"`
	Allowed    float64   `json:"allowed"`
	Floor      bool      `json:"floor,omitempty"`    // Allowed is the least that is wanted, and not the most
	Interval   *Interval `json:"interval,omitempty"` // of Measured
	Unit       string    `json:"unit,omitempty"`
	Samples    int       `json:"samples,omitempty"`
	Remedy     string    `json:"remedy,omitempty"`
	Standard   string    `json:"standard,omitempty"`
	Gates      bool      `json:"gates"`
	Evidence   []Exhibit `json:"evidence"`
	Replay     string    `json:"replay,omitempty"`   // command that runs this claim again
	Level      Level     `json:"level,omitempty"`    // of a fail
	Repeated   string    `json:"repeated,omitempty"` // "2 of 2": how often a fail came again from a clean state
	Symptoms   []string  `json:"symptoms,omitempty"` // claims that fail for the same cause
	Because    string    `json:"because,omitempty"`  // the claim whose finding tells the cause of this one
	Wrong      string    `json:"wrong,omitempty"`
	Patch      string    `json:"patch,omitempty"`
	Waiver     *Waiver   `json:"waiver,omitempty"`   // of a failure: what excuses it, or did until it ran out
	Severity   Severity  `json:"severity,omitempty"` // that was declared for it, where that is not SeverityGate: a failure does not gate then
}

// Overall is the outcome of a run.
type Overall string

// The overall outcomes.
const (
	Fit       Overall = "fit"
	Unfit     Overall = "unfit"
	NotProven Overall = "not-proven"
)

// Exit codes of the command line (DESIGN D2).
const (
	ExitFit         = 0
	ExitUnfit       = 1
	ExitUsage       = 2
	ExitNotProven   = 3
	ExitNotRestored = 4
	ExitHarness     = 5
	ExitInterrupted = 130
)

// A Report is the outcome of a run with everything that a format shows. It is
// the only input of the reports.
type Report struct {
	Schema      string     `json:"schema"`
	Outcome     Overall    `json:"outcome"`
	ExitCode    int        `json:"exit_code"`
	Sentence    string     `json:"sentence"` // the verdict in words, with the reason
	Service     string     `json:"service"`
	Target      string     `json:"target"`
	Document    Document   `json:"document"`
	Run         Run        `json:"run"`
	Seed        uint64     `json:"seed"`
	Seconds     float64    `json:"seconds"` // how long the run took
	Incomplete  bool       `json:"incomplete,omitempty"`
	NotRestored []string   `json:"not_restored,omitempty"`
	Findings    []Finding  `json:"findings"` // failures first, then inconclusive, error, pass, waived, skipped
	Coverage    Coverage   `json:"coverage"`
	Wires       []WireUse  `json:"wires,omitempty"`  // measured dependency map
	Matrix      []Cell     `json:"matrix,omitempty"` // fault × operation
	Outages     []Outage   `json:"outages,omitempty"`
	Timeline    []Timeline `json:"timeline,omitempty"`
	Quantiles   []Quantile `json:"quantiles,omitempty"` // of operations under the target load, and of its flows as a whole
	Flows       []FlowUse  `json:"flows,omitempty"`     // of the target load
	Health      []Health   `json:"health,omitempty"`
	Requests    Requests   `json:"requests"`
	Capacity    *Capacity  `json:"capacity,omitempty"`    // nil when it was not searched for
	Load        *Recording `json:"load,omitempty"`        // nil when there was none
	Notes       []string   `json:"notes,omitempty"`       // repairs of the document, losses, survivors
	Since       *Since     `json:"since,omitempty"`       // none when no history was given
	NoBaseline  string     `json:"no_baseline,omitempty"` // why latencies were held against no earlier runs though they were to be; empty when they were, or no history was given
	Account     *Account   `json:"account,omitempty"`     // what the target says of itself; nil when it was not asked
}

// Coverage says what was judged and what was not.
type Coverage struct {
	Functions  []FunctionCoverage  `json:"functions"`
	Judged     int                 `json:"judged"`  // functions with a pass or a fail
	Skipped    int                 `json:"skipped"` // functions without
	Operations []OperationCoverage `json:"operations"`
	Exercised  int                 `json:"exercised"` // operations that answered 2xx at least once
	Declared   int                 `json:"declared"`  // operations of the document
}

// FunctionCoverage is the coverage of one function.
type FunctionCoverage struct {
	Function string  `json:"function"`
	Outcome  Outcome `json:"outcome"` // worst of its claims; skipped when it has none
	Claims   int     `json:"claims"`
	Reason   string  `json:"reason,omitempty"`
	Unlock   string  `json:"unlock,omitempty"`
}

// OperationCoverage is the coverage of one operation.
type OperationCoverage struct {
	Operation   string               `json:"operation"`
	Statuses    map[string]int       `json:"statuses"`             // answers seen, by status
	Reason      string               `json:"reason,omitempty"`     // why it was not exercised
	Documented  []string             `json:"documented,omitempty"` // statuses
	Constraints []ConstraintCoverage `json:"constraints,omitempty"`
	Fields      int                  `json:"fields,omitempty"` // documented for responses
	FieldsSeen  int                  `json:"fields_seen,omitempty"`
	Unseen      []string             `json:"unseen,omitempty"`   // documented fields that no answer held, at most 12
	Untested    []string             `json:"untested,omitempty"` // what was not tested, because
}

// ConstraintCoverage is what was tried on one constraint of an operation's input.
type ConstraintCoverage struct {
	Pointer  string `json:"pointer"`
	Keyword  string `json:"keyword"`
	Sent     int    `json:"sent"`
	Refused  int    `json:"refused"`  // by a 4xx
	Accepted int    `json:"accepted"` // by a 2xx
}

// WireUse is one edge of the measured dependency map.
type WireUse struct {
	Dependency string  `json:"dependency"`
	Operation  string  `json:"operation"`
	Calls      float64 `json:"calls"`            // median calls on the wire for one request
	Needed     string  `json:"needed,omitempty"` // "critical", "optional", "unknown": what the faults showed
	Declared   Class   `json:"declared,omitempty"`
	Wire       Wire    `json:"wire,omitempty"`
}

// A Cell is one operation × dependency × fault of the fault matrix.
type Cell struct {
	Operation  string  `json:"operation"`
	Dependency string  `json:"dependency"`
	Fault      string  `json:"fault"`
	Outcome    string  `json:"outcome"` // CellOK …
	Detail     string  `json:"detail,omitempty"`
	Slowest    float64 `json:"slowest_ms"`
	Statuses   string  `json:"statuses"` // "503 ×3"
}

// Outcomes of a cell.
const (
	CellOK       = "ok"       // as without the fault
	CellDegraded = "degraded" // 2xx with the declared marker
	CellClean    = "clean"    // a quick, well-formed error
	CellBad      = "bad"
	CellUnproven = "unproven" // the fault was not seen to hit
)

// A Timeline is the latency and error rate of one experiment over time.
type Timeline struct {
	Experiment string      `json:"experiment"`
	Title      string      `json:"title"`
	Phases     []PhaseMark `json:"phases"`
	Points     []Point     `json:"points"`
	Stretches  []Stretch   `json:"stretches,omitempty"` // of the phases in which something was sent
	Promised   []Promised  `json:"promised,omitempty"`  // what objectives ask of these requests
	Cuts       []Cut       `json:"cuts,omitempty"`      // time in which the service warmed up
}

// A Cut is time of a Timeline that is left out where its requests are judged,
// for the service warmed up.
type Cut struct {
	Began      time.Duration `json:"began"`
	Ended      time.Duration `json:"ended"`
	Objectives []string      `json:"objectives,omitempty"` // those that leave it out; empty: all, as planned
}

// A Stretch is what the requests of one phase of a Timeline amount to, each
// figure with the interval that holds it at 95 %.
type Stretch struct {
	Phase    string   `json:"phase"`
	Count    int64    `json:"n"`
	Bad      int64    `json:"bad"`       // errors, 5xx, answers that the document does not allow
	BadShare Interval `json:"bad_share"` // of Bad in Count, burstiness from second to second accounted for
	P50      float64  `json:"p50_ms"`
	P99      float64  `json:"p99_ms"`
	P50Range Interval `json:"p50_range_ms"`
	P99Range Interval `json:"p99_range_ms"`
}

// A Promised is a share of the requests that has to be good, and how soon.
type Promised struct {
	Objective  string   `json:"objective"`
	Operations []string `json:"operations,omitempty"` // IDs; empty for the whole service
	Target     float64  `json:"target"`
	Within     float64  `json:"within_ms,omitempty"` // zero: however late
	During     Role     `json:"during,omitempty"`    // only in phases of this role; empty: only while nothing is broken
}

// Covers says whether it is promised of the operation, or of the flow that it
// names.
func (p Promised) Covers(operation string) bool {
	return len(p.Operations) == 0 && !IsFlow(operation) || slices.Contains(p.Operations, operation)
}

// In says whether it is promised of a phase of that role.
func (p Promised) In(r Role) bool {
	if p.During == "" {
		return r != RoleFault && r != RoleRecovery
	}
	return r == p.During
}

// A Point is one second of a Timeline.
type Point struct {
	Second int     `json:"s"` // since the run began
	Count  int     `json:"n"`
	Bad    int     `json:"bad"`
	P50    float64 `json:"p50_ms"`
	P99    float64 `json:"p99_ms"`
}

// A Quantile is a latency quantile with its interval; it is never shown
// without its sample size.
type Quantile struct {
	Operation string  `json:"operation"`
	Q         float64 `json:"q"`
	Value     float64 `json:"value_ms"`
	Low       float64 `json:"low_ms"`
	High      float64 `json:"high_ms"` // zero when the sample is too small to bound it
	Samples   int64   `json:"samples"`
}

// Requests counts what the run cost the target.
type Requests struct {
	Sent     int64 `json:"sent"`
	OnWires  int64 `json:"on_wires"`
	Faulted  int64 `json:"faulted"`
	Created  int   `json:"created"`
	Survived int   `json:"survived"`
}

// CompareOutcome orders outcomes for a reader: failures first.
func CompareOutcome(a, b Outcome) int { return cmp.Compare(rank(a), rank(b)) }

func rank(o Outcome) int {
	for i, x := range []Outcome{Fail, Error, Inconclusive, Waived, Pass, Skipped} {
		if x == o {
			return i
		}
	}
	return -1
}
