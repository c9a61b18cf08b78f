package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// ErrUnknownState says that a provider state is not one that can be answered
// through the API.
var ErrUnknownState = errors.New("unknown provider state")

func clone(r plumbline.Request) plumbline.Request {
	r.Body = slices.Clone(r.Body)
	r.Header = maps.Clone(r.Header)
	return r
}

// put writes a live value into the place of a request that a bind names.
func put(r *plumbline.Request, b plumbline.Bind, text string) error {
	if b.Format != "" {
		text = strings.Replace(b.Format, "{}", text, 1)
	}
	switch b.In {
	case "path":
		r.Path = strings.ReplaceAll(r.Path, "{"+b.Name+"}", url.PathEscape(text))
	case "query":
		pair := url.QueryEscape(b.Name) + "=" + url.QueryEscape(text)
		if r.Query != "" {
			pair = r.Query + "&" + pair
		}
		r.Query = pair
	case "header":
		if r.Header == nil {
			r.Header = map[string][]string{}
		}
		r.Header[b.Name] = []string{text}
	case "body":
		return putBody(r, b.Name, text)
	default:
		return fmt.Errorf("a bind in %q cannot be filled", b.In)
	}
	return nil
}

func putBody(r *plumbline.Request, pointer, text string) error {
	doc, err := decodedBody(r.Body)
	if err != nil {
		return nil //nolint:nilerr // the body of an invalid case need not be JSON: it goes out as it is
	}
	at, ok := slotAt(doc, pointer)
	if !ok || at.value() == nil {
		return nil // an invalid case may live of what it leaves out
	}
	var live any = text
	if _, number := at.value().(json.Number); number {
		live = json.Number(text)
	}
	at.set(live)
	body, err := json.Marshal(doc)
	if err != nil {
		return err
	}
	r.Body = body
	return nil
}

// placeholders reads the values of a path off its template. A path of another
// shape yields none.
func placeholders(template, path string) map[string]string {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil
	}
	out := map[string]string{}
	for i, w := range want {
		before, rest, ok := strings.Cut(w, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			continue
		}
		text, fits := strings.CutPrefix(got[i], before)
		text, ends := strings.CutSuffix(text, after)
		if plain, err := url.PathUnescape(text); err == nil && fits && ends {
			out[name] = plain
		}
	}
	return out
}

// decodedBody is a body as JSON decodes it, with numbers as they are written.
func decodedBody(body []byte) (doc any, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	err = dec.Decode(&doc)
	return doc, err
}

// A slot is the place in an object or a list at which a JSON pointer ends.
type slot struct {
	in   any
	last string
}

// slotAt is not ok for the whole document.
func slotAt(doc any, pointer string) (s slot, ok bool) {
	parts := tokens(pointer)
	if len(parts) == 0 {
		return s, false
	}
	s = slot{doc, parts[len(parts)-1]}
	for _, t := range parts[:len(parts)-1] {
		s.in = child(s.in, t)
	}
	return s, true
}

func (s slot) value() any { return child(s.in, s.last) }

// set is false where there is no such place. An object gets a member that it
// did not have.
func (s slot) set(v any) bool {
	switch in := s.in.(type) {
	case map[string]any:
		in[s.last] = v
		return true
	case []any:
		i, err := strconv.Atoi(s.last)
		if err != nil || i < 0 || i >= len(in) {
			return false
		}
		in[i] = v
		return true
	}
	return false
}

func tokens(pointer string) []string {
	if pointer == "" || pointer == "/" {
		return nil
	}
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// extract takes the value at a pointer out of an answer: a JSON pointer into
// the body, or "header:Location" for the last segment of that header's path.
func extract(r plumbline.Response, pointer string) (string, bool) {
	if name, ok := strings.CutPrefix(pointer, "field:"); ok {
		return headerValue(r.Header, name)
	}
	if name, ok := strings.CutPrefix(pointer, "header:"); ok {
		return lastSegment(r.Header, name)
	}
	dec := json.NewDecoder(bytes.NewReader(r.Body))
	dec.UseNumber()
	var at any
	if err := dec.Decode(&at); err != nil {
		return "", false
	}
	for _, t := range tokens(pointer) {
		at = child(at, t)
	}
	switch v := at.(type) {
	case string:
		return v, v != ""
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// lastSegment is that of the URL in a header.
func lastSegment(h map[string][]string, name string) (string, bool) {
	text, _ := headerValue(h, name)
	u, err := url.Parse(text)
	if err != nil {
		return "", false
	}
	last := path.Base(u.Path)
	return last, last != "" && last != "." && last != "/"
}

func child(at any, token string) any {
	switch v := at.(type) {
	case map[string]any:
		return v[token]
	case []any:
		if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func headerValue(h map[string][]string, name string) (string, bool) {
	for k, v := range h {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0], true
		}
	}
	return "", false
}

func queryValue(raw, name string) (string, bool) {
	q, err := url.ParseQuery(raw)
	if err != nil || len(q[name]) == 0 {
		return "", false
	}
	return q[name][0], q[name][0] != ""
}
