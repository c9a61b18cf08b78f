package scenarios

import (
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

const examplesValid = "contract/examples-valid"

func init() {
	register(plumbline.Function{
		ID:    examplesValid,
		Title: "The examples of the document are true",
		Doc: `Method: every example of parameters, bodies, headers and schemas is held against its schema, readOnly and writeOnly by direction; seed requests that were made of the document's examples are sent with the other valid cases; the examples of successful responses are laid beside the answers of the run.
Criterion: every example matches its schema, and no request made of examples is refused as invalid (400, 415, 422). What an example of a response holds is in some answer, and is of the same type there.
Guard: an example that is text may also match as it is read from the wire; examples in other files and of media types that cannot be read are not counted. A 401, 403, 404, 409 or 429 says nothing about an example: its identifiers and its state are placeholders. A wrong example accuses the document, not the deployment: it warns, with an overlay that takes it out. What an example shows and answers do not informs: a field counts as lacking only where at least 3 answers held what it is part of, every example of the status shows it, and none of them did; a type, where at least 3 answers that match their schema were read in full. Null, and the difference of whole numbers and others, are no difference.`,
		Standard: "OpenAPI 3.1 §4.8.19, §4.8.14: an example should match its schema",
		Level:    plumbline.LevelLikely,
		Order:    48,
		Plan:     planExamples,
		Judge: func(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
			if c.Operation != "" {
				return judgeShown(d, c, e)
			}
			return judgeExamples(d, e)
		},
	})
}

func planExamples(d plumbline.Design) plumbline.Proposal {
	shown := planShown(d)
	if d.Examples == 0 && len(exampleCases(d)) == 0 && len(shown.Claims) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: examplesValid, Reason: plumbline.ReasonNotApplicable,
			Detail: "the document has no example that could be checked", Unlock: "examples in the OpenAPI document",
		}}}
	}
	p := plumbline.Proposal{Claims: []plumbline.Claim{{
		ID: examplesValid + "/document", Function: examplesValid, Basis: plumbline.BasisDocument, Source: plumbline.Source{File: d.Document.File},
		Statement: "the examples of " + d.Document.File + " match their schemas and are accepted",
	}}}
	if len(exampleCases(d)) > 0 {
		p.Experiments = []plumbline.Experiment{validCases(d)}
	}
	p.Claims = append(p.Claims, shown.Claims...)
	if len(p.Experiments) == 0 {
		p.Experiments = shown.Experiments
	}
	return p
}

// exampleCases are the IDs of the valid cases that were made of examples and
// that may be sent.
func exampleCases(d plumbline.Design) map[string]bool {
	out := map[string]bool{}
	for _, o := range d.Operations {
		for _, c := range o.Cases {
			if c.Origin == "example" && callable(d, o) {
				out[c.ID] = true
			}
		}
	}
	return out
}

func judgeExamples(d plumbline.Design, e *plumbline.Evidence) plumbline.Verdict {
	if len(d.Untrue) > 0 {
		return untrueExamples(d)
	}
	cases := exampleCases(d)
	accepted, sent := 0, 0
	var refused []plumbline.Observation
	for o := range e.Of(contractValid, "") {
		if !cases[o.Case] {
			continue
		}
		sent++
		switch {
		case o.Status >= 200 && o.Status < 400:
			accepted++
		case o.Status == 400 || o.Status == 415 || o.Status == 422:
			refused = append(refused, o)
		}
	}
	f := figure{float64(len(refused)), 0, "examples", d.Examples + sent}
	switch {
	case len(refused) > 0:
		v := fail(f, "%s made of the document's examples refused as invalid: %s", plural(len(refused), "request"), refused[0].Operation)
		v.Remedy = "correct the example, or accept it: clients begin with what they copy"
		v.Evidence = exhibits(e, refused)
		return v
	case len(cases) > 0 && accepted == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s match their schemas; of the %s made of examples not one was accepted", plural(d.Examples, "example"), plural(sent, "request"))
	}
	return pass(f, "%s match their schemas; %s made of examples accepted", plural(d.Examples, "example"), plural(accepted, "request"))
}

// untrueExamples tells the examples that break their schemas, with an overlay
// that takes them out.
func untrueExamples(d plumbline.Design) plumbline.Verdict {
	first := d.Untrue[0]
	v := fail(figure{float64(len(d.Untrue)), 0, "examples", d.Examples}, "%d of %s break their own schema, such as %s: %s", len(d.Untrue), plural(d.Examples, "example"), exampleAt(first), first.Message)
	v.Wrong = "document"
	v.Remedy = "correct the examples; the overlay takes them out for the time being"
	var actions []overlay.Action
	// The last of a list first: each removal leaves the places of those before.
	for _, u := range slices.Backward(d.Untrue) {
		if u.Source.Pointer != "" {
			actions = append(actions, overlay.Remove(u.Source.Pointer, u.Message))
		}
	}
	if len(actions) > 0 {
		v.Patch = overlay.Write("Examples of "+d.Document.File+" that break their schemas", actions...)
	}
	for _, u := range d.Untrue[:min(len(d.Untrue), exhibitLimit)] {
		v.Evidence = append(v.Evidence, plumbline.Exhibit{Summary: exampleAt(u) + ": " + u.Message})
	}
	return v
}

// exampleAt says where an example stands.
func exampleAt(u plumbline.Untrue) string {
	s := u.Where
	if u.Operation != "" {
		s = u.Operation + " " + s
	}
	if u.Source.Line > 0 {
		s += fmt.Sprintf(" (%s:%d)", u.Source.File, u.Source.Line)
	}
	return s
}
