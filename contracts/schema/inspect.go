package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// An Inspector tells how responses break the document.
type Inspector struct {
	set *Set
	ops map[string]openapi.Op
}

// NewInspector prepares the inspection of responses to the operations of a
// document.
func NewInspector(d *openapi.Doc, s *Set) *Inspector {
	i := &Inspector{set: s, ops: map[string]openapi.Op{}}
	for _, o := range d.Operations {
		i.ops[o.ID] = o
	}
	return i
}

// mostExtra bounds the undeclared properties that are named.
const mostExtra = 4

// Inspect establishes what of a response does not match the document: status,
// media type, required headers, body. Undeclared properties are marks of kind
// MarkExtra, which are no breach.
func (i *Inspector) Inspect(op string, req plumbline.Request, resp plumbline.Response) []plumbline.Mark {
	o, ok := i.ops[op]
	if !ok || o.Op.Responses == nil {
		return nil
	}
	r, at := documented(o.Op.Responses, resp.Status)
	if r == nil {
		return []plumbline.Mark{{Kind: plumbline.MarkStatus, Message: fmt.Sprintf("status %d is not documented", resp.Status), Schema: o.Source.Pointer + "/responses"}}
	}
	at = o.Source.Pointer + "/responses/" + at
	marks := headers(r, resp, at)
	if bodiless(req, resp) || len(r.Content) == 0 {
		return marks
	}
	return append(marks, i.content(r.Content, resp, at)...)
}

// bodiless tells whether HTTP lets a response have no body (RFC 9110 §6.4.1).
func bodiless(req plumbline.Request, resp plumbline.Response) bool {
	return req.Method == "HEAD" || resp.Status == 204 || resp.Status == 304 || resp.Status < 200
}

// content inspects the body against the media type that is documented for it.
func (i *Inspector) content(c openapi3.Content, resp plumbline.Response, at string) []plumbline.Mark {
	got := header(resp, "Content-Type")
	media, name := match(c, got)
	if media == nil {
		if len(resp.Body) == 0 && got == "" && resp.Status >= 300 {
			return nil
		}
		return []plumbline.Mark{{
			Kind: plumbline.MarkMedia, Schema: at + "/content",
			Message: fmt.Sprintf("media type %q is not documented for status %d", got, resp.Status),
		}}
	}
	if !isJSON(name) && !isJSON(got) || media.Schema == nil {
		return nil
	}
	return i.body(media.Schema, resp.Body)
}

func (i *Inspector) body(ref *openapi3.SchemaRef, body []byte) []plumbline.Mark {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "the body is not JSON: " + err.Error()}}
	}
	var out []plumbline.Mark
	for _, b := range i.set.Check(ref, Response, v) {
		out = append(out, plumbline.Mark{Kind: plumbline.MarkBody, Pointer: b.Pointer, Message: b.Message, Schema: b.Schema})
	}
	if len(out) == 0 {
		out = extra(ref.Value, v)
	}
	return out
}

// extra names properties that a plain object schema does not declare.
func extra(s *openapi3.Schema, v any) []plumbline.Mark {
	m, ok := v.(map[string]any)
	if !ok || len(s.Properties) == 0 || s.AdditionalProperties.Schema != nil || s.AdditionalProperties.Has != nil || len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) > 0 {
		return nil
	}
	var names []string
	for k := range m {
		if _, declared := s.Properties[k]; !declared {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	var out []plumbline.Mark
	for _, k := range names[:min(len(names), mostExtra)] {
		out = append(out, plumbline.Mark{Kind: plumbline.MarkExtra, Pointer: "/" + token(k), Message: "the property is not declared"})
	}
	return out
}

// documented finds the response of a status: the status itself, its class, or
// the default.
func documented(rs *openapi3.Responses, status int) (*openapi3.Response, string) {
	code := strconv.Itoa(status)
	for _, key := range []string{code, code[:1] + "XX", code[:1] + "xx", "default"} {
		if r := rs.Value(key); r != nil && r.Value != nil {
			return r.Value, key
		}
	}
	return nil, ""
}

func headers(r *openapi3.Response, resp plumbline.Response, at string) []plumbline.Mark {
	var out []plumbline.Mark
	for name, h := range r.Headers {
		if h != nil && h.Value != nil && h.Value.Required && header(resp, name) == "" && !strings.EqualFold(name, "Content-Type") {
			out = append(out, plumbline.Mark{Kind: plumbline.MarkHeader, Pointer: "header/" + name, Message: "the required header " + name + " is missing", Schema: at + "/headers/" + token(name)})
		}
	}
	return out
}

func header(r plumbline.Response, name string) string {
	for k, v := range r.Header {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// match finds the documented media type of a content type: exactly, then by
// wildcard; parameters are ignored (RFC 9110 §8.3.1).
func match(c openapi3.Content, contentType string) (*openapi3.MediaType, string) {
	got, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		got = strings.ToLower(strings.TrimSpace(strings.Split(contentType, ";")[0]))
	}
	kind, _, _ := strings.Cut(got, "/")
	var wild *openapi3.MediaType
	wildName := ""
	for name, m := range c {
		want, _, err := mime.ParseMediaType(name)
		if err != nil {
			want = strings.ToLower(strings.TrimSpace(strings.Split(name, ";")[0]))
		}
		switch {
		case want == got && m != nil:
			return m, name
		case (want == "*/*" || want == kind+"/*") && m != nil:
			wild, wildName = m, name
		}
	}
	return wild, wildName
}

func isJSON(media string) bool {
	got, _, err := mime.ParseMediaType(media)
	if err != nil {
		got = media
	}
	return got == "application/json" || strings.HasSuffix(got, "+json")
}
