package scenarios

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const consumerKept = "contract/consumer-kept"

func init() {
	register(plumbline.Function{
		ID:    consumerKept,
		Title: "Every interaction of a consumer is verified, compatible with the document, and backed by what was seen",
		Doc: `Method: each interaction of the existing consumer pacts is verified by Pact's own verifier, compared with the OpenAPI document with its matching rules (bi-directional contract testing), and each field of the answer that the consumer reads is looked for among the answers that the run received otherwise.
Criterion: verified, compatible, and every field that it reads was seen live at least once for that operation and status.
Guard: the document alone proves nothing, and neither does one verified example: a field that no answer held leaves the interaction unproven, never kept. Rules decide, not examples; what the document merely does not describe is a warning; alternatives that the document allows beside those that the consumer accepts are a warning. An interaction whose provider state could not be created, or that was refused for want of credentials, is unproven.`,
		Standard: "Pact Specification V2 to V4; bi-directional contract testing (PactFlow)",
		Mutants:  []string{"drops-consumer-field"},
		Order:    23,
		Plan:     planKept,
		Judge:    judgeKept,
	})
}

func planKept(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for i, c := range d.Consumers {
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: keptID(d, i), Function: consumerKept, Operation: c.Operation, Basis: plumbline.BasisDeclared, Source: plumbline.Source{File: c.File},
			Statement: fmt.Sprintf("what %s relies on is kept: %s", c.Consumer, c.Description),
		})
	}
	if len(p.Claims) == 0 {
		p.Skips = []plumbline.Skip{{Function: consumerKept, Reason: plumbline.ReasonNotApplicable, Detail: "there is no pact of a consumer", Unlock: "pacts"}}
		return p
	}
	p.Experiments = []plumbline.Experiment{verification(pactFiles(d)), validCases(d)}
	return p
}

// keptID names the claim of the i-th interaction: by file and key, or by its
// description, with a number where that is not unique.
func keptID(d plumbline.Design, i int) string {
	name := func(c plumbline.Consumer) string {
		key := c.Key
		if key == "" {
			key = strings.Join(strings.Fields(c.Description), "-")
		}
		return named(c.File) + "/" + key
	}
	mine, n := name(d.Consumers[i]), 1
	for _, c := range d.Consumers[:i] {
		if name(c) == mine {
			n++
		}
	}
	if n > 1 {
		mine += "-" + strconv.Itoa(n)
	}
	return consumerKept + "/" + mine
}

func judgeKept(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	x, ok := consumerOf(d, c.ID)
	if !ok {
		return inconclusive(plumbline.ReasonIncomplete, "the design has no such interaction")
	}
	v := judgeConsumer(d, x, e)
	if x.Pending {
		v = pending(v)
	}
	return v
}

// pending takes the teeth out of the verdict on a pact that was never verified
// before: it is told, and does not gate (https://docs.pact.io/pact_broker/advanced_topics/pending_pacts).
func pending(v plumbline.Verdict) plumbline.Verdict {
	switch v.Outcome {
	case plumbline.Fail:
		v.Level = plumbline.LevelAdvisory
		v.Statement += " (the pact is pending)"
	case plumbline.Inconclusive:
		return skipped(plumbline.ReasonNotApplicable, "the pact is pending, and %s", v.Statement)
	default:
	}
	return v
}

