package runners

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// describe says in a line what a phase does.
func describe(p plumbline.Phase) string {
	var parts []string
	for _, f := range p.Faults {
		parts = append(parts, named(f))
	}
	if len(p.Streams) > 0 {
		rate := 0.0
		for _, s := range p.Streams {
			if len(s.Stages) > 0 {
				rate += max(s.Stages[0].From, s.Stages[len(s.Stages)-1].To) * float64(s.PerHit())
			}
		}
		parts = append(parts, fmt.Sprintf("%.4g requests/s for %s", rate, p.Duration))
	}
	if n := calls(p); n > 0 {
		parts = append(parts, fmt.Sprintf("%d calls", n))
	}
	if n := len(p.Flows); n > 0 {
		parts = append(parts, fmt.Sprintf("%d flows", n))
	}
	if n := len(p.Learn); n > 0 {
		parts = append(parts, fmt.Sprintf("%d operations are taught", n))
	}
	if len(p.Pacts) > 0 {
		parts = append(parts, fmt.Sprintf("%d pact files", len(p.Pacts)))
	}
	if len(p.Checks) > 0 {
		parts = append(parts, "self-checks "+strings.Join(p.Checks, ", "))
	}
	return strings.Join(parts, "; ")
}

// named says which fault one is.
func named(f plumbline.Fault) string {
	s := strings.TrimSpace(f.Dependency + " " + string(f.Kind))
	if f.Status != 0 {
		s += fmt.Sprintf(" %d", f.Status)
	}
	return s
}

func calls(p plumbline.Phase) int {
	n := 0
	for _, c := range p.Calls {
		n += max(c.Repeat, 1)
	}
	return n
}
