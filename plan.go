package plumbline

import (
	"slices"
	"time"
)

// PlanSchema names the version of the Plan's JSON form.
const PlanSchema = "plumbline/plan/1"

// A Plan is everything a run will do, as data: same design, same functions and
// same seed give the same plan, byte for byte.
type Plan struct {
	Schema      string       `json:"schema"`
	Seed        uint64       `json:"seed"`
	Claims      []Claim      `json:"claims"`
	Experiments []Experiment `json:"experiments"` // in the order in which they run
	Skips       []Skip       `json:"skips,omitempty"`
}

// Experiment returns the experiment with the given ID.
func (p Plan) Experiment(id string) (Experiment, bool) {
	for _, x := range p.Experiments {
		if x.ID == id {
			return x, true
		}
	}
	return Experiment{}, false
}

// A Claim is one falsifiable statement about the deployment.
type Claim struct {
	ID         string `json:"id"` // function ID and subject: "resilience/breaker-opens/payment"; stable between runs
	Function   string `json:"function"`
	Statement  string `json:"statement"` // "the breaker to payment stops calls within 60 of them and stays shut out"
	Basis      Basis  `json:"basis"`
	Source     Source `json:"source"`
	Dependency string `json:"dependency,omitempty"`
	Operation  string `json:"operation,omitempty"`
	Objective  string `json:"objective,omitempty"`
	// Experiments are the IDs of the experiments whose evidence decides the
	// claim. Empty means all evidence of the run.
	Experiments []string `json:"experiments,omitempty"`
}

// A Basis says by whose word a claim is made.
type Basis string

// The bases: declared beats default beats inferred.
const (
	BasisDeclared Basis = "declared"
	BasisDefault  Basis = "default"  // always judged: hangs, unbounded retries, leaks, 5xx on bad input, broken recovery
	BasisDocument Basis = "document" // the OpenAPI document says so
)

// A Skip is a function, or one of its claims, that will not be judged.
type Skip struct {
	Function string `json:"function"`
	Subject  string `json:"subject,omitempty"`
	Reason   Reason `json:"reason"`
	Detail   string `json:"detail,omitempty"` // one sentence
	Unlock   string `json:"unlock,omitempty"` // what to declare or provide: "dependencies[].breaker"
}

// An Experiment is a sequence of phases without a gap between them. One
// experiment may serve many claims.
type Experiment struct {
	ID     string   `json:"id"` // "outage/payment"
	Title  string   `json:"title"`
	Kind   Kind     `json:"kind"`
	Claims []string `json:"claims"` // IDs, sorted
	Phases []Phase  `json:"phases"`
}

// Phase returns the phase with the given name.
func (x Experiment) Phase(name string) (Phase, bool) {
	for _, p := range x.Phases {
		if p.Name == name {
			return p, true
		}
	}
	return Phase{}, false
}

// Walks reports whether any phase of the experiment walks flows.
func (x Experiment) Walks() bool {
	return slices.ContainsFunc(x.Phases, func(p Phase) bool { return len(p.Flows) > 0 })
}

// A Kind says in which generated file an experiment is written down and who runs it.
type Kind string

// The kinds.
const (
	KindHarness  Kind = "harness"  // self-checks of plumbline
	KindContract Kind = "contract" // contracts/*.json and the cases of the design
	KindScenario Kind = "scenario" // features/*.feature, run by godog
	KindLoad     Kind = "load"     // profiles/*.yaml, run by vegeta
)

