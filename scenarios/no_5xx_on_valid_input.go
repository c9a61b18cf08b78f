package scenarios

import (
	"fmt"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const noServerErrorValid = "contract/no-5xx-on-valid-input"

func init() {
	register(plumbline.Function{
		ID:    noServerErrorValid,
		Title: "Valid requests never crash the target",
		Doc: `Method: every valid case of every operation that the mode allows is sent: the examples of the document, the edges of every constraint, optional members with and without.
Criterion: none is answered by a 5xx, or by a connection that ends without an answer.
Guard: a hit is told only when it comes again from a clean state. An answer for which a dependency's own 5xx is to blame does not count, nor does anything under load or under a fault. 501 and 505 say that something is not there, not that it broke.`,
		Standard: "RFC 9110 §15.6",
		Mutants:  []string{"500-on-long-note"},
		Order:    19,
		Repeats:  true,
		Plan:     planValid,
		Judge:    judgeValid,
	})
}

func planValid(d plumbline.Design) plumbline.Proposal {
	return perCallable(d, noServerErrorValid, validCases, func(o plumbline.Operation) string {
		return o.ID + " answers valid requests without a server error"
	})
}

// perCallable claims something of every operation that the mode allows, on the
// evidence of one experiment.
func perCallable(d plumbline.Design, function string, x func(plumbline.Design) plumbline.Experiment, statement func(plumbline.Operation) string) plumbline.Proposal {
	var p plumbline.Proposal
	experiment := x(d)
	for _, o := range d.Operations {
		if !callable(d, o) {
			p.Skips = append(p.Skips, notCallable(function, o))
			continue
		}
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: function + "/" + o.ID, Function: function, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: statement(o), Experiments: []string{experiment.ID},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{experiment}
	}
	return p
}

func judgeValid(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	disturbed := disturbanceOf(e)
	var sent, hits []plumbline.Observation
	taken := 0
	for o := range e.Of(contractValid, "") {
		if o.Operation != op.ID || !sentToTarget(o) || spoilt(op, o) {
			continue
		}
		sent = append(sent, o)
		if succeeded(o) {
			taken++
		}
		if breaksDown(o) && !disturbed.excused(o) {
			hits = append(hits, o)
		}
	}
	switch {
	case len(sent) == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no valid request reached %s", op.ID)
	case len(hits) > 0:
		slices.SortStableFunc(hits, func(a, b plumbline.Observation) int { return b.Status - a.Status })
		v := fail(figure{float64(len(hits)), 0, "requests", len(sent)}, "%d of %s to %s broke it: %s gives %s", len(hits), plural(len(sent), "valid request"), op.ID, caseWords(op, hits[0]), answers(hits))
		v.Remedy = "answer what the document allows, or forbid it there"
		v.Evidence, v.Suspects = exhibits(e, hits), suspectsOf(hits[:min(len(hits), suspectLimit)]...)
		v.Cause, v.Wrong = "server error "+op.ID, "service"
		return v
	case taken == 0:
		return skipped(plumbline.ReasonNotApplicable, "never answered 2xx (%s): not covered", answers(sent))
	}
	return pass(figure{0, 0, "requests", len(sent)}, "%s, none answered by a server error (%s)", plural(len(sent), "valid request"), answers(sent))
}

// caseWords says which case a request was.
func caseWords(op plumbline.Operation, o plumbline.Observation) string {
	for _, c := range op.Cases {
		if c.ID == o.Case && c.Keyword != "" {
			return withLearnt(fmt.Sprintf("%s (%s at the edge of %s)", o.Case, c.Pointer, c.Keyword), o)
		}
	}
	if o.Case == "" {
		return withLearnt("the seed request", o)
	}
	return withLearnt(o.Case, o)
}
