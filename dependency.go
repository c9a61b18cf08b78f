package plumbline

import "time"

// A Class says whether the service can do without a dependency.
type Class string

// The classes. The empty value means not declared.
const (
	ClassCritical Class = "critical"
	ClassOptional Class = "optional"
)

// Keeping is what a dependency keeps for the service.
type Keeping string

// What a dependency may keep. The empty value means not declared.
const (
	KindDatabase Keeping = "database"
	KindCache    Keeping = "cache" // copies of what is somewhere else
)

// A Dependency is something that the service calls over a wire.
type Dependency struct {
	Name       string        `json:"name"`
	Wire       Wire          `json:"wire"`
	Listen     string        `json:"listen,omitempty"`   // where the proxy listens
	Upstream   string        `json:"upstream,omitempty"` // what it forwards to
	Stub       bool          `json:"stub,omitempty"`     // it is missing: a server made of its document stands in for it
	Names      []string      `json:"names,omitempty"`    // by which the service knows it, where it was not given the address of the wire
	Class      Class         `json:"class,omitempty"`
	Kind       Keeping       `json:"kind,omitempty"`       // what it is declared to be to the service; empty when it is not declared
	Operations []string      `json:"operations,omitempty"` // declared users; empty when not declared
	Timeout    time.Duration `json:"timeout,omitempty"`    // total for one client request, retries included; zero when not declared
	Retry      *Retry        `json:"retry,omitempty"`

	ConnectTimeout time.Duration `json:"connect_timeout,omitempty"` // for one connection to be made; zero when not declared

	RetryBudget float64     `json:"retry_budget,omitempty"` // declared share of further calls while all calls fail; zero when not declared
	Breaker     *Breaker    `json:"breaker,omitempty"`
	Accept      []int       `json:"accept,omitempty"` // statuses that are a clean failure; empty means 502, 503, 504, 429
	Degraded    string      `json:"degraded,omitempty"`
	Bulkhead    bool        `json:"bulkhead,omitempty"`
	OpenAPI     string      `json:"openapi,omitempty"`     // its own document; empty when none is declared
	Pacts       []string    `json:"pacts,omitempty"`       // files of the pacts in which the service is the consumer
	Agreed      []string    `json:"agreed,omitempty"`      // names of the interactions of these pacts
	Calls       int         `json:"calls,omitempty"`       // most calls that one request sets off, retries apart; zero when not declared
	Connects    int         `json:"connections,omitempty"` // most connections that the service keeps to it at a time; zero when not declared
	Propagation Propagation `json:"propagation,omitempty"` // of the trace context to it, where it is known to be another than that of the design
	Parallel    []string    `json:"parallel,omitempty"`    // dependencies that are called at the same time as it, for one request
	Cancels     bool        `json:"cancels,omitempty"`     // declared: a call to it is given up when the client of the request has gone away
	Source      Source      `json:"source"`
}

// A Wire is the protocol between the service and a dependency.
type Wire string

// The wires.
const (
	WireHTTP Wire = "http" // recorded and faulted request by request
	WireTCP  Wire = "tcp"  // connections, bytes and timing only
)

// Retry is a declared retry policy.
type Retry struct {
	MaxAttempts int           `json:"max_attempts"`      // the first try included; zero means 3, the per-request budget of the SRE book ch. 21
	Jitter      bool          `json:"jitter"`            // false only when declared so
	On          []int         `json:"on,omitempty"`      // statuses
	Backoff     time.Duration `json:"backoff,omitempty"` // declared bound of the first gap, from which gaps grow; zero when not declared
	Key         string        `json:"key,omitempty"`     // header that makes a repeat harmless, such as Idempotency-Key
	Source      Source        `json:"source"`
}

// Breaker is a declared circuit breaker.
type Breaker struct {
	MinCalls int           `json:"min_calls,omitempty"` // before it may trip; zero when not declared
	Ratio    float64       `json:"ratio,omitempty"`
	Window   time.Duration `json:"window,omitempty"`
	OpenFor  time.Duration `json:"open_for,omitempty"`        // zero means 60 s
	HalfOpen int           `json:"half_open_calls,omitempty"` // calls that it lets through to see whether the dependency is back; zero when not declared
	Source   Source        `json:"source"`
}
