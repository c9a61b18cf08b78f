package sample

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostElse bounds the further sources of one place.
const mostElse = 3

// A graph says which operation yields the values that another one needs. It
// has no cycles: every value can be had by calling operations one after the
// other.
type graph struct {
	doc    *openapi.Doc
	set    *schema.Set
	ops    map[string]openapi.Op
	facts  map[string]*facts // by operation ID
	yields []source          // the operations whose answers can hold an identifier
	reads  map[string]string // normalised path to the schema that a GET of it answers with
	items  map[string]bool   // normalised paths of collections with paths below that name one of theirs
	chosen map[string]string // normalised item path to the PUT that creates there
	links  map[string][]link // by operation ID that they lead to
	bound  map[string][]plumbline.Bind
	uses   map[string][]string // operation ID to those that it needs
	gaps   []gap
}

// facts are what is asked of an operation again and again.
type facts struct {
	shape     string // path with {} for every parameter
	names     []string
	successes []*openapi3.Response
	refs      []string // of the resources in them
	stem      string   // what the last segment is called
	changes   bool
	named     []naming // of what a POST answers with
}

// A source is an operation with its facts.
type source struct {
	op openapi.Op
	*facts
}

// A gap is a path parameter without a source.
type gap struct {
	op    openapi.Op
	param string
}

// The ranks of sources, the best first.
const (
	rankLink = iota
	rankCollection
	rankSchema
	rankVerb
	rankChosen
	rankStem
	rankLinkRead
	rankListed
	rankListedElse
	rankExample
)

// A candidate is a possible source of a value.
type candidate struct {
	from, pointer, why string
	rank               int
}

func (c candidate) bind(in, name string) plumbline.Bind {
	return plumbline.Bind{In: in, Name: name, From: c.from, Pointer: c.pointer, Why: c.why}
}

func newGraph(d *openapi.Doc, s *schema.Set, stated ...Stated) *graph {
	g := &graph{
		doc: d, set: s, ops: map[string]openapi.Op{}, facts: map[string]*facts{}, reads: map[string]string{}, items: map[string]bool{}, chosen: map[string]string{},
		bound: map[string][]plumbline.Bind{}, uses: map[string][]string{},
	}
	for _, op := range d.Operations {
		g.ops[op.ID] = op
		f := &facts{shape: skeleton(op.Path), names: placeNames(op.Path), successes: succeeding(op), stem: lastStem(op.Path), changes: changesData(op)}
		for _, r := range f.successes {
			if ref := resourceRef(r); ref != "" {
				f.refs = append(f.refs, ref)
			}
		}
		g.facts[op.ID] = f
		switch op.Method {
		case "POST":
			f.named = namings(f.successes)
			fallthrough
		case "PUT", "GET":
			g.yields = append(g.yields, source{op, f})
		}
		for at := f.shape; ; {
			cut := strings.LastIndex(at, "/{}")
			if cut < 0 {
				break
			}
			at = at[:cut]
			g.items[at] = true
		}
		if op.Method == "GET" && len(f.refs) > 0 {
			g.reads[f.shape] = f.refs[0]
		}
	}
	g.links = g.readLinks()
	for _, more := range stated {
		g.state(more)
	}
	g.findChosen()
	for _, op := range g.inOrder() {
		g.bound[op.ID] = g.solve(op)
	}
	g.derestore()
	return g
}

// inOrder are the operations that yield values before those that need them, as
// far as the shape of the paths tells.
func (g *graph) inOrder() []openapi.Op {
	turn := func(o openapi.Op) int { return slices.Index([]string{"POST", "PUT", "GET"}, o.Method) & 0xff }
	out := slices.Clone(g.doc.Operations)
	slices.SortStableFunc(out, func(a, b openapi.Op) int {
		return cmp.Or(cmp.Compare(len(g.facts[a.ID].names), len(g.facts[b.ID].names)), cmp.Compare(turn(a), turn(b)))
	})
	return out
}

// binds are the sources of every place of the operation that needs one.
func (g *graph) binds(op openapi.Op) []plumbline.Bind { return g.bound[op.ID] }

// asked are the members of the body of an operation's request from which other
// requests take their values.
func (g *graph) asked(id string) []string {
	var out []string
	for _, op := range g.doc.Operations {
		for _, b := range g.bound[op.ID] {
			for _, one := range append([]plumbline.Bind{b}, b.Else...) {
				name, ok := strings.CutPrefix(one.Pointer, "request:/")
				if ok && one.From == id && !strings.Contains(name, "/") && !slices.Contains(out, name) {
					out = append(out, name)
				}
			}
		}
	}
	return out
}

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

// exampleText is the value that the document gives to a parameter.
func exampleText(p *openapi3.Parameter) (string, bool) {
	all := examples(p.Example, p.Examples)
	if p.Schema != nil && p.Schema.Value != nil && p.Schema.Value.Example != nil {
		all = append(all, p.Schema.Value.Example)
	}
	for _, v := range all {
		switch v.(type) {
		case nil, map[string]any, []any:
			continue
		}
		if text := fmt.Sprint(v); text != "" {
			return text, true
		}
	}
	return "", false
}

// schemaType is the first type of a schema, or of the parts that it is made of;
// empty when it says none.
func schemaType(s *openapi3.Schema) string {
	if s.Type != nil {
		for _, t := range *s.Type {
			if t != "null" {
				return t
			}
		}
	}
	for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		for _, p := range refs {
			if p != nil && p.Value != nil && p.Value.Type != nil && len(*p.Value.Type) > 0 && (*p.Value.Type)[0] != "null" {
				return (*p.Value.Type)[0]
			}
		}
	}
	return ""
}

// skeleton is a path with its parameters unnamed.
func skeleton(path string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, after, closed := strings.Cut(rest, "}")
		if !closed {
			return b.String()
		}
		b.WriteString("{}")
		path = after
	}
}

// placeNames are the parameters of a path, outermost first.
func placeNames(path string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(path, "{")
		if !ok {
			return out
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return out
		}
		out, path = append(out, name), after
	}
}

func pathParam(op openapi.Op, name string) *openapi3.Parameter {
	for _, p := range op.Params {
		if p.In == openapi3.ParameterInPath && p.Name == name {
			return p
		}
	}
	return nil
}

// collection is the path before a parameter: /orders of /orders/{id}/items.
func collection(path, name string) (string, bool) {
	before, _, ok := strings.Cut(path, "/{"+name+"}")
	return before, ok
}

func hasEnum(ref *openapi3.SchemaRef) bool {
	return ref != nil && ref.Value != nil && len(ref.Value.Enum) > 0
}

// succeeding are the documented 2xx responses of an operation, least first.
func succeeding(op openapi.Op) []*openapi3.Response {
	var out []*openapi3.Response
	for _, status := range successes(op) {
		if r := op.Op.Responses.Value(status); r != nil && r.Value != nil {
			out = append(out, r.Value)
		}
	}
	return out
}
