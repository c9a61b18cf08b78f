package shop

import (
	"fmt"
	"io"
	"log" //nolint:depguard // net/http takes no other logger
	"slices"
	"strings"
)

// A Mutant is one defect that can be switched on.
type Mutant struct {
	Name, Defect string
	Caught       string   // the function that must catch it
	May          []string // what else the defect may break
}

// Mutants lists the defects.
func Mutants() []Mutant {
	return slices.Concat(onWires(), inAnswers(), atWork(), inSteps(), atScale())
}

// onWires are defects of how the shop deals with its dependencies.
func onWires() []Mutant {
	return []Mutant{
		{"no-timeout", "calls to payment have no deadline", "resilience/timeout-bounds-hang", []string{"resilience/timeout-total-not-idle", "resilience/fault-matrix", "resilience/bulkhead-isolates"}},
		{"unbounded-retry", "calls are repeated up to 50 times", "resilience/retry-bounded", []string{"resilience/fault-matrix", "resilience/retry-backoff", "resilience/retry-budget"}},
		{"retry-without-jitter", "gaps of 100 ms and 200 ms, always", "resilience/retry-jitter", nil},
		{"retry-nonidempotent-post", "the charge is repeated without a key", "resilience/retry-only-safe", []string{"contract/outbound-conforms"}},
		{"breaker-never-opens", "failures are not counted", "resilience/breaker-opens", []string{"resilience/retry-budget"}},
		{"breaker-never-closes", "each refused call keeps the breaker open", "resilience/breaker-closes", []string{"resilience/recovers-after-outage"}},
		{"optional-is-critical", "the loss of recs fails the product", "resilience/optional-degrades", []string{"resilience/dependency-map", "resilience/fault-matrix", "resilience/slo-during-fault", "resilience/tolerates-garbage", "resilience/stale-connection"}},
		{"dependency-error-is-500", "a failing dependency becomes a bare 500", "resilience/critical-fails-clean", []string{"resilience/fault-matrix", "resilience/tolerates-garbage", "resilience/db-outage"}},
		{"liveness-depends-on-db", "liveness asks the store", "resilience/liveness-independent", []string{"resilience/health-fast"}},
		{"liveness-waits-in-line", "liveness is answered when few requests are in flight", "resilience/health-fast", []string{"resilience/liveness-independent"}},
		{"readiness-lies", "readiness does not ask the store", "resilience/readiness-truthful", nil},
		{"leaks-connections", "what fails keeps its connection", "resilience/pool-releases", []string{"resilience/recovers-after-outage"}},
		{"trusts-dependency-json", "an answer that cannot be read is taken for one with nothing in it", "resilience/tolerates-garbage", []string{"resilience/fault-matrix"}},
		{"breaker-opens-briefly", "the breaker is open for half a second", "resilience/breaker-probes-limited", []string{"resilience/breaker-opens"}},
		{"shared-breaker", "all dependencies have one breaker", "resilience/optional-degrades", []string{"resilience/dependency-map", "resilience/fault-matrix", "resilience/slo-during-fault", "resilience/critical-fails-clean", "resilience/retry-recovers-transient", "resilience/breaker-closes", "resilience/breaker-opens-on-slow", "resilience/recovers-after-outage"}},
		{"breaker-ignores-timeouts", "a call that was given up does not count as a failure of the dependency", "resilience/breaker-opens-on-slow", nil},
		{"breaker-counts-4xx", "an answer that says the request was wrong counts as a failure of the dependency", "resilience/breaker-ignores-client-errors", nil},
		{"no-recovery-latch", "an outage leaves a flag that is never cleared", "resilience/recovers-after-outage", []string{"resilience/breaker-closes"}},
		{"shared-pool-no-bulkhead", "one small pool for all operations", "resilience/bulkhead-isolates", nil},
		{"bad-outbound-call", "payment is sent the order as a number", "contract/outbound-conforms", nil},
		{"deadline-handed-on-unchanged", "calls are told the time that the client had, and not what is left of it", "resilience/deadline-propagates", nil},
		{"no-connect-timeout", "a connection to the store may take for ever to be made", "resilience/timeout-connect", nil},
		{"dead-connections-kept", "a connection to the store that has failed is used for two seconds more", "resilience/db-outage", nil},
		{"insists-on-connection", "a connection to the store that has not answered is the only one that is used until it ends", "resilience/reconnects-after-move", nil},
		{"connects-once", "a store that is not there at the start is not looked for again", "resilience/startup-order", nil},
		{"waits-for-cache", "who has found what is put into the cache waits for the cache to take it", "resilience/cache-outage", []string{"resilience/optional-degrades", "resilience/timeout-bounds-hang", "resilience/timeout-connect", "resilience/fault-matrix"}},
		{"stale-connection-is-final", "a kept connection that was closed is taken for the answer", "resilience/stale-connection", []string{"resilience/retry-recovers-transient"}},
		{"outlives-client", "calls to dependencies go on when the client has gone away", "resilience/cancel-on-disconnect", []string{"resilience/deadline-propagates"}},
		{"idle-timeout-only", "the deadline is set anew by every byte", "resilience/timeout-total-not-idle", []string{"resilience/fault-matrix", "resilience/timeout-bounds-hang", "resilience/optional-degrades"}},
		{"no-retry", "no call is tried again", "resilience/retry-recovers-transient", []string{"resilience/stale-connection"}},
		{"no-retry-budget", "recs is tried three times, and its breaker never opens", "resilience/retry-budget", nil},
		{"retry-without-backoff", "each gap is about 100 ms", "resilience/retry-backoff", nil},
		{"retry-on-404", "what a dependency does not have is asked for again", "resilience/retry-not-on-4xx", []string{"resilience/breaker-ignores-client-errors"}},
		{"retry-after-ignored", "who asks to be left alone for some time is not", "resilience/retry-honours-retry-after", nil},
		{"one-key-for-all", "all charges have the same key", "idempotency/forwards-key", nil},
		{"drops-traceparent", "outbound calls carry no trace context", "obs/traceparent", nil},
	}
}

