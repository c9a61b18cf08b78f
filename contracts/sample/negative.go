package sample

import (
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostRobust bounds the cases of an operation that ask for robustness.
const mostRobust = 20

// invalid makes cases that break the document in one place each, and those of
// kind CaseRobust, which claim nothing but that the target survives them.
func (m *maker) invalid() []plumbline.Case {
	rough := slices.Concat(m.inverted(), m.robust())
	rough = rough[:min(len(rough), mostRobust, max(3*m.options.MaxInvalid/8, 1))]
	var seen []plumbline.Case
	out := m.chosen(m.breakIdeas(), m.options.MaxInvalid-len(rough), 2, func(i idea) (plumbline.Case, bool) {
		c, ok := m.brokenCase(i)
		if !ok || known(seen, c) {
			return c, false
		}
		c.ID = m.id("", c.Pointer, c.Keyword)
		seen = append(seen, c)
		return c, true
	})
	return slices.Concat(out, rough, m.packed())
}

// breakIdeas are the values that break a constraint of any place.
func (m *maker) breakIdeas() []idea {
	var out []idea
	for _, p := range m.places() {
		if m.required(p) && !inPath(p) && !given(p) {
			out = append(out, idea{place: p, keyword: "required", pointer: p.name(), gone: true})
		}
		if p.param == nil {
			for _, text := range m.unreadable() {
				out = append(out, idea{place: p, keyword: "syntax", pointer: "body", value: text})
			}
		}
		for _, s := range m.sitesOf(p) {
			for _, v := range m.gen.breaks(s) {
				at := pointer(p.name(), s.path, v.at)
				out = append(out, idea{place: p, keyword: v.keyword, pointer: at, value: s.apply(v)})
			}
		}
	}
	return out
}

// given names headers that every client sends, so that they are never missing.
func given(p place) bool {
	return p.param != nil && p.param.In == "header" && slices.Contains([]string{"User-Agent", "user-agent"}, p.param.Name)
}

// brokenCase writes one idea and proves that the place that it changed is
// invalid in every legal decoding.
func (m *maker) brokenCase(i idea) (plumbline.Case, bool) {
	req, ok := m.brokenRequest(i)
	if !ok {
		return plumbline.Case{}, false
	}
	proved := m.proveInvalid(i.place, req)
	if !proved.holds {
		return plumbline.Case{}, false
	}
	keyword, at := labelled(i, proved.breaches)
	words := keyword
	if len(proved.breaches) > 0 {
		words = broken(keyword, clip(proved.breaches[0].Message, 160))
	}
	return plumbline.Case{
		Operation: m.op.ID, Kind: plumbline.CaseInvalid, Keyword: keyword, Pointer: at, Violates: at + ": " + words,
		Proof: proved.text, Origin: "invalid", Schema: schemaOf(keyword, proved.breaches), Request: req, Binds: m.bindsWithout(i.place, i.pointer), Expect: statuses(m.op.Op, "4"),
	}, true
}

// broken says how a keyword is broken, and each thing once.
func broken(keyword, message string) string {
	if strings.HasPrefix(message, keyword+": ") || strings.Contains(message, keyword) && !strings.Contains(message, ":") {
		return message
	}
	return keyword + ": " + message
}

// schemaOf is where the document says what is broken.
func schemaOf(keyword string, breaches []schema.Breach) string {
	for _, b := range breaches {
		if b.Keyword == keyword {
			return b.Schema
		}
	}
	return ""
}

func (m *maker) brokenRequest(i idea) (plumbline.Request, bool) {
	if i.keyword == "syntax" {
		return m.malformed(i)
	}
	return m.encode(m.changed(i))
}

// A malformation is a body that does not parse.
type malformation string

// unreadable are the malformations of the media type of the seed request. Forms
// that lenient parsers of JSON take, such as a comma too many, are not among
// them (RFC 8259 §9): they are sent as cases that ask for robustness.
func (m *maker) unreadable() []malformation {
	media := m.seed.media
	if media == "" {
		media, _ = preferred(m.op.Op.RequestBody.Value.Content)
	}
	switch rank(media) {
	case rankJSON, rankPlusJSON, rankAny:
		return []malformation{`{"plumbline":`, "{]", "plumbline"}
	case rankXML:
		return []malformation{"<plumbline><unclosed>"}
	case rankMultipart:
		return []malformation{malformation("--" + boundary + "\r\nno header")}
	}
	return nil
}

// malformed is the seed request with a body that does not parse.
func (m *maker) malformed(i idea) (plumbline.Request, bool) {
	text, ok := i.value.(malformation)
	d := m.seed
	if d.media == "" {
		v, made := m.fresh(i.place)
		if !made {
			return plumbline.Request{}, false
		}
		i.value = v
		d = m.changed(i)
	}
	req, encoded := m.encode(d)
	req.Body = []byte(text)
	return req, ok && encoded
}

// labelled is the keyword that a case is known by: the one that is meant where
// the proof found it broken, else the one that the proof found.
func labelled(i idea, breaches []schema.Breach) (keyword, at string) {
	composite := []string{"oneOf", "anyOf", "not", "if", "then", "else", "dependentSchemas", "const", "enum", "items", "required", "syntax", "propertyNames"}
	if len(breaches) == 0 || slices.Contains(composite, i.keyword) {
		return i.keyword, i.pointer
	}
	for _, b := range breaches {
		if b.Keyword == i.keyword || b.Keyword == "" || b.Keyword == "not" || b.Keyword == "oneOf" || b.Keyword == "anyOf" {
			return i.keyword, i.pointer
		}
	}
	return breaches[0].Keyword, i.place.name() + breaches[0].Pointer
}
