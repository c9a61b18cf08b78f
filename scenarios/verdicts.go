package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

// A figure is what a verdict compares: measured against allowed.
type figure struct {
	measured, allowed float64
	unit              string
	samples           int
}

// pass is the verdict that the claim is kept. The statement says what was
// observed, with its numbers.
func pass(f figure, statement string, args ...any) plumbline.Verdict {
	return f.verdict(plumbline.Pass, fmt.Sprintf(statement, args...))
}

// fail is the verdict that the claim is broken.
func fail(f figure, statement string, args ...any) plumbline.Verdict {
	return f.verdict(plumbline.Fail, fmt.Sprintf(statement, args...))
}

// inconclusive is the verdict that the evidence does not carry one.
func inconclusive(r plumbline.Reason, statement string, args ...any) plumbline.Verdict {
	return plumbline.Verdict{Outcome: plumbline.Inconclusive, Reason: r, Statement: fmt.Sprintf(statement, args...)}
}

// between is the verdict with the interval of what was measured, in its unit;
// the confidence is that of each bound by itself.
func between(v plumbline.Verdict, low, high, confidence float64) plumbline.Verdict {
	v.Interval = &plumbline.Interval{Low: low, High: high, Confidence: confidence}
	return v
}

// floor is a judge of which what is allowed is the least that is wanted.
func floor(judge func(plumbline.Design, plumbline.Claim, *plumbline.Evidence) plumbline.Verdict) func(plumbline.Design, plumbline.Claim, *plumbline.Evidence) plumbline.Verdict {
	return func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
		v := judge(d, c, e)
		v.Floor = v.Unit != ""
		return v
	}
}

func (f figure) verdict(o plumbline.Outcome, statement string) plumbline.Verdict {
	return plumbline.Verdict{
		Outcome: o, Statement: statement,
		Measured: f.measured, Allowed: f.allowed, Unit: f.unit, Samples: f.samples,
	}
}

// unplanned is the proposal to judge nothing by a function, and why.
func unplanned(function string, why plumbline.Reason, detail, unlock string) plumbline.Proposal {
	return plumbline.Proposal{Skips: []plumbline.Skip{{Function: function, Reason: why, Detail: detail, Unlock: unlock}}}
}

// skipped is the verdict that there turned out to be nothing to judge.
func skipped(r plumbline.Reason, statement string, args ...any) plumbline.Verdict {
	return plumbline.Verdict{Outcome: plumbline.Skipped, Reason: r, Statement: fmt.Sprintf(statement, args...)}
}

// broken is the verdict that the harness itself has failed.
func broken(statement string, args ...any) plumbline.Verdict {
	return plumbline.Verdict{Outcome: plumbline.Error, Statement: fmt.Sprintf(statement, args...)}
}
