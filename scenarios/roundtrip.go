package scenarios

import (
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const roundtrip = "contract/roundtrip"

// The rules of a life, each a claim of its own.
const (
	ruleReadable   = "created-readable"
	ruleUpdated    = "update-readable"
	ruleIdempotent = "put-idempotent"
	rulePartial    = "patch-partial"
	ruleGone       = "deleted-gone"
	ruleLocated    = "location-resolves"
	ruleReplaced   = "put-replaces"
	ruleCleared    = "patch-null-removes"
)

func init() {
	register(plumbline.Function{
		ID:    roundtrip,
		Title: "What is created can be read, changed, and is gone after deletion",
		Doc: `Method: of every kind of resource that can be created and read, one is made, read, read where its Location says, replaced, read, replaced by the same again, read, patched, read, replaced by less, read, given a member by a merge patch and relieved of it by another with null, deleted and read; what was sent is compared with what is read.
Criterion: what was created is readable with the values that were sent (created-readable), and where its Location says (location-resolves); an update that was answered 2xx is readable (update-readable); the same PUT again changes nothing more (put-idempotent); a member that PUT leaves out does not keep its value (put-replaces); PATCH changes what it names and nothing else that a client has set (patch-partial); null in an application/merge-patch+json removes a member (patch-null-removes); after a deletion that was answered 200 or 204 a read is answered 404 or 410 (deleted-gone).
Guard: reading waits two seconds for what becomes true by and by. Times that mean the same moment, and numbers of the same value, are equal; texts that differ in case or surrounding space, and numbers that were rounded, are likely normalised and warn. A member that the document does not give to the answer, such as a password, and one that is null or empty, may be missing. What the server adds or computes may change, and what was left out may get its default again. A Location of another shape than the path of the resource is not followed. A read after deletion that shows something else than what was deleted is inconclusive: identifiers may be used again. One that shows the resource with a mark that it is deleted, which it did not have before, is a soft deletion.`,
		Standard: "RFC 9110 §9.3.2 to §9.3.5; RFC 5789; RFC 7396; EvoMaster F103 and F901 to F906",
		Mutants:  []string{"update-is-lost", "put-adds-up", "patch-clears", "null-is-ignored", "delete-forgets"},
		Order:    30,
		Repeats:  true,
		Plan:     planRoundtrip,
		Judge:    judgeRoundtrip,
	})
}

func planRoundtrip(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "lives", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		l := life{d, f}
		flow, rules := l.story()
		if len(rules) == 0 {
			continue
		}
		ph.Flows = append(ph.Flows, flow)
		op, _ := d.Operation(f.Create)
		for _, rule := range rules {
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: roundtrip + "/" + l.subject() + "/" + rule, Function: roundtrip, Operation: f.Create, Basis: plumbline.BasisDefault, Source: op.Source,
				Statement: f.Name + ": " + ruleWords(rule), Experiments: []string{contractRoundtrip},
			})
		}
	}
	if len(ph.Flows) == 0 {
		return unlivable(roundtrip)
	}
	p.Experiments = []plumbline.Experiment{{ID: contractRoundtrip, Title: "resources are made, read, changed and deleted", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

func ruleWords(rule string) string {
	switch rule {
	case ruleReadable:
		return "what is created can be read"
	case ruleUpdated:
		return "an update can be read"
	case ruleIdempotent:
		return "the same PUT again changes nothing"
	case ruleLocated:
		return "the Location of what is created leads to it"
	case ruleReplaced:
		return "PUT replaces all of it"
	case rulePartial:
		return "PATCH changes what it names and nothing else"
	case ruleCleared:
		return "null in a merge patch removes the member"
	}
	return "what is deleted is gone"
}

// story is the life of one member, and the rules that it can show.
func (l life) story() (plumbline.Flow, []string) {
	flow := plumbline.Flow{Name: l.subject(), Why: "the life of one of " + l.f.Name}
	read, ok := l.seeded("read", "create", l.f.Read)
	if !ok {
		return flow, nil
	}
	read = settled(read, 200)
	read.Compare = []plumbline.Compare{{With: "sent:create", At: l.f.Inside, Strict: true}}
	flow.Steps = []plumbline.Step{l.make("create"), read}
	rules := []string{ruleReadable}
	add := func(rule string, steps []plumbline.Step) {
		if len(steps) > 0 {
			flow.Steps, rules = append(flow.Steps, steps...), append(rules, rule)
		}
	}
	add(ruleLocated, l.locating())
	created := bodyOf(l.d, l.f.Create)
	replacing, replaced := l.replacing(created)
	add(ruleIdempotent, replacing)
	patching := l.patching(merged(created, replaced))
	add(rulePartial, patching)
	add(ruleReplaced, l.lessening(replaced, lastReading(flow)))
	_, clearing := l.clearing()
	add(ruleCleared, clearing)
	if len(replacing) > 0 || len(patching) > 0 {
		rules = append(rules, ruleUpdated)
	}
	if remove, ok := l.removal("delete", "create"); ok {
		gone, _ := l.seeded("gone", "create", l.f.Read)
		gone = settled(provoking(gone), 404, 410)
		gone.Compare = []plumbline.Compare{{With: "answer:" + lastReading(flow)}}
		add(ruleGone, []plumbline.Step{remove, gone})
	}
	return flow, rules
}

// lastReading is the last step of a flow that reads the member while it is there.
func lastReading(flow plumbline.Flow) string {
	last := "read"
	for _, s := range flow.Steps {
		if strings.HasPrefix(s.Name, "read") {
			last = s.Name
		}
	}
	return last
}

// locating reads the member where the Location of its creation says.
func (l life) locating() []plumbline.Step {
	s, ok := l.seeded("located", "create", l.f.Read)
	if !ok || !strings.HasSuffix(l.f.Item, "/{"+l.f.Param+"}") {
		return nil
	}
	for i, b := range s.Own.Binds {
		if b.From == "step:create" {
			s.Own.Binds[i].Pointer = "header:Location"
		}
	}
	return []plumbline.Step{provoking(settled(s, 200))}
}

// lessening replaces the member by one that lacks what the first replacement
// had set, and reads it.
func (l life) lessening(replaced map[string]any, before string) []plumbline.Step {
	op, ok := l.d.Operation(l.f.Replace)
	if !ok {
		return nil
	}
	var best plumbline.Case
	var with map[string]any
	for _, c := range op.Cases {
		body, ok := objectIn(c.Request.Body)
		if ok && lacksOf(body, replaced) && (with == nil || len(body) < len(with)) {
			best, with = c, body
		}
	}
	less, ok := l.on("replace-less", "create", best)
	if !ok || with == nil {
		return nil
	}
	read := l.reading("read-less", "replace-less")
	read.Compare = append(read.Compare, plumbline.Compare{With: "answer:" + before, Unlike: true}, plumbline.Compare{With: "answer:read", Unlike: true})
	return []plumbline.Step{less, read}
}

// lacksOf says whether a body lacks a member that another gives a value.
func lacksOf(body, other map[string]any) bool {
	for name, v := range other {
		if _, there := body[name]; !there && v != nil {
			return true
		}
	}
	return false
}

// replacing replaces the member twice by the same and reads it after each time.
func (l life) replacing(created map[string]any) ([]plumbline.Step, map[string]any) {
	c, body, ok := l.differing(l.f.Replace, created, false)
	if !ok {
		return nil, nil
	}
	replace, ok := l.on("replace", "create", c)
	if !ok {
		return nil, nil
	}
	again := replace
	again.Name = "replace-again"
	first, second := l.reading("read-replaced", "replace"), l.reading("read-again", "replace-again")
	second.Compare = append(second.Compare, plumbline.Compare{With: "answer:read-replaced"})
	return []plumbline.Step{replace, first, again, second}, body
}

// patching changes a part of the member and reads it.
func (l life) patching(current map[string]any) []plumbline.Step {
	c, body, ok := l.differing(l.f.Patch, current, true)
	if !ok {
		return nil
	}
	patch, ok := l.on("patch", "create", c)
	if !ok {
		return nil
	}
	before := l.reading("read-before", "")
	after := l.reading("read-patched", "patch")
	var named []string
	for _, name := range slices.Sorted(maps.Keys(body)) {
		named = append(named, l.f.Inside+"/"+escaped(name))
	}
	after.Compare = append(after.Compare, plumbline.Compare{With: "answer:read-before", Strict: true, Ignore: named})
	return []plumbline.Step{before, patch, after}
}

// reading reads the member, and compares it with what a step has sent.
func (l life) reading(step, sent string) plumbline.Step {
	s, _ := l.seeded(step, "create", l.f.Read)
	if sent != "" {
		s.Compare = []plumbline.Compare{{With: "sent:" + sent, At: l.f.Inside, Strict: true}}
	}
	return s
}

// differing is the valid case of an operation whose body gives a member another
// value than it has, and that names the most members, or the fewest.
func (l life) differing(operation string, current map[string]any, fewest bool) (plumbline.Case, map[string]any, bool) {
	op, ok := l.d.Operation(operation)
	if !ok {
		return plumbline.Case{}, nil, false
	}
	var best plumbline.Case
	var with map[string]any
	for _, c := range op.Cases {
		body, ok := objectIn(c.Request.Body)
		if !ok || !changes(body, current) {
			continue
		}
		if with == nil || fewest && len(body) < len(with) || !fewest && len(body) > len(with) {
			best, with = c, body
		}
	}
	return best, with, with != nil
}

// changes says whether a body gives a member another value, not null, than the
// one that it has.
func changes(body, current map[string]any) bool {
	for name, v := range body {
		if was, had := current[name]; v != nil && (!had || !sameJSON(v, was)) {
			return true
		}
	}
	return false
}

// bodyOf is the object that the seed request of an operation sends.
func bodyOf(d plumbline.Design, operation string) map[string]any {
	op, ok := d.Operation(operation)
	if !ok || len(op.Cases) == 0 {
		return nil
	}
	m, _ := objectIn(op.Cases[0].Request.Body)
	return m
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, b)
	return out
}
