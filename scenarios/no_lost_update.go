package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const noLostUpdate = "data/no-lost-update"

// How stale and simultaneous writes are made.
const (
	updateRounds = 6
	updateBodies = 4 // of which all but the first race
	updateTwice  = 2 // rounds with two winners that accuse
	updateNeeded = 3 // rounds with a winner
)

func init() {
	register(plumbline.Function{
		ID:    noLostUpdate,
		Title: "A write that rests on what is no longer so is refused",
		Doc: `Method: where answers carry a strong ETag, one is made, read, and replaced with If-Match and the ETag that was read; another body with the same ETag, which is stale by then, is sent and the thing is read again. Then, six times, it is replaced by a first body, and up to three others are sent at once with the ETag that was read after that.
Criterion: the stale write is refused (412 of RFC 9110 §15.5.13, or 409) and changes nothing; of the simultaneous ones one at most is answered 2xx.
Guard: without an ETag nothing is claimed, and a weak one cannot be used with If-Match (strong comparison): skipped. The write with the valid ETag has to be answered 2xx, or nothing is judged. The bodies differ from each other and from what is there, for an ETag may be made of the content, and a server may answer 2xx to a change that has already been made (RFC 9110 §13.1.1). Two rounds with more than one winner accuse.`,
		Standard: "RFC 9110 §13.1.1 and §13.2; RFC 6585 §3",
		Mutants:  []string{"if-match-ignored", "if-match-race"},
		Order:    30,
		Repeats:  true,
		Plan:     planLostUpdate,
		Judge:    judgeLostUpdate,
	})
}

func planLostUpdate(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	for _, f := range livable(d) {
		l := life{d, f}
		flow, ok := l.contention()
		if !ok {
			continue
		}
		op, _ := d.Operation(f.Replace)
		x := dataUpdates + "/" + l.subject()
		ph := plumbline.Phase{Name: "writes", Role: plumbline.RoleProbe, Flows: []plumbline.Flow{flow}}
		p.Experiments = append(p.Experiments, plumbline.Experiment{ID: x, Title: "writes to " + f.Name + " that contend", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: noLostUpdate + "/" + l.subject(), Function: noLostUpdate, Operation: f.Replace, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: "no write to " + f.Name + " is lost to one that had not seen it", Experiments: []string{x},
		})
	}
	if len(p.Claims) == 0 {
		return unlivable(noLostUpdate)
	}
	return p
}

// contention is the flow of stale and of simultaneous writes.
func (l life) contention() (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: l.subject(), Why: "writes to one of " + l.f.Name + " contend"}
	read, ok := l.seeded("read", "create", l.f.Read)
	bodies := l.bodies()
	if !ok || len(bodies) < 2 {
		return flow, false
	}
	write := func(name, etagOf string, c plumbline.Case) plumbline.Step {
		s, good := l.on(name, "create", c)
		ok = ok && good
		s.Own.Kind = plumbline.CaseRobust // it may be refused
		s.Own.Request.Header = withHeader(c.Request.Header, "If-Match")
		s.Own.Binds = append(s.Own.Binds, plumbline.Bind{In: "header", Name: "If-Match", From: "step:" + etagOf, Pointer: "field:ETag", Why: "flow"})
		return s
	}
	after := l.reading("read-after", "")
	after.Compare = []plumbline.Compare{{With: "answer:read-written"}}
	flow.Steps = []plumbline.Step{l.make("create"), read, write("write", "read", bodies[0]), l.reading("read-written", ""), write("stale", "read", bodies[1]), after}
	for i := range updateRounds {
		if len(bodies) < 3 {
			break
		}
		n := fmt.Sprint(i + 1)
		// What races must not be what is there already: it would change nothing,
		// and an ETag that is made of the content would stay valid.
		reset, good := l.on("reset-"+n, "create", bodies[0])
		ok = ok && good
		flow.Steps = append(flow.Steps, reset, l.reading("look-"+n, ""))
		for k, c := range bodies[1:] {
			race := write("race-"+n+" "+fmt.Sprint(k+1), "look-"+n, c)
			race.Together = true
			flow.Steps = append(flow.Steps, race)
		}
	}
	if remove, ok := l.removal("delete", "create"); ok {
		flow.Steps = append(flow.Steps, remove)
	}
	return flow, ok
}

// withHeader is a header with one more name, whose value is filled in later.
func withHeader(h map[string][]string, name string) map[string][]string {
	out := map[string][]string{name: {""}}
	for k, v := range h {
		out[k] = v
	}
	return out
}

// bodies are valid cases of PUT whose bodies contradict each other.
func (l life) bodies() []plumbline.Case {
	op, _ := l.d.Operation(l.f.Replace)
	var out []plumbline.Case
	var seen []map[string]any
	for _, c := range op.Cases {
		body, ok := objectIn(c.Request.Body)
		if !ok || c.Kind != plumbline.CaseValid || len(out) == updateBodies || slices.ContainsFunc(seen, func(b map[string]any) bool { return !contradicts(body, b) }) {
			continue
		}
		out, seen = append(out, c), append(seen, body)
	}
	return out
}

