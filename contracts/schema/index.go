package schema

import (
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// An indexer books where in the document every schema stands. What a $ref
// leads to stands where the $ref points.
type indexer struct {
	at         map[*openapi3.Schema]string
	refs       map[*openapi3.SchemaRef]string // references with something beside them
	components openapi3.Schemas
}

func index(t *openapi3.T) indexer {
	x := indexer{at: map[*openapi3.Schema]string{}, refs: map[*openapi3.SchemaRef]string{}}
	if c := t.Components; c != nil {
		x.components = c.Schemas
		for name, s := range c.Schemas {
			x.schema(s, "/components/schemas/"+token(name))
		}
		for name, p := range c.Parameters {
			x.parameter(p, "/components/parameters/"+token(name))
		}
		for name, h := range c.Headers {
			x.header(h, "/components/headers/"+token(name))
		}
		for name, b := range c.RequestBodies {
			x.body(b, "/components/requestBodies/"+token(name))
		}
		for name, r := range c.Responses {
			x.response(r, "/components/responses/"+token(name))
		}
	}
	for path, item := range t.Paths.Map() {
		at := "/paths/" + token(path)
		x.parameters(item.Parameters, at)
		for method, op := range item.Operations() {
			x.operation(op, at+"/"+strings.ToLower(method))
		}
	}
	return x
}

func token(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

func (x indexer) operation(op *openapi3.Operation, at string) {
	x.parameters(op.Parameters, at)
	x.body(op.RequestBody, at+"/requestBody")
	if op.Responses != nil {
		for status, r := range op.Responses.Map() {
			x.response(r, at+"/responses/"+status)
		}
	}
}

func (x indexer) parameters(list openapi3.Parameters, at string) {
	for i, p := range list {
		x.parameter(p, at+"/parameters/"+strconv.Itoa(i))
	}
}

func (x indexer) parameter(p *openapi3.ParameterRef, at string) {
	if p == nil || p.Value == nil {
		return
	}
	if p.Ref != "" {
		if !strings.HasPrefix(p.Ref, "#") {
			return
		}
		at = p.Ref[1:]
	}
	x.schema(p.Value.Schema, at+"/schema")
	x.content(p.Value.Content, at)
}

func (x indexer) header(h *openapi3.HeaderRef, at string) {
	if h == nil || h.Value == nil {
		return
	}
	if h.Ref != "" {
		if !strings.HasPrefix(h.Ref, "#") {
			return
		}
		at = h.Ref[1:]
	}
	x.schema(h.Value.Schema, at+"/schema")
}

func (x indexer) body(b *openapi3.RequestBodyRef, at string) {
	if b == nil || b.Value == nil {
		return
	}
	if b.Ref != "" {
		if !strings.HasPrefix(b.Ref, "#") {
			return
		}
		at = b.Ref[1:]
	}
	x.content(b.Value.Content, at)
}

func (x indexer) response(r *openapi3.ResponseRef, at string) {
	if r == nil || r.Value == nil {
		return
	}
	if r.Ref != "" {
		if !strings.HasPrefix(r.Ref, "#") {
			return
		}
		at = r.Ref[1:]
	}
	x.content(r.Value.Content, at)
	for name, h := range r.Value.Headers {
		x.header(h, at+"/headers/"+token(name))
	}
}

func (x indexer) content(c openapi3.Content, at string) {
	for media, m := range c {
		if m != nil {
			x.schema(m.Schema, at+"/content/"+token(media)+"/schema")
			x.schema(m.ItemSchema, at+"/content/"+token(media)+"/itemSchema")
		}
	}
}

func (x indexer) schema(s *openapi3.SchemaRef, at string) {
	if s == nil || s.Value == nil {
		return
	}
	if s.Ref != "" {
		if !strings.HasPrefix(s.Ref, "#/") {
			return // in another file: marshalled as a reference that is not here
		}
		if m, err := s.MarshalYAML(); err == nil && hasMore(m) {
			x.refs[s] = at
		}
		if !x.beside(s) {
			at = s.Ref[1:]
		}
	}
	if _, done := x.at[s.Value]; !done {
		x.at[s.Value] = at
		x.parts(s.Value, at)
	}
}

// parts books the schemas that a schema is made of.
func (x indexer) parts(v *openapi3.Schema, at string) {
	for key, sub := range map[string]*openapi3.SchemaRef{
		"items": v.Items, "not": v.Not, "additionalProperties": v.AdditionalProperties.Schema, "contains": v.Contains, "propertyNames": v.PropertyNames,
		"if": v.If, "then": v.Then, "else": v.Else, "unevaluatedItems": v.UnevaluatedItems.Schema, "unevaluatedProperties": v.UnevaluatedProperties.Schema,
	} {
		x.schema(sub, at+"/"+key)
	}
	for key, table := range map[string]openapi3.Schemas{"properties": v.Properties, "patternProperties": v.PatternProperties, "dependentSchemas": v.DependentSchemas, "$defs": v.Defs} {
		for name, p := range table {
			x.schema(p, at+"/"+key+"/"+token(name))
		}
	}
	for key, list := range map[string]openapi3.SchemaRefs{"allOf": v.AllOf, "oneOf": v.OneOf, "anyOf": v.AnyOf, "prefixItems": v.PrefixItems} {
		for i, e := range list {
			x.schema(e, at+"/"+key+"/"+strconv.Itoa(i))
		}
	}
}

func hasMore(v any) bool {
	m, ok := v.(map[string]any)
	return ok && len(m) > 1
}

// beside tells whether a reference of version 3.1 has keywords beside it: its
// value is then a schema of its own, which stands where the reference does.
func (x indexer) beside(s *openapi3.SchemaRef) bool {
	name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/")
	if !ok || x.components == nil {
		return false
	}
	c := x.components[name]
	return c != nil && c.Value != nil && c.Value != s.Value
}
