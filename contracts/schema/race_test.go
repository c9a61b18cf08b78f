//go:build race

package schema

// raced says that the race detector is at work: a sync.Pool forgets then a part
// of what it is given, and allocations say nothing.
const raced = true
