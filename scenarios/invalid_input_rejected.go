package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

const invalidRejected = "contract/invalid-input-rejected"

func init() {
	register(plumbline.Function{
		ID:    invalidRejected,
		Title: "Provably invalid input is not accepted",
		Doc: `Method: each operation gets its valid seed request and then every request that is invalid in every legal decoding of its bytes, each with one constraint broken.
Criterion: none of them is answered 2xx. 3xx and 4xx are refusals.
Guard: an acceptance is told only when it comes again from a clean state. The seed request must have been accepted in the same run, so that it is the broken constraint that makes the difference. 401, 403, 404, 405 and 429 come before the input is looked at and neither prove nor break anything, but 404 refuses a value in the path. Unknown members, formats and media types are taken by many servers on purpose: accepting them is likely a defect and warns. So are, as a word of advice only, changes whose range ends before it begins: no document can forbid them.`,
		Standard: "OpenAPI 3.0 and 3.1; JSON Schema 2020-12; RFC 9110 §15.5.1 and §15.5.21; EvoMaster F102",
		Mutants:  []string{"accepts-too-many"},
		Order:    22,
		Repeats:  true,
		Plan:     planRejected,
		Judge:    judgeRejected,
	})
}

func planRejected(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range d.Operations {
		switch {
		case !callable(d, o):
			p.Skips = append(p.Skips, notCallable(invalidRejected, o))
		case !slices.ContainsFunc(o.Invalid, refutable):
			p.Skips = append(p.Skips, plumbline.Skip{
				Function: invalidRejected, Subject: o.ID, Reason: plumbline.ReasonNotApplicable,
				Detail: "the document forbids nothing that could be sent to " + o.ID, Unlock: "types, bounds and required members in the OpenAPI document",
			})
		default:
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: invalidRejected + "/" + o.ID, Function: invalidRejected, Operation: o.ID, Basis: plumbline.BasisDocument, Source: o.Source,
				Statement: o.ID + " refuses what the document forbids", Experiments: []string{contractWrong},
			})
		}
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{invalidCases(d)}
	}
	return p
}

// refutable says whether the case is proved invalid. A design of before the
// kinds of case marks its invalid cases by what they violate.
func refutable(c plumbline.Case) bool {
	return c.Kind == plumbline.CaseInvalid || c.Kind == plumbline.CaseValid && c.Violates != ""
}

// lenient are the constraints that many servers do not enforce on purpose.
func lenient(keyword string) bool {
	return slices.Contains([]string{"additionalProperties", "unevaluatedProperties", "format", "media-type", "contentEncoding", "readOnly"}, keyword)
}

func judgeRejected(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	t := hearingOf(op, e)
	switch {
	case len(t.sent) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no invalid request reached %s", op.ID)
	case len(t.found) > 0 && !t.control:
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s, but the valid request was not accepted", t.found[0].what)
	case len(t.found) > 0:
		v := accuse(e, len(t.sent), "cases", t.found)
		v.Statement = fmt.Sprintf("%d of %s accepted by %s: %s", len(t.found), plural(len(t.sent), "invalid request"), op.ID, v.Statement)
		v.Patch = patched("What "+op.ID+" accepts", t.allowing(d))
		v.Remedy = "service: refuse it with 400 or 422"
		if v.Patch != "" {
			v.Remedy += "; or document: the overlay allows what is always accepted"
		}
		return v
	case len(t.crossed) > 0 && t.control:
		v := accuse(e, len(t.crossed), "cases", t.crossed)
		v.Statement = fmt.Sprintf("%s; every other of %s is refused", v.Statement, plural(len(t.sent), "invalid request"))
		v.Remedy = "service: refuse it with 400 or 422 where it makes no sense"
		return v
	case len(t.refused) == 0 || !t.control:
		return skipped(plumbline.ReasonNotApplicable, "nothing shows that %s got as far as to look at its input (%s): not covered", op.ID, answers(t.sent))
	}
	return pass(figure{0, 0, "cases", len(t.sent)}, "%s, none accepted (%s); refused for their input: %s", plural(len(t.sent), "invalid request"), answers(t.sent), constraints(t.refused))
}

