package scenarios

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// severityOf is the severity that is declared for a claim: that of its
// objective, else that of the longest name that meets it.
func severityOf(d plumbline.Design, c plumbline.Claim) plumbline.Severity {
	if o, ok := promiseOf(d, c); ok && o.Severity != "" {
		return o.Severity
	}
	longest, out := -1, plumbline.SeverityGate
	for _, w := range d.Severities {
		if len(w.Claims) > longest && meets(w.Claims, c.Function, c.ID) {
			longest, out = len(w.Claims), w.Severity
		}
	}
	return out
}

// meets tells whether a name is that of a group, a function or a claim, or a
// pattern that the function matches.
func meets(name, function, claim string) bool {
	if claim == name || strings.HasPrefix(claim, name+"/") {
		return true
	}
	ok, err := path.Match(name, function)
	return ok && err == nil
}

// soften takes the gate from a finding that is not kept and whose severity is
// not to fail the run. What is kept stays kept, and counts.
func soften(f *plumbline.Finding, s plumbline.Severity) {
	if s == plumbline.SeverityGate || s == "" {
		return
	}
	f.Severity = s
	if f.Outcome != plumbline.Pass {
		f.Gates = false
	}
}

// mildness orders severities: what fails the run is first.
func mildness(f plumbline.Finding) int {
	return slices.Index([]plumbline.Severity{"", plumbline.SeverityWarn, plumbline.SeverityInfo}, f.Severity)
}

// severityNotes tell of severities that meet no claim of the run.
func severityNotes(d plumbline.Design, p plumbline.Plan) []string {
	var out []string
	for _, w := range d.Severities {
		if !slices.ContainsFunc(p.Claims, func(c plumbline.Claim) bool { return meets(w.Claims, c.Function, c.ID) }) {
			out = append(out, fmt.Sprintf("the severity %s of %s is that of no claim of this run", w.Severity, w.Claims))
		}
	}
	return out
}

// Known tells whether a name can meet claims of the catalogue: it is a group, a
// function or a claim of one, or a pattern that functions match.
func Known(name string) bool {
	for id := range catalogue {
		if meets(name, id, id) || strings.HasPrefix(name, id+"/") {
			return true
		}
	}
	return false
}
