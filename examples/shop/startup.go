package shop

import (
	"context"
	"errors"
)

// begin is what is done before the first request: nothing, so that it makes no
// difference what is there by then. It is a defect to look for the store once and
// for all; a shop that ends is another legitimate one.
func (s *service) begin(ctx context.Context) error {
	once, ends := s.mutant.is("connects-once"), s.mutant.is("ends-without-store")
	if !once && !ends || s.ready(ctx) {
		return nil
	}
	s.store.gone = once
	if ends {
		return errGone
	}
	return nil
}

var errGone = errors.New("the store was not there at the start")