// A hearing is how one operation took requests that are proved invalid.
type hearing struct {
	control       bool // the valid request was accepted
	sent, refused []plumbline.Observation
	found         []wrongdoing
	crossed       []wrongdoing // changes that were accepted although a range in them ends before it begins
}

func hearingOf(op plumbline.Operation, e *plumbline.Evidence) hearing {
	cases := map[string]plumbline.Case{}
	for _, k := range op.Invalid {
		if refutable(k) || k.Keyword == plumbline.KeywordRange {
			cases[k.ID] = k
		}
	}
	var t hearing
	for o := range e.Of(contractWrong, "") {
		if o.Operation != op.ID || !sentToTarget(o) {
			continue
		}
		k, invalid := cases[o.Case]
		if !invalid {
			t.control = t.control || !spoilt(op, o) && succeeded(o)
			continue
		}
		t.take(op, k, o)
	}
	return t
}

// take notes what became of one request.
func (t *hearing) take(op plumbline.Operation, k plumbline.Case, o plumbline.Observation) {
	if k.Keyword == plumbline.KeywordRange {
		t.crossed = append(t.crossed, turned(op, k, o)...)
		return
	}
	t.sent = append(t.sent, o)
	switch {
	case succeeded(o):
		t.found = append(t.found, accepted(op, k, o))
	case refuses(k, o):
		t.refused = append(t.refused, o)
	}
}

// allowing is how the document would have to change where every request that
// breaks a constraint is accepted. Where some are refused the service knows the
// constraint, and it is the service that has to change.
func (t hearing) allowing(d plumbline.Design) []overlay.Action {
	if strings.HasPrefix(d.Document.OpenAPI, "2") {
		return nil // it was read as 3.0, and its places are others
	}
	var out []overlay.Action
	for _, w := range t.found {
		k := w.broken
		enforced := slices.ContainsFunc(t.sent, func(o plumbline.Observation) bool {
			return o.Pointer == k.Pointer && o.Keyword == k.Keyword && !succeeded(o)
		})
		if k.Schema == "" || enforced {
			continue
		}
		out = append(out, loosened(d, constraint{keyword: k.Keyword, schema: k.Schema, message: k.Violates})...)
	}
	return out
}

// accepted is the wrongdoing of having taken an invalid request.
func accepted(op plumbline.Operation, k plumbline.Case, o plumbline.Observation) wrongdoing {
	w := wrongdoing{
		level: plumbline.LevelProved, who: wrongService, shown: o, broken: k, what: violation(op, k.ID) + " is answered " + answer(o),
		cause: strings.TrimSpace("accepts " + op.ID + " " + k.Pointer + " " + k.Keyword),
	}
	if lenient(k.Keyword) {
		w.level, w.who = plumbline.LevelLikely, ""
	}
	return w
}

// turned is the advice that a change was made whose range ends before it begins.
// A search that finds nothing is right.
func turned(op plumbline.Operation, k plumbline.Case, o plumbline.Observation) []wrongdoing {
	if op.Safe() || !strings.HasPrefix(k.Pointer, "body/") || !succeeded(o) {
		return nil
	}
	return []wrongdoing{{
		level: plumbline.LevelAdvisory, shown: o, broken: k, what: op.ID + " accepts what ends before it begins: " + k.Violates + ", and is answered " + answer(o),
		cause: strings.TrimSpace("accepts " + op.ID + " " + k.Pointer + " " + k.Keyword),
	}}
}

// refuses says whether the answer shows that the input was looked at.
func refuses(k plumbline.Case, o plumbline.Observation) bool {
	switch o.Status {
	case 401, 403, 405, 429:
		return false
	case 404:
		return strings.HasPrefix(k.Pointer, "path/")
	}
	return o.Error == "" && o.Status >= 300 && o.Status < 500
}

// constraints counts refusals by the constraint that was broken.
func constraints(refused []plumbline.Observation) string {
	n := map[string]int{}
	for _, o := range refused {
		word := o.Keyword
		if word == "" {
			word = "other"
		}
		n[word]++
	}
	return counted(n)
}
