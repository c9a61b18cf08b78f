// Package plumbline holds the words of the product: what a deployment promises
// (Design), what will put it to the test (Plan), what was seen (Evidence) and
// what follows (Verdict, Report).
//
// The package is data and pure functions over the standard library. It opens
// no file, no socket and no clock; every stage of the product reads one of
// these types and writes the next:
//
//	contracts ──▶ scenarios ──▶ runners ──▶ evidence ──▶ scenarios ──▶ reports
//	  Design        Plan       (carried out)  Evidence     Verdict      Report
//
// Times inside evidence are offsets from the moment the run began, taken from
// one monotonic clock, so that the client's view and the wire's view of one
// request can be laid side by side. In JSON every time.Duration is a whole
// number of nanoseconds, as encoding/json writes it.
package plumbline
