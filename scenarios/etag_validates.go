package scenarios

import (
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const (
	etagValidates    = "http/etag-validates"
	httpConditional  = "http/conditional"
	conditionalPhase = "conditional"
)

func init() {
	register(plumbline.Function{
		ID:    etagValidates,
		Title: "Who has an answer already is told so",
		Doc: `Method: every operation that reads is asked once. Where its answer carries an ETag, it is asked again with If-None-Match: that ETag, a list that holds it, its weak form, *, and an ETag that is of nothing; where it carries Last-Modified, with If-Modified-Since and that time. At last it is asked as at first.
Criterion: with what is current the answer is 304, and has the ETag, Cache-Control, Content-Location, Expires and Vary of the 200; with another ETag it is not 304.
Guard: nothing is judged of answers that carry neither, or whose ETag or time is another one when it is asked as at first: what it answers has changed meanwhile. A 304 to somebody who has something else is proved: it shows what is no longer so. What is sent once more without need warns.`,
		Standard: "RFC 9110 §13.1.2, §13.1.3, §13.2 and §15.4.5",
		Mutants:  []string{"etag-ignored"},
		Order:    34,
		Repeats:  true,
		Plan:     planConditional,
		Judge:    judgeConditional,
	})
}

// noTag is an ETag of nothing: no value of a request looks like it, for some
// services make the ETag of what they are asked for.
const noTag = `"of-nothing-5c1d0e"`

// A condition is a way to ask for what may be known already.
type condition struct {
	step, header string
	format       string // of the header's value, with {} for what the first answer carried; without it the whole value
	from         string // header of the first answer
	current      bool   // the answer is 304
}

func conditions() []condition {
	return []condition{
		{"same", "If-None-Match", "{}", "ETag", true},
		{"listed", "If-None-Match", noTag + ", {}", "ETag", true},
		{"weak", "If-None-Match", "W/{}", "ETag", true},
		{"any", "If-None-Match", "*", "ETag", true},
		{"unknown", "If-None-Match", noTag, "ETag", false},
		{"since", "If-Modified-Since", "{}", "Last-Modified", true},
	}
}

func planConditional(d plumbline.Design) plumbline.Proposal {
	var p plumbline.Proposal
	ph := plumbline.Phase{Name: conditionalPhase, Role: plumbline.RoleProbe}
	for _, o := range inCallOrder(d.Operations) {
		if o.Method != "GET" || !callable(d, o) || !o.Safe() {
			continue
		}
		ph.Flows = append(ph.Flows, plumbline.Flow{Name: conditionalFlow(o.ID), Why: "asked again by who has the answer", Steps: conditionalSteps(d, o), Source: o.Source})
		p.Claims = append(p.Claims, plumbline.Claim{
			ID: etagValidates + "/" + o.ID, Function: etagValidates, Operation: o.ID, Basis: plumbline.BasisDefault, Source: o.Source,
			Statement: o.ID + " tells who has its answer already that it is current", Experiments: []string{httpConditional},
		})
	}
	if len(p.Claims) > 0 {
		p.Experiments = []plumbline.Experiment{{ID: httpConditional, Title: "answers are asked for by who has them", Kind: plumbline.KindContract, Phases: []plumbline.Phase{ph}}}
	}
	return p
}

func conditionalFlow(operation string) string { return operation + " again" }

// conditionalSteps read a thing that the flow creates, where that can be, so
// that nobody else changes it meanwhile.
func conditionalSteps(d plumbline.Design, o plumbline.Operation) []plumbline.Step {
	ask, steps := reading(d, o)
	steps = append(steps, ask("read"))
	for _, c := range conditions() {
		s := ask(c.step)
		s.Own.Kind = plumbline.CaseRobust // 304 is no status of the document
		s.Own.Request.Header = withHeader(s.Own.Request.Header, c.header)
		if strings.Contains(c.format, "{}") {
			s.Own.Binds = append(s.Own.Binds, plumbline.Bind{In: "header", Name: c.header, From: "step:read", Pointer: "field:" + c.from, Format: c.format, Why: "flow"})
		} else {
			s.Own.Request.Header[c.header] = []string{c.format}
		}
		steps = append(steps, s)
	}
	return append(steps, ask("again"))
}

// reading makes steps that read what an operation answers: a thing of the
// flow's own, which the steps before create, where the run can make one.
func reading(d plumbline.Design, o plumbline.Operation) (ask func(step string) plumbline.Step, before []plumbline.Step) {
	made, ok := creatorOf(d, o)
	if ok && d.Mode != plumbline.ModeObserve {
		before = []plumbline.Step{{Call: plumbline.Call{Name: stepCreate, Operation: made.From}, Must: true}}
	} else {
		made = plumbline.Bind{} // which no place of a case is bound to
	}
	return func(step string) plumbline.Step { return ofMade(o, made, step) }, before
}

func judgeConditional(_ plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	f := flownOf(e, httpConditional, conditionalFlow(c.Operation))
	read, ok := f.fine("read")
	again, still := f.fine("again")
	if !ok || !still || read.Transcript == nil || again.Transcript == nil {
		return inconclusive(plumbline.ReasonNoPositiveControl, "it was read with %s, and at last with %s", f.told("read"), f.told("again"))
	}
	was, is := read.Transcript.ResponseHeader, again.Transcript.ResponseHeader
	tag, time := headerIn(was, "ETag"), headerIn(was, "Last-Modified")
	switch {
	case read.Status != 200 || tag == "" && time == "":
		return skipped(plumbline.ReasonNotApplicable, "its answer (%d) carries neither ETag nor Last-Modified: nobody can tell whether it is current", read.Status)
	case headerIn(is, "ETag") != tag || headerIn(is, "Last-Modified") != time:
		return skipped(plumbline.ReasonNotApplicable, "its ETag or Last-Modified was another one at the end: what it answers changes all the time")
	}
	found, asked, missing := f.conditions(read)
	if missing != "" {
		return inconclusive(plumbline.ReasonIncomplete, "%s", missing)
	}
	if len(found) > 0 {
		v := accuse(e, asked, "answers", found)
		v.Remedy = "compare If-None-Match and If-Modified-Since with what would be answered, before it is, and answer 304 with the same header when it is the same"
		return v
	}
	return pass(figure{0, 0, "wrong answers", asked}, "304 to who has it, with %s; something else is answered in full", plural(asked, "condition"))
}

// conditions judges the answers under all conditions that the first answer has a
// value for; missing says which was not answered.
func (f flown) conditions(read plumbline.Observation) (found []wrongdoing, asked int, missing string) {
	was := read.Transcript.ResponseHeader
	for _, k := range conditions() {
		o, sent := f.made(k.step)
		switch {
		case headerIn(was, k.from) == "" || k.step == "weak" && strings.HasPrefix(headerIn(was, "ETag"), "W/"):
			continue
		case !sent || o.Status == 429 || o.Status == 503:
			return nil, 0, k.header + " of what it answered before was answered " + f.told(k.step)
		}
		asked++
		found = append(found, f.validated(k, read, o)...)
	}
	return found, asked, ""
}

// validated finds what is wrong with the answer under a condition.
func (f flown) validated(k condition, read, o plumbline.Observation) []wrongdoing {
	cause := "conditional " + read.Operation
	asked := k.header + ": " + strings.ReplaceAll(k.format, "{}", "(its own)")
	switch {
	case o.Status >= 500:
		return []wrongdoing{f.wrong(plumbline.LevelProved, asked+" is answered "+answer(o), cause, o)}
	case !k.current && o.Status == 304:
		return []wrongdoing{f.wrong(plumbline.LevelProved, asked+" is answered 304, though that is of nothing: who has another version never sees this one", cause, o)}
	case k.current && o.Status != 304:
		return []wrongdoing{f.wrong(plumbline.LevelLikely, asked+" is answered "+answer(o)+", not 304", cause, o)}
	case !k.current && !succeeded(o):
		return []wrongdoing{f.wrong(plumbline.LevelLikely, asked+" is answered "+answer(o)+", not in full", cause, o)}
	case k.step == "same" && o.Transcript != nil:
		return f.bare(read, o, cause)
	}
	return nil
}

// bare finds what a 304 lacks of the header of the 200.
func (f flown) bare(read, o plumbline.Observation, cause string) []wrongdoing {
	for _, name := range []string{"ETag", "Cache-Control", "Content-Location", "Expires", "Vary"} {
		if headerIn(read.Transcript.ResponseHeader, name) != "" && headerIn(o.Transcript.ResponseHeader, name) == "" {
			return []wrongdoing{f.wrong(plumbline.LevelLikely, "the 304 has no "+name+", which the 200 has", cause, o)}
		}
	}
	return nil
}
