package main

import (
	"errors"
	"fmt"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// fedWell holds every row that the load is fed with against the document, in a
// valid request of each of its operations: a service that refuses what its
// document does not allow is not to be blamed. Of a feeder the first row that
// breaks it is told.
func (s *session) fedWell() error {
	at := outbound.Of(s.doc, s.set)
	var errs []error
	for _, f := range s.design.Load.Feeders {
		if err := fedBy(at, s.design, f); err != nil {
			errs = append(errs, &mistake.Problem{Code: "CFG004", Source: f.Source, Message: fmt.Sprintf("load.feeders: %s: %v", f.Name, err), Help: "mend the row, or feed another place: what the document does not allow is no load of it"})
		}
	}
	return errors.Join(errs...)
}

func fedBy(at *outbound.Inspector, d plumbline.Design, f plumbline.Feeder) error {
	for _, id := range f.Operations {
		op, _ := d.Operation(id)
		if len(op.Cases) == 0 {
			return fmt.Errorf("%s has no valid case that could be fed", id)
		}
		plain := breachesOf(at, op.Cases[0].Request)
		for n, row := range f.Rows {
			r := op.Cases[0].Request
			for _, x := range f.Fields {
				if err := target.Feed(&r, op.Path, x, row[x.Column]); err != nil {
					return fmt.Errorf("row %d, %s: %w", n+1, id, err)
				}
			}
			for _, m := range breachesOf(at, r) {
				if !known(plain, m) {
					return fmt.Errorf("row %d breaks the document of %s: %s %s", n+1, id, m.Pointer, m.Message)
				}
			}
		}
	}
	return nil
}

// breachesOf are the ways in which a request breaks the document: without its
// live values, that are filled in later, one may do so by itself.
func breachesOf(at *outbound.Inspector, r plumbline.Request) []plumbline.Mark {
	_, marks := at.Inspect(outbound.Request{Method: r.Method, Path: r.Path, Query: r.Query, Header: r.Header, Body: r.Body, Whole: true})
	var out []plumbline.Mark
	for _, m := range marks {
		if m.Kind != plumbline.MarkUnread {
			out = append(out, m)
		}
	}
	return out
}

func known(all []plumbline.Mark, m plumbline.Mark) bool {
	for _, x := range all {
		if x.Kind == m.Kind && x.Pointer == m.Pointer && x.Keyword == m.Keyword {
			return true
		}
	}
	return false
}
