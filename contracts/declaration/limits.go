package declaration

import (
	"time"

	"github.com/plumbline-dev/plumbline"
)

// A limitFile says how often a caller may ask for something.
type limitFile struct {
	Operation string `yaml:"operation"`
	Identity  string `yaml:"identity"`
	Requests  int    `yaml:"requests"`
	Window    string `yaml:"window"`
	Burst     int    `yaml:"burst"`
}

// Bounds of a limit that a run can try in seconds, and tell from the next.
const (
	fewestInWindow = 5
	mostInWindow   = 50
	shortestWindow = time.Second
	longestWindow  = 10 * time.Second
)

func aboutLimits() map[string]description {
	const l = "rate_limits.NAME."
	return map[string]description{
		"rate_limits":   {meaning: "limits on what a caller may ask for, by names of your own: security/rate-limit. The run goes beyond them, as that caller: give it an identity of its own", fallback: "nothing is claimed", example: "rate_limits: {free: {operation: getMe, identity: carol, requests: 10, window: 1s}}"},
		l + "operation": {meaning: "one that only reads, and that the limit is about", example: "operation: getMe"},
		l + "identity":  {meaning: "the caller; where it is not the default one, the operation needs nothing that the run has created", fallback: "the default identity", example: "identity: carol"},
		l + "requests":  {meaning: "that are let in within the window, 5 to 50", example: "requests: 10"},
		l + "window":    {meaning: "1s to 10s: a longer one is tried where it is set to a shorter for the test", kind: "duration", example: "window: 1s"},
		l + "burst":     {meaning: "requests beyond those that are let in at once", fallback: "0", example: "burst: 5"},
	}
}

func (b *builder) limits() {
	for _, name := range b.keys("$.rate_limits") {
		f, at := b.file.RateLimits[name], "$.rate_limits."+key(name)
		out := plumbline.RateLimit{
			Name: name, Operation: f.Operation, Identity: f.Identity, Requests: f.Requests, Window: b.duration(at+".window", f.Window), Burst: f.Burst, Source: b.at(at),
		}
		switch {
		case f.Operation == "":
			b.wrong("CFG003", at, "operation: getMe", "what is limited by %q is not said", name)
		case !b.anybody(f.Identity):
			b.wrong("CFG004", at+".identity", "name one of identities", "no identity is called %q", f.Identity)
		case out.Requests < fewestInWindow || out.Requests > mostInWindow || out.Burst < 0 || out.Burst > mostInWindow:
			b.wrong("CFG004", at, "requests: 10", "a limit of %d to %d requests can be tried, with a burst of as many at most", fewestInWindow, mostInWindow)
		case out.Window < shortestWindow || out.Window > longestWindow:
			b.wrong("CFG004", at, "window: 1s", "a limit over %s to %s can be tried", shortestWindow, longestWindow)
		}
		b.out.limits = append(b.out.limits, out)
	}
}

// throttled resolves the operations that are limited.
func (d *Declaration) throttled(r *resolver, design *plumbline.Design) {
	for _, l := range d.limits {
		l.Operation = r.one(l.Operation, "$.rate_limits."+key(l.Name)+".operation")
		design.RateLimits = append(design.RateLimits, l)
	}
}
