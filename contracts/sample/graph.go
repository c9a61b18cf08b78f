package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A graph says which operation yields the values that another one needs.
type graph struct {
	doc     *openapi.Doc
	linking []answer
}

// An answer is a documented 2xx response of an operation.
type answer struct {
	from     string
	response *openapi3.Response
}

func newGraph(d *openapi.Doc) *graph {
	g := &graph{doc: d}
	for _, op := range d.Operations {
		for _, r := range succeeding(op) {
			if len(r.Links) > 0 {
				g.linking = append(g.linking, answer{op.ID, r})
			}
		}
	}
	return g
}

// binds finds the source of every path parameter: a link of the document, an
// example (which needs no source), the creating POST of the collection, or the
// listing GET of it.
func (g *graph) binds(op openapi.Op) []plumbline.Bind {
	var out []plumbline.Bind
	for _, p := range op.Params {
		if p.In != openapi3.ParameterInPath {
			continue
		}
		if b, ok := g.linked(op, p); ok {
			out = append(out, b)
			continue
		}
		creator, created := g.creator(op, p)
		if created && (p.Example == nil && len(p.Examples) == 0 || !harmless(op)) {
			out = append(out, creator)
			continue
		}
		if p.Example != nil || len(p.Examples) > 0 {
			continue
		}
		if b, ok := g.listed(op, p); ok {
			out = append(out, b)
		}
	}
	return out
}

func harmless(op openapi.Op) bool { return op.Method == "GET" || op.Method == "HEAD" }

// linked looks for a link object that leads to the operation.
func (g *graph) linked(op openapi.Op, p *openapi3.Parameter) (plumbline.Bind, bool) {
	if op.Op.OperationID == "" {
		return plumbline.Bind{}, false
	}
	for _, a := range g.linking {
		if a.from == op.ID {
			continue
		}
		if pointer, ok := linkTo(a.response, op.Op.OperationID, p.Name); ok {
			return plumbline.Bind{In: "path", Name: p.Name, From: a.from, Pointer: pointer, Why: "link"}, true
		}
	}
	return plumbline.Bind{}, false
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

// linkTo is the place in the body of a response that a link hands to a
// parameter of the operation.
func linkTo(r *openapi3.Response, operation, parameter string) (string, bool) {
	for _, name := range slices.Sorted(maps.Keys(r.Links)) {
		l := r.Links[name]
		if l == nil || l.Value == nil || l.Value.OperationID != operation {
			continue
		}
		expr, _ := l.Value.Parameters[parameter].(string)
		if pointer, ok := strings.CutPrefix(expr, "$response.body#"); ok {
			return pointer, true
		}
	}
	return "", false
}

// collection is the path before a parameter: /orders of /orders/{id}/items.
func collection(path, name string) (string, bool) {
	before, _, ok := strings.Cut(path, "/{"+name+"}")
	return before, ok
}

// creator is the POST on the collection, with the place of the identifier in
// its answer.
func (g *graph) creator(op openapi.Op, p *openapi3.Parameter) (plumbline.Bind, bool) {
	path, ok := collection(op.Path, p.Name)
	if !ok {
		return plumbline.Bind{}, false
	}
	for _, o := range g.doc.Operations {
		if o.Path != path || o.Method != "POST" || o.ID == op.ID {
			continue
		}
		for _, r := range succeeding(o) {
			if pointer, why := created(r, p.Name); why != "" {
				return plumbline.Bind{In: "path", Name: p.Name, From: o.ID, Pointer: pointer, Why: why}, true
			}
		}
	}
	return plumbline.Bind{}, false
}

// created is where the answer of a creating operation names what it made, and
// why that is believed.
func created(r *openapi3.Response, name string) (pointer, why string) {
	if pointer, ok := identifier(r, name); ok {
		return pointer, "inferred: path nesting"
	}
	for h := range r.Headers {
		if strings.EqualFold(h, "Location") {
			return "header:Location", "location"
		}
	}
	return "", ""
}

// listed is the GET on the collection, with the identifier of its first item.
func (g *graph) listed(op openapi.Op, p *openapi3.Parameter) (plumbline.Bind, bool) {
	path, ok := collection(op.Path, p.Name)
	if !ok {
		return plumbline.Bind{}, false
	}
	for _, o := range g.doc.Operations {
		if o.Path != path || o.Method != "GET" || o.Op.Responses == nil {
			continue
		}
		r := o.Op.Responses.Value("200")
		if r == nil || r.Value == nil {
			continue
		}
		if pointer, ok := firstItem(r.Value, p.Name); ok {
			return plumbline.Bind{In: "path", Name: p.Name, From: o.ID, Pointer: pointer, Why: "inferred: listed by the collection"}, true
		}
	}
	return plumbline.Bind{}, false
}

// identifier finds the property of an answer that names the resource: that of
// the parameter's own name, or id.
func identifier(r *openapi3.Response, name string) (string, bool) {
	for _, m := range r.Content {
		if m == nil || m.Schema == nil || m.Schema.Value == nil {
			continue
		}
		if key, ok := idProperty(m.Schema.Value, name); ok {
			return "/" + key, true
		}
	}
	return "", false
}

func idProperty(s *openapi3.Schema, name string) (string, bool) {
	all := properties(s, 0)
	for _, want := range []string{name, "id", "_id", "uuid", "key", "name"} {
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if stem(k) == stem(want) {
				return k, true
			}
		}
	}
	return "", false
}

func stem(s string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(s))
}

func properties(s *openapi3.Schema, depth int) openapi3.Schemas {
	out := openapi3.Schemas{}
	maps.Copy(out, s.Properties)
	if depth < 3 {
		for _, p := range s.AllOf {
			if p != nil && p.Value != nil {
				maps.Copy(out, properties(p.Value, depth+1))
			}
		}
	}
	return out
}

// firstItem finds the identifier of the first item of a list, at the top or in
// the one array of an envelope.
func firstItem(r *openapi3.Response, name string) (string, bool) {
	for _, m := range r.Content {
		if m == nil || m.Schema == nil || m.Schema.Value == nil {
			continue
		}
		if pointer, ok := firstOf(m.Schema.Value, name); ok {
			return pointer, true
		}
		all := properties(m.Schema.Value, 0)
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if all[k] != nil && all[k].Value != nil {
				if pointer, ok := firstOf(all[k].Value, name); ok {
					return "/" + k + pointer, true
				}
			}
		}
	}
	return "", false
}

func firstOf(s *openapi3.Schema, name string) (string, bool) {
	if s.Items == nil || s.Items.Value == nil {
		return "", false
	}
	if key, ok := idProperty(s.Items.Value, name); ok {
		return "/0/" + key, true
	}
	if kind(s.Items.Value) == "string" && len(s.Items.Value.Properties) == 0 {
		return "/0", true
	}
	return "", false
}

// produce notes which operations create what others name, and which delete it.
func produce(ops []plumbline.Operation) {
	for i := range ops {
		o := &ops[i]
		if o.Method != "POST" {
			continue
		}
		for _, user := range ops {
			for _, c := range user.Cases[:min(len(user.Cases), 1)] {
				for _, b := range c.Binds {
					if b.From != o.ID {
						continue
					}
					if !slices.Contains(o.Produces, b.Name) {
						o.Produces = append(o.Produces, b.Name)
					}
					if user.Method == "DELETE" && strings.HasSuffix(user.Path, "{"+b.Name+"}") {
						o.Deletes = user.ID
					}
				}
			}
		}
		slices.Sort(o.Produces)
	}
}
