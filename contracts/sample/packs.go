package sample

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// Packs are the names of the packs of values that are sent on request only.
func Packs() []string { return []string{"unicode", "injection"} }

// How many values of a pack one operation gets, at least one of each kind where
// there are more of them than places.
const mostOfPack = 12

// A hostile is a text that a service has to survive, wherever it is put.
type hostile struct{ kind, text string }

// unicodePack are texts on which code goes wrong that takes characters for
// bytes, or what is seen for what is there (Unicode TR36 and TR39).
func unicodePack() []hostile {
	return []hostile{
		{"zero-width", "plumb\u200bline\u200d"},
		{"right-to-left", "\u202eplumbline\u202c"},
		{"combining", "p" + strings.Repeat("\u0301\u0316", 40) + "lumb"},
		{"homoglyph", "\u0440lumbl\u0456n\u0435"},
		{"full-width", "\uff50\uff4c\uff55\uff4d\uff42\uff1c\uff1e\uff07"},
		{"emoji", "\U0001F469\u200d\U0001F469\u200d\U0001F467\u200d\U0001F466\U0001F3F3\ufe0f\u200d\U0001F308"},
		{"case", "\u0130\u0131\u00df\ufb03\u1e9e"},
		{"decomposed", "e\u0301 \u1100\u1161\u11a8"},
		{"filler", "\u3164\u115f\u2800"},
		{"non-character", "a\ufffe\uffff\U0001ffff"},
		{"control", "a\x01\x08\x0b\x1b[31m\x7f\u0085"},
		{"separator", "a\u2028b\u2029c"},
		{"space", "\u00a0\u2003 \t "},
		{"order-mark", "\ufeffplumb"},
		{"abugida", "\u0915\u094d\u0937\u093f\u0e01\u0e33\u0e49"},
		{"private", "\ue000\U000f0000"},
		{"huge", strings.Repeat("plumb \u00e9", 9000)},
	}
}

// injectionPack are texts that mean something to an interpreter behind the
// service. They break its syntax and do nothing where they get through: what is
// looked for is a server error, and internals in the answer.
func injectionPack() []hostile {
	return []hostile{
		{"sql", `plumb'")--`},
		{"sql-comment", `plumb/*';`},
		{"nosql", `{"$plumb": "'`},
		{"command", "plumb`;|&$("},
		{"ldap", `plumb)(*\`},
		{"xpath", `plumb']/"`},
		{"script", `<plumb onx="1">'"</`},
		{"template", `{{plumb.}}${plumb.}<%= plumb. %>#{plumb.}`},
		{"xml", `<!DOCTYPE plumb [<!ENTITY x "y">]>&x;]]>`},
		{"address", "http://127.0.0.1:1/plumb"},
		{"path", `../plumb/..\plumb%00`},
		{"header", "plumb\r\nX-Plumbline: 1"},
		{"format", "%s%n%d{0}{plumb}"},
		{"formula", "=plumb(1)+"},
	}
}

func packOf(name string) []hostile {
	switch name {
	case "unicode":
		return unicodePack()
	case "injection":
		return injectionPack()
	}
	return nil
}

// packed puts values of the packs that were asked for into texts of the seed
// request, a kind at a time and the places in turn; which come first is the
// seed's choice. Nothing is claimed of them but that a server survives them.
func (m *maker) packed() []plumbline.Case {
	var out []plumbline.Case
	places := m.textSites()
	for _, name := range m.options.Packs {
		all := packOf(name)
		m.shuffle(name, all)
		for i, h := range all[:min(len(all), mostOfPack)] {
			if len(places) == 0 {
				break
			}
			at := places[i%len(places)]
			if c, ok := m.hostileCase(name, h, at); ok {
				out = append(out, c)
			}
		}
	}
	return out
}

func (m *maker) shuffle(pack string, all []hostile) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(pack + " " + m.op.ID))
	rng := rand.New(rand.NewPCG(m.options.Seed, h.Sum64()))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
}

// A textSite is a place of a request whose value may be any text.
type textSite struct {
	place place
	site  site
}

// textSites are the texts of the request that are not chosen from a list, the
// body's first.
func (m *maker) textSites() []textSite {
	var out []textSite
	places := m.places()
	slices.Reverse(places)
	for _, p := range places {
		if inPath(p) {
			continue // another path would be another operation
		}
		for _, s := range m.sitesOf(p) {
			if slices.Contains(s.flat.kinds(), "string") && s.flat.enum == nil {
				out = append(out, textSite{p, s})
			}
		}
	}
	return out
}

func (m *maker) hostileCase(pack string, h hostile, at textSite) (plumbline.Case, bool) {
	where := pointer(at.place.name(), at.site.path, nil)
	req, ok := m.encode(m.changed(idea{place: at.place, keyword: h.kind, pointer: where, value: at.site.apply(variant{value: h.text})}))
	return plumbline.Case{
		ID: m.id(pack+"-", where, h.kind), Operation: m.op.ID, Kind: plumbline.CaseRobust, Keyword: pack, Pointer: where,
		Violates: pack + ": " + h.kind + " in " + where, Proof: "neither validity nor invalidity is claimed", Origin: "pack", Request: req,
		Binds: m.bindsWithout(at.place, where), Expect: statuses(m.op.Op, "4"),
	}, ok
}
