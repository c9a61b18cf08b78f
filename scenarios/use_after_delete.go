package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const useAfterDelete = "contract/use-after-delete"

func init() {
	register(plumbline.Function{
		ID:    useAfterDelete,
		Title: "Nothing works any more on what was deleted",
		Doc: `Method: of every kind of resource that can be created and deleted, one is made, used by every operation that reads below it, and deleted; then each of them, PATCH, and PUT where the server names the resources, is sent to it again.
Criterion: none is answered 2xx.
Guard: the last answer within two seconds counts. Deleting again may be answered 2xx, as DELETE is idempotent; PUT may create where the client chooses the identifier. Operations that did not work before the deletion are not judged. What is kept on purpose, such as an invoice, is known to its owner only: apart from the resource itself it is likely a defect and warns.`,
		Standard: "RFC 9110 §9.3.5; RESTler use-after-free",
		Mutants:  []string{"invoice-survives"},
		Order:    31,
		Repeats:  true,
		Plan:     planDeleted,
		Judge:    judgeDeleted,
	})
}

// below are the operations that work on a member of the family: what reads it
// or below it, and what changes it.
func (l life) below() []plumbline.Operation {
	var out []plumbline.Operation
	for _, o := range l.d.Operations {
		onlyHere := strings.Count(o.Path, "{") == strings.Count(l.f.Item, "{")
		if l.f.Item != "" && len(o.Cases) > 0 && onlyHere && o.ID != l.f.Read && l.uses(o) {
			out = append(out, o)
		}
	}
	return out
}

// uses says whether an operation reads something below a member, or changes it.
func (l life) uses(o plumbline.Operation) bool {
	switch {
	case o.Path == l.f.Item:
		return o.Method == "GET" || o.Method == "PATCH" || o.Method == "PUT" && !l.f.Chosen
	case strings.HasPrefix(o.Path, l.f.Item+"/"):
		return o.Method == "GET"
	}
	return false
}

func planDeleted(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "deleted", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		l := life{d, f}
		flow, ok := l.afterlife()
		if !ok {
			continue
		}
		op, _ := d.Operation(f.Delete)
		ph.Flows = append(ph.Flows, flow)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: useAfterDelete + "/" + l.subject(), Function: useAfterDelete, Operation: f.Delete, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: "nothing works any more on what was deleted from " + f.Name, Experiments: []string{contractDeleted},
		})
	}
	if len(ph.Flows) == 0 {
		return unlivable(useAfterDelete)
	}
	p.Experiments = []plumbline.Experiment{{ID: contractDeleted, Title: "what was deleted is used", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

// afterlife uses a member before and after its deletion.
func (l life) afterlife() (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: l.subject(), Why: "one of " + l.f.Name + " is deleted and used", Steps: []plumbline.Step{l.make("create")}}
	remove, ok := l.removal("delete", "create")
	if !ok {
		return flow, false
	}
	var before, after []plumbline.Step
	for _, o := range l.below() {
		use, ok := l.on("use "+o.ID, "create", o.Cases[0])
		if !ok {
			continue
		}
		before = append(before, use)
		again := settled(provoking(use), 404, 410)
		again.Name = "again " + o.ID
		after = append(after, again)
	}
	flow.Steps = append(flow.Steps, before...)
	flow.Steps = append(flow.Steps, remove)
	flow.Steps = append(flow.Steps, after...)
	return flow, len(after) > 0
}

func judgeDeleted(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(useAfterDelete)+1:]
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return subjectOf(f) == subject })
	if i < 0 {
		return broken("the design has no family %s", subject)
	}
	l := life{d, d.Families[i]}
	f := flownOf(e, contractDeleted, subject)
	removed, ok := f.fine("delete")
	if !ok || removed.Status == 202 {
		if _, made := f.made("create"); !made {
			return inconclusive(plumbline.ReasonIncomplete, "nothing was created: %s", f.told("create"))
		}
		return skipped(plumbline.ReasonNotApplicable, "created with %s, deleted with %s: not covered", f.told("create"), f.told("delete"))
	}
	var found []wrongdoing
	var used []plumbline.Observation
	for _, o := range l.below() {
		_, worked := f.fine("use " + o.ID)
		again, sent := f.made("again " + o.ID)
		if !worked || !sent {
			continue
		}
		used = append(used, again)
		if succeeded(again) {
			found = append(found, f.wrong(plumbline.LevelLikely, o.ID+" is answered "+answer(again)+" after "+f.told("delete")+" to the deletion", deletion+l.f.Name, again))
		}
	}
	switch {
	case len(found) > 0:
		v := accuse(e, len(used), "operations", found)
		v.Remedy = "answer 404 or 410 for what lies below a resource that is gone"
		return v
	case len(used) == 0:
		return skipped(plumbline.ReasonNotApplicable, "no operation worked on it before the deletion: not covered")
	}
	return pass(figure{0, 0, "operations", len(used)}, "%s refused after the deletion (%s)", plural(len(used), "operation"), answers(used))
}
