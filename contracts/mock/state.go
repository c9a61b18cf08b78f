package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A thing is a resource that a request created.
type thing struct {
	ids    []string       // texts by which a path may name it
	fields map[string]any // what was sent, and what was answered
	shown  map[string]any // answers by operation, until it changes
}

// carry carries out a request on what the server holds and fills the answer;
// false when the path names a thing that is not there.
func (s *Server) carry(c *call, r *reply) bool {
	collection, id, item := split(c.req.URL.EscapedPath())
	if !s.ancestors(c) {
		return false
	}
	switch {
	case item && endsInParameter(c.route.template):
		return s.single(c, r, collection, id)
	case c.op.Method == http.MethodPost && s.hasItems(c.route.template):
		s.create(c, r)
		return true
	}
	s.fill(c, r)
	if c.op.Method == http.MethodGet && r.json {
		if s.hasItems(c.route.template) {
			s.list(c, r)
		}
		s.grant(c, r)
	}
	return true
}

func split(path string) (collection, id string, ok bool) {
	path = strings.TrimSuffix(path, "/")
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", false
	}
	return path[:i], unescapePath(path[i+1:]), true
}

// endsInParameter tells whether the last segment of a template is a parameter
// and nothing else.
func endsInParameter(template string) bool {
	last := template[strings.LastIndexByte(template, '/')+1:]
	return strings.HasPrefix(last, "{") && strings.HasSuffix(last, "}") && strings.Count(last, "{") == 1
}

// hasItems tells whether the document has paths of single things of a
// collection, or of what belongs to one of them.
func (s *Server) hasItems(template string) bool {
	return slices.ContainsFunc(s.routes, func(r *route) bool {
		rest, ok := strings.CutPrefix(r.template, strings.TrimSuffix(template, "/")+"/{")
		_, after, closed := strings.Cut(rest, "}")
		return ok && closed && (after == "" || after[0] == '/')
	})
}

// creator tells whether things of a collection are made by POST on it.
func (s *Server) creator(template string) bool {
	return slices.ContainsFunc(s.routes, func(r *route) bool {
		_, post := r.ops[http.MethodPost]
		return post && strings.TrimSuffix(r.template, "/") == strings.TrimSuffix(template, "/")
	})
}

// ancestors tells whether everything is there that the path passes through.
func (s *Server) ancestors(c *call) bool {
	segments, names := strings.Split(c.req.URL.EscapedPath(), "/"), strings.Split(c.route.template, "/")
	for i := 1; i < len(names)-1 && i < len(segments)-1; i++ {
		template := strings.Join(names[:i+1], "/")
		if !endsInParameter(template) || !s.creator(strings.Join(names[:i], "/")) {
			continue
		}
		id := unescapePath(segments[i])
		if s.find1(strings.Join(segments[:i], "/"), id) == nil && !slices.Contains(s.granted[template], id) {
			return false
		}
	}
	return true
}

func (s *Server) find1(collection, id string) *thing {
	for _, t := range s.things[collection] {
		if slices.Contains(t.ids, id) {
			return t
		}
	}
	return nil
}

// single carries out a request on one thing. One of a collection that nothing
// creates is there until it is deleted.
func (s *Server) single(c *call, r *reply, collection, id string) bool {
	path := collection + "/" + id
	parent := c.route.template[:strings.LastIndexByte(c.route.template, '/')]
	t := s.find1(collection, id)
	if t == nil {
		made := s.creator(parent) && !slices.Contains(s.granted[c.route.template], id)
		if made && c.op.Method != http.MethodPut || s.gone[path] && c.op.Method != http.MethodPut {
			return false
		}
		if made && !slices.Contains(statuses(c.op.Op), http.StatusCreated) {
			return false
		}
		t = &thing{ids: []string{id}, fields: map[string]any{}}
		s.things[collection] = append(s.things[collection], t)
		delete(s.gone, path)
	}
	switch c.op.Method {
	case http.MethodDelete:
		s.things[collection] = slices.DeleteFunc(s.things[collection], func(o *thing) bool { return o == t })
		s.gone[path] = true
	case http.MethodPut, http.MethodPatch, http.MethodPost:
		t.change(c)
	}
	s.fill(c, r)
	if c.op.Method != http.MethodDelete {
		s.show(c, r, t)
	}
	return true
}

