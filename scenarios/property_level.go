package scenarios

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	authProperty  = "auth/property-level"
	authSealed    = "auth/sealed"
	propertyPhase = "sealed"
)

func init() {
	register(plumbline.Function{
		ID:    authProperty,
		Title: "Clients cannot set protected properties",
		Doc: `Method: every operation that creates or changes a resource of the run, and whose document declares properties readOnly, or shows in its answers alone what no client may set – called role, isAdmin, ownerId, tenantId, price, status, balance, createdAt and the like –, gets its seed request once as it is and once with those properties set to values that no service gives by itself. The thing is then read again.
Criterion: no such value is taken over: the request is refused by a 4xx, or the value is ignored. A value that comes back in the answer of the reading operation, or where there is none in that of the request itself, is proved where the document says readOnly; where only its name says so, it warns.
Guard: a value that the service gives to a request without it as well is not distinctive, and not held against it. Properties that the document lets clients write are not tried; identifiers are not, for in some designs the client chooses them. Without a request that is served as it is, nothing is judged.`,
		Standard: "OWASP API3:2023 (Broken Object Property Level Authorization); OpenAPI 3.0.3, Schema Object, readOnly; CWE-915",
		Mutants:  []string{"mass-assignment"},
		Repeats:  true,
		Order:    33,
		Plan:     planProperty,
		Judge:    judgeProperty,
	})
}

