package plumbline

import (
	"time"
)

// A Series is load folded by operation, status class and phase: exact counts
// a second and a histogram of latencies from due, with less than 1 % error.
type Series struct {
	Experiment string        `json:"experiment"`
	Phase      string        `json:"phase"`
	Stream     string        `json:"stream"`
	Operation  string        `json:"operation"`      // or FlowPrefix and a name: flows as a whole, from due to the last answer without think time
	Step       string        `json:"step,omitempty"` // of the flow of the stream, when it is one of a flow
	Class      string        `json:"class"`          // "2xx" … "5xx", or an ErrorClass; of a flow "2xx" when all of it was made
	Began      time.Duration `json:"began"`          // offset of the first slice
	Count      int64         `json:"count"`
	Bad        int64         `json:"bad,omitempty"` // of Count: undocumented status or breach of the document
	Bytes      int64         `json:"bytes,omitempty"`
	Wire       int64         `json:"wire,omitempty"`      // as of an Observation
	Late       int64         `json:"late,omitempty"`      // of Count: good, due in the time of the streams, and came after it was over
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
	Attempts   int64         `json:"attempts,omitempty"` // that clients with Patience made for Count requests; zero: one each
	Shed       bool          `json:"shed,omitempty"`     // the answers are 429 or 503: refused for want of capacity
	Advised    int64         `json:"advised,omitempty"`  // of Count: shed, with a Retry-After
	Reached    []Reached     `json:"reached,omitempty"`  // of flows: how many came to each step
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
