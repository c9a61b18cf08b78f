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
}

// Evidence is everything that one run recorded, in the order of the journal.
type Evidence struct {
	Run          Run
	Phases       []PhaseMark
	Observations []Observation
	Exchanges    []Exchange
	Injections   []Injection
	Series       []Series
	Pacts        []PactResult
	Checks       []Check
	Health       []Health
	Doubts       []Doubt
	Resources    []Resource
	Seen         []Seen
	Walked       []Walked
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
	Schema      string    `json:"schema"`
	ID          string    `json:"id"`    // 12 hex digits; the first 6 bytes of every trace id of the run
	Began       time.Time `json:"began"` // wall clock; all offsets count from here
	Tool        string    `json:"tool"`  // version of plumbline
	Seed        uint64    `json:"seed"`
	Design      string    `json:"design"`         // SHA-256 of design.json
	Plan        string    `json:"plan"`           // SHA-256 of plan.json
	Host        string    `json:"host,omitempty"` // OS, architecture, cores
	Ended       bool      `json:"ended,omitempty"`
	Interrupted bool      `json:"interrupted,omitempty"`
	Error       string    `json:"error,omitempty"` // why the harness gave up
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
	Complete   bool          `json:"complete"` // false when it was cut short
}

// An Observation is one request of the harness and what came back.
type Observation struct {
	Experiment string        `json:"experiment"`
	Phase      string        `json:"phase"`
	Stream     string        `json:"stream,omitempty"` // name of the stream or call
	Operation  string        `json:"operation"`
	Case       string        `json:"case,omitempty"`
	Kind       CaseKind      `json:"kind,omitempty"`     // of the case
	Keyword    string        `json:"keyword,omitempty"`  // of the case
	Pointer    string        `json:"pointer,omitempty"`  // of the case
	Violates   string        `json:"violates,omitempty"` // of the case
	Identity   string        `json:"identity,omitempty"` // as in the call
	Trace      string        `json:"trace,omitempty"`    // 32 hex digits
	Parent     string        `json:"parent,omitempty"`   // parent-id of the traceparent that was sent, 16 hex digits
	Due        time.Duration `json:"due"`                // when the workload called for it, since the run began
	Sent       time.Duration `json:"sent"`
	Latency    time.Duration `json:"latency"` // from Due to the last byte, or to the failure
	Status     int           `json:"status,omitempty"`
	Error      ErrorClass    `json:"error,omitempty"`     // no usable response: its class
	Bytes      int64         `json:"bytes,omitempty"`     // of the response body, as on the wire
	Wire       int64         `json:"wire,omitempty"`      // bytes of the whole exchange, both ways, above TLS; zero when not counted
	First      time.Duration `json:"first,omitempty"`     // from Sent to the first byte of the answer; zero when not measured, as the next two
	Connect    time.Duration `json:"connect,omitempty"`   // that a new connection took
	Handshake  time.Duration `json:"tls,omitempty"`       // that TLS took on it
	Unchecked  bool          `json:"unchecked,omitempty"` // the answer was not held against the document
	Retries    int           `json:"retries,omitempty"`   // hidden by the HTTP client
	Renewed    int           `json:"renewed,omitempty"`   // sent again, with credentials that were fetched anew, after a 401
	Deferred   int           `json:"deferred,omitempty"`  // sent again after the time that the Retry-After of a 429 or 503 asked for
	Marks      []Mark        `json:"marks,omitempty"`
	Matches    []Match       `json:"matches,omitempty"` // comparisons of a step
	Transcript *Transcript   `json:"transcript,omitempty"`
}

// OK reports whether the request was answered, without a server error and
// without an undocumented status.
func (o Observation) OK() bool {
	if o.Error != "" || o.Status == 0 || o.Status >= 500 {
		return false
	}
	return !o.Marked(MarkStatus)
}

// Marked reports whether the observation carries a mark of the kind.
func (o Observation) Marked(k MarkKind) bool {
	for _, m := range o.Marks {
		if m.Kind == k {
			return true
		}
	}
	return false
}

// Done is the moment at which the response was complete, since the run began.
func (o Observation) Done() time.Duration { return o.Due + o.Latency }

// An ErrorClass names why there is no usable response. Classes, not texts: ten
// thousand resets from ten thousand ports are one error.
type ErrorClass string

