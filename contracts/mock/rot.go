package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dlclark/regexp2"
	"github.com/getkin/kin-openapi/openapi3"
)

// A wound is one way to break an answer.
type wound struct {
	keyword, pointer string
	path             []string // of the value in the body
	value            any
	remove           bool
	change           func(r *reply) // instead of a value
}

// rot breaks one promise of an answer: of those that can be broken, the one
// whose keyword was broken least often so far.
func (s *Server) rot(c *call, r *reply) {
	if r.unable || r.response == nil || c.req.Method == http.MethodHead {
		return
	}
	wounds := s.outer(c, r)
	if r.json && r.ref != nil {
		w := wounder{rng: c.rng.IntN}
		w.walk(r.ref, r.value, nil, 0)
		wounds = append(wounds, w.out...)
	}
	if len(wounds) == 0 {
		return
	}
	slices.SortStableFunc(wounds, func(a, b wound) int { return s.broken[a.keyword] - s.broken[b.keyword] })
	best := slices.IndexFunc(wounds, func(w wound) bool { return s.broken[w.keyword] != s.broken[wounds[0].keyword] })
	if best < 0 {
		best = len(wounds)
	}
	w := wounds[c.rng.IntN(best)]
	s.broken[w.keyword]++
	if w.change != nil {
		w.change(r)
	} else {
		r.value = put(r.value, w.path, w.value, w.remove)
	}
	if s.options.Rotted != nil {
		s.options.Rotted(Rot{c.op.ID, w.keyword, w.pointer})
	}
}

// outer are the wounds outside of the body's schema.
func (s *Server) outer(c *call, r *reply) []wound {
	var out []wound
	rs := c.op.Op.Responses
	if documented(rs, 299) == nil {
		out = append(out, wound{keyword: "status", change: func(r *reply) { r.status = 299 }})
	}
	out = append(out, headerWounds(r)...)
	if r.media == "" {
		return out
	}
	if pick(r.response.Content, "application/x-rot") == nil {
		out = append(out, wound{keyword: "media-type", change: func(r *reply) { r.media = "application/x-rot" }})
	}
	if r.json {
		out = append(out, wound{keyword: "body-syntax", change: func(r *reply) { r.raw = []byte(`{"rot":`) }},
			wound{keyword: "body-empty", change: func(r *reply) { r.raw = []byte{} }})
	}
	return out
}

func headerWounds(r *reply) []wound {
	var out []wound
	for _, name := range slices.Sorted(maps.Keys(r.response.Headers)) {
		h := r.response.Headers[name]
		if h == nil || h.Value == nil || strings.EqualFold(name, "Content-Type") {
			continue
		}
		if h.Value.Required {
			out = append(out, wound{keyword: "header-required", pointer: "header/" + name, change: func(r *reply) { r.header.Del(name) }})
		}
		if t := h.Value.Schema; t != nil && t.Value != nil && t.Value.Type != nil && len(*t.Value.Type) == 1 && slices.Contains([]string{"integer", "number", "boolean"}, (*t.Value.Type)[0]) {
			out = append(out, wound{keyword: "header-type", pointer: "header/" + name, change: func(r *reply) { r.header.Set(name, "mock-rot") }})
		}
	}
	return out
}

// put is a value with the place of a path set or taken out.
func put(root any, path []string, v any, remove bool) any {
	if len(path) == 0 {
		return v
	}
	switch x := root.(type) {
	case map[string]any:
		out := maps.Clone(x)
		if len(path) == 1 && remove {
			delete(out, path[0])
		} else {
			out[path[0]] = put(x[path[0]], path[1:], v, remove)
		}
		return out
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(x) {
			return root
		}
		out := slices.Clone(x)
		out[i] = put(x[i], path[1:], v, remove)
		return out
	}
	return root
}

// A wounder finds the constraints that hold at each place of a value. It goes
// only where a schema surely applies: through properties, items, allOf and
// references, so that what it breaks is broken whatever the other schemas say.
type wounder struct {
	rng func(int) int
	out []wound
}

// deepestWound bounds how deep in a value wounds are sought.
const deepestWound = 6

func (w *wounder) add(keyword string, path []string, v any) {
	w.out = append(w.out, wound{keyword: keyword, pointer: pointerTo(path), path: path, value: v})
}