// vacant tells whether nothing is there yet under the name that the path of a
// request has.
func (s *Server) vacant(c *call) bool {
	collection, id, item := split(c.req.URL.EscapedPath())
	return item && endsInParameter(c.route.template) && s.find1(collection, id) == nil && !slices.Contains(s.granted[c.route.template], id)
}

// change takes over what a request says of a thing: a PUT all of it, others
// member by member. What names it stays.
func (t *thing) change(c *call) {
	sent, ok := c.value.(map[string]any)
	t.shown = nil
	if !ok {
		return
	}
	if c.op.Method == http.MethodPut {
		maps.DeleteFunc(t.fields, func(_ string, v any) bool { return !slices.Contains(t.ids, simple(v)) })
	}
	for k, v := range sent {
		if v == nil && strings.Contains(c.req.Header.Get("Content-Type"), "merge-patch") {
			delete(t.fields, k)
			continue
		}
		if have, there := t.fields[k]; !there || !slices.Contains(t.ids, simple(have)) {
			t.fields[k] = v
		}
	}
}

// show answers with a thing: as it was shown before, or a new answer with all
// that is known of it.
func (s *Server) show(c *call, r *reply, t *thing) {
	if !r.json {
		return
	}
	if v, ok := t.shown[c.op.ID]; ok {
		r.value = v
		return
	}
	r.value = s.overlay(r.ref, r.value, t.fields)
	if m, ok := inner(r.ref, r.value, t.fields).(map[string]any); ok {
		for k, v := range m {
			if _, has := t.fields[k]; !has {
				t.fields[k] = v
			}
		}
	}
	if t.shown == nil {
		t.shown = map[string]any{}
	}
	t.shown[c.op.ID] = r.value
}

// inner is the part of an answer that holds a thing: the whole, or the one
// member that has its fields.
func inner(ref *openapi3.SchemaRef, v any, fields map[string]any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	names := properties(ref, 0)
	if shares(names, fields) {
		return m
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if sub, ok := m[k].(map[string]any); ok && shares(properties(names[k], 0), fields) {
			return sub
		}
	}
	return m
}

func shares(names openapi3.Schemas, fields map[string]any) bool {
	for k := range fields {
		if names[k] != nil {
			return true
		}
	}
	return false
}

// overlay puts fields into a value as far as its schema allows: all of them,
// else one after the other.
func (s *Server) overlay(ref *openapi3.SchemaRef, v any, fields map[string]any) any {
	m, ok := v.(map[string]any)
	if !ok || ref == nil {
		return v
	}
	names, key := holder(ref, m, fields)
	maker := &maker{set: s.set}
	mine := map[string]any{}
	for k, e := range fields {
		if p := names[k]; p != nil && p.Value != nil && !hidden(p.Value, 0) {
			mine[k] = e
		}
	}
	if all := with(m, key, mine); maker.valid(ref, plain(all)) {
		return plain(all)
	}
	out := m
	for _, k := range slices.Sorted(maps.Keys(mine)) {
		if one := with(out, key, map[string]any{k: mine[k]}); maker.valid(ref, plain(one)) {
			out = one
		}
	}
	return plain(out)
}

// holder is the member of an answer that holds a thing, empty for the whole,
// and the properties that it has.
func holder(ref *openapi3.SchemaRef, m, fields map[string]any) (openapi3.Schemas, string) {
	names := properties(ref, 0)
	if shares(names, fields) {
		return names, ""
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if _, object := m[k].(map[string]any); object && shares(properties(names[k], 0), fields) {
			return properties(names[k], 0), k
		}
	}
	return names, ""
}

// with is an object with more members, or with more in one of them.
func with(base map[string]any, key string, more map[string]any) map[string]any {
	out := maps.Clone(base)
	if key == "" {
		maps.Copy(out, more)
		return out
	}
	in, _ := out[key].(map[string]any)
	in = maps.Clone(in)
	maps.Copy(in, more)
	out[key] = in
	return out
}

