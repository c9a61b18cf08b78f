package sample

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2"
)

// Bounds on what is walked of one value.
const (
	deepestSite = 4
	mostSites   = 160
)

// A site is one place of a value, with the schemas that apply there.
type site struct {
	path     []string // tokens of the JSON pointer; empty for the root
	node     node
	flat     *flat // alternatives narrowed to those that the value took
	base     any   // the root value in which the place, or its parent, is there
	value    any
	present  bool // in the seed value itself
	required bool
}

// A variant is a value for a site, or the lack of one.
type variant struct {
	keyword string
	at      []string // tokens below the site; empty for the site itself
	value   any
	remove  bool
	root    any // when set, the whole value with the change in it
}

// apply is the root value with the variant in it.
func (s site) apply(v variant) any {
	if v.root != nil {
		return v.root
	}
	path := s.path
	if len(v.at) > 0 {
		path = append(slices.Clone(path), v.at...)
	}
	return put(s.base, path, v.value, v.remove)
}

// put is a value with the place of a path set or taken out; what is not on the
// path is shared.
func put(root any, path []string, v any, remove bool) any {
	if len(path) == 0 {
		return v
	}
	switch x := root.(type) {
	case map[string]any:
		out := maps.Clone(x)
		if len(path) == 1 && remove {
			delete(out, path[0])
			return out
		}
		out[path[0]] = put(x[path[0]], path[1:], v, remove)
		return out
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i < 0 || i > len(x) {
			return root
		}
		out := slices.Clone(x)
		switch {
		case len(path) == 1 && remove:
			return slices.Delete(out, i, min(i+1, len(out)))
		case i == len(out):
			return append(out, put(nil, path[1:], v, remove))
		}
		out[i] = put(x[i], path[1:], v, remove)
		return out
	}
	return root
}

// sites are the places of a value, nearer ones first. Optional properties that
// the value lacks are sites too.
func (g *generator) sites(n node, root any) []site {
	out := []site{{node: n, flat: g.narrowed(g.flats.of(n), root), base: root, value: root, present: true, required: true}}
	for i := 0; i < len(out) && len(out) < mostSites; i++ {
		if s := out[i]; len(s.path) < deepestSite {
			out = append(out, g.below(n, s)...)
		}
	}
	return out[:min(len(out), mostSites)]
}

// narrowed takes of every choice the branch that a value took.
func (g *generator) narrowed(f *flat, v any) *flat {
	for range 4 {
		if len(f.choices) == 0 {
			break
		}
		c := f.choices[0]
		i := max(slices.IndexFunc(c.branches, func(b node) bool { return g.accepts(b, v) }), 0)
		given := f.given
		f = f.with(c.branches[i], c)
		f.given = append(f.given, given...)
	}
	return f
}

func (g *generator) below(root node, s site) []site {
	switch x := s.value.(type) {
	case map[string]any:
		return g.belowObject(root, s, x)
	case []any:
		var out []site
		for i := range min(len(x), max(len(s.flat.prefix), 1)) {
			if n := s.flat.itemNode(i); len(n) > 0 {
				out = append(out, g.child(s, strconv.Itoa(i), n, x[i]))
			}
		}
		return out
	}
	return nil
}

func (g *generator) belowObject(root node, s site, x map[string]any) []site {
	var out []site
	names := s.flat.order()
	for _, k := range slices.Sorted(maps.Keys(x)) {
		if s.flat.props[k] == nil {
			names = append(names, k)
		}
	}
	for _, name := range names {
		n := g.governing(s.flat, name)
		if len(n) == 0 || g.flats.of(n).readOnly || g.flats.of(n).never {
			continue
		}
		v, has := x[name]
		c := g.child(s, name, n, v)
		c.required = s.flat.required[name]
		if !has {
			var ok bool
			if c.value, ok = g.member(s.flat, name, shape{depth: len(s.path) + 1}); !ok {
				continue
			}
			c.base, c.present = put(s.base, c.path, c.value, false), false
			if !g.accepts(root, c.base) {
				continue
			}
			c.flat = g.narrowed(g.flats.of(n), c.value)
		}
		out = append(out, c)
	}
	return append(out, g.extra(root, s)...)
}

// extra is the site of a property that the schema does not name.
func (g *generator) extra(root node, s site) []site {
	f := s.flat
	if len(f.additional) == 0 && len(f.patternP) == 0 {
		return nil
	}
	g2 := *f
	g2.closed = true // of the names, one of a pattern is wanted
	if len(f.additional) > 0 {
		g2 = *f
	}
	name, ok := g.newName(&g2, 0)
	n := g.governing(f, name)
	if !ok || len(n) == 0 || f.props[name] != nil {
		return nil
	}
	v, ok := g.make(n, shape{depth: len(s.path) + 1})
	if !ok {
		return nil
	}
	c := g.child(s, name, n, v)
	c.base, c.present = put(s.base, c.path, v, false), false
	if !g.accepts(root, c.base) {
		return nil
	}
	return []site{c}
}

func (g *generator) child(s site, token string, n node, v any) site {
	return site{
		path: append(slices.Clone(s.path), token), node: n, flat: g.narrowed(g.flats.of(n), v),
		base: s.base, value: v, present: s.present,
	}
}

// pointer is the place of a case: "body/quantity", "query/limit".
func pointer(place string, path, more []string) string {
	var b strings.Builder
	b.WriteString(place)
	for _, t := range slices.Concat(path, more) {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// matchTime bounds one match of a pattern.
const matchTime = 20 * time.Millisecond

// matches tells whether an ECMA pattern is found in a text. A pattern that
// cannot be compiled is found in none.
func matches(pattern, s string) bool {
	re, err := regexp2.Compile(pattern, regexp2.ECMAScript)
	if err != nil {
		return false
	}
	re.MatchTimeout = matchTime
	ok, err := re.MatchString(s)
	return ok && err == nil
}
