package plumbline

import (
	"slices"
	"time"
)

// DesignSchema names the version of the Design's JSON form.
const DesignSchema = "plumbline/design/1"

// A Design is what the architecture promises and what it leans on: the
// operations of the OpenAPI document, the objectives, and whatever the
// declaration claims about dependencies, load and recovery. What is not
// declared is not claimed: its functions are skipped, never failed.
type Design struct {
	Schema       string        `json:"schema"`
	Service      string        `json:"service"`
	Target       string        `json:"target"` // base URL of the deployment
	Document     Document      `json:"document"`
	Declaration  string        `json:"declaration,omitempty"` // file of it, as it was named; empty when there was none
	Mode         Mode          `json:"mode"`
	Operations   []Operation   `json:"operations"`
	Objectives   []Objective   `json:"objectives,omitempty"`
	Unjudged     []Unjudged    `json:"unjudged,omitempty"` // objectives of files that no requests of a run decide
	Dependencies []Dependency  `json:"dependencies,omitempty"`
	Identities   []Identity    `json:"identities,omitempty"`
	Load         Load          `json:"load"`
	Liveness     string        `json:"liveness,omitempty"`    // path; empty when none is declared or found
	Readiness    *Readiness    `json:"readiness,omitempty"`   // nil when nothing is declared
	Health       []Operation   `json:"health,omitempty"`      // GET of the declared paths of liveness and readiness, where the document has none
	Public       []string      `json:"public,omitempty"`      // IDs of operations declared open to anybody
	Deadline     *Deadline     `json:"deadline,omitempty"`    // nil when nothing is declared
	Propagation  Propagation   `json:"propagation,omitempty"` // empty means PropagationW3C is expected but not claimed
	Recovery     time.Duration `json:"recovery,omitempty"`    // declared bound on recovery after an outage; zero when not declared
	History      bool          `json:"history,omitempty"`     // earlier runs are given; what of them matters is evidence
	Waivers      []Waiver      `json:"waivers,omitempty"`
	Severities   []Weighting   `json:"severities,omitempty"` // of claims, by the names of functions
	Pacts        []string      `json:"pacts,omitempty"`      // existing consumer pact files, beside the generated one
	Families     []Family      `json:"families,omitempty"`
	Flows        []Flow        `json:"flows,omitempty"` // stated by the user, such as in Arazzo
	Consumers    []Consumer    `json:"consumers,omitempty"`
	Base         string        `json:"base,omitempty"` // the released document that the document was compared with; empty when there is none
	Changes      []Change      `json:"changes,omitempty"`
	Released     []Operation   `json:"released,omitempty"` // operations of the released document with requests that it allows; IDs are those of the document where it has them
	Untrue       []Untrue      `json:"untrue,omitempty"`   // examples of the document that break its own schemas
	Examples     int           `json:"examples,omitempty"` // how many examples were checked
	Served       string        `json:"served,omitempty"`   // declared path at which the target serves its document; empty when not declared
	Environment  Environment   `json:"environment,omitzero"`
	Coverage     Minimum       `json:"coverage,omitzero"` // that a run has to prove to pass
	Gates        []string      `json:"gates,omitempty"`   // functions, or groups of them, whose failures gate whatever their level
	Metrics      *Metrics      `json:"metrics,omitempty"` // nil when the target is not known to tell about itself
	Finite       []Finite      `json:"finite,omitempty"`
	RateLimits   []RateLimit   `json:"rate_limits,omitempty"`
	Origins      *Origins      `json:"origins,omitempty"` // nil when nothing is declared
	JWT          *JWT          `json:"jwt,omitempty"`     // nil when no identity is known to show a JSON Web Token
	Errors       string        `json:"errors,omitempty"`  // "problem+json" when errors are declared to be, or documented as, problem details of RFC 9457
}

// Operation returns the operation with the given ID.
func (d Design) Operation(id string) (Operation, bool) {
	for _, all := range [][]Operation{d.Operations, d.Health} {
		for i := range all { // an operation is too large to be copied for every comparison
			if all[i].ID == id {
				return all[i], true
			}
		}
	}
	return Operation{}, false
}

// Dependency returns the dependency with the given name.
func (d Design) Dependency(name string) (Dependency, bool) {
	for _, dep := range d.Dependencies {
		if dep.Name == name {
			return dep, true
		}
	}
	return Dependency{}, false
}

