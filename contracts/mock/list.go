package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// list answers with the things of a collection, a page at a time.
func (s *Server) list(c *call, r *reply) {
	collection := strings.TrimSuffix(c.req.URL.EscapedPath(), "/")
	if !s.creator(c.route.template) {
		return
	}
	key, ref := listIn(r.ref)
	if ref == nil {
		return
	}
	needs := s.needed(c.op.ID, held(key)...)
	s.seed(c, collection, items(ref, 0), key)
	all := sorted(c, s.things[collection])
	from, to := s.page(c, len(all))
	list := []any{}
	for _, t := range all[from:to] {
		m := &maker{set: s.set, rng: s.random("item " + strings.Join(t.ids, " "))}
		v, ok := m.value(items(ref, 0))
		if !ok {
			return
		}
		v = s.supply(m, items(ref, 0), s.overlay(items(ref, 0), v, t.fields), needs)
		s.named(c, t, v, held(key)...)
		list = append(list, v)
	}
	maker := &maker{set: s.set}
	if key == "" {
		if maker.valid(r.ref, plain(list)) {
			r.value = plain(list)
		}
		return
	}
	m, ok := r.value.(map[string]any)
	if !ok {
		return
	}
	out := maps.Clone(m)
	out[key] = list
	s.envelope(c, r.ref, out, len(all), to)
	if maker.valid(r.ref, plain(out)) {
		r.value = plain(out)
	}
}

// seed puts two things into a collection when it is first listed and nothing
// was created in it: a service has data.
func (s *Server) seed(c *call, collection string, item *openapi3.SchemaRef, key string) {
	if s.seeded[collection] {
		return
	}
	s.seeded[collection] = true
	for i := range 2 {
		m := &maker{set: s.set, rng: s.random(fmt.Sprint("seed ", collection, i))}
		v, ok := m.value(item)
		fields, object := s.supply(m, item, v, s.needed(c.op.ID, held(key)...)).(map[string]any)
		if !ok || !object {
			return
		}
		t := &thing{fields: maps.Clone(fields), ids: ids(fields, s.parameter(c.route.template))}
		s.named(c, t, fields, held(key)...)
		if len(t.ids) > 0 && !slices.ContainsFunc(t.ids, func(id string) bool { return s.find1(collection, id) != nil }) {
			s.things[collection] = append(s.things[collection], t)
		}
	}
}

// held is the pointer to a list in an answer; never nil.
func held(key string) []string {
	if key == "" {
		return []string{}
	}
	return []string{key}
}

// listIn finds the list in the schema of an answer: the whole, or a member.
func listIn(ref *openapi3.SchemaRef) (string, *openapi3.SchemaRef) {
	if may(ref, "array") {
		return "", ref
	}
	names := properties(ref, 0)
	for _, k := range slices.Sorted(maps.Keys(names)) {
		if may(names[k], "array") && may(items(names[k], 0), "object") {
			return k, names[k]
		}
	}
	return "", nil
}

// page is the part of a list that a request asks for.
func (s *Server) page(c *call, n int) (from, to int) {
	q := c.req.URL.Query()
	number := func(otherwise int, names ...string) int {
		p := asks(c, names...)
		if p == nil || !q.Has(p.Name) {
			return otherwise
		}
		if at, ok := s.cursors[c.req.URL.Path+" "+q.Get(p.Name)]; ok {
			return at
		}
		if v, err := strconv.Atoi(q.Get(p.Name)); err == nil && v >= 0 {
			return v
		}
		return otherwise
	}
	size := number(n, "limit", "per_page", "page_size", "pagesize", "size", "count", "maxresults", "top", "$top")
	from = number(0, froms()...)
	if p := number(-1, "page", "page_number"); p > 0 {
		from = (p - 1) * max(size, 1)
	}
	from = min(from, n)
	return from, min(n, from+max(size, 0))
}

// asks is the query parameter of an operation that has one of these names.
func asks(c *call, names ...string) *openapi3.Parameter {
	for _, p := range c.op.Params {
		if p.In == openapi3.ParameterInQuery && slices.Contains(names, strings.ToLower(p.Name)) {
			return p
		}
	}
	return nil
}

// froms are the names of parameters that say where a page begins.
func froms() []string {
	return []string{"offset", "skip", "cursor", "after", "page_token", "pagetoken", "start", "$skip"}
}

// envelope tells what surrounds a page: how many there are, and the next one.
func (s *Server) envelope(c *call, ref *openapi3.SchemaRef, out map[string]any, n, to int) {
	named := properties(ref, 0)
	for _, k := range slices.Sorted(maps.Keys(named)) {
		_, has := out[k]
		switch strings.ToLower(strings.ReplaceAll(k, "_", "")) {
		case "total", "totalcount", "count", "totalitems":
			if has {
				out[k] = json.Number(strconv.Itoa(n))
			}
		case "hasmore", "more":
			if has || to < n {
				out[k] = to < n
			}
		case "next", "nextcursor", "nextpagetoken", "cursor":
			delete(out, k)
			if to < n && may(named[k], "string") {
				if cursor, ok := s.cursor(c, to); ok {
					out[k] = cursor
				}
			}
		}
	}
}

// cursor stands for a place in a list: its number where the parameter that
// takes it accepts that, else a value that it does accept.
func (s *Server) cursor(c *call, to int) (string, bool) {
	p, text := asks(c, froms()...), strconv.Itoa(to)
	if p == nil || s.reader.accepts(p.Schema, single(text)) {
		return text, p != nil
	}
	m := &maker{set: s.set, rng: s.random("cursor " + c.req.URL.Path + text)}
	v, ok := m.value(p.Schema)
	s.cursors[c.req.URL.Path+" "+simple(v)] = to
	return simple(v), ok
}
