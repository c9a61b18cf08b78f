// Package sample makes requests from an OpenAPI document: valid cases, invalid
// ones, and the resource graph that says which values only the live deployment
// knows. Every case carries proof: a valid one was checked against the schemas
// as its bytes decode, an invalid one is invalid in every legal decoding.
package sample

import (
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/crew"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Options bound what is made.
type Options struct {
	Seed       uint64 // the same seed makes the same cases
	MaxValid   int    // cases of one operation; zero means 24
	MaxInvalid int    // of one operation, those that ask for robustness included, but not those of packs; zero means 54
	// Dictionary holds values by the name of a field or parameter ("email"), or
	// by operation and place ("createOrder/body/quantity"). A value is used
	// where it is valid.
	Dictionary map[string][]any
	Stated     Stated // sources of values beside those of the document
	// Packs name values beside those of the schemas that a server must survive;
	// see Packs.
	Packs []string
	// Unlearnt leaves out the lessons of operations.
	Unlearnt bool
}

func (o Options) withDefaults() Options {
	if o.MaxValid == 0 {
		o.MaxValid = 24
	}
	if o.MaxInvalid == 0 {
		o.MaxInvalid = 54
	}
	return o
}

// Fill returns the operations of the document with their cases, and with what
// they produce and delete.
func Fill(d *openapi.Doc, s *schema.Set, o Options) []plumbline.Operation {
	return newGraph(d, s, o.Stated).fill(o)
}

// Describe is Fill and Families of one resource graph.
func Describe(d *openapi.Doc, s *schema.Set, o Options) ([]plumbline.Operation, []plumbline.Family) {
	g := newGraph(d, s, o.Stated)
	return g.fill(o), g.families()
}

func (g *graph) fill(o Options) []plumbline.Operation {
	o = o.withDefaults()
	d, s := g.doc, g.set
	ops := d.Plumb()
	asked := g.asked()
	crew.Each(len(ops), func() func(int) {
		gen := newGenerator(s, o.Dictionary)
		return func(i int) {
			op := d.Operations[i]
			m := newMaker(gen, op, ops[i].Schemes, o)
			m.binds, m.asked = g.binds(op), asked[op.ID]
			ops[i].Cases = m.valid()
			if len(ops[i].Cases) > 0 {
				ops[i].Invalid = m.invalid()
			}
		}
	})
	g.relate(ops)
	if !o.Unlearnt {
		g.teach(ops)
	}
	return ops
}

// A maker makes the cases of one operation.
type maker struct {
	gen     *generator
	op      openapi.Op
	options Options
	binds   []plumbline.Bind // what only the live deployment knows
	asked   []string         // members of the seed request's body that others take from it
	accept  string
	seed    draft // of the first valid case
	ids     map[string]int
}

// newMaker prepares an operation. Parameters that carry its credentials are not
// its own: the runner sends them, or spoils them.
func newMaker(g *generator, op openapi.Op, schemes []plumbline.Scheme, o Options) *maker {
	op.Params = slices.DeleteFunc(slices.Clone(op.Params), func(p *openapi3.Parameter) bool {
		return foreign(p) || slices.ContainsFunc(schemes, func(s plumbline.Scheme) bool {
			return s.Type == "apiKey" && s.In == p.In && strings.EqualFold(s.Key, p.Name)
		})
	})
	return &maker{gen: g, op: op, options: o, accept: accept(op.Op), ids: map[string]int{}}
}

func successes(op openapi.Op) []string { return statuses(op.Op, "2") }

func statuses(op *openapi3.Operation, class string) []string {
	var out []string
	if op.Responses != nil {
		for status := range op.Responses.Map() {
			if strings.HasPrefix(status, class) {
				out = append(out, status)
			}
		}
	}
	slices.Sort(out)
	return out
}

// draft makes the values of a request: what is required, or everything.
func (m *maker) draft(full bool) (draft, bool) {
	d := draft{params: map[*openapi3.Parameter]any{}}
	for _, p := range m.op.Params {
		if m.bound(p) || !p.Required && !full {
			continue
		}
		v, ok := m.parameter(p)
		if !ok {
			if p.Required {
				return d, false
			}
			continue
		}
		d.params[p] = v
	}
	return d, m.draftBody(&d, full)
}

// bound tells whether the value of a parameter comes from the deployment.
func (m *maker) bound(p *openapi3.Parameter) bool {
	return slices.ContainsFunc(m.binds, func(b plumbline.Bind) bool { return b.In == p.In && b.Name == p.Name })
}

// foreign names headers that the document may list and that other parts of a
// request govern (OpenAPI 3.1 §4.8.12.1, RFC 9110 §7.6.1).
func foreign(p *openapi3.Parameter) bool {
	return p.In == openapi3.ParameterInHeader && slices.Contains([]string{
		"accept", "content-type", "authorization", "traceparent", "tracestate", "host", "content-length", "transfer-encoding",
		"connection", "te", "trailer", "upgrade", "expect", "cookie", "accept-encoding", "content-encoding",
	}, strings.ToLower(p.Name))
}

// parameter makes the value of a parameter: a word of the dictionary, an
// example of the document, or one of its schema.
func (m *maker) parameter(p *openapi3.Parameter) (any, bool) {
	n := parameterNode(p)
	for v := range m.offered(p) {
		if v = plain(v); m.gen.accepts(n, v) {
			if _, ok := encodeParameter(p, v); ok {
				return v, true
			}
		}
	}
	for turn := range 3 {
		v, ok := m.gen.make(n, shape{full: true, turn: turn})
		if !ok {
			break
		}
		if _, ok := encodeParameter(p, v); ok {
			return v, true
		}
	}
	v, ok := m.gen.make(n, shape{})
	if !ok {
		return nil, false
	}
	_, ok = encodeParameter(p, v)
	return v, ok
}

func (m *maker) offered(p *openapi3.Parameter) func(func(any) bool) {
	return func(yield func(any) bool) {
		words := slices.Concat(m.options.Dictionary[m.op.ID+"/"+p.In+"/"+p.Name], m.options.Dictionary[p.Name], examples(p.Example, p.Examples))
		for _, v := range words {
			if !yield(v) {
				return
			}
		}
	}
}

// examples are those of a parameter or a media type, in order.
func examples(one any, more openapi3.Examples) []any {
	var out []any
	if one != nil {
		out = append(out, one)
	}
	for _, name := range sortedKeys(more) {
		if e := more[name]; e != nil && e.Value != nil && e.Value.Value != nil {
			out = append(out, e.Value.Value)
		}
	}
	return out
}

func (m *maker) draftBody(d *draft, full bool) bool {
	b := m.op.Op.RequestBody
	if b == nil || b.Value == nil || !m.hasBody(b.Value, full) {
		return true
	}
	for _, media := range mediaTypes(b.Value.Content) {
		mt := b.Value.Content[media]
		if v, ok := m.bodyValue(media, mt, full); ok {
			d.media, d.mt, d.body = media, mt, v
			return true
		}
	}
	return !b.Value.Required
}

// hasBody tells whether a request carries the body that is documented: an
// optional one is left out where the method does without.
func (m *maker) hasBody(b *openapi3.RequestBody, full bool) bool {
	if len(b.Content) == 0 {
		return false
	}
	return b.Required || full || slices.Contains([]string{"POST", "PUT", "PATCH", "QUERY"}, m.op.Method)
}

// bodyValue makes a value that can be written in the media type.
func (m *maker) bodyValue(media string, mt *openapi3.MediaType, full bool) (any, bool) {
	n := schemaNode(mt)
	if !full {
		for _, v := range examples(mt.Example, mt.Examples) {
			if v = m.example(n, v); m.gen.accepts(n, v) && m.writable(media, mt, v) {
				return m.worded(n, v), true
			}
		}
	}
	// A form without any member is no body: it gets all members then.
	for _, p := range []shape{{full: full}, {full: full, turn: 1}, {full: true}} {
		if v, ok := m.gen.make(n, p); ok && m.writable(media, mt, v) {
			return m.worded(n, v), true
		}
	}
	return nil, false
}

// example is an example of the document without what is read-only.
func (m *maker) example(n node, v any) any {
	if o, ok := v.(map[string]any); ok {
		return plain(m.gen.directed(m.gen.flats.of(n), o))
	}
	return plain(v)
}

func (m *maker) writable(media string, mt *openapi3.MediaType, v any) bool {
	_, _, ok := m.gen.encodeBody(media, mt, v)
	return ok
}

// worded puts the dictionary's values for places of this operation's body.
func (m *maker) worded(n node, v any) any {
	for _, key := range sortedKeys(m.options.Dictionary) {
		path, ok := strings.CutPrefix(key, m.op.ID+"/body/")
		if !ok {
			continue
		}
		for _, word := range m.options.Dictionary[key] {
			if w := put(v, strings.Split(path, "/"), plain(word), false); m.gen.accepts(n, w) {
				v = w
				break
			}
		}
	}
	return v
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// kind is the type of a schema, inferred where it is not said.
func kind(s *openapi3.Schema) string {
	f := &flat{}
	f.join(&openapi3.SchemaRef{Value: s}, 0)
	return append(f.kinds(), "null")[0]
}
