package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// The steps of the flow in which a request with an idempotency key is repeated.
const (
	keyFirst    = "first"
	keySecond   = "second"   // the same again
	keyOther    = "other"    // the same with another key
	keyMismatch = "mismatch" // the key of the first with another body
	keyStranger = "stranger" // the first, from another caller
	keyLate     = "late"     // the first, some time later
)

// keyLater is how long after the others the last repetition comes.
const keyLater = 5 * time.Second

// keyed are the families of which the run may create members by an operation
// that takes an idempotency key.
func keyed(d plumbline.Design) []plumbline.Family {
	return slices.DeleteFunc(slices.Clone(livable(d)), func(f plumbline.Family) bool {
		op, _ := d.Operation(f.Create)
		return op.Key == "" || f.Chosen
	})
}

// unkeyed is the skip of a function that has no operation with a key.
func unkeyed(function string) plumbline.Proposal {
	return plumbline.Proposal{Skips: []plumbline.Skip{{
		Function: function, Reason: plumbline.ReasonNotApplicable,
		Detail: "no operation that the run may create something with takes an idempotency key",
		Unlock: "a header parameter Idempotency-Key in the OpenAPI document, and mode own",
	}}}
}

// planKeyed is the proposal of a function about the flow with keys: a claim for
// every operation whose flow has the step.
func planKeyed(d plumbline.Design, function, step, says string) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "keys", Role: plumbline.RoleProbe}
	for _, f := range keyed(d) {
		l := life{d, f}
		flow := l.repetitions()
		ph.Flows = append(ph.Flows, flow)
		op, _ := d.Operation(f.Create)
		if !slices.ContainsFunc(flow.Steps, func(s plumbline.Step) bool { return s.Name == step }) {
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: function + "/" + op.ID, Function: function, Operation: op.ID, Basis: plumbline.BasisDocument, Source: op.Source,
			Statement: op.ID + " " + says, Experiments: []string{idempotencyKeys},
		})
	}
	if len(ph.Flows) == 0 {
		return unkeyed(function)
	}
	if len(p.Claims) == 0 {
		skip := plumbline.Skip{Function: function, Reason: plumbline.ReasonNeedsIdentity, Detail: "there is no second caller", Unlock: "identities: at least two"}
		if step == keyMismatch {
			skip = plumbline.Skip{Function: function, Reason: plumbline.ReasonNotApplicable, Detail: "no second valid body is known"}
		}
		return plumbline.Proposal{Skips: []plumbline.Skip{skip}}
	}
	p.Experiments = []plumbline.Experiment{{ID: idempotencyKeys, Title: "requests with a key are repeated", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}}}
	return p
}

// repetitions is the flow in which a creation with a key is repeated.
func (l life) repetitions() plumbline.Flow {
	op, _ := l.d.Operation(l.f.Create)
	first := l.make(keyFirst)
	first.Own = withKey(op, op.Cases[0])
	second := repeating(op, keySecond)
	second.Compare = []plumbline.Compare{{With: "answer:" + keyFirst}}
	other := repeating(op, keyOther)
	other.Own = withKey(op, *other.Own)
	flow := plumbline.Flow{Name: op.ID, Why: "a creation of " + l.f.Name + " is repeated with its key", Steps: []plumbline.Step{first, second, other}}
	if c, ok := l.differently(op); ok {
		s := repeating(op, keyMismatch)
		s.Own.ID, s.Own.Request.Body, s.Own.Unique = c.ID, c.Request.Body, nil
		s.Own.Binds = slices.DeleteFunc(s.Own.Binds, func(b plumbline.Bind) bool { return b.In == "body" })
		flow.Steps = append(flow.Steps, provoking(s))
	}
	if len(l.d.Identities) > 1 && len(op.Roles) == 0 {
		s := repeating(op, keyStranger)
		s.Identity = l.d.Identities[1].Name
		flow.Steps = append(flow.Steps, provoking(s))
	}
	late := repeating(op, keyLate)
	late.Compare, late.Pause = second.Compare, keyLater
	flow.Steps = append(flow.Steps, late)
	return flow
}