func planProperty(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	sealed := 0
	var flows []plumbline.Flow
	for _, o := range inCallOrder(d.Operations) {
		if len(o.Sealed) == 0 || o.Safe() {
			continue
		}
		sealed++
		if _, ok := sealedFlow(d, o); !ok {
			s := notCallable(authProperty, o)
			if callable(d, o) {
				s.Reason, s.Detail, s.Unlock = plumbline.ReasonNotApplicable, "the seed request of "+o.ID+" has no JSON object that a property could be added to", "an example of its body"
			}
			p.Skips = append(p.Skips, s)
			continue
		}
		for _, guessed := range []bool{false, true} {
			part, made := withSealed(o, guessed), ""
			if len(part.Sealed) == 0 {
				continue
			}
			statement := o.ID + " does not take readOnly properties from a client"
			if guessed {
				made, statement = byName, o.ID+" does not take from a client what is called as no client's to set"
			}
			f, _ := sealedFlow(d, part)
			flows = append(flows, f)
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: authProperty + "/" + o.ID + made, Function: authProperty, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
				Statement: statement, Experiments: []string{authSealed},
			})
		}
	}
	switch {
	case sealed == 0:
		p.Skips = append(p.Skips, plumbline.Skip{
			Function: authProperty, Reason: plumbline.ReasonNotApplicable, Detail: "the document declares no property readOnly that a request could hold, and its answers have none that is called as what no client may set",
			Unlock: "readOnly in the OpenAPI document",
		})
	case len(flows) > 0:
		ph := plumbline.Phase{Name: propertyPhase, Role: plumbline.RoleProbe, Flows: flows}
		p.Experiments = []plumbline.Experiment{{ID: authSealed, Title: "readOnly properties are written", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	}
	return p
}

// The steps of a flow that writes what is sealed, beside stepCreate.
const (
	stepPlain   = "plain"   // the request as it is
	stepNatural = "natural" // what the service makes of it
	stepWritten = "written" // with the sealed properties
	stepTaken   = "taken"   // what it makes of that
)

// byName ends the claim on what is not declared readOnly but called as what no
// client may set. It is tried apart: who refuses it for being unknown might take
// the rest.
const byName = "/by-name"

// withSealed is an operation with those sealed properties alone that are guessed,
// or declared.
func withSealed(o plumbline.Operation, guessed bool) plumbline.Operation {
	o.Sealed = slices.DeleteFunc(slices.Clone(o.Sealed), func(s plumbline.Sealed) bool { return s.Guessed != guessed })
	return o
}

func sealedName(o plumbline.Operation) string {
	if len(o.Sealed) > 0 && o.Sealed[0].Guessed {
		return o.ID + " with protected properties"
	}
	return o.ID + " with readOnly properties"
}

// sealedFlow writes the sealed properties of one operation. The natural values
// are compared with those that are written, so the writing comes first.
func sealedFlow(d plumbline.Design, o plumbline.Operation) (plumbline.Flow, bool) {
	c, ok := seed(o)
	body, object := sealedBody(c.Request.Body, o.Sealed)
	if !ok || !object || !callable(d, o) {
		return plumbline.Flow{}, false
	}
	written := c
	written.ID, written.Origin, written.Kind = o.ID+"/sealed", "generated", plumbline.CaseRobust
	written.Request.Body = body
	f := plumbline.Flow{Name: sealedName(o), Why: "readOnly properties are written", Source: o.Source}
	made, changes := creatorOf(d, o)
	if !changes {
		return sealedCreation(d, o, f, written)
	}
	plain := c
	f.Steps = []plumbline.Step{
		{Call: plumbline.Call{Name: stepCreate, Operation: made.From}, Must: true},
		sealing(ofMade(o, made, stepWritten), written.Request.Body, plumbline.CaseRobust),
	}
	reader, readable := readerOf(d, made)
	if readable {
		f.Steps = append(f.Steps, comparing(ofMade(reader, made, stepTaken), o.Sealed))
	}
	f.Steps = append(f.Steps, plumbline.Step{Call: plumbline.Call{Name: "another", Operation: made.From}, Must: true})
	f.Steps = append(f.Steps, comparing(of(sealing(ofMade(o, made, stepPlain), plain.Request.Body, plumbline.CaseValid), "another"), o.Sealed))
	if readable {
		f.Steps = append(f.Steps, comparing(of(ofMade(reader, made, stepNatural), "another"), o.Sealed))
	}
	if !readable {
		f.Steps[1].Compare = unlike(o.Sealed)
	}
	return f, true
}

// sealedCreation is the flow of an operation that creates.
func sealedCreation(d plumbline.Design, o plumbline.Operation, f plumbline.Flow, written plumbline.Case) (plumbline.Flow, bool) {
	f.Steps = []plumbline.Step{comparing(plumbline.Step{Call: plumbline.Call{Name: stepWritten, Operation: o.ID, Own: &written}}, o.Sealed)}
	read := func(step, from string) {
		for _, r := range d.Operations {
			if r.Method != "GET" {
				continue
			}
			if b, ok := lastBind(r); !ok || b.From != o.ID {
				continue
			}
			b, ok := creatorOf(d, r)
			if ok && strings.HasSuffix(r.Path, "{"+b.Name+"}") {
				f.Steps = append(f.Steps, comparing(of(ofMade(r, b, step), from), o.Sealed))
				return
			}
		}
	}
	read(stepTaken, stepWritten)
	f.Steps = append(f.Steps, comparing(plumbline.Step{Call: plumbline.Call{Name: stepPlain, Operation: o.ID}}, o.Sealed))
	read(stepNatural, stepPlain)
	return f, true
}

// sealing is a step with another body.
func sealing(s plumbline.Step, body []byte, kind plumbline.CaseKind) plumbline.Step {
	s.Own.Request.Body, s.Own.Kind = body, kind
	return s
}

// of takes the thing of a step from another step than that which creates.
func of(s plumbline.Step, step string) plumbline.Step {
	for i, b := range s.Own.Binds {
		if b.From == "step:"+stepCreate {
			s.Own.Binds[i].From = "step:" + step
		}
	}
	return s
}

// comparing asks a step whether its answer holds the written values.
func comparing(s plumbline.Step, sealed []plumbline.Sealed) plumbline.Step {
	s.Compare = unlike(sealed)
	return s
}

func unlike(sealed []plumbline.Sealed) []plumbline.Compare {
	var out []plumbline.Compare
	for _, x := range sealed {
		out = append(out, plumbline.Compare{With: "sent:" + stepWritten, At: x.Pointer, From: x.Pointer, Unlike: true})
	}
	return out
}

// sealedBody is a JSON object with the sealed properties set.
func sealedBody(body []byte, sealed []plumbline.Sealed) ([]byte, bool) {
	var m map[string]any
	if json.Unmarshal(body, &m) != nil || m == nil {
		return nil, false
	}
	for _, x := range sealed {
		m[strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.TrimPrefix(x.Pointer, "/"))] = x.Value
	}
	out, err := json.Marshal(m)
	return out, err == nil
}