// A Phase is a stretch of an experiment in which load and faults hold steady.
// Its calls are made first, one after the other; its streams then run
// together for its duration.
type Phase struct {
	Name     string        `json:"name"` // unique in the experiment
	Role     Role          `json:"role"`
	Duration time.Duration `json:"duration,omitempty"` // of the streams; zero when there are none
	Faults   []Fault       `json:"faults,omitempty"`   // injected before the first request unless they have After, healed after the last
	Streams  []Stream      `json:"streams,omitempty"`
	Calls    []Call        `json:"calls,omitempty"`
	Flows    []Flow        `json:"flows,omitempty"`   // after the calls
	Serial   *Serial       `json:"serial,omitempty"`  // the calls are told apart by time; nil: by their traces
	Workers  int           `json:"workers,omitempty"` // calls, and flows, that are under way at a time; zero means one
	Pacts    []string      `json:"pacts,omitempty"`   // pact files to verify, relative to the run directory
	Stop     *Stop         `json:"stop,omitempty"`    // ends the streams early
	Learn    []string      `json:"learn,omitempty"`   // IDs of operations that are taught by their lessons where they refuse what was made up, one after the other, after the flows
	Checks   []string      `json:"checks,omitempty"`  // self-checks to carry out: "proxy-transparent", "pass-through", "wires"
}

// A Stop is a breach so gross that the rest of the load would tell nothing
// more and might do harm. It never ends a phase for being good enough: looking
// again and again until it is would find so in the end.
type Stop struct {
	Share  float64       `json:"share"`            // of the requests answered within the window that were bad
	Least  int           `json:"least"`            // requests
	Window time.Duration `json:"window"`           // that ends with each answer
	Within time.Duration `json:"within,omitempty"` // a slower answer is bad; zero: only errors are
}

// A Role is what a phase is for.
type Role string

// The roles.
const (
	RoleProbe    Role = "probe"
	RoleBaseline Role = "baseline"
	RoleFault    Role = "fault"
	RoleRecovery Role = "recovery"
)

// A Stream is an open workload on one operation: requests arrive on their own
// schedule, whatever the answers. Or it is one of a flow: each hit makes the
// steps of it, one after the other.
type Stream struct {
	Name      string   `json:"name"`            // unique in the phase
	Operation string   `json:"operation"`       // or FlowPrefix and the name of a flow of the load
	Flow      []string `json:"flow,omitempty"`  // operations of the steps, when it is one of a flow; the rates are then of flows
	Hasty     bool     `json:"hasty,omitempty"` // the users of the flow take no time to think
	Case      string   `json:"case,omitempty"`  // ID; empty rotates over the operation's valid cases
	Stages    []Stage  `json:"stages"`
	Arrivals  Arrivals `json:"arrivals"`
	Identity  string   `json:"identity,omitempty"` // empty means the default identity
	// Detail asks for every request to be recorded as an Observation of its
	// own. Without it requests are folded into a Series.
	Detail bool `json:"detail,omitempty"`
	// Patience is how the clients of the stream wait and try again. Nil: they
	// wait as long as the run does, and try once.
	Patience *Patience `json:"patience,omitempty"`
}

// Patience is that of a client who gives up and tries again, as real ones do: a
// service that is behind gets more to do, not less. A request is then what the
// client wants, whatever number of attempts it takes; it is recorded once, with
// the answer of the last attempt and the time since it was due.
type Patience struct {
	Timeout  time.Duration `json:"timeout,omitempty"`  // of one attempt; zero: that of the run
	Attempts int           `json:"attempts,omitempty"` // the first included; zero means 1
	Pause    time.Duration `json:"pause,omitempty"`    // longest wait before the second attempt, doubled for each one after it; how long of it is drawn
}

// Expected is the mean number of requests that the stream sends, those of all
// steps of a flow together.
func (s Stream) Expected() float64 { return s.Hits() * float64(s.PerHit()) }

// A Call is one request made and awaited by itself.
type Call struct {
	Name      string `json:"name"` // unique in the phase
	Operation string `json:"operation"`
	Case      string `json:"case,omitempty"`  // ID; empty means the seed request
	Own       *Case  `json:"own,omitempty"`   // a case that the design does not have; beats Case
	Fresh     bool   `json:"fresh,omitempty"` // on resources that are created for it
	Repeat    int    `json:"repeat,omitempty"`
	Identity  string `json:"identity,omitempty"` // empty means the default identity
	Auth      string `json:"auth,omitempty"`     // how the credentials are spoilt: AuthNone … ; empty sends them as they are
	Trace     string `json:"trace,omitempty"`    // how the trace context is spoilt: TraceAbsent … ; empty sends a valid one
}