// withKey is a case with a key of its own.
func withKey(op plumbline.Operation, c plumbline.Case) *plumbline.Case {
	c = withoutKey(op, c)
	c.Request.Header[op.Key] = []string{""}
	c.Unique = append(c.Unique, plumbline.Bind{In: "header", Name: op.Key, From: plumbline.FromNew, Pointer: "uuid", Why: "flow"})
	return &c
}

// withoutKey is a case that carries no key.
func withoutKey(op plumbline.Operation, c plumbline.Case) plumbline.Case {
	header := map[string][]string{}
	for name, v := range c.Request.Header {
		if name != op.Key {
			header[name] = v
		}
	}
	c.Request.Header = header
	here := func(b plumbline.Bind) bool { return b.In == "header" && strings.EqualFold(b.Name, op.Key) }
	c.Binds = slices.DeleteFunc(slices.Clone(c.Binds), here)
	c.Unique = slices.DeleteFunc(slices.Clone(c.Unique), here)
	return c
}

// repeating is the step that sends again what the first has sent: whatever was
// filled in there is taken from it.
func repeating(op plumbline.Operation, name string) plumbline.Step {
	c := *withKey(op, op.Cases[0])
	var binds []plumbline.Bind
	for _, b := range slices.Concat(c.Binds, c.Unique) {
		from := map[string]string{"path": "path:", "query": "query:", "header": "sent:", "body": "request:"}[b.In]
		binds = append(binds, plumbline.Bind{In: b.In, Name: b.Name, From: "step:" + keyFirst, Pointer: from + b.Name, Why: "flow"})
	}
	c.Binds, c.Unique = binds, nil
	return plumbline.Step{Call: plumbline.Call{Name: name, Operation: op.ID, Own: &c}}
}

// differently is a valid case whose body gives a member that the first sends
// another value.
func (l life) differently(op plumbline.Operation) (plumbline.Case, bool) {
	first := bodyOf(l.d, op.ID)
	for _, c := range op.Cases[1:] {
		body, ok := objectIn(c.Request.Body)
		if ok && c.Kind == plumbline.CaseValid && len(c.Binds) == len(op.Cases[0].Binds) && contradicts(body, first) {
			return c, true
		}
	}
	return plumbline.Case{}, false
}

// contradicts says whether both bodies have a member, and not with the same value.
func contradicts(a, b map[string]any) bool {
	for name, v := range a {
		if was, both := b[name]; both && v != nil && was != nil && !sameJSON(v, was) {
			return true
		}
	}
	return false
}

// A keying is the flow with keys of one operation, as it was seen.
type keying struct {
	flown
	e *plumbline.Evidence
	f plumbline.Family
}

// keyingOf reads the flow of a claim. The verdict says why it shows nothing:
// without the first, and without another one that a new key made, there is no
// telling whether a repetition was the same.
func keyingOf(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) (keying, plumbline.Verdict, bool) {
	family, ok := familyMadeBy(d, c.Operation)
	if !ok {
		return keying{}, broken("the design has no family that %s creates", c.Operation), false
	}
	k := keying{flownOf(e, idempotencyKeys, c.Operation), e, family}
	_, first := k.fine(keyFirst)
	_, other := k.fine(keyOther)
	switch {
	case !first || !other:
		return k, inconclusive(plumbline.ReasonNoPositiveControl, "a creation with a key was answered %s, and one with another key %s", k.told(keyFirst), k.told(keyOther)), false
	case k.id(keyFirst) == "" || k.id(keyOther) == "":
		return k, inconclusive(plumbline.ReasonNoPositiveControl, "the answers do not name what was created"), false
	case k.id(keyFirst) == k.id(keyOther):
		return k, inconclusive(plumbline.ReasonNoPositiveControl, "two creations with different keys are both answered %s: effects cannot be told apart", k.id(keyFirst)), false
	}
	return k, plumbline.Verdict{}, true
}

// id is the identifier that the answer to a step names.
func (k keying) id(step string) string { return valueAt(k.steps[step].Transcript, k.f.ID) }
