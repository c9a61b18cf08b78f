package sample

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// relate notes what the graph knows about the operations: which of them create
// what others name, which delete that, which change data in spite of their
// method, and which places get a new value in every request.
func (g *graph) relate(ops []plumbline.Operation) {
	for i := range ops {
		ops[i].Changes = changesData(g.ops[ops[i].ID])
	}
	for i := range ops {
		g.produce(&ops[i], ops)
	}
	for i := range ops {
		g.ownKeys(&ops[i])
		if ops[i].Creates() {
			g.unique(&ops[i])
		}
	}
}

// produce notes what the operation creates, and what deletes it.
func (g *graph) produce(o *plumbline.Operation, ops []plumbline.Operation) {
	chosen := g.chosen[g.facts[o.ID].shape] == o.ID
	if o.Method != "POST" && !chosen {
		return
	}
	for _, user := range ops {
		if len(user.Cases) > 0 {
			produced(o, user, chosen)
		}
	}
	if chosen && len(o.Produces) == 0 {
		o.Produces = []string{lastPlace(o.Path)}
	}
	slices.Sort(o.Produces)
}

// produced notes what another operation takes from this one.
func produced(o *plumbline.Operation, user plumbline.Operation, chosen bool) {
	for _, b := range user.Cases[0].Binds {
		own := !strings.HasPrefix(b.Pointer, "path:") || chosen && b.Pointer == "path:"+lastPlace(o.Path)
		if b.From != o.ID || strings.HasPrefix(b.Why, mentionWhy) || !own {
			continue
		}
		if !slices.Contains(o.Produces, b.Name) {
			o.Produces = append(o.Produces, b.Name)
		}
		if user.Method == "DELETE" && strings.HasSuffix(user.Path, "{"+b.Name+"}") && b.In == "path" {
			o.Deletes = user.ID
		}
	}
}

// ownKeys gives every valid case of an operation that changes something a key of
// idempotency of its own: the same key with another body is another's request,
// and refused.
func (g *graph) ownKeys(o *plumbline.Operation) {
	if slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"}, o.Method) {
		return
	}
	for _, p := range g.ops[o.ID].Params {
		if p.In != openapi3.ParameterInHeader || !isKeyHeader(p.Name) {
			continue
		}
		kind, ok := g.novel(p.Schema)
		if !ok || strings.HasPrefix(kind, "list:") {
			continue
		}
		for i := range o.Cases {
			if c := &o.Cases[i]; c.Request.Header[p.Name] != nil {
				c.Unique = append(c.Unique, plumbline.Bind{In: "header", Name: p.Name, From: plumbline.FromNew, Pointer: asLong(kind, c), Why: "a key of its own for every request"})
			}
		}
	}
}

// shortestKey is how long a new text is where there is little room for it.
const shortestKey = 12

// asLong is the kind of a key, which keeps its length where the case stands at
// an edge of that, unless it is too short to be new.
func asLong(kind string, c *plumbline.Case) string {
	name, isHeader := strings.CutPrefix(c.Pointer, "header/")
	if !isHeader || !strings.HasPrefix(kind, "text:") || c.Keyword != "maxLength" && c.Keyword != "minLength" {
		return kind
	}
	n := utf8.RuneCountInString(strings.Join(c.Request.Header[name], ""))
	if n < shortestKey {
		return kind
	}
	return fmt.Sprintf("text:%d-%d", n, n)
}

// unique finds the places in the bodies of the valid cases of a creating
// operation that get a new value in every request, so that things can be told
// apart and no two have the same name: free texts that name or describe, and
// identifiers that the client chooses.
func (g *graph) unique(o *plumbline.Operation) {
	op := g.ops[o.ID]
	for i := range o.Cases {
		c := &o.Cases[i]
		if s, _ := bodySchema(op); s != nil && op.Method == "POST" {
			var body any
			if json.Unmarshal(c.Request.Body, &body) == nil {
				c.Unique = append(c.Unique, g.uniqueIn(s, body, "", c.Binds)...)
			}
		}
	}
}

func isKeyHeader(name string) bool {
	return slices.Contains([]string{"idempotencykey", "xidempotencykey", "xrequestid", "requestid", "idempotencytoken"}, squash(name))
}

// telling are the words of members that hold free text, or a name.
func telling() []string {
	return []string{"name", "title", "description", "label", "reference", "summary", "subject", "note", "notes", "comment", "text", "content", "username", "login", "slug", "handle", "displayname", "email", "nickname", "message", "body"}
}

// uniqueIn looks for such members at the top of the body, and one level below.
func (g *graph) uniqueIn(s *openapi3.Schema, body any, at string, binds []plumbline.Bind) []plumbline.Bind {
	m, ok := body.(map[string]any)
	if !ok {
		return nil
	}
	all := properties(s, 0)
	var out []plumbline.Bind
	for _, k := range sortedKeys(m) {
		v := all[k]
		pointer := at + "/" + pointerToken(k)
		bound := slices.ContainsFunc(binds, func(b plumbline.Bind) bool { return b.In == "body" && b.Name == pointer })
		if v == nil || v.Value == nil || bound || m[k] == nil {
			continue
		}
		if _, object := m[k].(map[string]any); object && at == "" {
			out = append(out, g.uniqueIn(v.Value, m[k], pointer, binds)...)
			continue
		}
		kind, ok := g.uniqueKind(k, v, at == "")
		if ok {
			out = append(out, plumbline.Bind{In: "body", Name: pointer, From: plumbline.FromNew, Pointer: kind, Why: "tells apart what the run created"})
		}
	}
	return out
}

// tells tells whether a name is that of free text, or of a name.
func tells(w []string) bool {
	return slices.Contains(telling(), w[len(w)-1]) || slices.Contains(telling(), strings.Join(w, ""))
}

func (g *graph) uniqueKind(name string, v *openapi3.SchemaRef, top bool) (string, bool) {
	w := words(name)
	if len(w) == 0 || hasEnum(v) || v.Value.Const != nil {
		return "", false
	}
	own := top && len(w) == 1 && slices.Contains([]string{"id", "uuid", "key", "code", "sku", "guid"}, w[0])
	if !own && !tells(w) {
		return "", false
	}
	switch typ := schemaType(v.Value); {
	case v.Value.Format == "email" && typ == "string":
		return "email:", g.accepts(v, "plumbline-0123456789ab-1@example.com")
	case typ == "integer" && !own:
		return "", false
	}
	return g.novel(v)
}

// missing are the path parameters of usable operations that have no source.
func (g *graph) missing() []gap {
	var out []gap
	for _, x := range g.gaps {
		if !slices.ContainsFunc(out, func(y gap) bool { return y.op.ID == x.op.ID && y.param == x.param }) {
			out = append(out, x)
		}
	}
	slices.SortFunc(out, func(a, b gap) int { return strings.Compare(a.op.ID+a.param, b.op.ID+b.param) })
	return out
}