func pointerTo(path []string) string {
	var b strings.Builder
	for _, t := range path {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

func (w *wounder) walk(ref *openapi3.SchemaRef, v any, path []string, depth int) {
	if ref == nil || ref.Value == nil || depth > deepestWound {
		return
	}
	s := ref.Value
	if v == nil {
		return // a null says nothing about the other keywords
	}
	w.types(s, path)
	w.branches(s, path)
	w.enums(s, path)
	switch x := v.(type) {
	case string:
		w.texts(s, path)
	case json.Number:
		w.numbers(s, path)
	case []any:
		w.lists(s, x, path, depth)
	case map[string]any:
		w.objects(s, x, path, depth)
	}
	for _, e := range s.AllOf {
		w.walk(e, v, path, depth+1)
	}
}

// alien is a value of a type that a schema does not allow; ok is false when it
// allows all of them.
func alien(types []string) (any, bool) {
	for _, c := range []struct {
		kind  string
		value any
	}{{"object", map[string]any{"rot": true}}, {"string", "rot"}, {"array", []any{"rot"}}, {"boolean", true}} {
		if !slices.Contains(types, c.kind) {
			return c.value, true
		}
	}
	return nil, false
}

func (w *wounder) types(s *openapi3.Schema, path []string) {
	if s.Type == nil || len(*s.Type) == 0 {
		return
	}
	if v, ok := alien(*s.Type); ok {
		w.add("type", path, v)
	}
	if !s.Nullable && !s.Type.Includes("null") {
		w.add("null", path, nil)
	}
}

// branches puts a value where none of several branches allows for its type.
func (w *wounder) branches(s *openapi3.Schema, path []string) {
	for _, c := range []struct {
		keyword string
		list    openapi3.SchemaRefs
	}{{"oneOf", s.OneOf}, {"anyOf", s.AnyOf}} {
		types, sure := said(c.list, 0)
		if v, ok := alien(types); ok && sure && !s.Nullable {
			w.add(c.keyword, path, v)
		}
	}
}

// said are the types that branches say they have; sure is false when one says
// nothing, and so allows for all of them.
func said(list openapi3.SchemaRefs, depth int) (types []string, sure bool) {
	for _, e := range list {
		if e == nil || e.Value == nil || depth > 4 {
			return nil, false
		}
		own, ok := []string(nil), e.Value.Type != nil && len(*e.Value.Type) > 0
		if ok {
			own = *e.Value.Type
		}
		for _, part := range e.Value.AllOf {
			if !ok {
				own, ok = said(openapi3.SchemaRefs{part}, depth+1)
			}
		}
		if !ok {
			return nil, false
		}
		types = append(types, own...)
	}
	return types, len(list) > 0
}

func (w *wounder) enums(s *openapi3.Schema, path []string) {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, any("rot-no-member")) && (s.Type == nil || s.Type.Is("string")) {
		w.add("enum", path, "rot-no-member")
	}
	if s.Const != nil && s.Const != "rot-no-constant" {
		w.add("const", path, "rot-no-constant")
	}
}

func (w *wounder) texts(s *openapi3.Schema, path []string) {
	if s.MinLength > 0 {
		w.add("minLength", path, strings.Repeat("x", int(min(s.MinLength, 1<<16))-1))
	}
	if s.MaxLength != nil && *s.MaxLength < 1<<16 {
		w.add("maxLength", path, strings.Repeat("x", int(*s.MaxLength)+1))
	}
	if s.Pattern != "" {
		if v, ok := unlike(s.Pattern); ok {
			w.add("pattern", path, v)
		}
	}
	if slices.Contains([]string{"date", "date-time", "uuid", "email", "ipv4", "ipv6", "uri", "byte", "time", "hostname"}, s.Format) {
		w.add("format:"+s.Format, path, "not a ? <"+s.Format+">")
	}
}

// unlike is a text in which a pattern is not found.
func unlike(pattern string) (string, bool) {
	re, err := regexp2.Compile(pattern, regexp2.ECMAScript)
	if err != nil {
		return "", false
	}
	for _, text := range []string{"", "~ rot ~", "\u0001", "0", "x", "é\n"} {
		if ok, err := re.MatchString(text); err == nil && !ok {
			return text, true
		}
	}
	return "", false
}

func numberOf(r *big.Rat) json.Number {
	if r.IsInt() {
		return json.Number(r.Num().String())
	}
	return json.Number(strings.TrimRight(r.FloatString(20), "0"))
}

func (w *wounder) numbers(s *openapi3.Schema, path []string) {
	w.bounds(s, path)
	if s.MultipleOf != nil && *s.MultipleOf > 0 {
		m := ratOf(*s.MultipleOf)
		w.add("multipleOf", path, numberOf(m.Mul(m, big.NewRat(3, 2))))
	}
	switch s.Format {
	case "int32":
		w.add("format:int32", path, json.Number("2147483648"))
	case "int64":
		w.add("format:int64", path, json.Number("9223372036854775808"))
	}
	if s.Type != nil && s.Type.Is("integer") {
		w.add("integer", path, json.Number("1.5"))
	}
}

func (w *wounder) bounds(s *openapi3.Schema, path []string) {
	one := big.NewRat(1, 1)
	if s.Min != nil {
		w.add("minimum", path, numberOf(new(big.Rat).Sub(ratOf(*s.Min), one)))
		if s.ExclusiveMin.Bool != nil && *s.ExclusiveMin.Bool {
			w.add("exclusiveMinimum", path, numberOf(ratOf(*s.Min)))
		}
	}
	if s.Max != nil {
		w.add("maximum", path, numberOf(new(big.Rat).Add(ratOf(*s.Max), one)))
		if s.ExclusiveMax.Bool != nil && *s.ExclusiveMax.Bool {
			w.add("exclusiveMaximum", path, numberOf(ratOf(*s.Max)))
		}
	}
	if s.ExclusiveMin.Value != nil {
		w.add("exclusiveMinimum", path, numberOf(ratOf(*s.ExclusiveMin.Value)))
	}
	if s.ExclusiveMax.Value != nil {
		w.add("exclusiveMaximum", path, numberOf(ratOf(*s.ExclusiveMax.Value)))
	}
}

func (w *wounder) lists(s *openapi3.Schema, x []any, path []string, depth int) {
	if s.MinItems > 0 {
		w.add("minItems", path, x[:min(int(s.MinItems)-1, len(x))])
	}
	if s.MaxItems != nil && len(x) > 0 && *s.MaxItems < 1000 {
		long := slices.Clone(x)
		for len(long) <= int(*s.MaxItems) {
			long = append(long, x[0])
		}
		w.add("maxItems", path, long)
	}
	if s.UniqueItems && len(x) > 0 {
		w.add("uniqueItems", path, append(slices.Clone(x), x[0]))
	}
	for i, e := range x {
		ref := s.Items
		if i < len(s.PrefixItems) {
			ref = s.PrefixItems[i]
		}
		w.walk(ref, e, append(slices.Clone(path), strconv.Itoa(i)), depth+1)
	}
}

func (w *wounder) objects(s *openapi3.Schema, x map[string]any, path []string, depth int) {
	for _, k := range s.Required {
		if p := s.Properties[k]; p != nil && p.Value != nil && !hidden(p.Value, 0) {
			w.out = append(w.out, wound{keyword: "required", pointer: pointerTo(append(slices.Clone(path), k)), path: append(slices.Clone(path), k), remove: true})
		}
	}
	w.sizes(s, x, path)
	for _, k := range slices.Sorted(maps.Keys(x)) {
		sub := append(slices.Clone(path), k)
		if p := s.Properties[k]; p != nil {
			w.walk(p, x[k], sub, depth+1)
		} else if s.AdditionalProperties.Schema != nil && len(s.PatternProperties) == 0 {
			w.walk(s.AdditionalProperties.Schema, x[k], sub, depth+1)
		}
	}
}

func (w *wounder) sizes(s *openapi3.Schema, x map[string]any, path []string) {
	if a := s.AdditionalProperties; a.Has != nil && !*a.Has && len(s.PatternProperties) == 0 {
		w.out = append(w.out, wound{keyword: "additionalProperties", pointer: pointerTo(path), path: append(slices.Clone(path), "rot-unknown"), value: true})
	}
	if s.MinProps > 0 {
		w.add("minProperties", path, map[string]any{})
	}
	if s.MaxProps != nil && *s.MaxProps < 1000 {
		many := maps.Clone(x)
		for i := range int(*s.MaxProps) + 1 {
			many[fmt.Sprint("rot", i)] = "rot"
		}
		w.add("maxProperties", path, many)
	}
}
