package scenarios

import (
	"fmt"

	"github.com/plumbline-dev/plumbline"
)

// capacityOf is the answer of the search for capacity; nil when there was none.
func capacityOf(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) *plumbline.Capacity {
	if _, planned := p.Experiment(loadCapacity); !planned {
		return nil
	}
	c, ok := climbOf(d, e)
	if !ok {
		return nil
	}
	return c.answer(e)
}

// answer puts the steps together.
func (c *climb) answer(e *plumbline.Evidence) *plumbline.Capacity {
	_, unfinished := c.next(e.Ended)
	low, high := c.bounds()
	a := &plumbline.Capacity{Outcome: plumbline.Pass, Peak: c.d.Load.Peak, Steps: c.steps()}
	if low != nil {
		a.Kept = round(low.offered())
	}
	if high != nil {
		a.Broken = round(max(high.offered(), a.Kept))
		for _, r := range high.rungs {
			if a.Objective == "" || r.verdict == plumbline.StepBroken {
				a.Objective, a.Operation = r.objective, r.operation
			}
		}
	}
	if a.Peak > 0 {
		a.Headroom = round(a.Kept / a.Peak)
	}
	a.Reason, a.Remedy = c.reason, c.remedy
	if unfinished {
		a.Reason, c.why, a.Remedy = plumbline.ReasonIncomplete, "the search did not come to its end", "let it run longer"
	}
	if a.Reason != "" {
		a.Outcome = plumbline.Inconclusive
	}
	if a.Reason == plumbline.ReasonGeneratorSaturated {
		a.Broken = 0
		a.Objective, a.Operation = "", ""
	}
	a.Sentence = c.sentence(a)
	a.Scaling = scalingOf(c.rungs, e.Run.Seed)
	return a
}

func (c *climb) sentence(a *plumbline.Capacity) string {
	var s string
	switch {
	case a.Kept == 0 && a.Broken > 0:
		s = fmt.Sprintf("no rate that was tried keeps every objective; %.4g requests a second break %s", a.Broken, a.Objective)
	case a.Kept == 0:
		s = "no rate was found that keeps every objective"
	case a.Broken == 0:
		s = fmt.Sprintf("at least %.4g requests a second keep every objective", a.Kept)
	default:
		s = fmt.Sprintf("between %.4g requests a second, which keep every objective, and %.4g, which break %s", a.Kept, a.Broken, a.Objective)
	}
	if a.Operation != "" {
		s += " (most at " + a.Operation + ")"
	}
	if a.Headroom > 0 {
		s += fmt.Sprintf("; %.3g times the promised peak of %.4g", a.Headroom, a.Peak)
	}
	if a.Outcome == plumbline.Inconclusive {
		s += "; not decided further: " + c.why
	}
	return s
}

// steps are the rungs as the report shows them.
func (c *climb) steps() []plumbline.CapacityStep {
	kinds := map[string]string{phaseHold: "step", phaseLonger: "step", phaseConfirm: "confirm", phaseCool: "cool-down"}
	var out []plumbline.CapacityStep
	for _, r := range c.rungs {
		out = append(out, plumbline.CapacityStep{
			Kind: kinds[r.phase], Rate: round(r.rate), Offered: round(r.offered), Goodput: round(r.goodput), Verdict: r.verdict, Why: r.why,
			Objective: r.objective, Operation: r.operation, Seconds: round(r.seconds), Requests: r.requests,
			P50: milliseconds(r.p50), P99: milliseconds(r.p99),
		})
	}
	return out
}

// round keeps three digits behind the point.
func round(x float64) float64 { return rate(float64(int64(x*1000+0.5)) / 1000) }
