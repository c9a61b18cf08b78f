package main

import (
	"errors"
	"slices"

	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/runners/credentials"
	"github.com/plumbline-dev/plumbline/runners/forge"
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
	var errs []error
	for i := range s.declared.Identities {
		c := &s.declared.Identities[i]
		if err := s.doc.Identify(c); err != nil {
			errs = append(errs, s.declared.Wrong("CFG004", declaration.Named("$.identities", c.Name)+".scheme", "an identity shows itself by a scheme of the document, or says by itself how: bearer, basic, api_key, headers", err))
		}
	}
	return errors.Join(errs...)
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
	mint, err := forge.New(s.declared.Tokens)
	if err != nil {
		return usage(s.declared.Wrong("CFG004", "$.jwt", "a key is PEM, base64 of DER, or secret: and the secret of an HMAC", err))
	}
	cfg.Forge = mint.Make
	return nil
}
