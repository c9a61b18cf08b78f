package main

import (
	"slices"

	"github.com/plumbline-dev/plumbline/runners/credentials"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// authenticated adds the identities of --auth to the declared ones, and
// completes all of them by the security schemes of the document.
func (s *session) authenticated() error {
	if s.auth != "" {
		if err := s.declared.ReadAuth(s.auth); err != nil {
			return wrongFlag("--auth", s.auth, "an authentication file of Web Fuzzing Commons", "the file cannot be read: %v", err)
		}
	}
	for i := range s.declared.Identities {
		if err := s.doc.Identify(&s.declared.Identities[i]); err != nil {
			return err
		}
	}
	return nil
}

// identify makes the identities ready to be shown. The first is the default.
func (s *session) identify(cfg *target.Config) error {
	opened := map[string]credentials.Opened{}
	for _, id := range slices.Backward(s.declared.Identities) {
		o, err := credentials.Open(id, credentials.Options{Base: s.design.Target, Timeout: s.timeout})
		if err != nil {
			return err
		}
		opened[id.Name], cfg.Default = o, id.Name
	}
	credentials.Fill(cfg, opened)
	return nil
}
