package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/plumbline-dev/plumbline/contracts/compare"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/pact"
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

// messageTime bounds one question to the maker of messages.
const messageTime = 30 * time.Second

// messageHook is who makes the messages of message pacts; nil when nobody is
// declared.
func messageHook(m *declaration.Messages) func(context.Context, pact.MessageRequest) (pact.Message, error) {
	switch {
	case m == nil:
		return nil
	case m.URL != "":
		return pact.AskURL(m.URL, &http.Client{Timeout: messageTime})
	}
	ask := pact.AskCommand(m.Command)
	return func(ctx context.Context, r pact.MessageRequest) (pact.Message, error) {
		ctx, cancel := context.WithTimeout(ctx, messageTime)
		defer cancel()
		return ask(ctx, r)
	}
}
