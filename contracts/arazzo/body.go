package arazzo

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// body puts the requestBody of the step into the request.
func (b *stepping) body() {
	n := b.step.get("requestBody")
	if n == nil {
		return
	}
	b.only(n, "a requestBody", "contentType", "payload", "replacements")
	payload := n.get("payload")
	if payload == nil {
		b.wrong(n, "a requestBody has no payload")
		return
	}
	mine := func(x plumbline.Bind) bool { return x.In == "body" }
	b.own.Binds, b.own.Unique = slices.DeleteFunc(b.own.Binds, mine), slices.DeleteFunc(b.own.Unique, mine)
	media := b.media(n)
	doc := payload.value()
	if text, ok := doc.(string); ok {
		v, isJSON := b.textual(payload, text, media)
		if !isJSON {
			b.plain(payload, text, n)
			return
		}
		doc = v
	}
	for _, r := range n.list("replacements") {
		doc = b.replaced(r, doc)
	}
	if strings.HasPrefix(media, "application/x-www-form-urlencoded") {
		b.form(payload, doc)
		return
	}
	if !strings.Contains(media, "json") {
		b.unsupported(n, "write the payload as a text", "a payload of parts cannot be written as %s", media)
		return
	}
	if data, err := json.Marshal(b.live(payload, doc, "")); err == nil {
		b.own.Request.Body = data
	}
}

// media is the media type of the body, set as header.
func (b *stepping) media(n *node) string {
	media := n.get("contentType").text()
	if media == "" {
		for k, v := range b.own.Request.Header {
			if strings.EqualFold(k, "Content-Type") && len(v) > 0 {
				media = v[0]
			}
		}
	}
	if media == "" {
		media = "application/json"
	}
	b.header("Content-Type", media)
	return media
}

// textual reads a payload that is a text of JSON. Constants in it are filled in
// before it is read, so that they can stand for numbers.
func (b *stepping) textual(at *node, text, media string) (any, bool) {
	if !strings.Contains(media, "json") {
		return nil, false
	}
	if strings.HasPrefix(text, "$") || strings.HasPrefix(text, "{$") {
		return text, true
	}
	var doc any
	if json.Unmarshal([]byte(text), &doc) == nil {
		return doc, true
	}
	if v, ok := b.filled(at, text); ok && v.live == nil {
		filled, _ := v.constant.(string)
		if json.Unmarshal([]byte(filled), &doc) == nil {
			return doc, true
		}
	}
	return nil, false
}

// plain is a payload that is sent as it is.
func (b *stepping) plain(at *node, text string, n *node) {
	v, ok := b.filled(at, text)
	switch {
	case !ok:
	case v.live != nil:
		b.unsupported(at, "write the payload as JSON", "a text of this media type cannot hold values that only the run knows")
	case len(n.list("replacements")) > 0:
		b.unsupported(n.get("replacements"), "", "nothing can be replaced in a text of this media type")
	default:
		filled, _ := v.constant.(string)
		b.own.Request.Body = []byte(filled)
	}
}

func (b *stepping) form(at *node, doc any) {
	m, ok := b.live(at, doc, "").(map[string]any)
	pairs := url.Values{}
	for k, v := range m {
		text, scalar := textOf(v)
		ok = ok && scalar
		pairs.Set(k, text)
	}
	if !ok || slices.ContainsFunc(b.own.Binds, func(x plumbline.Bind) bool { return x.In == "body" }) {
		b.unsupported(at, "", "a form holds constants, one value a member")
		return
	}
	b.own.Request.Body = []byte(pairs.Encode())
}

// replaced carries out one replacement.
func (b *stepping) replaced(r *node, doc any) any {
	b.only(r, "a replacement", "target", "value")
	target, v := r.get("target").text(), r.get("value")
	if !strings.HasPrefix(target, "/") || v == nil {
		b.unsupported(r, "targets are JSON pointers", "the replacement of %q cannot be carried out", target)
		return doc
	}
	tokens := strings.Split(target[1:], "/")
	at := doc
	for i, t := range tokens {
		last := i == len(tokens)-1
		next, ok := step(at, unescaped(t), last, v.value())
		if !ok {
			b.unknown(r, "", "the payload has nothing at %s", target)
			return doc
		}
		at = next
	}
	return doc
}

// step goes one token down, or sets what is there.
func step(at any, token string, set bool, v any) (any, bool) {
	switch x := at.(type) {
	case map[string]any:
		if set {
			x[token] = v
		}
		next, ok := x[token]
		return next, ok
	case []any:
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(x) {
			return nil, false
		}
		if set {
			x[i] = v
		}
		return x[i], true
	}
	return nil, false
}

// live fills the expressions of a payload in: constants at once, and for live
// values something of the type that the operation's own requests have there.
func (b *stepping) live(at *node, v any, pointer string) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = b.live(at, e, pointer+"/"+escaped(k))
		}
	case []any:
		for i, e := range x {
			x[i] = b.live(at, e, pointer+"/"+strconv.Itoa(i))
		}
	case string:
		filled, ok := b.filled(at, x)
		if !ok || filled.live == nil {
			return filled.constant
		}
		b.bind("body", pointer, filled)
		if filled.live.format != "" {
			return "live"
		}
		return standIn(b.op, pointer)
	}
	return v
}

// standIn is something of the type that the requests of an operation have at a
// place.
func standIn(op plumbline.Operation, pointer string) any {
	if numeric(op, pointer) {
		return 0
	}
	return "live"
}

func numeric(op plumbline.Operation, pointer string) bool {
	return slices.ContainsFunc(op.Cases, func(c plumbline.Case) bool {
		var doc any
		if json.Unmarshal(c.Request.Body, &doc) != nil {
			return false
		}
		for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
			next, ok := step(doc, unescaped(t), false, nil)
			if !ok {
				return false
			}
			doc = next
		}
		_, number := doc.(float64)
		return number
	})
}
