package mock

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A wound is one way to break an answer.
type wound struct {
	keyword, pointer string
	path             []string // of the value in the body
	value            any
	remove           bool
	change           func(r *reply) // instead of a value
}

// rot breaks one promise of an answer: of those that can be broken, the one
// whose keyword was broken least often so far.
func (s *Server) rot(c *call, r *reply) {
	if r.unable || r.response == nil || c.req.Method == http.MethodHead {
		return
	}
	wounds := append(s.outer(c, r), within(r)...)
	if len(wounds) == 0 {
		return
	}
	slices.SortStableFunc(wounds, func(a, b wound) int { return s.broken[a.keyword] - s.broken[b.keyword] })
	best := slices.IndexFunc(wounds, func(w wound) bool { return s.broken[w.keyword] != s.broken[wounds[0].keyword] })
	if best < 0 {
		best = len(wounds)
	}
	w := wounds[c.rng.IntN(best)]
	s.broken[w.keyword]++
	if w.change != nil {
		w.change(r)
	} else {
		r.value = put(r.value, w.path, w.value, w.remove)
	}
	if s.options.Rotted != nil {
		s.options.Rotted(Rot{c.op.ID, w.keyword, w.pointer})
	}
}

// within are the wounds of what the schema of the body says: of the whole, or of
// one record of a stream.
func within(r *reply) []wound {
	switch {
	case r.ref == nil && r.item == nil:
		return nil
	case r.json:
		return woundsOf(r.ref, r.value)
	case len(r.records) > 0:
		return recorded(r)
	case strings.HasPrefix(baseOf(r.media), "text/"):
		return spoken(r.ref, string(r.raw), "text/", func(r *reply, text string) { r.raw = []byte(text) })
	}
	return nil
}

// recorded are the wounds of the last record of a stream. The fields of an event
// are texts on the wire, so nothing else can be put into them.
func recorded(r *reply) []wound {
	fields := r.item != nil && baseOf(r.media) == "text/event-stream"
	last := len(r.records) - 1
	var out []wound
	for _, w := range woundsOf(r.itemRef, r.records[last]) {
		if _, text := w.value.(string); fields && !text && !w.remove {
			continue
		}
		w.keyword, w.change = "stream/"+w.keyword, func(r *reply) {
			r.records[last] = put(r.records[last], w.path, w.value, w.remove)
		}
		out = append(out, w)
	}
	return out
}

func woundsOf(ref *openapi3.SchemaRef, v any) []wound {
	var w wounder
	w.walk(ref, v, nil, 0)
	return w.out
}

// spoken are the wounds of a schema of texts that can be sent outside of JSON:
// printable, and with nothing at their ends that a reader may take off.
func spoken(ref *openapi3.SchemaRef, now, prefix string, set func(*reply, string)) []wound {
	if ref == nil || ref.Value == nil || ref.Value.Type == nil || !ref.Value.Type.Is("string") {
		return nil
	}
	var out []wound
	for _, w := range woundsOf(ref, now) {
		text, ok := w.value.(string)
		odd := strings.ContainsFunc(text, func(c rune) bool { return c < 0x20 || c > 0x7e })
		if !ok || odd || text == "" || text != strings.TrimSpace(text) {
			continue
		}
		w.keyword, w.change = prefix+w.keyword, func(r *reply) { set(r, text) }
		out = append(out, w)
	}
	return out
}

// outer are the wounds outside of the body's schema.
func (s *Server) outer(c *call, r *reply) []wound {
	var out []wound
	rs := c.op.Op.Responses
	if documented(rs, 299) == nil {
		out = append(out, wound{keyword: "status", change: func(r *reply) { r.status = 299 }})
	}
	out = append(out, headerWounds(r)...)
	if r.media == "" {
		return out
	}
	if pick(r.response.Content, "application/x-rot") == nil {
		out = append(out, wound{keyword: "media-type", change: func(r *reply) { r.media = "application/x-rot" }})
	}
	if r.json {
		out = append(out, wound{keyword: "body-syntax", change: func(r *reply) { r.raw = []byte(`{"rot":`) }},
			wound{keyword: "body-empty", change: func(r *reply) { r.raw = []byte{} }})
	}
	return out
}

func headerWounds(r *reply) []wound {
	var out []wound
	for _, name := range slices.Sorted(maps.Keys(r.response.Headers)) {
		h := r.response.Headers[name]
		if h == nil || h.Value == nil || strings.EqualFold(name, "Content-Type") {
			continue
		}
		if h.Value.Required {
			out = append(out, wound{keyword: "header/required", pointer: "header/" + name, change: func(r *reply) { r.header.Del(name) }})
		}
		if t := h.Value.Schema; t != nil && t.Value != nil && t.Value.Type != nil && len(*t.Value.Type) == 1 && slices.Contains([]string{"integer", "number", "boolean"}, (*t.Value.Type)[0]) {
			out = append(out, wound{keyword: "header/type", pointer: "header/" + name, change: func(r *reply) { r.header.Set(name, "mock-rot") }})
		}
		for _, w := range spoken(h.Value.Schema, r.header.Get(name), "header/", func(r *reply, text string) { r.header.Set(name, text) }) {
			w.pointer = "header/" + name
			out = append(out, w)
		}
	}
	return out
}

// put is a value with the place of a path set or taken out.
func put(root any, path []string, v any, remove bool) any {
	if len(path) == 0 {
		return v
	}
	switch x := root.(type) {
	case map[string]any:
		out := maps.Clone(x)
		if len(path) == 1 && remove {
			delete(out, path[0])
		} else {
			out[path[0]] = put(x[path[0]], path[1:], v, remove)
		}
		return out
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(x) {
			return root
		}
		out := slices.Clone(x)
		out[i] = put(x[i], path[1:], v, remove)
		return out
	}
	return root
}
