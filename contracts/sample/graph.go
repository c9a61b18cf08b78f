package sample

import (
	"cmp"
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
	lists     []roll   // by success that lists something
	stem      string   // what the last segment is called
	changes   bool
	named     []naming // of what a POST answers with
}

// A roll is the array of an answer, and the schema of its items.
type roll struct {
	pointer string
	item    *openapi3.SchemaRef
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
	rankListedSame
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
		f.look()
		g.facts[op.ID] = f
		switch op.Method {
		case "POST":
			f.named = slices.DeleteFunc(namings(f.successes), func(n naming) bool { return echoes(op, n.pointer) })
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

// look notes which resources the successes hold, and what they list.
func (f *facts) look() {
	for _, r := range f.successes {
		if ref := resourceRef(r); ref != "" {
			f.refs = append(f.refs, ref)
		}
		if at, item, ok := listing(r); ok {
			f.lists = append(f.lists, roll{at, item})
		}
	}
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

// asked are, by operation, the members of the body of its request from which
// other requests take their values.
func (g *graph) asked() map[string][]string {
	out := map[string][]string{}
	note := func(b plumbline.Bind) {
		name, ok := strings.CutPrefix(b.Pointer, "request:/")
		if ok && !strings.Contains(name, "/") && !slices.Contains(out[b.From], name) {
			out[b.From] = append(out[b.From], name)
		}
	}
	for _, op := range g.doc.Operations {
		for _, b := range g.bound[op.ID] {
			note(b)
			for _, other := range b.Else {
				note(other)
			}
		}
	}
	return out
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
