package scenarios

import (
	"github.com/plumbline-dev/plumbline"
)

const noDrift = "contract/no-drift"

func init() {
	register(plumbline.Function{
		ID:    noDrift,
		Title: "Responses hold nothing that the document does not mention",
		Doc: `Method: the responses to valid requests, and to everything else that the run sends, are searched for properties that the document does not declare, as if every object schema were closed.
Criterion: none was seen in any response of the operation.
Guard: it informs and never gates: a document that leaves a schema open allows it, and a tolerant reader does not mind. It tells where document and service have begun to drift apart.`,
		Standard: "OpenAPI 3.1 §4.8.24; tolerant reader",
		Mutants:  []string{"undeclared-field"},
		Order:    90,
		Repeats:  true,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perCallable(d, noDrift, validCases, func(o plumbline.Operation) string {
				return "the responses of " + o.ID + " hold nothing that the document does not mention"
			})
		},
		Judge: judgeDrift,
	})
}

func judgeDrift(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	found, responses := undeclared(op, e)
	switch {
	case len(found) > 0:
		v := accuse(e, responses, "properties", found)
		v.Remedy = "declare the property, or take it out of the answer"
		return v
	case responses == 0 && len(e.Observations) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no response of %s was seen", op.ID)
	case responses == 0:
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx: not covered")
	}
	return pass(figure{0, 0, "properties", responses}, "nothing undeclared in %s", plural(responses, "response"))
}

// undeclared finds properties that the document does not declare, each once,
// and counts the 2xx answers that were searched.
func undeclared(op plumbline.Operation, e *plumbline.Evidence) (found []wrongdoing, responses int) {
	seen := map[string]bool{}
	for _, o := range e.Observations {
		if o.Operation != op.ID || o.Error != "" || o.Status == 0 || beyond(o) {
			continue
		}
		if succeeded(o) {
			responses++
		}
		for _, m := range o.Marks {
			at := anyIndex(m.Pointer)
			if m.Kind != plumbline.MarkExtra || seen[at] {
				continue
			}
			seen[at] = true
			found = append(found, wrongdoing{
				level: plumbline.LevelAdvisory, what: at + ": " + m.Message, shown: o, with: flowOf(o), flow: isStep(o),
				cause: "undeclared " + m.Schema + " " + at, who: "document",
			})
		}
	}
	return found, responses
}
