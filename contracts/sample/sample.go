// Package sample makes requests from an OpenAPI document: valid cases, invalid
// ones, and the resource graph that says which values only the live deployment
// knows. Every case carries proof: a valid one was checked against the schemas
// as its bytes decode, an invalid one is invalid in every legal decoding.
package sample

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Options bound what is made.
type Options struct {
	Seed       uint64 // the same seed makes the same cases
	MaxInvalid int    // of one operation; zero means 24
}

// Fill returns the operations of the document with their cases, and with what
// they produce and delete.
func Fill(d *openapi.Doc, s *schema.Set, o Options) []plumbline.Operation {
	if o.MaxInvalid == 0 {
		o.MaxInvalid = 24
	}
	ops := d.Plumb()
	g := newGraph(d)
	for i, op := range d.Operations {
		m := &maker{set: s, op: op, options: o, binds: g.binds(op)}
		ops[i].Cases = m.valid()
		if len(ops[i].Cases) > 0 {
			ops[i].Invalid = m.invalid(ops[i].Cases[0])
		}
	}
	produce(ops)
	return ops
}

// A maker makes the cases of one operation.
type maker struct {
	set     *schema.Set
	op      openapi.Op
	options Options
	binds   []plumbline.Bind // what only the live deployment knows
}

// A draft is a request whose parts are still values.
type draft struct {
	params map[*openapi3.Parameter]any
	body   any
	media  string
	schema *openapi3.SchemaRef
}

// valid makes the valid cases: the seed request first, which has what is
// required and the document's examples, then one with everything.
func (m *maker) valid() []plumbline.Case {
	var out []plumbline.Case
	seen := map[string]bool{}
	for _, full := range []bool{false, true} {
		d, ok := m.draft(full)
		if !ok || !m.proved(d) {
			continue
		}
		req, ok := m.encode(d)
		key := req.Path + "?" + req.Query + " " + string(req.Body)
		if !ok || seen[key] {
			continue
		}
		seen[key] = true
		name := "required"
		if full {
			name = "full"
		}
		out = append(out, plumbline.Case{
			ID: m.op.ID + "/" + name, Operation: m.op.ID, Origin: "generated", Request: req,
			Binds: m.binds, Expect: successes(m.op),
		})
	}
	return out
}

func successes(op openapi.Op) []string {
	var out []string
	if op.Op.Responses != nil {
		for status := range op.Op.Responses.Map() {
			if strings.HasPrefix(status, "2") {
				out = append(out, status)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (m *maker) draft(full bool) (draft, bool) {
	d := draft{params: map[*openapi3.Parameter]any{}}
	for _, p := range m.op.Params {
		if m.bound(p) || !p.Required && !full || p.In == openapi3.ParameterInCookie && !p.Required || skippedHeader(p) {
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

// skippedHeader names headers that the document may list and that other parts
// of a request govern (OpenAPI 3.1 §4.8.12.1).
func skippedHeader(p *openapi3.Parameter) bool {
	return p.In == openapi3.ParameterInHeader && slices.Contains([]string{"accept", "content-type", "authorization", "traceparent", "tracestate"}, strings.ToLower(p.Name))
}

func (m *maker) parameter(p *openapi3.Parameter) (any, bool) {
	if p.Example != nil {
		return p.Example, true
	}
	for _, name := range sortedExamples(p.Examples) {
		if e := p.Examples[name]; e != nil && e.Value != nil && e.Value.Value != nil {
			return e.Value.Value, true
		}
	}
	ref := p.Schema
	if ref == nil {
		for _, c := range p.Content {
			ref = c.Schema
		}
	}
	return newGenerator(m.set, schema.Request, true).value(ref)
}

func (m *maker) draftBody(d *draft, full bool) bool {
	b := m.op.Op.RequestBody
	if b == nil || b.Value == nil || !m.hasBody(b.Value, full) {
		return true
	}
	media, mt := preferred(b.Value.Content)
	if mt == nil {
		return !b.Value.Required
	}
	v, ok := m.bodyValue(mt, full)
	if !ok && !b.Value.Required {
		return true
	}
	d.media, d.schema, d.body = media, mt.Schema, v
	return ok
}

// hasBody tells whether a request carries the body that is documented: an
// optional one is left out where the method does without.
func (m *maker) hasBody(b *openapi3.RequestBody, full bool) bool {
	if len(b.Content) == 0 {
		return false
	}
	return b.Required || full || slices.Contains([]string{"POST", "PUT", "PATCH"}, m.op.Method)
}

func (m *maker) bodyValue(mt *openapi3.MediaType, full bool) (any, bool) {
	if v, ok := mediaExample(mt); ok && !full {
		return v, true
	}
	return newGenerator(m.set, schema.Request, full).value(mt.Schema)
}

func mediaExample(mt *openapi3.MediaType) (any, bool) {
	if mt.Example != nil {
		return mt.Example, true
	}
	for _, name := range sortedExamples(mt.Examples) {
		if e := mt.Examples[name]; e != nil && e.Value != nil && e.Value.Value != nil {
			return e.Value.Value, true
		}
	}
	return nil, false
}

func sortedExamples(m openapi3.Examples) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// preferred picks the media type of a body: JSON before forms before others.
func preferred(c openapi3.Content) (string, *openapi3.MediaType) {
	names := make([]string, 0, len(c))
	for k := range c {
		names = append(names, k)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, n := range names {
		if c[n] != nil && rank(n) < 9 {
			return n, c[n]
		}
	}
	return "", nil
}

func rank(media string) int {
	media = strings.ToLower(strings.TrimSpace(strings.Split(media, ";")[0]))
	switch {
	case media == "application/json":
		return 0
	case strings.HasSuffix(media, "+json"):
		return 1
	case media == "*/*" || media == "application/*":
		return 2
	case media == "application/x-www-form-urlencoded":
		return 3
	case media == "multipart/form-data":
		return 4
	case strings.HasPrefix(media, "text/"):
		return 5
	}
	return 9
}

// proved checks every part of a draft against its schema, as its bytes decode.
func (m *maker) proved(d draft) bool {
	for p, v := range d.params {
		if len(m.set.Check(p.Schema, schema.Request, plain(v))) > 0 && len(m.set.Check(p.Schema, schema.Request, asText(v))) > 0 {
			return false
		}
	}
	if d.media == "" || rank(d.media) > 4 {
		return true
	}
	return len(m.set.Check(d.schema, schema.Request, plain(d.body))) == 0
}

// Graph prints where the values come from that only the live deployment
// knows, one line each.
func Graph(ops []plumbline.Operation) string {
	var lines []string
	for _, o := range ops {
		if len(o.Cases) == 0 {
			continue
		}
		for _, b := range o.Cases[0].Binds {
			lines = append(lines, fmt.Sprintf("%s %s.%s ← %s %s (%s)", o.ID, b.In, b.Name, b.From, b.Pointer, b.Why))
		}
		if o.Creates() {
			line := o.ID + " creates " + strings.Join(o.Produces, ", ")
			if o.Deletes != "" {
				line += ", deleted by " + o.Deletes
			} else {
				line += ", which nothing deletes"
			}
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
