package main

import (
	"cmp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/pactfile"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// consumerTests are the flags that ask for tests of a consumer.
type consumerTests struct {
	language   string
	consumer   string
	operations []string
}

func (c *consumerTests) bind(f *pflag.FlagSet) {
	f.StringVar(&c.language, "consumer-tests", "", "write a consumer's contract tests instead, in a language: go")
	f.StringVar(&c.consumer, "consumer", "", "name of the consumer in its contract (default: consumer-of-NAME)")
	f.StringSliceVar(&c.operations, "operations", nil, "operations that the consumer calls, by ID or as \"METHOD /path\" (default: all)")
}

// written are the files that generate writes, by path below the folder.
func (s *session) written(c consumerTests) (map[string]artefact, error) {
	switch {
	case c.language == "" && (c.consumer != "" || len(c.operations) > 0):
		return nil, usage(wrongFlag("--consumer", "", "give --consumer-tests go as well", "--consumer and --operations are for --consumer-tests go"))
	case c.language == "":
		files, err := s.templates()
		return files, harness(err)
	case c.language != "go":
		return nil, usage(notOneOf("--consumer-tests", c.language, []string{"go"}))
	}
	ops := s.design.Operations
	if len(c.operations) > 0 {
		ids, err := slo.Named(c.operations, ops, plumbline.Source{})
		if err != nil {
			return nil, usage(err)
		}
		ops = slices.DeleteFunc(slices.Clone(ops), func(o plumbline.Operation) bool { return !slices.Contains(ids, o.ID) })
	}
	source, why, err := pactfile.ConsumerTests(s.doc, s.set, ops, pactfile.Options{
		Provider: s.design.Service, Consumer: cmp.Or(c.consumer, "consumer-of-"+s.design.Service),
	})
	s.notes = append(s.notes, why...)
	if err != nil {
		return nil, usage(err)
	}
	name := strings.ReplaceAll(fileName(s.design.Service), "-", "_")
	return map[string]artefact{"consumer/" + name + "_test.go": inMemory(source)}, nil
}
