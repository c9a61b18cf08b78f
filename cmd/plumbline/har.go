package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"

	"github.com/plumbline-dev/plumbline/contracts/har"
	"github.com/plumbline-dev/plumbline/contracts/pactfile"
)

// recorded reads the recorded traffic that plumbline.yaml and flags name. It is
// called before cases are made.
func (s *session) recorded() error {
	files := append(s.declared.Intake.HAR, s.hars...)
	if len(files) == 0 {
		return nil
	}
	t := har.New()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err == nil {
			err = t.Read(file, data, s.doc, s.set)
		}
		if err != nil {
			return besides("DOC307", "an HTTP Archive 1.2, as browsers and proxies save it, of the API that the document describes", err)
		}
	}
	words := maps.Clone(t.Words)
	for name, declared := range s.declared.Dictionary { // what is declared comes first
		words[name] = append(append([]any{}, declared...), words[name]...)
	}
	s.declared.Dictionary, s.traffic = words, t
	s.notes = append(s.notes, fmt.Sprintf("recorded traffic: %d requests, %d of them not of the document; values for %d places; %d secrets left behind", t.Entries, t.Foreign, len(t.Words), t.Hidden))
	return nil
}

// mixed takes the mix of the load from recorded traffic where none is declared.
func (s *session) mixed() {
	if s.traffic != nil && len(s.design.Load.Mix) == 0 {
		s.design.Load.Mix = s.traffic.Mix
	}
}

// usedSurface writes the pact of what recorded traffic used.
func (s *session) usedSurface(out map[string]artefact, o pactfile.Options) error {
	if s.traffic == nil {
		return nil
	}
	o.Consumer = "recorded users of " + s.design.Service
	var b bytes.Buffer
	if err := pactfile.Write(&b, pactfile.Used(s.doc, s.set, s.design.Operations, s.traffic.Used, o)); err != nil {
		return fmt.Errorf("write pact: %w", err)
	}
	out["contracts/"+s.design.Service+".used.pact.json"] = inMemory(b.Bytes())
	return nil
}
