package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// waivers are the excuses of a design on the day of a run.
type waivers struct {
	all []plumbline.Waiver
	day string
}

func waiversOf(d plumbline.Design, e *plumbline.Evidence) waivers {
	return waivers{all: d.Waivers, day: e.Run.Began.UTC().Format(time.DateOnly)}
}

// holds says whether a waiver still excuses on the day of the run; its last
// day is one of its days.
func (w waivers) holds(x plumbline.Waiver) bool { return x.Until != "" && w.day <= x.Until }

// covers says whether a waiver is meant for a claim: for it alone, or for all
// claims of a function.
func covers(x plumbline.Waiver, claim string) bool {
	return x.Claim != "" && (claim == x.Claim || strings.HasPrefix(claim, x.Claim+"/"))
}

// apply excuses a failure. Nothing else can be waived: what was not proved is
// not made proved by a date.
func (w waivers) apply(c plumbline.Claim, v plumbline.Verdict) plumbline.Verdict {
	if v.Outcome != plumbline.Fail {
		return v
	}
	if x := w.of(c.ID); x != nil && w.holds(*x) {
		v.Outcome = plumbline.Waived
		v.Statement = fmt.Sprintf("%s (waived until %s%s: %s)", v.Statement, x.Until, byOwner(*x), x.Reason)
	}
	return v
}

func byOwner(x plumbline.Waiver) string {
	if x.Owner == "" {
		return ""
	}
	return " by " + x.Owner
}

// of is the waiver that is meant for a claim: one that still holds before one
// that has run out.
func (w waivers) of(claim string) *plumbline.Waiver {
	var found *plumbline.Waiver
	for i, x := range w.all {
		if covers(x, claim) && (found == nil || !w.holds(*found) && w.holds(x)) {
			found = &w.all[i]
		}
	}
	return found
}

// notes tells of waivers that have run out or excuse nothing: both want to be
// removed.
func (w waivers) notes(p plumbline.Plan, findings []plumbline.Finding) []string {
	var out []string
	for _, x := range w.all {
		claimed, used := false, false
		for _, c := range p.Claims {
			claimed = claimed || covers(x, c.ID)
		}
		for _, f := range findings {
			used = used || (covers(x, f.Claim) && (f.Outcome == plumbline.Waived || f.Outcome == plumbline.Fail))
		}
		switch {
		case !w.holds(x):
			out = append(out, fmt.Sprintf("the waiver for %s has run out (%s)", x.Claim, x.Until))
		case !claimed:
			out = append(out, fmt.Sprintf("the waiver for %s excuses no claim of this run", x.Claim))
		case !used:
			out = append(out, fmt.Sprintf("the waiver for %s excuses nothing any more: the claim does not fail", x.Claim))
		}
	}
	return out
}