// create makes a new thing and answers with it.
func (s *Server) create(c *call, r *reply) {
	collection := strings.TrimSuffix(c.req.URL.EscapedPath(), "/")
	sent, _ := c.value.(map[string]any)
	for try := range tries {
		s.made++
		c.rng = s.random(fmt.Sprint(c.op.ID, s.made))
		s.fill(c, r)
		s.name(r)
		t := &thing{fields: s.fitting(sent, s.needed(c.op.ID))}
		s.show(c, r, t)
		t.shown = nil
		t.ids = ids(t.fields, s.parameter(c.route.template))
		s.named(c, t, r.value)
		t.ids = append(t.ids, enveloped(r.value, s.parameter(c.route.template))...)
		t.ids = s.addressable(c, t.ids)
		if len(t.ids) == 0 || try == tries-1 {
			t.ids = []string{strconv.FormatUint(s.made, 10)}
		}
		if slices.ContainsFunc(t.ids, func(id string) bool { return s.find1(collection, id) != nil }) {
			continue
		}
		if _, has := r.header["Location"]; has || r.status == http.StatusCreated || len(s.locates(c.op.ID)) > 0 {
			s.locate(c, r, collection+"/"+url.PathEscape(t.ids[0]))
		}
		s.things[collection] = append(s.things[collection], t)
		return
	}
}

// name gives an identifier to an answer that may have any properties: nobody
// could ask for what was made without one.
func (s *Server) name(r *reply) {
	m, ok := r.value.(map[string]any)
	if !ok || len(properties(r.ref, 0)) > 0 {
		return
	}
	maker := &maker{set: s.set}
	if v := with(m, "", map[string]any{"id": strconv.FormatUint(s.made, 10)}); maker.valid(r.ref, plain(v)) {
		r.value = v
	}
}

// locate tells where a new thing is: by its path, or by its whole address where
// the document asks for that.
func (s *Server) locate(c *call, r *reply, path string) {
	r.header.Set("Location", path)
	if r.response == nil {
		return
	}
	maker := &maker{set: s.set}
	for name, h := range r.response.Headers {
		if strings.EqualFold(name, "Location") && h != nil && h.Value != nil && h.Value.Schema != nil && !maker.valid(h.Value.Schema, path) {
			r.header.Set("Location", "http://"+c.req.Host+path)
		}
	}
}

// parameter is the name by which paths below a collection call one of its
// things.
func (s *Server) parameter(template string) string {
	for _, r := range s.routes {
		if rest, ok := strings.CutPrefix(r.template, strings.TrimSuffix(template, "/")+"/{"); ok {
			name, _, _ := strings.Cut(rest, "}")
			return name
		}
	}
	return ""
}

// ids are the texts of a thing's fields that look like names of it, the best
// first.
func ids(fields map[string]any, parameter string) []string {
	var out []string
	add := func(match func(string) bool) {
		for _, k := range slices.Sorted(maps.Keys(fields)) {
			text, plain := scalar(fields[k])
			if plain && match(strings.ToLower(k)) && text != "" && !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	add(func(k string) bool { return k == strings.ToLower(parameter) })
	add(func(k string) bool { return slices.Contains([]string{"id", "_id", "uuid", "uid"}, k) })
	if len(out) == 0 {
		add(func(k string) bool {
			return strings.HasSuffix(k, "id") || strings.HasSuffix(k, "key") || slices.Contains([]string{"name", "slug", "code"}, k)
		})
	}
	return out
}

// enveloped are the names of a thing that an answer holds in a member, alone or
// as the first of a list.
func enveloped(v any, parameter string) []string {
	m, _ := v.(map[string]any)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		e := m[k]
		if list, ok := e.([]any); ok && len(list) > 0 {
			e = list[0]
		}
		if fields, ok := e.(map[string]any); ok {
			out = append(out, ids(fields, parameter)...)
		}
	}
	return out
}

func scalar(v any) (string, bool) {
	switch v.(type) {
	case string, json.Number:
		return simple(v), true
	}
	return "", false
}
