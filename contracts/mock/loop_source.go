package mock

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// bound fills a case with the values that earlier answers gave.
func (l *Loop) bound(ctx context.Context, c plumbline.Case, depth int) (plumbline.Request, bool) {
	req := c.Request
	for _, b := range c.Binds {
		v, ok := l.source(ctx, b, depth)
		for _, other := range b.Else {
			if !ok {
				v, ok = l.source(ctx, other, depth)
			}
		}
		if !ok {
			return req, false
		}
		switch b.In {
		case "path":
			req.Path = strings.ReplaceAll(req.Path, "{"+b.Name+"}", url.PathEscape(simple(v)))
		case "query":
			if req.Query != "" {
				req.Query += "&"
			}
			req.Query += url.QueryEscape(b.Name) + "=" + url.QueryEscape(simple(v))
		case "header":
			req.Header = withField(req.Header, b.Name, v)
		case "body":
			doc, err := decodeJSON(req.Body)
			if err != nil {
				return req, false
			}
			if req.Body, err = json.Marshal(put(doc, tokens(b.Name), v, false)); err != nil {
				return req, false
			}
		}
	}
	req.Header = l.keys(req.Header, c.Unique)
	return req, !strings.ContainsAny(req.Path, "{}")
}

// keys gives a request the headers whose value is new in every request, as the
// runner does. What is new in a body tells things apart; here nothing has to.
func (l *Loop) keys(header map[string][]string, unique []plumbline.Bind) map[string][]string {
	for _, b := range unique {
		if b.In != "header" {
			continue
		}
		if v, ok := l.novel(b.Pointer); ok {
			header = withField(header, b.Name, v)
		}
	}
	return header
}

// withField is a header with one field set, which the case does not share.
func withField(header map[string][]string, name string, v any) map[string][]string {
	h := http.Header(header).Clone()
	h.Set(name, simple(v))
	return h
}

// source is the value that a bind takes from an answer. What it needs is asked
// for first.
func (l *Loop) source(ctx context.Context, b plumbline.Bind, depth int) (any, bool) {
	switch b.From {
	case plumbline.FromNew:
		return l.novel(b.Pointer)
	case plumbline.FromGiven:
		return b.Pointer, b.Pointer != ""
	}
	x, held := l.held[b.From]
	if !held {
		var ok bool
		if x, ok = l.ask(ctx, b.From, depth); !ok {
			return nil, false
		}
		l.held[b.From] = x
	}
	return x.value(b.Pointer)
}

// An exchange is a request that was carried out, and its answer.
type exchange struct {
	template string
	request  plumbline.Request
	response plumbline.Response
}

// value is what a bind's pointer leads to: a header, a parameter of the path, a
// member of what was sent, or one of the answer.
func (x exchange) value(pointer string) (any, bool) {
	if name, ok := strings.CutPrefix(pointer, "header:"); ok {
		v := strings.TrimSuffix(http.Header(x.response.Header).Get(name), "/")
		_, id, _ := split(v)
		return id, id != ""
	}
	if name, ok := strings.CutPrefix(pointer, "path:"); ok {
		m := newRoute(x.template)
		found := m.re.FindStringSubmatch(x.request.Path)
		i := slices.Index(m.names, name)
		if found == nil || i < 0 {
			return nil, false
		}
		return unescapePath(found[i+1]), true
	}
	body := x.response.Body
	if rest, ok := strings.CutPrefix(pointer, "request:"); ok {
		pointer, body = rest, x.request.Body
	}
	v, err := decodeJSON(body)
	if err != nil {
		return nil, false
	}
	v, ok := at(v, tokens(pointer))
	switch v.(type) {
	case string, json.Number:
		return v, ok && simple(v) != ""
	}
	return nil, false
}

// ask sends the seed request of an operation, and gets a right answer also of
// a rotten server.
func (l *Loop) ask(ctx context.Context, id string, depth int) (exchange, bool) {
	i := slices.IndexFunc(l.Operations, func(o plumbline.Operation) bool { return o.ID == id })
	if i < 0 || depth > 4 || len(l.Operations[i].Cases) == 0 {
		return exchange{}, false
	}
	req, ok := l.bound(ctx, l.Operations[i].Cases[0], depth+1)
	if !ok {
		return exchange{}, false
	}
	rot := l.server.options.Rot
	l.server.options.Rot = false
	resp, err := l.send(ctx, id, req)
	l.server.options.Rot = rot
	return exchange{l.Operations[i].Path, req, resp}, err == nil && resp.Status < 300
}

// novel makes a value that nothing has had before, of a kind that
// plumbline.FromNew names.
func (l *Loop) novel(kind string) (any, bool) {
	l.fresh++
	n := l.fresh
	what, rest, _ := strings.Cut(kind, ":")
	var least, most int
	_, _ = fmt.Sscanf(rest, "%d-%d", &least, &most)
	switch what {
	case "uuid":
		return fmt.Sprintf("00000000-0000-4000-8000-%012x", n), true
	case "integer":
		return json.Number(strconv.Itoa(least + n%max(most-least, 1))), true
	case "text":
		text := fmt.Sprintf("%0*d", max(least, 1), n)
		return text, len(text) <= most
	case "list":
		var list []string
		err := json.Unmarshal([]byte(rest), &list)
		if err != nil || len(list) == 0 {
			return nil, false
		}
		return list[n%len(list)], true
	}
	return nil, false
}

func tokens(pointer string) []string {
	if pointer == "" {
		return nil
	}
	var out []string
	for _, t := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		out = append(out, strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~"))
	}
	return out
}

func at(v any, path []string) (any, bool) {
	for _, t := range path {
		switch x := v.(type) {
		case map[string]any:
			e, ok := x[t]
			if !ok {
				return nil, false
			}
			v = e
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}
