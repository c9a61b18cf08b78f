package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	existenceHidden = "auth/existence-hidden"
	authExistence   = "auth/existence"
	existencePhase  = "existence"
)

func init() {
	register(plumbline.Function{
		ID:    existenceHidden,
		Title: "Who may not see a thing is not told whether it exists",
		Doc: `Method: for every operation that reads one thing which the run can create, the first identity creates it and reads it; a second identity, with no further roles, asks for it, and for two identifiers of the same shape that nothing has; the first one asks for such an identifier as well, and the second lists the collection where it can be listed.
Criterion: the second identity is answered alike to all three, by the same status and, but for the names in it, the same page: RFC 9110 §15.5.4 lets a server that hides what it forbids answer 404. Where the answers differ, who asks learns which identifiers are taken. That warns where identifiers are numbers, which can be counted through, and informs where they cannot be guessed: a 403 that says so is allowed.
Guard: nothing is judged unless the owner is served, and told that the made-up identifier is none (404 or 410, or 403 for all). Pages are compared only where those of two made-up identifiers are alike. What the second identity may read is auth/bola's business, and where it finds the thing in the collection its existence is no secret. Operations declared shared, and public ones, are not claimed.`,
		Standard: "RFC 9110 §15.5.4; CWE-204 (Observable Response Discrepancy); OWASP API1:2023; EvoMaster F204",
		Mutants:  []string{"tells-existence"},
		Level:    plumbline.LevelLikely,
		Repeats:  true,
		Order:    33,
		Plan:     planExistence,
		Judge:    judgeExistence,
	})
}