// inAnswers are defects that a caller sees in an answer.
func inAnswers() []Mutant {
	return []Mutant{
		{"response-type-drift", "total is text", "contract/response-conforms", []string{"contract/pacts-verified"}},
		{"500-on-invalid-input", "a negative quantity panics", "contract/no-5xx-on-invalid-input", []string{"security/error-leak"}},
		{"leaks-stacktrace", "the stack is shown when a dependency fails", "security/error-leak", nil},
		{"missing-401", "the invoice asks for no credentials", "auth/anonymous-rejected", []string{"auth/bola"}},
		{"bola", "the owner of an order is not compared with the caller", "auth/bola", nil},
		{"bfla", "anybody may see the sales", "auth/bfla", nil},
		{"tells-existence", "another's order is forbidden, and what is no order is not found", "auth/existence-hidden", nil},
		{"forbidden-is-401", "who may not see the sales is asked for credentials", "auth/forbidden-is-403", nil},
		{"jwt-alg-none-accepted", "a token says itself how it is signed", "auth/jwt-forgery", nil},
		{"jwt-aud-ignored", "whom a token is for, and until when, is not looked at", "auth/jwt-claims", nil},
		{"rate-limit-xff-bypass", "the limit is on the address that X-Forwarded-For names", "security/rate-limit-bypass", []string{"security/rate-limit"}},
		{"rate-limit-lax", "three times as much is let in as is said", "security/rate-limit", nil},
		{"mass-assignment", "a patch may set the total", "auth/property-level", nil},
		{"drops-consumer-field", "the note of an order is not shown", "contract/pacts-verified", []string{"contract/consumer-kept", "contract/roundtrip"}},
		{"500-on-long-note", "a note of the greatest length panics", "contract/no-5xx-on-valid-input", []string{"contract/response-conforms"}},
		{"500-on-quote", "a quote in a note ends a text too early", "contract/no-5xx-on-invalid-input", []string{"security/error-leak"}},
		{"accepts-too-many", "a quantity of 1000 is taken", "contract/invalid-input-rejected", nil},
		{"update-is-lost", "an update is answered and not stored", "contract/roundtrip", []string{"contract/flows-hold"}},
		{"put-adds-up", "the same PUT again changes the order again", "contract/roundtrip", []string{"contract/flows-hold"}},
		{"patch-clears", "a patch takes away what it does not mention", "contract/roundtrip", nil},
		{"null-is-ignored", "a null in a patch changes nothing", "contract/roundtrip", nil},
		{"delete-forgets", "a deletion is answered and not made", "contract/roundtrip", []string{"contract/use-after-delete", "contract/flows-hold"}},
		{"invoice-survives", "the invoice of a deleted order is still shown", "contract/use-after-delete", nil},
		{"writes-before-check", "the quantity is stored before it is refused", "contract/failed-write-changes-nothing", []string{"contract/response-conforms"}},
		{"405-without-allow", "a 405 does not list the methods", "contract/method-semantics", []string{"contract/status-rules"}},
		{"wrong-label", "the media type is the one that was asked for", "contract/negotiation", nil},
		{"cursor-pagination-skips", "the cursor does not tell orders of the same few seconds apart", "api/pagination-ties", []string{"api/pagination-complete", "api/pagination-stable"}},
		{"page-drops-one", "each page but the first lacks an order", "api/pagination-complete", []string{"api/pagination-ties", "api/pagination-stable"}},
		{"cursor-is-offset", "the cursor counts from the start", "api/pagination-stable", nil},
		{"limit-ignored", "a page may be as long as anybody likes", "api/pagination-limit", []string{"contract/invalid-input-rejected"}},
		{"401-without-challenge", "a 401 names no challenge", "contract/status-rules", []string{"contract/response-conforms", "auth/anonymous-rejected"}},
		{"plain-404", "an unknown path is answered in plain text", "contract/problem-json", nil},
		{"debug-left-on", "the variables of the process are shown to anybody", "contract/shadow-endpoints", nil},
		{"undocumented-limit", "a note of more than 100 characters is refused", "contract/valid-input-accepted", []string{"contract/examples-valid"}},
		{"invoice-changes-order", "asking for the invoice raises the quantity", "contract/safe-methods", nil},
		{"sniffable", "answers let a browser guess what they are", "security/headers", nil},
		{"etag-ignored", "who has an order already is sent it again", "http/etag-validates", nil},
		{"private-made-public", "who one is may be kept by shared caches", "http/private-not-shared", nil},
		{"cors-reflects-origin", "every origin is let in with credentials", "security/cors", nil},
		{"undeclared-field", "the products of the list name their supplier", "contract/no-drift", nil},
	}
}

