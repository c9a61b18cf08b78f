package scenarios

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
)

// How long a flow waits for what becomes true by and by: eventual consistency
// within two seconds is nobody's fault.
const (
	settleEvery  = 100 * time.Millisecond
	settleWithin = 2 * time.Second
)

// A life makes the steps of a flow on the things of one family.
type life struct {
	d plumbline.Design
	f plumbline.Family
}

// subject is the family as claims and flows name it: "orders/{id}/items".
func (l life) subject() string { return subjectOf(l.f) }

func subjectOf(f plumbline.Family) string { return strings.Trim(f.Name, "/") }

// familyMadeBy is the family whose members an operation creates.
func familyMadeBy(d plumbline.Design, operation string) (plumbline.Family, bool) {
	i := slices.IndexFunc(d.Families, func(f plumbline.Family) bool { return f.Create == operation })
	if i < 0 {
		return plumbline.Family{}, false
	}
	return d.Families[i], true
}

// livable are the families of which the mode lets a run make members of its
// own.
func livable(d plumbline.Design) []plumbline.Family {
	if d.Mode == plumbline.ModeObserve {
		return nil
	}
	var out []plumbline.Family
	for _, f := range d.Families {
		op, ok := d.Operation(f.Create)
		if ok && f.ID != "" && len(op.Cases) > 0 && callable(d, op) {
			out = append(out, f)
		}
	}
	return out
}

// unlivable is the skip of a function that has no family to work on.
func unlivable(function string) plumbline.Proposal {
	return plumbline.Proposal{Skips: []plumbline.Skip{{
		Function: function, Reason: plumbline.ReasonNotApplicable,
		Detail: "no kind of resource is known that the run may create and read",
		Unlock: "mode own, and operations that create, read and delete a resource; links in the OpenAPI document",
	}}}
}

// make is the step that creates a member.
func (l life) make(step string) plumbline.Step {
	op, _ := l.d.Operation(l.f.Create)
	c := op.Cases[0]
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: op.ID, Own: &c}, Must: true}
}

// on is the step that sends a case of an operation to the member that an
// earlier step made. It is not ok when the operation has no place for it.
func (l life) on(step, of string, c plumbline.Case) (plumbline.Step, bool) {
	op, ok := l.d.Operation(c.Operation)
	if !ok {
		return plumbline.Step{}, false
	}
	own, ok := l.bound(op, c, of)
	return plumbline.Step{Call: plumbline.Call{Name: step, Operation: op.ID, Own: &own}}, ok
}

// seeded is on with the seed request of an operation.
func (l life) seeded(step, of, operation string) (plumbline.Step, bool) {
	op, ok := l.d.Operation(operation)
	if !ok || len(op.Cases) == 0 {
		return plumbline.Step{}, false
	}
	return l.on(step, of, op.Cases[0])
}

// bound is the case with the member of an earlier step in its path.
func (l life) bound(op plumbline.Operation, c plumbline.Case, of string) (plumbline.Case, bool) {
	here := plumbline.Bind{In: "path", Name: l.f.Param, From: "step:" + of, Pointer: l.f.ID, Why: "flow"}
	c.Binds = l.beside(c.Binds, of)
	if i := l.place(op, c); i >= 0 {
		here.Name = c.Binds[i].Name
		c.Binds[i] = here
		return c, true
	}
	if l.f.Param == "" || !strings.Contains(op.Path, "{"+l.f.Param+"}") {
		return c, false
	}
	path, ok := replaced(op.Path, c.Request.Path, l.f.Param)
	c.Request.Path, c.Binds = path, append(c.Binds, here)
	return c, ok
}

// place is the bind that names a member of the family: by its name, or, where
// the path has no such name – the children of /projects/{id} lie below
// /projects/{projectId} –, by what it is taken from.
func (l life) place(op plumbline.Operation, c plumbline.Case) int {
	named := func(b plumbline.Bind) bool { return b.In == "path" && b.Name == l.f.Param && l.f.Param != "" }
	made := func(b plumbline.Bind) bool {
		return b.In == "path" && b.From == l.f.Create && (l.f.Param == "" || b.Pointer == l.f.ID)
	}
	if i := slices.IndexFunc(c.Binds, named); i >= 0 || strings.Contains(op.Path, "{"+l.f.Param+"}") {
		return i
	}
	return slices.IndexFunc(c.Binds, made)
}

// beside are the binds with the rest of a composite identifier that the client
// chooses: what else the path of the creation made anew is that of the member,
// and not made anew again.
func (l life) beside(binds []plumbline.Bind, of string) []plumbline.Bind {
	out := slices.Clone(binds)
	made, _ := l.d.Operation(l.f.Create)
	if !l.f.Chosen || len(made.Cases) == 0 {
		return out
	}
	for i, b := range out {
		anew := slices.ContainsFunc(made.Cases[0].Binds, func(m plumbline.Bind) bool {
			return m.In == "path" && m.Name == b.Name && m.From == plumbline.FromNew
		})
		if b.In == "path" && b.Name != l.f.Param && b.From == plumbline.FromNew && anew {
			out[i] = plumbline.Bind{In: "path", Name: b.Name, From: "step:" + of, Pointer: "path:" + b.Name, Why: "flow"}
		}
	}
	return out
}

