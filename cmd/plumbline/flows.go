package main

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/arazzo"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/sample"
)

// operations makes the operations of the design with their cases, and the flows
// that are stated. Flows say too where identifiers come from; the cases are
// made once more with that.
func (s *session) operations() error {
	packs, err := s.packed()
	if err != nil {
		return err
	}
	o := sample.Options{Seed: s.seed, Dictionary: s.declared.Dictionary, Packs: packs, Unlearnt: s.declared.Unlearnt}
	s.design.Operations, s.design.Families = sample.Describe(s.doc, s.set, o)
	files := slices.Clone(s.declared.Flows)
	for _, name := range s.arazzo {
		files = append(files, declaration.FlowFile{File: name})
	}
	if len(files) == 0 {
		return nil
	}
	if err := s.flows(files); err != nil {
		return err
	}
	if s.stated = arazzo.Sources(s.design.Flows); len(s.stated) == 0 {
		return nil
	}
	o.Stated = s.stated
	s.design.Operations, s.design.Families = sample.Describe(s.doc, s.set, o)
	s.notes = slices.DeleteFunc(s.notes, func(n string) bool { return strings.HasPrefix(n, flowNote) })
	return s.flows(files)
}

// flowNote begins the notices of Arazzo files.
const flowNote = "flows: "

// flows reads the flows of files.
func (s *session) flows(files []declaration.FlowFile) error {
	s.design.Flows = nil
	var errs []error
	from := map[string]string{}
	for _, f := range files {
		got, err := arazzo.Load(f.File, s.design.Operations, f.Inputs)
		errs = append(errs, besides("DOC306", "Arazzo files are described at https://spec.openapis.org/arazzo", err))
		for _, n := range got.Notices {
			s.notes = append(s.notes, flowNote+n)
		}
		for _, flow := range got.Flows {
			if before, twice := from[flow.Name]; twice {
				errs = append(errs, besides("DOC306", "give one of them another workflowId", fmt.Errorf("%s and %s both have a workflow %s", before, f.File, flow.Name)))
				continue
			}
			from[flow.Name] = f.File
			s.design.Flows = append(s.design.Flows, flow)
		}
	}
	s.design.Flows = slices.DeleteFunc(s.design.Flows, func(f plumbline.Flow) bool { return len(f.Steps) == 0 })
	return errors.Join(errs...)
}

// learned renders the lives of resources that the graph knows as an Arazzo file.
func (s *session) learned(out map[string]artefact) (notes []string, err error) {
	flows, left := arazzo.Learned(s.design)
	if len(flows) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	unsaid, err := arazzo.Write(&b, "Lives of "+s.design.Service, path.Base(filepath.ToSlash(s.design.Document.File)), flows, s.design.Operations)
	if err != nil {
		return nil, fmt.Errorf("write flows: %w", err)
	}
	for _, why := range append(left, unsaid...) {
		notes = append(notes, "no flow is written of "+why)
	}
	if len(unsaid) < len(flows) {
		out["flows/"+s.design.Service+".arazzo.yaml"] = inMemory(b.Bytes())
	}
	return notes, nil
}
