package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/crew"
	"github.com/plumbline-dev/plumbline/contracts/pactfile"
	"github.com/plumbline-dev/plumbline/scenarios/gherkin"
	"github.com/plumbline-dev/plumbline/scenarios/profile"
)

// An artefact writes a generated file.
type artefact func(w io.Writer) error

func inMemory(data []byte) artefact {
	return func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
}

// artefacts renders everything that is generated, by path below the folder:
// contracts/, features/, flows/ and profiles/.
func (s *session) artefacts() (map[string]artefact, error) {
	out, rest := map[string]artefact{}, map[string]artefact{}
	var said, unsaid []string
	var errs [2]error
	crew.Beside(
		func() { said, errs[0] = s.pact(out) },
		func() { unsaid, errs[1] = s.drawn(rest) },
	)
	s.notes = append(s.notes, append(said, unsaid...)...)
	maps.Copy(out, rest)
	return out, errors.Join(errs[:]...)
}

// templates renders everything that is generated for a folder of the user's, by
// path below it: the artefacts and every profile. The plan is done with when
// the contracts are written, which takes the most of what a large document
// takes, so it is let go before: the session draws no more from then on.
func (s *session) templates() (map[string]artefact, error) {
	out := map[string]artefact{}
	said, err := s.drawn(out)
	if err == nil {
		err = s.profileFiles(out)
	}
	if err != nil {
		return nil, err
	}
	s.plan = plumbline.Plan{}
	for i := range s.design.Operations {
		s.design.Operations[i].Cases = slices.Clone(s.design.Operations[i].Cases[:min(1, len(s.design.Operations[i].Cases))]) // a pact asks with the first
	}
	unsaid, err := s.pact(out)
	s.notes = slices.Concat(s.notes, said, unsaid)
	return out, err
}

// drawn renders what the plan and the resources say: features, profiles, flows.
func (s *session) drawn(out map[string]artefact) (notes []string, err error) {
	if notes, err = s.learned(out); err != nil {
		return notes, err
	}
	unsaid, err := s.features(out)
	if err != nil {
		return notes, err
	}
	return append(notes, unsaid...), loads(out, map[string]plumbline.Plan{"profiles/": s.plan})
}

// loads renders the load experiments of plans, each plan into a folder, on all
// processors.
func loads(out map[string]artefact, plans map[string]plumbline.Plan) error {
	var names []string
	var all []plumbline.Experiment
	for _, folder := range slices.Sorted(maps.Keys(plans)) {
		for _, x := range plans[folder].Experiments {
			if x.Kind == plumbline.KindLoad {
				names, all = append(names, folder+fileName(x.ID)+".yaml"), append(all, x)
			}
		}
	}
	texts, errs := make([]bytes.Buffer, len(all)), make([]error, len(all))
	crew.Each(len(all), func() func(int) {
		return func(i int) { errs[i] = profile.Render(&texts[i], all[i]) }
	})
	for i, name := range names {
		out[name] = inMemory(texts[i].Bytes())
	}
	return errors.Join(errs...)
}

// pact renders the provider-surface pact that is verified, the one of all
// answers that the document allows, and the ledger of what the first cannot
// say. The second may have ten times the size of the document, so it is made
// when it is written.
func (s *session) pact(out map[string]artefact) (notes []string, err error) {
	o := pactfile.Options{Provider: s.design.Service}
	p, losses := pactfile.Build(s.doc, s.set, s.design.Operations, o)
	if len(losses) > 0 {
		notes = append(notes, fmt.Sprintf("%d statements of the document cannot be said by a pact; each is in contracts/%s.losses.json and is held against every response all the same", len(losses), s.design.Service))
	}
	var b, l bytes.Buffer
	var errs [2]error
	crew.Beside(
		func() { errs[0] = pactfile.Write(&b, p) },
		func() { errs[1] = pactfile.WriteLosses(&l, losses) },
	)
	if err := errors.Join(errs[:]...); err != nil {
		return notes, fmt.Errorf("write pact and losses: %w", err)
	}
	if err := s.usedSurface(out, o); err != nil {
		return notes, err
	}
	at := "contracts/" + s.design.Service
	out[at+".pact.json"], out[at+".losses.json"] = inMemory(b.Bytes()), inMemory(l.Bytes())
	out[at+".surface.pact.json"] = func(w io.Writer) error {
		if err := pactfile.WriteSurface(w, s.doc, s.set, s.design.Operations, o); err != nil {
			return fmt.Errorf("write pact: %w", err)
		}
		return nil
	}
	return notes, nil
}

func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, s)
}

// folder is where edited files are looked for: what the declaration says, or
// plumbline/ beside it.
func (s *session) folder() string {
	if s.declared.Generated != "" {
		return s.declared.Generated
	}
	return filepath.Join(filepath.Dir(s.declared.File), "plumbline")
}