// Ways to spoil credentials (auth/anonymous-rejected).
const (
	AuthNone      = "none"
	AuthEmpty     = "empty"
	AuthMalformed = "malformed"
	AuthScheme    = "wrong-scheme"
	AuthExpired   = "expired"
	AuthPlace     = "wrong-place"
)

// Ways to forge the JSON Web Token that an identity shows (auth/jwt-forgery;
// RFC 8725 §2 and §3). Everything else of the request stays.
const (
	AuthAlgNone   = "jwt-alg-none"           // unsigned, as its header says (RFC 7519 §6)
	AuthAlgMixed  = "jwt-alg-nOnE"           // the same, spelt to get past who compares
	AuthAlgUpper  = "jwt-alg-NONE"           // and again
	AuthUnsigned  = "jwt-without-signature"  // the signature is empty
	AuthSignature = "jwt-signature-altered"  // one bit of it
	AuthPayload   = "jwt-payload-altered"    // under the old signature
	AuthConfused  = "jwt-signed-with-public" // HS256, with the public key for the secret
	AuthStranger  = "jwt-key-of-nobody"      // signed with a key that nobody knows
	AuthEmbedded  = "jwt-key-brought-along"  // the same, and shown in its header (jwk)
	AuthBlank     = "jwt-key-empty"          // HS256, with the empty secret
	AuthNullKey   = "jwt-key-dev-null"       // the same, and kid names a file that is empty
)

// Ways to make a token that is signed as it should be and must be refused all
// the same (auth/jwt-claims; RFC 7519 §4.1, RFC 9068 §4), and one that is right.
const (
	AuthSigned   = "jwt-signed"         // the token of the identity, signed anew
	AuthPast     = "jwt-expired"        // five minutes ago
	AuthFuture   = "jwt-not-yet"        // good in ten minutes
	AuthAudience = "jwt-other-audience" // for somebody else
	AuthIssuer   = "jwt-other-issuer"   // by somebody else
	AuthType     = "jwt-other-type"     // typ is not that of an access token
)

// AuthTokens begins all ways that make another token of the one shown.
const AuthTokens = "jwt-"

// Ways to send trace context (obs/traceparent; W3C Trace Context §3.2).
const (
	TraceState  = "tracestate" // valid, with a tracestate beside it
	TraceAbsent = "absent"     // no traceparent at all
	TraceBadVer = "version-ff" // version ff is forbidden
	TraceZero   = "zero-trace" // an all-zero trace-id is invalid
)

// A FaultKind is one way to break a wire.
type FaultKind string

