// Package runners carries a plan out and records what it sees. It never
// judges: whatever it finds goes, as one record after the other, into the
// journal evidence.jsonl of the run directory, from which the verdicts can be
// drawn again at any time, also after a crash.
//
//	plan ──▶ Runner ──▶ contract calls, pacts      (target, pact)
//	                ──▶ scenarios, by godog        (load, faults, wire)
//	                ──▶ load profiles, by vegeta   (load)
//	                          │
//	                          ▼
//	                   Journal evidence.jsonl
package runners
