package shop

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// A Variant is another shape of the shop: a legitimate one, of which nothing may
// be said to be wrong, or something empty, which may not be said to keep what a
// design promises.
type Variant struct {
	Name, What string
	Declares   []Change // what its documents say otherwise
	HTTP       string   // the client of --http that it needs; empty where any will do
	Judged     []string // the groups of functions, and functions, that look at what differs
	Null       bool
	Kept       []string // of what is empty: prefixes of claims that it keeps all the same
}

// A Change is text of a document that is another in a variant.
type Change struct{ File, From, To string }

// Names of variants that whoever stages the shop has to know.
const (
	OpaqueTokens = "opaque-tokens"
	AroundWires  = "wired-around-proxy"
	WithCache    = "with-cache"
	Stub         = "document-stub"
)

// Variants lists them.
func Variants() []Variant { return slices.Concat(patterned(), otherwise(), nulls()) }

// Named is the variant of a name.
func Named(name string) (Variant, error) {
	all := Variants()
	i := slices.IndexFunc(all, func(v Variant) bool { return v.Name == name })
	switch {
	case name == "":
		return Variant{}, nil
	case i < 0:
		return Variant{}, fmt.Errorf("SHOP_VARIANT=%s: no such variant", name)
	}
	return all[i], nil
}

// Document is a document of the sample system as the variant has it. That what
// it changes is not there is an error.
func (v Variant) Document(name string, data []byte) ([]byte, error) {
	for _, c := range v.Declares {
		if c.File != name {
			continue
		}
		if !bytes.Contains(data, []byte(c.From)) {
			return nil, fmt.Errorf("variant %s: %s has no %q", v.Name, name, c.From)
		}
		data = bytes.ReplaceAll(data, []byte(c.From), []byte(c.To))
	}
	return data, nil
}

func declares(pairs ...string) (out []Change) {
	for pair := range slices.Chunk(pairs, 2) {
		out = append(out, Change{"plumbline.yaml", pair[0], pair[1]})
	}
	return out
}

func documents(pairs ...string) (out []Change) {
	for pair := range slices.Chunk(pairs, 2) {
		out = append(out, Change{"openapi.yaml", pair[0], pair[1]})
	}
	return out
}

// What plumbline.yaml says of breakers and retries.
const (
	breakerLine = "    breaker: {min_calls: 20, ratio: 0.5, window: 10s, open_for: 3s, half_open_calls: 2}\n"
	retryLine   = "retry: {max_attempts: 3, jitter: true, backoff: 200ms"
)

// patterned are right shops that deal with their dependencies in another way.
func patterned() []Variant {
	retries := []string{"resilience/retry-backoff", "resilience/retry-bounded", "resilience/retry-budget", "resilience/retry-jitter", "resilience/retry-only-safe", "resilience/retry-recovers-transient"}
	return []Variant{
		{Name: "breaker-consecutive-5", What: "a breaker opens after five failures in a row", Declares: declares("min_calls: 20, ratio: 0.5", "min_calls: 5, ratio: 1"), Judged: []string{"resilience"}},
		{Name: "breaker-open-5s-probes-10", What: "a breaker is open for 5 s and then lets ten calls try", Declares: declares("open_for: 3s, half_open_calls: 2", "open_for: 5s, half_open_calls: 10"), Judged: []string{"resilience"}},
		{Name: "breaker-open-60s", What: "a breaker is open for a minute", Declares: declares("open_for: 3s", "open_for: 60s"), Judged: []string{"resilience/breaker-opens", "resilience/breaker-closes", "resilience/breaker-probes-limited", "resilience/recovers-after-outage"}},
		{Name: "no-traceparent", What: "calls carry no trace context, and are declared not to", Declares: declares("propagation: w3c", "propagation: none"), Judged: []string{"resilience", "obs/traceparent"}},
		{Name: "no-breaker-undeclared", What: "there are no breakers, and none are declared", Declares: declares(breakerLine, ""), Judged: []string{"resilience"}},
		{Name: "adaptive-throttle", What: "in the place of a breaker each client refuses calls by itself, the more the fewer are taken", Declares: declares(breakerLine, "", "recovery: 10s", "recovery: 30s"), Judged: []string{"resilience"}},
		{Name: "mesh-like-extra-retry", What: "an edge before the dependencies repeats each call that fails once, and six attempts are declared", Declares: declares(retryLine, "retry: {max_attempts: 6, jitter: true", "min_calls: 20", "min_calls: 40", "half_open_calls: 2", "half_open_calls: 4"), Judged: []string{"resilience"}},
		{Name: "jitter-10-percent", What: "gaps of 100 ms and 200 ms, each ±10 %", Judged: retries},
		{Name: "jitter-decorrelated", What: "a gap lies between 60 ms and three times the one before", Judged: retries},
		{Name: "attempts-2", What: "calls are tried twice, and declared to be", Declares: declares("max_attempts: 3", "max_attempts: 2"), Judged: append([]string{"resilience/stale-connection", "resilience/breaker-opens", "resilience/breaker-closes"}, retries...)},
		{Name: "no-retry-undeclared", What: "no call is repeated, and none is declared to be", Declares: declares("    "+retryLine+"}\n", "", "    "+retryLine+", key: Idempotency-Key}\n", ""), Judged: []string{"resilience"}},
		{Name: "async-compensation-10s", What: "an undo begins ten seconds later, and is declared to", Declares: declares("within: 8s", "within: 20s"), Judged: []string{"data"}},
		{Name: "ends-without-store", What: "who is started while the store is not there ends", Judged: []string{"resilience/startup-order", "deploy"}},
		{Name: "readiness-independent", What: "readiness does not ask the store, and is not declared to", Declares: declares(", reflects: [store], within: 2s", ""), Judged: []string{"resilience/readiness-truthful", "resilience/liveness-independent", "resilience/health-fast", "resilience/db-outage", "deploy"}},
	}
}

