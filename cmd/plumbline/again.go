package main

import (
	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// more proposes what follows the plan: failures are repeated, then made
// smaller; a load that was slower than on the nights before is sent again; then
// the search for capacity goes on, and the deployment is overloaded.
func (s *session) more() func(int, *plumbline.Evidence) []plumbline.Experiment {
	shrinker := sample.NewShrinker(s.doc, s.set)
	try, round := 0, 0
	return func(_ int, e *plumbline.Evidence) []plumbline.Experiment {
		for try++; ; try++ {
			next := scenarios.Repetition(s.design, s.plan, s.functions, e, try)
			if len(next) > 0 {
				return next
			}
			if try > 3 {
				break
			}
		}
		round++
		if next := scenarios.Smaller(shrinker.Smaller).Shrinking(s.design, s.plan, s.functions, e, round); len(next) > 0 {
			return next
		}
		if next := scenarios.Again(s.design, s.plan, e); len(next) > 0 {
			return next
		}
		if next := scenarios.Serially(s.design, s.plan, s.functions, e); len(next) > 0 {
			return next
		}
		if next := scenarios.Climb(s.design, s.plan, e); len(next) > 0 {
			return next
		}
		return scenarios.Overload(s.design, s.plan, s.functions, e)
	}
}
