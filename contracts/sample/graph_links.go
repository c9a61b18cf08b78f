package sample

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A link hands one value of an answer to a place of another operation
// (OpenAPI 3.1 §4.8.20, Link Object).
type link struct {
	from     string
	in, name string // in is empty when the link does not say it
	pointer  string
	why      string // empty: a link of the document
}

// Stated are sources that somebody has written down beside the document, as in
// a flow, by the ID of the operation that they lead to. They count as links.
type Stated map[string][]plumbline.Bind

// state adds the sources of the places of paths to the links.
func (g *graph) state(all Stated) {
	for _, id := range slices.Sorted(maps.Keys(all)) {
		for _, b := range all[id] {
			if _, known := g.ops[b.From]; known && b.In == "path" && b.From != id {
				g.links[id] = append(g.links[id], link{from: b.From, in: b.In, name: b.Name, pointer: b.Pointer, why: b.Why})
			}
		}
	}
}

// readLinks gathers the links of the document by the operation that they lead
// to.
func (g *graph) readLinks() map[string][]link {
	out := map[string][]link{}
	for _, op := range g.doc.Operations {
		if op.Op.Responses == nil {
			continue
		}
		for _, status := range slices.Sorted(maps.Keys(op.Op.Responses.Map())) {
			r := op.Op.Responses.Value(status)
			if r == nil || r.Value == nil || !strings.HasPrefix(status, "2") {
				continue
			}
			for _, name := range slices.Sorted(maps.Keys(r.Value.Links)) {
				if l := r.Value.Links[name]; l != nil && l.Value != nil {
					if to := g.leadsTo(l.Value); to != "" && to != op.ID {
						out[to] = append(out[to], slices.DeleteFunc(handed(op.ID, l.Value), func(l link) bool { return nowhere(l.pointer, r.Value) })...)
					}
				}
			}
		}
	}
	return out
}

// nowhere tells whether a pointer of a link asks an answer that is a list for a
// member: such an expression has no value (OpenAPI 3.1 §4.8.20.2.1).
func nowhere(pointer string, r *openapi3.Response) bool {
	if !strings.HasPrefix(pointer, "/") || strings.Trim(pointer[1:2], "0123456789") == "" {
		return false
	}
	all := contentOf(r)
	return len(all) > 0 && !slices.ContainsFunc(all, func(m *openapi3.MediaType) bool { return schemaType(m.Schema.Value) != "array" })
}

// leadsTo is the ID of the operation that a link names, by operationId or by a
// reference into this document.
func (g *graph) leadsTo(l *openapi3.Link) string {
	for _, op := range g.doc.Operations {
		if l.OperationID != "" && op.Op.OperationID == l.OperationID {
			return op.ID
		}
		if _, ref, ok := strings.Cut(l.OperationRef, "#"); ok && op.Source.Pointer == ref {
			return op.ID
		}
	}
	return ""
}

// handed are the values that a link hands over.
func handed(from string, l *openapi3.Link) []link {
	var out []link
	for _, key := range slices.Sorted(maps.Keys(l.Parameters)) {
		text, _ := l.Parameters[key].(string)
		pointer, ok := expression(text)
		if !ok {
			continue
		}
		in, name := "", key
		if where, rest, ok := strings.Cut(key, "."); ok && slices.Contains([]string{"path", "query", "header", "cookie"}, where) {
			in, name = where, rest
		}
		out = append(out, link{from: from, in: in, name: name, pointer: pointer})
	}
	return append(out, handedBody(from, l.RequestBody, "")...)
}

func handedBody(from string, v any, at string) []link {
	switch x := v.(type) {
	case string:
		if pointer, ok := expression(x); ok && at != "" {
			return []link{{from: from, in: "body", name: at, pointer: pointer}}
		}
	case map[string]any:
		var out []link
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out = append(out, handedBody(from, x[k], at+"/"+pointerToken(k))...)
		}
		return out
	}
	return nil
}

func pointerToken(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// expression reads a runtime expression (OpenAPI 3.1 §4.8.20.4) into the
// pointer of a Bind; ok is false for a constant, and for what names no value.
func expression(text string) (string, bool) {
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), "{"), "}")
	for _, form := range []struct{ before, after string }{
		{"$response.body#", ""},
		{"$response.header.", "header:"},
		{"$request.body#", "request:"},
		{"$request.path.", "path:"},
		{"$request.query.", "query:"},
		{"$request.header.", "sent:"},
	} {
		if rest, ok := strings.CutPrefix(text, form.before); ok && rest != "" && rest != "/" {
			return form.after + rest, true
		}
	}
	return "", false
}

// linked are the links that hand over the value of a place. A link that only
// passes on a parameter of the request leads to where that one comes from.
func (g *graph) linked(op openapi.Op, in, name string) []candidate {
	var out []candidate
	for _, l := range g.links[op.ID] {
		if l.name != name || l.in != in && (l.in != "" || in == "body") {
			continue
		}
		c := candidate{l.from, l.pointer, cmp.Or(l.why, "link"), rankLink}
		from := g.ops[l.from]
		if from.Method == "GET" || from.Method == "HEAD" {
			c.rank = rankLinkRead
		}
		if param, ok := strings.CutPrefix(l.pointer, "path:"); ok {
			for _, b := range g.bound[l.from] {
				if b.In == "path" && b.Name == param {
					c.from, c.pointer, c.why = b.From, b.Pointer, "link, by way of "+l.from
					c.rank = rankLink
				}
			}
		}
		out = append(out, c)
	}
	return out
}

// solveRest binds what links and names say about query, header and body. Only
// what a request must have is bound by its name.
func (g *graph) solveRest(op openapi.Op) []plumbline.Bind {
	var out []plumbline.Bind
	for _, p := range op.Params {
		if p.In != openapi3.ParameterInQuery && p.In != openapi3.ParameterInHeader {
			continue
		}
		all := g.linked(op, p.In, p.Name)
		if _, given := exampleText(p); p.Required && !given && !hasEnum(p.Schema) {
			all = append(all, g.referred(op, p.Name)...)
		}
		if all = g.callable(op, all); len(all) > 0 && (p.Required || all[0].rank <= rankLinkRead && all[0].why == "link") {
			out = append(out, all[0].bind(p.In, p.Name))
		}
	}
	return append(out, g.solveBody(op)...)
}
