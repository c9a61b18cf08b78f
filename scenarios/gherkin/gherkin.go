// Package gherkin writes experiments down as Gherkin and reads them back.
// Gherkin is the surface syntax of an experiment: steps hold no logic, they
// fill in its phases, streams, faults and claims. The law of the package is
//
//	Parse(Render(x)) == x
//
// for every experiment that can be rendered, and the vocabulary is one list
// (Vocabulary) that the parser, the runner and the documentation range over.
package gherkin

import (
	"fmt"
	"io"
	"strings"

	gherkin "github.com/cucumber/gherkin/go/v26"
	messages "github.com/cucumber/messages/go/v21"

	"github.com/plumbline-dev/plumbline"
)

// A Scenario is an experiment together with where it was written down.
type Scenario struct {
	Experiment plumbline.Experiment
	Line       int // of the scenario in its file, from 1
}

// An Error is a mistake in a feature file.
type Error struct {
	File    string
	Line    int // from 1; zero when unknown
	Message string
	Hint    string
}

// Error tells file, line, mistake and hint.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	if e.Hint != "" {
		s += "\n  help: " + e.Hint
	}
	return s
}

// Parse reads the scenarios of one feature file. The name is used in errors
// alone, which are of type *Error and name the line.
func Parse(name string, r io.Reader) ([]Scenario, error) {
	n := 0
	doc, err := gherkin.ParseGherkinDocument(r, func() string { n++; return fmt.Sprint(n) })
	if err != nil {
		return nil, &Error{File: name, Message: "not Gherkin: " + strings.TrimSpace(err.Error())}
	}
	if doc.Feature == nil {
		return nil, nil
	}
	var out []Scenario
	for _, child := range doc.Feature.Children {
		if child.Scenario == nil {
			line := doc.Feature.Location.Line
			return nil, &Error{File: name, Line: int(line), Message: "only scenarios can stand in a feature", Hint: "write the steps of a Background or a Rule into each scenario"}
		}
		s, err := scenario(name, child.Scenario)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func scenario(name string, sc *messages.Scenario) (Scenario, error) {
	if len(sc.Examples) > 0 {
		return Scenario{}, &Error{File: name, Line: int(sc.Location.Line), Message: "a scenario outline is not one experiment", Hint: "write each of its rows as a scenario"}
	}
	b := NewBuilder()
	for _, step := range sc.Steps {
		below := Argument{Table: rows(step.DataTable)}
		if d := step.DocString; d != nil {
			below.Text, below.Media = d.Content, d.MediaType
		}
		if err := b.Step(step.Text, below); err != nil {
			return Scenario{}, &Error{File: name, Line: int(step.Location.Line), Message: err.Error(), Hint: hint(step.Text)}
		}
	}
	x, err := b.Experiment(sc.Name)
	if err != nil {
		return Scenario{}, &Error{File: name, Line: int(sc.Location.Line), Message: err.Error()}
	}
	return Scenario{Experiment: x, Line: int(sc.Location.Line)}, nil
}

func rows(t *messages.DataTable) [][]string {
	if t == nil {
		return nil
	}
	out := make([][]string, 0, len(t.Rows))
	for _, r := range t.Rows {
		cells := make([]string, 0, len(r.Cells))
		for _, c := range r.Cells {
			cells = append(cells, c.Value)
		}
		out = append(out, cells)
	}
	return out
}
