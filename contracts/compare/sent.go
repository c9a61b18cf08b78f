package compare

import (
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
)

// An Agreement is what a consumer has agreed on with one provider: the requests
// of their pacts. The zero value is no agreement. It is safe for concurrent
// use once it is complete.
type Agreement struct {
	interactions []agreed
}

// An agreed interaction has a name that no other of the agreement has.
type agreed struct {
	interaction
	name string
}

// Add takes in the interactions of a pact of version 1 to 4; messages are left
// out. The error says that the data is no pact.
func (a *Agreement) Add(file string, data []byte) error {
	p, err := read(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	for _, i := range p.interactions {
		name := strings.Join(strings.Fields(cmp.Or(i.description, i.key, i.method+" "+i.path)), " ")
		for n, unique := 2, name; slices.Contains(a.Names(), name); n++ {
			name = fmt.Sprintf("%s (%d)", unique, n)
		}
		a.interactions = append(a.interactions, agreed{i, name})
	}
	return nil
}

// Names are those of the interactions, in the order of the pacts.
func (a *Agreement) Names() []string {
	out := make([]string, 0, len(a.interactions))
	for _, i := range a.interactions {
		out = append(out, i.name)
	}
	return out
}

// Headers are the names of the headers that inspection needs to see: those that
// are agreed on, but for those that HTTP itself governs.
func (a *Agreement) Headers() []string {
	out := []string{"Content-Type"}
	for _, i := range a.interactions {
		for name := range i.request.header {
			if !standard(name) {
				out = append(out, http.CanonicalHeaderKey(name))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Inspect finds the interactions whose request a sent one is. Where it is none,
// the marks say how it differs from the nearest: those of kind MarkUnagreed that
// the contract does not speak of it, the others that it breaks the contract. A
// value that stands under no rule is an example: its type counts, and nothing
// else. The messages hold no value of the request.
func (a *Agreement) Inspect(s outbound.Request) (fits []string, marks []plumbline.Mark) {
	var nearest []plumbline.Mark
	found := false
	for _, i := range a.interactions {
		if !strings.EqualFold(i.method, s.Method) || !i.onPath(s.Path) {
			continue
		}
		differs := i.differs(s)
		if len(differs) == 0 {
			fits = append(fits, i.name)
			continue
		}
		if !found || weightOf(differs) < weightOf(nearest) {
			found, nearest = true, differs
		}
	}
	switch {
	case len(fits) > 0:
		return fits, nil
	case found:
		return nil, nearest
	}
	return nil, []plumbline.Mark{{Kind: plumbline.MarkUnagreed, Message: "no interaction of the pact has " + s.Method + " on this path"}}
}

// weightOf is how far a request is from an interaction: by the number of
// differences, and where that is the same by how many of them are breaches.
func weightOf(marks []plumbline.Mark) int {
	n := 0
	for _, m := range marks {
		n += mostMisfits * 4
		if m.Kind != plumbline.MarkUnagreed {
			n++
		}
	}
	return n
}

// onPath tells whether a path is that of the interaction: by the pattern of its
// rule; else segment by segment, where identifiers stand for each other.
func (i agreed) onPath(path string) bool {
	r, ruled := i.pathRules.at(nil)
	for _, m := range r.matchers {
		if m.Match == "regex" {
			return matches(m.Regex, path)
		}
	}
	want, got := strings.Split(strings.Trim(i.path, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(got) {
		return false
	}
	for n := range want {
		alike := want[n] == got[n] || identifies(want[n]) && identifies(got[n]) || ruled && n > 0
		if !alike {
			return false
		}
	}
	return true
}

// identifies tells whether a segment of a path looks like the name of one thing
// among many: it holds a digit, or is a template.
func identifies(segment string) bool {
	return strings.ContainsAny(segment, "0123456789{")
}

// differs says how a request differs from that of the interaction.
func (i agreed) differs(s outbound.Request) []plumbline.Mark {
	out := i.queryDiffers(s.Query)
	for _, name := range sortedKeys(i.request.header) {
		if standard(name) {
			continue
		}
		_, values := header(s.Header, name)
		out = append(out, i.text(i.request.headerRules, name, values, "the header "+name, "/request/headers/"+escape(name))...)
	}
	return append(out, i.bodyDiffers(s)...)
}

func (i agreed) mark(kind plumbline.MarkKind, pointer, format string, args ...any) plumbline.Mark {
	return plumbline.Mark{Kind: kind, Pointer: pointer, Message: fmt.Sprintf(format, args...), Schema: i.at}
}

func (i agreed) queryDiffers(raw string) []plumbline.Mark {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return []plumbline.Mark{i.mark(plumbline.MarkUnread, "query", "the query cannot be read")}
	}
	var out []plumbline.Mark
	for _, name := range sortedKeys(i.query) {
		out = append(out, i.text(i.queryRules, name, query[name], "the query parameter "+name, "/request/query/"+escape(name))...)
	}
	for _, name := range sortedKeys(query) {
		if _, known := i.query[name]; !known {
			out = append(out, i.mark(plumbline.MarkUnagreed, "query/"+name, "the query parameter %s is not in the contract", name))
		}
	}
	return out
}

// text holds the texts of a header or parameter against the rule of its name.
func (i agreed) text(rs rules, name string, values []string, what, at string) []plumbline.Mark {
	if len(values) == 0 {
		return []plumbline.Mark{i.mark(plumbline.MarkUnagreed, at, "%s, which the contract has, was not sent", what)}
	}
	r, _ := rs.at([]string{name})
	for _, m := range r.matchers {
		for _, v := range values {
			if m.Match == "regex" && !matches(m.Regex, v) {
				return []plumbline.Mark{i.mark(plumbline.MarkParameter, at, "%s does not match %s", what, m)}
			}
		}
	}
	return nil
}

func (i agreed) bodyDiffers(s outbound.Request) []plumbline.Mark {
	want := i.request.body
	if !want.given {
		if s.Whole && len(s.Body) > 0 {
			return []plumbline.Mark{i.mark(plumbline.MarkUnagreed, "", "the contract has no body here")}
		}
		return nil
	}
	_, media := header(s.Header, "Content-Type")
	switch {
	case !s.Whole:
		return []plumbline.Mark{i.mark(plumbline.MarkUnread, "", "the body was not seen whole")}
	case len(s.Body) == 0:
		return []plumbline.Mark{i.mark(plumbline.MarkBody, "", "the body, which the contract has, was not sent")}
	case want.media != "" && len(media) > 0 && essence(want.media) != essence(media[0]):
		return []plumbline.Mark{i.mark(plumbline.MarkMedia, "", "the media type %q is not that of the contract, %q", essence(media[0]), essence(want.media))}
	case !want.json:
		return []plumbline.Mark{i.mark(plumbline.MarkUnread, "", "bodies of %s are not compared", essence(want.media))}
	}
	return i.valueDiffers(s.Body)
}

// valueDiffers holds a JSON body against that of the interaction.
func (i agreed) valueDiffers(body []byte) []plumbline.Mark {
	var got any
	if decode(body, &got) != nil {
		return []plumbline.Mark{i.mark(plumbline.MarkBody, "", "the body is not JSON")}
	}
	b := &against{rules: i.request.body.rules}
	b.value(i.request.body.value, got, nil, "")
	var out []plumbline.Mark
	for _, p := range b.found {
		out = append(out, plumbline.Mark{Kind: p.kind, Pointer: p.pointer, Message: p.message, Schema: i.at + "/request/body"})
	}
	return out
}

func essence(media string) string {
	m, _, err := mime.ParseMediaType(media)
	if err != nil {
		return strings.ToLower(strings.TrimSpace(media))
	}
	return m
}

// same tells whether two JSON values are equal.
func same(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}
