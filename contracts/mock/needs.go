package mock

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A Need is a value of an answer of which other requests are made. Documents
// seldom say that both have the same schema, or that the value is there at all;
// a service that works sees to it.
type Need struct {
	Operation string              // whose answer has the value
	Pointer   string              // JSON pointer into the answer
	Schema    *openapi3.SchemaRef // of where the value is put; nil where nothing is known of it
	Below     string              // path of the collection of which it names a thing; empty elsewhere than in paths
	Named     string              // by the parameter of this name
}

// Needs are those of all cases of a document, in order.
func Needs(d *openapi.Doc, ops []plumbline.Operation) []Need {
	byID := map[string]openapi.Op{}
	for _, op := range d.Operations {
		byID[op.ID] = op
	}
	var out []Need
	for _, op := range ops {
		for _, c := range slices.Concat(op.Cases, op.Invalid) {
			for _, n := range needsOf(byID[op.ID], c) {
				if byID[n.Operation].ID != "" && !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
	}
	return out
}

// needsOf are the needs of one case, with those of its further sources.
func needsOf(op openapi.Op, c plumbline.Case) []Need {
	var out []Need
	for _, b := range c.Binds {
		for _, one := range append([]plumbline.Bind{b}, b.Else...) {
			one.In, one.Name = cmp.Or(one.In, b.In), cmp.Or(one.Name, b.Name)
			if one.Pointer != "" && one.Pointer[0] != '/' && one.Pointer != "header:Location" {
				continue
			}
			n := Need{Operation: one.From, Pointer: one.Pointer, Schema: taker(op, one)}
			if before, _, ok := strings.Cut(op.Path, "/{"+one.Name+"}"); ok && one.In == "path" {
				n.Below, n.Named = before, one.Name
			}
			out = append(out, n)
		}
	}
	return out
}

// taker is the schema of the place that a bind fills.
func taker(op openapi.Op, b plumbline.Bind) *openapi3.SchemaRef {
	if b.In != "body" {
		for _, p := range op.Params {
			if p.In == b.In && p.Name == b.Name {
				return p.Schema
			}
		}
		return nil
	}
	if op.Op == nil || op.Op.RequestBody == nil || op.Op.RequestBody.Value == nil {
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(op.Op.RequestBody.Value.Content)) {
		if m := op.Op.RequestBody.Value.Content[k]; m != nil && strings.Contains(k, "json") {
			return below(m.Schema, tokens(b.Name))
		}
	}
	return nil
}

// below is the schema of what stands at a pointer; nil when none is known.
func below(ref *openapi3.SchemaRef, path []string) *openapi3.SchemaRef {
	for _, t := range path {
		if _, err := strconv.Atoi(t); err == nil && may(ref, "array") {
			ref = items(ref, 0)
		} else {
			ref = property(ref, t)
		}
	}
	return ref
}

// needed are the needs of an answer by their pointers, or of any item of a list
// that stands at a pointer by what remains of theirs.
func (s *Server) needed(operation string, list ...string) map[string][]*openapi3.SchemaRef {
	out := map[string][]*openapi3.SchemaRef{}
	for _, n := range s.options.Needs {
		path := tokens(n.Pointer)
		if n.Operation != operation || strings.HasPrefix(n.Pointer, "header:") {
			continue
		}
		if list != nil {
			if len(path) <= len(list) || !slices.Equal(path[:len(list)], list) {
				continue
			}
			path = path[len(list)+1:]
		}
		at := strings.Join(path, "\x00")
		out[at] = append(out[at], n.Schema)
	}
	return out
}

// supply sees to it that a value holds what other requests are made of, as far
// as its own schema allows.
func (s *Server) supply(m *maker, ref *openapi3.SchemaRef, v any, needs map[string][]*openapi3.SchemaRef) any {
	for _, at := range slices.Sorted(maps.Keys(needs)) {
		var path []string
		if at != "" {
			path = strings.Split(at, "\x00")
		}
		v = s.supplied(m, ref, v, path, needs[at])
	}
	return v
}

func (s *Server) supplied(m *maker, ref *openapi3.SchemaRef, v any, path []string, takers []*openapi3.SchemaRef) any {
	best, most := v, -1
	if have, ok := at(v, path); ok {
		most = s.fits(have, takers)
	}
	for try := range tries {
		if most == len(takers) {
			break
		}
		leaf, ok := m.value(below(ref, path))
		if i := try % (len(takers) + 1); i > 0 && takers[i-1] != nil {
			leaf, ok = m.value(takers[i-1])
		}
		if may(below(ref, path), "string") { // numbers in paths are often texts in answers
			leaf = simple(leaf)
		}
		n := s.fits(leaf, takers)
		if !ok || n <= most {
			continue
		}
		if whole, ok := m.place(ref, v, path, leaf); ok && m.valid(ref, plain(whole)) {
			best, most = plain(whole), n
		}
	}
	return best
}

// fits counts the places that a value can be put into; below zero for one that
// cannot be put anywhere.
func (s *Server) fits(v any, takers []*openapi3.SchemaRef) int {
	text, ok := scalar(v)
	if !ok || text == "" {
		return -1
	}
	n := 0
	for _, ref := range takers {
		if ref == nil || s.reader.accepts(ref, single(text)) {
			n++
		}
	}
	return n
}

// place puts a value at a pointer and makes what leads there; false when that
// cannot be made.
func (m *maker) place(ref *openapi3.SchemaRef, v any, path []string, leaf any) (any, bool) {
	if len(path) == 0 {
		return leaf, true
	}
	if i, err := strconv.Atoi(path[0]); err == nil && may(ref, "array") {
		list, _ := v.([]any)
		list = slices.Clone(list)
		for len(list) <= i {
			e, ok := m.value(items(ref, 0))
			if !ok {
				return nil, false
			}
			list = append(list, e)
		}
		e, ok := m.place(items(ref, 0), list[i], path[1:], leaf)
		list[i] = e
		return list, ok
	}
	in, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	sub, old := property(ref, path[0]), in[path[0]]
	if old == nil && len(path) > 1 {
		if old, ok = m.value(sub); !ok {
			return nil, false
		}
	}
	e, ok := m.place(sub, old, path[1:], leaf)
	out := maps.Clone(in)
	out[path[0]] = e
	return out, ok
}

// named notes the values by which other requests may name a thing of which an
// answer tells, alone or in a list.
func (s *Server) named(c *call, t *thing, v any, list ...string) {
	for _, n := range s.options.Needs {
		path := tokens(n.Pointer)
		if n.Operation != c.op.ID || n.Below != strings.TrimSuffix(c.route.template, "/") || strings.HasPrefix(n.Pointer, "header:") {
			continue
		}
		if list != nil {
			path = path[min(len(list)+1, len(path)):]
		}
		e, ok := at(v, path)
		if id, plain := scalar(e); ok && plain && id != "" && !slices.Contains(t.ids, id) {
			t.ids = append(t.ids, id)
		}
	}
}

// grant sees to it that what a reading answer tells of elsewhere than in its
// collection is there: a service that works tells of nothing else.
func (s *Server) grant(c *call, r *reply) {
	for _, n := range s.options.Needs {
		if n.Operation != c.op.ID || n.Below == "" || n.Below == strings.TrimSuffix(c.route.template, "/") || strings.HasPrefix(n.Pointer, "header:") {
			continue
		}
		template := n.Below + "/{" + n.Named + "}"
		path := tokens(n.Pointer)
		v := plain(r.value)
		for i := range each(v, path) {
			e, ok := at(v, numbered(path, i))
			if id, plain := scalar(e); ok && plain && id != "" && !slices.Contains(s.granted[template], id) {
				s.granted[template] = append(s.granted[template], id)
			}
		}
	}
}

// each is how many values a pointer leads to, where its first number is that of
// the items of a list.
func each(v any, path []string) int {
	for i, t := range path {
		list, is := v.([]any)
		if _, err := strconv.Atoi(t); err == nil && is {
			return len(list)
		}
		var ok bool
		if v, ok = at(v, path[i:i+1]); !ok {
			return 0
		}
	}
	return 1
}

// numbered is a pointer with its first number replaced.
func numbered(path []string, n int) []string {
	out := slices.Clone(path)
	for i, t := range out {
		if _, err := strconv.Atoi(t); err == nil {
			out[i] = strconv.Itoa(n)
			break
		}
	}
	return out
}

// locates are the places that take the address of what an operation made from
// its answer.
func (s *Server) locates(operation string) []*openapi3.SchemaRef {
	var out []*openapi3.SchemaRef
	for _, n := range s.options.Needs {
		if n.Operation == operation && n.Pointer == "header:Location" {
			out = append(out, n.Schema)
		}
	}
	return out
}

// addressable are the names of a new thing that may stand in its address where
// somebody reads that; one is made up where none may.
func (s *Server) addressable(c *call, names []string) []string {
	takers := s.locates(c.op.ID)
	if len(takers) == 0 {
		return names
	}
	names = slices.DeleteFunc(names, func(id string) bool { return s.fits(id, takers) < len(takers) })
	if number := strconv.FormatUint(s.made, 10); len(names) == 0 && s.fits(number, takers) == len(takers) {
		return []string{number}
	}
	m := &maker{set: s.set, rng: c.rng}
	if v, ok := m.value(takers[0]); ok && len(names) == 0 {
		return []string{simple(v)}
	}
	return names
}

// fitting are the fields that a client sent, without an identifier by which the
// thing could not be asked for: the service gives it one of its own.
func (s *Server) fitting(sent map[string]any, needs map[string][]*openapi3.SchemaRef) map[string]any {
	out := maps.Clone(sent)
	if out == nil {
		return map[string]any{}
	}
	for place, takers := range needs {
		member := place[strings.LastIndexByte(place, 0)+1:]
		if v, has := out[member]; has && s.fits(v, takers) < len(takers) {
			delete(out, member)
		}
	}
	return out
}

// Have sees to it that there is a thing that a parameter of an operation's path
// can name, and returns its name; false where no value was found.
func (s *Server) Have(operation, parameter string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, op := range s.doc.Operations {
		before, _, found := strings.Cut(op.Path, "/{"+parameter+"}")
		if op.ID != operation || !found {
			continue
		}
		s.made++
		m := &maker{set: s.set, rng: s.random("have " + parameter + strconv.FormatUint(s.made, 10))}
		for _, p := range op.Params {
			if p.In != openapi3.ParameterInPath || p.Name != parameter {
				continue
			}
			v, ok := m.value(p.Schema)
			id := simple(v)
			template := before + "/{" + parameter + "}"
			s.granted[template] = append(s.granted[template], id)
			return id, ok && id != ""
		}
	}
	return "", false
}