// cacheLines is what plumbline.yaml says of a cache, where there is one.
const cacheLines = `    connect_timeout: 500ms
  cache:
    wire: tcp
    listen: ${CACHE_LISTEN}
    upstream: ${CACHE_UPSTREAM}
    class: optional
    kind: cache
    operations: [getProduct]
    timeout: 100ms
`

// otherwise are right shops that answer in another way.
func otherwise() []Variant {
	seen := []string{"contract", "auth", "security", "http", "api", "idempotency", "data", "deploy"}
	return []Variant{
		{Name: "replay-returns-200", What: "a repeated key is answered 200", Declares: documents(`        "400": {$ref: "#/components/responses/Problem"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "409"`, `        "200":
          description: The order that was made with this key before.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Order"}
        "400": {$ref: "#/components/responses/Problem"}
        "401": {$ref: "#/components/responses/Unauthorized"}
        "409"`), Judged: seen},
		{Name: "duplicate-returns-409", What: "a repeated key is refused by 409, and declared to be", Declares: append(refusesDuplicates(), documents("A repeated request with the same key is charged once.", "A key that was used before is refused by 409.")...), Judged: seen},
		{Name: "validation-400", What: "what is not valid is answered 400", Judged: seen},
		{Name: "bola-403", What: "an order that is not the caller's is answered 403, whether there is one or not", Declares: []Change{{"flows.arazzo.yaml", "$statusCode == 404", "$statusCode == 403"}}, Judged: seen},
		{Name: OpaqueTokens, What: "callers show words, and no JSON Web Tokens", Judged: []string{"auth", "security"}},
		{Name: "id-reuse-after-delete", What: "a new order is called as the last one that was deleted", Judged: []string{"contract", "api", "idempotency", "data", "auth"}},
		{Name: "weak-etags-only", What: "ETags are weak", Judged: seen},
		{Name: "no-etags", What: "there are no ETags, and no preconditions", Judged: seen},
		{Name: "volatile-fields", What: "orders say when they were shown, and answers have a number", Declares: documents("        created_at: {type: string, readOnly: true, format: date-time}\n", "        created_at: {type: string, readOnly: true, format: date-time}\n        shown_at: {type: string, readOnly: true, format: date-time}\n"), Judged: seen},
		{Name: "lenient-unknown-fields", What: "fields that are not known are passed over, and documented to be", Declares: documents("      required: [product_id, quantity]\n      additionalProperties: false\n", "      required: [product_id, quantity]\n", "      minProperties: 1\n      additionalProperties: false\n", "      minProperties: 1\n"), Judged: seen},
		{Name: "connection-close", What: "each answer ends its connection", Judged: append([]string{"load", "resilience/pool-releases", "resilience/stale-connection", "obs"}, seen...)},
		{Name: "always-gzip", What: "answers are compressed unless that is refused", Judged: append([]string{"resilience/optional-degrades", "resilience/critical-fails-clean", "obs"}, seen...)},
		{Name: "cors-star-public", What: "pages of every origin may read what needs no credentials", Judged: []string{"security", "contract/response-conforms", "http"}},
		{Name: "retry-after-http-date", What: "Retry-After is a date", Judged: []string{"resilience/critical-fails-clean", "security/rate-limit", "security/rate-limit-bypass", "contract/response-conforms", "http"}},
		{Name: "offset-paging", What: "lists have pages by offset and limit", Declares: documents(cursorLine, offsetLine, nextLine, ""), Judged: append([]string{"load/call-budget"}, seen...)},
		{Name: "h2-only", What: "only HTTP/2 without TLS is spoken, by prior knowledge", HTTP: "h2", Declares: declares("metrics: {url: /metrics}\n", ""), Judged: append([]string{"load", "obs"}, seen...)},
		{Name: "large-openapi", What: "there are 300 operations more, which read what is on shelves", Declares: documents("  /me:\n", listedShelves()+"  /me:\n", "    Invoice:\n", boxSchema+"    Invoice:\n"), Judged: []string{"contract", "http", "api"}},
		{Name: "shed-429", What: "what is too much is answered 429", Judged: []string{"overload"}},
		{Name: WithCache, What: "what recs recommends is kept in a cache for a second", Declares: declares("    connect_timeout: 500ms\n", cacheLines), Judged: []string{"resilience/cache-outage", "resilience/reconnects-after-move"}},
		{Name: "slow-but-in-slo", What: "reads take 200 ms of the 250 ms that are promised", Judged: []string{"load", "resilience/timeout-bounds-hang", "resilience/bulkhead-isolates", "resilience/retry-jitter", "obs"}},
	}
}

// refusesDuplicates declares that a key is good for one order.
func refusesDuplicates() []Change {
	return declares("finite:\n", "operations:\n  createOrder: {replay: 409}\n\nfinite:\n")
}

// How openapi.yaml has pages by cursor, and by offset.
const (
	cursorLine = `        - {name: cursor, in: query, description: The next of the page before., schema: {type: string, pattern: "^[A-Za-z0-9_-]{32}$"}}
`
	offsetLine = `        - {name: offset, in: query, description: How many orders to pass over., schema: {type: integer, minimum: 0, maximum: 100000, default: 0}}
`
	nextLine = "                  next: {type: string, description: The cursor of the next page; absent on the last.}\n"
)

// variant adds one to the defects that are on: what is on is asked for by name.
func (m mutant) variant(v Variant) mutant {
	if v.Name == "" {
		return m
	}
	return mutant(strings.TrimSuffix(string(m), ",") + "," + v.Name + ",")
}
