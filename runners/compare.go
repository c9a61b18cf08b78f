package runners

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/runners/target"
)

// mostDifferences bounds the marks of one comparison.
const mostDifferences = 16

// compare makes one comparison of an answer with what came before it.
func compare(c plumbline.Compare, now target.Answer, steps map[string]target.Answer) plumbline.Match {
	m := plumbline.Match{With: c.With}
	kind, name, _ := strings.Cut(c.With, ":")
	before, ok := steps[name]
	if !ok {
		m.Error = "there is no answer of a step " + name
		return m
	}
	data, media := before.Response.Body, headerOf(before.Response.Header, "Content-Type")
	if kind == "sent" {
		data, media = before.Request.Body, headerOf(before.Request.Header, "Content-Type")
	}
	was, err := decoded(data, media, c.From)
	if err != nil {
		m.Error = c.With + ": " + err.Error()
		return m
	}
	is, err := decoded(now.Response.Body, headerOf(now.Response.Header, "Content-Type"), c.At)
	if err != nil {
		m.Error = "the answer: " + err.Error()
		return m
	}
	x := comparison{Compare: c, match: &m}
	x.value(c.At, is, was)
	return m
}

func headerOf(h map[string][]string, name string) string {
	for k, v := range h {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// decoded reads a JSON or form body down to a pointer.
func decoded(data []byte, media, pointer string) (any, error) {
	var v any
	if strings.HasPrefix(media, "application/x-www-form-urlencoded") {
		form, err := url.ParseQuery(string(data))
		if err != nil {
			return nil, err
		}
		m := map[string]any{}
		for k, values := range form {
			m[k] = values[0]
		}
		v = m
	} else {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			return nil, fmt.Errorf("no JSON: %w", err)
		}
	}
	if pointer == "" {
		return v, nil
	}
	for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		t = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
		next, ok := member(v, t)
		if !ok {
			return nil, fmt.Errorf("nothing at %s", pointer)
		}
		v = next
	}
	return v, nil
}

func member(v any, token string) (any, bool) {
	switch x := v.(type) {
	case map[string]any:
		e, ok := x[token]
		return e, ok
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(x) {
			return x[i], true
		}
	}
	return nil, false
}

// A comparison books what two values have in common or not.
type comparison struct {
	plumbline.Compare
	match *plumbline.Match
}

func (x comparison) value(at string, is, was any) {
	if x.ignored(at) {
		return
	}
	switch w := was.(type) {
	case map[string]any:
		if i, ok := is.(map[string]any); ok {
			x.object(at, i, w)
			return
		}
	case []any:
		if i, ok := is.([]any); ok {
			x.list(at, i, w)
			return
		}
	}
	x.match.Fields++
	same := equal(is, was)
	switch {
	case same && x.Unlike:
		x.book(plumbline.MarkSame, at, "is "+brief(is)+" in both")
	case !same && !x.Unlike:
		x.differs(at, brief(is), brief(was))
	}
}

func (x comparison) list(at string, is, was []any) {
	if len(is) != len(was) && !x.Unlike {
		x.match.Fields++
		x.differs(at, fmt.Sprintf("%d elements", len(is)), fmt.Sprintf("%d", len(was)))
		return
	}
	for k := range min(len(is), len(was)) {
		x.value(at+"/"+strconv.Itoa(k), is[k], was[k])
	}
}

func (x comparison) object(at string, is, was map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(was)) {
		place := at + "/" + strings.ReplaceAll(strings.ReplaceAll(k, "~", "~0"), "/", "~1")
		v, there := is[k]
		switch {
		case there:
			x.value(place, v, was[k])
		case x.Strict && !x.Unlike && was[k] != nil && !x.ignored(place):
			x.match.Fields++
			x.book(plumbline.MarkDiffers, place, "is missing, was "+brief(was[k]))
		}
	}
}

func (x comparison) differs(at, is, was string) {
	x.book(plumbline.MarkDiffers, at, "is "+is+", was "+was)
}

func (x comparison) book(kind plumbline.MarkKind, at, message string) {
	if len(x.match.Marks) < mostDifferences {
		x.match.Marks = append(x.match.Marks, plumbline.Mark{Kind: kind, Pointer: at, Message: message})
	}
}

// ignored tells whether a place is not compared; * stands for any token.
func (x comparison) ignored(at string) bool {
	got := strings.Split(at, "/")
	return slices.ContainsFunc(x.Ignore, func(pattern string) bool {
		want := strings.Split(pattern, "/")
		return len(want) == len(got) && !slices.ContainsFunc(slices.Collect(indices(want)), func(i int) bool { return want[i] != "*" && want[i] != got[i] })
	})
}

func indices(s []string) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range s {
			if !yield(i) {
				return
			}
		}
	}
}

// equal compares scalars by what they mean: numbers by value, times by the
// moment (RFC 3339), all else as it is. An empty object equals one.
func equal(a, b any) bool {
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x.Cmp(y) == 0
	}
	s, text := a.(string)
	t, also := b.(string)
	if !text || !also {
		x, errA := json.Marshal(a)
		y, errB := json.Marshal(b)
		return errA == nil && errB == nil && bytes.Equal(x, y)
	}
	if s == t {
		return true
	}
	x, errA := time.Parse(time.RFC3339Nano, s)
	y, errB := time.Parse(time.RFC3339Nano, t)
	return errA == nil && errB == nil && x.Equal(y)
}

// largest bounds the texts of numbers that are compared by value.
const largest = 64

func number(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok || len(n) > largest || hugeExponent(string(n)) {
		return nil, false
	}
	return new(big.Rat).SetString(string(n))
}

// hugeExponent keeps 1e999999999 from becoming a rational number.
func hugeExponent(s string) bool {
	_, e, ok := strings.Cut(strings.ToLower(s), "e")
	n, err := strconv.Atoi(e)
	return ok && (err != nil || n > 400 || n < -400)
}

func brief(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(data) > 80 {
		return string(data[:77]) + "..."
	}
	return string(data)
}
