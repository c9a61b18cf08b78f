package sample

import (
	"cmp"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// solve finds the sources of one operation.
func (g *graph) solve(op openapi.Op) []plumbline.Bind {
	if g.chosen[g.facts[op.ID].shape] == op.ID {
		return g.solveChosen(op)
	}
	out := g.solvePath(op)
	return append(out, g.solveRest(op)...)
}

// solvePath binds the parameters of the path. The innermost one is bound
// first; what it lies below comes from the same answer where that says it, so
// that the values of one request belong together.
func (g *graph) solvePath(op openapi.Op) []plumbline.Bind {
	names := g.facts[op.ID].names
	rows := make([][]plumbline.Bind, 0, len(names)) // by name, then variant
	for i := len(names) - 1; i >= 0; i-- {
		p := pathParam(op, names[i])
		if p == nil {
			rows = append(rows, nil)
			continue
		}
		all := g.candidates(op, p)
		if len(all) == 0 {
			rows = append(rows, nil)
			if !hasEnum(p.Schema) && p.Example == nil && len(p.Examples) == 0 {
				g.gaps = append(g.gaps, gap{op, names[i]})
			}
			continue
		}
		rows = append(rows, variantsOf(all, names[i]))
		for k := i - 1; k >= 0; k-- {
			rows = append(rows, g.above(op, all, names[k]))
		}
		break
	}
	slices.Reverse(rows)
	return together(rows)
}

func variantsOf(all []candidate, name string) []plumbline.Bind {
	var out []plumbline.Bind
	for _, c := range all {
		out = append(out, c.bind("path", name))
	}
	return out
}

// above binds an outer parameter for every variant of the innermost one.
func (g *graph) above(op openapi.Op, inner []candidate, name string) []plumbline.Bind {
	p := pathParam(op, name)
	if p == nil {
		return nil
	}
	var own []candidate
	asked := false
	out := make([]plumbline.Bind, len(inner))
	for i, c := range inner {
		if b, ok := g.same(op, c, p); ok {
			out[i] = b
			continue
		}
		if !asked {
			own, asked = g.candidates(op, p), true
		}
		if len(own) == 0 {
			if !hasEnum(p.Schema) && p.Example == nil && len(p.Examples) == 0 && i == 0 {
				g.gaps = append(g.gaps, gap{op, name})
			}
			return nil
		}
		out[i] = own[0].bind("path", name)
	}
	return out
}

// same takes an outer value from the answer that yields the inner one, or from
// the request that led to it.
func (g *graph) same(op openapi.Op, c candidate, p *openapi3.Parameter) (plumbline.Bind, bool) {
	from, ok := g.ops[c.from]
	if !ok {
		return plumbline.Bind{}, false
	}
	bind := func(pointer, why string) (plumbline.Bind, bool) {
		return plumbline.Bind{In: "path", Name: p.Name, From: c.from, Pointer: pointer, Why: why}, true
	}
	prefix, _ := collection(op.Path, p.Name)
	for _, name := range g.facts[c.from].names {
		if before, ok := collection(from.Path, name); ok && skeleton(before) == skeleton(prefix) {
			return bind("path:"+name, "inferred: lies below the same "+name)
		}
	}
	for _, name := range g.facts[c.from].names {
		if len(words(name)) > 0 && name == p.Name {
			return bind("path:"+name, "inferred: parameter of the same name")
		}
	}
	for _, r := range g.facts[c.from].successes {
		if pointer, ok := member(r, stemOf(p.Name, prefix), p.Name); ok {
			return bind(pointer, "response: named in the same answer")
		}
	}
	if pointer, ok := sentMember(from, stemOf(p.Name, prefix), p.Name); ok {
		return bind("request:"+pointer, "inferred: named in the same request")
	}
	return plumbline.Bind{}, false
}

// together makes one bind of the variants of each place.
func together(rows [][]plumbline.Bind) []plumbline.Bind {
	var out []plumbline.Bind
	for _, row := range rows {
		if len(row) == 0 {
			continue
		}
		b := row[0]
		b.Else = slices.Clone(row[1:min(len(row), 1+mostElse)])
		if len(b.Else) == 0 {
			b.Else = nil
		}
		out = append(out, b)
	}
	return out
}

// candidates are the possible sources of a path parameter, the best first, as
// far as they can be called without the operation itself.
func (g *graph) candidates(op openapi.Op, p *openapi3.Parameter) []candidate {
	var all []candidate
	all = append(all, g.linked(op, "path", p.Name)...)
	all = append(all, g.inferred(op, p)...)
	if text, ok := exampleText(p); ok {
		all = append(all, candidate{plumbline.FromGiven, text, "example", rankExample})
	}
	return g.callable(op, all)
}

// callable sorts candidates, and keeps those that close no circle. Those that
// are kept first are noted as needed.
func (g *graph) callable(op openapi.Op, all []candidate) []candidate {
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.rank, b.rank) })
	var out []candidate
	seen := map[string]bool{}
	for _, c := range all {
		if seen[c.from] || c.from == op.ID || g.needs(c.from, op.ID) || len(out) > mostElse {
			continue
		}
		seen[c.from] = true
		out = append(out, c)
		g.uses[op.ID] = append(g.uses[op.ID], c.from)
	}
	return out
}

// needs tells whether one operation leads to another one by what it uses.
func (g *graph) needs(from, to string) bool {
	seen := map[string]bool{}
	var walk func(id string) bool
	walk = func(id string) bool {
		if id == to {
			return true
		}
		if seen[id] {
			return false
		}
		seen[id] = true
		return slices.ContainsFunc(g.uses[id], walk)
	}
	return walk(from)
}
