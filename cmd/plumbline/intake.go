package main

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/declaration"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
	"github.com/plumbline-dev/plumbline/contracts/sample"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// intakeOptions are the flags that say what the document is read with.
type intakeOptions struct {
	overlays []string
	hars     []string
	base     string
	arazzo   []string
	packs    []string
	least    []string
	gates    []string
}

func (o *intakeOptions) bindIntake(f *pflag.FlagSet) {
	f.StringArrayVar(&o.overlays, "overlay", nil, "OpenAPI overlay that is applied to the document before it is read; may be repeated")
	f.StringArrayVar(&o.arazzo, "arazzo", nil, "Arazzo file with flows that have to hold, beside those of plumbline.yaml; may be repeated")
	f.StringSliceVar(&o.packs, "packs", nil, "send hostile values as well, which a service must survive: "+strings.Join(sample.Packs(), ", "))
	f.StringArrayVar(&o.hars, "har", nil, "recorded traffic of the API (HTTP Archive 1.2): values for cases, the mix of the load, and a pact of what was used; may be repeated")
	f.StringSliceVar(&o.least, "min-coverage", nil, "how much of the document a run has to prove to pass: operations=90%, and statuses, constraints, fields; beats coverage of plumbline.yaml")
	f.StringSliceVar(&o.gates, "gate", nil, "functions or groups whose failures gate although they only warn or advise by themselves: contract/no-drift; beside gates of plumbline.yaml")
	f.StringVar(&o.base, "base", "", "the released document that this one must not break: a file, a URL, or git:REV[:PATH]")
}

// packed are the packs of plumbline.yaml and of the flags.
func (s *session) packed() ([]string, error) {
	for i, p := range s.declared.Packs {
		if !slices.Contains(sample.Packs(), p) {
			return nil, s.declared.Wrong("CFG004", fmt.Sprintf("$.packs[%d]", i), "known are "+strings.Join(sample.Packs(), ", "), fmt.Errorf("%q is not a known value", p))
		}
	}
	for _, p := range s.packs {
		if !slices.Contains(sample.Packs(), p) {
			return nil, notOneOf("--packs", p, sample.Packs())
		}
	}
	all := slices.Concat(s.declared.Packs, s.packs)
	slices.Sort(all)
	return slices.Compact(all), nil
}

// covered takes the minimum of the flags over, beside what plumbline.yaml says.
func (s *session) covered() error {
	var errs []error
	for _, text := range s.least {
		kind, least, ok := strings.Cut(text, "=")
		if !ok {
			kind, least = "operations", text
		}
		errs = append(errs, flagError("--min-coverage", text, declaration.Cover(&s.design.Coverage, kind, least)))
	}
	return errors.Join(errs...)
}

// gating takes over what gates whatever its level.
func (s *session) gating() error {
	all := scenarios.Functions()
	known := func(want string) bool {
		return slices.ContainsFunc(all, func(f plumbline.Function) bool { return f.ID == want || strings.HasPrefix(f.ID, want+"/") })
	}
	for i, want := range s.declared.Gates {
		if !known(want) {
			return s.declared.Wrong("CFG004", fmt.Sprintf("$.gates[%d]", i), "`plumbline functions` lists them", fmt.Errorf("there is no group or function %q", want))
		}
	}
	for _, want := range s.gates {
		if !known(want) {
			return unknownFunction("--gate", want, all)
		}
	}
	s.design.Gates = slices.Concat(s.declared.Gates, s.gates)
	return nil
}

func flagError(flag, value string, err error) error {
	if err == nil {
		return nil
	}
	return wrongFlag(flag, value, "write operations=90%, statuses=50%, constraints=80% or fields=60%", "%v", err)
}

// readOverlays reads the overlays of plumbline.yaml, then those of the flags.
func (s *session) readOverlays() ([]*overlay.Overlay, error) {
	var out []*overlay.Overlay
	for _, name := range append(s.declared.Intake.Overlays, s.overlays...) {
		o, err := overlay.Load(name)
		if err != nil {
			return nil, besides("DOC305", "OpenAPI overlays are described at https://spec.openapis.org/overlay", err)
		}
		out = append(out, o)
	}
	return out, nil
}

// extended is the document that the first overlay is written for, to be read
// where no other is named.
func extended(overlays []*overlay.Overlay) string {
	if len(overlays) == 0 || overlays[0].Extends == "" || strings.Contains(overlays[0].Extends, "://") {
		return ""
	}
	return filepath.Join(filepath.Dir(overlays[0].File), overlays[0].Extends)
}

// amend applies overlays to the tree of a document, in order.
func amend(file string, overlays []*overlay.Overlay) func(map[string]any) []string {
	if len(overlays) == 0 {
		return nil
	}
	return func(tree map[string]any) (notices []string) {
		for _, o := range overlays {
			if base := path.Base(filepath.ToSlash(o.Extends)); o.Extends != "" && base != path.Base(filepath.ToSlash(file)) {
				notices = append(notices, fmt.Sprintf("overlay %s is written for %s and is applied to %s", o.File, o.Extends, file))
			}
			notices = append(notices, o.Apply(tree)...)
		}
		return notices
	}
}

// While a document is read, garbage is collected when it is intakeGarbage per
// cent of what lives, or more often once both take intakeMemory: GitHub's REST
// document needs half of that to live.
const (
	intakeMemory  = 512 << 20
	intakeGarbage = 400
)

// frugal holds the heap down while documents are read, plans are drawn and
// contracts are written, of which most is garbage, and returns the func that ends it: a run must not
// collect more often than it has to.
func frugal() (end func()) {
	before := debug.SetMemoryLimit(-1)
	if before <= intakeMemory {
		return func() {}
	}
	debug.SetMemoryLimit(intakeMemory)
	percent := debug.SetGCPercent(intakeGarbage)
	return func() {
		debug.SetMemoryLimit(before)
		debug.SetGCPercent(percent)
	}
}
