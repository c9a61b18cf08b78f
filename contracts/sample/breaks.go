package sample

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// breaks are values for a site that are likely invalid, each for one keyword;
// the proof says whether they are.
func (g *generator) breaks(s site) []variant {
	f := s.flat
	out := append(g.choiceBreaks(s), g.objectBreaksFirst(s)...)
	out = append(out, f.typeBreaks(s)...)
	if f.enum != nil {
		keyword := "enum"
		if f.constant {
			keyword = "const"
		}
		out = append(out, variant{keyword: keyword, value: f.stranger()})
	}
	for _, kind := range f.kinds() {
		switch kind {
		case "string":
			out = append(out, f.textBreaks()...)
		case "integer", "number":
			out = append(out, f.numberBreaks(kind == "integer")...)
		case "array":
			out = append(out, g.arrayBreaks(f)...)
		}
	}
	return append(out, g.notBreaks(s)...)
}

func (g *generator) objectBreaksFirst(s site) []variant {
	if !slices.Contains(s.flat.kinds(), "object") {
		return nil
	}
	return g.objectBreaks(s)
}

// stranger is a value of the type of an enumeration that is not in it.
func (f *flat) stranger() any {
	if len(f.enum) > 0 {
		switch plain(f.enum[0]).(type) {
		case json.Number:
			return json.Number("987654321")
		case bool:
			return f.enum[0] == false
		}
	}
	return "plumbline-stranger"
}

// typeBreaks are values of other types: first those that no lenient reader
// takes for the right one.
func (f *flat) typeBreaks(s site) []variant {
	if f.types == nil {
		return nil
	}
	var out []variant
	for _, v := range otherTypes(f.kinds()[0]) {
		if !f.admits(typeOf(v)) {
			out = append(out, variant{keyword: "type", value: v})
		}
	}
	// A null is often read as a lack: only where that is wrong too is it wrong.
	if s.required && !f.admits("null") {
		out = append(out, variant{keyword: "nullable"}) // a turn of its own
	}
	return out
}

// otherTypes are values of other types than one.
func otherTypes(kind string) []any {
	object, list := map[string]any{"plumbline": true}, []any{"plumbline", "plumbline"}
	switch kind {
	case "string":
		return []any{object, list}
	case "integer":
		return []any{"plumbline", json.Number("1.5"), object, list}
	case "array":
		return []any{object, "plumbline"}
	case "object":
		return []any{"plumbline", list}
	case "null":
		return []any{"plumbline", object}
	}
	return []any{"plumbline", object, list} // for number and boolean
}

func typeOf(v any) string {
	switch x := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if _, err := x.Int64(); err == nil {
			return "integer"
		}
	}
	return "number"
}

// choiceBreaks are values that no alternative accepts, and such that more than
// one does where exactly one must.
func (g *generator) choiceBreaks(s site) []variant {
	f := g.flats.of(s.node)
	var out []variant
	for _, c := range f.choices {
		for _, v := range []any{map[string]any{"plumbline": true}, "plumbline-stranger", []any{}, json.Number("-987654321.5"), true} {
			if c.keyword != "if" && !slices.ContainsFunc(c.branches, func(b node) bool { return g.accepts(b, v) }) {
				out = append(out, variant{keyword: c.keyword, value: v})
				break
			}
		}
		out = append(out, g.both(f, c)...)
		if c.disc != nil {
			if m, ok := s.value.(map[string]any); ok && m[c.disc.PropertyName] != nil {
				out = append(out, variant{keyword: c.keyword, at: []string{c.disc.PropertyName}, value: "plumbline-stranger"})
			}
		}
	}
	return out
}

// both are values of the first two branches at once: too many for oneOf; for
// if, the condition without its consequence.
func (g *generator) both(f *flat, c choice) []variant {
	if len(c.branches) < 2 {
		return nil
	}
	if c.keyword == "if" {
		return g.inconsequent(f, c)
	}
	if c.keyword != "oneOf" {
		return nil
	}
	union := map[string]any{}
	for _, b := range c.branches[:2] {
		v, ok := g.make(b, shape{depth: 1})
		m, object := v.(map[string]any)
		if !ok {
			return nil
		}
		if !object {
			return g.shared(f, c)
		}
		maps.Copy(union, m)
	}
	return []variant{{keyword: c.keyword, value: union}}
}

// shared is a value without members that more than one branch accepts.
func (g *generator) shared(f *flat, c choice) []variant {
	for v := range g.plainValues(f, c) {
		n := 0
		for _, b := range c.branches {
			if g.accepts(b, v) {
				n++
			}
		}
		if n > 1 {
			return []variant{{keyword: c.keyword, value: v}}
		}
	}
	return nil
}

// plainValues are values without members at the edges of the branches of a
// choice, and just outside of them.
func (g *generator) plainValues(f *flat, c choice) func(func(any) bool) {
	return func(yield func(any) bool) {
		for _, b := range c.branches {
			alt := f.with(b, c)
			var all []variant
			for _, kind := range alt.kinds() {
				switch kind {
				case "string":
					all = slices.Concat(all, alt.textEdges(), alt.textBreaks())
				case "integer", "number":
					all = slices.Concat(all, alt.numberEdges(kind == "integer"), alt.numberBreaks(kind == "integer"))
				}
			}
			for v := range g.typedAll(alt) {
				all = append(all, variant{value: v})
				break
			}
			for _, v := range all {
				if !yield(plain(v.value)) {
					return
				}
			}
		}
	}
}

func (g *generator) inconsequent(f *flat, c choice) []variant {
	var out []variant
	for i, keyword := range []string{"then", "else"} {
		rest := *f
		rest.choices = []choice{{keyword: "if", branches: []node{{}, {}}}}
		branch := node{}
		if i == 0 {
			branch = c.branches[0][:1]
		}
		for v := range g.typedAll(rest.with(branch, rest.choices[0])) {
			out = append(out, variant{keyword: keyword, value: plain(v)})
			break
		}
	}
	return out
}

// notBreaks are values of what a site must not be.
func (g *generator) notBreaks(s site) []variant {
	var out []variant
	for _, not := range s.flat.nots {
		v, ok := g.make(node{not}, shape{depth: 1})
		if !ok {
			continue
		}
		m, object := v.(map[string]any)
		if now, also := s.value.(map[string]any); object && also {
			whole := maps.Clone(now)
			maps.Copy(whole, m)
			v = whole
		}
		if len(g.set.Check(not, schema.Request, v)) == 0 {
			out = append(out, variant{keyword: "not", value: v})
		}
	}
	return out
}
