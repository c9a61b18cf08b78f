package main

import (
	"fmt"
	"os"
	"path"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/plumbline-dev/plumbline"
)

// A confirmation is a finding that was shown by hand, without plumbline.
type confirmation struct {
	Service string `yaml:"service"`
	Claim   string `yaml:"claim"` // may hold *, for one part of a claim's ID
	Says    string `yaml:"says"`  // what the finding has to say; another breach of the same claim is another finding
	Curl    string `yaml:"curl"`
	Why     string `yaml:"why"`
}

func readConfirmed(file string) ([]confirmation, error) {
	data, err := os.ReadFile(file) //nolint:gosec // named by the user
	if err != nil {
		return nil, err
	}
	var out []confirmation
	if err := yaml.UnmarshalWithOptions(data, &out, yaml.Strict()); err != nil {
		return nil, err
	}
	for i, c := range out {
		if c.Service == "" || c.Claim == "" || c.Says == "" || c.Curl == "" || c.Why == "" {
			return nil, fmt.Errorf("%s: entry %d lacks service, claim, says, curl or why", file, i+1)
		}
	}
	return out, nil
}

// find gives the confirmation of a finding of the service.
func find(known []confirmation, service string, f plumbline.Finding) (confirmation, bool) {
	for _, c := range known {
		if ok, err := path.Match(c.Claim, f.Claim); err == nil && ok && c.Service == service && strings.Contains(f.Reason, c.Says) {
			return c, true
		}
	}
	return confirmation{}, false
}
