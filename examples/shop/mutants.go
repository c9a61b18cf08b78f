package shop

import (
	"fmt"
	"io"
	"log" //nolint:depguard // net/http takes no other logger
	"slices"
)

// A Mutant is one defect that can be switched on.
type Mutant struct {
	Name, Defect string
	Caught       string // the function that must catch it
}

// Mutants lists the defects.
func Mutants() []Mutant {
	return []Mutant{
		{"no-timeout", "calls to payment have no deadline", "resilience/timeout-bounds-hang"},
		{"unbounded-retry", "calls are repeated up to 50 times", "resilience/retry-bounded"},
		{"retry-without-jitter", "gaps of 100 ms and 200 ms, always", "resilience/retry-jitter"},
		{"retry-nonidempotent-post", "the charge is repeated without a key", "resilience/retry-only-safe"},
		{"breaker-never-opens", "failures are not counted", "resilience/breaker-opens"},
		{"breaker-never-closes", "each refused call keeps the breaker open", "resilience/breaker-closes"},
		{"optional-is-critical", "the loss of recs fails the product", "resilience/optional-degrades"},
		{"dependency-error-is-500", "a failing dependency becomes a bare 500", "resilience/critical-fails-clean"},
		{"liveness-depends-on-db", "liveness asks the store", "resilience/liveness-independent"},
		{"no-recovery-latch", "an outage leaves a flag that is never cleared", "resilience/recovers-after-outage"},
		{"shared-pool-no-bulkhead", "one small pool for all operations", "resilience/bulkhead-isolates"},
		{"response-type-drift", "total is text", "contract/response-conforms"},
		{"500-on-invalid-input", "a negative quantity panics", "contract/no-5xx-on-invalid-input"},
		{"slow-at-load", "one lock around the hot path", "load/slo-at-target"},
		{"leaks-stacktrace", "the stack is shown when a dependency fails", "security/error-leak"},
		{"missing-401", "the invoice asks for no credentials", "auth/anonymous-rejected"},
		{"drops-traceparent", "outbound calls carry no trace context", "obs/traceparent"},
		{"idle-timeout-only", "the deadline is set anew by every byte", "resilience/fault-matrix"},
	}
}

// mutants is the defect that is on; empty for none.
type mutant string

func newMutant(name string) (mutant, error) {
	if name == "" || slices.ContainsFunc(Mutants(), func(m Mutant) bool { return m.Name == name }) {
		return mutant(name), nil
	}
	return "", fmt.Errorf("SHOP_MUTANT=%s: no such defect", name)
}

func (m mutant) is(name string) bool { return string(m) == name }

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
