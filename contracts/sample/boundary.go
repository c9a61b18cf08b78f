package sample

import (
	"maps"
	"slices"
)

// most bounds arrays and objects that are made to reach a maximum.
const most = 512

// edges are values for a site that stand at the edge of one of its
// constraints. They are likely valid; the proof says whether they are.
func (g *generator) edges(s site) []variant {
	f := s.flat
	out := g.branches(s)
	if f.enum != nil {
		keyword := "enum"
		if f.constant {
			keyword = "const"
		}
		for _, v := range f.enum {
			out = append(out, variant{keyword: keyword, value: plain(v)})
		}
		return out
	}
	for _, kind := range f.kinds() {
		switch kind {
		case "string":
			out = append(out, f.textEdges()...)
		case "integer", "number":
			out = append(out, f.numberEdges(kind == "integer")...)
		case "boolean":
			out = append(out, variant{keyword: "type", value: false}, variant{keyword: "type", value: true})
		case "null":
			out = append(out, variant{keyword: "nullable"})
		case "array":
			out = append(out, g.arrayEdges(f)...)
		case "object":
			out = append(out, g.objectEdges(s)...)
		}
	}
	return out
}

// branches are one value for every alternative of the site.
func (g *generator) branches(s site) []variant {
	var out []variant
	f := g.flats.of(s.node)
	if len(f.choices) == 0 {
		return nil
	}
	c := f.choices[0]
	for _, b := range c.branches {
		for v := range g.ofBranch(f, c, b) {
			if g.accepts(b, v) && g.accepts(s.node, v) {
				out = append(out, variant{keyword: c.keyword, value: v})
				break
			}
		}
	}
	return out
}

// ofBranch are values for one branch of a choice: those that are made for it
// and, where others would take them as well, those at the edges of all.
func (g *generator) ofBranch(f *flat, c choice, branch node) func(func(any) bool) {
	return func(yield func(any) bool) {
		for v := range g.typedAll(f.with(branch, c)) {
			if !yield(plain(v)) {
				return
			}
		}
		g.plainValues(f, c)(yield)
	}
}

func (g *generator) typedAll(f *flat) func(func(any) bool) {
	return func(yield func(any) bool) {
		for alt := range g.alternatives(f, 1) {
			for v := range g.typed(alt, shape{depth: 1}) {
				if !yield(v) {
					return
				}
			}
		}
	}
}

func (g *generator) arrayEdges(f *flat) []variant {
	var out []variant
	add := func(keyword string, n uint64) {
		if n > most {
			return
		}
		if v, ok := g.items(f, int(n), shape{depth: 1, turn: 1}); ok {
			if list, _ := v.([]any); uint64(len(list)) == n {
				out = append(out, variant{keyword: keyword, value: v})
			}
		}
	}
	add("minItems", f.minItems)
	if f.maxItems != nil {
		add("maxItems", *f.maxItems)
	}
	if f.unique {
		add("uniqueItems", max(f.minItems, 2))
	}
	if len(f.prefix) > 0 {
		add("prefixItems", uint64(len(f.prefix)))
	}
	if f.contains != nil {
		add("contains", max(f.minItems, f.minContain))
	}
	if f.contains == nil && len(f.items) > 0 {
		add("items", max(f.minItems, 2))
	}
	return out
}

func (g *generator) objectEdges(s site) []variant {
	f := s.flat
	now, object := s.value.(map[string]any)
	if !object {
		return nil
	}
	out := g.sizes(f)
	if len(f.additional) > 0 || f.minProps > 0 || len(f.patternP) > 0 || f.names != nil {
		out = append(out, g.more(f)...)
	}
	out = append(out, g.dependents(f, now, "dependentRequired", sortedKeys(f.depReq))...)
	return append(out, g.dependents(f, now, "dependentSchemas", sortedKeys(f.depSch))...)
}

// more is a property that the schema does not name.
func (g *generator) more(f *flat) []variant {
	name, ok := g.newName(f, 0)
	if !ok || f.props[name] != nil {
		return nil
	}
	v, ok := g.member(f, name, shape{depth: 2})
	if !ok {
		return nil
	}
	keyword := "additionalProperties"
	switch {
	case f.names != nil:
		keyword = "propertyNames"
	case len(f.additional) == 0:
		keyword = "patternProperties"
	}
	return []variant{{keyword: keyword, at: []string{name}, value: v}}
}

// dependents are objects with a property that asks for others, and these.
func (g *generator) dependents(f *flat, now map[string]any, keyword string, names []string) []variant {
	var out []variant
	for _, name := range names {
		m := maps.Clone(now)
		v, ok := g.member(f, name, shape{depth: 2})
		if !ok {
			continue
		}
		m[name] = v
		if g.depend(f, m, shape{depth: 2}) {
			out = append(out, variant{keyword: keyword, value: m})
		}
	}
	return out
}

