package sample

import (
	"bytes"
	"encoding/json"
	"iter"
	"reflect"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// deepest bounds how far schemas are followed: circular ones end there.
const deepest = 7

// mostCandidates bounds the values that are tried for one node.
const mostCandidates = 24

// A generator makes values of nodes, each schema once.
type generator struct {
	set   *schema.Set
	flats *flattener
	words map[string][]any // dictionary by field name
	memo  map[memoKey]made
}

type memoKey struct {
	schema *openapi3.Schema
	full   bool
	depth  int
}

type made struct {
	value any
	ok    bool
}

func newGenerator(s *schema.Set, words map[string][]any) *generator {
	return &generator{set: s, flats: &flattener{map[*openapi3.Schema]*flat{}}, words: words, memo: map[memoKey]made{}}
}

// A shape says how a value is made: with all properties or only the required
// ones, how deep in it, and with which turn of what may vary.
type shape struct {
	full  bool
	depth int
	turn  int
}

func (p shape) deeper() shape { p.depth++; return p }

// accepts tells whether all schemas of a node accept a value.
func (g *generator) accepts(n node, v any) bool {
	for _, ref := range n {
		if !g.set.Valid(ref, schema.Request, v) {
			return false
		}
	}
	return true
}

func (g *generator) make(n node, p shape) (any, bool) {
	if len(n) == 0 || n[0] == nil || n[0].Value == nil {
		return "plumbline", true
	}
	if p.depth > deepest {
		return nil, false
	}
	key := memoKey{n[0].Value, p.full, p.depth}
	cached := len(n) == 1 && p.turn == 0
	if m, done := g.memo[key]; done && cached {
		return m.value, m.ok
	}
	v, ok := g.first(n, p)
	if cached {
		g.memo[key] = made{v, ok}
	}
	return v, ok
}

// first is the first candidate that the node accepts.
func (g *generator) first(n node, p shape) (any, bool) {
	f := g.flats.of(n)
	tried := 0
	for v := range g.candidates(f, p) {
		if v = plain(v); p.depth > 0 && f.plain() || g.accepts(n, v) {
			return v, true
		}
		if tried++; tried >= mostCandidates {
			break
		}
	}
	return nil, false
}

// plain tells whether values are right as they are made: inside of another one
// they are not checked alone.
func (f *flat) plain() bool {
	if len(f.choices)+len(f.nots)+len(f.given)+len(f.patterns) > 0 || f.never {
		return false
	}
	return !slices.ContainsFunc(f.kinds(), func(t string) bool { return t == "object" || t == "array" })
}

// candidates are values that a node may accept: what the document gives, then
// what is made for each of its alternatives and types.
func (g *generator) candidates(f *flat, p shape) iter.Seq[any] {
	return func(yield func(any) bool) {
		if f.never {
			return
		}
		if p.turn == 0 {
			for _, v := range f.given {
				if m, object := v.(map[string]any); object {
					v = g.directed(f, m)
				}
				if !yield(v) {
					return
				}
			}
		}
		for alt := range g.alternatives(f, 0) {
			for v := range g.typed(alt, p) {
				if !yield(v) {
					return
				}
			}
		}
	}
}

// alternatives are the flats without choices that a flat stands for.
func (g *generator) alternatives(f *flat, depth int) iter.Seq[*flat] {
	return func(yield func(*flat) bool) {
		if f.never {
			return
		}
		if len(f.choices) == 0 || depth > 4 {
			yield(f)
			return
		}
		c := f.choices[0]
		for _, branch := range c.branches {
			for alt := range g.alternatives(f.with(branch, c), depth+1) {
				if !yield(alt) {
					return
				}
			}
		}
	}
}

func (g *generator) typed(f *flat, p shape) iter.Seq[any] {
	return func(yield func(any) bool) {
		if f.enum != nil {
			for i := range f.enum {
				if !yield(f.enum[(i+p.turn)%len(f.enum)]) {
					return
				}
			}
			return
		}
		for _, v := range f.given {
			if !yield(v) {
				return
			}
		}
		for _, kind := range f.kinds() {
			for q := p; q.turn < p.turn+tries(kind, p.turn); q.turn++ {
				if v, ok := g.ofKind(f, kind, q); ok && !yield(v) {
					return
				}
			}
		}
	}
}

// tries is how often values of a type are made that may turn out different.
// What has parts is not varied again inside of a variation.
func tries(kind string, turn int) int {
	if kind == "null" || turn > 0 && (kind == "object" || kind == "array") {
		return 1
	}
	return 3
}

func (g *generator) ofKind(f *flat, kind string, p shape) (any, bool) {
	switch kind {
	case "object":
		return g.object(f, p)
	case "array":
		return g.array(f, p)
	case "integer", "number":
		l := f.ladder(kind == "integer")
		v, ok := l.typical()
		if x, err := v.Float64(); p.turn > 0 && err == nil {
			v = l.write(min(max(x+float64(p.turn)*max(l.step, 1), l.low), l.high))
		}
		return v, ok
	case "boolean":
		return p.turn%2 == 0, true
	case "null":
		return nil, true
	}
	return f.text(p.turn)
}

// same compares two values as JSON Schema does: numbers by their worth.
func same(a, b any) bool { return reflect.DeepEqual(canonical(a), canonical(b)) }

func canonical(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return v
	}
	return out
}

// plain brings a value into the form in which encoding/json decodes it with
// UseNumber.
func plain(v any) any {
	switch x := v.(type) {
	case nil, string, bool, json.Number:
		return v
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	}
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		return v
	}
	return out
}