func judgeProperty(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	all, _ := d.Operation(c.Operation)
	o := withSealed(all, strings.HasSuffix(c.ID, byName))
	seen := flownOf(e, authSealed, sealedName(o)).steps
	written, plain := seen[stepWritten], seen[stepPlain]
	taken, natural := seen[stepTaken], seen[stepNatural]
	f := figure{0, 0, "properties taken over", len(o.Sealed)}
	switch {
	case !sentToTarget(written) || written.Status == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no request with protected properties reached %s (%s)", o.ID, stepTold(seen, stepWritten))
	case !succeeded(plain):
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s did not serve its request as it is either (%s)", o.ID, stepTold(seen, stepPlain))
	case written.Status >= 500:
		return inconclusive(plumbline.ReasonUndecided, "protected properties make %s answer %d", o.ID, written.Status)
	case !succeeded(written):
		return pass(f, "%s in a request are refused with %d", sealedWords(o.Sealed), written.Status)
	}
	shown, usual := written, plain
	if succeeded(taken) && succeeded(natural) {
		shown, usual = taken, natural
	}
	if compared(shown) == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "no answer holds %s: whether they were taken over is not seen", sealedWords(o.Sealed))
	}
	held := sameMarks(shown)
	held = slices.DeleteFunc(held, func(p string) bool { return slices.Contains(sameMarks(usual), p) })
	if len(held) == 0 {
		return pass(f, "%s in a request are ignored", sealedWords(o.Sealed))
	}
	f.measured = float64(len(held))
	v := fail(f, "%s takes %s from a client, which the document declares readOnly", o.ID, strings.Join(held, ", "))
	if strings.HasSuffix(c.ID, byName) {
		v = fail(f, "%s takes %s from a client, which the document lets no request hold", o.ID, strings.Join(held, ", "))
		v.Level = plumbline.LevelLikely
	}
	v.Remedy = "take from a request only what a client may set, by a list of what is allowed"
	v.Cause = o.ID + " takes readOnly properties"
	v.Wrong = "service"
	v.Suspects = []plumbline.Suspect{{Experiment: authSealed, Phase: propertyPhase, Stream: sealedName(o)}}
	v.Evidence = exhibits(e, []plumbline.Observation{written, shown})
	if shown.Stream == written.Stream {
		v.Evidence = v.Evidence[:1]
	}
	return v
}

// compared is how many written values an answer was compared with.
func compared(o plumbline.Observation) int {
	n := 0
	for _, m := range o.Matches {
		if m.Error == "" {
			n += m.Fields
		}
	}
	return n
}

// sameMarks are the pointers at which an answer holds a written value.
func sameMarks(o plumbline.Observation) []string {
	var out []string
	for _, m := range o.Matches {
		for _, k := range m.Marks {
			if k.Kind == plumbline.MarkSame {
				out = append(out, k.Pointer)
			}
		}
	}
	return out
}

func sealedWords(sealed []plumbline.Sealed) string {
	var names []string
	for _, x := range sealed {
		names = append(names, strings.TrimPrefix(x.Pointer, "/"))
	}
	if len(names) > 4 {
		names = append(names[:4], fmt.Sprintf("%d more", len(names)-4))
	}
	return strings.Join(names, ", ")
}
