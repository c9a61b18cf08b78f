package plumbline

import "time"

// Since is what became of the claims since the last good run of a history: the
// last that was fit or was promoted by hand, or the one before this when none
// was.
type Since struct {
	Against *Past        `json:"against,omitempty"` // the run that is compared with; none for the first run
	Good    bool         `json:"good,omitempty"`    // of Against: fit, or promoted
	Runs    int          `json:"runs"`              // earlier runs in the history
	New     []Turn       `json:"new,omitempty"`     // fail now, did not there
	Still   []Turn       `json:"still,omitempty"`   // fail now and did in the run before this
	Fixed   []Turn       `json:"fixed,omitempty"`   // failed or were waived before, are kept now
	Lost    []Turn       `json:"lost,omitempty"`    // were kept there, could not be judged now
	Changed []Difference `json:"changed,omitempty"` // what else is not as it was there
	Nights  []Past       `json:"nights,omitempty"`  // the last runs and this one, the oldest first
	Grid    []GridRow    `json:"grid,omitempty"`    // claims that were not kept in one of Nights
}

// A Past is an earlier run, as far as a reader needs it.
type Past struct {
	Run     string    `json:"run"`
	Began   time.Time `json:"began"`
	Outcome Overall   `json:"outcome"`
	Note    string    `json:"note,omitempty"` // of whoever annotated it
}

// A Turn is a claim whose outcome is not what it was, or still is not what it
// should be.
type Turn struct {
	Claim   string  `json:"claim"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	Was     Outcome `json:"was,omitempty"`    // there; empty when it was not claimed
	Age     int     `json:"age,omitempty"`    // runs in a row that it fails, this one included
	First   *Past   `json:"first,omitempty"`  // the first of them
	After   *Past   `json:"after,omitempty"`  // the last run before it
	Waiver  string  `json:"waiver,omitempty"` // the day on which a waiver of it ran out
}

// A Difference is something of a run, other than its findings, that is not as
// it was.
type Difference struct {
	What string `json:"what"` // "document", "configuration", "plumbline", "runner", "target", "seed"
	Was  string `json:"was"`
	Is   string `json:"is"`
}

// A GridRow is one claim through the runs of Since.Nights.
type GridRow struct {
	Claim    string    `json:"claim"`
	Outcomes []Outcome `json:"outcomes"` // parallel to Nights; empty where it was not claimed
}

// An Outage is what the requests of one operation suffered from one fault that
// lasted, and how soon they were as before.
type Outage struct {
	Experiment string       `json:"experiment"`
	Dependency string       `json:"dependency"`
	Operation  string       `json:"operation"`
	Phase      string       `json:"phase"`   // "down", "hang"
	Seconds    float64      `json:"seconds"` // that the fault lasted
	Requests   int          `json:"requests"`
	Bad        int          `json:"bad"`             // of Requests
	After      int          `json:"after,omitempty"` // requests due after the fault, before the next one
	Recovered  bool         `json:"recovered,omitempty"`
	Recovery   float64      `json:"recovery_s,omitempty"` // from the end of the fault to the first request since which all were good
	Budgets    []BudgetCost `json:"budgets,omitempty"`
}

// A BudgetCost is the share of an objective's error budget that an outage
// would spend if all traffic met it: the bad share of the synthetic requests
// times how long it lasted, of what the window allows.
type BudgetCost struct {
	Objective string        `json:"objective"`
	Target    float64       `json:"target"`
	Window    time.Duration `json:"window"`
	Share     float64       `json:"share"` // 0.025 is 2.5 % of the budget
}
