package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/plumbline-dev/plumbline/contracts/compare"
)

// consumers compares the existing pacts with the document.
func (s *session) consumers() error {
	c := compare.New(s.doc, s.set)
	c.Credentials = len(s.declared.Identities) > 0
	var errs []error
	pending, err := s.brokered()
	errs = append(errs, err)
	for _, file := range s.design.Pacts {
		data, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, fmt.Errorf("pacts: %w", err))
			continue
		}
		got, err := c.Compare(file, data)
		errs = append(errs, err)
		for i := range got {
			got[i].Pending = pending[file]
		}
		s.design.Consumers = append(s.design.Consumers, got...)
		for _, x := range got {
			for _, w := range x.Warnings {
				s.notes = append(s.notes, fmt.Sprintf("%s: %q: %s: %s", x.File, x.Description, w.Code, w.Message))
			}
		}
	}
	return errors.Join(errs...)
}
