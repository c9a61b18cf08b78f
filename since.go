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
	Trends  []Trend      `json:"trends,omitempty"`  // figures through the history; those that shifted first
	Before  []Backdrop   `json:"before,omitempty"`  // load as it was in Against
	Figures []Figure     `json:"figures,omitempty"` // what claims measured in Against
	Latency []Quantile   `json:"latency,omitempty"` // quantiles under load in Against
	Carried *Interval    `json:"carried,omitempty"` // where the capacity lay in Against: the highest rate that kept every objective, and the lowest that did not; nil when it was not searched for
	Flaky   []Flaky      `json:"flaky,omitempty"`   // claims that flip with nothing changed; those that flip most first
}

// A Flaky is a claim whose outcome flipped, kept to broken or back, between two
// runs of the same document, images, configuration and, as far as it is known,
// revision.
type Flaky struct {
	Claim  string `json:"claim"`
	Flips  int    `json:"flips"`
	Runs   int    `json:"runs"`   // in which it was judged, of Since.Nights
	Broken int    `json:"broken"` // of them
}

// A Trend is one figure through the runs of a history, this one included. It
// informs, and is not judged.
type Trend struct {
	Name   string    `json:"name"`   // "p99 of createOrder"
	Unit   string    `json:"unit"`   // "ms", "requests/s"
	Values []float64 `json:"values"` // the oldest first; zero where it was not measured
	Shifts []Shift   `json:"shifts,omitempty"`
}

// A Shift is a place from which on a figure is another than before, and not by
// chance.
type Shift struct {
	At      int          `json:"at"`    // index of Values
	Run     Past         `json:"run"`   // the first that is so
	After   Past         `json:"after"` // the run before it
	Was     float64      `json:"was"`   // medians of the stretches before and after
	Is      float64      `json:"is"`
	Chance  float64      `json:"chance"`            // of a shift as clear where there is none
	Changed []Difference `json:"changed,omitempty"` // between the two runs
}

// A Backdrop is the load of an experiment as an earlier run had it, at the
// seconds of this run: phase by phase.
type Backdrop struct {
	Experiment string    `json:"experiment"`
	Points     []Point   `json:"points"`
	Stretches  []Stretch `json:"stretches,omitempty"` // its phases as they were
}

// A Figure is what an earlier run measured for a claim, in the claim's unit.
type Figure struct {
	Claim    string    `json:"claim"`
	Measured float64   `json:"measured"`
	Interval *Interval `json:"interval,omitempty"`
	Samples  int       `json:"samples,omitempty"`
}

// A Past is an earlier run, as far as a reader needs it.
type Past struct {
	Run      string    `json:"run"`
	Began    time.Time `json:"began"`
	Outcome  Overall   `json:"outcome"`
	Note     string    `json:"note,omitempty"`     // of whoever annotated it
	Revision string    `json:"revision,omitempty"` // of what was deployed
}

// A Turn is a claim whose outcome is not what it was, or still is not what it
// should be.
type Turn struct {
	Claim   string  `json:"claim"`
	Title   string  `json:"title"`
	Outcome Outcome `json:"outcome"`
	Was     Outcome `json:"was,omitempty"`    // there; empty when it was not claimed
	Age     int     `json:"age,omitempty"`    // runs in a row that it fails, this one included
	First   *Past   `json:"first,omitempty"`  // the first of them, which may be this one
	After   *Past   `json:"after,omitempty"`  // the last run before it, of those that could judge the claim
	Kept    bool    `json:"kept,omitempty"`   // in After the claim was kept
	Waiver  string  `json:"waiver,omitempty"` // the day on which a waiver of it ran out
}

// A Difference is something of a run, other than its findings, that is not as
// it was.
type Difference struct {
	What string `json:"what"` // "revision", "image NAME", "document", "configuration", "plumbline", "runner", "target", "seed"
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
