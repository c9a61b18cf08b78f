package sample

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostReadings bounds the combinations of readings that are checked. What has
// more of them is not proved invalid.
const mostReadings = 64

// A verdict is what the readings of one place come to.
type verdict struct {
	valid    bool
	readings int
	breaches []schema.Breach // of the reading that is meant
}

// resolve tells whether any reading of a tree is accepted. Strict readings are
// those that a reader makes who knows the schema and the standards; the others
// are made as well by readers who guess: "yes" for true, " 1" for 1, a comma
// for a list.
func (g *generator) resolve(n node, tree any, strict bool) verdict {
	r := resolver{g: g, strict: strict}
	r.gather(n, tree, nil)
	if r.lack {
		return verdict{valid: true}
	}
	if r.none != nil {
		return verdict{readings: max(r.count, 1), breaches: r.none}
	}
	total := 1
	for _, l := range r.leaves {
		if total *= len(l.values); total > mostReadings {
			break
		}
	}
	if total > mostReadings && !strict {
		return verdict{valid: true, readings: total}
	}
	return g.combine(n, tree, r.leaves, min(total, mostReadings))
}

// combine checks so many combinations of the readings of leaves.
func (g *generator) combine(n node, tree any, leaves []leaf, total int) verdict {
	var first []schema.Breach
	picks := make([]int, len(leaves))
	for i := range total {
		v := bare(tree)
		for j, l := range leaves {
			v = put(v, l.path, l.values[picks[j]], false)
		}
		if g.accepts(n, v) {
			return verdict{valid: true, readings: i + 1}
		}
		if i == 0 {
			first = g.check(n, v)
		}
		for j := range picks {
			if picks[j]++; picks[j] < len(leaves[j].values) {
				break
			}
			picks[j] = 0
		}
	}
	return verdict{readings: total, breaches: first}
}

func (g *generator) check(n node, v any) []schema.Breach {
	var out []schema.Breach
	for _, ref := range n {
		out = append(out, g.set.Check(ref, schema.Request, v)...)
	}
	return out
}

// bare is a tree with its lexemes as text, to be put over.
func bare(tree any) any {
	switch x := tree.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = bare(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = bare(e)
		}
		return out
	case lexeme:
		return strings.Join(x, ",")
	}
	return tree
}

type resolver struct {
	g      *generator
	strict bool
	leaves []leaf
	count  int
	none   []schema.Breach // a leaf that no reading saves
	lack   bool            // an empty text may be read as the lack of what is optional
}

type leaf struct {
	path   []string
	values []any
}

func (r *resolver) gather(n node, tree any, path []string) {
	f := r.g.flats.of(n)
	switch x := tree.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(x)) {
			if l, ok := x[k].(lexeme); ok && !r.strict && !f.required[k] && strings.Join(l, "") == "" {
				r.lack = true
			}
			r.gather(r.g.governing(f, k), x[k], append(slices.Clone(path), k))
		}
	case []any:
		for i, e := range x {
			r.gather(f.itemNode(i), e, append(slices.Clone(path), strconv.Itoa(i)))
		}
	case lexeme:
		r.leaf(n, x, path)
	}
}

func (r *resolver) leaf(n node, x lexeme, path []string) {
	if r.none != nil {
		return
	}
	all := r.g.readingsOf(n, x, r.strict)
	r.count = max(r.count, len(all))
	good := slices.DeleteFunc(slices.Clone(all), func(v any) bool { return !r.g.accepts(n, v) })
	if len(good) > 0 {
		r.leaves = append(r.leaves, leaf{path, good})
		return
	}
	for _, v := range all {
		if b := r.g.check(n, v); r.none == nil || moreTelling(b, r.none) {
			r.none = b
		}
	}
	at := pointer("", path, nil)
	for i := range r.none {
		r.none[i].Pointer = at + r.none[i].Pointer
	}
}

// moreTelling prefers the breach of a bound to that of a type: of the readings,
// it is the one that is meant.
func moreTelling(a, b []schema.Breach) bool {
	return len(a) > 0 && len(b) > 0 && a[0].Keyword != "type" && b[0].Keyword == "type"
}

// readingsOf are the values that a lexeme may stand for.
func (g *generator) readingsOf(n node, x lexeme, strict bool) []any {
	f := g.flats.of(n)
	var out []any
	if len(x) == 1 {
		out = scalars(x[0], strict)
		if s := strings.TrimSpace(x[0]); strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
			if v, err := decodeJSON([]byte(s)); err == nil {
				out = append(out, v)
			}
		}
	}
	lists := []lexeme{x}
	if !strict {
		more, values := looser(x)
		lists, out = append(lists, more...), append(out, values...)
	}
	if f.admits("array") {
		for _, list := range lists {
			out = append(out, g.listReadings(f, list, strict)...)
		}
	}
	return out
}

// looser are the lists and the values that readers who guess take texts for:
// one text for a list, the first or the last of many for the only one.
func looser(x lexeme) (lists []lexeme, values []any) {
	if len(x) != 1 {
		values = append(values, scalars(x[0], false)...)
		return nil, append(values, scalars(x[len(x)-1], false)...)
	}
	for _, sep := range []string{",", "|", " ", ";"} {
		if strings.Contains(x[0], sep) {
			lists = append(lists, strings.Split(x[0], sep))
		}
	}
	if x[0] == "" {
		values = append(values, []any{})
	}
	return lists, values
}

// listReadings are the arrays that texts may stand for: all as text, all at
// their narrowest, and each as its own schema asks for.
func (g *generator) listReadings(f *flat, list lexeme, strict bool) []any {
	var texts, narrow, fitting []any
	for i, s := range list {
		all := scalars(s, strict)
		n := f.itemNode(i)
		best := all[len(all)-1]
		for _, v := range all {
			if g.accepts(n, v) {
				best = v
				break
			}
		}
		texts, narrow, fitting = append(texts, s), append(narrow, all[len(all)-1]), append(fitting, best)
	}
	return []any{fitting, texts, narrow}
}

// scalars are the values that one text may stand for, the text itself first.
func scalars(s string, strict bool) []any {
	out := []any{s}
	if jsonNumber(s) {
		out = append(out, json.Number(s))
	}
	switch s {
	case "true", "false":
		out = append(out, s == "true")
	case "null", "":
		out = append(out, nil)
	}
	if strict {
		return out
	}
	return guesses(s, out)
}

// guesses adds what lenient readers make of a text.
func guesses(s string, out []any) []any {
	t := strings.ToLower(strings.TrimSpace(s))
	if x, err := strconv.ParseFloat(strings.ReplaceAll(strings.ReplaceAll(t, "_", ""), ",", "."), 64); err == nil && !math.IsInf(x, 0) && !math.IsNaN(x) && !jsonNumber(s) {
		out = append(out, json.Number(strconv.FormatFloat(x, 'f', -1, 64)))
	}
	if x, err := strconv.ParseInt(t, 0, 64); err == nil && !jsonNumber(s) {
		out = append(out, json.Number(strconv.FormatInt(x, 10)))
	}
	switch t {
	case "true", "t", "yes", "y", "on", "1":
		out = append(out, true)
	case "false", "f", "no", "n", "off", "0":
		out = append(out, false)
	case "null", "nil", "none", "~":
		out = append(out, nil)
	}
	if t != s && t != "" {
		out = append(out, strings.TrimSpace(s))
	}
	return out
}

// jsonNumber tells whether a text is a number of RFC 8259 §6.
func jsonNumber(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') || len(s) > 400 {
		return false
	}
	return json.Valid([]byte(s))
}