// atWork are defects that show under load, in repetitions, between callers, and
// at shutdown.
func atWork() []Mutant {
	return []Mutant{
		{"slow-at-load", "one lock around the hot path", "load/slo-at-target", nil},
		{"fewer-workers", "a quarter of the workers is missing", "load/capacity-headroom", nil},
		{"goodput-collapse", "the more wait, the longer each takes", "overload/goodput-plateau", []string{"overload/recovers", "overload/sheds-fast", "overload/queue-bounded", "overload/no-metastability", "load/capacity-headroom"}},
		{"no-load-shedding", "as many wait as want to", "overload/sheds-fast", []string{"overload/goodput-plateau", "overload/queue-bounded", "overload/recovers", "overload/no-metastability"}},
		{"metastable-retry-storm", "as many wait as want to, and who has gone away is served all the same", "overload/no-metastability", []string{"overload/sheds-fast", "overload/queue-bounded", "overload/recovers", "overload/goodput-plateau"}},
		{"scarred-by-overload", "after an overload each request takes thrice as long", "overload/recovers", []string{"overload/no-metastability", "overload/queue-bounded", "load/capacity-headroom"}},
		{"idempotency-key-ignored", "the key is read and dropped", "idempotency/key-replays", []string{"idempotency/key-concurrent", "idempotency/key-mismatch", "idempotency/lost-response"}},
		{"idempotency-race", "the key is looked up, and stored when all is done", "idempotency/key-concurrent", nil},
		{"key-mismatch-accepted", "the same key with another body is another request", "idempotency/key-mismatch", nil},
		{"gone-client-frees-key", "the order of a client who has gone away is made, and its key given up", "idempotency/lost-response", nil},
		{"key-not-scoped", "a key is everybody's", "idempotency/key-scoped", nil},
		{"delete-twice-500", "a second DELETE panics", "idempotency/natural", nil},
		{"if-match-ignored", "If-Match is never looked at", "data/no-lost-update", nil},
		{"if-match-race", "If-Match is compared outside the lock", "data/no-lost-update", nil},
		{"stale-reads", "an order is shown as it was up to 200 ms ago", "data/read-your-writes", []string{"contract/roundtrip", "contract/flows-hold", "contract/use-after-delete", "contract/safe-methods"}},
		{"metrics-lie", "failures are counted as 200, and waiting for a worker as no time", "obs/metrics-truthful", nil},
		{"metrics-flatter", "the time that dependencies take is not counted", "obs/metrics-truthful", nil},
		{"leaks-memory", "each request keeps 16 KiB", "load/soak", nil},
		{"leaks-descriptors", "each 25th request opens a file and leaves it", "load/soak", nil},
		{"sigterm-kills-inflight", "SIGTERM ends the process at once", "deploy/graceful-drain", []string{"deploy/rolling-restart"}},
		{"ready-too-early", "for a second after its first request a shop that finds orders refuses what it is asked, and says that it is ready", "deploy/rolling-restart", nil},
		{"needs-its-peer", "an instance answers only while all others do that have not said that they end", "deploy/instance-kill", []string{"deploy/rolling-restart"}},
		{"own-copies", "an instance shows its own copy of an order that it has shown before", "deploy/stateless", nil},
	}
}

