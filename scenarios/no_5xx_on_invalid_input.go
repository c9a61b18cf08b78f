package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const noServerError = "contract/no-5xx-on-invalid-input"

func init() {
	register(plumbline.Function{
		ID:    noServerError,
		Title: "Invalid requests are refused, never a server error",
		Doc: `Method: each operation gets its valid seed request first and then every request that is invalid in every legal decoding of its bytes – wrong types, missing members, values out of range, malformed JSON and the like – and every one of which nothing is claimed but that a server must survive it, such as control characters and deep nesting.
Criterion: none of them is answered by a 5xx, or by a connection that ends without an answer. 501 and 505 are refusals.
Guard: a hit is told only when it comes again from a clean state; without any answer below 500 from the operation nothing is judged, and one that turns everything away with 401 or 404 is a gap in coverage; an answer for which a dependency's own 5xx is to blame does not count. When another layer answered than the one that answered the seed request, the finding names it.`,
		Standard: "RFC 9110 §15.5 and §15.6; OWASP API8:2023",
		Mutants:  []string{"500-on-invalid-input", "500-on-quote"},
		Order:    21,
		Repeats:  true,
		Plan:     planInvalid,
		Judge:    judgeInvalid,
	})
}

func planInvalid(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, o := range d.Operations {
		switch {
		case !callable(d, o):
			p.Skips = append(p.Skips, notCallable(noServerError, o))
		case len(o.Invalid) == 0:
			p.Skips = append(p.Skips, plumbline.Skip{
				Function: noServerError, Subject: o.ID, Reason: plumbline.ReasonNotApplicable,
				Detail: "the document forbids nothing that could be sent to " + o.ID, Unlock: "types, bounds and required members in the OpenAPI document",
			})
		default:
			p.Claims = append(p.Claims, plumbline.Claim{
				ID: noServerError + "/" + o.ID, Function: noServerError, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
				Statement:   o.ID + " refuses invalid requests without a server error",
				Experiments: []string{contractWrong},
			})
		}
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{invalidCases(d)}
	}
	return p
}

// invalidCases sends the seed request of each operation and then everything
// that must be refused.
func invalidCases(d plumbline.Design) plumbline.Experiment {
	ph := plumbline.Phase{Name: "invalid", Role: plumbline.RoleProbe, Workers: callWorkers}
	for _, o := range inCallOrder(d.Operations) {
		if !callable(d, o) || len(o.Invalid) == 0 {
			continue
		}
		ph.Calls = append(ph.Calls, plumbline.Call{Name: seedCall(o), Operation: o.ID})
		for _, c := range o.Invalid {
			ph.Calls = append(ph.Calls, plumbline.Call{Name: c.ID, Operation: o.ID, Case: c.ID})
		}
	}
	return plumbline.Experiment{ID: contractWrong, Title: "invalid requests are refused", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}
}

func judgeInvalid(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	r := refusalsOf(e, op)
	hits := worstOf(r.hits)
	switch {
	case len(r.sent) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no invalid request reached %s", op.ID)
	case r.below == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "%s gave no answer below 500, not even to its seed request", op.ID)
	case len(hits) > 0:
		v := fail(figure{float64(len(hits)), 0, "cases", len(r.sent)}, "%s of %d break %s: %s%s",
			plural(len(hits), "invalid case"), len(op.Invalid), op.ID, describeHits(op, hits), otherLayer(r.control, hits[0]))
		v.Remedy = "validate before use, and answer 400 or 422"
		v.Evidence = exhibits(e, hits)
		v.Cause, v.Wrong = "server error "+op.ID, "service"
		v.Suspects = suspectsOf(hits[0])
		if !slices.ContainsFunc(r.control, succeeded) { // one that succeeded stays as it is
			v.Suspects = appendSuspects(v.Suspects, suspectsOf(r.control...)...)
		}
		v.Suspects = appendSuspects(v.Suspects, suspectsOf(hits[:min(len(hits), suspectLimit)]...)...)
		return v
	case !r.looked:
		return skipped(plumbline.ReasonNotApplicable, "nothing shows that %s got as far as to look at its input (%s): not covered", op.ID, answers(slices.Concat(r.control, r.sent)))
	}
	return pass(figure{0, 0, "cases", len(r.sent)}, "%s in %s, none answered by a server error (%s)", plural(len(op.Invalid), "invalid case"), plural(len(r.sent), "request"), answers(r.sent))
}

// suspectLimit bounds the requests that are repeated for one finding.
const suspectLimit = 5

// seedCall names the call that is the positive control of an operation.
func seedCall(o plumbline.Operation) string { return o.ID + ": valid" }

// A refusal is how one operation took invalid requests.
type refusal struct {
	sent    []plumbline.Observation            // the invalid requests
	control []plumbline.Observation            // the seed requests beside them
	below   int                                // answers below 500 to either
	looked  bool                               // a seed request was taken, or an invalid one refused for its input
	hits    map[string][]plumbline.Observation // case to the requests that broke the target
}

func refusalsOf(e *plumbline.Evidence, op plumbline.Operation) refusal {
	r := refusal{hits: map[string][]plumbline.Observation{}}
	disturbed := disturbanceOf(e)
	for o := range e.Of(contractWrong, "") {
		if o.Operation != op.ID || !sentToTarget(o) {
			continue
		}
		if o.Error == "" && o.Status < 500 {
			r.below++
		}
		if !spoilt(op, o) {
			r.control = append(r.control, o)
			r.looked = r.looked || succeeded(o)
			continue
		}
		r.sent = append(r.sent, o)
		r.looked = r.looked || slices.Contains([]int{400, 409, 413, 415, 422}, o.Status)
		if breaksDown(o) && !disturbed.excused(o) {
			r.hits[o.Case] = append(r.hits[o.Case], o)
		}
	}
	return r
}

// breaksDown says whether the answer to an invalid request is a server error,
// or none at all.
func breaksDown(o plumbline.Observation) bool {
	switch o.Error {
	case "":
		return o.Status >= 500 && o.Status != 501 && o.Status != 505
	case plumbline.ErrorEOF, plumbline.ErrorReset, plumbline.ErrorTimeout:
		return true
	default:
		return false
	}
}

// worstOf gives one observation for every case that broke the target.
func worstOf(hits map[string][]plumbline.Observation) []plumbline.Observation {
	var out []plumbline.Observation
	for _, id := range sortedKeys(hits) {
		out = append(out, telling(hits[id]))
	}
	return out
}

func describeHits(op plumbline.Operation, hits []plumbline.Observation) string {
	var parts []string
	for _, o := range hits[:min(len(hits), 3)] {
		parts = append(parts, fmt.Sprintf("%s gives %s", violation(op, o.Case), answer(o)))
	}
	if more := len(hits) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// violation says what is wrong with an invalid case.
func violation(op plumbline.Operation, id string) string {
	for _, c := range op.Invalid {
		if c.ID == id && c.Violates != "" {
			return c.Violates
		}
	}
	return id
}

// otherLayer names who answered when it is not who answered the seed request:
// a gateway before the target has another fix.
func otherLayer(control []plumbline.Observation, hit plumbline.Observation) string {
	if len(control) == 0 || control[0].Transcript == nil || hit.Transcript == nil {
		return ""
	}
	usual, now := control[0].Transcript.ResponseHeader["Server"], hit.Transcript.ResponseHeader["Server"]
	if len(now) == 0 || slices.Equal(usual, now) {
		return ""
	}
	return fmt.Sprintf(" (answered by %s, not by who answers valid requests)", strings.Join(now, ","))
}
