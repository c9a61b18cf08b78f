// Package har reads recorded traffic (HTTP Archive 1.2,
// http://www.softwareishard.com/blog/har-12-spec) as far as it is that of a
// document: values for cases, how often each operation was called, and what of
// the answers there was to be read. Secrets are left behind when the file is
// read: nothing that is returned holds a header that the document does not
// declare, a cookie, or a value that is a secret by its name or its looks.
package har

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/outbound"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// mostWords bounds the values of one place.
const mostWords = 8

// Traffic is what recorded traffic says of an API.
type Traffic struct {
	// Words are values by operation and place, "createOrder/body/quantity", in the
	// order in which they were first seen: of requests that the document allows.
	Words map[string][]any
	// Mix is how often each operation was called.
	Mix map[string]float64
	// Used are the fields that answers of each operation held, as in
	// plumbline.Field, by status.
	Used map[string]map[int]map[string]bool
	// Entries is how many requests there were, and Foreign how many of them were
	// none of the document's.
	Entries, Foreign int
	// Hidden counts values that were left behind because they are secrets.
	Hidden int
}

// archive is the wire form, as far as it is read.
type archive struct {
	Log *struct {
		Entries []entry `json:"entries"`
	} `json:"log"`
}

type entry struct {
	Request struct {
		Method   string  `json:"method"`
		URL      string  `json:"url"`
		Headers  []field `json:"headers"`
		PostData *struct {
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
		} `json:"postData"`
	} `json:"request"`
	Response struct {
		Status  int     `json:"status"`
		Headers []field `json:"headers"`
		Content struct {
			MimeType string `json:"mimeType"`
			Text     string `json:"text"`
			Encoding string `json:"encoding"`
		} `json:"content"`
	} `json:"response"`
}

type field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// New is traffic of nothing.
func New() *Traffic {
	return &Traffic{Words: map[string][]any{}, Mix: map[string]float64{}, Used: map[string]map[int]map[string]bool{}}
}

// Read adds what an archive says of a document. The error says that the data is
// no archive, or that nothing in it is of the document.
func (t *Traffic) Read(file string, data []byte, d *openapi.Doc, s *schema.Set) error {
	var a archive
	if err := json.Unmarshal(data, &a); err != nil {
		return fmt.Errorf("%s: not an HTTP archive: %w", file, err)
	}
	if a.Log == nil {
		return fmt.Errorf("%s: not an HTTP archive: %w", file, errors.New("it has no log"))
	}
	r := &reader{traffic: t, requests: outbound.Of(d, s), answers: schema.NewInspector(d, s), secrets: secretsOf(d), ops: map[string]openapi.Op{}}
	for _, op := range d.Operations {
		r.ops[op.ID] = op
	}
	foreign := 0
	for _, e := range a.Log.Entries {
		if !r.entry(e) {
			foreign++
		}
	}
	t.Entries, t.Foreign = t.Entries+len(a.Log.Entries), t.Foreign+foreign
	if foreign == len(a.Log.Entries) {
		return fmt.Errorf("%s: none of %d requests is of an operation of the document", file, foreign)
	}
	return nil
}

// A reader takes entries apart.
type reader struct {
	traffic  *Traffic
	requests *outbound.Inspector
	answers  *schema.Inspector
	secrets  secrets
	ops      map[string]openapi.Op
}

// entry reads one request and its answer; false when it is of no operation.
func (r *reader) entry(e entry) bool {
	u, err := url.Parse(e.Request.URL)
	if err != nil {
		return false
	}
	req := outbound.Request{Method: strings.ToUpper(e.Request.Method), Path: u.Path, Query: u.RawQuery, Header: headers(e.Request.Headers), Whole: true}
	if p := e.Request.PostData; p != nil {
		req.Body = []byte(p.Text)
		if _, there := req.Header["Content-Type"]; !there {
			req.Header["Content-Type"] = []string{p.MimeType}
		}
	}
	id, marks := r.requests.Inspect(req)
	op, ok := r.ops[id]
	if !ok {
		return false
	}
	r.traffic.Mix[id]++
	if !slices.ContainsFunc(marks, func(m plumbline.Mark) bool { return m.Kind != plumbline.MarkUnread }) && e.Response.Status/100 == 2 {
		r.words(op, req)
	}
	r.used(id, e)
	return true
}

// headers are those of a message, by their canonical names.
func headers(list []field) map[string][]string {
	out := map[string][]string{}
	for _, f := range list {
		if name := canonical(f.Name); name != "" {
			out[name] = append(out[name], f.Value)
		}
	}
	return out
}

// used books what an answer held.
func (r *reader) used(id string, e entry) {
	c := e.Response.Content
	body := []byte(c.Text)
	if c.Encoding == "base64" {
		var err error
		if body, err = base64.StdEncoding.DecodeString(c.Text); err != nil {
			return
		}
	}
	resp := plumbline.Response{Status: e.Response.Status, Header: map[string][]string{"Content-Type": {c.MimeType}}, Body: body}
	if r.traffic.Used[id] == nil {
		r.traffic.Used[id] = map[int]map[string]bool{}
	}
	if r.traffic.Used[id][resp.Status] == nil {
		r.traffic.Used[id][resp.Status] = map[string]bool{}
	}
	for f := range r.answers.Fields(id, resp) {
		r.traffic.Used[id][resp.Status][f] = true
	}
}

// words takes the values of a request that was allowed and answered: of declared
// query parameters and headers, and the scalars of a JSON body outside of lists.
// Values of the path are names of live things, and stay behind.
func (r *reader) words(op openapi.Op, req outbound.Request) {
	query, err := url.ParseQuery(req.Query)
	if err != nil {
		return
	}
	for _, p := range op.Params {
		var values []string
		switch p.In {
		case "query":
			values = query[p.Name]
		case "header":
			values = req.Header[canonical(p.Name)]
		default:
			continue
		}
		if len(values) == 1 {
			r.word(op.ID+"/"+p.In+"/"+p.Name, p.Name, typed(values[0]))
		}
	}
	var body any
	dec := json.NewDecoder(bytes.NewReader(req.Body))
	dec.UseNumber()
	if dec.Decode(&body) == nil {
		r.members(op.ID+"/body", body)
	}
}

func (r *reader) members(at string, v any) {
	m, ok := v.(map[string]any)
	if !ok {
		return
	}
	for name, e := range m {
		switch e.(type) {
		case map[string]any:
			r.members(at+"/"+name, e)
		case []any, nil:
		default:
			r.word(at+"/"+name, name, []any{e})
		}
	}
}

// typed are the readings of a text: a number or truth value, and the text.
func typed(text string) []any {
	var out []any
	if json.Valid([]byte(text)) && text != "null" && !strings.HasPrefix(text, `"`) && !strings.ContainsAny(text, "{[") {
		var v any
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		if dec.Decode(&v) == nil {
			out = append(out, v)
		}
	}
	return append(out, text)
}

// word keeps the readings of a value, unless it is a secret.
func (r *reader) word(place, name string, readings []any) {
	for _, v := range readings {
		if r.secrets.is(name, v) {
			r.traffic.Hidden++
			return
		}
	}
	for _, v := range readings {
		if known := r.traffic.Words[place]; len(known) < mostWords && !slices.Contains(known, v) {
			r.traffic.Words[place] = append(known, v)
		}
	}
}
