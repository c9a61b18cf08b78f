// Package outbound tells how requests that the deployment sends to a
// dependency break the dependency's own document. Only what the document
// declares is checked: a header, a query parameter or a cookie that it does not
// name is nobody's breach.
package outbound

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Request is one that was seen on a wire.
type Request struct {
	Method, Path, Query string // the path as it was decoded
	Header              map[string][]string
	Body                []byte
	Whole               bool // the body is all of it
}

// An Inspector knows one dependency's document. It is safe for concurrent use.
type Inspector struct {
	doc *openapi.Doc
	set *schema.Set
}

// New reads the document of a dependency and prepares its schemas.
func New(file string) (*Inspector, error) {
	doc, err := openapi.Load(file, openapi.Options{})
	if err != nil {
		return nil, err
	}
	set, err := schema.Compile(doc)
	if err != nil {
		return nil, err
	}
	return Of(doc, set), nil
}

// Of is New for a document that was read.
func Of(doc *openapi.Doc, set *schema.Set) *Inspector { return &Inspector{doc, set} }

// Headers are the names of the header parameters that the document declares,
// and the media type of bodies: what inspection needs to see. Accept,
// Content-Type and Authorization are never parameters (OpenAPI 3.0.3,
// Parameter Object).
func (i *Inspector) Headers() []string {
	out := []string{"Content-Type"}
	for _, o := range i.doc.Operations {
		for _, p := range o.Params {
			if p.In == "header" && !slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, http.CanonicalHeaderKey(p.Name)) {
				out = append(out, http.CanonicalHeaderKey(p.Name))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Inspect finds the operation of a request and tells how the request breaks
// it. The messages hold no value of the request.
func (i *Inspector) Inspect(r Request) (operation string, marks []plumbline.Mark) {
	o, values, known := i.find(r)
	switch {
	case o == nil && known:
		return "", []plumbline.Mark{{Kind: plumbline.MarkOperation, Message: "the document has no " + r.Method + " on this path", Schema: "/paths"}}
	case o == nil:
		return "", []plumbline.Mark{{Kind: plumbline.MarkOperation, Message: "the document has no such path", Schema: "/paths"}}
	}
	for _, p := range o.Params {
		marks = append(marks, i.parameter(o, p, r, values)...)
	}
	return o.ID, append(marks, i.body(o, r)...)
}

// find is the operation of a request, with the values of its path. Of several
// templates the one with the most literal segments is meant (OpenAPI 3.0.3,
// Paths Object). Known tells whether the path is that of another method.
func (i *Inspector) find(r Request) (best *openapi.Op, values map[string]string, known bool) {
	most := -1
	for k := range i.doc.Operations {
		o := &i.doc.Operations[k]
		v, literal, ok := matches(o.Path, r.Path)
		if !ok {
			continue
		}
		known = true
		if o.Method == r.Method && literal > most {
			best, values, most = o, v, literal
		}
	}
	return best, values, known
}

// matches compares a path with a template, segment by segment.
func matches(template, path string) (values map[string]string, literal int, ok bool) {
	want, got := strings.Split(strings.Trim(template, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(got) {
		return nil, 0, false
	}
	values = map[string]string{}
	for i, w := range want {
		open, end := strings.Index(w, "{"), strings.LastIndex(w, "}")
		if open < 0 || end < open {
			if w != got[i] {
				return nil, 0, false
			}
			literal++
			continue
		}
		before, after := w[:open], w[end+1:]
		if !strings.HasPrefix(got[i], before) || !strings.HasSuffix(got[i], after) || len(got[i]) <= len(before)+len(after) {
			return nil, 0, false
		}
		values[w[open+1:end]] = got[i][len(before) : len(got[i])-len(after)]
	}
	return values, literal, true
}

// parameter checks one declared parameter. Styles that need more than
// splitting are passed over.
func (i *Inspector) parameter(o *openapi.Op, p *openapi3.Parameter, r Request, path map[string]string) []plumbline.Mark {
	texts, given, known := sent(p, r, path)
	if !known {
		return nil
	}
	at := p.In + "/" + p.Name
	mark := plumbline.Mark{Kind: plumbline.MarkParameter, Pointer: at, Schema: o.Source.Pointer + "/parameters"}
	switch {
	case !given && p.Required && !structured(p):
		mark.Message = "the required " + p.In + " parameter " + p.Name + " is missing"
		return []plumbline.Mark{mark}
	case !given || structured(p) || p.Schema == nil || p.Schema.Value == nil:
		return nil
	}
	if breach, ok := i.broken(p, texts); ok {
		mark.Message, mark.Schema = "the "+p.In+" parameter "+p.Name+" breaks "+breach.Keyword, breach.Schema
		return []plumbline.Mark{mark}
	}
	return nil
}

// sent are the texts that a request gives to a parameter; known is false for
// what is governed elsewhere, or not handed over, as cookies.
func sent(p *openapi3.Parameter, r Request, path map[string]string) (texts []string, given, known bool) {
	switch p.In {
	case "path":
		v, ok := path[p.Name]
		return []string{v}, ok, true
	case "query":
		q, err := url.ParseQuery(r.Query)
		return q[p.Name], q.Has(p.Name), err == nil
	case "header":
		name := http.CanonicalHeaderKey(p.Name)
		governed := slices.Contains([]string{"Accept", "Content-Type", "Authorization"}, name)
		return r.Header[name], len(r.Header[name]) > 0, !governed
	}
	return nil, false, false
}

// structured tells whether a parameter is an object, or in a style or media
// type of its own.
func structured(p *openapi3.Parameter) bool {
	if len(p.Content) > 0 || p.Style != "" && p.Style != "simple" && p.Style != "form" {
		return true
	}
	return p.Schema != nil && p.Schema.Value != nil && (p.Schema.Value.Type.Is("object") || len(p.Schema.Value.Properties) > 0)
}

// broken tells how the texts of a parameter break its schema in every reading
// of theirs.
func (i *Inspector) broken(p *openapi3.Parameter, texts []string) (schema.Breach, bool) {
	if p.Schema.Value.Type.Is("array") {
		if len(texts) == 1 && (p.In != "query" || p.Explode != nil && !*p.Explode) {
			texts = strings.Split(texts[0], ",")
		}
		items := p.Schema.Value.Items
		list := make([]any, 0, len(texts))
		for _, t := range texts {
			list = append(list, i.read(items, t))
		}
		return firstBreach(i.set.Check(p.Schema, schema.Request, list))
	}
	return firstBreach(i.set.Check(p.Schema, schema.Request, i.read(p.Schema, texts[0])))
}

// read is the reading of a text that a schema accepts; the text itself when it
// accepts none, or number and truth value where it wants those.
func (i *Inspector) read(ref *openapi3.SchemaRef, text string) any {
	readings := []any{text}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		readings = append(readings, json.Number(text))
	}
	if text == "true" || text == "false" {
		readings = append(readings, text == "true")
	}
	if text == "" {
		readings = append(readings, nil)
	}
	for _, v := range readings {
		if len(i.set.Check(ref, schema.Request, v)) == 0 {
			return v
		}
	}
	if len(readings) > 1 && ref != nil && ref.Value != nil && !ref.Value.Type.Is("string") {
		return readings[1]
	}
	return text
}

func firstBreach(all []schema.Breach) (schema.Breach, bool) {
	if len(all) == 0 {
		return schema.Breach{}, false
	}
	return all[0], true
}

// body checks the body of a request, if all of it was seen.
func (i *Inspector) body(o *openapi.Op, r Request) []plumbline.Mark {
	if o.Op.RequestBody == nil || o.Op.RequestBody.Value == nil || !r.Whole {
		return nil
	}
	b := o.Op.RequestBody.Value
	at := o.Source.Pointer + "/requestBody"
	if len(r.Body) == 0 {
		if b.Required {
			return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "the required body is missing", Schema: at}}
		}
		return nil
	}
	kind := ""
	if h := r.Header["Content-Type"]; len(h) > 0 {
		kind, _, _ = mime.ParseMediaType(h[0])
	}
	media := b.Content.Get(kind)
	switch {
	case len(b.Content) == 0:
		return nil
	case media == nil:
		return []plumbline.Mark{{Kind: plumbline.MarkMedia, Message: fmt.Sprintf("the media type %q is not documented for the request", kind), Schema: at + "/content"}}
	case media.Schema == nil || kind != "application/json" && !strings.HasSuffix(kind, "+json"):
		return []plumbline.Mark{{Kind: plumbline.MarkUnread, Message: kind + " is not validated"}}
	}
	return i.json(media.Schema, r.Body, at)
}

// json checks a JSON body.
func (i *Inspector) json(ref *openapi3.SchemaRef, body []byte, at string) []plumbline.Mark {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "the body is not JSON", Schema: at + "/content"}}
	}
	var out []plumbline.Mark
	for _, x := range i.set.Check(ref, schema.Request, v) {
		out = append(out, plumbline.Mark{Kind: plumbline.MarkBody, Pointer: x.Pointer, Message: said(x), Schema: x.Schema})
	}
	return out
}

// said is a breach in words that hold no value: those of types and of names
// are the validator's own.
func said(b schema.Breach) string {
	switch b.Keyword {
	case "type", "required":
		return b.Message
	}
	return "breaks " + b.Keyword
}
