package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Replay proposes the experiments that make one failure of a stored run once
// more. The claim is named by its ID; an error says why it cannot be replayed.
func Replay(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence, claim string) ([]plumbline.Experiment, error) {
	c, f, err := claimNamed(p, fns, claim)
	if err != nil {
		return nil, err
	}
	v := judged(f, d, c, withoutRepetitions(e))
	if v.Outcome != plumbline.Fail {
		return nil, fmt.Errorf("%s is no failure of that run: %s (%s)", claim, v.Outcome, v.Statement)
	}
	if c.Function == sloAtTarget {
		return sliceOf(d, p, c, e)
	}
	out := addRepetition(nil, p, c, v, 1)
	if len(out) == 0 {
		return nil, fmt.Errorf("%s does not rest on single requests: plumbline run --only %s repeats it", claim, f.ID)
	}
	return out, nil
}

// WithReplay is the evidence of a stored run with what its replay has shown in
// the place of its own repetitions and, where a slice of it was sent again, of its
// load.
func WithReplay(stored, replay *plumbline.Evidence) *plumbline.Evidence {
	both := *withoutRepetitions(stored)
	sent := slices.ContainsFunc(replay.Phases, func(m plumbline.PhaseMark) bool { return m.Experiment == loadTarget })
	if sent {
		both.Series = slices.DeleteFunc(slices.Clone(both.Series), func(x plumbline.Series) bool { return x.Experiment == loadTarget })
		both.Flows = slices.DeleteFunc(slices.Clone(both.Flows), func(x plumbline.Series) bool { return x.Experiment == loadTarget })
		both.Health = slices.DeleteFunc(slices.Clone(both.Health), func(h plumbline.Health) bool { return h.Experiment == loadTarget })
		both.Observations = slices.DeleteFunc(slices.Clone(both.Observations), func(o plumbline.Observation) bool { return o.Experiment == loadTarget })
		both.Phases = slices.DeleteFunc(slices.Clone(both.Phases), func(m plumbline.PhaseMark) bool { return m.Experiment == loadTarget })
		both.Phases = slices.Concat(both.Phases, replay.Phases)
		both.Series, both.Health = slices.Concat(both.Series, replay.Series), slices.Concat(both.Health, replay.Health)
		both.Flows = slices.Concat(both.Flows, replay.Flows)
	}
	both.Observations = slices.Concat(both.Observations, replay.Observations)
	both.Walked = slices.Concat(both.Walked, replay.Walked)
	return &both
}

// Replayed judges a claim on what its replay has shown, see WithReplay: on the
// requests that were made again or, for an objective, on the slice of the load
// that was sent again.
func Replayed(d plumbline.Design, p plumbline.Plan, fns []plumbline.Function, e *plumbline.Evidence, claim string) plumbline.Verdict {
	c, f, err := claimNamed(p, fns, claim)
	if err != nil {
		return broken("%v", err)
	}
	if c.Function == sloAtTarget {
		return judgeSlice(f, d, c, e)
	}
	r, ok := repetition(c, e, judged(f, d, c, withoutRepetitions(e)), 1)
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "nothing was replayed")
	}
	return judged(f, d, c, r)
}

func claimNamed(p plumbline.Plan, fns []plumbline.Function, id string) (plumbline.Claim, plumbline.Function, error) {
	i := slices.IndexFunc(p.Claims, func(c plumbline.Claim) bool { return c.ID == id })
	if i < 0 {
		var near []string
		for _, c := range p.Claims {
			if strings.Contains(c.ID, id) && len(near) < 5 {
				near = append(near, c.ID)
			}
		}
		hint := ""
		if len(near) > 0 {
			hint = "; there are " + strings.Join(near, ", ")
		}
		return plumbline.Claim{}, plumbline.Function{}, fmt.Errorf("that run has no claim %q%s", id, hint)
	}
	f, ok := functionsByID(fns)[p.Claims[i].Function]
	if !ok {
		return p.Claims[i], f, fmt.Errorf("the catalogue has no function %s", p.Claims[i].Function)
	}
	return p.Claims[i], f, nil
}
