package plumbline

import (
	"iter"
	"strings"
	"time"
)

// EvidenceSchema names the version of the journal's JSON form.
const EvidenceSchema = "plumbline/evidence/1"

// A Record is one line of the journal evidence.jsonl. Exactly one field beside
// At is set.
type Record struct {
	At          time.Duration `json:"at"` // since the run began
	Run         *Run          `json:"run,omitempty"`
	Phase       *PhaseMark    `json:"phase,omitempty"`
	Observation *Observation  `json:"observation,omitempty"`
	Exchange    *Exchange     `json:"exchange,omitempty"`
	Injection   *Injection    `json:"injection,omitempty"`
	Series      *Series       `json:"series,omitempty"`
	Pact        *PactResult   `json:"pact,omitempty"`
	Check       *Check        `json:"check,omitempty"`
	Health      *Health       `json:"health,omitempty"`
	Doubt       *Doubt        `json:"doubt,omitempty"`
	Resource    *Resource     `json:"resource,omitempty"`
	Seen        *Seen         `json:"seen,omitempty"`
	Walked      *Walked       `json:"walked,omitempty"`
	Baseline    *Baseline     `json:"baseline,omitempty"`
	Nights      *Nights       `json:"nights,omitempty"`
	Scrape      *Scrape       `json:"scrape,omitempty"`
}

// Evidence is everything that one run recorded, in the order of the journal.
type Evidence struct {
	Run          Run
	Phases       []PhaseMark
	Observations []Observation
	Exchanges    []Exchange
	Injections   []Injection
	Series       []Series
	Flows        []Series // of hits that were flows, each as a whole: the requests of their steps are in Series
	Pacts        []PactResult
	Checks       []Check
	Health       []Health
	Doubts       []Doubt
	Resources    []Resource
	Seen         []Seen
	Walked       []Walked
	Baselines    []Baseline
	Nights       *Nights // nil when no history was given
	Scrapes      []Scrape
	Ended        time.Duration // offset of the last record
}

// Add folds one journal record into the evidence.
func (e *Evidence) Add(r Record) {
	e.Ended = max(e.Ended, r.At)
	switch {
	case r.Run != nil:
		e.Run = *r.Run
	case r.Phase != nil:
		e.Phases = append(e.Phases, *r.Phase)
	case r.Observation != nil:
		e.Observations = append(e.Observations, *r.Observation)
	case r.Exchange != nil:
		e.Exchanges = append(e.Exchanges, *r.Exchange)
	case r.Injection != nil:
		e.Injections = append(e.Injections, *r.Injection)
	case r.Series != nil && IsFlow(r.Series.Operation):
		e.Flows = append(e.Flows, *r.Series)
	case r.Series != nil:
		e.Series = append(e.Series, *r.Series)
	default:
		e.addRare(r)
	}
}

func (e *Evidence) addRare(r Record) {
	switch {
	case r.Pact != nil:
		e.Pacts = append(e.Pacts, *r.Pact)
	case r.Check != nil:
		e.Checks = append(e.Checks, *r.Check)
	case r.Health != nil:
		e.Health = append(e.Health, *r.Health)
	case r.Doubt != nil:
		e.Doubts = append(e.Doubts, *r.Doubt)
	case r.Resource != nil:
		e.Resources = append(e.Resources, *r.Resource)
	case r.Seen != nil:
		e.Seen = append(e.Seen, *r.Seen)
	case r.Walked != nil:
		e.Walked = append(e.Walked, *r.Walked)
	case r.Baseline != nil:
		e.Baselines = append(e.Baselines, *r.Baseline)
	case r.Nights != nil:
		e.Nights = r.Nights
	case r.Scrape != nil:
		e.Scrapes = append(e.Scrapes, *r.Scrape)
	}
}

// Of yields the observations of one phase of one experiment. An empty phase
// name stands for all phases.
func (e *Evidence) Of(experiment, phase string) iter.Seq[Observation] {
	return func(yield func(Observation) bool) {
		for _, o := range e.Observations {
			if o.Experiment == experiment && (phase == "" || o.Phase == phase) && !yield(o) {
				return
			}
		}
	}
}

// Phase returns when a phase of an experiment began and ended; ok is false
// when it did not run to its end.
func (e *Evidence) Phase(experiment, phase string) (m PhaseMark, ok bool) {
	for _, m := range e.Phases {
		if m.Experiment == experiment && m.Phase == phase {
			return m, m.Complete
		}
	}
	return PhaseMark{}, false
}

// A Run identifies one run. It is recorded when the run begins and again, with
// Ended and how it ended, when it is over; a journal without the second record
// is that of a run that was killed.
type Run struct {
	Schema      string            `json:"schema"`
	ID          string            `json:"id"`    // 12 hex digits; the first 6 bytes of every trace id of the run
	Began       time.Time         `json:"began"` // wall clock; all offsets count from here
	Tool        string            `json:"tool"`  // version of plumbline
	Seed        uint64            `json:"seed"`
	Design      string            `json:"design"`             // SHA-256 of design.json
	Plan        string            `json:"plan"`               // SHA-256 of plan.json
	Host        string            `json:"host,omitempty"`     // OS, architecture, cores
	Revision    string            `json:"revision,omitempty"` // of what was deployed, as the pipeline says
	Images      map[string]string `json:"images,omitempty"`   // what the services of the deployment run: digests by their names
	Ended       bool              `json:"ended,omitempty"`
	Interrupted bool              `json:"interrupted,omitempty"`
	Stopped     string            `json:"stopped,omitempty"` // why the run ended itself: others suffered from its faults
	Error       string            `json:"error,omitempty"`   // why the harness gave up
}

