package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// refutedWord begins what harness/graph-confirmed says of an edge of the graph
// that did not bear a life.
const refutedWord = "refuted: "

// refuted takes the proof from a failure that rests on an edge of the resource
// graph which was only inferred, and which the probe of the graph has refuted:
// then it is as likely that the inference is wrong as that the target is. What
// the document, a flow or the Location of an answer says is no inference; and
// where a list of the target shows what was made under the same identifier, the
// inference is right after all.
func (x *proofs) refuted(c plumbline.Claim, o plumbline.Outcome) (plumbline.Reason, string) {
	if o != plumbline.Fail {
		return "", ""
	}
	f, ok := x.familyOf(c)
	if !ok || f.Chosen || strings.HasPrefix(f.ID, "header:") {
		return "", ""
	}
	said, refuted := x.refutation(f)
	if !refuted {
		return "", ""
	}
	operation := f.Read
	if strings.Contains(said, "not be deleted") {
		operation = f.Delete
		if c.Function != useAfterDelete && !strings.HasSuffix(c.ID, "/"+ruleGone) {
			return "", ""
		}
	}
	why := x.inference(f, operation)
	if why == "" {
		return "", ""
	}
	return plumbline.ReasonNoPositiveControl, "the resource graph is refuted (" + said + "); that it leads there was only " + why
}

// refutation is what the probe of the graph says against the life of a family.
func (x *proofs) refutation(f plumbline.Family) (said string, refuted bool) {
	if _, planned := x.p.Experiment(contractGraph); !planned || x.listed(f) {
		return "", false
	}
	v := judgeGraph(x.d, plumbline.Claim{ID: graphConfirmed + "/" + subjectOf(f), Operation: f.Create}, x.e)
	said, refuted = strings.CutPrefix(v.Statement, refutedWord)
	return said, refuted && v.Outcome == plumbline.Inconclusive
}

// familyOf is the kind of resource that a claim on lives is about.
func (x *proofs) familyOf(c plumbline.Claim) (plumbline.Family, bool) {
	if !slices.Contains([]string{roundtrip, useAfterDelete, hierarchy, failedWrite}, c.Function) {
		return plumbline.Family{}, false
	}
	about := strings.TrimPrefix(c.ID, c.Function+"/")
	best, found := plumbline.Family{}, false
	for _, f := range x.d.Families {
		s := subjectOf(f)
		if (about == s || strings.HasPrefix(about, s+"/")) && (!found || len(s) > len(subjectOf(best))) {
			best, found = f, true
		}
	}
	return best, found
}

// listed says whether the list of a family showed what the probe of the graph
// had made, under the identifier that its path is called after. The list may
// be keyed by another than the path is: {name} is not held to be the id.
func (x *proofs) listed(f plumbline.Family) bool {
	pointer := strings.ToLower(f.ItemID[strings.LastIndex(f.ItemID, "/")+1:])
	param := strings.ToLower(f.Param)
	if pointer == "" || param != pointer && (pointer != "id" || !strings.HasSuffix(param, "id")) {
		return false
	}
	w := flownOf(x.e, contractGraph, subjectOf(f)).walk(x.e, "listed")
	return w.Expected > 0 && len(w.Missing) == 0
}

// inference is how the identifier of a family's member got into the path of an
// operation, when that was inferred; empty when somebody has said it.
func (x *proofs) inference(f plumbline.Family, operation string) string {
	op, ok := x.d.Operation(operation)
	if !ok || len(op.Cases) == 0 {
		return ""
	}
	for _, b := range op.Cases[0].Binds {
		if b.In == "path" && b.Name == f.Param && b.From == f.Create && strings.HasPrefix(b.Why, "inferred") {
			return b.Why
		}
	}
	return ""
}
