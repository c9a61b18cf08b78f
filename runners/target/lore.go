package target

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/plumbline-dev/plumbline"
)

// Bounds of what is learnt.
const (
	// MostVariants is how many sets of values are tried of one operation.
	MostVariants = 3
	mostSeen     = 16 // things that are looked at of one list
	mostLearnt   = 256
)

// A lore is what the run has learnt of lists, and which of it an operation has
// accepted. What is settled does not change any more.
type lore struct {
	mu      sync.Mutex
	seen    map[string][]showing // of a list, by the operation
	settled map[string]int       // variant, by operation
	cases   map[string]lesson    // by the case and its request
}

// A showing is one of the things that a list shows.
type showing struct {
	index int // in the answer
	item  any
	key   string // what it is ordered by
}

// A lesson is a case with values that were learnt.
type lesson struct {
	request plumbline.Request
	unique  []plumbline.Bind
	learnt  []string
}

// Notice takes in what a list shows. The first answer of an operation that shows
// anything counts; its things are ordered by what they hold.
func (p *Pool) Notice(operation string, a Answer) {
	if a.Error != "" || a.Status/100 != 2 {
		return
	}
	op, ok := p.operation(operation)
	if !ok || !op.Safe() {
		return
	}
	p.lore.mu.Lock()
	defer p.lore.mu.Unlock()
	if p.lore.seen == nil {
		p.lore.seen = map[string][]showing{}
	}
	for _, o := range p.Operations {
		for _, l := range o.Lessons {
			at, _, ok := strings.Cut(l.Pointer, "/*")
			key := operation + " " + at
			if ok && l.From == operation && len(p.lore.seen[key]) == 0 {
				p.lore.seen[key] = things(a.Response.Body, at)
			}
		}
	}
}

// things are those of the list at a pointer.
func things(body []byte, at string) []showing {
	v, _ := decoded(body)
	for _, t := range tokens(at) {
		v = child(v, t)
	}
	list, _ := v.([]any)
	var out []showing
	for i, item := range list[:min(len(list), mostSeen)] {
		key, err := json.Marshal(item) // with the members in order
		if err == nil {
			out = append(out, showing{i, item, string(key)})
		}
	}
	slices.SortStableFunc(out, func(a, b showing) int { return cmp.Compare(a.key, b.key) })
	return out
}

func decoded(body []byte) (v any, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return v, dec.Decode(&v) == nil
}

// A finding is a value for a place, and where it was seen.
type finding struct {
	value any
	from  string // "listProducts /items/0/sku"
}

// found are the values for one place of an operation, in order, no secret among
// them. Lists take turns.
func (p *Pool) found(all []plumbline.Lesson) []finding {
	var out []finding
	for turn := range mostSeen {
		for _, l := range all {
			at, rest, _ := strings.Cut(l.Pointer, "/*")
			seen := p.lore.seen[l.From+" "+at]
			if turn >= len(seen) || len(out) == MostVariants {
				continue
			}
			v := seen[turn].item
			for _, t := range tokens(rest) {
				v = child(v, t)
			}
			if !p.open(l, v) || slices.ContainsFunc(out, func(f finding) bool { return f.value == v }) {
				continue
			}
			out = append(out, finding{v, fmt.Sprintf("%s %s/%d%s", l.From, at, seen[turn].index, rest)})
		}
	}
	return out
}

var looksSecret = regexp.MustCompile(`^eyJ[\w-]+\.[\w-]+\.[\w-]*$|-----BEGIN |^(?i:bearer|basic) \S`)

// open tells whether a value may be used: one that can stand in a request, and
// that neither its name nor itself shows to be a secret.
func (p *Pool) open(l plumbline.Lesson, v any) bool {
	var text string
	switch x := v.(type) {
	case string:
		text = x
	case json.Number:
		text = x.String()
	}
	if text == "" || len(text) > mostLearnt || looksSecret.MatchString(strings.TrimSpace(text)) {
		return false
	}
	if p.Client == nil {
		return true
	}
	for _, name := range append(tokens(l.Name), tokens(l.Pointer)...) {
		if p.Client.hide.secret(name) {
			return false
		}
	}
	return p.Client.hide.text(text) == text
}

// Trials are the cases by which it is tried whether an operation demands values
// that exist: the seed request, and the one with most of the places for them.
func (p *Pool) Trials(operation string) []plumbline.Case {
	op, _ := p.operation(operation)
	var out, more []plumbline.Case
	most := 0
	for i, c := range op.Cases {
		n := 0
		for _, l := range op.Lessons {
			if _, ok := replaced(c.Request, l, "x"); ok && !about(c, l) {
				n++
			}
		}
		switch {
		case n > 0 && i == 0:
			most, out = n, append(out, c)
		case n > most:
			most, more = n, []plumbline.Case{c}
		}
	}
	return append(out, more...)
}

// Variant is the case with the n-th set of the values that were seen; of the
// places whose proof would be lost, none is changed. Without any it is the case
// as it was, and nothing is learnt.
func (p *Pool) Variant(c plumbline.Case, n int) (plumbline.Case, []string) {
	op, ok := p.operation(c.Operation)
	if !ok || p.Holds == nil || unteachable(c) {
		return c, nil
	}
	p.lore.mu.Lock()
	defer p.lore.mu.Unlock()
	return p.variant(op, c, n)
}

