package scenarios

import (
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
		Doc: `Method: for every operation on one thing that the run can create, and for every one whose query names such a thing, the first identity creates it, with values that nothing else has, and uses it; then a second identity, with no further roles, sends the same request for the same thing; then the first one looks again. Where the collection can be listed, the second identity lists it.
Criterion: the second identity gets 403, 404 or 401, without anything of the thing in the answer, and the thing is as it was. A 2xx that holds what the owner sees, or after which the owner's thing is changed or gone, is proved, and so is a refusal that shows the thing all the same; any other 2xx is likely. What may be asked for by its identifier in a query, and listed, by a caller who may not read it warns.
Guard: without the control (the owner gets 2xx for its own thing) nothing is judged. A collection in which the second identity sees the thing as well may be shared by design: then nothing is proved, and the finding warns. An answer to a search counts only when it holds a value that only the owner's thing has. Operations declared shared, and public ones, are not claimed.`,
		Standard: "OWASP API1:2023 (Broken Object Level Authorization); CWE-639",
		Mutants:  []string{"bola"},
		Repeats:  true,
		Order:    31,
		Plan:     planBola,
		Judge:    judgeBola,
	})
}

func planBola(d plumbline.Design) plumbline.Proposal {
	flows := strangerFlows(d)
	switch {
	case d.Mode == plumbline.ModeObserve:
		return unplanned(authBola, plumbline.ReasonUnsafe, "nothing may be created that belongs to an identity", "mode: own")
	case len(d.Identities) == 0:
		return unplanned(authBola, plumbline.ReasonNeedsIdentity, "two callers are needed, and none is declared", "identities")
	}
	if _, ok := stranger(d); !ok {
		return unplanned(authBola, plumbline.ReasonNeedsIdentity, "a second caller is needed whose roles are all among those of "+d.Identities[0].Name, "a second identity")
	}
	if len(flows) == 0 {
		return unplanned(authBola, plumbline.ReasonNotApplicable, "no protected operation works on one thing that the run creates", "links from the operation that creates to those that read, change and delete")
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
		if !ok {
			made, ok = creatorInQuery(d, o)
		}
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
	last, ok := lastBind(o)
	if !ok {
		return plumbline.Bind{}, false
	}
	from, ok := d.Operation(last.From)
	itself := slices.ContainsFunc(d.Families, func(f plumbline.Family) bool { return f.Create == last.From && f.ID == last.Pointer })
	return last, ok && itself && from.Creates() && callable(d, from)
}

// lastBind is the bind of the last parameter in the path that has one: of the
// seed request, whatever it is filled from.
func lastBind(o plumbline.Operation) (last plumbline.Bind, ok bool) {
	c, ok := seed(o)
	if !ok {
		return last, false
	}
	at := -1
	for _, b := range c.Binds {
		if i := placeIn(c.Request.Path, b.Name); b.In == "path" && i > at {
			last, at = b, i
		}
	}
	return last, at >= 0
}

// creatorInQuery is the bind of a query that asks for what another operation
// creates: a search, or a list of what belongs to one thing.
func creatorInQuery(d plumbline.Design, o plumbline.Operation) (plumbline.Bind, bool) {
	c, ok := seed(o)
	if !ok || !o.Safe() {
		return plumbline.Bind{}, false
	}
	for _, b := range c.Binds {
		from, ok := d.Operation(b.From)
		itself := slices.ContainsFunc(d.Families, func(f plumbline.Family) bool { return f.Create == b.From && f.ID == b.Pointer })
		if ok && itself && b.In == "query" && from.Creates() && callable(d, from) {
			return b, true
		}
	}
	return plumbline.Bind{}, false
}

// readerOf is the operation that reads the thing itself.
func readerOf(d plumbline.Design, made plumbline.Bind) (plumbline.Operation, bool) {
	var best plumbline.Operation
	for _, o := range d.Operations {
		if o.Method != "GET" {
			continue
		}
		if b, ok := lastBind(o); !ok || b.From != made.From || b.Pointer != made.Pointer {
			continue
		}
		_, ok := creatorOf(d, o)
		if ok && (best.ID == "" || len(o.Path) < len(best.Path)) {
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
