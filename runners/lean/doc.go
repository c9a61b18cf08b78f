// Package lean speaks HTTP/1.1 at the price of its system calls. One request
// is written and its answer read in the goroutine of the caller, over
// connections of an own pool; nothing runs beside it.
//
// What it does not speak – HTTP/2, proxies, upgrades, bodies of unknown length
// or too large to be written before the answer is read – it hands to net/http.
// Where both speak, they agree: a test holds the one against the other over
// the same exchanges.
//
// A request is sent again for one reason only: a connection that had been kept
// open died before the first byte of an answer, and the method says that a
// repetition does no harm (RFC 9110 §9.2.2). That is counted and told.
package lean
