package sample

import (
	"fmt"
	"maps"
	"slices"
)

// directed leaves out of an example what does not go into a request.
func (g *generator) directed(f *flat, m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if p, ok := f.props[k]; !ok || !g.flats.of(p).readOnly {
			out[k] = v
		}
	}
	return out
}

func (g *generator) object(f *flat, p shape) (any, bool) {
	out := map[string]any{}
	for _, name := range f.order() {
		if !g.wants(f, name, p) {
			continue
		}
		v, ok := g.member(f, name, p)
		if !ok && f.required[name] {
			return nil, false
		}
		if ok {
			out[name] = v
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.required)) {
		if _, done := out[name]; done || f.props[name] != nil && !g.wants(f, name, p) {
			continue
		}
		v, ok := g.member(f, name, p)
		if !ok {
			return nil, false
		}
		out[name] = v
	}
	if !g.depend(f, out, p) {
		return nil, false
	}
	enough := g.fill(f, out, p)
	g.orderly(f, out)
	return out, enough
}

// wants tells whether a property belongs in the value. What is read-only never
// goes into a request.
func (g *generator) wants(f *flat, name string, p shape) bool {
	if sub := g.flats.of(f.props[name]); sub.readOnly || sub.never {
		return false
	}
	if f.required[name] {
		return true
	}
	return p.full && p.depth <= 2 && (f.maxProps == nil || uint64(len(f.required)) < *f.maxProps)
}

// member makes the value of one property: what a discriminator asks for, a
// word of the dictionary, or one of its schema.
func (g *generator) member(f *flat, name string, p shape) (any, bool) {
	if v, ok := f.forced[name]; ok && g.accepts(f.props[name], v) {
		return v, true
	}
	n := g.governing(f, name)
	for _, v := range g.words[name] {
		if v = plain(v); g.accepts(n, v) {
			return v, true
		}
	}
	return g.make(n, p.deeper())
}

// governing are the schemas that apply to a property of an object.
func (g *generator) governing(f *flat, name string) node {
	n := slices.Clone(f.props[name])
	for _, pattern := range slices.Sorted(maps.Keys(f.patternP)) {
		if matches(pattern, name) {
			n = append(n, f.patternP[pattern]...)
		}
	}
	if len(n) == 0 {
		return f.additional
	}
	return n
}

// depend adds what the presence of other properties asks for.
func (g *generator) depend(f *flat, out map[string]any, p shape) bool {
	for range 3 {
		for _, name := range slices.Sorted(maps.Keys(out)) {
			for _, more := range f.depReq[name] {
				if _, done := out[more]; done {
					continue
				}
				v, ok := g.member(f, more, p)
				if !ok {
					return false
				}
				out[more] = v
			}
			if s := f.depSch[name]; s != nil && !g.accepts(node{s}, plain(out)) {
				if extra, ok := g.object(g.flats.of(node{s}), p.deeper()); ok {
					maps.Copy(out, extra.(map[string]any))
				}
			}
		}
	}
	return true
}

// fill adds properties until there are as many as the schema asks for.
func (g *generator) fill(f *flat, out map[string]any, p shape) bool {
	for _, name := range f.order() {
		if _, done := out[name]; done || uint64(len(out)) >= f.minProps || g.flats.of(f.props[name]).readOnly {
			continue
		}
		if v, ok := g.member(f, name, p); ok {
			out[name] = v
		}
	}
	for i := 0; uint64(len(out)) < f.minProps && i < 64; i++ {
		name, ok := g.newName(f, i)
		if !ok {
			return false
		}
		v, ok := g.member(f, name, p)
		if !ok {
			return false
		}
		out[name] = v
	}
	return uint64(len(out)) >= f.minProps
}

// newName makes the name of a property that the schema does not declare.
func (g *generator) newName(f *flat, i int) (string, bool) {
	if f.names != nil {
		v, ok := g.make(node{f.names}, shape{turn: i + 1})
		s, text := v.(string)
		return s, ok && text
	}
	if len(f.additional) == 0 && f.closed {
		for _, pattern := range slices.Sorted(maps.Keys(f.patternP)) {
			if p, ok := newPatterned(pattern); ok {
				return p.text(i+1, i)
			}
		}
		return "", false
	}
	return fmt.Sprintf("key%d", i), true
}