// The error classes.
const (
	ErrorTimeout  ErrorClass = "timeout"
	ErrorRefused  ErrorClass = "refused"
	ErrorReset    ErrorClass = "reset"
	ErrorEOF      ErrorClass = "eof" // closed before the response was complete
	ErrorDNS      ErrorClass = "dns"
	ErrorTLS      ErrorClass = "tls"
	ErrorProtocol ErrorClass = "protocol" // not HTTP
	ErrorTooLarge ErrorClass = "too-large"
	ErrorCanceled ErrorClass = "canceled" // by the harness itself: never evidence against the target
	ErrorPorts    ErrorClass = "ports"    // the generator ran out of ports or descriptors
	ErrorUnbound  ErrorClass = "unbound"  // no live value for a Bind: the request was not sent
	ErrorOther    ErrorClass = "other"
)

// A Mark is a fact about a response that was established when it arrived,
// so that its body need not be kept: it does not match the document, or it
// shows internals.
type Mark struct {
	Kind    MarkKind `json:"kind"`
	Pointer string   `json:"pointer,omitempty"` // JSON pointer into the body, or "header/Name"
	Message string   `json:"message"`
	Schema  string   `json:"schema,omitempty"`  // JSON pointer into the OpenAPI document
	Keyword string   `json:"keyword,omitempty"` // of the schema that is broken: "required"
}

// A MarkKind is a kind of Mark.
type MarkKind string

// The kinds of mark.
const (
	MarkStatus    MarkKind = "status"    // status not documented
	MarkMedia     MarkKind = "media"     // media type not documented
	MarkHeader    MarkKind = "header"    // required header missing, or not as documented
	MarkBody      MarkKind = "body"      // body does not match the schema
	MarkExtra     MarkKind = "extra"     // property that the document does not declare: a warning, never a breach
	MarkLess      MarkKind = "less"      // carries the marker by which a dependency is declared to be missing; no breach
	MarkDiffers   MarkKind = "differs"   // a value is not what it was compared with
	MarkSame      MarkKind = "same"      // a value is what it was compared with, where that was asked for
	MarkUnread    MarkKind = "unread"    // could not be checked: "application/xml is not validated"; no breach
	MarkOperation MarkKind = "operation" // of a request to a dependency: its document has no such operation
	MarkParameter MarkKind = "parameter" // of a request to a dependency: a declared parameter is missing, or not as declared
	MarkUnagreed  MarkKind = "unagreed"  // of a request to a dependency: the pact with it does not speak of it; no breach
	MarkReleased  MarkKind = "released"  // of a request that the released document allows: a client of that document cannot read the answer
	MarkLeak      MarkKind = "leak"      // stack trace, SQL text, file path, address of a dependency
)

// A Transcript is a redacted excerpt of request and response.
type Transcript struct {
	Method         string              `json:"method"`
	URL            string              `json:"url"`
	RequestHeader  map[string][]string `json:"request_header,omitempty"`
	RequestBody    string              `json:"request_body,omitempty"`
	ResponseHeader map[string][]string `json:"response_header,omitempty"`
	ResponseBody   string              `json:"response_body,omitempty"` // at most 4 KiB
	Curl           string              `json:"curl,omitempty"`
}

// An Exchange is one request on a wire between the deployment and a
// dependency, as the recording proxy saw it. On a TCP wire it is one
// connection.
type Exchange struct {
	Wire      string        `json:"wire"` // dependency name
	Conn      uint64        `json:"conn"`
	Opened    time.Duration `json:"opened,omitempty"` // when the caller's connection was accepted
	Source    string        `json:"source,omitempty"`
	Trace     string        `json:"trace,omitempty"`  // trace-id of traceparent, 32 hex digits
	Parent    string        `json:"parent,omitempty"` // parent-id of traceparent
	Flags     string        `json:"flags,omitempty"`
	State     string        `json:"state,omitempty"` // tracestate
	Attempt   int           `json:"attempt"`         // from 1: n-th exchange of this trace, method and path on this wire
	Method    string        `json:"method,omitempty"`
	Path      string        `json:"path,omitempty"`
	Agent     string        `json:"agent,omitempty"`
	Key       string        `json:"key,omitempty"`       // SHA-256 prefix of the Idempotency-Key
	BodyHash  string        `json:"body_hash,omitempty"` // SHA-256 prefix of the request body
	Began     time.Duration `json:"began"`               // request headers read, since the run began
	Answered  time.Duration `json:"answered,omitempty"`  // response headers sent; zero when never
	Ended     time.Duration `json:"ended"`               // last byte, reset or close
	Status    int           `json:"status,omitempty"`    // as sent to the caller; zero when none
	Upstream  int           `json:"upstream,omitempty"`  // as received from the upstream; zero when it was not asked
	In        int64         `json:"in"`                  // request body bytes
	Out       int64         `json:"out"`                 // response body bytes
	Fault     string        `json:"fault,omitempty"`     // lease ID of the fault that hit it
	FaultKind FaultKind     `json:"fault_kind,omitempty"`
	Closed    Closer        `json:"closed,omitempty"`    // who ended it early
	Operation string        `json:"operation,omitempty"` // of the dependency's own document
	Marks     []Mark        `json:"marks,omitempty"`     // how the request breaks the dependency's own document, or the pact with it
	Agreed    []string      `json:"agreed,omitempty"`    // interactions of the pact with the dependency that the request is of
}

