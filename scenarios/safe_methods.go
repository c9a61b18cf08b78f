package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const safeMethods = "contract/safe-methods"

// mostTried bounds the operations that are tried on one kind of resource.
const mostTried = 6

func init() {
	register(plumbline.Function{
		ID:    safeMethods,
		Title: "What reads changes nothing",
		Doc: `Method: two resources are made for every GET below a resource, or that takes its identifier, and read again and again; in between the GET is sent to each, to the second one reading later than to the first.
Criterion: no value of the resource differs after the GET on both that does not also differ between two readings without it, and neither resource is gone.
Guard: a GET that is declared or called so that it changes data is not sent. What moves by the clock or by being read does so without the GET as well, and does not count; nor do counts of visits, times of access and the like, for which the caller is not accountable. A change is likely a defect and warns; whether it was, the owner knows. What was seen to change data is not sent under load later in the run.`,
		Standard: "RFC 9110 §9.2.1",
		Mutants:  []string{"invoice-changes-order"},
		Order:    26,
		Repeats:  true,
		Plan:     planSafe,
		Judge:    judgeSafe,
	})
}

func planSafe(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "reading", Role: plumbline.RoleProbe}
	claimed := map[string]bool{}
	for _, f := range livable(d) {
		l := life{d, f}
		for _, o := range l.readers() {
			flow, ok := l.trial(o)
			if !ok || claimed[o.ID] {
				continue
			}
			claimed[o.ID] = true
			ph.Flows = append(ph.Flows, flow)
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: safeMethods + "/" + o.ID, Function: safeMethods, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
				Statement: o.ID + " changes nothing of " + f.Name, Experiments: []string{contractSafe},
			})
		}
	}
	if len(ph.Flows) == 0 {
		return unlivable(safeMethods)
	}
	p.Experiments = []plumbline.Experiment{{ID: contractSafe, Title: "what reads is tried for changing something", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

// readers are the operations with the method GET that read below a member of
// the family, or take its identifier elsewhere.
func (l life) readers() []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range l.d.Operations {
		if o.Method != "GET" || !o.Safe() || len(o.Cases) == 0 || o.ID == l.f.Read || !callable(l.d, o) {
			continue
		}
		below := l.f.Item != "" && strings.HasPrefix(o.Path, l.f.Item+"/") && strings.Count(o.Path, "{") == strings.Count(l.f.Item, "{")
		if (below || l.takes(o.Cases[0]) >= 0) && len(out) < mostTried {
			out = append(out, o)
		}
	}
	return out
}

// takes is the place of a case, outside of the path, that takes the identifier
// of a member; negative when there is none.
func (l life) takes(c plumbline.Case) int {
	return slices.IndexFunc(c.Binds, func(b plumbline.Bind) bool {
		return b.In != "path" && b.From == l.f.Create && b.Pointer == l.f.ID
	})
}

// sending is the step that sends a reader to a member.
func (l life) sending(step, of string, o plumbline.Operation) (plumbline.Step, bool) {
	if s, ok := l.seeded(step, of, o.ID); ok {
		return s, true
	}
	c := o.Cases[0]
	i := l.takes(c)
	if i < 0 {
		return plumbline.Step{}, false
	}
	c.Binds = slices.Clone(c.Binds)
	c.Binds[i].From = "step:" + of
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: o.ID, Own: &c}}, true
}

