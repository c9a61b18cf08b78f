package plumbline

import (
	"time"
)

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
	Deadline  time.Duration `json:"deadline,omitempty"`  // that the request says is left for it; zero when it says nothing
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
	Asked       time.Duration `json:"asked,omitempty"` // when it was ordered; it has taken hold at Began
	Began       time.Duration `json:"began"`
	Healed      time.Duration `json:"healed,omitempty"` // zero while it holds
	Hits        int           `json:"hits"`             // exchanges (or connections) that it touched; containers or processes that were seen to suffer it
	Error       string        `json:"error,omitempty"`  // could not be injected, or not healed
	Unsupported bool          `json:"unsupported,omitempty"`
}
