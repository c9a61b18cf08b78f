package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// What the harness knows about itself must not take a right verdict away: a
// good service is fit, and each defect makes it unfit.
func TestVerdictsSurviveTheSelfChecksOfTheHarness(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		defect defect
		want   plumbline.Overall
		by     string
	}{
		{noDefect, plumbline.Fit, ""},
		{"no-timeout", plumbline.Unfit, timeoutBoundsHang},
		{"breaker-never-closes", plumbline.Unfit, breakerCloses},
		{"no-recovery-latch", plumbline.Unfit, recoversAfterOutage},
		{"dependency-error-is-500", plumbline.Unfit, criticalFailsClean},
		{nullTarget, plumbline.NotProven, ""},
	} {
		d := stocked()
		fns := resilience()
		for _, f := range Functions() {
			if f.Informs {
				fns = append(fns, f)
			}
		}
		p, err := Draw(d, fns, 7)
		if err != nil {
			t.Fatal(err)
		}
		e := simulate(d, p, c.defect, 3, false)
		for _, name := range []string{checkProxy, checkPassThrough} {
			e.Checks = append(e.Checks, plumbline.Check{Name: name, OK: true})
		}
		r := Judge(d, p, fns, e)
		if r.Outcome != c.want {
			t.Errorf("%s: %s, exit %d: %s", c.defect, r.Outcome, r.ExitCode, r.Sentence)
		}
		named := c.by == ""
		for i, f := range r.Findings {
			named = named || (i < 2 && f.Outcome == plumbline.Fail && f.Function == c.by)
			if f.Gates && f.Outcome == plumbline.Pass && c.defect == nullTarget {
				t.Errorf("a null target passes %s: %s", f.Claim, f.Reason)
			}
			if c.defect == noDefect && f.Gates && f.Outcome != plumbline.Pass {
				t.Errorf("a good service: %s: %s %s", f.Claim, f.Outcome, f.Reason)
			}
		}
		if !named {
			t.Errorf("%s: neither the first nor the second failure is of %s: %s", c.defect, c.by, r.Sentence)
		}
	}
}
