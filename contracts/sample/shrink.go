package sample

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostSmaller bounds the variants that are made of one case.
const mostSmaller = 48

// A Shrinker makes smaller variants of cases, each proved again to be what the
// case was: a shrinker that does not prove finds another defect than the one
// that it was given. It is safe for concurrent use.
type Shrinker struct {
	set     *schema.Set
	ops     map[string]openapi.Op
	schemes map[string][]plumbline.Scheme
}

// NewShrinker prepares the shrinking of cases of a document.
func NewShrinker(d *openapi.Doc, s *schema.Set) *Shrinker {
	out := &Shrinker{set: s, ops: map[string]openapi.Op{}, schemes: map[string][]plumbline.Scheme{}}
	for _, o := range d.Plumb() {
		out.schemes[o.ID] = o.Schemes
	}
	for _, o := range d.Operations {
		out.ops[o.ID] = o
	}
	return out
}

// Smaller returns variants of a case that lack a parameter, a header, a member
// or an element of an array, or have a shorter text: the greatest steps first,
// at most 48, each of the same kind and, when it is invalid, invalid for the
// same keyword at the same place. Their IDs are that of the case with ~1, ~2
// and so on. It is empty when nothing can be left out, when the operation is
// not known, and when the case itself cannot be proved.
func (s *Shrinker) Smaller(c plumbline.Case) []plumbline.Case {
	op, ok := s.ops[c.Operation]
	if !ok {
		return nil
	}
	m := newMaker(newGenerator(s.set, nil), op, s.schemes[c.Operation], Options{}.withDefaults())
	m.binds = c.Binds
	same, ok := m.likeness(c)
	if !ok {
		return nil
	}
	var out []plumbline.Case
	for _, req := range m.reductions(c.Request) {
		if len(out) >= mostSmaller {
			break
		}
		text, ok := same(req)
		if !ok {
			continue
		}
		v := c
		v.ID, v.Request, v.Proof = fmt.Sprintf("%s~%d", c.ID, len(out)+1), req, text
		out = append(out, v)
	}
	return out
}

// likeness gives the test of whether a request is to its operation what the
// case is.
func (m *maker) likeness(c plumbline.Case) (func(plumbline.Request) (string, bool), bool) {
	target := m.placeOf(c)
	if c.Kind == plumbline.CaseRobust {
		return func(req plumbline.Request) (string, bool) {
			return c.Proof, untouched(target(req), c.Request, req) && m.othersHold(req, target(req).name())
		}, true
	}
	if c.Kind != plumbline.CaseInvalid {
		return func(req plumbline.Request) (string, bool) {
			return "every place was decoded and is valid", m.othersHold(req, "")
		}, true
	}
	first := m.proveInvalid(target(c.Request), c.Request)
	if !first.holds || len(first.breaches) == 0 {
		return nil, false
	}
	return func(req plumbline.Request) (string, bool) {
		p := target(req)
		now := m.proveInvalid(p, req)
		return now.text, now.holds && len(now.breaches) > 0 && alike(first.breaches[0], now.breaches[0]) && m.othersHold(req, p.name())
	}, true
}

// othersHold tells whether all places but one are valid.
func (m *maker) othersHold(req plumbline.Request, but string) bool {
	for _, p := range m.documented(req) {
		if p.name() == but || p.param != nil && m.bound(p.param) {
			continue
		}
		if !m.proveValid(p, req).holds {
			return false
		}
	}
	return true
}

// untouched tells whether a place has the same bytes in two requests.
func untouched(p place, a, b plumbline.Request) bool {
	if p.param == nil {
		return string(a.Body) == string(b.Body)
	}
	return rawOf(a, p.param) == rawOf(b, p.param)
}

func alike(a, b schema.Breach) bool { return a.Keyword == b.Keyword && a.Pointer == b.Pointer }

// rawOf is a query parameter as it stands in a request.
func rawOf(req plumbline.Request, p *openapi3.Parameter) string {
	for _, part := range strings.Split(req.Query, "&") {
		if k, _, _ := strings.Cut(part, "="); unescape(k) == p.Name {
			return part
		}
	}
	return ""
}

// documented are the places of a request, the body in its own media type.
func (m *maker) documented(req plumbline.Request) []place {
	var out []place
	for _, p := range m.op.Params {
		out = append(out, place{param: p})
	}
	if b := m.op.Op.RequestBody; b != nil && b.Value != nil && len(b.Value.Content) > 0 {
		out = append(out, m.bodyPlace(b.Value.Content, req))
	}
	return out
}

func (m *maker) bodyPlace(content openapi3.Content, req plumbline.Request) place {
	media, _ := headerOf(req, "Content-Type")
	for _, name := range mediaTypes(content) {
		if baseMedia(name) == baseMedia(media) || rank(name) == rankAny {
			return place{mt: content[name]}
		}
	}
	_, mt := preferred(content)
	return place{mt: mt}
}

