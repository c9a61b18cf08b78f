package plumbline

import (
	"math"
	"time"
)

// A RateLimit is how often a caller may ask for something. Requests beyond it
// are refused with 429 (RFC 6585 §4).
type RateLimit struct {
	Name      string        `json:"name"`
	Operation string        `json:"operation"`          // ID of one that only reads
	Identity  string        `json:"identity,omitempty"` // whose requests are counted; empty means the default identity
	Requests  int           `json:"requests"`           // in each window
	Window    time.Duration `json:"window"`
	Burst     int           `json:"burst,omitempty"` // requests beyond those, at once
	Source    Source        `json:"source"`
}

// Allows is the most that a right limiter lets in within a span of time, whatever
// its windows are and whenever they begin: fixed windows may end and begin within
// it, and a bucket may have been full. A tenth is for the clocks.
func (l RateLimit) Allows(span time.Duration) float64 {
	windows := math.Ceil(span.Seconds()/l.Window.Seconds()) + 1
	return 1.1*float64(l.Requests)*windows + float64(l.Burst)
}
