package scenarios

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const failedWrite = "contract/failed-write-changes-nothing"

// mostFailed bounds the invalid updates that are tried on one resource.
const mostFailed = 6

func init() {
	register(plumbline.Function{
		ID:    failedWrite,
		Title: "A write that is refused changes nothing",
		Doc: `Method: a resource is made and read; PUT and PATCH with invalid bodies are sent to it, and after each it is read again and compared with what was read before. Where there is a list, it is walked, an invalid creation is sent, and it is walked again.
Criterion: after an update that was answered 4xx no value differs; after a creation that was answered 4xx the list holds no more than before.
Guard: a value that the refused request carried and that has changed is proved; other differences, and a list that has grown, are likely and warn: others may write too. Members that every read or write changes, such as a time of the last access, do not count.`,
		Standard: "RFC 9110 §15.5; EvoMaster F104 and F901; RESTler leakage rule",
		Mutants:  []string{"writes-before-check"},
		Order:    19, // before response-conforms: an invalid value that was stored is answered afterwards
		Repeats:  true,
		Plan:     planFailed,
		Judge:    judgeFailed,
	})
}

func planFailed(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: "refused", Role: plumbline.RoleProbe}
	for _, f := range livable(d) {
		l := life{d, f}
		flow, ok := l.refused()
		if !ok {
			continue
		}
		op, _ := d.Operation(f.Create)
		ph.Flows = append(ph.Flows, flow)
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: failedWrite + "/" + l.subject(), Function: failedWrite, Operation: f.Create, Basis: plumbline.BasisDefault, Source: op.Source,
			Statement: f.Name + ": a write that is refused changes nothing", Experiments: []string{contractFailed},
		})
	}
	if len(ph.Flows) == 0 {
		return unlivable(failedWrite)
	}
	p.Experiments = []plumbline.Experiment{{ID: contractFailed, Title: "refused writes change nothing", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	return p
}

// refused sends what must be refused to a member, and to the collection.
func (l life) refused() (plumbline.Flow, bool) {
	flow := plumbline.Flow{Name: l.subject(), Why: "invalid writes on one of " + l.f.Name, Steps: []plumbline.Step{l.make("create")}}
	before, readable := l.seeded("before", "create", l.f.Read)
	tried := false
	if readable {
		flow.Steps = append(flow.Steps, settled(before, 200))
		for i, c := range l.invalidBodies() {
			write, ok := l.on("write-"+string(rune('1'+i)), "create", c)
			if !ok {
				continue
			}
			read, _ := l.seeded("read-"+string(rune('1'+i)), "create", l.f.Read)
			read.Compare = []plumbline.Compare{{With: "answer:" + readBefore(i), Strict: true}}
			flow.Steps = append(flow.Steps, write, read)
			tried = true
		}
	}
	steps := l.failedCreation()
	flow.Steps = append(flow.Steps, steps...)
	if s, ok := l.removal("delete", "create"); ok {
		flow.Steps = append(flow.Steps, s)
	}
	return flow, tried || len(steps) > 0
}

// readBefore is the step that read the member before the n-th write: the one
// after the write before it, for that may have been accepted.
func readBefore(n int) string {
	if n == 0 {
		return "before"
	}
	return "read-" + string(rune('0'+n))
}

// invalidBodies are invalid updates whose body still names members, as it may
// be their values that get stored; of every keyword one.
func (l life) invalidBodies() []plumbline.Case {
	var out []plumbline.Case
	for _, id := range []string{l.f.Replace, l.f.Patch} {
		op, ok := l.d.Operation(id)
		if !ok {
			continue
		}
		seen := map[string]bool{}
		for _, c := range op.Invalid {
			if body, ok := objectIn(c.Request.Body); ok && len(body) > 0 && wrongBody(c) && !seen[c.Keyword] && len(out) < mostFailed {
				seen[c.Keyword] = true
				out = append(out, c)
			}
		}
	}
	return out
}

// wrongBody says whether it is the body of a case that is invalid.
func wrongBody(c plumbline.Case) bool {
	return refutable(c) && strings.HasPrefix(c.Pointer, "body")
}

// failedCreation walks the list, sends an invalid creation and walks it again.
func (l life) failedCreation() []plumbline.Step {
	op, _ := l.d.Operation(l.f.Create)
	list, ok := l.list("list-before", 20)
	i := slices.IndexFunc(op.Invalid, func(c plumbline.Case) bool {
		_, object := objectIn(c.Request.Body)
		return object && wrongBody(c)
	})
	if !ok || i < 0 {
		return nil
	}
	c := op.Invalid[i]
	after := list
	after.Name = "list-after"
	return []plumbline.Step{list, {Call: plumbline.Call{Name: "create-invalid", Operation: op.ID, Own: &c}}, after}
}

func judgeFailed(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	subject := c.ID[len(failedWrite)+1:]
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return subjectOf(f) == subject })
	if i < 0 {
		return broken("the design has no family %s", subject)
	}
	l := life{d, d.Families[i]}
	f := flownOf(e, contractFailed, subject)
	if _, ok := f.made("create"); !ok {
		return inconclusive(plumbline.ReasonIncomplete, "nothing was created: %s", f.told("create"))
	}
	found, tried := l.written(f)
	more, walked := l.grown(f, e)
	found = append(found, more...)
	if len(found) > 0 {
		v := accuse(e, tried+walked, "writes", found)
		if i := slices.IndexFunc(found, func(w wrongdoing) bool { return w.level == plumbline.LevelProved && w.cause != l.failure() }); i >= 0 {
			v.Cause = found[i].cause // what was stored is answered elsewhere too
		}
		v.Remedy = "validate the whole request before the first change, or undo it"
		return v
	}
	if tried+walked == 0 {
		return skipped(plumbline.ReasonNotApplicable, "no invalid write was refused and looked at: not covered")
	}
	return pass(figure{0, 0, "writes", tried + walked}, "%s and %s were refused, and changed nothing", plural(tried, "update"), plural(walked, "creation"))
}

