package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const hierarchy = "contract/hierarchy"

func init() {
	register(plumbline.Function{
		ID:    hierarchy,
		Title: "A child cannot be reached through a parent that it does not belong to",
		Doc: `Method: of every kind of resource that is nested in another, a child is made below one parent, read there, and read below a second parent.
Criterion: the read through the wrong parent is not answered 2xx with the child.
Guard: the child must have been readable through its own parent, and both parents must differ. An answer that is not that child is inconclusive. A parent in the path may be meant as decoration: it is likely a defect and warns.`,
		Standard: "RESTler resource-hierarchy; OWASP API1:2023",
		Order:    33,
		Repeats:  true,
		Plan:     planHierarchy,
		Judge:    judgeHierarchy,
	})
}

// parentOf is the family that another is nested in, when its members can be made.
func parentOf(d plumbline.Design, f plumbline.Family) (plumbline.Family, bool) {
	if f.Parent == "" {
		return plumbline.Family{}, false
	}
	all := livable(d)
	i := slices.IndexFunc(all, func(p plumbline.Family) bool { return p.Name == f.Parent })
	if i < 0 {
		return plumbline.Family{}, false
	}
	return all[i], true
}

func planHierarchy(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "parents", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		flow, ok := adoption(d, f)
		if !ok {
			continue
		}
		op, _ := d.Operation(f.Read)
		ph.Flows = append(ph.Flows, flow)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: hierarchy + "/" + subjectOf(f), Function: hierarchy, Operation: f.Read, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: f.Name + ": none is reached through a parent that it does not belong to", Experiments: []string{contractHierarchy},
		})
	}
	if len(ph.Flows) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: hierarchy, Reason: plumbline.ReasonNotApplicable,
			Detail: "no kind of resource is known that lies below another and can be created and read", Unlock: "links in the OpenAPI document",
		}}}
	}
	p.Experiments = []plumbline.Experiment{{ID: contractHierarchy, Title: "children are read through other parents", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

// adoption reads a child of one parent through another.
func adoption(d plumbline.Design, f plumbline.Family) (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: subjectOf(f), Why: "a child of " + f.Name + " is read through another parent"}
	parent, ok := parentOf(d, f)
	if !ok || f.Read == "" {
		return flow, false
	}
	above, child := life{d, parent}, life{d, f}
	mine, other := above.make("parent"), above.make("other")
	create := child.make("create")
	op, _ := d.Operation(f.Create)
	at := above.place(op, *create.Own)
	own, ok := above.bound(op, *create.Own, "parent")
	if !ok {
		return flow, false
	}
	name := above.f.Param // the path held an example, which is a place now
	if at >= 0 {
		name = own.Binds[at].Name
	}
	create.Own = &own
	read, ok := child.through(above, name, "read", "parent")
	wrong, also := child.through(above, name, "through-other", "other")
	if !ok || !also {
		return flow, false
	}
	read = settled(read, 200)
	wrong = provoking(wrong)
	wrong.Compare = []plumbline.Compare{{With: "answer:read"}}
	flow.Steps = []plumbline.Step{mine, other, create, read, wrong}
	for _, end := range []struct {
		l        life
		step, of string
	}{{child, "delete", "create"}, {above, "delete-other", "other"}, {above, "delete-parent", "parent"}} {
		if s, ok := end.l.removal(end.step, end.of); ok {
			flow.Steps = append(flow.Steps, s)
		}
	}
	return flow, true
}

// through reads the child of the step "create" below the parent of a step, which
// its path calls by a name.
func (l life) through(above life, name, step, parent string) (plumbline.Step, bool) {
	s, ok := l.seeded(step, "create", l.f.Read)
	if !ok {
		return s, false
	}
	own := *s.Own
	own.Binds = slices.Clone(own.Binds)
	i := slices.IndexFunc(own.Binds, func(b plumbline.Bind) bool { return b.In == "path" && b.Name == name })
	if i < 0 {
		op, _ := l.d.Operation(l.f.Read)
		own, ok = above.bound(op, own, parent)
		s.Own = &own
		return s, ok
	}
	own.Binds[i] = plumbline.Bind{In: "path", Name: name, From: "step:" + parent, Pointer: above.f.ID, Why: "flow"}
	s.Own = &own
	return s, true
}

func judgeHierarchy(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(hierarchy)+1:]
	f := flownOf(e, contractHierarchy, subject)
	if _, ok := f.made("create"); !ok {
		return inconclusive(plumbline.ReasonIncomplete, "no child was made: parent %s, other %s, child %s", f.told("parent"), f.told("other"), f.told("create"))
	}
	if _, ok := f.fine("read"); !ok {
		return skipped(plumbline.ReasonNotApplicable, "the child cannot be read through its own parent (%s): not covered", f.told("read"))
	}
	if sameParents(d, subject, f) {
		return inconclusive(plumbline.ReasonNoPositiveControl, "both parents have one identifier")
	}
	o, ok := f.made("through-other")
	switch {
	case !ok:
		return inconclusive(plumbline.ReasonIncomplete, "it was not read through the other parent: %s", f.told("through-other"))
	case !succeeded(o):
		return pass(figure{0, 0, "reads", 1}, "through another parent the child is answered %d", o.Status)
	}
	m, compared := matched(o, "answer:read")
	if !compared || len(m.Marks) > 0 {
		return inconclusive(plumbline.ReasonUndecided, "through another parent the answer is %d and not that child", o.Status)
	}
	v := accuse(e, 1, "reads", []wrongdoing{f.wrong(plumbline.LevelLikely, "through another parent the child is answered "+answer(o)+" all the same", "hierarchy of "+subject, o)})
	v.Remedy = "look the child up together with its parent, and answer 404"
	return v
}

func sameParents(d plumbline.Design, subject string, f flown) bool {
	i := slices.IndexFunc(d.Families, func(x plumbline.Family) bool { return subjectOf(x) == subject })
	if i < 0 {
		return false
	}
	parent, _ := parentOf(d, d.Families[i])
	a, b := valueAt(f.steps["parent"].Transcript, parent.ID), valueAt(f.steps["other"].Transcript, parent.ID)
	return a != "" && a == b
}
