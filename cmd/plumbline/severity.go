package main

import (
	"errors"
	"fmt"

	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// weighted refuses severities of what the catalogue does not have: a slip of the
// pen must not leave a claim at a severity that nobody meant.
func (s *session) weighted() error {
	var names []string
	for _, f := range scenarios.Functions() {
		names = append(names, f.ID)
	}
	var errs []error
	for _, w := range s.design.Severities {
		if !scenarios.Known(w.Claims) {
			errs = append(errs, s.declared.Wrong("CFG004", declaration.Named("$.severity", w.Claims), mistake.DidYouMean(w.Claims, names)+" `plumbline functions` lists them",
				fmt.Errorf("no group, function or claim is called %q", w.Claims)))
		}
	}
	return errors.Join(errs...)
}