// written finds refused updates that changed the member.
func (l life) written(f flown) (found []wrongdoing, tried int) {
	for i, c := range l.invalidBodies() {
		n := string(rune('1' + i))
		write, ok := f.made("write-" + n)
		if !ok || write.Status < 400 || write.Status >= 500 {
			continue
		}
		o, ok := f.fine("read-" + n)
		m, compared := matched(o, "answer:"+readBefore(i))
		if !ok || !compared {
			continue
		}
		tried++
		body, _ := objectIn(c.Request.Body)
		for _, mark := range m.Marks {
			if bookkeeping(mark.Pointer) {
				continue
			}
			level := plumbline.LevelLikely
			if _, carried := body[firstToken(mark.Pointer, l.f.Inside)]; carried {
				level = plumbline.LevelProved
			}
			found = append(found, f.wrong(level, c.Operation+" is refused with "+answer(write)+", and "+mark.Pointer+" "+mark.Message, storedAs(o, mark.Pointer, l.failure()), o))
		}
	}
	return found, tried
}

// storedAs is the cause of a member that a refused write has changed: where the
// value that was stored breaks the document of the answer, it is that of the
// breach, for all answers that show the value break it likewise.
func storedAs(o plumbline.Observation, pointer, otherwise string) string {
	for _, m := range o.Marks {
		if m.Kind == plumbline.MarkBody && (m.Pointer == pointer || strings.HasPrefix(m.Pointer, pointer+"/")) && m.Schema != "" {
			return causeOf(m)
		}
	}
	return otherwise
}

// failure is the cause of what writes that fail leave behind.
func (l life) failure() string { return "failed write " + l.f.Name }

// grown finds a list that has more items after a creation was refused.
func (l life) grown(f flown, e *plumbline.Evidence) ([]wrongdoing, int) {
	o, ok := f.made("create-invalid")
	if !ok || o.Status < 400 || o.Status >= 500 {
		return nil, 0
	}
	before, after := f.walk(e, "list-before"), f.walk(e, "list-after")
	if before.Ended != "end" || after.Ended != "end" {
		return nil, 0
	}
	if after.Distinct <= before.Distinct {
		return nil, 1
	}
	return []wrongdoing{f.wrong(plumbline.LevelLikely, l.f.Create+" is refused with "+answer(o)+", and the list has grown", l.failure(), o)}, 1
}