// trial sends an operation that reads to two members, and reads these before
// and after it.
func (l life) trial(o plumbline.Operation) (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: l.subject() + "/" + o.ID, Why: "does " + o.ID + " change one of " + l.f.Name, Tries: o.ID}
	whole := true
	add := func(s plumbline.Step, ok bool) {
		whole = whole && ok
		flow.Steps = append(flow.Steps, s)
	}
	read := func(step, of, before string) {
		s, ok := l.seeded(step, of, l.f.Read)
		if before == "" {
			s = settled(s, 200)
		} else {
			s.Compare = []plumbline.Compare{{With: "answer:" + before, Strict: true}}
		}
		add(s, ok)
	}
	add(l.make(plumbline.TrialMake), true)
	read(plumbline.TrialFirst, plumbline.TrialMake, "")
	read(plumbline.TrialQuiet, plumbline.TrialMake, plumbline.TrialFirst)
	add(l.sending(plumbline.TrialCall, plumbline.TrialMake, o))
	read(plumbline.TrialAfter, plumbline.TrialMake, plumbline.TrialQuiet)
	add(l.make(plumbline.TrialOther), true)
	read(plumbline.TrialStart, plumbline.TrialOther, "")
	read(plumbline.TrialStill, plumbline.TrialOther, plumbline.TrialStart)
	read(plumbline.TrialCalm, plumbline.TrialOther, plumbline.TrialStill)
	add(l.sending(plumbline.TrialAgain, plumbline.TrialOther, o))
	read(plumbline.TrialEnd, plumbline.TrialOther, plumbline.TrialCalm)
	for _, of := range []string{plumbline.TrialMake, plumbline.TrialOther} {
		if s, ok := l.removal("delete-"+of, of); ok {
			flow.Steps = append(flow.Steps, s)
		}
	}
	return flow, whole
}

// triedBy finds the flow that tries an operation, as the evidence holds it.
func triedBy(d plumbline.Design, e *plumbline.Evidence, operation string) (life, flown, bool) {
	for _, f := range livable(d) {
		l := life{d, f}
		for _, o := range l.readers() {
			if _, ok := l.trial(o); ok && o.ID == operation {
				return l, flownOf(e, contractSafe, l.subject()+"/"+operation), true
			}
		}
	}
	return life{}, flown{}, false
}

// seen returns a step as it was observed.
func (f flown) seen(step string) (plumbline.Observation, bool) {
	o, ok := f.steps[step]
	return o, ok
}

// unloaded says of an operation with a safe method that it was seen to change
// data, so that the run did not send it under load; of others nothing.
func unloaded(d plumbline.Design, e *plumbline.Evidence, operation string) []string {
	_, f, ok := triedBy(d, e, operation)
	if !ok {
		return nil
	}
	if changed, gone := plumbline.Altered(f.seen); len(changed) == 0 && !gone {
		return nil
	}
	return []string{"not sent under load: it was seen to change data although its method is safe"}
}

func judgeSafe(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	l, f, ok := triedBy(d, e, c.Operation)
	if !ok {
		return broken("the design has no trial of %s", c.Operation)
	}
	if _, ok := f.made(plumbline.TrialMake); !ok {
		return inconclusive(plumbline.ReasonIncomplete, "nothing was created: %s", f.told(plumbline.TrialMake))
	}
	for _, step := range []string{plumbline.TrialMake, plumbline.TrialQuiet, plumbline.TrialCall, plumbline.TrialCalm, plumbline.TrialAgain} {
		if _, ok := f.fine(step); !ok {
			return skipped(plumbline.ReasonNotApplicable, "the step %s was answered %s: not covered", step, f.told(step))
		}
	}
	after, end := f.steps[plumbline.TrialAfter], f.steps[plumbline.TrialEnd]
	compared, ok := matched(after, "answer:"+plumbline.TrialQuiet)
	changed, gone := plumbline.Altered(f.seen)
	cause := c.Operation + " changes " + l.f.Name
	var found []wrongdoing
	if gone {
		found = append(found, f.wrong(plumbline.LevelLikely, "after "+c.Operation+" reading is answered "+answer(after)+", and on a second one "+answer(end), cause, after))
	}
	for _, m := range changed {
		found = append(found, f.wrong(plumbline.LevelLikely, "after "+c.Operation+" "+m.Pointer+" "+m.Message+"; it changed on a second one too, and on neither without the call", cause, after))
	}
	switch {
	case len(found) > 0:
		v := accuse(e, max(1, compared.Fields), "values", found)
		v.Remedy = "change data by POST, PUT, PATCH or DELETE; what has to stay as it is, name under unsafe: in plumbline.yaml"
		return v
	case !ok || !succeeded(after) || !succeeded(end):
		return skipped(plumbline.ReasonNotApplicable, "what was read could not be compared (reading was then answered %s): not covered", f.told(plumbline.TrialAfter))
	}
	return pass(figure{0, 0, "values", compared.Fields}, "none of %s changed by %s", plural(compared.Fields, "value"), c.Operation)
}
