package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// encode writes a draft as a request; ok is false when a part has no legal
// form on the wire.
func (m *maker) encode(d draft) (req plumbline.Request, ok bool) {
	req = plumbline.Request{Method: m.op.Method, Path: m.op.Path, Header: map[string][]string{"Accept": {accept(m.op.Op)}}}
	var query, cookies []string
	for _, p := range m.op.Params {
		v, has := d.params[p]
		if !has {
			continue
		}
		switch p.In {
		case openapi3.ParameterInPath:
			text := pathValue(p, v)
			if text == "" {
				return req, false
			}
			req.Path = strings.ReplaceAll(req.Path, "{"+p.Name+"}", text)
		case openapi3.ParameterInQuery:
			query = append(query, queryPairs(p, v)...)
		case openapi3.ParameterInHeader:
			req.Header[p.Name] = []string{headerSafe(simple(v))}
		case openapi3.ParameterInCookie:
			cookies = append(cookies, p.Name+"="+url.QueryEscape(simple(v)))
		}
	}
	req.Query = strings.Join(query, "&")
	if len(cookies) > 0 {
		req.Header["Cookie"] = []string{strings.Join(cookies, "; ")}
	}
	if d.media != "" {
		body, media, ok := encodeBody(d.media, d.body)
		if !ok {
			return req, false
		}
		req.Body, req.Header["Content-Type"] = body, []string{media}
	}
	return req, true
}

// accept asks for the media types that the document gives to successes.
func accept(op *openapi3.Operation) string {
	media := map[string]bool{}
	if op.Responses != nil {
		for status, r := range op.Responses.Map() {
			if r == nil || r.Value == nil || !strings.HasPrefix(status, "2") {
				continue
			}
			for k := range r.Value.Content {
				media[strings.TrimSpace(strings.Split(k, ";")[0])] = true
			}
		}
	}
	if len(media) == 0 || media["*/*"] {
		return "*/*"
	}
	names := slices.Sorted(maps.Keys(media))
	if media["application/json"] {
		return "application/json"
	}
	return strings.Join(names[:min(len(names), 4)], ", ")
}

func headerSafe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '-'
		}
		return r
	}, s)
}

// pathValue writes a path parameter in style simple, label or matrix.
func pathValue(p *openapi3.Parameter, v any) string {
	text := escapeEach(v)
	switch p.Style {
	case "label":
		return "." + text
	case "matrix":
		return ";" + url.PathEscape(p.Name) + "=" + text
	}
	return text
}

func escapeEach(v any) string {
	parts := strings.Split(simple(v), ",")
	for i, s := range parts {
		parts[i] = url.PathEscape(s)
	}
	return strings.Join(parts, ",")
}

// queryPairs writes a query parameter in style form, spaceDelimited,
// pipeDelimited or deepObject.
func queryPairs(p *openapi3.Parameter, v any) []string {
	explode := p.Explode == nil || *p.Explode
	key := url.QueryEscape(p.Name)
	switch x := v.(type) {
	case []any:
		if explode && p.Style != "spaceDelimited" && p.Style != "pipeDelimited" {
			var out []string
			for _, e := range x {
				out = append(out, key+"="+url.QueryEscape(scalar(e)))
			}
			return out
		}
		sep := map[string]string{"spaceDelimited": "%20", "pipeDelimited": "%7C"}[p.Style]
		if sep == "" {
			sep = ","
		}
		var parts []string
		for _, e := range x {
			parts = append(parts, url.QueryEscape(scalar(e)))
		}
		return []string{key + "=" + strings.Join(parts, sep)}
	case map[string]any:
		var out []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			name := url.QueryEscape(k)
			if p.Style == "deepObject" {
				name = key + "%5B" + url.QueryEscape(k) + "%5D"
			}
			out = append(out, name+"="+url.QueryEscape(scalar(x[k])))
		}
		return out
	}
	return []string{key + "=" + url.QueryEscape(scalar(v))}
}

// simple writes a value in style simple.
func simple(v any) string {
	switch x := v.(type) {
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, scalar(e))
		}
		return strings.Join(parts, ",")
	case map[string]any:
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			parts = append(parts, k, scalar(x[k]))
		}
		return strings.Join(parts, ",")
	}
	return scalar(v)
}

func scalar(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case float64, json.Number, bool, int, int64, uint64:
		return fmt.Sprint(x)
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

func encodeBody(media string, v any) (body []byte, contentType string, ok bool) {
	base := strings.ToLower(strings.TrimSpace(strings.Split(media, ";")[0]))
	switch {
	case rank(base) <= 2:
		if rank(base) == 2 {
			media = "application/json"
		}
		data, err := json.Marshal(v)
		return data, media, err == nil
	case rank(base) == 3:
		m, object := v.(map[string]any)
		var pairs []string
		for _, k := range slices.Sorted(maps.Keys(m)) {
			pairs = append(pairs, queryPairs(&openapi3.Parameter{Name: k}, m[k])...)
		}
		return []byte(strings.Join(pairs, "&")), media, object
	case rank(base) == 4:
		return encodeMultipart(v)
	case rank(base) == 5:
		return []byte(simple(v)), media, true
	}
	return nil, "", false
}

func encodeMultipart(v any) ([]byte, string, bool) {
	m, object := v.(map[string]any)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.SetBoundary("plumbline-boundary"); err != nil {
		return nil, "", false
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if err := w.WriteField(k, simple(m[k])); err != nil {
			return nil, "", false
		}
	}
	err := w.Close()
	return b.Bytes(), w.FormDataContentType(), object && err == nil
}

// plain brings a value into the form in which encoding/json decodes it.
func plain(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		return v
	}
	return out
}

// asText is a scalar as a parameter is read whose type is text.
func asText(v any) any { return scalar(v) }
