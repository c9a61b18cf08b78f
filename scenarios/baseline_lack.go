package scenarios

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// noBaseline says why latencies were held against no earlier runs though a
// history was given; empty when they were.
func noBaseline(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) string {
	if !d.History {
		return ""
	}
	claimed, lacking := 0, []string{}
	for _, c := range p.Claims {
		if c.Function != loadRegression {
			continue
		}
		if claimed++; len(nightsOf(e, c.Operation)) < nightsLeast {
			lacking = append(lacking, c.Operation)
		}
	}
	switch {
	case claimed == 0:
		return otherLoad(p)
	case len(lacking) == 0:
		return ""
	case len(lacking) < claimed:
		return fmt.Sprintf("No baseline yet for %s: fewer than %d good runs on a machine of this kind had them in their load.", first(lacking, 3), nightsLeast)
	}
	return "No baseline yet: latencies were held against no earlier run, for " + whyNoNights(e.Nights, e.Run.Host) + "."
}

// otherLoad says that what was sent cannot be held against earlier runs.
func otherLoad(p plumbline.Plan) string {
	for _, s := range p.Skips {
		if s.Function == loadRegression && s.Reason == plumbline.ReasonNotApplicable {
			return "No baseline: latencies were held against no earlier run, for " + s.Detail + "."
		}
	}
	return ""
}

func whyNoNights(n *plumbline.Nights, host string) string {
	switch {
	case n == nil:
		return fmt.Sprintf("fewer than %d good runs are known", nightsLeast)
	case n.Runs == 0:
		return "this is the first run of the history"
	case n.Good == 0:
		return fmt.Sprintf("none of the %s before it was good, and it takes %d", plural(n.Runs, "run"), nightsLeast)
	case n.Alike < n.Good:
		return strings.TrimSpace(fmt.Sprintf("of the %s before it %d ran on a machine of this kind", plural(n.Good, "good run"), n.Alike)+" "+bracketed(host)) + fmt.Sprintf(", and it takes %d", nightsLeast)
	case n.Alike < nightsLeast:
		return fmt.Sprintf("the history holds %d of the %d good runs that it takes", n.Alike, nightsLeast)
	}
	return fmt.Sprintf("fewer than %d of the %s before it had these operations in their load", nightsLeast, plural(n.Alike, "good run"))
}

func bracketed(s string) string {
	if s == "" {
		return ""
	}
	return "(" + s + ")"
}