// override puts edited and added scenarios and profiles of the folder into the
// plan, in the place of the generated ones of the same name. A named profile
// has a folder of its own.
func (s *session) override() error {
	if s.declared.File == "" {
		return nil
	}
	features, _ := filepath.Glob(filepath.Join(s.folder(), "features", "*.feature"))
	for _, f := range features {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		got, err := gherkin.Parse(f, bytes.NewReader(text))
		if err != nil {
			return err
		}
		for _, sc := range got {
			if err := s.replace(f, sc.Experiment); err != nil {
				return err
			}
		}
	}
	edited, _ := filepath.Glob(filepath.Join(s.folder(), "profiles", profileFolder(s.profile), "*.yaml"))
	for _, f := range edited {
		text, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		x, err := profile.Parse(f, text)
		if err != nil {
			return err
		}
		if err := s.replace(f, x); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) replace(file string, x plumbline.Experiment) error {
	if err := s.known(file, x); err != nil {
		return err
	}
	i := slices.IndexFunc(s.plan.Experiments, func(o plumbline.Experiment) bool { return o.ID == x.ID })
	x.Claims = s.claims(x)
	if i >= 0 {
		s.plan.Experiments[i] = x
		return nil
	}
	if len(s.only) > 0 && len(x.Claims) == 0 {
		return nil
	}
	// A user's own experiment runs before the checks that end the run.
	at := slices.IndexFunc(s.plan.Experiments, func(o plumbline.Experiment) bool {
		return o.Kind == plumbline.KindHarness && strings.Contains(o.ID, "after") || strings.Contains(o.ID, "teardown")
	})
	if at < 0 {
		at = len(s.plan.Experiments)
	}
	s.plan.Experiments = slices.Insert(s.plan.Experiments, at, x)
	return nil
}

// claims keeps those that the plan knows; a claim that was left out with
// --only is no mistake.
func (s *session) claims(x plumbline.Experiment) []string {
	return slices.DeleteFunc(slices.Clone(x.Claims), func(id string) bool {
		return !slices.ContainsFunc(s.plan.Claims, func(c plumbline.Claim) bool { return c.ID == id })
	})
}

// known checks that an edited experiment speaks of operations and
// dependencies that exist, and gives the steps of its flows what they leave
// out.
func (s *session) known(file string, x plumbline.Experiment) error {
	for _, p := range x.Phases {
		for i, st := range p.Streams {
			if plumbline.IsFlow(st.Operation) {
				if err := s.flowing(&p.Streams[i]); err != nil {
					return fmt.Errorf("%s: %s: stream %q: %w", file, x.ID, st.Name, err)
				}
				continue
			}
			if _, ok := s.design.Operation(st.Operation); !ok {
				return fmt.Errorf("%s: %s: stream %q: no operation is called %q", file, x.ID, st.Name, st.Operation)
			}
		}
		for _, c := range p.Calls {
			if _, ok := s.design.Operation(c.Operation); !ok {
				return fmt.Errorf("%s: %s: call %q: no operation is called %q", file, x.ID, c.Name, c.Operation)
			}
		}
		for _, f := range p.Faults {
			if _, ok := s.design.Dependency(f.Dependency); !ok && !f.Kind.OfDeployment() {
				return fmt.Errorf("%s: %s: no dependency is called %q", file, x.ID, f.Dependency)
			}
		}
	}
	if err := gherkin.Complete(s.design, x); err != nil {
		return fmt.Errorf("%s: %s: %w", file, x.ID, err)
	}
	return nil
}

// trim leaves out load and scenarios that do not fit into the budget, in the
// order of the plan, and books their claims as skipped.
func (s *session) trim() {
	if s.budget == 0 {
		return
	}
	left := s.budget
	dropped := map[string]bool{}
	kept := s.plan.Experiments[:0:0]
	for _, x := range s.plan.Experiments {
		d := length(s.design, x)
		if d > left && (x.Kind == plumbline.KindScenario || x.Kind == plumbline.KindLoad) {
			dropped[x.ID] = true
			continue
		}
		left -= d
		kept = append(kept, x)
	}
	s.plan.Experiments = kept
	s.plan.Claims = slices.DeleteFunc(s.plan.Claims, func(c plumbline.Claim) bool {
		lost := slices.ContainsFunc(c.Experiments, func(id string) bool { return dropped[id] })
		if lost {
			s.plan.Skips = append(s.plan.Skips, plumbline.Skip{
				Function: c.Function, Subject: strings.TrimPrefix(c.ID, c.Function+"/"), Reason: plumbline.ReasonNotSelected,
				Detail: "its experiment does not fit into the budget of " + s.budget.String(), Unlock: "--budget",
			})
		}
		return lost
	})
}
