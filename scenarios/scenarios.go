// Package scenarios is the catalogue of fitness functions: one file a
// function, each a pair of pure functions that derive claims and experiments
// from a design and judge the evidence. It also holds what turns many
// functions into one plan (Draw) and one journal into one report (Judge).
//
// Every verdict follows the vacuity rule: positive control, stimulus, proof of
// stimulus, observation, negative control. A pass without the proof is not
// given; the outcome is inconclusive with the reason.
package scenarios

import (
	"fmt"
	"maps"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// catalogue is filled by the init functions of the files of this package and
// by nothing else, so the order of imports cannot matter.
var catalogue = map[string]plumbline.Function{}

// register puts a function into the catalogue. A duplicate or an incomplete
// function is a mistake of the programmer.
func register(f plumbline.Function) {
	if _, dup := catalogue[f.ID]; dup || f.ID == "" || f.Title == "" || f.Plan == nil || f.Judge == nil {
		panic(fmt.Sprintf("scenarios: function %q is incomplete or registered twice", f.ID))
	}
	catalogue[f.ID] = f
}

// Functions returns the catalogue, sorted by ID.
func Functions() []plumbline.Function {
	return slices.SortedFunc(maps.Values(catalogue), func(a, b plumbline.Function) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
}
