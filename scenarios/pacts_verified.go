package scenarios

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	pactsVerified = "contract/pacts-verified"
	contractPacts = "contract/pacts"
)

func init() {
	register(plumbline.Function{
		ID:    pactsVerified,
		Title: "Consumer contracts hold against the deployment",
		Doc: `Method: every interaction of the generated provider-surface pact and of the existing consumer pacts is replayed against the target by Pact's own verifier; provider states are created through the API.
Criterion: every interaction that could be replayed matches. Interactions whose provider state could not be created, and those that the run may not send, as they would change what it did not create, are skipped and counted.
Guard: of the generated pact, an interaction of a success that is answered 400, 404, 409 or 422 is skipped too: the service may ask more of its input than the document can say. each interaction gets resources of its own, and Pact's matching rules, not literals, decide. Interactions that the verifier did not get to (no library, a crash, a deadline) make the claim inconclusive, never a pass; so does a file of which nothing matched because nothing answered.`,
		Standard: "Pact Specification V3 and V4",
		Mutants:  []string{"drops-consumer-field"},
		Order:    22,
		Plan:     planPacts,
		Judge:    judgePacts,
	})
}

func planPacts(d plumbline.Design) plumbline.Proposal {
	files := pactFiles(d)
	var p plumbline.Proposal
	for i, f := range files {
		c := plumbline.Claim{
			ID: pactsVerified + "/" + named(f), Function: pactsVerified, Basis: plumbline.BasisDeclared, Source: plumbline.Source{File: f},
			Statement:   "the interactions of " + named(f) + " hold",
			Experiments: []string{contractPacts},
		}
		if i == 0 && f == generatedPact(d) {
			c.Basis = plumbline.BasisDocument
		}
		p.Claims = append(p.Claims, c)
	}
	if len(files) == 0 {
		p.Skips = []plumbline.Skip{{
			Function: pactsVerified, Reason: plumbline.ReasonNotApplicable,
			Detail: "there is no pact file and nothing to make one of", Unlock: "pacts",
		}}
		return p
	}
	p.Experiments = []plumbline.Experiment{verification(files)}
	return p
}

// pactFiles are the generated pact, where there is anything to make one of, and
// those of the consumers.
func pactFiles(d plumbline.Design) []string {
	var files []string
	if slices.ContainsFunc(d.Operations, func(o plumbline.Operation) bool { return len(o.Cases) > 0 }) {
		files = append(files, generatedPact(d))
	}
	return append(files, d.Pacts...)
}

// verification hands pact files to Pact's own verifier.
func verification(files []string) plumbline.Experiment {
	return plumbline.Experiment{
		ID: contractPacts, Title: "pact files are verified", Kind: plumbline.KindContract,
		Phases: []plumbline.Phase{{Name: "verify", Role: plumbline.RoleProbe, Pacts: files}},
	}
}

// named is how a claim calls a pact file: as it was given, and by its last
// element where that depends on the machine.
func named(file string) string {
	if path.IsAbs(file) {
		return path.Base(file)
	}
	return file
}

// generatedPact is where the provider-surface pact of the service is written,
// in the run directory.
func generatedPact(d plumbline.Design) string { return "contracts/" + d.Service + ".pact.json" }

func judgePacts(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	if r := pactResults(e, strings.TrimPrefix(c.ID, pactsVerified+"/")); len(r) == 1 && r[0].Result == plumbline.PactEmpty {
		return skipped(plumbline.ReasonNotApplicable, "%s holds no interaction: there is none that a right provider has to give", path.Base(r[0].File))
	}
	v := judgeFile(d, c, e)
	if slices.ContainsFunc(d.Consumers, func(x plumbline.Consumer) bool { return x.Pending && x.File == c.Source.File }) {
		v = pending(v)
	}
	return v
}

func judgeFile(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	results := pactResults(e, strings.TrimPrefix(c.ID, pactsVerified+"/"))
	byResult, locked := sorted(d, results)
	matched, unset, missed := len(byResult[plumbline.PactOK]), len(byResult[plumbline.PactStateUnset]), byResult[plumbline.PactMismatch]
	refused := 0
	if c.Source.File == generatedPact(d) {
		all := len(missed)
		missed = slices.DeleteFunc(missed, refusedInput)
		refused = all - len(missed)
	}
	unanswered, notRun := byResult[plumbline.PactError], byResult[plumbline.PactNotRun]
	if matched > 0 {
		missed = append(missed, unanswered...) // others were answered
	}
	left := leftOut(unset, locked, len(byResult[plumbline.PactWithheld]), refused) + undeclaredMessages(len(byResult[plumbline.PactUndeclared]))
	switch {
	case len(missed) > 0:
		v := fail(figure{float64(len(missed)), 0, "interactions", matched + len(missed)}, "%s of %d broken: %s%s",
			plural(len(missed), "interaction"), matched+len(missed), describePacts(missed), left)
		v.Remedy = "restore what the consumer relies on, or agree with it on a new contract"
		v.Evidence = pactExhibits(missed)
		v.Cause = pactCause(missed[0].File)
		return v
	case len(results) == 0 || len(notRun) > 0:
		return pactsNotRun(results, notRun)
	case len(unanswered) > 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "not one of %s was answered: %s", plural(len(unanswered), "interaction"), describePacts(unanswered))
	case len(byResult[plumbline.PactUndeclared]) == len(results):
		return skipped(plumbline.ReasonNotDeclared, "all of %s are messages, and plumbline.yaml does not declare under messages: who makes them", plural(len(results), "interaction"))
	case matched == 0 && locked > 0 && unset == 0:
		return inconclusive(plumbline.ReasonNeedsIdentity, "no interaction could be replayed%s", left)
	case matched == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "no interaction could be replayed%s", left)
	}
	return pass(figure{0, 0, "interactions", matched}, "%s matched%s", plural(matched, "interaction"), left)
}

