package schema

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// mostExtra bounds the undeclared properties that are named.
const mostExtra = 4

// A walker finds properties that the document does not declare. The schemas
// that apply to a value lie on its stack, so that walking allocates nothing.
type walker struct {
	stack []*node
	path  []step
	found []string
}

// A step leads from a value to a part of it.
type step struct {
	key   string
	index int // where key is empty and the value a list; else -1
}

// at is the pointer of a property of the value that is looked at.
func (w *walker) at(k string) string {
	var b strings.Builder
	for _, s := range w.path {
		b.WriteByte('/')
		if s.index >= 0 {
			b.WriteString(strconv.Itoa(s.index))
		} else {
			b.WriteString(token(s.key))
		}
	}
	return b.String() + "/" + token(k)
}

// pool lends walkers.
type pool struct{ sync.Pool }

func (p *pool) get() *walker {
	if w, ok := p.Get().(*walker); ok {
		w.stack, w.path, w.found = w.stack[:0], w.path[:0], nil
		return w
	}
	return &walker{stack: make([]*node, 0, 32)}
}

// drift names the properties that no schema which applies declares, at any
// depth. An object about whose properties nothing is said has none.
func (e *entry) drift(v any) []plumbline.Mark {
	w := e.walkers.get()
	defer e.walkers.Put(w)
	w.gather(e.node, v, 0)
	w.walk(v, 0, len(w.stack), 0)
	if len(w.found) == 0 {
		return nil
	}
	slices.Sort(w.found)
	var out []plumbline.Mark
	for _, at := range w.found[:min(len(w.found), mostExtra)] {
		out = append(out, plumbline.Mark{Kind: plumbline.MarkExtra, Pointer: at, Message: "the property is not declared"})
	}
	return out
}

// gather puts a schema, and those of its parts that apply to the value, on the
// stack. A branch applies unless it surely refuses the value.
func (w *walker) gather(n *node, v any, depth int) {
	if n == nil || depth > deepest {
		return
	}
	w.stack = append(w.stack, n)
	w.gather(n.ref, v, depth+1)
	for _, e := range n.all {
		w.gather(e, v, depth+1)
	}
	for _, list := range [2][]*node{n.anyOf, n.oneOf} {
		for _, e := range list {
			if e.check(v, depth+1) != refused {
				w.gather(e, v, depth+1)
			}
		}
	}
	for _, e := range n.branch {
		w.gather(e, v, depth+1)
	}
	for _, e := range n.dependent {
		w.gather(e, v, depth+1)
	}
}

// mostFound bounds the search: enough to name the first ones in order.
const mostFound = 64

// walk looks at a value to which the schemas between from and to apply.
func (w *walker) walk(v any, from, to, depth int) {
	if depth > deepest || len(w.found) >= mostFound || from == to {
		return
	}
	switch x := v.(type) {
	case map[string]any:
		if !w.speaks(from, to) {
			return
		}
		for k, e := range x {
			mark := len(w.stack)
			if !w.declared(k, e, from, to) {
				w.found = append(w.found, w.at(k))
			}
			if nested(e) {
				w.path = append(w.path, step{k, -1})
				w.walk(e, mark, len(w.stack), depth+1)
				w.path = w.path[:depth]
			}
			w.stack = w.stack[:mark]
		}
	case []any:
		w.list(x, from, to, depth)
	}
}

func nested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func (w *walker) list(x []any, from, to, depth int) {
	for i, e := range x {
		if !nested(e) {
			continue
		}
		mark := len(w.stack)
		for j := from; j < to; j++ {
			n := w.stack[j]
			if i < len(n.prefix) {
				w.gather(n.prefix[i], e, 0)
			} else {
				w.gather(n.items, e, 0)
			}
		}
		w.path = append(w.path, step{"", i})
		w.walk(e, mark, len(w.stack), depth+1)
		w.path = w.path[:depth]
		w.stack = w.stack[:mark]
	}
}

// speaks tells whether any of the schemas names properties.
func (w *walker) speaks(from, to int) bool {
	for _, n := range w.stack[from:to] {
		if len(n.properties) > 0 || len(n.patterns) > 0 || n.additional != nil {
			return true
		}
	}
	return false
}

// declared puts the schemas of a property on the stack; it tells whether there
// is one.
func (w *walker) declared(k string, v any, from, to int) bool {
	known := false
	for j := from; j < to; j++ {
		n := w.stack[j]
		own := false
		if p, ok := n.properties[k]; ok {
			own = true
			w.gather(p, v, 0)
		}
		for _, p := range n.patterns {
			if p.re.MatchString(k) {
				own = true
				w.gather(p.node, v, 0)
			}
		}
		if a := n.additional; !own && a != nil && (a.s.Bool == nil || !*a.s.Bool) {
			own = true
			w.gather(a, v, 0)
		}
		known = known || own
	}
	return known
}
