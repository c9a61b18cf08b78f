package main

// core names the defects of which every one has to be found.
const core = "no-timeout,idle-timeout-only,no-retry,unbounded-retry,no-retry-budget,retry-without-jitter,retry-nonidempotent-post," +
	"breaker-never-opens,breaker-never-closes,shared-breaker,shared-pool-no-bulkhead,leaks-connections,optional-is-critical," +
	"dependency-error-is-500,trusts-dependency-json,liveness-depends-on-db,readiness-lies,no-recovery-latch,no-load-shedding," +
	"goodput-collapse,metastable-retry-storm,slow-at-load,n-plus-one,idempotency-key-ignored,idempotency-race," +
	"if-match-ignored,if-match-race,oversell,saga-no-compensation,saga-ignores-timeout,500-on-invalid-input," +
	"response-type-drift,drops-consumer-field,bad-outbound-call,missing-401,bola,mass-assignment,jwt-alg-none-accepted," +
	"jwt-aud-ignored,leaks-stacktrace,cors-reflects-origin,rate-limit-xff-bypass,etag-ignored,private-made-public," +
	"cursor-pagination-skips,drops-traceparent,metrics-lie,sigterm-kills-inflight"
