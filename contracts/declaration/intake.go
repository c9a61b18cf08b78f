package declaration

import (
	"fmt"
	"strings"
)

// Intake is what the document is read with, and held against.
type Intake struct {
	Overlays []string  // files, in the order in which they are applied
	Base     string    // the released document: a file, a URL, or git:REV[:PATH]
	Allowed  []Allowed // changes since then that are meant to be
	HAR      []string  // archives of recorded traffic
	Served   string    // path at which the target serves its document; empty when not declared
}

// Allowed is a breaking change that somebody has decided on.
type Allowed struct {
	Change string // ID of a rule, or part of the text of the change
	Reason string
}

type allowedFile struct {
	Change string `yaml:"change"`
	Reason string `yaml:"reason"`
}

func (b *builder) intake() {
	f, out := b.file, &b.out.Intake
	for _, p := range f.Overlays {
		out.Overlays = append(out.Overlays, b.path(p))
	}
	out.HAR = b.found("$.har", f.HAR)
	out.Base = f.Base
	if !strings.HasPrefix(f.Base, "git:") {
		out.Base = b.path(f.Base)
	}
	for i, a := range f.Allowed {
		if strings.TrimSpace(a.Change) == "" || strings.TrimSpace(a.Reason) == "" {
			b.wrong("CFG004", fmt.Sprintf("$.allowed_breaking[%d]", i), "write {change: response-property-removed, reason: why it may be}", "an allowed change says change and reason")
		}
		out.Allowed = append(out.Allowed, Allowed(a))
	}
	if out.Served = f.Served; f.Served != "" && !strings.HasPrefix(f.Served, "/") {
		b.wrong("CFG004", "$.served", "write /openapi.json", "%q is not a path of the target", f.Served)
	}
}
