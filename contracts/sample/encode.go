package sample

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// A draft is a request whose parts are still values.
type draft struct {
	params map[*openapi3.Parameter]any
	body   any
	media  string // empty for no body
	mt     *openapi3.MediaType
}

// Bounds on what is written outside of bodies: what is longer may be refused
// by any hop for its length (RFC 9110 §4.1).
const (
	longestText  = 2048
	longestQuery = 6000
)

func (d draft) clone() draft {
	d.params = maps.Clone(d.params)
	return d
}

// encode writes a draft as a request; ok is false when a part has no legal
// form on the wire, or more than one meaning there.
func (m *maker) encode(d draft) (req plumbline.Request, ok bool) {
	req = plumbline.Request{Method: m.op.Method, Path: m.op.Path, Header: map[string][]string{"Accept": {m.accept}}}
	var query, cookies []string
	for _, p := range m.op.Params {
		v, has := d.params[p]
		if !has {
			continue
		}
		w, ok := encodeParameter(p, v)
		if !ok {
			return req, false
		}
		switch p.In {
		case openapi3.ParameterInPath:
			req.Path = strings.ReplaceAll(req.Path, "{"+p.Name+"}", w[0])
		case openapi3.ParameterInQuery:
			query = append(query, w...)
		case openapi3.ParameterInHeader:
			req.Header[p.Name] = w
		case openapi3.ParameterInCookie:
			cookies = append(cookies, w...)
		}
	}
	if req.Query = strings.Join(query, "&"); len(req.Query) > longestQuery {
		return req, false
	}
	if len(cookies) > 0 {
		req.Header["Cookie"] = []string{strings.Join(cookies, "; ")}
	}
	if d.media != "" {
		body, media, ok := m.gen.encodeBody(d.media, d.mt, d.body)
		if !ok {
			return req, false
		}
		req.Body, req.Header["Content-Type"] = body, []string{media}
	}
	return req, true
}

// accept asks for the media types that the document gives to successes; for
// JSON alone where every success has it.
func accept(op *openapi3.Operation) string {
	media, all := map[string]bool{}, true
	for _, content := range successContents(op) {
		all = all && (len(content) == 0 || content["application/json"] != nil)
		for k := range content {
			media[strings.TrimSpace(strings.Split(k, ";")[0])] = true
		}
	}
	switch {
	case len(media) == 0 || media["*/*"]:
		return "*/*"
	case media["application/json"] && all:
		return "application/json"
	}
	names := slices.Sorted(maps.Keys(media))
	return strings.Join(names[:min(len(names), 4)], ", ")
}

// successContents are what the documented answers of 2xx hold, in no order.
func successContents(op *openapi3.Operation) []openapi3.Content {
	var out []openapi3.Content
	if op.Responses == nil {
		return nil
	}
	for status, r := range op.Responses.Map() {
		if r != nil && r.Value != nil && strings.HasPrefix(status, "2") {
			out = append(out, r.Value.Content)
		}
	}
	return out
}

// A style is how a parameter is written (OpenAPI 3.1 §4.8.12.2, RFC 6570).
type style struct {
	name     string
	explode  bool
	reserved bool
}

func styleOf(p *openapi3.Parameter) style {
	s := style{name: p.Style, reserved: p.AllowReserved}
	if s.name == "" {
		s.name = "form"
		if p.In == openapi3.ParameterInPath || p.In == openapi3.ParameterInHeader {
			s.name = "simple"
		}
	}
	s.explode = s.name == "form"
	if p.Explode != nil {
		s.explode = *p.Explode
	}
	return s
}

// encodeParameter writes a parameter: the text of a path parameter, the one
// value of a header, or the pairs of a query or of cookies.
func encodeParameter(p *openapi3.Parameter, v any) ([]string, bool) {
	if len(p.Content) > 0 {
		data, err := json.Marshal(v)
		if err != nil {
			return nil, false
		}
		v = string(data)
	}
	st := styleOf(p)
	switch p.In {
	case openapi3.ParameterInPath:
		s, ok := encodePath(p.Name, st, v)
		return []string{s}, ok && s != "" && s != "." && s != ".." && len(s) <= longestText
	case openapi3.ParameterInHeader:
		s, ok := joined(v, st.explode, ",", func(s string) (string, bool) { return s, headerText(s) })
		return []string{s}, ok && s != "" && len(s) <= longestText
	}
	pairs, ok := encodePairs(p.Name, st, v)
	return pairs, ok && len(strings.Join(pairs, "&")) <= longestText
}

// headerText tells whether a text survives as the value of a header field
// (RFC 9110 §5.5).
func headerText(s string) bool {
	return strings.TrimSpace(s) == s && !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e })
}

