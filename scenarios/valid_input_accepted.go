package scenarios

import (
	"regexp"
	"slices"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

const validAccepted = "contract/valid-input-accepted"

func init() {
	register(plumbline.Function{
		ID:    validAccepted,
		Title: "Valid input is accepted",
		Doc: `Method: every valid case of every operation that the mode allows is sent, each proved valid by the schemas of the document; what a refusal says about itself is read – problem details, JSON:API, and the answers of the widespread validators.
Criterion: none is refused as invalid (400, 413, 415, 422).
Guard: a refusal is told only when it comes again from a clean state. 401, 403, 404, 409, 412, 428 and 429 speak of permission and state, not of the input. A right service may hold rules that no schema can say, so the finding warns. It informs where not one valid request is accepted, or the refusal names no rule that a schema could hold: it may be the data that is missing. A cursor of a list that was made up does not count, nor does a value that was, where one that a list shows is accepted. Where a refusal says what it wants, an overlay says it too: with it, later cases keep to the rule.`,
		Standard: "OpenAPI 3.0 and 3.1; RFC 9457 §3; RFC 9110 §15.5.1",
		Mutants:  []string{"undocumented-limit"},
		Level:    plumbline.LevelLikely,
		Order:    24,
		Repeats:  true,
		Plan:     planAccepted,
		Judge:    judgeAccepted,
	})
}

func planAccepted(d plumbline.Design) plumbline.Proposal {
	return perCallable(d, validAccepted, validCases, func(o plumbline.Operation) string {
		return o.ID + " accepts what the document allows"
	})
}

func judgeAccepted(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	op, _ := d.Operation(c.Operation)
	w := welcomeOf(d, op, e)
	switch {
	case w.sent == 0:
		return inconclusive(plumbline.ReasonIncomplete, "no valid request reached %s", op.ID)
	case len(w.refused) > 0:
		return w.refusal(d, op, e)
	case w.accepted == 0:
		return skipped(plumbline.ReasonNotApplicable, "nothing shows that %s got as far as to look at its input: not covered", op.ID)
	}
	return pass(figure{0, 0, "cases", w.sent}, "%s, none refused as invalid", plural(w.sent, "valid request"))
}

// A welcome is how one operation took its valid requests.
type welcome struct {
	sent, accepted int
	refused        []plumbline.Observation // as invalid
}

func welcomeOf(d plumbline.Design, op plumbline.Operation, e *plumbline.Evidence) welcome {
	disturbed := disturbanceOf(e)
	var w welcome
	taught := knows(op, e)
	for o := range e.Of(contractValid, "") {
		if o.Operation != op.ID || spoilt(op, o) || !sentToTarget(o) || disturbed.near(o) || inVain(d, op, o, taught) {
			continue
		}
		w.sent++
		switch {
		case o.Error == "" && o.Status >= 200 && o.Status < 400:
			w.accepted++
		case refusesInput(o):
			w.refused = append(w.refused, o)
		}
	}
	return w
}

// refusesInput says whether an answer speaks of the input, and not of permission
// or state.
func refusesInput(o plumbline.Observation) bool {
	return slices.Contains([]int{400, 413, 415, 422}, o.Status)
}

// inVain says whether a request holds what no client can make up.
func inVain(d plumbline.Design, op plumbline.Operation, o plumbline.Observation, taught bool) bool {
	return madeUp(d, op, o) || taught && unlearnt(op, o)
}

// madeUp says whether the request names a page of a list by a cursor: only the
// service knows which there are.
func madeUp(d plumbline.Design, op plumbline.Operation, o plumbline.Observation) bool {
	return o.Transcript != nil && slices.ContainsFunc(d.Families, func(f plumbline.Family) bool {
		return f.List == op.ID && f.Paging != nil && f.Paging.Style == "cursor" && regexp.MustCompile(`[?&]`+regexp.QuoteMeta(f.Paging.Param)+`=`).MatchString(o.Transcript.URL)
	})
}

// refusal tells the valid requests that were refused, and what the refusals
// want.
func (w welcome) refusal(d plumbline.Design, op plumbline.Operation, e *plumbline.Evidence) plumbline.Verdict {
	v := fail(figure{float64(len(w.refused)), 0, "cases", w.sent}, "%d of %s refused as invalid by %s (%s)", len(w.refused), plural(w.sent, "valid request"), op.ID, answers(w.refused))
	v.Statement = withLearnt(v.Statement, w.refused[0])
	if wants := asked(telling(w.refused)); wants != "" {
		v.Statement += ": " + wants
	}
	var actions []overlay.Action
	for _, o := range w.refused {
		if o.Transcript != nil {
			actions = append(actions, learnt(d, op, o.Transcript.ResponseBody)...)
		}
	}
	v.Patch = patched("What "+op.ID+" asks for", actions)
	v.Wrong = wrongDocument
	v.Remedy = bothSides(wrongDocument, "a rule that the service holds is often left out of it", "accept what the document allows", v.Patch)
	if w.accepted == 0 || v.Patch == "" {
		v.Level = plumbline.LevelAdvisory
	}
	v.Evidence, v.Suspects, v.Cause = exhibits(e, w.refused), suspects(w.refused), "refuses valid input "+op.ID
	return v
}
