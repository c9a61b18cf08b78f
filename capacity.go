package plumbline

// A Capacity is the answer to how much a deployment carries: an interval, never
// one number. Rates are requests a second that were really asked of it.
type Capacity struct {
	Outcome   Outcome        `json:"outcome"`          // Pass: both ends are known and were tried twice; else Inconclusive
	Reason    Reason         `json:"reason,omitempty"` // of Inconclusive
	Sentence  string         `json:"sentence"`
	Remedy    string         `json:"remedy,omitempty"`
	Kept      float64        `json:"kept"`                // highest rate that keeps every objective; zero when none does
	Broken    float64        `json:"broken,omitempty"`    // lowest rate that breaks one; zero when none was found
	Objective string         `json:"objective,omitempty"` // that breaks first
	Operation string         `json:"operation,omitempty"` // that breaks it most
	Peak      float64        `json:"peak,omitempty"`      // promised; zero when nothing is
	Headroom  float64        `json:"headroom,omitempty"`  // Kept in units of Peak
	Steps     []CapacityStep `json:"steps"`               // in the order in which they were tried
	Scaling   *Scaling       `json:"scaling,omitempty"`
}

// A CapacityStep is one rate that was tried for a while.
type CapacityStep struct {
	Kind      string  `json:"kind"`    // "step", "confirm", "cool-down"
	Rate      float64 `json:"rate"`    // asked for
	Offered   float64 `json:"offered"` // really sent, or due
	Goodput   float64 `json:"goodput"` // good answers a second
	Verdict   string  `json:"verdict"` // StepKept …
	Why       string  `json:"why,omitempty"`
	Objective string  `json:"objective,omitempty"` // closest to its limit, or past it
	Operation string  `json:"operation,omitempty"`
	Seconds   float64 `json:"seconds"`
	Requests  int64   `json:"requests"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
}

// Verdicts on one step.
const (
	StepKept      = "kept"
	StepBroken    = "broken"
	StepUndecided = "undecided"
	StepStarved   = "starved" // the generator, not the target, was the limit
)

// Scaling is the Universal Scalability Law X(N) = γN / (1 + α(N−1) + βN(N−1))
// through the steps, N requests being in the deployment at a time. The bounds
// are of a 95 % interval by bootstrap. It describes, and is not judged.
type Scaling struct {
	Refused    string  `json:"refused,omitempty"` // why there is no fit; all else is zero then
	Gamma      float64 `json:"gamma,omitempty"`   // requests a second of one at a time
	Alpha      float64 `json:"alpha"`             // contention
	AlphaLow   float64 `json:"alpha_low"`
	AlphaHigh  float64 `json:"alpha_high"`
	Beta       float64 `json:"beta"` // coherency
	BetaLow    float64 `json:"beta_low"`
	BetaHigh   float64 `json:"beta_high"`
	Most       float64 `json:"most,omitempty"` // requests a second at the peak of the curve; zero when it has none within reach
	MostLow    float64 `json:"most_low,omitempty"`
	MostHigh   float64 `json:"most_high,omitempty"`
	Within     float64 `json:"within,omitempty"` // requests in the deployment there
	Error      float64 `json:"error"`            // of the fit, root mean square, relative
	Levels     int     `json:"levels"`
	Saturation float64 `json:"saturation,omitempty"` // γ/α: what contention alone would let through
}
