// Package progress tells how a run goes while it goes: which phase it is in,
// how the requests fare, which faults are in force, what was found so far, and
// the verdict. A run tells events to a Feed, which never waits for those who
// watch it; events add up to a State, which is what is shown, in a terminal and
// in a browser alike. Nothing here is evidence: verdicts are drawn from the
// journal alone.
package progress

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// An Event is something that happened in a run. Exactly one field beside At and
// Lost is set.
type Event struct {
	At      time.Duration        `json:"at"`                // since the run began
	Run     *Run                 `json:"run,omitempty"`     // the run begins; the first event
	Phase   *Phase               `json:"phase,omitempty"`   // a phase begins
	Ended   *plumbline.PhaseMark `json:"ended,omitempty"`   // it has ended
	Fault   *Fault               `json:"fault,omitempty"`   // a fault is in force, healed, or could not be injected
	Pulse   *Pulse               `json:"pulse,omitempty"`   // how requests fare, each second: also the sign that the run lives
	Judged  *Judged              `json:"judged,omitempty"`  // what the experiments that have ended tell
	Verdict *Verdict             `json:"verdict,omitempty"` // the run is over; the last event
	Lost    int                  `json:"lost,omitempty"`    // events before this one that a reader missed because it was too slow
}

// A Run is what is about to be done.
type Run struct {
	ID      string    `json:"id"`
	Service string    `json:"service"`
	Target  string    `json:"target"`
	Began   time.Time `json:"began"`
	Claims  int       `json:"claims"`
	Steps   []Step    `json:"steps"` // the experiments of the plan, in their order
}

// A Step is an experiment of the plan.
type Step struct {
	Experiment string        `json:"experiment"` // ID
	Title      string        `json:"title"`
	Length     time.Duration `json:"length"` // as estimated
}

// A Phase is one that begins.
type Phase struct {
	Experiment string         `json:"experiment"` // ID
	Title      string         `json:"title"`      // of the experiment
	Name       string         `json:"name"`
	Role       plumbline.Role `json:"role"`
	Text       string         `json:"text"`             // what it does, in a line
	Length     time.Duration  `json:"length,omitempty"` // of its streams
	Rate       float64        `json:"rate,omitempty"`   // requests a second that its streams ask for on average
}

// A FaultState says what became of a fault.
type FaultState string

// The states of a fault.
const (
	FaultInjected FaultState = "injected"
	FaultHealed   FaultState = "healed"
	FaultFailed   FaultState = "failed" // it could not be injected, or not be healed
)

// A Fault is one on a wire, or in the deployment.
type Fault struct {
	Lease      string     `json:"lease"` // tells two faults apart
	Experiment string     `json:"experiment"`
	Dependency string     `json:"dependency,omitempty"`
	Text       string     `json:"text"` // "payment status 503"
	State      FaultState `json:"state"`
	Hits       int        `json:"hits,omitempty"` // exchanges that it hit, when it is healed
	Detail     string     `json:"detail,omitempty"`
}

// A Pulse is how requests fared in the second that has ended, and in the phase
// so far. Latencies count from the moment a request was due, as evidence has
// it, and are at most 3 % too high: they are for looking at, and judge nothing.
type Pulse struct {
	Rate     float64       `json:"rate"`          // answers a second, in the last second
	Bad      int64         `json:"bad,omitempty"` // of the phase so far: no answer, a server error, or a status that is not documented
	Answers  int64         `json:"answers"`       // of the phase so far
	P50      time.Duration `json:"p50,omitempty"` // of the last ten seconds, as the next
	P99      time.Duration `json:"p99,omitempty"`
	Standing []Standing    `json:"standing,omitempty"` // by objectives, those that something is known of
	At       time.Duration `json:"-"`                  // of its event, in a State
}

// A Standing is how an objective of the phase does so far.
type Standing struct {
	Objective string        `json:"objective"`
	Target    float64       `json:"target"`           // share of requests that have to be good
	Good      float64       `json:"good"`             // share that was
	Within    time.Duration `json:"within,omitempty"` // latency that is promised; zero: any
	Latency   time.Duration `json:"latency"`          // what a share Target of the requests took at most; a request that failed takes for ever
	Failed    bool          `json:"failed,omitempty"` // more failed than may, so that there is no such latency
	Answers   int64         `json:"answers"`
}

// Kept says whether the objective holds so far. It is no verdict: samples are
// not weighed.
func (s Standing) Kept() bool {
	return !s.Failed && s.Good >= s.Target
}

// Judged is what claims come to whose experiments have all ended, of all that
// were judged so far. What the run still finds out can change it.
type Judged struct {
	Kept     int       `json:"kept"`
	Broken   int       `json:"broken"`
	Unproven int       `json:"unproven"`
	Findings []Finding `json:"findings,omitempty"` // the broken ones that gate or warn, in reading order
}

// A Finding is a claim that was found broken so far.
type Finding struct {
	Claim     string            `json:"claim"`
	Title     string            `json:"title"`
	Outcome   plumbline.Outcome `json:"outcome"`
	Reason    string            `json:"reason"`
	Operation string            `json:"operation,omitempty"`
	Gates     bool              `json:"gates,omitempty"`
}

// A Verdict is how the run ended.
type Verdict struct {
	Outcome  plumbline.Overall `json:"outcome,omitempty"` // empty when there is none
	Sentence string            `json:"sentence"`          // the verdict, or why there is none
	Kept     int               `json:"kept"`              // of the claims that gate, as the next two
	Broken   int               `json:"broken"`
	Unproven int               `json:"unproven"`
	ExitCode int               `json:"exit_code"`
	Findings []Finding         `json:"findings,omitempty"` // all that are broken; they replace those so far
}
