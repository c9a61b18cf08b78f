package sample

import (
	"slices"
)

func (g *generator) array(f *flat, p shape) (any, bool) {
	n := max(f.minItems, f.minContain, 1)
	if p.full {
		n = max(n, uint64(len(f.prefix)))
	}
	if f.maxItems != nil {
		n = min(n, *f.maxItems)
	}
	return g.items(f, int(min(n, 512)), p)
}

// items makes an array of so many items.
func (g *generator) items(f *flat, n int, p shape) (any, bool) {
	out := []any{}
	for i := range n {
		v, ok := g.item(f, i, out, p)
		if !ok {
			if f.minItems == 0 && f.minContain == 0 {
				return []any{}, i == 0 || !f.unique
			}
			return nil, false
		}
		out = append(out, v)
	}
	return out, uint64(n) >= f.minItems
}

// item makes the i-th item, unlike the ones before it where that is asked for.
func (g *generator) item(f *flat, i int, before []any, p shape) (any, bool) {
	n := f.itemNode(i)
	if f.contains != nil && uint64(i) < f.minContain {
		n = append(slices.Clone(n), f.contains)
	}
	q := p.deeper()
	if !f.unique || len(before) == 0 {
		return g.make(n, q)
	}
	for turn := range 2*len(before) + 6 {
		q.turn = p.turn + turn
		v, ok := g.make(n, q)
		if ok && !slices.ContainsFunc(before, func(b any) bool { return same(b, v) }) {
			return v, true
		}
	}
	return nil, false
}

// itemNode are the schemas of the i-th item.
func (f *flat) itemNode(i int) node {
	if i < len(f.prefix) {
		return node{f.prefix[i]}
	}
	return f.items
}