func judgeConsumer(d plumbline.Design, x plumbline.Consumer, e *plumbline.Evidence) plumbline.Verdict {
	if len(x.Breaches) > 0 {
		return incompatibleWith(x)
	}
	results := verifications(e, x)
	for _, r := range results {
		if r.Result == plumbline.PactMismatch && !lockedOut(d, r) {
			v := fail(figure{1, 0, "interactions", 1}, "the deployment does not do what the consumer expects: %s", describePacts([]plumbline.PactResult{r}))
			v.Remedy = "restore what the consumer relies on, or agree with it on a new contract"
			v.Evidence, v.Cause = pactExhibits(results), pactCause(x.File)
			return v
		}
	}
	if v, ok := unverified(d, results); !ok {
		return v
	}
	unseen, answers := unseenFields(e, x)
	if len(unseen) > 0 {
		v := inconclusive(plumbline.ReasonNoPositiveControl, "unproven: %s of %d that the consumer reads was in none of %d answers of %s with status %d: %s",
			plural(len(unseen), "field"), len(x.Reads), answers, x.Operation, x.Status, strings.Join(unseen[:min(len(unseen), 8)], ", "))
		v.Remedy = "let a case of " + x.Operation + " make the deployment show it: an example in the document, or a flow"
		return v
	}
	return pass(figure{0, 0, "fields", len(x.Reads)}, "verified, compatible with the document, and all of %s that it reads were seen live in %d answers",
		plural(len(x.Reads), "field"), answers)
}

func consumerOf(d plumbline.Design, claim string) (plumbline.Consumer, bool) {
	for i, c := range d.Consumers {
		if keptID(d, i) == claim {
			return c, true
		}
	}
	return plumbline.Consumer{}, false
}

func incompatibleWith(x plumbline.Consumer) plumbline.Verdict {
	var parts []string
	for _, b := range x.Breaches[:min(len(x.Breaches), 3)] {
		parts = append(parts, b.Code+" at "+b.Pointer+": "+b.Message)
	}
	if more := len(x.Breaches) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	v := fail(figure{float64(len(x.Breaches)), 0, "incompatibilities", 1}, "the document does not allow what the consumer relies on: %s", strings.Join(parts, "; "))
	v.Remedy = "declare in the document what the consumer needs, or agree with it on a new contract"
	for _, b := range x.Breaches[:min(len(x.Breaches), exhibitLimit)] {
		v.Evidence = append(v.Evidence, plumbline.Exhibit{Summary: fmt.Sprintf("%s, %q: %s (pact %s, document %s)", x.Consumer, x.Description, b.Message, b.Pointer, b.Schema)})
	}
	return v
}

// verifications are the engine's results of one interaction.
func verifications(e *plumbline.Evidence, x plumbline.Consumer) []plumbline.PactResult {
	var out []plumbline.PactResult
	for _, r := range pactResults(e, x.File) {
		if r.Key == x.Key && r.Description == x.Description {
			r.Operation = x.Operation
			out = append(out, r)
		}
	}
	return out
}

// unverified says what keeps an interaction from being verified; ok when
// nothing does.
func unverified(d plumbline.Design, results []plumbline.PactResult) (v plumbline.Verdict, ok bool) {
	if len(results) == 0 {
		return pactsNotRun(nil, nil), false
	}
	for _, r := range results {
		one := []plumbline.PactResult{r}
		switch {
		case r.Result == plumbline.PactOK:
		case r.Result == plumbline.PactNotRun:
			return pactsNotRun(one, one), false
		case r.Result == plumbline.PactStateUnset:
			return inconclusive(plumbline.ReasonNoPositiveControl, "its provider state could not be created: %s", describePacts(one)), false
		case r.Result == plumbline.PactWithheld:
			return inconclusive(plumbline.ReasonNoPositiveControl, "it was not sent, as it would change what the run did not create: %s", describePacts(one)), false
		case lockedOut(d, r):
			return inconclusive(plumbline.ReasonNeedsIdentity, "it was refused, and no identity is declared that could be let in"), false
		default:
			return inconclusive(plumbline.ReasonNoPositiveControl, "it was not answered: %s", describePacts(one)), false
		}
	}
	return v, true
}

// unseenFields are the fields that the consumer reads and that no answer held,
// of how many answers.
func unseenFields(e *plumbline.Evidence, x plumbline.Consumer) (unseen []string, answers int64) {
	held := map[string]bool{}
	for _, s := range e.Seen {
		if s.Operation != x.Operation || s.Status != x.Status {
			continue
		}
		answers += s.Count
		for f, n := range s.Fields {
			held[f] = held[f] || n > 0
		}
	}
	for _, f := range x.Reads {
		if !held[f] {
			unseen = append(unseen, f)
		}
	}
	return unseen, answers
}