// pactCause is what the failures of a pact file and of its interactions have in
// common.
func pactCause(file string) string { return "pact " + path.Base(file) }

// sorted sorts results by what became of them. Those that nobody declared an
// identity for are counted only.
func sorted(d plumbline.Design, results []plumbline.PactResult) (byResult map[string][]plumbline.PactResult, locked int) {
	byResult = map[string][]plumbline.PactResult{}
	for _, r := range results {
		if lockedOut(d, r) {
			locked++
			continue
		}
		byResult[r.Result] = append(byResult[r.Result], r)
	}
	return byResult, locked
}

// leftOut says in words what was not judged.
func leftOut(unset, locked, withheld, refused int) string {
	left := ""
	if refused > 0 {
		left += fmt.Sprintf("; %s skipped, as the service refuses the input that was made for it", plural(refused, "interaction"))
	}
	if withheld > 0 {
		left += fmt.Sprintf("; %s skipped, as it would change what the run did not create", plural(withheld, "interaction"))
	}
	if unset > 0 {
		left += fmt.Sprintf("; %s skipped, as their provider state could not be created", plural(unset, "interaction"))
	}
	if locked > 0 {
		left += fmt.Sprintf("; %s skipped, as no identity is declared that could be let in", plural(locked, "interaction"))
	}
	return left
}

func undeclaredMessages(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s skipped, as plumbline.yaml does not declare under messages: who makes them", plural(n, "message"))
}

// refusedInput says whether what should be answered 2xx was refused as input is.
func refusedInput(r plumbline.PactResult) bool {
	detail := strings.Join(r.Detail, " ")
	return strings.Contains(detail, "expected 2") && slices.ContainsFunc([]string{"400", "404", "409", "422"}, func(status string) bool {
		return strings.Contains(detail, " but was "+status)
	})
}

// lockedOut says whether an interaction was refused for want of credentials
// that nobody declared.
func lockedOut(d plumbline.Design, r plumbline.PactResult) bool {
	o, ok := d.Operation(r.Operation)
	if !ok || !o.Secured || len(d.Identities) > 0 || r.Result != plumbline.PactMismatch {
		return false
	}
	detail := strings.Join(r.Detail, " ")
	return strings.Contains(detail, "but was 401") || strings.Contains(detail, "but was 403")
}

// pactsNotRun is the verdict when the verifier gave no result.
func pactsNotRun(results, notRun []plumbline.PactResult) plumbline.Verdict {
	v := inconclusive(plumbline.ReasonIncomplete, "%d of %s were not run: %s", len(notRun), plural(len(results), "interaction"), describePacts(notRun))
	if len(results) == 0 {
		v = inconclusive(plumbline.ReasonIncomplete, "the verifier gave no result")
	}
	text := strings.ToLower(describePacts(notRun))
	if len(notRun) == len(results) && (len(results) == 0 || strings.Contains(text, "libpact_ffi") || strings.Contains(text, "library")) {
		v.Reason = plumbline.ReasonNoLibrary
	}
	v.Remedy = "run `plumbline setup` to get Pact's verification library"
	return v
}

// pactResults are the results of one file. The verifier may have been given
// the file by another path; the base name then decides.
func pactResults(e *plumbline.Evidence, file string) []plumbline.PactResult {
	var exact, base []plumbline.PactResult
	for _, r := range e.Pacts {
		switch {
		case path.Clean(r.File) == path.Clean(file):
			exact = append(exact, r)
		case path.Base(r.File) == path.Base(file):
			base = append(base, r)
		}
	}
	if len(exact) > 0 {
		return exact
	}
	return base
}

func describePacts(results []plumbline.PactResult) string {
	var parts []string
	for _, r := range results[:min(len(results), 3)] {
		s := fmt.Sprintf("%q", r.Description)
		if len(r.Detail) > 0 {
			s += " (" + strings.Join(r.Detail[:min(len(r.Detail), 2)], "; ") + ")"
		}
		parts = append(parts, s)
	}
	if more := len(results) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

func pactExhibits(results []plumbline.PactResult) []plumbline.Exhibit {
	var out []plumbline.Exhibit
	for _, r := range results[:min(len(results), exhibitLimit)] {
		summary := fmt.Sprintf("%s, %q", r.Consumer, r.Description)
		if len(r.States) > 0 {
			summary += " given " + strings.Join(r.States, " and ")
		}
		if len(r.Detail) > 0 {
			summary += ": " + strings.Join(r.Detail[:min(len(r.Detail), 3)], "; ")
		}
		out = append(out, plumbline.Exhibit{Summary: summary, Phase: contractPacts + "/verify"})
	}
	return out
}
