package arazzo

import (
	"fmt"
	"strings"
)

// A value is what an expression stands for: a constant, or something that only
// an answer of the run says.
type value struct {
	constant any
	live     *live
}

// A live is a place in the answer of a step.
type live struct {
	from    string // "step:NAME", or plumbline.TermAnswer
	pointer string // as in plumbline.Bind
	format  string // text around it, with {} in its place; empty: nothing
}

// A scope is where an expression stands: a workflow with the values of its
// inputs and the steps before.
type scope struct {
	*reader
	inputs map[string]value
	steps  map[string]outputs
	here   string // what $response and $request are of; empty where they mean nothing
}

// outputs are the values that a step, or a workflow, hands on.
type outputs map[string]value

// expression reads one runtime expression (Arazzo 1.0.1 §4.7).
func (s *scope) expression(at *node, text string) (value, bool) {
	head, rest, _ := strings.Cut(strings.TrimPrefix(text, "$"), ".")
	switch head {
	case "inputs":
		return s.input(at, rest)
	case "steps":
		return s.output(at, text, rest)
	case "statusCode", "response", "request", "response.body", "request.body":
		return s.exchanged(at, text)
	case "url", "method":
		s.unsupported(at, "", "%s is not handed on", text)
	case "workflows", "outputs":
		s.unsupported(at, "call the workflow in a step (workflowId), and take the outputs of that", "%s: outputs of other workflows are not handed on", text)
	case "sourceDescriptions", "components":
		s.unsupported(at, "", "%s has no value in a request", text)
	default:
		s.wrong(at, "%s is no runtime expression", text)
	}
	return value{}, false
}

func (s *scope) input(at *node, rest string) (value, bool) {
	name, pointer, _ := strings.Cut(rest, "#")
	v, ok := s.inputs[name]
	if !ok {
		s.unknown(at, "", "there is no input %q", name)
		return value{}, false
	}
	return s.within(at, v, pointer)
}

// within goes down a pointer into a value.
func (s *scope) within(at *node, v value, pointer string) (value, bool) {
	if pointer == "" {
		return v, true
	}
	if v.live != nil {
		return s.below(at, v, pointer)
	}
	for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		m, _ := v.constant.(map[string]any)
		inner, ok := m[unescaped(t)]
		if v.constant = inner; !ok {
			s.unknown(at, "", "the input has nothing at %s", pointer)
			return value{}, false
		}
	}
	return v, true
}

func (s *scope) below(at *node, v value, pointer string) (value, bool) {
	if v.live.format != "" || v.live.pointer != "" && !strings.HasPrefix(v.live.pointer, "/") && !strings.HasPrefix(v.live.pointer, "request:") {
		s.unsupported(at, "", "nothing lies below a value that is no JSON")
		return value{}, false
	}
	l := *v.live
	l.pointer += pointer
	return value{live: &l}, true
}

// output is $steps.NAME.outputs.OUTPUT.
func (s *scope) output(at *node, text, rest string) (value, bool) {
	name, out, ok := strings.Cut(rest, ".outputs.")
	if !ok {
		s.wrong(at, "%s: write $steps.STEP.outputs.NAME", text)
		return value{}, false
	}
	known, ok := s.steps[name]
	if !ok {
		s.unknown(at, "values come from steps that stand before", "there is no step %q before this place", name)
		return value{}, false
	}
	out, pointer, _ := strings.Cut(out, "#")
	v, ok := known[out]
	if !ok {
		s.unknown(at, "add it to the outputs of the step", "the step %s has no output %q", name, out)
		return value{}, false
	}
	return s.within(at, v, pointer)
}

// exchanged is a place in the request or the answer of the step at hand.
func (s *scope) exchanged(at *node, text string) (value, bool) {
	if s.here == "" {
		s.wrong(at, "%s: there is no answer at this place", text)
		return value{}, false
	}
	for _, form := range []struct{ before, after string }{
		{"$statusCode", "status:"},
		{"$response.body#", ""},
		{"$response.header.", "field:"},
		{"$request.body#", "request:"},
		{"$request.path.", "path:"},
		{"$request.query.", "query:"},
		{"$request.header.", "sent:"},
	} {
		rest, ok := strings.CutPrefix(text, form.before)
		switch {
		case !ok:
		case form.after == "status:" && rest == "", form.after != "status:" && rest != "":
			return value{live: &live{from: s.here, pointer: form.after + rest}}, true
		}
	}
	if text == "$response.body" {
		return value{live: &live{from: s.here}}, true
	}
	s.unsupported(at, "", "%s cannot be read", text)
	return value{}, false
}

// filled reads a text that is an expression, or that holds some in braces. One
// live value is all that a text can hold.
func (s *scope) filled(at *node, text string) (value, bool) {
	if strings.HasPrefix(text, "$") && !strings.ContainsAny(text, "{} ") {
		return s.expression(at, text)
	}
	if !strings.Contains(text, "{$") {
		return value{constant: text}, true
	}
	return s.template(at, text)
}

// template fills the expressions in braces of a text.
func (s *scope) template(at *node, text string) (value, bool) {
	var b strings.Builder
	var only *live
	for rest := text; ; {
		before, after, more := strings.Cut(rest, "{$")
		b.WriteString(before)
		if !more {
			return texted(b.String(), only), true
		}
		inner, tail, closed := strings.Cut(after, "}")
		if !closed {
			s.wrong(at, "the braces of %q are not closed", text)
			return value{}, false
		}
		v, ok := s.expression(at, "$"+inner)
		switch {
		case !ok:
			return value{}, false
		case v.live == nil:
			_, _ = fmt.Fprint(&b, v.constant)
		case only != nil || v.live.format != "" || strings.Contains(text, "{}"):
			s.unsupported(at, "", "%q holds more than one value that only the run knows", text)
			return value{}, false
		default:
			only = v.live
			b.WriteString("{}")
		}
		rest = tail
	}
}

// texted is a text around a live value, if there is one.
func texted(text string, only *live) value {
	switch {
	case only == nil:
		return value{constant: text}
	case text == "{}":
		return value{live: only}
	}
	return value{live: &live{from: only.from, pointer: only.pointer, format: text}}
}

func unescaped(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

func escaped(token string) string {
	return strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
}
