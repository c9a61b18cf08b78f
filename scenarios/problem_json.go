package scenarios

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const problemJSON = "contract/problem-json"

// problemMedia is the media type of RFC 9457.
const problemMedia = "application/problem+json"

// What one shape of errors means where no standard one is claimed.
const (
	uniformShare = 0.95
	uniformLeast = 5
)

func init() {
	register(plumbline.Function{
		ID:    problemJSON,
		Title: "Errors have one machine-readable shape",
		Doc: `Method: the bodies of all 4xx and 5xx answers that the run provokes – by invalid input, by methods and paths that are not there, without credentials – are compared.
Criterion: where errors are declared as problem details, or the document or any answer uses them, each error is application/problem+json, and its status, if it has one, is that of the answer (a MUST, and proved); type is a URI reference, title, detail and instance are text. Elsewhere at least 95 % of the errors have one media type and a member in common.
Guard: what is not a MUST is likely a defect and warns, an HTML page among them. Answers to HEAD, of statuses that the document describes by another media type, behind a fault, or by another layer than the one that answers valid requests (its Server header differs) are not judged here. Fewer than 5 errors with content prove nothing where no shape is claimed.`,
		Standard: "RFC 9457 §3.1",
		Mutants:  []string{"plain-404"},
		Order:    28,
		Repeats:  true,
		Plan:     planProblem,
		Judge:    judgeProblem,
	})
}

func planProblem(d plumbline.Design) plumbline.Proposal {
	p := plumbline.Proposal{}
	for _, x := range []plumbline.Experiment{invalidCases(d)} {
		if len(x.Phases[0].Calls) > 0 {
			p.Experiments = append(p.Experiments, x)
		}
	}
	p.Experiments = append(p.Experiments, planMethods(d).Experiments...)
	p.Experiments = append(p.Experiments, planShadow(d).Experiments...)
	if len(p.Experiments) == 0 {
		return plumbline.Proposal{}
	}
	c := plumbline.Claim{ID: problemJSON + "/errors", Function: problemJSON, Basis: plumbline.BasisDefault, Statement: "errors have one machine-readable shape"}
	if d.Errors != "" {
		c.Basis, c.Statement = plumbline.BasisDocument, "errors are problem details of RFC 9457"
	}
	for _, x := range p.Experiments {
		c.Experiments = append(c.Experiments, x.ID)
	}
	p.Claims = []plumbline.Claim{c}
	return p
}

func judgeProblem(d plumbline.Design, _ plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	errs := errorsOf(e)
	if len(errs) == 0 {
		return inconclusive(plumbline.ReasonNoPositiveControl, "no error was provoked")
	}
	problems := d.Errors == "problem+json" || d.Errors == "" && slices.ContainsFunc(errs, func(o plumbline.Observation) bool { return mediaIn(o) == problemMedia })
	if !problems {
		return uniform(e, errs)
	}
	var found []wrongdoing
	for _, o := range errs {
		if what, level := misshapen(o); what != "" {
			found = append(found, wrongdoing{level: level, what: o.Stream + ": " + answer(o) + " " + what, cause: "errors " + what, shown: o, with: flowOf(o), flow: isStep(o)})
		}
	}
	if len(found) > 0 {
		v := accuse(e, len(errs), "errors", found)
		v.Statement = fmt.Sprintf("%d of %s are not as RFC 9457 says: %s", len(found), plural(len(errs), "error"), v.Statement)
		v.Remedy = "let one place of the service write all errors, those of the router and of the gateway too"
		return v
	}
	return pass(figure{0, 0, "errors", len(errs)}, "%s, all of them problem details (%s)", plural(len(errs), "error"), answers(errs))
}

// errorsOf are the error answers that are the target's own everyday ones.
func errorsOf(e *plumbline.Evidence) []plumbline.Observation {
	disturbed := disturbanceOf(e)
	servers := map[string]bool{}
	for _, o := range e.Observations {
		if succeeded(o) && o.Transcript != nil {
			servers[headerIn(o.Transcript.ResponseHeader, "Server")] = true
		}
	}
	var out []plumbline.Observation
	for _, o := range e.Observations {
		t := o.Transcript
		if o.Error != "" || o.Status < 400 || t == nil || t.Method == "HEAD" || disturbed.excused(o) {
			continue
		}
		if len(servers) == 0 || servers[headerIn(t.ResponseHeader, "Server")] {
			out = append(out, o)
		}
	}
	return out
}

// wholeBody says whether the body that was written down is all of it.
func wholeBody(o plumbline.Observation) bool {
	return int64(len(o.Transcript.ResponseBody)) >= o.Bytes && !strings.Contains(o.Transcript.ResponseBody, "[redacted]")
}

