package scenarios

import (
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	privateNotShared = "http/private-not-shared"
	httpPrivate      = "http/private"
	privatePhase     = "private"
)

func init() {
	register(plumbline.Function{
		ID:    privateNotShared,
		Title: "What is somebody's own is kept by no shared cache",
		Doc: `Method: every operation that reads and asks for credentials is called by the first identity, by it once more, and by a second identity with no further roles, at the same address. Where another operation of the run creates what is read, the first identity creates it before.
Criterion: what the first identity is answered lets no shared cache keep it: Cache-Control has neither public nor s-maxage, unless no-store, private or no-cache are beside it, and the answer has no Age. Where the credentials do not stand in Authorization, which keeps shared caches away (RFC 9111 §3.5), an answer that says how long it is fresh has to be private.
Guard: what the second identity is answered with the same bytes is nobody's own, and neither are operations declared shared or public. It is proved where the second identity is answered something else, or nothing; without a second identity it warns.`,
		Standard: "RFC 9111 §3.5, §5.1, §5.2.2.7 and §5.2.2.9",
		Mutants:  []string{"private-made-public"},
		Order:    35,
		Repeats:  true,
		Plan:     planPrivate,
		Judge:    judgePrivate,
	})
}

func planPrivate(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	other, both := stranger(d)
	ph := plumbline.Phase{Name: privatePhase, Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		if o.Method != "GET" || !o.Safe() || !protected(d, o) || o.Shared || !callable(d, o) {
			continue
		}
		ask, steps := reading(d, o)
		steps = append(steps, ask(stepOwn), ask(stepAgain))
		if both {
			s := ask(stepOther)
			s.Identity, s.Own.Kind = other.Name, plumbline.CaseRobust
			steps = append(steps, s)
		}
		ph.Flows = append(ph.Flows, plumbline.Flow{Name: privateFlow(o.ID), Why: "two callers ask at the same address", Steps: steps, Source: o.Source})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: privateNotShared + "/" + o.ID, Function: privateNotShared, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: "what " + o.ID + " answers one caller is kept for no other", Experiments: []string{httpPrivate},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{{ID: httpPrivate, Title: "two callers ask at the same address", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	}
	return p
}

// stepAgain is the same caller once more: by then a cache may have it.
const stepAgain = "again"

func privateFlow(operation string) string { return operation + " by two" }

func judgePrivate(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	f := flownOf(e, httpPrivate, privateFlow(c.Operation))
	own, ok := f.fine(stepOwn)
	if !ok || own.Transcript == nil {
		return inconclusive(plumbline.ReasonNoPositiveControl, "its caller was not served (%s)", f.told(stepOwn))
	}
	level, whose, common := f.whose(own)
	if common {
		return skipped(plumbline.ReasonNotApplicable, "%s: it is nobody's own", whose)
	}
	op, _ := d.Operation(c.Operation)
	var found []wrongdoing
	answered := 0
	for _, step := range []string{stepOwn, stepAgain} {
		o, ok := f.fine(step)
		if !ok || o.Transcript == nil {
			continue
		}
		answered++
		if what := shareable(o.Transcript.ResponseHeader, op); what != "" {
			found = append(found, f.wrong(level, what+"; "+whose, "what shared caches keep of "+c.Operation, o))
		}
	}
	if len(found) > 0 {
		v := accuse(e, answered, "answers", found[:1])
		v.Remedy = "answer with Cache-Control: private, or no-store; declare the operation shared where everybody is answered the same"
		return v
	}
	said := headerIn(own.Transcript.ResponseHeader, "Cache-Control")
	if said == "" {
		said = "none"
	}
	return pass(figure{0, 0, "answers that may be kept", answered}, "no shared cache may keep it (Cache-Control: %s)", said)
}

// whose says how sure it is that an answer is its caller's own, and why; common
// is true when it is not.
func (f flown) whose(own plumbline.Observation) (level plumbline.Level, why string, common bool) {
	other, sent := f.made(stepOther)
	switch {
	case !sent || other.Transcript == nil:
		return plumbline.LevelLikely, "no second caller has asked for it", false
	case succeeded(other) && other.Transcript.ResponseBody == own.Transcript.ResponseBody:
		return "", other.Identity + " is answered the same", true
	case succeeded(other) || refusedStranger(other):
		return plumbline.LevelProved, other.Identity + " is answered " + answer(other) + " there, and not with this", false
	}
	return plumbline.LevelLikely, other.Identity + " was turned away for another reason (" + answer(other) + ")", false
}

// shareable says why a shared cache may keep an answer to credentials, or has
// kept it; empty when it may not.
func shareable(h map[string][]string, op plumbline.Operation) string {
	if age, err := strconv.Atoi(headerIn(h, "Age")); err == nil && age > 0 {
		return "the answer has Age: " + strconv.Itoa(age) + ": a cache has kept it"
	}
	said := headerIn(h, "Cache-Control")
	is := cacheControl(said)
	switch {
	case is.kept:
		return ""
	case is.shared:
		return "Cache-Control: " + said + " lets shared caches keep it for whoever asks"
	case is.lasting && !inAuthorization(op):
		return "Cache-Control: " + said + " is not private, and its credentials do not stand in Authorization: shared caches keep it for whoever asks"
	}
	return ""
}

// A caching is what Cache-Control says of shared caches (RFC 9111 §5.2.2).
type caching struct {
	kept    bool // from them, or asked about before each use
	shared  bool // lets them use it whoever asks
	lasting bool // says for how long
}

func cacheControl(said string) caching {
	directives := map[string]string{}
	for part := range strings.SplitSeq(strings.ToLower(said), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		directives[name] = strings.Trim(value, `"`)
	}
	has := func(name string) bool { _, ok := directives[name]; return ok }
	lasting := func(name string) bool { n, err := strconv.Atoi(directives[name]); return err == nil && n > 0 }
	return caching{
		kept:    has("no-store") || has("private") || has("no-cache"),
		shared:  lasting("s-maxage") || has("public") && !has("s-maxage") && (!has("max-age") || lasting("max-age")),
		lasting: lasting("max-age"),
	}
}

// inAuthorization says whether every way to show credentials to the operation
// uses the field Authorization.
func inAuthorization(o plumbline.Operation) bool {
	return !slices.ContainsFunc(o.Schemes, func(s plumbline.Scheme) bool { return s.Type == "apiKey" || s.Type == "mutualTLS" })
}
