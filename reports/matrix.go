package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A matrix is the fault × operation table of one dependency.
type matrix struct {
	Dependency string
	Operations []string
	Rows       []matrixRow
	Outages    []outageRow
}

// A matrixRow is one fault; its cells are parallel to the operations, zero
// where nothing was tried.
type matrixRow struct {
	Fault string
	Cells []plumbline.Cell
}

// An outageRow is one fault that lasted.
type outageRow struct {
	Phase   string
	Seconds float64
	Cells   []plumbline.Outage
}

// matrices puts the cells and the outages of a report side by side, a table a
// dependency.
func matrices(r plumbline.Report) []matrix {
	var out []matrix
	of := func(dependency string) *matrix {
		i := slices.IndexFunc(out, func(m matrix) bool { return m.Dependency == dependency })
		if i < 0 {
			i = len(out)
			out = append(out, matrix{Dependency: dependency})
		}
		return &out[i]
	}
	for _, c := range r.Matrix {
		m := of(c.Dependency)
		m.column(c.Operation)
		if !slices.ContainsFunc(m.Rows, func(x matrixRow) bool { return x.Fault == c.Fault }) {
			m.Rows = append(m.Rows, matrixRow{Fault: c.Fault})
		}
	}
	for _, o := range r.Outages {
		m := of(o.Dependency)
		if uses(r, o) || o.Bad > 0 {
			m.column(o.Operation)
		}
		if !slices.ContainsFunc(m.Outages, func(x outageRow) bool { return x.Phase == o.Phase }) {
			m.Outages = append(m.Outages, outageRow{Phase: o.Phase, Seconds: o.Seconds})
		}
	}
	for i := range out {
		out[i].fill(r)
	}
	return out
}

func uses(r plumbline.Report, o plumbline.Outage) bool {
	return slices.ContainsFunc(r.Wires, func(u plumbline.WireUse) bool { return u.Dependency == o.Dependency && u.Operation == o.Operation })
}

func (m *matrix) column(operation string) {
	if !slices.Contains(m.Operations, operation) {
		m.Operations = append(m.Operations, operation)
	}
}

func (m *matrix) fill(r plumbline.Report) {
	for i := range m.Rows {
		m.Rows[i].Cells = make([]plumbline.Cell, len(m.Operations))
		for _, c := range r.Matrix {
			if c.Dependency == m.Dependency && c.Fault == m.Rows[i].Fault {
				m.Rows[i].Cells[slices.Index(m.Operations, c.Operation)] = c
			}
		}
	}
	for i := range m.Outages {
		m.Outages[i].Cells = make([]plumbline.Outage, len(m.Operations))
		for _, o := range r.Outages {
			at := slices.Index(m.Operations, o.Operation)
			if o.Dependency == m.Dependency && o.Phase == m.Outages[i].Phase && at >= 0 {
				m.Outages[i].Cells[at] = o
			}
		}
	}
}

// outageClass is how an outage looks in the matrix: bad when the operation did
// not come back, clean when it failed and did.
func outageClass(o plumbline.Outage) string {
	switch {
	case o.Requests == 0:
		return ""
	case o.After > 0 && !o.Recovered:
		return plumbline.CellBad
	case o.Bad > 0:
		return plumbline.CellClean
	}
	return plumbline.CellOK
}

// recovery says how soon an operation was as before.
func recovery(o plumbline.Outage) string {
	switch {
	case o.Bad == 0 && o.Recovered && o.Recovery < 2:
		return "no interruption"
	case o.After == 0:
		return "recovery not observed"
	case !o.Recovered:
		return fmt.Sprintf("not back within %s", plural(o.After, "request"))
	}
	return "back within " + amount(1000*o.Recovery, "ms")
}

// cost is the dearest of the budgets of an outage; nothing when none is
// declared with a window.
func cost(o plumbline.Outage) string {
	if len(o.Budgets) == 0 || o.Bad == 0 {
		return ""
	}
	b := slices.MaxFunc(o.Budgets, func(a, b plumbline.BudgetCost) int { return cmp.Compare(a.Share, b.Share) })
	return fmt.Sprintf("%.2g %% of the budget of %s", 100*b.Share, b.Objective)
}

// cellGlyph marks a cell without colour.
func cellGlyph(outcome string) string { return glyph(cellOutcome(outcome)) }

// cellWord is what a cell's outcome means, in a word or two.
func cellWord(outcome string) string {
	return map[string]string{
		plumbline.CellOK: "as usual", plumbline.CellDegraded: "degraded", plumbline.CellClean: "clean error",
		plumbline.CellBad: "bad", plumbline.CellUnproven: "unproven",
	}[outcome]
}

// anyBudget tells whether a report has a budget to speak of.
func anyBudget(r plumbline.Report) string {
	var names []string
	for _, o := range r.Outages {
		for _, b := range o.Budgets {
			if n := fmt.Sprintf("%s (%s over %s)", b.Objective, amount(b.Target, "ratio"), days(b.Window)); !slices.Contains(names, n) {
				names = append(names, n)
			}
		}
	}
	return strings.Join(names, ", ")
}
