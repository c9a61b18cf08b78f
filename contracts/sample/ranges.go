package sample

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// mostRanges bounds the cases of an operation that turn a range around.
const mostRanges = 3

// opposites are the words by which two names that are otherwise the same tell
// the two ends of a range.
func opposites() []string {
	return []string{"min max", "minimum maximum", "from to", "from until", "from till", "since until", "after before", "start end", "starts ends", "begin end", "begins ends", "lower upper", "low high", "gt lt", "gte lte", "ge le", "earliest latest", "oldest newest", "open close", "opens closes"}
}

// spans tells whether two names tell the two ends of a range, the low one first.
func spans(low, high string) bool {
	a, b := words(low), words(high)
	if len(a) != len(b) {
		return false
	}
	differ := 0
	for i := range a {
		switch {
		case a[i] == b[i]:
		case slices.Contains(opposites(), a[i]+" "+b[i]):
			differ++
		default:
			return false
		}
	}
	return differ == 1
}

// An end is one of the two of a range: a parameter, or a member of the body.
type end struct {
	place place
	site  site
	name  string
}

func (e end) pointer() string { return pointer(e.place.name(), e.site.path, nil) }

// inverted are requests in which a range ends before it begins, although each of
// the two values is valid by itself. No document can forbid that: a right server
// may refuse it, or find nothing there, and must survive it.
func (m *maker) inverted() []plumbline.Case {
	var out []plumbline.Case
	all := m.endsOf()
	for _, low := range all {
		for _, high := range all {
			if len(out) < mostRanges && spans(low.name, high.name) && low.beside(high) {
				if c, ok := m.invertedCase(low, high); ok {
					out = append(out, c)
				}
			}
		}
	}
	return out
}

// beside tells whether two ends are of the same object, or parameters of the
// same kind.
func (e end) beside(o end) bool {
	if e.place.param != nil && o.place.param != nil {
		return e.place.param.In == o.place.param.In
	}
	n := len(e.site.path)
	return e.place.param == nil && o.place.param == nil && n == len(o.site.path) && slices.Equal(e.site.path[:n-1], o.site.path[:n-1])
}

// endsOf are the values of a request that may be one end of a range.
func (m *maker) endsOf() []end {
	var out []end
	for _, p := range m.places() {
		if inPath(p) || p.param != nil && m.bound(p.param) || p.param == nil && m.seed.media == "" {
			continue
		}
		for _, s := range m.sitesOf(p) {
			if name := nameAt(p, s); name != "" && s.flat.ordered() {
				out = append(out, end{p, s, name})
			}
		}
	}
	return out
}

// nameAt is what a value is called: the parameter, or the member of the body.
func nameAt(p place, s site) string {
	switch n := len(s.path); {
	case p.param != nil && n == 0:
		return p.param.Name
	case p.param == nil && n > 0:
		return s.path[n-1]
	}
	return ""
}

// ordered tells whether of two such values one is less.
func (f *flat) ordered() bool { return f.enum == nil && (f.momentary() != "" || f.numeric()) }

// momentary is the format of a moment; empty for other values.
func (f *flat) momentary() string {
	for _, format := range f.formats {
		if slices.Contains(f.kinds(), "string") && (format == "date" || format == "date-time") {
			return format
		}
	}
	return ""
}

func (f *flat) numeric() bool {
	return slices.Contains(f.kinds(), "integer") || slices.Contains(f.kinds(), "number")
}

// crossed are two values, each of them valid, of which the low end is above the
// high one.
func (m *maker) crossed(low, high end) (a, b any, ok bool) {
	if format := low.site.flat.momentary(); format != "" {
		begin, after := later(format)
		same := high.site.flat.momentary() == format
		return after, begin, same && m.gen.accepts(low.site.node, after) && m.gen.accepts(high.site.node, begin)
	}
	for _, a := range m.rungs(low.site) {
		for _, b := range m.rungs(high.site) {
			x, errX := a.Float64()
			y, errY := b.Float64()
			if errX == nil && errY == nil && x > y {
				return a, b, true
			}
		}
	}
	return nil, nil, false
}

// rungs are some numbers that a place accepts, small ones first.
func (m *maker) rungs(s site) []json.Number {
	l := s.flat.ladder(!slices.Contains(s.flat.kinds(), "number"))
	var out []json.Number
	for _, n := range []float64{l.low, 1, 2, 10, 100, l.high} {
		if v := l.write(n); n > -exact && n < exact && m.gen.accepts(s.node, v) {
			out = append(out, v)
		}
	}
	return out
}

func (m *maker) invertedCase(low, high end) (plumbline.Case, bool) {
	a, b, ok := m.crossed(low, high)
	if !ok {
		return plumbline.Case{}, false
	}
	d := m.seed.clone()
	if low.place.param == nil {
		d.body = low.site.base // with the object that the two are members of
	}
	for _, x := range []struct {
		end
		value any
	}{{low, a}, {high, b}} {
		if x.place.param != nil {
			d.params[x.place.param] = x.value
		} else {
			d.body = put(d.body, x.site.path, x.value, false)
		}
	}
	req, ok := m.encode(d)
	if !ok || !m.proveValid(low.place, req).holds || !m.proveValid(high.place, req).holds {
		return plumbline.Case{}, false
	}
	at := low.pointer()
	return plumbline.Case{
		ID: m.id("robust-", at, plumbline.KeywordRange), Operation: m.op.ID, Kind: plumbline.CaseRobust, Keyword: plumbline.KeywordRange, Pointer: at,
		Violates: fmt.Sprintf("range: %s is %v and %s is %v", at, a, high.pointer(), b),
		Proof:    "each of the two is valid by itself; what they say together is for the service to know", Origin: "generated", Request: req,
		Binds: slices.DeleteFunc(m.bindsWithout(low.place, at), func(x plumbline.Bind) bool {
			return x.In == strings.Split(high.pointer(), "/")[0] && (x.Name == high.name || x.Name == strings.TrimPrefix(high.pointer(), "body"))
		}),
		Expect: statuses(m.op.Op, "4"),
	}, true
}
