package arazzo

import (
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// alone makes a flow of a workflow that runs by itself. One whose inputs have no
// values runs only where a step calls it.
func (r *reader) alone(w *node, id string) (plumbline.Flow, bool) {
	f := plumbline.Flow{Name: id, Why: strings.TrimSpace(w.get("summary").text()), Source: w.at}
	inputs, missing := r.inputsOf(w)
	if len(missing) > 0 && r.nested[id] {
		r.notices = append(r.notices, "the workflow "+id+" runs only where a step calls it: nothing says what "+strings.Join(missing, ", ")+" is")
		return f, false
	}
	for _, name := range missing {
		r.unknown(w, "give it a default in the file, or a value under flows[].inputs of plumbline.yaml", "nothing says what the input %s of %s is", name, id)
	}
	before := len(r.errs)
	p := &playing{reader: r, flow: &f}
	p.workflow(w, id, "", inputs, nil)
	if len(f.Steps) > 0 && f.Steps[0].Longest() > 0 {
		r.unsupported(w, "how often users begin is the rate of the load", "the flow %s begins with its first step: nobody thinks before that", id)
	}
	return f, len(r.errs) == before && len(missing) == 0
}

// inputsOf are the values of the inputs of a workflow, as far as there are any:
// those that are given, or what its schema has as default, constant or example.
func (r *reader) inputsOf(w *node) (map[string]value, []string) {
	out := map[string]value{}
	var missing []string
	schema := r.referred(w.get("inputs"), "inputs")
	properties := schema.get("properties")
	if properties == nil {
		return out, nil
	}
	for _, name := range properties.keys {
		if v, ok := r.given[name]; ok {
			out[name] = value{constant: v}
		} else if v, ok := exampleOf(properties.fields[name]); ok {
			out[name] = value{constant: v}
		} else {
			missing = append(missing, name)
		}
	}
	return out, missing
}

func exampleOf(schema *node) (any, bool) {
	for _, key := range []string{"default", "const", "example"} {
		if v := schema.get(key); v != nil {
			return v.value(), true
		}
	}
	if all := schema.list("examples"); len(all) > 0 {
		return all[0].value(), true
	}
	return nil, false
}

// referred follows a reference into the components of the file: $ref as JSON
// Schema has it, or reference as Arazzo has it.
func (r *reader) referred(n *node, group string) *node {
	ref, before := n.get("$ref"), "#/components/"+group+"/"
	if ref == nil {
		ref, before = n.get("reference"), "$components."+group+"."
	}
	if ref == nil {
		return n
	}
	name, ok := strings.CutPrefix(ref.text(), before)
	if found := r.root.get("components").get(group).get(name); ok && found != nil {
		return found
	}
	r.unknown(ref, "references lead into the components of the same file", "there is no %s", ref.text())
	return nil
}

// A playing makes the steps of one flow.
type playing struct {
	*reader
	flow *plumbline.Flow
}

// workflow adds the steps of a workflow, and returns what it hands on. The
// names of its steps begin with the prefix, and within are the workflows that
// call it.
func (p *playing) workflow(w *node, id, prefix string, inputs map[string]value, within []string) outputs {
	p.only(w, "the workflow "+id, "workflowId", "inputs", "dependsOn", "steps", "successActions", "failureActions", "outputs", "parameters")
	s := &scope{reader: p.reader, inputs: inputs, steps: map[string]outputs{}}
	steps := w.list("steps")
	if len(steps) == 0 {
		p.wrong(w, "the workflow %s has no steps", id)
	}
	for i := 0; i < len(steps); {
		name := steps[i].get("stepId").text()
		if name == "" || s.steps[name] != nil || strings.ContainsAny(name, "/. ") {
			p.wrong(steps[i], "a step needs a stepId of letters, digits, - and _ that no other step has")
		}
		b := &stepping{playing: p, scope: s, workflow: w, step: steps[i], name: prefix + name}
		s.steps[name] = b.make(append(slices.Clip(within), id))
		i = b.next(steps, i)
	}
	s.here = ""
	return p.handed(s, w)
}

// handed are the outputs of a workflow or a step.
func (p *playing) handed(s *scope, n *node) outputs {
	out := outputs{}
	all := n.get("outputs")
	if all == nil {
		return out
	}
	for _, name := range all.keys {
		at := all.fields[name]
		v, ok := s.filled(at, at.text())
		switch {
		case !ok:
		case v.live == nil && at.text() == "":
			p.unsupported(at, "write a runtime expression", "the output %s is no text", name)
		case v.live != nil && v.live.pointer == "status:":
			p.unsupported(at, "", "a status is not handed on")
		default:
			out[name] = segment(n, name, v)
		}
	}
	return out
}

// segment is an output of which only the last segment of its path is meant, as
// of a Location: an extension, for Arazzo cannot say that.
func segment(n *node, name string, v value) value {
	if v.live == nil || !slices.ContainsFunc(n.list("x-plumbline-segment"), func(x *node) bool { return x.text() == name }) {
		return v
	}
	if header, ok := strings.CutPrefix(v.live.pointer, "field:"); ok {
		return value{live: &live{from: v.live.from, pointer: "header:" + header, format: v.live.format}}
	}
	return v
}

// make adds the step, or those of the workflow that it calls.
func (b *stepping) make(within []string) outputs {
	b.only(b.step, "the step "+b.name, "stepId", "operationId", "operationPath", "workflowId", "parameters", "requestBody", "successCriteria", "onSuccess", "onFailure", "outputs", "x-plumbline-new", "x-plumbline-segment", thinkTime)
	called := b.step.get("workflowId")
	if called == nil {
		return b.call()
	}
	if n := b.step.get(thinkTime); n != nil {
		b.unsupported(n, "write it at the steps of the workflow", "a step that calls a workflow has no think time of its own")
	}
	id := called.text()
	w := b.workflows[id]
	switch {
	case strings.HasPrefix(id, "$"):
		b.unsupported(called, "put the workflow into this file", "workflows of another file cannot be called")
		return outputs{}
	case w == nil:
		b.unknown(called, "", "there is no workflow %q in this file", id)
		return outputs{}
	case slices.Contains(within, id):
		b.wrong(called, "the workflow %s calls itself", id)
		return outputs{}
	}
	for _, key := range []string{"requestBody", "successCriteria", "onFailure", "outputs"} {
		if n := b.step.get(key); n != nil {
			b.unsupported(n, "state it in the workflow that is called", "a step that calls a workflow has no %s here", key)
		}
	}
	inputs, missing := b.inputsOf(w)
	handed := map[string]value{}
	for _, n := range b.step.list("parameters") {
		if v, ok := b.argument(n); ok {
			handed[n.get("name").text()] = v
		}
	}
	maps.Copy(inputs, handed)
	for _, name := range missing {
		if _, ok := handed[name]; !ok {
			b.unknown(b.step, "hand it over as a parameter", "nothing says what the input %s of %s is", name, id)
		}
	}
	return b.playing.workflow(w, id, b.name+".", inputs, within)
}

// argument is the value of a parameter.
func (b *stepping) argument(n *node) (value, bool) {
	v := n.get("value")
	if v == nil {
		b.wrong(n, "a parameter has no value")
		return value{}, false
	}
	if text := v.text(); text != "" {
		return b.filled(v, text)
	}
	return value{constant: v.value()}, true
}