// sizes are objects with as few and as many properties as there may be.
func (g *generator) sizes(f *flat) []variant {
	var out []variant
	if f.minProps > 0 {
		if v, ok := g.object(f, shape{depth: 1}); ok {
			out = append(out, variant{keyword: "minProperties", value: v})
		}
	}
	if f.maxProps != nil && *f.maxProps <= most {
		larger := *f
		larger.minProps = *f.maxProps
		if v, ok := g.object(&larger, shape{depth: 1}); ok {
			out = append(out, variant{keyword: "maxProperties", value: v})
		}
	}
	return out
}

// arrayBreaks are arrays outside of what a site allows.
func (g *generator) arrayBreaks(f *flat) []variant {
	var out []variant
	least := shape{depth: 1}
	loose := *f
	loose.minItems, loose.maxItems = 0, nil
	add := func(keyword string, n uint64) {
		if v, ok := g.items(&loose, int(n), least); ok && n <= most {
			out = append(out, variant{keyword: keyword, value: v})
		}
	}
	if f.minItems > 0 {
		add("minItems", f.minItems-1)
	}
	if f.maxItems != nil && *f.maxItems < most {
		add("maxItems", *f.maxItems+1)
	}
	if one, ok := g.make(f.itemNode(0), shape{depth: 2}); ok && f.unique {
		out = append(out, variant{keyword: "uniqueItems", value: slices.Repeat([]any{one}, int(min(max(f.minItems, 2), most)))})
	}
	if f.contains != nil {
		out = append(out, g.containsBreaks(f, loose)...)
	}
	if len(f.prefix) > 0 {
		if v, ok := g.items(&loose, len(f.prefix), least); ok {
			keyword := "items"
			if f.sealed {
				keyword = "unevaluatedItems"
			}
			out = append(out, variant{keyword: keyword, value: append(v.([]any), "plumbline")})
		}
	}
	return out
}

// containsBreaks are arrays with none, or too many, of what they must contain.
func (g *generator) containsBreaks(f *flat, loose flat) []variant {
	var out []variant
	loose.contains, loose.minContain = nil, 0
	if v, ok := g.items(&loose, int(min(max(f.minItems, 1), most)), shape{depth: 1}); ok {
		out = append(out, variant{keyword: "contains", value: v})
	}
	c, ok := g.make(append(slices.Clone(f.items), f.contains), shape{depth: 1})
	if ok && f.maxContain != nil && *f.maxContain < most {
		out = append(out, variant{keyword: "maxContains", value: slices.Repeat([]any{c}, int(*f.maxContain)+1)})
	}
	return out
}

// objectBreaks are objects outside of what a site allows: one property too
// few, or one too many.
func (g *generator) objectBreaks(s site) []variant {
	f := s.flat
	now, object := s.value.(map[string]any)
	if !object {
		return nil
	}
	var out []variant
	for _, name := range f.order() {
		if _, has := now[name]; has && f.required[name] {
			out = append(out, variant{keyword: "required", at: []string{name}, remove: true})
		}
	}
	out = append(out, g.strangers(f)...)
	out = append(out, g.sizeBreaks(f, now)...)
	for _, name := range sortedKeys(f.depReq) {
		if v, ok := g.member(f, name, shape{depth: 2}); ok {
			m := maps.Clone(now)
			m[name] = v
			maps.DeleteFunc(m, func(k string, _ any) bool { return slices.Contains(f.depReq[name], k) && !f.required[k] })
			out = append(out, variant{keyword: "dependentRequired", value: m})
		}
	}
	for _, name := range sortedKeys(f.depSch) {
		if v, ok := g.member(f, name, shape{depth: 2}); ok {
			out = append(out, variant{keyword: "dependentSchemas", at: []string{name}, value: v})
		}
	}
	return out
}

// strangers are properties that may not be there.
func (g *generator) strangers(f *flat) []variant {
	var out []variant
	extra := func(keyword, name string) {
		out = append(out, variant{keyword: keyword, at: []string{name}, value: true})
	}
	if f.closed {
		extra("additionalProperties", "plumbline_unknown")
	}
	if f.unknown {
		extra("unevaluatedProperties", "plumbline_unknown")
	}
	if f.names == nil {
		return out
	}
	for _, name := range []string{"plumbline is no name!", "P", "0", "plumbline_unknown"} {
		if !g.accepts(node{f.names}, name) {
			extra("propertyNames", name)
			break
		}
	}
	return out
}

func (g *generator) sizeBreaks(f *flat, now map[string]any) []variant {
	var out []variant
	if f.minProps > 0 {
		m := map[string]any{}
		for _, k := range slices.Sorted(maps.Keys(now)) {
			if uint64(len(m)) < f.minProps-1 {
				m[k] = now[k]
			}
		}
		out = append(out, variant{keyword: "minProperties", value: m})
	}
	if f.maxProps != nil && *f.maxProps < most {
		m := maps.Clone(now)
		larger := *f
		larger.maxProps, larger.minProps = nil, *f.maxProps+1
		if g.fill(&larger, m, shape{depth: 2}) {
			out = append(out, variant{keyword: "maxProperties", value: m})
		}
	}
	return out
}
