package scenarios

import (
	"maps"
	"slices"
)

// sortedKeys are the keys of a map in order, so that what is written from it
// is the same every time.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sortedInts are the keys of a map of numbers in order.
func sortedInts[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }
