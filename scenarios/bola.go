package scenarios

import (
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const (
	authBola      = "auth/bola"
	authStrangers = "auth/strangers"
	strangerPhase = "strangers"
)

func init() {
	register(plumbline.Function{
		ID:    authBola,
		Title: "A user cannot reach another user's objects",
		Doc: `Method: for every operation on one thing that the run can create, the first identity creates it and uses it; then a second identity, with no further roles, sends the same request for the same thing; then the first one looks again. Where the collection can be listed, the second identity lists it.
Criterion: the second identity gets 403, 404 or 401, and the thing is as it was. A 2xx that holds what the owner sees, or after which the owner's thing is changed or gone, is proved; any other 2xx is likely.
Guard: without the control (the owner gets 2xx for its own thing) nothing is judged. A collection in which the second identity sees the thing as well may be shared by design: then nothing is proved, and the finding warns. Operations declared shared, and public ones, are not claimed.`,
		Standard: "OWASP API1:2023 (Broken Object Level Authorization); CWE-639",
		Mutants:  []string{"bola"},
		Repeats:  true,
		Order:    31,
		Plan:     planBola,
		Judge:    judgeBola,
	})
}

func planBola(d plumbline.Design) plumbline.Proposal {
	skip := func(r plumbline.Reason, detail, unlock string) plumbline.Proposal {
		return plumbline.Proposal{Skips: []plumbline.Skip{{Function: authBola, Reason: r, Detail: detail, Unlock: unlock}}}
	}
	flows := strangerFlows(d)
	switch {
	case d.Mode == plumbline.ModeObserve:
		return skip(plumbline.ReasonUnsafe, "nothing may be created that belongs to an identity", "mode: own")
	case len(d.Identities) == 0:
		return skip(plumbline.ReasonNeedsIdentity, "two callers are needed, and none is declared", "identities")
	}
	if _, ok := stranger(d); !ok {
		return skip(plumbline.ReasonNeedsIdentity, "a second caller is needed whose roles are all among those of "+d.Identities[0].Name, "a second identity")
	}
	if len(flows) == 0 {
		return skip(plumbline.ReasonNotApplicable, "no protected operation works on one thing that the run creates", "links from the operation that creates to those that read, change and delete")
	}
	p := plumbline.Proposal{Experiments: []plumbline.Experiment{strangers(flows)}}
	for _, f := range flows {
		o, _ := d.Operation(f.operation)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: authBola + "/" + o.ID, Function: authBola, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: o.ID + " keeps one caller from what another has created", Experiments: []string{authStrangers},
		})
	}
	return p
}

// stranger is the identity that must not reach what the first one has created:
// the first other one that has no role besides.
func stranger(d plumbline.Design) (plumbline.Identity, bool) {
	for _, i := range d.Identities[min(1, len(d.Identities)):] {
		if !slices.ContainsFunc(i.Roles, func(r string) bool { return !slices.Contains(d.Identities[0].Roles, r) }) {
			return i, true
		}
	}
	return plumbline.Identity{}, false
}

// A strangerFlow tries one operation.
type strangerFlow struct {
	operation string
	plumbline.Flow
}

func (f strangerFlow) name() string { return f.operation + " for another" }

func strangers(flows []strangerFlow) plumbline.Experiment {
	ph := plumbline.Phase{Name: strangerPhase, Role: plumbline.RoleProbe}
	for _, f := range flows {
		ph.Flows = append(ph.Flows, f.Flow)
	}
	return plumbline.Experiment{ID: authStrangers, Title: "one caller asks for what belongs to another", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

// strangerFlows are the flows of all operations that work on one thing which
// another operation creates.
func strangerFlows(d plumbline.Design) []strangerFlow {
	other, ok := stranger(d)
	if !ok || d.Mode == plumbline.ModeObserve {
		return nil
	}
	var out []strangerFlow
	for _, o := range inCallOrder(d.Operations) {
		if !protected(d, o) || o.Shared || !callable(d, o) {
			continue
		}
		made, ok := creatorOf(d, o)
		if from, _ := d.Operation(made.From); !ok || !protected(d, from) {
			continue
		}
		out = append(out, strangerFlow{o.ID, plumbline.Flow{
			Name: strangerFlow{operation: o.ID}.name(), Why: other.Name + " asks for what " + d.Identities[0].Name + " has created",
			Steps: strangerSteps(d, o, made, other.Name), Source: o.Source,
		}})
	}
	return out
}

// The steps of a stranger's flow.
const (
	stepCreate = "create" // the owner creates
	stepBefore = "before" // the owner reads
	stepOther  = "other"  // the stranger tries
	stepAfter  = "after"  // the owner reads again
	stepOwn    = "own"    // the owner does the same: the control
	stepListed = "listed" // the stranger lists the collection
)

func strangerSteps(d plumbline.Design, o plumbline.Operation, made plumbline.Bind, other string) []plumbline.Step {
	steps := []plumbline.Step{{Call: plumbline.Call{Name: stepCreate, Operation: made.From}, Must: true}}
	reader, readable := readerOf(d, made)
	if readable && !o.Safe() {
		steps = append(steps, ofMade(reader, made, stepBefore))
	}
	if o.Safe() {
		steps = append(steps, ofMade(o, made, stepOwn))
	}
	try := ofMade(o, made, stepOther)
	try.Identity = other
	try.Own.Kind = plumbline.CaseRobust // refusing it is right
	if o.Safe() {
		try.Compare = []plumbline.Compare{{With: "answer:" + stepOwn, Strict: true}}
	}
	steps = append(steps, try)
	if readable && !o.Safe() {
		after := ofMade(reader, made, stepAfter)
		after.Compare = []plumbline.Compare{{With: "answer:" + stepBefore}, {With: "sent:" + stepOther}}
		after.Own.Kind = plumbline.CaseRobust // gone, when the stranger was let
		steps = append(steps, after)
	}
	if !o.Safe() {
		own := ofMade(o, made, stepOwn)
		own.Own.Kind = plumbline.CaseRobust
		steps = append(steps, own)
	}
	if list, ok := listing(d, made, other); ok {
		steps = append(steps, list)
	}
	return steps
}

// creatorOf is the bind of the last place in the path of an operation, when
// the run creates what it names: the thing itself, and not another that the
// answer of the creating operation happens to name.
func creatorOf(d plumbline.Design, o plumbline.Operation) (plumbline.Bind, bool) {
	c, ok := seed(o)
	if !ok {
		return plumbline.Bind{}, false
	}
	var last plumbline.Bind
	at := -1
	for _, b := range c.Binds {
		if i := placeIn(c.Request.Path, b.Name); b.In == "path" && i > at {
			last, at = b, i
		}
	}
	from, ok := d.Operation(last.From)
	itself := slices.ContainsFunc(d.Families, func(f plumbline.Family) bool { return f.Create == last.From && f.ID == last.Pointer })
	return last, ok && itself && from.Creates() && callable(d, from)
}

// readerOf is the operation that reads the thing itself.
func readerOf(d plumbline.Design, made plumbline.Bind) (plumbline.Operation, bool) {
	var best plumbline.Operation
	for _, o := range d.Operations {
		b, ok := creatorOf(d, o)
		if ok && o.Method == "GET" && b.From == made.From && b.Pointer == made.Pointer && (best.ID == "" || len(o.Path) < len(best.Path)) {
			best = o
		}
	}
	return best, best.ID != ""
}

// ofMade is the step that sends the seed request of an operation for what the
// flow has created.
func ofMade(o plumbline.Operation, made plumbline.Bind, step string) plumbline.Step {
	own := o.Cases[0]
	own.Binds = slices.Clone(own.Binds)
	for i, b := range own.Binds {
		if b.From == made.From && b.Pointer == made.Pointer {
			own.Binds[i].From = "step:" + stepCreate
		}
	}
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: o.ID, Own: &own}}
}

// listing is the step by which the stranger looks for the thing in its
// collection.
func listing(d plumbline.Design, made plumbline.Bind, other string) (plumbline.Step, bool) {
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool {
		return f.Create == made.From && f.List != "" && f.ItemID != ""
	})
	if i < 0 {
		return plumbline.Step{}, false
	}
	f := d.Families[i]
	w := plumbline.Walk{Items: f.Items, ItemID: f.ItemID, ID: made.Pointer, Expect: []string{stepCreate}, Most: 20}
	if f.Paging != nil {
		w.Paging = *f.Paging
	}
	return plumbline.Step{Call: plumbline.Call{Name: stepListed, Operation: f.List, Identity: other}, Walk: &w}, true
}

