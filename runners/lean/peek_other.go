//go:build !unix

package lean

// peek cannot look: a dead connection is found out by using it.
func peek(uintptr, bool) error { return nil }
