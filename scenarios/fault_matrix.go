package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

const faultMatrix = "resilience/fault-matrix"

func init() {
	register(plumbline.Function{
		ID:    faultMatrix,
		Title: "Every operation ends acceptably under every fault of every dependency",
		Doc: `Method: one systematic sweep. For each operation that uses the dependency (three at most) three requests or more meet each of ten faults: 503, 500, 429 with Retry-After, refused, reset before the headers, reset in the body, no answer, JSON that stops in the middle, HTML with status 200, one byte every half second. On a TCP wire: refused, and no answer.
Criterion: each cell of operation and fault is 2xx that matches the document or, where the dependency is not optional, a clean error (declared statuses, else 502, 503, 504 or 429), within the declared timeout (5 s without one) and the tolerance of max(100 ms, 10 %). Of ten answers of a cell one may be another, of five one late. The target must not stop answering the healthy requests beside.
Guard: one warm-up beforehand; a wrong 2xx is called so only by the schema; what a body shows is the business of security/error-leak. It ranks behind the functions that name a cause.`,
		Mutants:  []string{"idle-timeout-only"},
		Standard: "Filibuster (SoCC '21), Rainmaker (NSDI '23); RFC 9110 §15.6",
		Order:    90,
		Plan: func(d plumbline.Design) plumbline.Proposal {
			return perDependency(d, faultMatrix, func(dep plumbline.Dependency) plumbline.Proposal {
				x, skip, ok := breaking(d, dep)
				if !ok {
					return skip
				}
				outcome := "2xx or a clean error"
				if dep.Class == plumbline.ClassOptional {
					outcome = "2xx"
				}
				return claimed(plumbline.BasisDefault, dep.Source, fmt.Sprintf("whatever %s does wrong, its operations end in %s within %s", dep.Name, outcome, readable(timeoutOf(dep))), x)
			})
		},
		Judge: judgeMatrix,
	})
}

// matrixFaults are the faults of the matrix.
func matrixFaults() []string {
	return []string{
		probeUnavailable, probeError, probeThrottled, probeRefuse, probeReset,
		probeResetBody, probeHang, probeTruncate, probeGarbage, probeDrip,
	}
}

// A matrixCell is a cell with the requests that show it.
type matrixCell struct {
	plumbline.Cell
	shown    []trial
	requests int
}

// cells judges every cell of one dependency. An operation that never reached
// the dependency is left out unless it is declared to use it.
func (q inquiry) cells() []matrixCell {
	var out []matrixCell
	reached := map[string]bool{}
	for _, name := range matrixFaults() {
		p, ok := probeOf(q.d, q.dep, name)
		if !ok {
			continue
		}
		for _, op := range p.uses {
			c := q.cell(p, name, op.ID)
			reached[op.ID] = reached[op.ID] || c.Outcome != plumbline.CellUnproven
			out = append(out, c)
		}
	}
	return slices.DeleteFunc(out, func(c matrixCell) bool { return !reached[c.Operation] && !q.must(c.Operation) })
}

func (q inquiry) cell(p probe, fault, operation string) matrixCell {
	c := matrixCell{Cell: plumbline.Cell{Operation: operation, Dependency: q.dep.Name, Fault: fault, Outcome: plumbline.CellUnproven}}
	hit := q.faulted(p, operation)
	g := q.graded(hit, q.timeLimit(p, operation), q.dep.Class == plumbline.ClassOptional)
	c.requests, c.Slowest, c.Statuses = g.n, milliseconds(g.slowest), counted(g.answers)
	down := q.stopped(p, operation)
	switch {
	case len(down) > 0:
		c.Outcome, c.Detail, c.shown = plumbline.CellBad, "healthy requests beside got no answer: "+answers(observed(down)), down
	case g.n < onceEnough:
		c.Detail = fmt.Sprintf("the fault hit %s", plural(g.n, "request"))
	case g.bad():
		c.Outcome, c.Detail, c.shown = plumbline.CellBad, counted(g.why), g.worst()
	case g.clean > 0:
		c.Outcome = plumbline.CellClean
	case g.degraded > 0:
		c.Outcome = plumbline.CellDegraded
	default:
		c.Outcome = plumbline.CellOK
	}
	if g.leaks > 0 && c.Detail == "" {
		c.Detail = "shows internals: see " + errorLeak
	}
	return c
}