func encodePath(name string, st style, v any) (string, bool) {
	each := func(s string) (string, bool) {
		return url.PathEscape(s), !strings.ContainsAny(s, "/\\%\x00\r\n") && s != ""
	}
	switch st.name {
	case "label":
		sep := ","
		if st.explode {
			sep = "."
		}
		s, ok := joined(v, st.explode, sep, each)
		return "." + s, ok && (!st.explode || !strings.Contains(s, "..")) && scalarFree(v, ".")
	case "matrix":
		s, ok := encodeMatrix(name, st, v, each)
		return s, ok && scalarFree(v, ";")
	}
	return joined(v, st.explode, ",", each)
}

// scalarFree tells whether no text of a value holds a separator.
func scalarFree(v any, sep string) bool {
	switch x := v.(type) {
	case []any:
		return !slices.ContainsFunc(x, func(e any) bool { return !scalarFree(e, sep) })
	case map[string]any:
		for k, e := range x {
			if strings.Contains(k, sep) || !scalarFree(e, sep) {
				return false
			}
		}
		return true
	}
	s, _ := scalar(v)
	return !strings.Contains(s, sep)
}

func encodeMatrix(name string, st style, v any, each func(string) (string, bool)) (string, bool) {
	key := url.PathEscape(name)
	switch x := v.(type) {
	case []any:
		if st.explode {
			var b strings.Builder
			for _, e := range x {
				s, ok := joined(e, false, ",", each)
				if !ok || isComposite(e) {
					return "", false
				}
				b.WriteString(";" + key + "=" + s)
			}
			return b.String(), len(x) > 0
		}
	case map[string]any:
		if st.explode {
			s, ok := joined(v, true, ";", each)
			return ";" + s, ok
		}
	}
	s, ok := joined(v, false, ",", each)
	return ";" + key + "=" + s, ok
}

// joined writes a value in one text; ok is false when it would not read back.
func joined(v any, explode bool, sep string, each func(string) (string, bool)) (string, bool) {
	j := joiner{sep: sep, each: each, good: true}
	switch x := v.(type) {
	case []any:
		for _, e := range x {
			j.parts = append(j.parts, j.text(e))
		}
	case map[string]any:
		for _, k := range sortedKeys(x) {
			if explode {
				j.good = j.good && !strings.Contains(k, "=")
				j.parts = append(j.parts, j.text(k)+"="+j.text(x[k]))
			} else {
				j.parts = append(j.parts, j.text(k), j.text(x[k]))
			}
		}
	default:
		s, ok := scalar(v)
		t, fine := each(s)
		return t, ok && fine
	}
	return strings.Join(j.parts, sep), j.good && len(j.parts) > 0
}

// A joiner joins texts with a separator that none of them may hold.
type joiner struct {
	sep   string
	each  func(string) (string, bool)
	parts []string
	good  bool
}

func (j *joiner) text(v any) string {
	s, ok := scalar(v)
	t, fine := j.each(s)
	j.good = j.good && ok && fine && s != "" && !strings.Contains(s, j.sep) && !strings.Contains(s, ",")
	return t
}

// encodePairs writes a parameter of a query, a form or cookies in style form,
// spaceDelimited, pipeDelimited or deepObject.
func encodePairs(name string, st style, v any) ([]string, bool) {
	escape := escaper(st.reserved)
	key := escaper(false)(name)
	each := func(s string) (string, bool) { return escape(s), true }
	sep := map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}[st.name]
	bare := map[string]string{"spaceDelimited": " ", "pipeDelimited": "|"}[st.name]
	switch x := v.(type) {
	case []any:
		if st.explode {
			return repeated(key, x, escape)
		}
	case map[string]any:
		switch {
		case st.name == "deepObject":
			return members(x, func(k string) string { return key + "%5B" + escaper(false)(k) + "%5D" }, escape)
		case st.explode:
			return members(x, escaper(false), escape)
		}
	default:
		s, ok := scalar(v)
		return []string{key + "=" + escape(s)}, ok
	}
	if sep == "" {
		sep = ","
	}
	if bare != "" && !scalarFree(v, bare) {
		return nil, false
	}
	s, ok := joined(v, false, sep, each)
	return []string{key + "=" + s}, ok
}

func repeated(key string, list []any, escape func(string) string) ([]string, bool) {
	var out []string
	for _, e := range list {
		s, ok := scalar(e)
		if !ok {
			return nil, false
		}
		out = append(out, key+"="+escape(s))
	}
	return out, len(out) > 0
}

func members(m map[string]any, key, escape func(string) string) ([]string, bool) {
	var out []string
	for _, k := range sortedKeys(m) {
		s, ok := scalar(m[k])
		if !ok {
			return nil, false
		}
		out = append(out, key(k)+"="+escape(s))
	}
	return out, len(out) > 0
}

// escaper percent-encodes for a query. With allowReserved the characters of
// RFC 3986 §2.2 stay, but for those that would end the value.
func escaper(reserved bool) func(string) string {
	return func(s string) string {
		out := strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
		if reserved {
			out = strings.NewReplacer("%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").Replace(out)
		}
		return out
	}
}

func isComposite(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// scalar writes a value without structure; null has no text.
func scalar(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case float64, json.Number, bool, int, int64, uint64:
		return fmt.Sprint(x), true
	}
	return "", false
}