// A Minimum is how much of the document a run has to prove to pass, as shares
// in (0, 1]. Zero wants nothing.
type Minimum struct {
	Operations  float64 `json:"operations,omitempty"`  // answered 2xx
	Statuses    float64 `json:"statuses,omitempty"`    // of those documented, but for 5xx and default, seen
	Constraints float64 `json:"constraints,omitempty"` // of the input, that a request was sent to break
	Fields      float64 `json:"fields,omitempty"`      // of those documented for answers, seen
	Source      Source  `json:"source,omitzero"`
}

// An Environment is what a run may do to the deployment itself.
type Environment struct {
	Services []string `json:"services,omitempty"` // that it can stop and start
	Target   string   `json:"target,omitempty"`   // the one of them that is put to the test; empty when it is none of them
	Hooks    []string `json:"hooks,omitempty"`    // names of declared hooks

	Faults    []FaultKind `json:"faults,omitempty"`    // that can be done to Target; empty: those of a service that can be stopped and started
	Watched   bool        `json:"watched,omitempty"`   // what the system says of the processes of Target can be read
	Instances int         `json:"instances,omitempty"` // of Target behind its one address, where that is known and more than one
	Scales    int         `json:"scales,omitempty"`    // instances of Target that the run can put behind its one address, where the design lets more than one run side by side
}

// Can tells whether the run can do to the target what a fault of the kind says.
func (e Environment) Can(k FaultKind) bool {
	switch {
	case e.Target == "":
		return false
	case len(e.Faults) > 0:
		return slices.Contains(e.Faults, k)
	}
	return k == FaultPause || k == FaultStop || k == FaultKill || k == FaultRestart
}

// Abreast is how many instances take the requests of the target side by side
// while one of them is ended: those that the run starts, or those that a cluster
// or a hook of the team takes care of. It is zero when nobody says that there is
// more than one, and in containers, where the one address leads to the first.
func (e Environment) Abreast() int {
	switch {
	case e.Scales > 1:
		return e.Scales
	case e.Instances > 1 && len(e.Faults) > 0:
		return e.Instances
	}
	return 0
}

// Origins are those whose pages may read answers in a browser (CORS of the Fetch
// Standard). An empty list means that no other than the target's own may.
type Origins struct {
	Allowed []string `json:"allowed"` // "https://app.example", without a path
	Source  Source   `json:"source"`
}

// JWT is about the JSON Web Tokens (RFC 7519) that an identity shows. Tokens and
// keys themselves are part of no design.
type JWT struct {
	Identity string   `json:"identity"`         // whose token is altered
	Public   bool     `json:"public,omitempty"` // the key that tokens are checked by is known
	Signs    bool     `json:"signs,omitempty"`  // a key for tests is declared, whose tokens the target takes
	Ready    []string `json:"ready,omitempty"`  // declared tokens that must be refused: AuthPast …, sorted
	Source   Source   `json:"source"`
}

// Readiness is the declared policy of the path by which an instance says whether
// it can be sent requests.
type Readiness struct {
	Path     string        `json:"path"`
	Reflects []string      `json:"reflects,omitempty"` // dependencies without which it is not ready; it stays ready without all others
	Within   time.Duration `json:"within,omitempty"`   // how soon after a loss it says so; zero means 15 s
	Source   Source        `json:"source"`
}

// A Mode says what a run may change on the target.
type Mode string

// The modes, from the most careful.
const (
	ModeObserve Mode = "observe" // safe methods only
	ModeOwn     Mode = "own"     // changes and deletes only what the run created
	ModeFull    Mode = "full"    // everything the document offers
)

// Propagation names the trace context that the target hands to its dependencies.
type Propagation string

// The propagation formats.
const (
	PropagationW3C  Propagation = "w3c"  // https://www.w3.org/TR/trace-context/
	PropagationNone Propagation = "none" // declared absent
)

// A Document identifies the OpenAPI document that the design was read from.
type Document struct {
	File    string `json:"file"`
	URL     string `json:"url,omitempty"` // that it was fetched from; empty for a file, and for a URL with a query or a user, which may be secret
	Title   string `json:"title,omitempty"`
	Version string `json:"version,omitempty"` // of the API
	OpenAPI string `json:"openapi"`           // "2.0", "3.0.3", "3.1.0"
	SHA256  string `json:"sha256"`
}

