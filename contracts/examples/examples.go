// Package examples holds the examples of a document against its schemas. They
// are what people copy; one that breaks its schema is the document's own
// mistake.
package examples

import (
	"bytes"
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostUntrue bounds the examples that are told one by one.
const mostUntrue = 200

// Check holds every example of parameters, bodies, headers and schemas against
// its schema, and returns those that break it and how many were checked. A
// readOnly property need not be in an example of a request, nor a writeOnly one
// in that of a response; what stands in a schema may be either. An example that
// is text is also read as it would stand on the wire. Examples in other files,
// and those of media types that are not JSON and not text, are not checked.
func Check(d *openapi.Doc, set *schema.Set) (untrue []plumbline.Untrue, checked int) {
	c := &checker{doc: d, set: set, seen: map[any]bool{}}
	for _, o := range d.Operations {
		c.operation(o)
	}
	if parts := d.T.Components; parts != nil {
		c.op = ""
		for _, name := range slices.Sorted(maps.Keys(parts.Schemas)) {
			c.schema(parts.Schemas[name], "/components/schemas/"+token(name), "schema "+name)
		}
	}
	return c.untrue, c.checked
}

type checker struct {
	doc     *openapi.Doc
	set     *schema.Set
	seen    map[any]bool // what references lead to is checked once
	op      string
	untrue  []plumbline.Untrue
	checked int
}

func token(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// followed is where a thing stands: where its reference points, if it is one.
func followed(ref, at string) string {
	if strings.HasPrefix(ref, "#/") {
		return ref[1:]
	}
	return at
}

func (c *checker) operation(o openapi.Op) {
	c.op = o.ID
	at := o.Source.Pointer
	for i, p := range o.Op.Parameters {
		c.parameter(p, at+"/parameters/"+strconv.Itoa(i))
	}
	shared := at[:strings.LastIndexByte(at, '/')]
	for i, p := range o.Item.Parameters {
		c.parameter(p, shared+"/parameters/"+strconv.Itoa(i))
	}
	if b := o.Op.RequestBody; b != nil && b.Value != nil {
		c.content(b.Value.Content, followed(b.Ref, at+"/requestBody"), "request body", schema.Request)
	}
	if o.Op.Responses != nil {
		c.responses(o.Op.Responses.Map(), at)
	}
}

func (c *checker) responses(responses map[string]*openapi3.ResponseRef, at string) {
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		r := responses[status]
		if r == nil || r.Value == nil {
			continue
		}
		place := followed(r.Ref, at+"/responses/"+status)
		c.content(r.Value.Content, place, "response "+status, schema.Response)
		for _, name := range slices.Sorted(maps.Keys(r.Value.Headers)) {
			if h := r.Value.Headers[name]; h != nil && h.Value != nil && !c.done(h.Value) {
				c.values(h.Value.Schema, h.Value.Example, h.Value.Examples, target{place + "/headers/" + token(name), "header " + name, schema.Response, true})
			}
		}
	}
}

func (c *checker) done(v any) bool {
	if c.seen[v] {
		return true
	}
	c.seen[v] = true
	return false
}

func (c *checker) parameter(p *openapi3.ParameterRef, at string) {
	if p == nil || p.Value == nil || c.done(p.Value) {
		return
	}
	at = followed(p.Ref, at)
	where := p.Value.In + "/" + p.Value.Name
	c.values(p.Value.Schema, p.Value.Example, p.Value.Examples, target{at, where, schema.Request, true})
	c.schema(p.Value.Schema, at+"/schema", where)
	c.content(p.Value.Content, at, where, schema.Request)
}

func (c *checker) content(content openapi3.Content, at, where string, way schema.Direction) {
	for _, media := range slices.Sorted(maps.Keys(content)) {
		m := content[media]
		if m == nil || c.done(m) {
			continue
		}
		place := at + "/content/" + token(media)
		if json, text := readable(media); json || text {
			c.values(m.Schema, m.Example, m.Examples, target{place, where, way, text})
		}
		c.schema(m.Schema, place+"/schema", where)
	}
}

// readable tells whether an example of a media type can be held against a
// schema: as JSON, or as text.
func readable(media string) (isJSON, isText bool) {
	m, _, err := mime.ParseMediaType(media)
	if err != nil {
		m = media
	}
	return m == "application/json" || strings.HasSuffix(m, "+json") || m == "*/*", m == "text/plain" || m == "application/x-www-form-urlencoded"
}

// A target is where an example stands and what it is one of.
type target struct {
	at, where string
	way       schema.Direction
	text      bool // it is written as text on the wire
}

func (c *checker) values(s *openapi3.SchemaRef, one any, many openapi3.Examples, t target) {
	if s == nil {
		return
	}
	if one != nil {
		c.value(s, one, t, "/example")
	}
	for _, name := range slices.Sorted(maps.Keys(many)) {
		e := many[name]
		if e == nil || e.Value == nil || e.Value.Value == nil || e.Value.ExternalValue != "" {
			continue
		}
		if place := "/examples/" + token(name); e.Ref == "" {
			c.value(s, e.Value.Value, t, place)
		} else {
			c.value(s, e.Value.Value, target{followed(e.Ref, t.at+place), t.where, t.way, t.text}, "")
		}
	}
}

func (c *checker) value(s *openapi3.SchemaRef, v any, t target, inside string) {
	c.checked++
	breaches := c.set.Check(s, t.way, decoded(v))
	if len(breaches) == 0 || c.asText(s, v, t) {
		return
	}
	c.report(breaches[0], t.at+inside, t.where)
}

// asText tells whether an example that is text is right as it would be read
// from the wire.
func (c *checker) asText(s *openapi3.SchemaRef, v any, t target) bool {
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		return t.text && err == nil && len(c.set.Check(s, t.way, string(b))) == 0
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var read any
	return dec.Decode(&read) == nil && len(c.set.Check(s, t.way, read)) == 0
}

func (c *checker) report(b schema.Breach, pointer, where string) {
	if len(c.untrue) >= mostUntrue {
		return
	}
	if c.doc.Version == "2.0" {
		pointer = strings.Replace(pointer, "/components/schemas/", "/definitions/", 1)
	}
	at := c.doc.Position(pointer)
	at.Pointer = pointer
	message := b.Message
	if b.Pointer != "" {
		message = b.Pointer + ": " + message
	}
	c.untrue = append(c.untrue, plumbline.Untrue{Operation: c.op, Where: where, Message: message, Source: at})
}

// schema checks the examples that stand in a schema, at any depth. They may be
// of a request or of a response.
func (c *checker) schema(s *openapi3.SchemaRef, at, where string) {
	if s == nil || s.Value == nil || c.done(s.Value) {
		return
	}
	if s.Ref != "" {
		if at = followed(s.Ref, at); strings.HasPrefix(s.Ref, "#/components/schemas/") {
			where = "schema " + strings.TrimPrefix(s.Ref, "#/components/schemas/")
		}
	}
	v := s.Value
	if v.Example != nil {
		c.either(s, v.Example, at+"/example", where)
	}
	for i, e := range v.Examples {
		c.either(s, e, at+"/examples/"+strconv.Itoa(i), where)
	}
	for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
		c.schema(v.Properties[name], at+"/properties/"+token(name), where)
	}
	c.schema(v.Items, at+"/items", where)
	c.schema(v.AdditionalProperties.Schema, at+"/additionalProperties", where)
	c.list(v.AllOf, at+"/allOf/", where)
	c.list(v.OneOf, at+"/oneOf/", where)
	c.list(v.AnyOf, at+"/anyOf/", where)
}

func (c *checker) list(schemas openapi3.SchemaRefs, at, where string) {
	for i, s := range schemas {
		c.schema(s, at+strconv.Itoa(i), where)
	}
}

func (c *checker) either(s *openapi3.SchemaRef, v any, at, where string) {
	c.checked++
	value := decoded(v)
	breaches := c.set.Check(s, schema.Response, value)
	if len(breaches) == 0 || len(c.set.Check(s, schema.Request, value)) == 0 || c.asText(s, v, target{way: schema.Response, text: true}) {
		return
	}
	c.report(breaches[0], at, where)
}

// decoded is a value as it is read from JSON, numbers as they are written.
func decoded(v any) any {
	switch v.(type) {
	case string, bool, nil:
		return v
	}
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out any
	if dec.Decode(&out) != nil {
		return v
	}
	return out
}