func judgeBola(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	flow := strangerFlow{operation: c.Operation}.name()
	seen := flownOf(e, authStrangers, flow).steps
	o, _ := d.Operation(c.Operation)
	try, own := seen[stepOther], seen[stepOwn]
	f := figure{0, 0, "requests let in", 1}
	switch {
	case !sentToTarget(try) || try.Status == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request of another caller reached %s (%s)", c.Operation, stepTold(seen, stepOther))
	case succeeded(try):
		return trespassed(e, o, flow, seen)
	case try.Status >= 500:
		return inconclusive(plumbline.ReasonUndecided, "another caller got %d, which neither lets it in nor refuses it", try.Status)
	case !succeeded(own) && !goneMeanwhile(seen):
		return inconclusive(plumbline.ReasonNoPositiveControl, "the owner was not served either (%s): why %s was refused is open", stepTold(seen, stepOwn), try.Identity)
	case !refusedStranger(try):
		return inconclusive(plumbline.ReasonUndecided, "another caller was turned away for another reason (%d)", try.Status)
	case goneMeanwhile(seen):
		v := fail(figure{1, 0, "requests let in", 1}, "%s answers another caller %d, and the owner's thing is gone all the same", o.ID, try.Status)
		return letIn(v, e, flow, seen[stepCreate].Operation, seen[stepOther])
	}
	return pass(f, "%s was refused with %d; the owner %s got %d", try.Identity, try.Status, d.Identities[0].Name, own.Status)
}

// refusedStranger says whether the status keeps a caller out: by saying so, or
// by not telling that the thing exists (RFC 9110 §15.5.4).
func refusedStranger(o plumbline.Observation) bool {
	return slices.Contains([]int{401, 403, 404, 410}, o.Status)
}

// goneMeanwhile says whether the owner saw its thing before the stranger's
// request and finds it no more after it.
func goneMeanwhile(seen map[string]plumbline.Observation) bool {
	after := seen[stepAfter]
	return succeeded(seen[stepBefore]) && after.Error == "" && (after.Status == 404 || after.Status == 410)
}

// changedMeanwhile says whether the owner finds in its thing what the stranger
// has sent, and had not before.
func changedMeanwhile(seen map[string]plumbline.Observation) bool {
	after := seen[stepAfter]
	if !succeeded(seen[stepBefore]) || !succeeded(after) {
		return false
	}
	taken, differs := false, false
	for _, m := range after.Matches {
		switch {
		case m.Error != "" || m.Fields == 0:
		case m.With == "sent:"+stepOther:
			taken = len(m.Marks) == 0
		case m.With == "answer:"+stepBefore:
			differs = len(m.Marks) > 0
		}
	}
	return taken && differs
}

// trespassed is the verdict on an operation that let a stranger in.
func trespassed(e *plumbline.Evidence, o plumbline.Operation, flow string, seen map[string]plumbline.Observation) plumbline.Verdict {
	try := seen[stepOther]
	proof := ""
	switch {
	case o.Safe() && succeeded(seen[stepOwn]) && sameAnswer(try):
		proof = "it holds what the owner sees"
	case !o.Safe() && goneMeanwhile(seen):
		proof = "the owner's thing is gone since"
	case !o.Safe() && changedMeanwhile(seen):
		proof = "the owner's thing holds since what " + try.Identity + " has sent"
	}
	v := fail(figure{1, 0, "requests let in", 1}, "%s lets %s in: %d to a request for what another has created", o.ID, try.Identity, try.Status)
	switch {
	case proof == "":
		v.Level = plumbline.LevelLikely
		v.Statement += "; that it is the owner's thing which was reached is not proved"
	case listedFor(e, flow):
		v.Level = plumbline.LevelLikely
		v.Statement += fmt.Sprintf("; %s, but the collection shows it to %s as well: it may be shared by design", proof, try.Identity)
	default:
		v.Statement += "; " + proof
	}
	return letIn(v, e, flow, seen[stepCreate].Operation, seen[stepOther])
}

// letIn completes the verdict on a request that should have been refused.
func letIn(v plumbline.Verdict, e *plumbline.Evidence, flow, made string, try plumbline.Observation) plumbline.Verdict {
	v.Remedy = "compare the owner of the thing with the caller before anything is read or changed; where everybody may reach it, declare the operation shared"
	v.Suspects = []plumbline.Suspect{{Experiment: authStrangers, Phase: strangerPhase, Stream: flow}}
	v.Wrong = "service"
	v.Cause = "the owner of what " + made + " makes"
	v.Evidence = exhibits(e, []plumbline.Observation{try})
	return v
}

// sameAnswer says whether the stranger's answer was compared with that of the
// owner and does not differ.
func sameAnswer(o plumbline.Observation) bool {
	return len(o.Matches) > 0 && o.Matches[0].Error == "" && o.Matches[0].Fields > 0 && len(o.Matches[0].Marks) == 0
}

// listedFor says whether the stranger found the thing in its collection.
func listedFor(e *plumbline.Evidence, flow string) bool {
	return slices.ContainsFunc(e.Walked, func(w plumbline.Walked) bool {
		return w.Experiment == authStrangers && w.Flow == flow && w.Step == stepListed && w.Expected > 0 && len(w.Missing) == 0
	})
}
