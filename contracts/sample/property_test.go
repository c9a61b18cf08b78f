package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A second is another reader of requests: it shares no code with the one that
// proves cases, reads with net/http and net/url, and knows less. What it does
// not know it says nothing about.
type second struct {
	set *schema.Set
	op  openapi.Op
}

// verdicts tells which places of a request are valid and which are not.
func (s second) verdicts(c plumbline.Case) (good, bad []string) {
	req, err := http.NewRequest(c.Request.Method, "http://target"+c.Request.Path+"?"+c.Request.Query, bytes.NewReader(c.Request.Body))
	if err != nil {
		return nil, []string{err.Error()}
	}
	for k, v := range c.Request.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	for _, p := range s.op.Params {
		if p.Schema == nil || p.Schema.Value == nil || foreign(p) || slices.ContainsFunc(c.Binds, func(b plumbline.Bind) bool { return b.Name == p.Name }) {
			continue
		}
		values, known := s.values(p, req, c.Request.Path)
		if !known || p.Schema.Value.Type.Is("object") || len(p.Schema.Value.Properties) > 0 {
			continue
		}
		at := p.In + "/" + p.Name
		switch {
		case len(values) == 0 && p.Required:
			bad = append(bad, at)
		case len(values) == 0, s.any(p.Schema, values):
			good = append(good, at)
		default:
			bad = append(bad, at)
		}
	}
	if v, known := s.body(req, c.Request.Body); known {
		if v {
			good = append(good, "body")
		} else {
			bad = append(bad, "body")
		}
	}
	return good, bad
}

// values are the texts of a parameter in style form or simple.
func (s second) values(p *openapi3.Parameter, req *http.Request, path string) ([]string, bool) {
	if p.Style != "" && p.Style != "form" && p.Style != "simple" {
		return nil, false
	}
	switch p.In {
	case "query":
		return req.URL.Query()[p.Name], p.Explode == nil || *p.Explode
	case "header":
		return req.Header.Values(p.Name), true
	case "cookie":
		var out []string
		for _, c := range req.CookiesNamed(p.Name) {
			v, err := url.QueryUnescape(c.Value)
			if err != nil {
				return nil, false
			}
			out = append(out, v)
		}
		return out, true
	}
	expr := regexp.QuoteMeta(s.op.Path)
	expr = regexp.MustCompile(`\\\{[^/]*?\\\}`).ReplaceAllStringFunc(expr, func(m string) string {
		if m == regexp.QuoteMeta("{"+p.Name+"}") {
			return "([^/]*)"
		}
		return "[^/]*"
	})
	m := regexp.MustCompile("^" + expr + "$").FindStringSubmatch(path)
	if len(m) != 2 || strings.Count(s.op.Path, "{") != strings.Count(strings.ReplaceAll(s.op.Path, "}", "}/"), "}/") || strings.Contains(s.op.Path, "}{") {
		return nil, false
	}
	v, err := url.PathUnescape(m[1])
	return []string{v}, err == nil && regexp.MustCompile(`/\{[^/]*\}(/|$)`).MatchString(s.op.Path) && !strings.Contains(m[1], "{")
}

// any tells whether texts may be read as something that the schema accepts.
func (s second) any(ref *openapi3.SchemaRef, values []string) bool {
	read := func(text string) []any {
		out := []any{text}
		var v any
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		if dec.Decode(&v) == nil && !dec.More() {
			out = append(out, v)
		}
		return out
	}
	var whole, texts []any
	for _, text := range values {
		for _, v := range read(text) {
			if len(values) == 1 && len(s.set.Check(ref, schema.Request, v)) == 0 {
				return true
			}
		}
		each := read(text)
		whole, texts = append(whole, each[len(each)-1]), append(texts, text)
	}
	if len(s.set.Check(ref, schema.Request, whole)) == 0 || len(s.set.Check(ref, schema.Request, texts)) == 0 {
		return true
	}
	if len(values) == 1 && strings.Contains(values[0], ",") {
		return s.any(ref, strings.Split(values[0], ","))
	}
	return false
}

// body reads a JSON body.
func (s second) body(req *http.Request, data []byte) (valid, known bool) {
	b := s.op.Op.RequestBody
	if b == nil || b.Value == nil {
		return false, false
	}
	if len(data) == 0 {
		return !b.Value.Required, len(b.Value.Content) > 0
	}
	media := strings.Split(req.Header.Get("Content-Type"), ";")[0]
	for name, mt := range b.Value.Content {
		if strings.Split(name, ";")[0] != media || !strings.HasSuffix(media, "json") {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) != nil {
			return false, true
		}
		return len(s.set.Check(mt.Schema, schema.Request, v)) == 0, true
	}
	return false, false
}

func TestEveryCaseOfTheCorpusIsWhatItSays(t *testing.T) {
	t.Parallel()
	docs := corpus(t)
	valid, invalid, robust, unread := map[string]int{}, map[string]int{}, 0, 0
	for _, name := range chosen(t, docs, nil) {
		d, err := openapi.Parse(name, docs[name], openapi.Options{})
		if err != nil {
			continue
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, seed := range []uint64{1, 20} {
			for i, o := range Fill(d, s, Options{Seed: seed}) {
				reader := second{s, d.Operations[i]}
				for _, c := range o.Cases {
					valid[c.Keyword]++
					if _, bad := reader.verdicts(c); len(bad) > 0 {
						t.Errorf("%s: %s is not valid at %v: %s", name, c.ID, bad, line(c))
					}
				}
				for _, c := range o.Invalid {
					if c.Kind == plumbline.CaseRobust {
						robust++
						continue
					}
					invalid[c.Keyword]++
					good, bad := reader.verdicts(c)
					if slices.ContainsFunc(good, func(at string) bool { return c.Pointer == at || strings.HasPrefix(c.Pointer, at+"/") }) {
						t.Errorf("%s: %s is valid: %s\n%s", name, c.ID, line(c), c.Proof)
					}
					if len(bad) == 0 {
						unread++
					}
				}
			}
		}
	}
	t.Logf("valid cases by keyword: %v", valid)
	t.Logf("invalid cases by keyword: %v; %d that the second reader does not know; %d robust", invalid, unread, robust)
}

func line(c plumbline.Case) string {
	return fmt.Sprintf("%s %s?%s %v %.300s", c.Request.Method, c.Request.Path, c.Request.Query, c.Request.Header, c.Request.Body)
}
