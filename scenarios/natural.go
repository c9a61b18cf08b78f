package scenarios

import (
	"slices"

	"github.com/plumbline-dev/plumbline"
)

const natural = "idempotency/natural"

func init() {
	register(plumbline.Function{
		ID:    natural,
		Title: "PUT and DELETE can be repeated",
		Doc: `Method: of every kind of resource that can be created and read, one is made, replaced, read, replaced by the same again, read, deleted, deleted again, and read.
Criterion: the second PUT is answered 2xx and leaves what the first left; the second DELETE is answered 2xx, 404 or 410, or by the same refusal as the read: some do not tell what is not there from what is not shown; neither is answered by a 5xx.
Guard: only what was answered 2xx the first time is judged, and nothing is kept by what has no effect: the read after the PUT has to show what was sent, and the one after the DELETE has to find nothing. Times, versions and hashes may differ. Another 4xx to the second PUT or DELETE warns: it changes nothing, but a client that repeats after a lost answer takes it for a failure.`,
		Standard: "RFC 9110 §9.2.2",
		Mutants:  []string{"delete-twice-500"},
		Order:    34,
		Repeats:  true,
		Plan:     planNatural,
		Judge:    judgeNatural,
	})
}

func planNatural(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "repetitions", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		l := life{d, f}
		flow := l.twice()
		if len(flow.Steps) < 3 {
			continue
		}
		ph.Flows = append(ph.Flows, flow)
		op, _ := d.Operation(f.Create)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: natural + "/" + l.subject(), Function: natural, Operation: f.Create, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: "PUT and DELETE of " + f.Name + " can be repeated", Experiments: []string{idempotencyNatural},
		})
	}
	if len(ph.Flows) == 0 {
		return unlivable(natural)
	}
	p.Experiments = []plumbline.Experiment{{ID: idempotencyNatural, Title: "PUT and DELETE are repeated", Kind: plumbline.KindScenario, Phases: []plumbline.Phase{ph}}}
	return p
}

// twice replaces and deletes a member, each twice.
func (l life) twice() plumbline.Flow {
	flow := plumbline.Flow{Name: l.subject(), Why: "one of " + l.f.Name + " is replaced and deleted twice", Steps: []plumbline.Step{l.make("create")}}
	_, readable := l.seeded("read", "create", l.f.Read)
	if c, _, ok := l.differing(l.f.Replace, bodyOf(l.d, l.f.Create), false); ok && readable && !l.f.Chosen {
		if put, ok := l.on("put", "create", c); ok {
			again := put
			again.Name = "put-again"
			after := l.reading("read-after", "")
			after.Compare = []plumbline.Compare{{With: "answer:read-once"}}
			once := l.reading("read-once", "")
			once.Compare = []plumbline.Compare{{With: "sent:put"}}
			flow.Steps = append(flow.Steps, put, once, provoking(again), after)
		}
	}
	if remove, ok := l.removal("delete", "create"); ok {
		again := remove
		again.Name = "delete-again"
		flow.Steps = append(flow.Steps, remove, provoking(again))
		if readable {
			flow.Steps = append(flow.Steps, provoking(l.reading("gone", "")))
		}
	}
	return flow
}

func judgeNatural(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(natural)+1:]
	f := flownOf(e, idempotencyNatural, subject)
	if _, ok := f.fine("create"); !ok {
		return inconclusive(plumbline.ReasonNoPositiveControl, "nothing was created: %s", f.told("create"))
	}
	var found []wrongdoing
	judged := 0
	if again, ok := f.repeatedOf("put"); ok {
		if f.replaced() {
			judged++
		}
		found = append(found, f.putTwice(again, subject)...)
	}
	if again, ok := f.repeatedOf("delete"); ok {
		if f.removed() {
			judged++
		}
		found = append(found, f.deletedTwice(again, subject)...)
	}
	switch {
	case len(found) > 0:
		v := accuse(e, max(judged, 1), "methods", found)
		v.Remedy = "let a repeated PUT or DELETE find what the first has done, and say so"
		return v
	case judged == 0:
		return inconclusive(plumbline.ReasonNoPositiveControl, "neither PUT (%s) nor DELETE (%s) was seen to do anything the first time", f.told("put"), f.told("delete"))
	}
	return pass(figure{0, 0, "methods", judged}, "PUT was answered %s and then %s, DELETE %s and then %s", f.told("put"), f.told("put-again"), f.told("delete"), f.told("delete-again"))
}

// repeatedOf is the repetition of a step that was answered 2xx; what is only
// promised (202) may still be under way.
func (f flown) repeatedOf(step string) (plumbline.Observation, bool) {
	once, ok := f.fine(step)
	again, made := f.made(step + "-again")
	return again, ok && made && once.Status != 202
}

// replaced says whether the PUT was seen to do what it says.
func (f flown) replaced() bool {
	o, ok := f.fine("read-once")
	m, compared := matched(o, "sent:put")
	return ok && compared && !slices.ContainsFunc(m.Marks, func(k plumbline.Mark) bool { return !bookkeeping(k.Pointer) })
}

// removed says whether the DELETE was.
func (f flown) removed() bool {
	gone, ok := f.made("gone")
	return ok && gone.Error == "" && gone.Status >= 400 && gone.Status < 500
}

func (f flown) putTwice(again plumbline.Observation, subject string) []wrongdoing {
	cause := "repeated PUT " + subject
	switch {
	case again.Status >= 500:
		return []wrongdoing{f.wrong(plumbline.LevelProved, "the same PUT again is answered "+answer(again), cause, again)}
	case !succeeded(again):
		return []wrongdoing{f.wrong(plumbline.LevelLikely, "the same PUT again is refused: "+answer(again), cause, again)}
	}
	var found []wrongdoing
	o, _ := f.fine("read-after")
	m, _ := matched(o, "answer:read-once")
	for _, mark := range m.Marks {
		if !bookkeeping(mark.Pointer) {
			found = append(found, f.wrong(plumbline.LevelLikely, "after the same PUT again "+mark.Pointer+" "+mark.Message, cause, o))
		}
	}
	return found
}

func (f flown) deletedTwice(again plumbline.Observation, subject string) []wrongdoing {
	cause := "repeated DELETE " + subject
	switch {
	case again.Status >= 500:
		return []wrongdoing{f.wrong(plumbline.LevelProved, "the second DELETE is answered "+answer(again), cause, again)}
	case !succeeded(again) && !slices.Contains([]int{404, 410}, again.Status) && !f.hidden(again.Status):
		return []wrongdoing{f.wrong(plumbline.LevelLikely, "the second DELETE is answered "+answer(again), cause, again)}
	}
	return nil
}

// hidden says whether what is not there is answered by a refusal, as what is not
// shown is (RFC 9110 §15.5.4 and §15.5.5).
func (f flown) hidden(status int) bool {
	gone, ok := f.made("gone")
	return ok && status == 403 && gone.Status == status
}
