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
	s.seed(c, collection, items(ref, 0))
	all := s.things[collection]
	from, to := page(c, len(all))
	list := []any{}
	for _, t := range all[from:to] {
		m := &maker{set: s.set, rng: s.random("item " + strings.Join(t.ids, " "))}
		v, ok := m.value(items(ref, 0))
		if !ok {
			return
		}
		list = append(list, s.overlay(items(ref, 0), v, t.fields))
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
	envelope(out, len(all), to)
	if maker.valid(r.ref, plain(out)) {
		r.value = plain(out)
	}
}

// seed puts two things into a collection when it is first listed and nothing
// was created in it: a service has data.
func (s *Server) seed(c *call, collection string, item *openapi3.SchemaRef) {
	if s.seeded[collection] {
		return
	}
	s.seeded[collection] = true
	for i := range 2 {
		m := &maker{set: s.set, rng: s.random(fmt.Sprint("seed ", collection, i))}
		v, ok := m.value(item)
		fields, object := v.(map[string]any)
		if !ok || !object {
			return
		}
		t := &thing{fields: maps.Clone(fields), ids: ids(fields, s.parameter(c.route.template))}
		if len(t.ids) > 0 && !slices.ContainsFunc(t.ids, func(id string) bool { return s.find1(collection, id) != nil }) {
			s.things[collection] = append(s.things[collection], t)
		}
	}
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
func page(c *call, n int) (from, to int) {
	q := c.req.URL.Query()
	number := func(otherwise int, names ...string) int {
		for _, p := range c.op.Params {
			if p.In != openapi3.ParameterInQuery || !slices.Contains(names, strings.ToLower(p.Name)) {
				continue
			}
			if v, err := strconv.Atoi(q.Get(p.Name)); err == nil && v >= 0 {
				return v
			}
		}
		return otherwise
	}
	size := number(n, "limit", "per_page", "page_size", "pagesize", "size", "count", "maxresults", "top", "$top")
	from = number(0, "offset", "skip", "cursor", "after", "page_token", "pagetoken", "start", "$skip")
	if p := number(-1, "page", "page_number"); p > 0 {
		from = (p - 1) * max(size, 1)
	}
	from = min(from, n)
	return from, min(n, from+max(size, 0))
}

// envelope tells what surrounds a page: how many there are, and the next one.
func envelope(out map[string]any, n, to int) {
	for k, v := range out {
		switch strings.ToLower(strings.ReplaceAll(k, "_", "")) {
		case "total", "totalcount", "count", "totalitems":
			out[k] = json.Number(strconv.Itoa(n))
		case "hasmore", "more":
			out[k] = to < n
		case "next", "nextcursor", "nextpagetoken", "cursor":
			if _, text := v.(string); to < n && text {
				out[k] = strconv.Itoa(to)
			} else {
				delete(out, k)
			}
		}
	}
}