func judgeLostUpdate(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(noLostUpdate)+1:]
	experiment := dataUpdates + "/" + subject
	f := flownOf(e, experiment, subject)
	read, ok := f.fine("read")
	if !ok || read.Transcript == nil {
		return inconclusive(plumbline.ReasonNoPositiveControl, "it was created with %s and read with %s", f.told("create"), f.told("read"))
	}
	switch etag := headerIn(read.Transcript.ResponseHeader, "ETag"); {
	case etag == "":
		return skipped(plumbline.ReasonNotApplicable, "answers carry no ETag, so that no write can say on what it rests")
	case strings.HasPrefix(etag, "W/"):
		return skipped(plumbline.ReasonNotApplicable, "the ETag %s is weak: If-Match compares strongly, so that no write can rest on it", etag)
	}
	if _, ok := f.fine("write"); !ok {
		return inconclusive(plumbline.ReasonNoPositiveControl, "a PUT with the ETag that was just read was answered %s", f.told("write"))
	}
	if v, bad := f.staleWrite(d, e); bad {
		return v
	}
	return f.raced(e, experiment)
}

// staleWrite judges the write whose ETag was stale.
func (f flown) staleWrite(d plumbline.Design, e *plumbline.Evidence) (plumbline.Verdict, bool) {
	stale, sent := f.made("stale")
	cause := "lost update " + f.flow
	var w wrongdoing
	switch {
	case !sent:
		return inconclusive(plumbline.ReasonIncomplete, "the stale write was not answered: %s", f.told("stale")), true
	case stale.Status >= 500:
		w = f.wrong(plumbline.LevelProved, "a PUT with a stale If-Match is answered "+answer(stale), cause, stale)
	case succeeded(stale):
		w = f.wrong(plumbline.LevelProved, "a PUT with a stale If-Match is answered "+answer(stale)+": what was written in between is lost", cause, stale)
	default:
		w = f.unrefused(d, stale, cause)
		if w.what == "" {
			return plumbline.Verdict{}, false
		}
	}
	v := accuse(e, 1, "writes", []wrongdoing{w})
	v.Remedy = "compare If-Match with the current ETag before a write, and answer 412 when it is another one"
	return v, true
}

// unrefused finds what a refused write has changed all the same, of the members
// that it named.
func (f flown) unrefused(d plumbline.Design, stale plumbline.Observation, cause string) wrongdoing {
	i := slices.IndexFunc(d.Families, func(x plumbline.Family) bool { return subjectOf(x) == f.flow })
	o, ok := f.fine("read-after")
	if i < 0 || !ok || stale.Transcript == nil {
		return wrongdoing{}
	}
	m, _ := matched(o, "answer:read-written")
	body, _ := objectIn([]byte(stale.Transcript.RequestBody))
	for _, mark := range m.Marks {
		if _, named := body[firstToken(mark.Pointer, d.Families[i].Inside)]; named && !bookkeeping(mark.Pointer) {
			return f.wrong(plumbline.LevelProved, "a PUT with a stale If-Match is refused with "+answer(stale)+", and "+mark.Pointer+" "+mark.Message, cause, o)
		}
	}
	return wrongdoing{}
}

// raced judges the simultaneous writes.
func (f flown) raced(e *plumbline.Evidence, experiment string) plumbline.Verdict {
	won, most := 0, 0
	var several []burst
	rounds := roundsOf(e, experiment, f.flow, "race-", "")
	for _, r := range rounds {
		winners := 0
		for _, o := range r.answers {
			if succeeded(o) {
				winners++
			}
		}
		if winners > 0 && r.met() {
			won++
		}
		if most = max(most, winners); winners > 1 {
			several = append(several, r)
		}
	}
	g := figure{float64(most), 1, "winners", won}
	switch {
	case len(several) >= updateTwice:
		v := fail(g, "in %d of %s, simultaneous PUTs with the same If-Match were both answered 2xx (%s): what one of them wrote is lost", len(several), plural(len(rounds), "round"), answers(several[0].answers))
		v.Evidence, v.Cause = exhibitsOf(e, several[0].answers), "lost update "+f.flow
		v.Remedy = "compare and write in one step: within the lock, or with a condition in the statement that writes"
		return v
	case len(several) > 0:
		return inconclusive(plumbline.ReasonUndecided, "in one of %s two simultaneous PUTs with the same If-Match were answered 2xx", plural(won, "round"))
	case len(rounds) == 0:
		return pass(figure{0, 0, "winners", 1}, "a stale write was refused with %s; there are too few different bodies to let writes race", f.told("stale"))
	case won < updateNeeded:
		return inconclusive(plumbline.ReasonTooFewSamples, "a stale write was refused with %s; simultaneous ones met, with one answered 2xx, in %s, %d are needed", f.told("stale"), plural(won, "round"), updateNeeded)
	}
	return pass(g, "a stale write was refused with %s; of simultaneous ones one was answered 2xx in each of %s", f.told("stale"), plural(won, "round"))
}
