package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of what is told of the fields of one operation.
const (
	mostFields   = 400
	deepestField = 5
)

// Fields tells which values the body of a response holds: the pointer of each,
// with * for any index of an array and any key of a map, and whether the
// document declares it. At most 400, five levels deep; nil for a body that is
// no JSON, and for an operation or a status that is not documented.
func (i *Inspector) Fields(op string, resp plumbline.Response) map[string]bool {
	o, ok := i.ops[op]
	if !ok || len(resp.Body) == 0 {
		return nil
	}
	a := o.answer(resp.Status)
	if a == nil {
		return nil
	}
	contentType := header(resp, "Content-Type")
	m := find(a.medias, contentType)
	if m == nil || m.formOn(contentType) != formJSON {
		return nil
	}
	v, err := decode(resp.Body)
	if err != nil {
		return nil
	}
	out := map[string]bool{}
	e := m.body.get()
	if e == nil || e.node == nil {
		seen(out, v, nil, "", true)
		return out
	}
	w := e.walkers.get()
	defer e.walkers.Put(w)
	w.gather(e.node, v, 0)
	seen(out, v, w, "", true)
	return out
}

// seen books the values of a body; the schemas that apply to this one are all
// that lies on the walker's stack. Without a walker nothing is declared.
func seen(out map[string]bool, v any, w *walker, at string, declared bool) {
	if at != "" {
		if len(out) >= mostFields {
			return
		}
		out[at] = out[at] || declared && w != nil
	}
	if strings.Count(at, "/") >= deepestField {
		return
	}
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			below, known, named := w.below(k, e)
			name := token(k)
			if known && !named {
				name = "*"
			}
			seen(out, e, below, at+"/"+name, known)
		}
	case []any:
		for _, e := range x {
			below, known := w.element(e)
			seen(out, e, below, at+"/*", known)
		}
	}
}

// below is a walker for a property; known when a schema declares it, named
// when by its name.
func (w *walker) below(k string, v any) (next *walker, known, named bool) {
	if w == nil {
		return nil, false, false
	}
	for _, n := range w.stack {
		if _, ok := n.properties[k]; ok {
			named = true
		}
	}
	to := len(w.stack)
	known = w.declared(k, v, 0, to)
	next = &walker{stack: slices.Clone(w.stack[to:])}
	w.stack = w.stack[:to]
	return next, known, named
}

func (w *walker) element(v any) (*walker, bool) {
	if w == nil {
		return nil, false
	}
	next := &walker{}
	for _, n := range w.stack {
		next.gather(n.items, v, 0)
		for _, p := range n.prefix {
			next.gather(p, v, 0)
		}
	}
	return next, len(next.stack) > 0
}

// Documented lists the fields that the document declares for the bodies of an
// operation's responses: at most 400, five levels deep, in order of status and
// pointer. A field is required when its parent cannot be without it.
func (i *Inspector) Documented(op string) []plumbline.Field {
	o, ok := i.ops[op]
	if !ok {
		return nil
	}
	var out []plumbline.Field
	for _, a := range o.answers() {
		f := fielder{status: a.status, found: map[string]bool{}, on: map[*node]bool{}}
		for _, m := range a.medias {
			if e := m.body.get(); e != nil && e.node != nil && (m.form == formJSON || m.vague() > 1) {
				f.walk(e.node, "", len(a.medias) == 1)
			}
		}
		for _, at := range sortedKeys(f.found) {
			out = append(out, plumbline.Field{Status: a.status, Pointer: at, Required: f.found[at]})
		}
	}
	return out[:min(len(out), mostFields)]
}

func (o *operation) answers() []*answer {
	var out []*answer
	for _, a := range o.exact {
		out = append(out, a)
	}
	for _, a := range append(o.class[:], o.rest) {
		if a != nil {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b *answer) int { return cmp.Compare(a.status, b.status) })
	return out
}

// A fielder collects the fields of one response.
type fielder struct {
	status string
	found  map[string]bool // pointer to required
	on     map[*node]bool  // schemas on the way here: circular ones end
}

func (f *fielder) over(n *node, at string) bool {
	return n == nil || f.on[n] || len(f.found) >= mostFields || strings.Count(at, "/") >= deepestField
}

// walk collects what a schema declares; sure is false below a branch that need
// not apply.
func (f *fielder) walk(n *node, at string, sure bool) {
	if f.over(n, at) {
		return
	}
	f.on[n] = true
	defer delete(f.on, n)
	for _, name := range sortedKeys(n.properties) {
		f.add(n.properties[name], at+"/"+token(name), sure && slices.Contains(n.s.Required, name))
	}
	for _, name := range n.s.Required {
		f.found[at+"/"+token(name)] = f.found[at+"/"+token(name)] || sure
	}
	for _, e := range []*node{n.additional, n.items} {
		if e != nil && e.s.Bool == nil {
			f.add(e, at+"/*", false)
		}
	}
	f.walk(n.ref, at, sure)
	for _, e := range n.all {
		f.walk(e, at, sure)
	}
	for _, e := range slices.Concat(n.anyOf, n.oneOf, n.branch[1:]) {
		f.walk(e, at, sure && n.maybe())
	}
}

// maybe tells whether a schema is another one or null.
func (n *node) maybe() bool {
	return len(n.oneOf) == 0 && len(n.anyOf) == 2 && n.anyOf[1].types == bitNull
}

func (f *fielder) add(n *node, at string, required bool) {
	f.found[at] = f.found[at] || required
	f.walk(n, at, true)
}
