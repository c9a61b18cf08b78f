package runners

import (
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/theory/jsonpath"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// criteriaPrefix begins the names of the matches that criteria make.
const criteriaPrefix = "criterion:"

// criteria holds an answer against what its step asks of it: one match for each
// criterion, with a mark when it is not met.
func criteria(all []plumbline.Criterion, now target.Answer, steps map[string]target.Answer) []plumbline.Match {
	var out []plumbline.Match
	for _, c := range all {
		w := weighing{now: now, steps: steps}
		m := plumbline.Match{With: criteriaPrefix + c.Text, Fields: 1}
		if !w.truth(c.Term) {
			m.Marks = []plumbline.Mark{{Kind: plumbline.MarkDiffers, Message: strings.Join(w.seen, ", ")}}
		}
		out = append(out, m)
	}
	return out
}

// met tells whether an answer meets all criteria.
func met(all []plumbline.Criterion, now target.Answer, steps map[string]target.Answer) bool {
	return !slices.ContainsFunc(criteria(all, now, steps), func(m plumbline.Match) bool { return len(m.Marks) > 0 })
}

// A weighing evaluates one criterion, and notes the values that it saw.
type weighing struct {
	now   target.Answer
	steps map[string]target.Answer
	seen  []string
}

func (w *weighing) truth(t plumbline.Term) bool {
	switch t.Op {
	case plumbline.TermAnd:
		return !slices.ContainsFunc(t.Terms, func(x plumbline.Term) bool { return !w.truth(x) })
	case plumbline.TermOr:
		return slices.ContainsFunc(t.Terms, w.truth)
	case plumbline.TermNot:
		return !w.truth(t.Terms[0])
	case plumbline.TermMatches:
		re, err := regexp.Compile(fmt.Sprint(t.Value))
		v := w.value(t.Terms[0])
		return err == nil && v != nil && re.MatchString(worded(v))
	case plumbline.TermSelects:
		return w.selects(t)
	case "":
		v := w.value(t)
		return v != nil && v != false
	}
	return compared(t.Op, w.value(t.Terms[0]), w.value(t.Terms[1]))
}

// selects tells whether a JSONPath finds anything.
func (w *weighing) selects(t plumbline.Term) bool {
	path, err := jsonpath.Parse(fmt.Sprint(t.Value))
	return err == nil && len(path.Select(plain(w.value(t.Terms[0])))) > 0
}

// value is what a term stands for; nil where there is nothing.
func (w *weighing) value(t plumbline.Term) any {
	if t.From == "" {
		return t.Value
	}
	a, ok := w.now, true
	if name, step := strings.CutPrefix(t.From, "step:"); step {
		a, ok = w.steps[name]
	}
	if !ok {
		w.seen = append(w.seen, t.From+" was not answered")
		return nil
	}
	v := valueIn(a, t.Pointer)
	switch {
	case t.Pointer == "status:":
		w.seen = append(w.seen, "it was answered "+wordOf(a.Observation))
	case v == nil:
		w.seen = append(w.seen, "there is nothing at "+placeOf(t.Pointer))
	default:
		w.seen = append(w.seen, placeOf(t.Pointer)+" is "+brief(v))
	}
	return v
}

func placeOf(pointer string) string {
	if pointer == "" {
		return "the body"
	}
	return strings.TrimPrefix(pointer, "field:")
}

// valueIn takes a value out of an answer with the type that it has there.
func valueIn(a target.Answer, pointer string) any {
	if pointer == "status:" {
		return json.Number(fmt.Sprint(a.Status))
	}
	body, media, at := a.Response.Body, headerOf(a.Response.Header, "Content-Type"), pointer
	if rest, ok := strings.CutPrefix(pointer, "request:"); ok {
		body, media, at = a.Request.Body, headerOf(a.Request.Header, "Content-Type"), rest
	} else if pointer != "" && !strings.HasPrefix(pointer, "/") {
		if text, ok := target.Value(a, pointer); ok {
			return text
		}
		return nil
	}
	v, err := decoded(body, media, at)
	if err != nil && pointer == "" && len(body) > 0 {
		return string(body)
	}
	if err != nil {
		return nil
	}
	return v
}

// compared compares two values: numbers by value, also where one of them is a
// text, other texts without regard to case, all else only for equality.
func compared(op string, a, b any) bool {
	if x, y, ok := numbers(a, b); ok {
		return ordered(op, x.Cmp(y))
	}
	s, text := a.(string)
	t, also := b.(string)
	if text && also {
		return ordered(op, strings.Compare(strings.ToLower(s), strings.ToLower(t)))
	}
	switch op {
	case plumbline.TermEqual:
		return equal(a, b)
	case plumbline.TermUnequal:
		return !equal(a, b)
	}
	return false
}

func ordered(op string, c int) bool {
	switch op {
	case plumbline.TermEqual:
		return c == 0
	case plumbline.TermUnequal:
		return c != 0
	case plumbline.TermLess:
		return c < 0
	case plumbline.TermMost:
		return c <= 0
	case plumbline.TermMore:
		return c > 0
	}
	return c >= 0
}

// numbers are two values as numbers, when one of them is a number and the other
// reads as one.
func numbers(a, b any) (x, y *big.Rat, ok bool) {
	_, textA := a.(string)
	_, textB := b.(string)
	if textA && textB {
		return nil, nil, false
	}
	x, okA := numeric(a)
	y, okB := numeric(b)
	return x, y, okA && okB
}

func numeric(v any) (*big.Rat, bool) {
	switch n := v.(type) {
	case float64:
		r := new(big.Rat).SetFloat64(n)
		return r, r != nil
	case int:
		return new(big.Rat).SetInt64(int64(n)), true
	case uint64:
		return new(big.Rat).SetUint64(n), true
	case string:
		return number(json.Number(n))
	}
	return number(v)
}

// worded is a value as a text.
func worded(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return brief(v)
}

// plain has numbers as JSONPath compares them.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	case json.Number:
		if f, err := x.Float64(); err == nil {
			return f
		}
	}
	return v
}