// A Source is where a statement was written down.
type Source struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`   // from 1; zero when unknown
	Column  int    `json:"column,omitempty"` // from 1; zero when unknown
	Pointer string `json:"pointer,omitempty"`
}

// A Weighting gives claims a severity. Claims is a group of the catalogue, a
// function or a claim, or a pattern of functions as path.Match takes it; the
// longest that meets a claim holds.
type Weighting struct {
	Claims   string   `json:"claims"`
	Severity Severity `json:"severity"`
	Source   Source   `json:"source"`
}

// Load is the declared open workload of the service.
type Load struct {
	Rate       float64            `json:"rate,omitempty"` // requests a second, all operations together; zero when not declared
	Duration   time.Duration      `json:"duration,omitempty"`
	Mix        map[string]float64 `json:"mix,omitempty"`   // operation ID, or FlowPrefix and a name, to weight; empty: reads 80 %, writes 20 %
	Flows      []Flow             `json:"flows,omitempty"` // that the mix names: each hit is one of them as a whole
	Think                         // before each step of a flow but the first, where the step does not say
	Arrivals   Arrivals           `json:"arrivals,omitempty"` // empty means ArrivalsPoisson
	Feeders    []Feeder           `json:"feeders,omitempty"`
	Stages     []Stage            `json:"stages,omitempty"` // overrides Rate and Duration
	Limit      float64            `json:"limit,omitempty"`  // hard ceiling on requests a second
	FaultyRate float64            `json:"faulty_rate,omitempty"`
	Peak       float64            `json:"peak,omitempty"`     // promised: requests a second that must be carried at the busiest time; zero when not declared
	Headroom   float64            `json:"headroom,omitempty"` // times the peak that capacity must reach; zero means 1.5
	Overload   float64            `json:"overload,omitempty"` // permission: requests a second up to which the run may go beyond what is promised; zero: it may not
	Profile    string             `json:"profile,omitempty"`  // way to load it: "smoke", "spike" …; empty: as declared
	Soak       time.Duration      `json:"soak,omitempty"`     // of the profile soak; zero means 30 min
	Search     *Search            `json:"search,omitempty"`   // how capacity is searched for; nil: by the defaults, and only where a claim asks for it
	Source     Source             `json:"source"`
}

// A Search says how the capacity of a deployment is searched for. Zero values
// mean the defaults of the catalogue.
type Search struct {
	Start     float64       `json:"start,omitempty"`     // requests a second of the first step
	Step      time.Duration `json:"step,omitempty"`      // how long a step is judged
	Confirm   time.Duration `json:"confirm,omitempty"`   // how long the answer is held once more
	Precision float64       `json:"precision,omitempty"` // width of the interval at which the search ends, as a share of its lower end
	Budget    time.Duration `json:"budget,omitempty"`    // of the whole search; zero: none
}

// Arrivals is the process by which requests of an open workload arrive.
type Arrivals string

// The arrival processes.
const (
	ArrivalsConstant Arrivals = "constant"
	ArrivalsPoisson  Arrivals = "poisson"
	// ArrivalsClosed is no open workload: as many requests are under way as the
	// stage has a rate, each sent when the one before it is answered. A closed
	// workload slows down with its target, so it only measures throughput.
	ArrivalsClosed Arrivals = "closed"
)

// A Stage is a stretch of an open workload whose rate runs linearly.
type Stage struct {
	From     float64       `json:"from"` // requests a second at its start
	To       float64       `json:"to"`   // and at its end
	Duration time.Duration `json:"duration"`
}

// An Identity is a caller known to the target. Its secret never leaves the runner.
type Identity struct {
	Name   string   `json:"name"`
	Roles  []string `json:"roles,omitempty"`
	Scopes []string `json:"scopes,omitempty"` // of its tokens
}

// A Waiver excuses a claim for a reason and until a day.
type Waiver struct {
	Claim  string `json:"claim"`
	Reason string `json:"reason"`
	Owner  string `json:"owner,omitempty"` // who answers for it
	Until  string `json:"until"`           // YYYY-MM-DD, the last day on which it holds
	Source Source `json:"source"`
}
