package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	flowsHold     = "contract/flows-hold"
	contractFlows = "contract/flows"

	// criterionPrefix begins the names of comparisons with a stated criterion.
	criterionPrefix = "criterion:"
)

func init() {
	register(plumbline.Function{
		ID:    flowsHold,
		Title: "The flows that somebody has stated hold",
		Doc: `Method: every flow that is stated, as in an Arazzo file, is made before all other calls, one after the other in their order and step by step; what a step needs of an earlier one is taken out of its answer.
Criterion: the answer to every step meets every criterion that the flow states for it, or is 2xx where it states none.
Guard: a step that was not sent, because a value could not be had or because it would change what the run did not create, proves nothing, and neither does one that was not answered at all. A flow that waits for others is judged only where those hold. A failure counts when the whole flow fails again from its start.`,
		Standard: "Arazzo Specification 1.0.1",
		Mutants:  []string{"update-is-lost"},
		Order:    17,
		Repeats:  true,
		Plan:     planFlows,
		Judge:    judgeFlows,
	})
}

func planFlows(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	if len(d.Flows) == 0 {
		p.Skips = []plumbline.Skip{{Function: flowsHold, Reason: plumbline.ReasonNotDeclared, Detail: "no flow is stated", Unlock: "flows: with Arazzo files (or --arazzo)"}}
		return p
	}
	for _, f := range d.Flows {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: flowsHold + "/" + f.Name, Function: flowsHold, Operation: f.Steps[0].Operation, Basis: plumbline.BasisDeclared, Source: f.Source,
			Statement: "the flow " + f.Name + " meets what it states", Experiments: []string{contractFlows},
		})
	}
	p.Experiments = []plumbline.Experiment{{
		ID: contractFlows, Title: "stated flows are made", Kind: plumbline.KindContract,
		Phases: []plumbline.Phase{{Name: "flows", Role: plumbline.RoleProbe, Flows: d.Flows}},
	}}
	return p
}

func judgeFlows(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	i := slices.IndexFunc(d.Flows, func(f plumbline.Flow) bool { return f.Name == strings.TrimPrefix(c.ID, flowsHold+"/") })
	if i < 0 {
		return broken("the design has no flow %s", strings.TrimPrefix(c.ID, flowsHold+"/"))
	}
	f := d.Flows[i]
	for _, before := range f.After {
		if o, step := stumbled(d, before, e); step != "" {
			return inconclusive(plumbline.ReasonNoPositiveControl, "the flow %s, which comes before it, does not hold: %s was answered %s", before, step, answer(o))
		}
	}
	x := flownOf(e, contractFlows, f.Name)
	checks := 0
	for _, s := range f.Steps {
		o, made := x.made(s.Name)
		if !made {
			return inconclusive(plumbline.ReasonIncomplete, "the step %s shows nothing: %s", s.Name, x.told(s.Name))
		}
		broke := unmet(o)
		checks += criteriaOf(o)
		if len(broke) > 0 {
			v := accuse(e, checks, "criteria", []wrongdoing{x.wrong(plumbline.LevelProved, s.Name+": "+strings.Join(broke, "; "), "flow "+f.Name+" "+s.Name, o)})
			v.Remedy = "make the service keep the flow, or change what the flow states"
			return v
		}
	}
	if checks == 0 {
		return inconclusive(plumbline.ReasonIncomplete, "no criterion was held against any answer")
	}
	return pass(figure{0, 0, "criteria", checks}, "%s, and what they state is met (%s)", plural(len(f.Steps), "step"), plural(checks, "check"))
}

// stumbled is the first step of a flow that was not made, or does not meet what
// the flow states; its name is empty when there is none.
func stumbled(d plumbline.Design, name string, e *plumbline.Evidence) (plumbline.Observation, string) {
	i := slices.IndexFunc(d.Flows, func(f plumbline.Flow) bool { return f.Name == name })
	if i < 0 {
		return plumbline.Observation{}, ""
	}
	x := flownOf(e, contractFlows, name)
	for _, s := range d.Flows[i].Steps {
		if o, made := x.made(s.Name); !made || len(unmet(o)) > 0 {
			return x.steps[s.Name], s.Name
		}
	}
	return plumbline.Observation{}, ""
}

// unmet are the criteria that an answer does not meet, in words.
func unmet(o plumbline.Observation) []string {
	var out []string
	for _, m := range o.Matches {
		text, ok := strings.CutPrefix(m.With, criterionPrefix)
		if !ok || len(m.Marks) == 0 {
			continue
		}
		if m.Marks[0].Message != "" {
			text += " is not so: " + m.Marks[0].Message
		}
		out = append(out, text)
	}
	return out
}

func criteriaOf(o plumbline.Observation) int {
	n := 0
	for _, m := range o.Matches {
		if strings.HasPrefix(m.With, criterionPrefix) {
			n++
		}
	}
	return n
}