// unteachable tells whether a case stays as it is: that of another document, and
// one for which nothing is proved.
func unteachable(c plumbline.Case) bool {
	return c.Origin == plumbline.OriginReleased || c.Kind == plumbline.CaseRobust
}

func (p *Pool) variant(op plumbline.Operation, c plumbline.Case, n int) (plumbline.Case, []string) {
	var learnt []string
	for i, l := range op.Lessons {
		elsewhere := func(o plumbline.Lesson) bool { return o.In != l.In || o.Name != l.Name }
		all := p.found(slices.DeleteFunc(slices.Clone(op.Lessons[i:]), elsewhere))
		again := slices.ContainsFunc(op.Lessons[:i], func(o plumbline.Lesson) bool { return !elsewhere(o) })
		if len(all) == 0 || again || about(c, l) {
			continue
		}
		f := all[n%len(all)]
		req, ok := replaced(c.Request, l, f.value)
		if !ok || len(learnt) == 0 && !p.Holds(c, c.Request) || !p.Holds(c, req) {
			continue
		}
		c.Request = req
		c.Unique = slices.DeleteFunc(slices.Clone(c.Unique), func(b plumbline.Bind) bool { return b.In == l.In && b.Name == l.Name })
		learnt = append(learnt, placeName(l)+" from "+f.from)
	}
	return c, learnt
}

func placeName(l plumbline.Lesson) string { return l.In + "/" + strings.TrimPrefix(l.Name, "/") }

// about tells whether a case is about the place itself, or a live value goes
// there: then it stays as it is.
func about(c plumbline.Case, l plumbline.Lesson) bool {
	if slices.ContainsFunc(c.Binds, func(b plumbline.Bind) bool { return b.In == l.In && b.Name == l.Name }) {
		return true
	}
	at, want := strings.Split(c.Pointer, "/"), strings.Split(placeName(l), "/")
	if len(at) < len(want) {
		return false
	}
	for i, w := range want {
		if w != "*" && w != at[i] {
			return false
		}
	}
	return true
}

// Settle fixes the values that an operation has accepted: from now on its cases
// have them.
func (p *Pool) Settle(operation string, variant int) {
	p.lore.mu.Lock()
	defer p.lore.mu.Unlock()
	if p.lore.settled == nil {
		p.lore.settled, p.lore.cases = map[string]int{}, map[string]lesson{}
	}
	if _, done := p.lore.settled[operation]; !done {
		p.lore.settled[operation] = variant
	}
}

// Taught is the case with the values that its operation has accepted, and what
// was learnt: "body/sku from listProducts /items/0/sku".
func (p *Pool) Taught(c plumbline.Case) (plumbline.Case, []string) {
	p.lore.mu.Lock()
	n, ok := p.lore.settled[c.Operation]
	if !ok || unteachable(c) {
		p.lore.mu.Unlock()
		return c, nil
	}
	key := keyOf(c)
	got, ok := p.lore.cases[key]
	p.lore.mu.Unlock()
	if !ok {
		t, learnt := p.Variant(c, n)
		got = lesson{t.Request, t.Unique, learnt}
		p.lore.mu.Lock()
		p.lore.cases[key] = got
		p.lore.mu.Unlock()
	}
	if len(got.learnt) > 0 {
		c.Request, c.Unique = clone(got.request), got.unique
	}
	return c, got.learnt
}

// keyOf tells cases apart, those of flows that share an ID too.
func keyOf(c plumbline.Case) string {
	parts := []string{c.ID, string(c.Kind), c.Pointer, c.Request.Method, c.Request.Path, c.Request.Query, string(c.Request.Body)}
	for _, b := range slices.Concat(c.Binds, c.Unique) {
		parts = append(parts, b.In, b.Name)
	}
	return strings.Join(parts, "\x00")
}

// replaced is the request with another value at a place that it has.
func replaced(r plumbline.Request, l plumbline.Lesson, v any) (plumbline.Request, bool) {
	if l.In == "query" {
		return replacedQuery(r, l.Name, fmt.Sprint(v))
	}
	if h, _ := headerValue(r.Header, "Content-Type"); !strings.Contains(h, "json") {
		return r, false
	}
	doc, ok := decoded(r.Body)
	if !ok || !replace(doc, tokens(l.Name), v) {
		return r, false
	}
	body, err := json.Marshal(doc)
	if err != nil {
		return r, false
	}
	r = clone(r)
	r.Body = body
	return r, true
}

func replacedQuery(r plumbline.Request, name, text string) (plumbline.Request, bool) {
	pairs, ok := strings.Split(r.Query, "&"), false
	for i, pair := range pairs {
		k, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(k); err == nil && plain == name {
			pairs[i], ok = k+"="+url.QueryEscape(text), true
		}
	}
	r.Query = strings.Join(pairs, "&")
	return r, ok
}

// replace puts a value at a path, wherever it is there already.
func replace(at any, path []string, v any) bool {
	done := false
	switch x := at.(type) {
	case map[string]any:
		switch was, has := x[path[0]]; {
		case has && len(path) > 1:
			return replace(was, path[1:], v)
		case has && was != nil:
			x[path[0]], done = v, true
		}
	case []any:
		for i := range x {
			if path[0] != "*" && path[0] != strconv.Itoa(i) {
				continue
			}
			if len(path) > 1 {
				done = replace(x[i], path[1:], v) || done
			} else {
				x[i], done = v, true
			}
		}
	}
	return done
}