// misshapen says how an error is not a problem details object.
func misshapen(o plumbline.Observation) (string, plumbline.Level) {
	media := mediaIn(o)
	switch {
	case media == "application/problem+xml":
		return "", ""
	case media != problemMedia:
		if media == "" {
			media = "nothing"
		}
		return "is " + media, plumbline.LevelLikely
	case !wholeBody(o):
		return "", ""
	}
	body, ok := objectIn([]byte(o.Transcript.ResponseBody))
	if !ok {
		return "is labelled " + problemMedia + " and is no JSON object", plumbline.LevelProved
	}
	if status, given := body["status"].(float64); given && int(status) != o.Status {
		return fmt.Sprintf("says that its status is %v", status), plumbline.LevelProved
	}
	return misnamed(body)
}

// misnamed says which member of a problem details object is not of its type.
func misnamed(body map[string]any) (string, plumbline.Level) {
	if kind, given := body["type"].(string); given {
		if _, err := url.Parse(kind); err != nil {
			return "has a type that is no URI reference", plumbline.LevelLikely
		}
	}
	for _, name := range []string{"type", "title", "detail", "instance"} {
		if v, given := body[name]; given && !isText(v) {
			return "has a " + name + " that is no text", plumbline.LevelLikely
		}
	}
	return "", ""
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// uniform judges errors of which no shape is claimed.
func uniform(e *plumbline.Evidence, errs []plumbline.Observation) plumbline.Verdict {
	errs = slices.DeleteFunc(slices.Clone(errs), func(o plumbline.Observation) bool { return o.Bytes == 0 })
	if len(errs) < uniformLeast {
		return skipped(plumbline.ReasonNotApplicable, "%s with content, %d are needed: not covered", plural(len(errs), "error"), uniformLeast)
	}
	media, most, member, common := usual(errs)
	need := int(uniformShare * float64(len(errs)))
	readable := media != "text/html" && media != ""
	if readable && most >= need && (common >= need || !strings.Contains(media, "json")) {
		return pass(figure{float64(most) / float64(len(errs)), uniformShare, "ratio", len(errs)}, "%d of %s are %s, %d have the member %q", most, plural(len(errs), "error"), media, common, member)
	}
	found := outOfLine(errs, media, member)
	if len(found) == 0 {
		return inconclusive(plumbline.ReasonUndecided, "errors have no content to compare")
	}
	v := accuse(e, len(errs), "errors", found)
	v.Statement = fmt.Sprintf("%s have several shapes (%s): %s", plural(len(errs), "error"), counted(shapesOf(errs, member)), v.Statement)
	v.Suspects = nil // it is a matter of all of them, which a few cannot show again
	v.Remedy = "let one place of the service write all errors; RFC 9457 has a shape for them"
	return v
}

// outOfLine finds errors that are not of the commonest shape.
func outOfLine(errs []plumbline.Observation, media, member string) []wrongdoing {
	var found []wrongdoing
	for _, o := range errs {
		_, has := membersOf(o)[member]
		if got := mediaIn(o); got != media || got == "text/html" || !has && strings.Contains(media, "json") {
			found = append(found, wrongdoing{
				level: plumbline.LevelLikely, what: o.Stream + ": " + answer(o) + " is " + shapeOf(o, member),
				cause: "errors of several shapes", shown: o, with: flowOf(o), flow: isStep(o),
			})
		}
	}
	return found
}

// usual is the media type that most errors have, and the member that most of
// them have.
func usual(errs []plumbline.Observation) (media string, most int, member string, common int) {
	medias, members := map[string]int{}, map[string]int{}
	for _, o := range errs {
		medias[mediaIn(o)]++
		for name := range membersOf(o) {
			members[name]++
		}
	}
	media, most = commonest(medias)
	member, common = commonest(members)
	return media, most, member, common
}

// shapeOf is the shape of an error in words: its media type and, of JSON,
// whether it has the member that the others have.
func shapeOf(o plumbline.Observation, member string) string {
	media := cmp.Or(mediaIn(o), "of no media type")
	if !strings.Contains(media, "json") || member == "" {
		return media
	}
	if _, has := membersOf(o)[member]; has {
		return media + " with " + member
	}
	return media + " without " + member
}

func shapesOf(errs []plumbline.Observation, member string) map[string]int {
	out := map[string]int{}
	for _, o := range errs {
		out[shapeOf(o, member)]++
	}
	return out
}

func membersOf(o plumbline.Observation) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal([]byte(o.Transcript.ResponseBody), &m) != nil {
		return nil
	}
	return m
}

// commonest is the word that was counted most, and how often.
func commonest(n map[string]int) (word string, count int) {
	for _, w := range sortedKeys(n) {
		if n[w] > count {
			word, count = w, n[w]
		}
	}
	return word, count
}