// The faults. Those of the first block need an HTTP wire; the others work on any wire.
const (
	FaultStatus       FaultKind = "status"        // answer Status (and RetryAfter) without asking the upstream
	FaultDelay        FaultKind = "delay"         // Latency before the response headers
	FaultDelayBody    FaultKind = "delay-body"    // Latency between headers and body
	FaultResetBefore  FaultKind = "reset"         // RST before any response byte, upstream not asked
	FaultResetBody    FaultKind = "reset-body"    // RST in the middle of the response body
	FaultLostResponse FaultKind = "lost-response" // upstream answers, then RST: the effect happened, the answer is lost
	FaultDrip         FaultKind = "drip"          // headers at once, then one body byte every Latency
	FaultTruncate     FaultKind = "truncate"      // a complete response whose JSON stops in the middle
	FaultGarbage      FaultKind = "garbage"       // 200 text/html
	FaultStale        FaultKind = "stale"         // RST before any response byte, on a connection that has carried a request before: it was closed meanwhile

	FaultHang    FaultKind = "hang"    // accept, read the request, never answer
	FaultRefuse  FaultKind = "refuse"  // connections are refused or reset at once
	FaultLatency FaultKind = "latency" // delay of every chunk, both ways

	// Those below need a TCP wire: they are about bytes and connections.

	FaultBandwidth FaultKind = "bandwidth"  // at most Bytes a second, each way
	FaultSlowClose FaultKind = "slow-close" // connections close Latency late
	FaultTimeout   FaultKind = "timeout"    // no byte goes through any more, and Latency later the connection is closed
	FaultSlicer    FaultKind = "slicer"     // data arrives in pieces of about Bytes, Latency apart
	FaultLimit     FaultKind = "limit"      // a connection is closed once it has answered Bytes
	FaultCut       FaultKind = "cut"        // what is open is reset, once; new connections are left alone

	// FaultUnreachable resets what is open and answers nobody who connects: what
	// is behind an address where nobody is. On Linux alone.
	FaultUnreachable FaultKind = "unreachable"

	// FaultMoved leaves what is open without an answer and without an end, as when
	// the machine behind an address is another one from now on: not even the system
	// acknowledges what is sent. New connections work. On Linux alone.
	FaultMoved FaultKind = "moved"

	// Those below are about a part of the deployment and not about a wire.

	FaultPause      FaultKind = "pause"      // its processes stand still; connections stay open
	FaultStop       FaultKind = "stop"       // it is asked to end, and killed after its grace
	FaultKill       FaultKind = "kill"       // SIGKILL
	FaultRestart    FaultKind = "restart"    // stopped and started again, one instance after the other
	FaultDisconnect FaultKind = "disconnect" // off its networks
	FaultSqueeze    FaultKind = "squeeze"    // at most CPUs processors and Bytes of memory
	FaultScale      FaultKind = "scale"      // as many instances as Instances says
	FaultHook       FaultKind = "hook"       // whatever the declared hook of that name does
)

// OfDeployment reports whether the kind is about a part of the deployment.
func (k FaultKind) OfDeployment() bool {
	switch k {
	case FaultPause, FaultStop, FaultKill, FaultRestart, FaultDisconnect, FaultSqueeze, FaultScale, FaultHook:
		return true
	default:
		return false
	}
}

// A Fault is one thing to break and how. A fault is a lease: it heals when its
// phase ends and, should the controller die, when its time to live is over.
type Fault struct {
	Dependency string        `json:"dependency"` // or the service of the deployment, or the hook, that a fault OfDeployment names
	Kind       FaultKind     `json:"kind"`
	Streams    []string      `json:"streams,omitempty"`  // names of the streams and calls of the phase whose traces are hit; empty: all of this run
	Scope      Scope         `json:"scope,omitempty"`    // empty means ScopeRun
	Toxicity   float64       `json:"toxicity,omitempty"` // share of requests hit, in (0, 1]; zero means 1
	First      int           `json:"first,omitempty"`    // hit only the first First attempts of each trace
	Method     string        `json:"method,omitempty"`   // only requests of this method on the wire
	Path       string        `json:"path,omitempty"`     // only paths on the wire with this prefix
	Status     int           `json:"status,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	Latency    time.Duration `json:"latency,omitempty"`
	Jitter     time.Duration `json:"jitter,omitempty"`
	Bytes      int64         `json:"bytes,omitempty"`     // of FaultBandwidth (a second), FaultSlicer and FaultLimit; memory of FaultSqueeze
	CPUs       float64       `json:"cpus,omitempty"`      // of FaultSqueeze
	Instances  int           `json:"instances,omitempty"` // of FaultScale; of FaultStop and FaultKill: so many of them, zero is all
	After      time.Duration `json:"after,omitempty"`     // it takes hold so long after the phase began; zero: before the first request
}

// A Scope says whose exchanges a fault may touch.
type Scope string

// The scopes.
const (
	ScopeRun Scope = "run" // only exchanges that carry a trace id of this run
	ScopeAll Scope = "all" // every exchange on the wire; always so on a TCP wire
)