// inSteps are defects of what is done in several steps, and of what there is only
// so much of.
func inSteps() []Mutant {
	return []Mutant{
		{"oversell", "the stock is read, and then written", "data/no-oversell", nil},
		{"saga-no-compensation", "an order that fails keeps its reservation", "data/saga-compensates", []string{"data/compensation-retried"}},
		{"saga-ignores-timeout", "an order keeps its reservation when the charge is not answered", "data/saga-compensates", nil},
		{"undo-given-up", "an undo that fails is not tried again", "data/compensation-retried", nil},
	}
}

// UnderLoad tells whether the defect shows only when the shop has work to do
// (SHOP_WORK) and more is asked of it than it can carry.
func (m Mutant) UnderLoad() bool {
	return strings.HasPrefix(m.Caught, "overload/") || m.Caught == "load/capacity-headroom"
}

// OverTime tells whether the defect shows only when the shop is loaded for some
// time.
func (m Mutant) OverTime() bool { return m.Caught == "load/soak" }

// Cached tells whether the defect shows only in a shop that has a cache.
func (m Mutant) Cached() bool { return m.Caught == "resilience/cache-outage" }

// Warns tells whether the defect breaks neither the document nor a MUST of an
// RFC, so that finding it does not make the system unfit.
func (m Mutant) Warns() bool {
	return slices.Contains([]string{"invoice-survives", "cursor-is-offset", "plain-404", "debug-left-on", "undeclared-field", "undocumented-limit", "sniffable", "invoice-changes-order", "stale-reads", "tells-existence", "forbidden-is-401", "retry-on-404", "retry-after-ignored", "connection-each-time", "breaker-ignores-timeouts", "breaker-counts-4xx", "etag-ignored"}, m.Name)
}

// mutant holds the defects that are on, with a comma before and after each;
// empty for none.
type mutant string

func newMutant(names string) (mutant, error) {
	if names == "" {
		return "", nil
	}
	for name := range strings.SplitSeq(names, ",") {
		if !slices.ContainsFunc(Mutants(), func(m Mutant) bool { return m.Name == name }) {
			return "", fmt.Errorf("SHOP_MUTANT=%s: no such defect", name)
		}
	}
	return mutant("," + names + ","), nil
}

func (m mutant) is(name string) bool { return m != "" && strings.Contains(string(m), ","+name+",") }

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
