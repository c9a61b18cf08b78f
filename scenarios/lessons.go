package scenarios

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/overlay"
)

// lessonOf is what a sentence of a refusal says that the document should say:
// keywords of JSON Schema, or "required". It is empty when that is not clear.
func lessonOf(text string) map[string]any {
	t := strings.ToLower(text)
	length := regexp.MustCompile(`\bchar|\blong\b|\blength\b|\blonger\b|\bshorter\b|\bletters\b`).MatchString(t)
	bounds := func(low, high string) map[string]any {
		out := map[string]any{}
		least, most := "minimum", "maximum"
		if length {
			least, most = "minLength", "maxLength"
		}
		if v, ok := number(low); ok {
			out[least] = v
		}
		if v, ok := number(high); ok {
			out[most] = v
		}
		return out
	}
	const n = `(-?\d+(?:\.\d+)?)`
	for _, rule := range []struct {
		pattern string
		learn   func(m []string) map[string]any
	}{
		{`(?:one of|must be in|allowed values(?: are)?|permitted values(?: are)?|expected one of|accepted values(?: are)?)[:\s]*[\[({]?\s*(.+?)\s*[\])}]?\.?$`, func([]string) map[string]any { return nil }},
		{`(?:between|from) ` + n + `(?: characters)? (?:and|to) ` + n, func(m []string) map[string]any { return bounds(m[1], m[2]) }},
		{`multiple of ` + n, func(m []string) map[string]any {
			v, _ := number(m[1])
			return map[string]any{"multipleOf": v}
		}},
		{`(?:at least|greater than or equal to|not be less than|no (?:less|fewer) than|minimum(?: value| length)?(?: is| of|:)?|>=|ensure this value has at least) ` + n, func(m []string) map[string]any { return bounds(m[1], "") }},
		{`(?:at most|less than or equal to|not be (?:greater|more|longer) than|no (?:more|longer) than|not exceed|maximum(?: value| length)?(?: is| of|:)?|<=|up to) ` + n, func(m []string) map[string]any { return bounds("", m[1]) }},
		{`valid (email|uuid|date-time|date|uri|ipv4)`, func(m []string) map[string]any { return map[string]any{"format": m[1]} }},
		{`required|missing|must not be null|(?:can't|cannot|may not|must not) be (?:null|blank|empty)`, func([]string) map[string]any { return map[string]any{"required": true} }},
	} {
		if m := regexp.MustCompile(rule.pattern).FindStringSubmatch(t); m != nil {
			if strings.HasPrefix(rule.pattern, "(?:one of") {
				return chosenFrom(text[strings.LastIndex(t, m[1]):][:len(m[1])])
			}
			return rule.learn(m)
		}
	}
	return nil
}

func number(s string) (any, bool) {
	if i, err := strconv.Atoi(s); err == nil {
		return i, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// chosenFrom reads a list of words, as the values of an enumeration.
func chosenFrom(list string) map[string]any {
	var out []any
	for _, w := range strings.FieldsFunc(strings.ReplaceAll(list, " or ", ","), func(r rune) bool { return r == ',' || r == '|' }) {
		if w = strings.Trim(w, " '\"`"); w != "" && !strings.ContainsAny(w, " ") {
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return map[string]any{"enum": out}
}

// learnt is how the document would say what a refusal complains of. Places are
// those at which it says something already: there the invalid cases know where.
func learnt(d plumbline.Design, op plumbline.Operation, body string) []overlay.Action {
	if strings.HasPrefix(d.Document.OpenAPI, "2") {
		return nil // it was read as 3.0, and its places are others
	}
	var out []overlay.Action
	for _, c := range complaintsIn(body) {
		lesson := lessonOf(c.text)
		at := schemaAt(op, c.field)
		if len(lesson) == 0 || at == "" {
			continue
		}
		why := "refused: " + c.text
		if lesson["required"] == true {
			out = append(out, demanded(at, why)...)
			continue
		}
		out = append(out, overlay.Update(at, lesson, why))
	}
	return out
}

// schemaAt is where the document speaks of a field of the body or a parameter.
func schemaAt(op plumbline.Operation, field string) string {
	if field == "" {
		return ""
	}
	for _, in := range []string{"body", "query", "header", "path", "cookie"} {
		for _, k := range op.Invalid {
			if strings.EqualFold(k.Pointer, in+"/"+field) && strings.HasPrefix(k.Schema, "/") && k.Keyword != "required" && !slices.Contains([]string{"oneOf", "anyOf", "not"}, k.Keyword) {
				return k.Schema
			}
		}
	}
	return ""
}

// demanded makes a property, or a parameter, required.
func demanded(at, why string) []overlay.Action {
	if parameter, ok := strings.CutSuffix(at, "/schema"); ok {
		return []overlay.Action{overlay.Update(parameter, map[string]any{"required": true}, why)}
	}
	i := strings.LastIndex(at, "/properties/")
	if i < 0 || strings.Contains(at[i+len("/properties/"):], "/") {
		return nil
	}
	name := strings.NewReplacer("~1", "/", "~0", "~").Replace(at[i+len("/properties/"):])
	return []overlay.Action{overlay.Update(at[:i], map[string]any{"required": []any{name}}, why)}
}

// asked says what a refusal complains of, in words; empty when it does not say.
func asked(o plumbline.Observation) string {
	if o.Transcript == nil {
		return ""
	}
	var parts []string
	for _, c := range complaintsIn(o.Transcript.ResponseBody) {
		if c.field != "" {
			c.text = c.field + ": " + c.text
		}
		text, _ := json.Marshal(c.text) //nolint:errchkjson // a text
		parts = append(parts, string(text))
	}
	return first(parts, 2)
}
