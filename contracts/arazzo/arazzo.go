// Package arazzo reads flows that a team has written down as workflows of the
// Arazzo Specification (1.0.1, https://spec.openapis.org/arazzo/v1.0.1.html;
// 1.1 as far as its fields are the same), and writes such files. A workflow
// becomes a plumbline.Flow, which runs in the order in which it is written and
// the same way every time. What cannot be carried out so is refused, with its
// position; nothing is ignored.
package arazzo

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A Problem is a mistake in a file, or something in it that is not supported.
type Problem struct {
	Code    string // CodeFile …
	Source  plumbline.Source
	Message string
	Help    string
}

// The codes of problems.
const (
	CodeFile        = "ARZ001" // no Arazzo file
	CodeWrong       = "ARZ002" // not as the specification has it
	CodeUnknown     = "ARZ003" // names something that is not there
	CodeUnsupported = "ARZ004" // cannot be carried out
)

// Error tells code, mistake, position and help.
func (p *Problem) Error() string {
	s := fmt.Sprintf("error[%s]: %s\n  --> %s", p.Code, p.Message, p.Source.File)
	if p.Source.Line > 0 {
		s += fmt.Sprintf(":%d:%d", p.Source.Line, max(p.Source.Column, 1))
	}
	if p.Help != "" {
		s += "\n  help: " + p.Help
	}
	return s
}

// A Stated is what a file says.
type Stated struct {
	Flows   []plumbline.Flow // in the order of the file, but none before those that it comes after
	Notices []string
}

// Load reads a file. See Parse.
func Load(name string, ops []plumbline.Operation, inputs map[string]any) (Stated, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return Stated{}, &Problem{Code: CodeFile, Source: plumbline.Source{File: name}, Message: "cannot be read: " + errors.Unwrap(err).Error()}
	}
	return Parse(name, data, ops, inputs)
}

// Parse reads a file in YAML or JSON. Its steps call the given operations;
// inputs are values for the inputs of its workflows, by name, and beat the
// defaults of the file. What a request of a step must have and the step does
// not give, but for the parameters of its path, is taken from the seed request
// of the operation. Errors are Problems, as many as can be found at once.
func Parse(name string, data []byte, ops []plumbline.Operation, inputs map[string]any) (Stated, error) {
	root, err := parseNode(name, data)
	if err != nil {
		return Stated{}, err
	}
	r := &reader{file: name, root: root, ops: ops, given: inputs, workflows: map[string]*node{}}
	r.document()
	if err := errors.Join(r.errs...); err != nil {
		return Stated{}, err
	}
	return Stated{Flows: r.flows, Notices: r.notices}, nil
}

// A reader reads one file.
type reader struct {
	file      string
	root      *node
	ops       []plumbline.Operation
	given     map[string]any
	source    string // name of the source that is the document at hand
	workflows map[string]*node
	nested    map[string]bool // that steps call
	flows     []plumbline.Flow
	notices   []string
	errs      []error
}

func (r *reader) problem(code string, at *node, help, format string, args ...any) {
	r.errs = append(r.errs, &Problem{Code: code, Source: at.at, Message: fmt.Sprintf(format, args...), Help: help})
}

func (r *reader) wrong(at *node, format string, args ...any) {
	r.problem(CodeWrong, at, "", format, args...)
}

func (r *reader) unknown(at *node, help, format string, args ...any) {
	r.problem(CodeUnknown, at, help, format, args...)
}

func (r *reader) unsupported(at *node, help, format string, args ...any) {
	r.problem(CodeUnsupported, at, help, format, args...)
}

// document reads the file from its root.
func (r *reader) document() {
	r.only(r.root, "the file", "arazzo", "info", "sourceDescriptions", "workflows", "components")
	if v := r.root.get("arazzo"); v == nil || !strings.HasPrefix(v.text(), "1.0") && !strings.HasPrefix(v.text(), "1.1") {
		r.problem(CodeFile, r.root, "an Arazzo file begins with arazzo: 1.0.1", "this is no Arazzo file of version 1.0 or 1.1")
		return
	}
	r.sources()
	list := r.root.list("workflows")
	if len(list) == 0 {
		r.wrong(r.root, "the file has no workflows")
	}
	for _, w := range list {
		id := w.get("workflowId").text()
		switch {
		case id == "":
			r.wrong(w, "a workflow has no workflowId")
		case r.workflows[id] != nil:
			r.wrong(w, "two workflows are called %s", id)
		default:
			r.workflows[id] = w
		}
	}
	r.nested = calledIn(list)
	done := map[string]int{}
	for _, w := range list {
		if id := w.get("workflowId").text(); id != "" {
			r.inTurn(id, done)
		}
	}
}

// sources finds the source that stands for the document at hand.
func (r *reader) sources() {
	var openapi []string
	for _, s := range r.root.list("sourceDescriptions") {
		r.only(s, "a source", "name", "url", "type")
		switch kind := s.get("type").text(); kind {
		case "", "openapi":
			openapi = append(openapi, s.get("name").text())
		case "arazzo":
			r.unsupported(s, "put its workflows into this file", "workflows of another Arazzo file cannot be called")
		default:
			r.unsupported(s, "", "sources of the type %q cannot be called", kind)
		}
	}
	switch len(openapi) {
	case 0:
		r.wrong(r.root, "sourceDescriptions names no OpenAPI document")
	case 1:
		r.source = openapi[0]
	default:
		r.unsupported(r.root.get("sourceDescriptions"), "part the file: one for each document", "one document is tested at a time, and %d are named", len(openapi))
	}
}

// calledIn are the workflows that steps call.
func calledIn(list []*node) map[string]bool {
	out := map[string]bool{}
	for _, w := range list {
		for _, s := range w.list("steps") {
			if id := s.get("workflowId").text(); id != "" {
				out[id] = true
			}
		}
	}
	return out
}

// States of a workflow on the way into the order.
const (
	underWay = 1
	inOrder  = 2
)

// inTurn adds a workflow after those that it depends on.
func (r *reader) inTurn(id string, done map[string]int) {
	w := r.workflows[id]
	switch {
	case w == nil || done[id] == inOrder:
		return
	case done[id] == underWay:
		r.wrong(w, "the workflow %s depends on itself", id)
		return
	}
	done[id] = underWay
	var after []string
	for _, d := range w.list("dependsOn") {
		if r.workflows[d.text()] == nil {
			r.unknown(d, "workflows of other files cannot be waited for", "there is no workflow %q in this file", d.text())
			continue
		}
		r.inTurn(d.text(), done)
		after = append(after, d.text())
	}
	done[id] = inOrder
	if f, ok := r.alone(w, id); ok {
		f.After = after
		r.flows = append(r.flows, f)
	}
}
