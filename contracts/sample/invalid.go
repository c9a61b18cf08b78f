package sample

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// invalid makes cases that break the document in one place each. Those whose
// Violates begins with "robustness" claim no 4xx: they ask only that the
// target survives them.
func (m *maker) invalid(seed plumbline.Case) []plumbline.Case {
	w := &wrong{maker: m, seed: seed}
	w.parameters()
	w.body()
	return w.out[:min(len(w.out), m.options.MaxInvalid)]
}

type wrong struct {
	*maker
	seed plumbline.Case
	out  []plumbline.Case
}

func (w *wrong) add(name, violates string, change func(*plumbline.Request)) {
	r := w.seed.Request
	r.Header = maps.Clone(r.Header)
	r.Body = slices.Clone(r.Body)
	change(&r)
	w.out = append(w.out, plumbline.Case{
		ID: w.op.ID + "/" + name, Operation: w.op.ID, Violates: violates, Origin: "invalid", Request: r,
		Binds: w.seed.Binds, Expect: clientErrors(w.op.Op),
	})
}

func clientErrors(op *openapi3.Operation) []string {
	var out []string
	if op.Responses != nil {
		for status := range op.Responses.Map() {
			if strings.HasPrefix(status, "4") {
				out = append(out, status)
			}
		}
	}
	slices.Sort(out)
	return out
}

// parameters breaks query parameters: a text that no decoding makes a number
// or a truth value, numbers out of bounds, texts out of an enumeration, and
// required parameters left out.
func (w *wrong) parameters() {
	for _, p := range w.op.Params {
		if p.In != openapi3.ParameterInQuery || p.Schema == nil || p.Schema.Value == nil {
			continue
		}
		for _, text := range []string{"plumbline-not-" + kind(p.Schema.Value), "-999999999999", "99999999999999999999"} {
			if w.impossible(p, text) {
				w.add("query-"+p.Name+"-"+strconv.Itoa(len(w.out)), "query/"+p.Name+": "+w.why(p.Schema, text), func(r *plumbline.Request) {
					r.Query = setQuery(r.Query, p.Name, text)
				})
			}
		}
		if p.Required {
			w.add("query-"+p.Name+"-missing", "query/"+p.Name+": required", func(r *plumbline.Request) { r.Query = setQuery(r.Query, p.Name, "") })
		}
	}
}

// impossible proves that a text is invalid in every legal decoding: as text,
// as a number, as a truth value, and as the one element of a list.
func (w *wrong) impossible(p *openapi3.Parameter, text string) bool {
	readings := []any{text, []any{text}}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		readings = append(readings, json.Number(text), []any{json.Number(text)})
	}
	if !w.set.Known(p.Schema, schema.Request) {
		return false
	}
	for _, v := range readings {
		if len(w.set.Check(p.Schema, schema.Request, v)) == 0 {
			return false
		}
	}
	return true
}

func (w *wrong) why(ref *openapi3.SchemaRef, v any) string {
	if b := w.set.Check(ref, schema.Request, v); len(b) > 0 {
		return b[0].Message
	}
	return "not valid"
}

func setQuery(raw, name, value string) string {
	var out []string
	for _, pair := range strings.Split(raw, "&") {
		if k, _, _ := strings.Cut(pair, "="); pair != "" && k != url.QueryEscape(name) {
			out = append(out, pair)
		}
	}
	if value != "" {
		out = append(out, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return strings.Join(out, "&")
}

// body breaks a JSON body.
func (w *wrong) body() {
	b := w.op.Op.RequestBody
	if b == nil || b.Value == nil || len(w.seed.Request.Body) == 0 || !strings.Contains(strings.Join(w.seed.Request.Header["Content-Type"], ""), "json") {
		return
	}
	_, mt := preferred(b.Value.Content)
	if mt == nil || mt.Schema == nil {
		return
	}
	raw := func(name, violates, text string) {
		w.add("body-"+name, violates, func(r *plumbline.Request) { r.Body = []byte(text) })
	}
	raw("malformed", "body: not JSON", `{"plumbline":`)
	if b.Value.Required {
		w.add("body-missing", "body: required", func(r *plumbline.Request) { r.Body = nil })
	}
	var doc any
	if err := json.Unmarshal(w.seed.Request.Body, &doc); err != nil {
		return
	}
	w.value(mt.Schema, "body-array", []any{doc, doc})
	w.value(mt.Schema, "body-null", nil)
	if m, ok := doc.(map[string]any); ok {
		w.properties(mt.Schema, m)
	}
	raw("nested", "robustness: nested 100 deep", strings.Repeat(`{"a":`, 100)+"1"+strings.Repeat("}", 100))
	raw("utf8", "robustness: invalid UTF-8", "{\"a\":\"\xff\xfe\"}")
	raw("duplicate", "robustness: duplicate keys", `{"a":1,"a":2}`)
	raw("number", "robustness: number overflow", `{"a":1e400}`)
}

// value adds a body if, and only if, it is invalid.
func (w *wrong) value(ref *openapi3.SchemaRef, name string, v any) {
	breaches := w.set.Check(ref, schema.Request, plain(v))
	if len(breaches) == 0 {
		return
	}
	data, err := json.Marshal(v)
	if err != nil {
		return
	}
	w.add(name, "body"+breaches[0].Pointer+": "+breaches[0].Message, func(r *plumbline.Request) { r.Body = data })
}

// properties breaks one property at a time.
func (w *wrong) properties(ref *openapi3.SchemaRef, doc map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(doc)) {
		without := maps.Clone(doc)
		delete(without, k)
		w.value(ref, "body-"+k+"-missing", without)
		for name, v := range map[string]any{
			"null": nil, "object": map[string]any{"plumbline": true}, "text": "plumbline-not-valid", "negative": json.Number("-1"),
			"huge": json.Number("99999999999"), "fraction": json.Number("1.5"), "empty": "", "long": strings.Repeat("x", 10_000),
		} {
			changed := maps.Clone(doc)
			changed[k] = v
			w.value(ref, "body-"+k+"-"+name, changed)
		}
	}
	more := maps.Clone(doc)
	more["plumbline_unknown"] = true
	w.value(ref, "body-additional", more)
	slices.SortStableFunc(w.out, func(a, b plumbline.Case) int { return strings.Compare(a.ID, b.ID) })
}
