package plumbline

import "time"

// Metrics say where the instances of the target tell about themselves: in the
// text format of Prometheus, or in OpenMetrics.
type Metrics struct {
	URLs      []string `json:"urls"`                // one for each instance; a path is one of the target
	Requests  string   `json:"requests,omitempty"`  // counter of the requests that were answered; empty: found by the names that are usual
	Durations string   `json:"durations,omitempty"` // histogram, or summary, of how long they took; empty: found likewise
	Source    Source   `json:"source"`
}

// A Scrape is what the target said of itself at one moment, all its instances
// together. Counts are since it began; what it does not tell is zero.
type Scrape struct {
	At          time.Duration `json:"at"` // since the run began
	Error       string        `json:"error,omitempty"`
	Instances   int           `json:"instances,omitempty"`
	Began       float64       `json:"began,omitempty"` // when the youngest instance was started, in seconds since 1970
	CPU         float64       `json:"cpu_s,omitempty"` // processor time
	Memory      float64       `json:"memory,omitempty"`
	Descriptors float64       `json:"descriptors,omitempty"`
	Threads     float64       `json:"threads,omitempty"`  // goroutines, where those are told, too
	Requests    float64       `json:"requests,omitempty"` // that were answered; those for the metrics themselves, where they can be told, apart
	Failed      float64       `json:"failed,omitempty"`   // of Requests: with a 5xx
	Timed       float64       `json:"timed,omitempty"`    // of which Seconds is the sum
	Seconds     float64       `json:"seconds,omitempty"`
	// Served holds the requests by what the target labels them with, in scrapes
	// that a phase asked for.
	Served []Served `json:"served,omitempty"`
	Named  []string `json:"named,omitempty"` // metrics that were read, of such scrapes
}

// Served are the requests that the target counts under the same labels. A label
// that it does not have is empty.
type Served struct {
	Method  string     `json:"method,omitempty"`
	Route   string     `json:"route,omitempty"`
	Status  string     `json:"status,omitempty"` // "200", or "2xx"
	Count   float64    `json:"n"`
	Timed   float64    `json:"timed,omitempty"` // of which Seconds is the sum
	Seconds float64    `json:"seconds,omitempty"`
	Buckets []Duration `json:"buckets,omitempty"` // cumulated; the last holds all
}

// A Duration counts the requests that took so many seconds at most.
type Duration struct {
	UpTo  float64 `json:"le"` // seconds; zero stands for any time
	Count float64 `json:"n"`
}

// An Account is what the target says of itself beside what its client saw.
type Account struct {
	Points []AccountPoint `json:"points"`
	Phases []AccountPhase `json:"phases"` // with streams
}

// An AccountPoint is what the target said of the time since the point before.
type AccountPoint struct {
	Second      float64 `json:"s"` // since the run began
	Rate        float64 `json:"rate"`
	Failed      float64 `json:"failed"`  // of Rate: with a 5xx
	Mean        float64 `json:"mean_ms"` // how long requests took; zero when it does not tell
	CPU         float64 `json:"cpu"`     // processors in use
	Memory      float64 `json:"memory"`  // bytes
	Descriptors float64 `json:"descriptors"`
}

// An AccountPhase holds what the target says of a phase beside what its client
// saw. The target is asked once a second, so that its counts are those of a
// second more or less.
type AccountPhase struct {
	Experiment string       `json:"experiment"`
	Phase      string       `json:"phase"`
	Client     AccountCount `json:"client"`
	Target     AccountCount `json:"target"`
	CPU        float64      `json:"cpu"`      // processors in use, on average
	Before     float64      `json:"before"`   // bytes of memory
	After      float64      `json:"after"`    // bytes of memory
	Opened     float64      `json:"opened"`   // descriptors that there were more after it; below zero: less
	Requested  bool         `json:"told"`     // the target counts requests
	Seconds    float64      `json:"duration"` // between the two times that the target was asked
}

// An AccountCount is one side of it.
type AccountCount struct {
	Requests float64 `json:"n"`
	Failed   float64 `json:"failed"`  // answered with a 5xx
	Mean     float64 `json:"mean_ms"` // zero when it is not known
}