func planExistence(d plumbline.Design) plumbline.Proposal {
	other, ok := stranger(d)
	switch {
	case d.Mode == plumbline.ModeObserve:
		return unplanned(existenceHidden, plumbline.ReasonUnsafe, "nothing may be created that belongs to an identity", "mode: own")
	case !ok:
		return unplanned(existenceHidden, plumbline.ReasonNeedsIdentity, "a second caller is needed, whose roles are all among those of the first", "a second identity")
	}
	ph := plumbline.Phase{Name: existencePhase, Role: plumbline.RoleProbe}
	var p plumbline.Proposal
	for _, o := range inCallOrder(d.Operations) {
		made, ok := hiddenThing(d, o)
		if !ok {
			continue
		}
		ph.Flows = append(ph.Flows, plumbline.Flow{
			Name: existenceFlow(o.ID), Why: other.Name + " asks for what " + d.Identities[0].Name + " has created, and for what nobody has",
			Steps: existenceSteps(d, o, made, other.Name), Source: o.Source,
		})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: existenceHidden + "/" + o.ID, Function: existenceHidden, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: o.ID + " does not tell one caller what another has created", Experiments: []string{authExistence},
		})
	}
	if len(p.Claims) == 0 {
		return unplanned(existenceHidden, plumbline.ReasonNotApplicable, "no protected operation reads one thing that the run creates", "links from the operation that creates to the one that reads")
	}
	p.Experiments = []plumbline.Experiment{{ID: authExistence, Title: "one caller asks what another has", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

// hiddenThing is the bind of what an operation reads, where another operation
// of the run creates it and neither is open to anybody. Only GET is asked: an
// identifier that is made up might be somebody's, and is not to be changed.
func hiddenThing(d plumbline.Design, o plumbline.Operation) (plumbline.Bind, bool) {
	if o.Method != "GET" || !o.Safe() || !protected(d, o) || o.Shared || !callable(d, o) {
		return plumbline.Bind{}, false
	}
	made, ok := creatorOf(d, o)
	from, _ := d.Operation(made.From)
	return made, ok && protected(d, from)
}

func existenceFlow(operation string) string { return operation + " for what is not there" }

// The steps of the flow, beside those of a stranger's.
const (
	stepNothing = "nothing" // the stranger asks for what nobody has
	stepAnother = "another" // and once more, for something else that nobody has
	stepMissing = "missing" // the owner asks for what nobody has
)

func existenceSteps(d plumbline.Design, o plumbline.Operation, made plumbline.Bind, other string) []plumbline.Step {
	ask := func(step, identity string, unlike bool) plumbline.Step {
		s := ofMade(o, made, step)
		s.Identity = identity
		for i, b := range s.Own.Binds {
			s.Own.Binds[i].Unlike = unlike && b.From == "step:"+stepCreate
		}
		if unlike || identity != "" {
			s.Own.Kind = plumbline.CaseRobust // refusing it is right
		}
		return s
	}
	steps := []plumbline.Step{
		{Call: plumbline.Call{Name: stepCreate, Operation: made.From}, Must: true},
		ask(stepOwn, "", false), ask(stepOther, other, false), ask(stepNothing, other, true), ask(stepAnother, other, true), ask(stepMissing, "", true),
	}
	if list, ok := listing(d, made, other); ok {
		steps = append(steps, list)
	}
	return steps
}

func judgeExistence(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	flow := existenceFlow(c.Operation)
	seen := flownOf(e, authExistence, flow).steps
	try, nothing := seen[stepOther], seen[stepNothing]
	for _, step := range []string{stepOwn, stepOther, stepNothing, stepMissing} {
		if o := seen[step]; !sentToTarget(o) || o.Status == 0 {
			return inconclusive(plumbline.ReasonIncomplete, "%s was not asked by both callers (%s: %s)", c.Operation, step, stepTold(seen, step))
		}
	}
	list, _ := d.Operation(seen[stepListed].Operation)
	switch {
	case !succeeded(seen[stepOwn]):
		return inconclusive(plumbline.ReasonNoPositiveControl, "the owner was not served either (%s)", stepTold(seen, stepOwn))
	case succeeded(try):
		return skipped(plumbline.ReasonNotApplicable, "%s is let in by %s: auth/bola tells whether it may be", try.Identity, c.Operation)
	case listedBy(e, authExistence, flow):
		return skipped(plumbline.ReasonNotApplicable, "%s finds the thing with %s: that it exists is no secret", try.Identity, list.ID)
	case !slices.Contains([]int{403, 404, 410}, seen[stepMissing].Status):
		return inconclusive(plumbline.ReasonNoPositiveControl, "its owner is answered %d to an identifier that nobody has: it may be of another shape", seen[stepMissing].Status)
	case !refusedStranger(try) || !refusedStranger(nothing):
		return inconclusive(plumbline.ReasonUndecided, "%s was turned away for another reason (%d, and %d for what is not there)", try.Identity, try.Status, nothing.Status)
	}
	return existenceTold(d, e, c, flow, seen)
}

// existenceTold compares what the stranger was answered.
func existenceTold(d plumbline.Design, e *plumbline.Evidence, c plumbline.Claim, flow string, seen map[string]plumbline.Observation) plumbline.Verdict {
	try, nothing, another := seen[stepOther], seen[stepNothing], seen[stepAnother]
	var what string
	switch {
	case nothing.Status != another.Status:
		return inconclusive(plumbline.ReasonUndecided, "what is not there is answered %d once and %d once", nothing.Status, another.Status)
	case try.Status != nothing.Status:
		what = fmt.Sprintf("%s answers %s %d for what %s has created and %d for what nobody has", c.Operation, try.Identity, try.Status, d.Identities[0].Name, nothing.Status)
	case samePage(nothing, another) && !samePage(try, nothing) && try.Transcript != nil:
		what = fmt.Sprintf("%s answers %s %d for what %s has created and for what nobody has, on different pages", c.Operation, try.Identity, try.Status, d.Identities[0].Name)
	default:
		return pass(figure{0, 0, "answers that differ", 3}, "%s was answered %d for what %s has created, and for what nobody has", try.Identity, try.Status, d.Identities[0].Name)
	}
	v := fail(figure{1, 0, "answers that differ", 3}, "%s: who asks learns which identifiers are taken", what)
	made, _ := hiddenThing(d, operationOf(d, c.Operation))
	if !enumerable(valueAt(seen[stepCreate].Transcript, made.Pointer)) {
		v.Level = plumbline.LevelAdvisory
		v.Statement += "; they cannot be counted through"
	}
	v.Remedy = "answer what a caller may not see as what is not there (404), or declare the operation shared"
	v.Suspects = []plumbline.Suspect{{Experiment: authExistence, Phase: existencePhase, Stream: flow}}
	v.Cause, v.Wrong = "who may see what "+seen[stepCreate].Operation+" makes", "service"
	v.Evidence = exhibits(e, []plumbline.Observation{try, nothing})
	return v
}

// enumerable tells whether an identifier is a number that others can be reached
// from by counting; longer ones are drawn.
func enumerable(id string) bool {
	const most = 9
	return id != "" && len(id) <= most && strings.Trim(id, "0123456789") == ""
}
