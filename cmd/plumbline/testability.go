package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A gap is something that the document does not say, and what cannot be tested
// for it.
type gap struct {
	what, costs string
	lacks       func(plumbline.Operation) bool
}

// gaps are what a document commonly leaves out, by what it costs.
func gaps() []gap {
	documents := func(class string) func(plumbline.Operation) bool {
		return func(o plumbline.Operation) bool {
			return !slices.ContainsFunc(o.Statuses, func(s string) bool { return strings.HasPrefix(s, class) || s == "default" })
		}
	}
	refutes := func(o plumbline.Operation) bool {
		return !slices.ContainsFunc(o.Invalid, func(c plumbline.Case) bool { return c.Kind == plumbline.CaseInvalid })
	}
	return []gap{
		{"no request that can be made", "never called", func(o plumbline.Operation) bool { return len(o.Cases) == 0 }},
		{"an identifier in the path without a source", "called with values that the service does not know", sourceless},
		{"no 2xx documented", "any success is a breach", documents("2")},
		{"no 4xx documented", "what a refusal is like is not claimed", documents("4")},
		{"an answer without a schema", "its body is held against nothing", func(o plumbline.Operation) bool {
			return o.Method != "DELETE" && !slices.ContainsFunc(o.Fields, func(f plumbline.Field) bool { return strings.HasPrefix(f.Status, "2") })
		}},
		{"nothing forbidden", "there is no invalid input to send", refutes},
		{"no example", "seed data is made up", func(o plumbline.Operation) bool {
			return takesInput(o) && !slices.ContainsFunc(o.Cases, func(c plumbline.Case) bool { return c.Origin == "example" })
		}},
	}
}

// sourceless says whether a place in the path of the seed request is filled
// with a value that neither the deployment nor an example gives.
func sourceless(o plumbline.Operation) bool {
	if len(o.Cases) == 0 || o.Cases[0].Origin == "example" {
		return false
	}
	bound := slices.ContainsFunc(o.Cases[0].Binds, func(b plumbline.Bind) bool { return b.In == "path" })
	return strings.Contains(o.Path, "{") && !bound
}

func takesInput(o plumbline.Operation) bool {
	return slices.ContainsFunc(o.Cases, func(c plumbline.Case) bool { return len(c.Request.Body) > 0 || c.Request.Query != "" })
}

// testability says, before a byte is sent, what the document leaves out and
// what cannot be tested for it: a line for each gap, with the operations.
func testability(operations []plumbline.Operation) []string {
	const most = 5
	var out []string
	for _, g := range gaps() {
		var names []string
		for _, o := range operations {
			if g.lacks(o) {
				names = append(names, o.ID)
			}
		}
		if len(names) == 0 {
			continue
		}
		shown := strings.Join(names[:min(len(names), most)], ", ")
		if len(names) > most {
			shown += fmt.Sprintf(" and %d more", len(names)-most)
		}
		out = append(out, fmt.Sprintf("%d of %d operations have %s (%s): %s", len(names), len(operations), g.what, g.costs, shown))
	}
	return out
}
