package pactfile

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// expression writes a value with its rules as Go, on the matchers of pact-go.
// What pact-go has no matcher for is left out of objects: null or something
// else, at one place.
func (r ruled) expression(v any, path string) string {
	m, only := r.at(path)
	switch x := v.(type) {
	case map[string]any:
		return r.object(x, path, m)
	case []any:
		return r.list(x, path, m)
	case nil:
		return "nil"
	}
	if !only {
		return literal(v)
	}
	text := literal(v)
	switch m["match"] {
	case "integer":
		return "matchers.Integer(" + text + ")"
	case "regex":
		return fmt.Sprintf("matchers.Regex(%s, %s)", text, quoted(fmt.Sprint(m["regex"])))
	case "null":
		return "matchers.Null{}"
	}
	return "matchers.Like(" + text + ")"
}

// at is the rule of a place: of several that hold together the pattern that
// says most. Only is false where there is none, or one of several may hold.
func (r ruled) at(path string) (rule map[string]any, only bool) {
	entry, ok := r[path].(map[string]any)
	if !ok {
		return nil, false
	}
	list, _ := entry["matchers"].([]any)
	if entry["combine"] != "AND" || len(list) == 0 {
		return nil, false
	}
	rule, ok = list[0].(map[string]any)
	return rule, ok
}

// either tells whether a place may be one of several things.
func (r ruled) either(path string) bool {
	entry, ok := r[path].(map[string]any)
	return ok && entry["combine"] == "OR"
}

func (r ruled) object(x map[string]any, path string, m map[string]any) string {
	if len(x) == 0 && m != nil {
		return "matchers.Like(map[string]any{})"
	}
	var b strings.Builder
	b.WriteString("map[string]any{\n")
	for _, name := range slices.Sorted(maps.Keys(x)) {
		at := child(path, name)
		if r.either(at) {
			fmt.Fprintf(&b, "// %q may be null as well, which pact-go has no matcher for.\n", name)
			continue
		}
		fmt.Fprintf(&b, "%s: %s,\n", quoted(name), r.expression(x[name], at))
	}
	return b.String() + "}"
}

func (r ruled) list(x []any, path string, m map[string]any) string {
	least, bounded := m["min"].(uint64)
	switch {
	case m == nil || !bounded:
		var items []string
		for n, e := range x {
			items = append(items, r.expression(e, path+"["+strconv.Itoa(n)+"]"))
		}
		return "[]any{" + strings.Join(items, ", ") + "}"
	case len(x) == 0:
		return fmt.Sprintf("list(%d)", least)
	case least == 0:
		return fmt.Sprintf("list(0, %s)", r.expression(x[0], path+"[*]"))
	}
	return fmt.Sprintf("matchers.EachLike(%s, %d)", r.expression(x[0], path+"[*]"), least)
}

// literal writes a JSON value as Go.
func literal(v any) string {
	switch x := v.(type) {
	case nil:
		return "nil"
	case string:
		return quoted(x)
	case json.Number:
		if _, err := strconv.ParseInt(x.String(), 10, 64); err != nil {
			return "float64(" + x.String() + ")"
		}
		return x.String()
	case []any:
		var items []string
		for _, e := range x {
			items = append(items, literal(e))
		}
		return "[]any{" + strings.Join(items, ", ") + "}"
	case map[string]any:
		var items []string
		for _, name := range slices.Sorted(maps.Keys(x)) {
			items = append(items, quoted(name)+": "+literal(x[name]))
		}
		return "map[string]any{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprintf("%#v", v)
}

// quoted is a Go string, raw where that reads better.
func quoted(s string) string {
	if strings.ContainsAny(s, `"\`) && strconv.CanBackquote(s) {
		return "`" + s + "`"
	}
	return strconv.Quote(s)
}

// identifier makes a name of Go of any text: CamelCase, or all small.
func identifier(text string, camel bool) string {
	var b strings.Builder
	upper := true
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) || r > unicode.MaxASCII:
			upper = true
			continue
		case !camel:
			r = unicode.ToLower(r)
		case upper:
			r = unicode.ToUpper(r)
		}
		upper = false
		b.WriteRune(r)
	}
	out := b.String()
	if out == "" || unicode.IsDigit(rune(out[0])) {
		return "the" + out
	}
	return out
}

// statusName is the constant of net/http for a status, or the number.
func statusName(status int) string {
	name, ok := map[int]string{
		http.StatusOK: "OK", http.StatusCreated: "Created", http.StatusAccepted: "Accepted", http.StatusNonAuthoritativeInfo: "NonAuthoritativeInfo",
		http.StatusNoContent: "NoContent", http.StatusResetContent: "ResetContent", http.StatusPartialContent: "PartialContent",
		http.StatusBadRequest: "BadRequest", http.StatusNotFound: "NotFound", http.StatusUnprocessableEntity: "UnprocessableEntity",
	}[status]
	if !ok {
		return strconv.Itoa(status)
	}
	return "http.Status" + name
}