// placeOf finds the place of a case in requests like it.
func (m *maker) placeOf(c plumbline.Case) func(plumbline.Request) place {
	return func(req plumbline.Request) place {
		best := place{}
		for _, p := range m.documented(req) {
			if name := p.name(); c.Pointer == name || strings.HasPrefix(c.Pointer, name+"/") {
				best = p
			}
		}
		return best
	}
}

// reductions are requests with one thing less each.
func (m *maker) reductions(req plumbline.Request) []plumbline.Request {
	var out []plumbline.Request
	if len(req.Body) > 0 {
		less := copied(req)
		less.Body = nil
		delete(less.Header, "Content-Type")
		out = append(out, less)
	}
	out = append(out, lessQuery(req)...)
	out = append(out, lessHeader(req)...)
	media, _ := headerOf(req, "Content-Type")
	switch rank(media) {
	case rankJSON, rankPlusJSON:
		if v, err := decodeJSON(req.Body); err == nil {
			for _, smaller := range reduced(v) {
				if data, err := json.Marshal(smaller); err == nil && len(data) < len(req.Body) {
					less := copied(req)
					less.Body = data
					out = append(out, less)
				}
			}
		}
	case rankForm:
		for _, text := range lessPairs(string(req.Body), "&") {
			less := copied(req)
			less.Body = []byte(text)
			out = append(out, less)
		}
	case rankText:
		for _, text := range shorter(string(req.Body)) {
			less := copied(req)
			less.Body = []byte(text)
			out = append(out, less)
		}
	}
	return out
}

func copied(req plumbline.Request) plumbline.Request {
	req.Header = maps.Clone(req.Header)
	return req
}

func lessQuery(req plumbline.Request) []plumbline.Request {
	var out []plumbline.Request
	for _, q := range lessPairs(req.Query, "&") {
		less := copied(req)
		less.Query = q
		out = append(out, less)
	}
	return out
}

// lessPairs are a list of pairs without each of its names, then without each
// of the pairs of a name that it has twice, then with shorter values.
func lessPairs(s, sep string) []string {
	if s == "" {
		return nil
	}
	parts := strings.Split(s, sep)
	count := map[string]int{}
	name := func(part string) string {
		k, _, _ := strings.Cut(strings.TrimSpace(part), "=")
		return k
	}
	for _, p := range parts {
		count[name(p)]++
	}
	var out []string
	for _, k := range slices.Sorted(maps.Keys(count)) {
		out = append(out, strings.Join(slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return name(p) == k }), sep))
	}
	for i, p := range parts {
		if count[name(p)] > 1 {
			out = append(out, strings.Join(slices.Delete(slices.Clone(parts), i, i+1), sep))
		}
		k, v, _ := strings.Cut(p, "=")
		for _, text := range shorter(unescape(v)) {
			less := slices.Clone(parts)
			less[i] = k + "=" + escaper(false)(text)
			out = append(out, strings.Join(less, sep))
		}
	}
	return out
}

func lessHeader(req plumbline.Request) []plumbline.Request {
	var out []plumbline.Request
	for _, k := range sortedKeys(req.Header) {
		switch {
		case k == "Content-Type" || k == "Accept":
		case k == "Cookie" && len(req.Header[k]) == 1:
			for _, c := range lessPairs(req.Header[k][0], "; ") {
				less := copied(req)
				if less.Header[k] = []string{c}; c == "" {
					delete(less.Header, k)
				}
				out = append(out, less)
			}
		default:
			less := copied(req)
			delete(less.Header, k)
			out = append(out, less)
		}
	}
	return out
}

// reduced are values with one member, one element or part of a text less,
// those near the root first.
func reduced(v any) []any {
	type at struct {
		path  []string
		value any
	}
	var out, texts []any
	for queue := []at{{nil, v}}; len(queue) > 0 && len(out) < 4*mostSmaller; queue = queue[1:] {
		here := queue[0]
		below := func(token string, e any) {
			path := append(slices.Clone(here.path), token)
			out = append(out, put(v, path, nil, true))
			queue = append(queue, at{path, e})
		}
		switch x := here.value.(type) {
		case map[string]any:
			for _, k := range sortedKeys(x) {
				below(k, x[k])
			}
		case []any:
			if len(x) > 2 {
				out = append(out, put(v, here.path, x[:len(x)/2], false), put(v, here.path, x[len(x)/2:], false))
			}
			for i, e := range x {
				below(strconv.Itoa(i), e)
			}
		case string:
			for _, s := range shorter(x) {
				texts = append(texts, put(v, here.path, s, false))
			}
		}
	}
	return append(out, texts...)
}

// shorter are the beginnings of a text: a character, half of it, all but one.
func shorter(s string) []string {
	r := []rune(s)
	var out []string
	for _, n := range []int{1, len(r) / 2, len(r) - 1} {
		if n > 0 && n < len(r) && !slices.Contains(out, string(r[:n])) {
			out = append(out, string(r[:n]))
		}
	}
	return out
}
