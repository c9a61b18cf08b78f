package mock

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/dlclark/regexp2"
	"github.com/getkin/kin-openapi/openapi3"
)

// A wounder finds the constraints that hold at each place of a value. It goes
// only where a schema surely applies: through properties, items, allOf and
// references, so that what it breaks is broken whatever the other schemas say.
type wounder struct{ out []wound }

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
	w.choices(s, v, path)
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
		w.part(s, e, v, path, depth)
	}
}

// part finds the wounds of a part. Where the whole allows null, the part does
// not forbid it.
func (w *wounder) part(s *openapi3.Schema, e *openapi3.SchemaRef, v any, path []string, depth int) {
	before := len(w.out)
	w.walk(e, v, path, depth+1)
	if s.Nullable {
		at := pointerTo(path)
		w.out = slices.DeleteFunc(w.out, func(o wound) bool { return o.keyword == "null" && o.pointer == at })
	}
	if len(w.out) > before {
		more := w.out[before]
		more.keyword = "allOf"
		w.out = append(w.out, more)
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
	if v, ok := malformed()[s.Format]; ok {
		w.add("format:"+s.Format, path, v)
	}
}

// malformed are texts that are not of a format.
func malformed() map[string]string {
	return map[string]string{
		"date": "2026-02-30", "date-time": "2026-01-01 00:00", "time": "noon", "duration": "3 days", "uuid": "not-a-uuid",
		"email": "nobody", "hostname": "-x-.", "ipv4": "1.2.3.256", "ipv6": "::x",
		"uri": "no scheme", "uri-reference": "%zz", "iri": "no scheme", "iri-reference": "%zz", "uri-template": "{rot",
		"json-pointer": "rot", "relative-json-pointer": "-1", "regex": "([", "byte": "?",
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
	case "float":
		w.add("format:float", path, json.Number("1e39"))
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