// stopped are the healthy requests to which the target gave no answer at all,
// if there are more of them than chance would have it: it has crashed. Where
// all requests are hit, none is healthy.
func (q inquiry) stopped(p probe, operation string) []trial {
	if !p.scoped {
		return nil
	}
	beside := q.beside(p, operation)
	var dead []trial
	for _, t := range beside {
		switch t.seen.Error {
		case plumbline.ErrorRefused, plumbline.ErrorReset, plumbline.ErrorEOF:
			dead = append(dead, t)
		default:
		}
	}
	if len(dead) < 3 || 5*len(dead) < len(beside) {
		return nil
	}
	return dead
}

func judgeMatrix(d plumbline.Design, c plumbline.Claim, e *plumbline.Evidence) plumbline.Verdict {
	q := inquire(d, c, e)
	for _, name := range matrixFaults() {
		if p, ok := probeOf(d, q.dep, name); ok {
			if v, ok := q.ran(p.experiment, p.phase); !ok {
				return v
			}
		}
	}
	var bad, unproven []matrixCell
	var shown []trial
	kinds := map[string]int{}
	requests := 0
	cells := q.cells()
	for _, x := range cells {
		requests += x.requests
		kinds[x.Outcome]++
		switch x.Outcome {
		case plumbline.CellBad:
			bad = append(bad, x)
			shown = append(shown, x.shown[0])
		case plumbline.CellUnproven:
			unproven = append(unproven, x)
		}
	}
	f := figure{float64(len(bad)), 0, "cells", requests}
	switch {
	case len(bad) > 0:
		v := fail(f, "%d of %d cells are bad: %s", len(bad), len(cells), describeCells(bad))
		v.Evidence = q.exhibits(shown)
		v.Remedy = "treat every failure of " + q.dep.Name + ", a malformed answer too, as one: answer without it or with a clean error"
		return v
	case len(unproven) > 0 || len(cells) == 0:
		return q.unprovenCells(unproven)
	}
	return pass(f, "%d cells, %d requests: %s", len(cells), requests, counted(kinds))
}

// unprovenCells is the verdict when faults did not reach requests.
func (q inquiry) unprovenCells(unproven []matrixCell) plumbline.Verdict {
	name := probeRefuse
	if len(unproven) > 0 {
		name = unproven[0].Fault
	}
	p, _ := probeOf(q.d, q.dep, name)
	requests := 0
	if len(unproven) > 0 {
		requests = unproven[0].requests
	}
	v := q.undelivered(p.experiment, p.phase, requests, onceEnough)
	if len(unproven) > 1 {
		v.Statement += fmt.Sprintf("; %d cells are unproven: %s", len(unproven), describeCells(unproven))
	}
	return v
}

// describeCells names the first cells.
func describeCells(cells []matrixCell) string {
	var parts []string
	for _, c := range cells[:min(len(cells), 3)] {
		parts = append(parts, fmt.Sprintf("%s under %s (%s)", c.Operation, c.Fault, c.Detail))
	}
	if more := len(cells) - len(parts); more > 0 {
		parts = append(parts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(parts, "; ")
}

// matrixCells is the fault matrix of a run, as far as its plan broke anything.
func matrixCells(d plumbline.Design, p plumbline.Plan, e *plumbline.Evidence) []plumbline.Cell {
	var out []plumbline.Cell
	for _, dep := range d.Dependencies {
		q := inquiry{d: d, dep: dep, e: e, wire: trafficOf(e, dep.Name)}
		x, _, ok := breaking(d, dep)
		if _, planned := p.Experiment(x.ID); !ok || !planned {
			continue
		}
		for _, c := range q.cells() {
			out = append(out, c.Cell)
		}
	}
	return out
}
