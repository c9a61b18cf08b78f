package plumbline

import (
	"time"
)

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
	Alone      time.Duration `json:"alone,omitempty"`     // how long nothing had gone over the wire of a serial phase when it was sent; zero where nobody waited for that
	Deferred   int           `json:"deferred,omitempty"`  // sent again after the time that the Retry-After of a 429 or 503 asked for
	Marks      []Mark        `json:"marks,omitempty"`
	Matches    []Match       `json:"matches,omitempty"` // comparisons of a step
	Learnt     []string      `json:"learnt,omitempty"`  // values of the request that were learnt: "body/sku from listProducts /items/0/sku"
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

// Service is how long the request took once it was sent: what the generator was
// late by is not the target's doing. One that was never sent took from when it
// was due.
func (o Observation) Service() time.Duration { return max(0, o.Done()-max(o.Sent, o.Due)) }

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
	ErrorEnded    ErrorClass = "ended" // of a flow of the load: a step was answered otherwise than the flow goes on with
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