// TraceRun returns the run ID that a trace id of this tool carries: its first
// 12 hex digits.
func TraceRun(trace string) string {
	if len(trace) < 12 {
		return ""
	}
	return strings.ToLower(trace[:12])
}

// A PhaseMark says when a phase began and ended.
type PhaseMark struct {
	Experiment string        `json:"experiment"`
	Phase      string        `json:"phase"`
	Role       Role          `json:"role"`
	Began      time.Duration `json:"began"`
	Ended      time.Duration `json:"ended"`
	Complete   bool          `json:"complete"`           // false when it was cut short
	Rate       float64       `json:"rate,omitempty"`     // requests a second that its streams asked for on average, all together
	Expected   float64       `json:"expected,omitempty"` // requests that they asked for
}

// A PactResult is the verification of one interaction.
type PactResult struct {
	File        string   `json:"file"`
	Engine      string   `json:"engine"` // "ffi" or "pact-go"
	Consumer    string   `json:"consumer"`
	Key         string   `json:"key"`
	Description string   `json:"description"`
	States      []string `json:"states,omitempty"`
	Result      string   `json:"result"` // PactOK and the others below
	Detail      []string `json:"detail,omitempty"`
	Operation   string   `json:"operation,omitempty"`
}

// Results of one interaction.
const (
	PactOK         = "ok"
	PactMismatch   = "mismatch"
	PactError      = "error"       // no usable response
	PactNotRun     = "not-run"     // the engine gave no result: missing library, crash, deadline
	PactStateUnset = "state-unset" // the provider state could not be created
	PactWithheld   = "withheld"    // the run may not send it: it would change what the run did not create
	PactUndeclared = "undeclared"  // a message, and nobody is declared who makes messages
	PactEmpty      = "empty"       // of the file: it holds no interaction
)

// A Check is the result of one self-check of the harness.
type Check struct {
	Name       string  `json:"name"`
	Subject    string  `json:"subject,omitempty"` // dependency, experiment
	Experiment string  `json:"experiment,omitempty"`
	OK         bool    `json:"ok"`
	Detail     string  `json:"detail,omitempty"`
	Value      float64 `json:"value,omitempty"`
	Unit       string  `json:"unit,omitempty"`
}

// Health is how well the load generator kept up during one phase.
type Health struct {
	Experiment string        `json:"experiment"`
	Phase      string        `json:"phase"`
	Planned    int64         `json:"planned"` // requests that were due
	Sent       int64         `json:"sent"`
	Skipped    int64         `json:"skipped"` // due but never sent
	Lag50      time.Duration `json:"lag_p50"` // sent − due
	Lag99      time.Duration `json:"lag_p99"`
	LagMax     time.Duration `json:"lag_max"`
	CPU        float64       `json:"cpu"`                 // cores used by this process
	GC         time.Duration `json:"gc"`                  // paused in all
	Sched99    time.Duration `json:"sched_p99"`           // goroutine scheduling latency
	Exhausted  int64         `json:"exhausted,omitempty"` // requests that failed for want of ports or descriptors
	Workers    int           `json:"workers"`
	Late       int64         `json:"late,omitempty"`      // of Sent: later than 10 ms
	Lateness   time.Duration `json:"lateness,omitempty"`  // how late a request may be; one that is later is skipped
	Unchecked  int64         `json:"unchecked,omitempty"` // answers that were not held against the document, to keep up
	Closed     bool          `json:"closed,omitempty"`    // a closed workload: it waits for the target, and its latencies say nothing of what was not asked
	Throttled  time.Duration `json:"throttled,omitempty"` // that the scheduler of a container withheld the processor
	Open       int           `json:"open,omitempty"`      // descriptors at the end
	OpenLimit  int           `json:"open_limit,omitempty"`
	Stopped    string        `json:"stopped,omitempty"` // why the streams ended early, by the phase's Stop
	Ceiling    float64       `json:"ceiling,omitempty"` // requests a second that this generator can send, as calibrated; zero when it was not
	Floor      time.Duration `json:"floor,omitempty"`   // 99th percentile of what it measures of a server that does nothing
}

// A Doubt is a reason not to trust evidence. It can turn a pass or a fail into
// inconclusive, never the other way round.
type Doubt struct {
	Experiment string `json:"experiment,omitempty"` // empty: the whole run
	Dependency string `json:"dependency,omitempty"`
	Reason     Reason `json:"reason"`
	Detail     string `json:"detail"`
}

// A Resource is something that the run created on the target, or has deleted.
type Resource struct {
	Operation string `json:"operation"`
	URL       string `json:"url"`
	Deleted   bool   `json:"deleted,omitempty"`
	Survives  bool   `json:"survives,omitempty"` // no operation deletes it, or the deletion failed
	Doubtful  bool   `json:"doubtful,omitempty"` // of what survives: it was asked for and never answered, and may not be there at all
	Detail    string `json:"detail,omitempty"`
}

// A Baseline is a latency quantile of an operation under load in the last good
// runs on a machine of the same kind, at most ten, the oldest first.
type Baseline struct {
	Operation string    `json:"operation"`
	Q         float64   `json:"q"`
	Values    []float64 `json:"values_ms"`
}

// Nights counts the earlier runs of a service that a history holds.
type Nights struct {
	Runs  int `json:"runs"`  // before this one, without those to be ignored
	Good  int `json:"good"`  // of them
	Alike int `json:"alike"` // of the good ones: on a machine of the same kind
}
