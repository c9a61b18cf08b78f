package schema

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/plumbline-dev/plumbline"
)

// mostRecords bounds the events or lines of one body that are checked.
const mostRecords = 1000

// inspect checks a body of the media type.
func (m *media) inspect(body []byte, contentType string) []plumbline.Mark {
	switch m.formOn(contentType) {
	case formJSON:
		return m.json(body)
	case formEvents:
		return m.events(body)
	case formLines:
		return m.lines(body)
	case formXML:
		return m.xml(body)
	case formText:
		return m.text(body, contentType)
	case formOther:
	}
	if m.body == nil || m.texts {
		return nil
	}
	return unread(m.name + " is not validated")
}

func (m *media) json(body []byte) []plumbline.Mark {
	v, err := decode(body)
	if err != nil {
		return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "the body is not JSON: " + err.Error()}}
	}
	e := m.body.get()
	if e == nil || e.schema == nil {
		return nil
	}
	if marks := marked(e.check(v), ""); len(marks) > 0 {
		return marks
	}
	return e.drift(v)
}

func marked(breaches []Breach, prefix string) []plumbline.Mark {
	var out []plumbline.Mark
	for _, b := range breaches {
		out = append(out, plumbline.Mark{Kind: plumbline.MarkBody, Pointer: prefix + b.Pointer, Message: b.Message, Schema: b.Schema, Keyword: b.Keyword})
	}
	return out
}

// events checks a stream of server-sent events: each as an object of data,
// event, id and retry where the document has an itemSchema (OpenAPI 3.2
// §4.14.3). Where it has only a schema of an object or a list, an event may be
// that object, with its data as text or as JSON, or its data alone may. The end
// marker [DONE] is in common use and is let through.
func (m *media) events(body []byte) []plumbline.Mark {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	for i, block := range strings.Split(text, "\n\n") {
		event, ok := parseEvent(block)
		if !ok || i >= mostRecords || event["data"] == "[DONE]" {
			continue
		}
		if marks := m.event(event, "/"+strconv.Itoa(i)); len(marks) > 0 {
			return marks
		}
	}
	return nil
}

func (m *media) event(event map[string]any, at string) []plumbline.Mark {
	if m.item != nil {
		return marked(m.item.get().check(event), at)
	}
	if m.record == nil {
		return nil
	}
	e := m.record.get()
	text, _ := event["data"].(string)
	data, err := decode([]byte(text))
	if err != nil {
		if e.schema != nil && len(e.check(event)) == 0 {
			return nil
		}
		return []plumbline.Mark{{Kind: plumbline.MarkBody, Pointer: at + "/data", Message: "the data of the event is not JSON"}}
	}
	breaches := e.check(data)
	if len(breaches) == 0 || len(e.check(event)) == 0 {
		return nil
	}
	parsed := maps.Clone(event)
	parsed["data"] = data
	if len(e.check(parsed)) == 0 {
		return nil
	}
	return marked(breaches, at+"/data")
}

// parseEvent reads one event (WHATWG HTML §9.2.6); ok is false for a block
// without data, which is no event.
func parseEvent(block string) (map[string]any, bool) {
	event := map[string]any{}
	var data []string
	for _, line := range strings.Split(block, "\n") {
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "data":
			data = append(data, value)
		case "event", "id":
			event[field] = value
		case "retry":
			event[field] = json.Number(value)
		}
	}
	event["data"] = strings.Join(data, "\n")
	return event, len(data) > 0
}

// lines checks JSON lines and JSON text sequences, each value alone.
func (m *media) lines(body []byte) []plumbline.Mark {
	sep := "\n"
	if bytes.IndexByte(body, 0x1e) >= 0 {
		sep = "\x1e" // RFC 7464
	}
	n := 0
	for _, line := range strings.Split(string(body), sep) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		if n++; n > mostRecords {
			break
		}
		at := "/" + strconv.Itoa(n-1)
		v, err := decode([]byte(line))
		if err != nil {
			return []plumbline.Mark{{Kind: plumbline.MarkBody, Pointer: at, Message: "the record is not JSON: " + err.Error()}}
		}
		if marks := m.line(v, at); len(marks) > 0 {
			return marks
		}
	}
	return nil
}

// line checks one value. Where the document has no itemSchema, a line may also
// be all that the schema speaks of.
func (m *media) line(v any, at string) []plumbline.Mark {
	if m.item != nil {
		return marked(m.item.get().check(v), at)
	}
	if m.record == nil {
		return nil
	}
	breaches := m.record.get().check(v)
	if len(breaches) == 0 || len(m.body.get().check(v)) == 0 {
		return nil
	}
	return marked(breaches, at)
}

// xml checks that a document is well-formed, and says that this is all.
func (m *media) xml(body []byte) []plumbline.Mark {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		if strings.EqualFold(label, "us-ascii") || strings.EqualFold(label, "iso-8859-1") {
			return in, nil
		}
		return nil, errors.ErrUnsupported
	}
	elements := 0
	for {
		t, err := dec.Token()
		switch {
		case errors.Is(err, io.EOF) && elements > 0, errors.Is(err, errors.ErrUnsupported):
			return unread(m.name + " is well-formed as far as it was read; it is not validated against its schema")
		case err != nil:
			return []plumbline.Mark{{Kind: plumbline.MarkBody, Message: "the body is not well-formed XML: " + err.Error()}}
		}
		if _, ok := t.(xml.StartElement); ok {
			elements++
		}
	}
}

func inUTF8(body []byte, contentType string) bool {
	_, params := parseMedia(contentType)
	c := params["charset"]
	return (c == "" || strings.EqualFold(c, "utf-8") || strings.EqualFold(c, "us-ascii")) && utf8.Valid(body)
}

// text checks a body that is text against what its schema says of texts, or
// of the number or truth value that it may be. A line break at its end does
// not count.
func (m *media) text(body []byte, contentType string) []plumbline.Mark {
	e := m.body.get()
	if e == nil || e.schema == nil {
		return nil
	}
	if !inUTF8(body, contentType) {
		return unread(m.name + " is not in UTF-8 and is not validated")
	}
	if t := m.body.ref.Value.Type; t != nil && !t.Includes("string") && (t.Includes("object") || t.Includes("array")) {
		return unread(m.name + " is not validated: its schema is not one of texts")
	}
	text := string(body)
	var first []Breach
	for _, s := range []string{text, strings.TrimRight(text, "\r\n")} {
		for _, v := range []any{s, single(nil, strings.TrimSpace(s))} {
			b := e.check(v)
			if len(b) == 0 {
				return nil
			}
			if first == nil {
				first = b
			}
		}
	}
	return marked(first, "")
}
