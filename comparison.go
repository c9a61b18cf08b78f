package plumbline

// ComparisonSchema names the version of the Comparison's JSON form.
const ComparisonSchema = "plumbline/comparison/1"

// A Comparison says how much slower, or quicker, one deployment is than
// another that was loaded in turn with it.
type Comparison struct {
	Schema   string     `json:"schema"`
	A        string     `json:"a"` // targets
	B        string     `json:"b"`
	Outcome  Outcome    `json:"outcome"` // Fail: B is slower
	Reason   Reason     `json:"reason,omitempty"`
	Sentence string     `json:"sentence"`
	Remedy   string     `json:"remedy,omitempty"`
	Pairs    int        `json:"pairs"` // of blocks
	Seed     uint64     `json:"seed"`
	Compared []Compared `json:"compared"` // the worst first
}

// Compared is one quantile of one operation in both deployments.
type Compared struct {
	Operation string  `json:"operation"`
	Q         float64 `json:"q"`
	A         float64 `json:"a_ms"` // middle of the blocks
	B         float64 `json:"b_ms"`
	Ratio     float64 `json:"ratio"` // B to A, geometric mean over the pairs
	Low       float64 `json:"low"`   // bounds of the ratio, at 95 % for all rows together
	High      float64 `json:"high"`
	Outcome   Outcome `json:"outcome"`
}
