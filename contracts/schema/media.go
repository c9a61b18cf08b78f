package schema

import (
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// A form is how the body of a media type is read.
type form int

const (
	formOther form = iota
	formJSON
	formEvents // text/event-stream
	formLines  // one JSON value a line, or a record (RFC 7464)
	formXML
	formText
)

// A media is a documented media type or range of a response.
type media struct {
	name   string // as documented
	base   string // in lower case, without parameters
	params map[string]string
	form   form
	body   *lazy // nil when there is no schema
	item   *lazy // itemSchema of one event or line; nil when there is none
	record *lazy // what the schema of the whole says of one; nil when it says nothing
	texts  bool  // the schema has nothing to say about a body that is no text
}

// medias lists the media types of a response, the most specific first.
func (i *Inspector) medias(c openapi3.Content) []*media {
	var out []*media
	for _, name := range slices.Sorted(maps.Keys(c)) {
		m := c[name]
		if m == nil {
			continue
		}
		base, params := parseMedia(name)
		e := &media{name: name, base: base, params: params, form: formOf(base)}
		if m.Schema != nil {
			e.body = &lazy{set: i.set, ref: m.Schema}
			e.texts = m.Schema.Value == nil || m.Schema.Value.Type == nil || m.Schema.Value.Type.Is("string")
		}
		if m.ItemSchema != nil {
			e.item = &lazy{set: i.set, ref: m.ItemSchema}
		} else if structured(m.Schema, 0) {
			e.record = i.record(m.Schema)
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b *media) int { return a.vague() - b.vague() })
	return out
}

// structured tells whether a schema is one of objects or lists, itself or in its
// parts.
func structured(ref *openapi3.SchemaRef, depth int) bool {
	if ref == nil || ref.Value == nil || depth > 4 {
		return false
	}
	s := ref.Value
	if s.Type != nil {
		return !s.Type.Includes("string") && (s.Type.Includes("object") || s.Type.Includes("array"))
	}
	return len(s.Properties) > 0 || s.Items != nil || slices.ContainsFunc(slices.Concat(s.AllOf, s.OneOf, s.AnyOf), func(e *openapi3.SchemaRef) bool { return structured(e, depth+1) })
}

// record is what the schema of a stream says of one event or line: its items
// where it is that of a list (OpenAPI 3.2 §4.14.3), else all of it. Documents of
// before version 3.2 have no other place for it.
func (i *Inspector) record(ref *openapi3.SchemaRef) *lazy {
	if ref == nil || ref.Value == nil {
		return nil
	}
	if ref.Value.Items != nil {
		ref = ref.Value.Items
	}
	return &lazy{set: i.set, ref: ref}
}

func (m *media) vague() int {
	switch {
	case m.base == "*/*":
		return 3
	case strings.HasSuffix(m.base, "/*"):
		return 2
	case len(m.params) == 0:
		return 1
	}
	return 0
}

func parseMedia(text string) (string, map[string]string) {
	base, params, err := mime.ParseMediaType(text)
	if err != nil {
		base, _, _ = strings.Cut(text, ";")
		base = strings.ToLower(strings.TrimSpace(base))
	}
	return base, params
}

func formOf(base string) form {
	switch {
	case base == "application/json" || base == "text/json" || strings.HasSuffix(base, "+json"):
		return formJSON
	case base == "text/event-stream":
		return formEvents
	case slices.Contains([]string{"application/jsonl", "application/x-jsonl", "application/x-ndjson", "application/ndjson", "application/jsonlines", "application/json-seq"}, base), strings.HasSuffix(base, "+json-seq"):
		return formLines
	case base == "application/xml" || base == "text/xml" || strings.HasSuffix(base, "+xml"):
		return formXML
	case strings.HasPrefix(base, "text/"):
		return formText
	}
	return formOther
}

// find is the documented media type of a Content-Type: the most specific one
// that covers it (RFC 9110 §8.3.1, §12.5.1). A parameter that is documented
// and given with another value makes a difference, charset apart; one that is
// left out makes one only where the media type is also documented without it.
func find(list []*media, contentType string) *media {
	got, rest, _ := strings.Cut(contentType, ";")
	got = strings.TrimSpace(got)
	var given map[string]string
	var near *media
	for _, m := range list {
		if !covers(m.base, got) {
			continue
		}
		if len(m.params) > 0 && rest != "" && given == nil {
			_, given = parseMedia(contentType)
		}
		switch {
		case m.differs(given):
		case m.asks(given):
			if near == nil {
				near = m
			}
		case near != nil && m.vague() > 1:
			return near
		default:
			return m
		}
	}
	return near
}

// asks tells whether a documented parameter is left out.
func (m *media) asks(given map[string]string) bool {
	for k := range m.params {
		if _, ok := given[k]; !ok {
			return true
		}
	}
	return false
}

func (m *media) differs(given map[string]string) bool {
	for k, want := range m.params {
		if got, ok := given[k]; ok && k != "charset" && !strings.EqualFold(got, want) {
			return true
		}
	}
	return false
}

func covers(base, got string) bool {
	if strings.EqualFold(base, got) {
		return true
	}
	prefix, ranged := strings.CutSuffix(base, "*")
	return ranged && (base == "*/*" || len(got) >= len(prefix) && strings.EqualFold(got[:len(prefix)], prefix))
}

// formOn is how a body is read whose documented media type is a range.
func (m *media) formOn(contentType string) form {
	if m.vague() < 2 {
		return m.form
	}
	base, _, _ := strings.Cut(contentType, ";")
	return formOf(strings.ToLower(strings.TrimSpace(base)))
}
