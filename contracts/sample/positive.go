package sample

import (
	"bytes"
	"maps"
	"reflect"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

// valid makes the valid cases: the seed request first, which has what is
// required and the document's examples, then one with everything, one for each
// further media type, and those that stand at the edge of a constraint.
func (m *maker) valid() []plumbline.Case {
	seed, first, ok := m.seeded()
	if !ok {
		return nil
	}
	m.seed = seed
	if m.fromExample(seed) {
		first.Origin = "example"
	}
	out := []plumbline.Case{first}
	add := func(d draft, name, keyword string) {
		if c, ok := m.validCase(d, name, keyword, ""); ok && !known(out, c) {
			out = append(out, c)
		}
	}
	if full, ok := m.draft(true); ok {
		add(full, "full", "")
	}
	if d, ok := m.minimal(); ok {
		add(d, "minimal", "")
	}
	for _, d := range m.otherMedia() {
		add(d, "media-"+baseMedia(d.media), "media-type")
	}
	seen := slices.Clone(out)
	more := m.chosen(m.edgeIdeas(), max(m.options.MaxValid-len(out), 0), m.options.MaxValid, func(i idea) (plumbline.Case, bool) {
		c, ok := m.edgeCase(i)
		if !ok || known(seen, c) {
			relabel(out[1:], c, ok)
			return c, false
		}
		c.ID = m.id("edge-", i.pointer, i.keyword)
		seen = append(seen, c)
		return c, true
	})
	return append(out, more...)
}

// seeded is the seed request: what is required or, where that makes no valid
// one, everything.
func (m *maker) seeded() (draft, plumbline.Case, bool) {
	if d, ok := m.draft(false); ok {
		for _, more := range []draft{m.told(d), d} {
			if c, ok := m.validCase(more, "required", "", ""); ok {
				return more, c, true
			}
		}
	}
	d, ok := m.draft(true)
	if !ok {
		return d, plumbline.Case{}, false
	}
	c, ok := m.validCase(d, "full", "", "")
	return d, c, ok
}

// told is a draft with the members of its body that other requests take from
// it: who leaves the name of a thing to the server cannot ask for it by that.
func (m *maker) told(d draft) draft {
	body, ok := d.body.(map[string]any)
	if !ok || len(m.asked) == 0 {
		return d
	}
	full, _ := m.draft(true)
	other, _ := full.body.(map[string]any)
	body = maps.Clone(body)
	for _, name := range m.asked {
		if v, has := other[name]; has && body[name] == nil && full.media == d.media {
			body[name] = v
		}
	}
	d.body = body
	return d
}

// fromExample tells whether the body of a draft is an example of the document.
func (m *maker) fromExample(d draft) bool {
	if d.mt == nil {
		return false
	}
	n := schemaNode(d.mt)
	return slices.ContainsFunc(examples(d.mt.Example, d.mt.Examples), func(v any) bool { return reflect.DeepEqual(m.example(n, v), d.body) })
}

// minimal is the seed request with a made body in place of an example.
func (m *maker) minimal() (draft, bool) {
	if m.seed.media == "" {
		return draft{}, false
	}
	v, ok := m.gen.make(schemaNode(m.seed.mt), shape{})
	d := m.seed.clone()
	d.body = v
	return d, ok && len(schemaNode(m.seed.mt)) > 0
}

// otherMedia are seed requests in the media types that the seed does not have.
func (m *maker) otherMedia() []draft {
	if m.seed.media == "" {
		return nil
	}
	content := m.op.Op.RequestBody.Value.Content
	var out []draft
	for _, media := range mediaTypes(content) {
		if media == m.seed.media || len(out) >= 4 {
			continue
		}
		if v, ok := m.bodyValue(media, content[media], false); ok {
			d := m.seed.clone()
			d.media, d.mt, d.body = media, content[media], v
			out = append(out, d)
		}
	}
	return out
}

// relabel notes that a case without a constraint stands at the edge of one.
func relabel(cases []plumbline.Case, c plumbline.Case, proved bool) {
	for i := range cases {
		if proved && cases[i].Keyword == "" && known(cases[i:i+1], c) {
			cases[i].Keyword, cases[i].Pointer = c.Keyword, c.Pointer
		}
	}
}

func known(cases []plumbline.Case, c plumbline.Case) bool {
	return slices.ContainsFunc(cases, func(o plumbline.Case) bool {
		return o.Request.Path == c.Request.Path && o.Request.Query == c.Request.Query && bytes.Equal(o.Request.Body, c.Request.Body) &&
			maps.EqualFunc(o.Request.Header, c.Request.Header, slices.Equal)
	})
}

// edgeIdeas are the values at the edges of the constraints of every place.
func (m *maker) edgeIdeas() []idea {
	var out []idea
	for _, p := range m.places() {
		if p.param != nil && m.bound(p.param) {
			continue
		}
		for _, s := range m.sitesOf(p) {
			at := pointer(p.name(), s.path, nil)
			if m.boundInside(p, at) {
				continue
			}
			if !s.present {
				out = append(out, idea{place: p, keyword: "properties", pointer: at, value: s.base})
			}
			for _, v := range m.wordsFor(at, s) {
				out = append(out, idea{place: p, keyword: "dictionary", pointer: at, value: s.apply(v)})
			}
			for _, v := range m.gen.edges(s) {
				out = append(out, idea{place: p, keyword: v.keyword, pointer: pointer(p.name(), s.path, v.at), value: s.apply(v)})
			}
		}
	}
	return out
}

// boundInside tells whether the deployment fills the place.
func (m *maker) boundInside(p place, at string) bool {
	return at != p.name() && len(m.bindsWithout(p, at)) < len(m.binds)
}

// wordsFor are the values of the dictionary for a place.
func (m *maker) wordsFor(at string, s site) []variant {
	words := m.options.Dictionary[m.op.ID+"/"+at]
	if len(s.path) > 0 {
		words = slices.Concat(words, m.options.Dictionary[s.path[len(s.path)-1]])
	}
	var out []variant
	for _, w := range words {
		out = append(out, variant{keyword: "dictionary", value: plain(w)})
	}
	return out
}

// validCase writes a whole draft and proves every place of it.
func (m *maker) validCase(d draft, name, keyword, at string) (plumbline.Case, bool) {
	req, ok := m.encode(d)
	if !ok {
		return plumbline.Case{}, false
	}
	text := "every place was decoded and is valid"
	for _, p := range m.op.Params {
		if m.bound(p) {
			continue
		}
		if proved := m.proveValid(place{param: p}, req); !proved.holds {
			return plumbline.Case{}, false
		}
	}
	if d.media != "" {
		proved := m.proveValid(place{mt: d.mt}, req)
		if !proved.holds {
			return plumbline.Case{}, false
		}
		text = proved.text + "; so is every parameter"
	}
	return m.positive(name, keyword, at, req, text), true
}

func (m *maker) positive(name, keyword, at string, req plumbline.Request, text string) plumbline.Case {
	return plumbline.Case{
		ID: m.op.ID + "/" + name, Operation: m.op.ID, Keyword: keyword, Pointer: at, Origin: "generated", Proof: text,
		Request: req, Binds: m.binds, Expect: successes(m.op),
	}
}

// edgeCase writes one idea and proves the place that it changed.
func (m *maker) edgeCase(i idea) (plumbline.Case, bool) {
	d := m.changed(i)
	req, ok := m.encode(d)
	if !ok {
		return plumbline.Case{}, false
	}
	proved := m.proveValid(i.place, req)
	if !proved.holds {
		return plumbline.Case{}, false
	}
	return m.positive("", i.keyword, i.pointer, req, proved.text), true
}
