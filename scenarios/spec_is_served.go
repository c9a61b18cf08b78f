package scenarios

import (
	"fmt"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	specIsServed   = "contract/spec-is-served"
	contractServed = "contract/served"
)

// What the runner notes of the document that a target serves: a Check of the
// name CheckServed for every place that it asked. Its Unit says what it found:
// UnitDifferences with their number for a document, UnitUnanswered when there
// was no usable answer, and none for a place that serves no document.
const (
	CheckServed     = "spec-is-served"
	UnitDifferences = "differences"
	UnitUnanswered  = "unanswered"
)

func init() {
	register(plumbline.Function{
		ID:    specIsServed,
		Title: "The published description is the one that was tested",
		Doc: `Method: the document that the target serves is fetched – from served: in plumbline.yaml, else from the usual places (/openapi.json, /openapi.yaml, /swagger.json, /v3/api-docs, the api-catalog of RFC 9727) – and compared with the one at hand, operation by operation and schema by schema.
Criterion: neither says anything about requests and responses that the other does not, and both are of one version.
Guard: servers, prose, order and the way schemas are shared do not count; overlays are not applied. A difference gates only where served: is declared: a document that was found by guessing may be of something else. A target that serves none is not accused.`,
		Standard: "RFC 9727; RFC 8288",
		Order:    47,
		Plan:     planServed,
		Judge:    judgeServed,
	})
}

func planServed(d plumbline.Design) plumbline.Proposal {
	if len(d.Operations) == 0 {
		return plumbline.Proposal{Skips: []plumbline.Skip{{
			Function: specIsServed, Reason: plumbline.ReasonNotApplicable, Detail: "the document has no operation to compare", Unlock: "an OpenAPI document with operations",
		}}}
	}
	c := plumbline.Claim{
		ID: specIsServed + "/document", Function: specIsServed, Basis: plumbline.BasisDocument, Source: plumbline.Source{File: d.Document.File},
		Statement: "the document that the target serves says what " + d.Document.File + " says", Experiments: []string{contractServed},
	}
	if d.Served != "" {
		c.Basis, c.Statement = plumbline.BasisDeclared, d.Served+" serves what "+d.Document.File+" says"
	}
	return plumbline.Proposal{Claims: []plumbline.Claim{c}, Experiments: []plumbline.Experiment{{
		ID: contractServed, Title: "the document that the target serves is compared", Kind: plumbline.KindContract,
		Phases: []plumbline.Phase{{Name: "fetch", Role: plumbline.RoleProbe, Checks: []string{CheckServed}}},
	}}}
}

func judgeServed(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	v := servedVerdict(d, e)
	if d.Served == "" {
		v.Level = plumbline.LevelLikely
	}
	return v
}

func servedVerdict(d plumbline.Design, e *plumbline.Evidence) plumbline.Verdict {
	var tried, unanswered []string
	for _, c := range e.Checks {
		if c.Name != CheckServed || c.Detail == notAvailable {
			continue
		}
		switch c.Unit {
		case UnitDifferences:
			if c.OK {
				return pass(figure{0, 0, "differences", 1}, "%s serves the document that was tested", c.Subject)
			}
			v := fail(figure{c.Value, 0, "differences", 1}, "%s serves another document, %s: %s", c.Subject, plural(int(c.Value), "difference"), c.Detail)
			v.Remedy = "publish the document that the deployment was built from, or test it against the one that it publishes"
			return v
		case UnitUnanswered:
			unanswered = append(unanswered, c.Subject+" ("+c.Detail+")")
		default:
			tried = append(tried, fmt.Sprintf("%s (%s)", c.Subject, c.Detail))
		}
	}
	switch {
	case len(tried)+len(unanswered) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "nobody asked for the document in this run")
	case len(unanswered) > 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "no usable answer: %s", strings.Join(unanswered, ", "))
	case d.Served != "":
		v := fail(figure{1, 0, "documents missing", 1}, "no document is served at %s", tried[0])
		v.Remedy = "serve the document there, or correct served: in plumbline.yaml"
		return v
	}
	v := skipped(plumbline.ReasonNotDeclared, "no document is served at the usual places: %s", strings.Join(tried, ", "))
	v.Remedy = "to unlock it: served: PATH in plumbline.yaml"
	return v
}