// replaced is a path of which the part that a template names is a place again.
func replaced(template, path, param string) (string, bool) {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return path, false
	}
	for i, w := range want {
		if w == "{"+param+"}" {
			got[i] = w
			return strings.Join(got, "/"), true
		}
	}
	return path, false
}

// settled makes a step wait until it is answered by one of the statuses.
func settled(s plumbline.Step, statuses ...int) plumbline.Step {
	s.Poll = &plumbline.Poll{Statuses: statuses, Every: settleEvery, Within: settleWithin}
	return s
}

// provoking marks a step that is meant to be refused, so that the status of
// its answer is held against nobody who judges valid requests.
func provoking(s plumbline.Step) plumbline.Step {
	own := *s.Own
	own.Kind = plumbline.CaseRobust
	s.Own = &own
	return s
}

// removal is the step that deletes the member of an earlier step when the flow
// is over.
func (l life) removal(step, of string) (plumbline.Step, bool) {
	s, ok := l.seeded(step, of, l.f.Delete)
	s.Cleanup = true
	return s, ok
}

// A flown is one run of a flow as the evidence holds it.
type flown struct {
	experiment, flow string
	steps            map[string]plumbline.Observation
}

// flownOf gathers the steps of a flow. The names of flows hold slashes; those
// of steps do not.
func flownOf(e *plumbline.Evidence, experiment, flow string) flown {
	out := flown{experiment, flow, map[string]plumbline.Observation{}}
	for o := range e.Of(experiment, "") {
		if name, ok := strings.CutPrefix(o.Stream, flow+"/"); ok && !strings.Contains(name, "/") {
			out.steps[name] = o
		}
	}
	return out
}

// made returns a step that was sent and answered.
func (f flown) made(step string) (plumbline.Observation, bool) {
	o, ok := f.steps[step]
	return o, ok && sentToTarget(o) && o.Error == "" && o.Status != 0
}

// fine returns a step that was answered 2xx.
func (f flown) fine(step string) (plumbline.Observation, bool) {
	o, ok := f.steps[step]
	return o, ok && succeeded(o)
}

// suspect names the flow as what has to be repeated.
func (f flown) suspect() []plumbline.Suspect {
	for _, o := range f.steps {
		return []plumbline.Suspect{{Experiment: f.experiment, Phase: o.Phase, Stream: f.flow}}
	}
	return nil
}

// wrong is a wrongdoing that a step of the flow shows.
func (f flown) wrong(level plumbline.Level, what, cause string, shown plumbline.Observation) wrongdoing {
	return wrongdoing{level: level, what: what, cause: cause, shown: shown, with: f.suspect(), flow: true}
}

// told says what a step was answered, or why it was not sent.
func (f flown) told(step string) string {
	o, ok := f.steps[step]
	switch {
	case !ok:
		return "not made"
	case o.Error != plumbline.ErrorUnbound:
		return answer(o)
	case o.Transcript != nil && o.Transcript.ResponseBody != "":
		return o.Transcript.ResponseBody
	}
	return "no live value for it"
}

// walk returns what the walk of a step saw; it is empty when there was none.
func (f flown) walk(e *plumbline.Evidence, step string) plumbline.Walked {
	for _, w := range e.Walked {
		if w.Experiment == f.experiment && w.Flow == f.flow && w.Step == step {
			return w
		}
	}
	return plumbline.Walked{}
}

// matched returns the comparison of an answer with what came before.
func matched(o plumbline.Observation, with string) (plumbline.Match, bool) {
	for _, m := range o.Matches {
		if m.With == with && m.Error == "" && m.Fields > 0 {
			return m, true
		}
	}
	return plumbline.Match{}, false
}

// objectIn reads a JSON object.
func objectIn(body []byte) (map[string]any, bool) {
	var m map[string]any
	return m, json.Unmarshal(body, &m) == nil && m != nil
}

// valueAt is the text of the scalar at a JSON pointer of a body, or of a
// response header ("header:Location", its last segment), that was written down.
func valueAt(t *plumbline.Transcript, pointer string) string {
	if t == nil {
		return ""
	}
	if name, ok := strings.CutPrefix(pointer, "header:"); ok {
		v := headerIn(t.ResponseHeader, name)
		return v[strings.LastIndex(v, "/")+1:]
	}
	body := t.ResponseBody
	if at, ok := strings.CutPrefix(pointer, "request:"); ok {
		body, pointer = t.RequestBody, at
	}
	var v any
	dec := json.NewDecoder(strings.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return ""
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		v = memberOf(v, strings.NewReplacer("~1", "/", "~0", "~").Replace(token))
	}
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	}
	return ""
}

func memberOf(v any, token string) any {
	switch x := v.(type) {
	case map[string]any:
		return x[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(x) {
			return x[i]
		}
	}
	return nil
}

// headerIn is the first value of a header, whatever the case of its name.
func headerIn(h map[string][]string, name string) string {
	for k, v := range h {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}