// A Closer names who ended an exchange before its time.
type Closer string

// The closers. The empty value means that it came to its proper end.
const (
	ClosedByCaller   Closer = "caller"   // the deployment gave up
	ClosedByUpstream Closer = "upstream" // the dependency did
	ClosedByFault    Closer = "fault"
)

// An Injection says that a fault was injected, how often it hit, and that it
// was healed. It is recorded when the fault takes hold and again when it heals.
type Injection struct {
	Lease       string        `json:"lease"`
	Experiment  string        `json:"experiment"`
	Phase       string        `json:"phase"`
	Fault       Fault         `json:"fault"`
	Began       time.Duration `json:"began"`
	Healed      time.Duration `json:"healed,omitempty"` // zero while it holds
	Hits        int           `json:"hits"`             // exchanges (or connections) that it touched
	Error       string        `json:"error,omitempty"`  // could not be injected, or not healed
	Unsupported bool          `json:"unsupported,omitempty"`
}

// A Series is load folded by operation, status class and phase: exact counts
// a second and a histogram of latencies from due, with less than 1 % error.
type Series struct {
	Experiment string        `json:"experiment"`
	Phase      string        `json:"phase"`
	Stream     string        `json:"stream"`
	Operation  string        `json:"operation"`
	Class      string        `json:"class"` // "2xx" … "5xx", or an ErrorClass
	Began      time.Duration `json:"began"` // offset of the first slice
	Count      int64         `json:"count"`
	Bad        int64         `json:"bad,omitempty"` // of Count: undocumented status or breach of the document
	Bytes      int64         `json:"bytes,omitempty"`
	Wire       int64         `json:"wire,omitempty"`      // as of an Observation
	Unchecked  int64         `json:"unchecked,omitempty"` // of Count: not held against the document, so not known to be bad
	Latency    []Bin         `json:"latency"`             // from due
	Service    []Bin         `json:"service,omitempty"`   // from sent
	First      []Bin         `json:"first,omitempty"`     // to the first byte of the answer, from sent
	Connect    []Bin         `json:"connect,omitempty"`   // of new connections
	Handshake  []Bin         `json:"tls,omitempty"`       // of TLS on them
	Slices     []Slice       `json:"slices,omitempty"`    // one second each
	Within     []Within      `json:"within,omitempty"`    // exact counts at the thresholds of the design's objectives
	Marks      []Mark        `json:"marks,omitempty"`     // distinct ones, at most 16
	Retries    int64         `json:"retries,omitempty"`
}

// A Bin counts latencies up to and including UpTo and above the previous bin.
type Bin struct {
	UpTo  time.Duration `json:"le"`
	Count int64         `json:"n"`
}

// A Slice is one second of a Series.
type Slice struct {
	Second int           `json:"s"` // since Began
	Count  int64         `json:"n"`
	P50    time.Duration `json:"p50,omitempty"`
	P99    time.Duration `json:"p99,omitempty"`
	Max    time.Duration `json:"max,omitempty"`
	Within []int64       `json:"w,omitempty"` // parallel to the Series' Within: good in this second
}

// Within counts the requests of a Series that met one latency threshold.
type Within struct {
	Threshold time.Duration `json:"threshold"`
	Count     int64         `json:"n"`
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
