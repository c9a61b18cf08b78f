package sample

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
)

// robust are requests that a right server may take or refuse, and must survive:
// what they ask is nothing but an answer below 500.
func (m *maker) robust() []plumbline.Case {
	r := &rough{maker: m}
	req, ok := m.encode(m.seed)
	if !ok {
		return nil
	}
	r.seed = req
	if len(req.Body) > 0 {
		r.body()
	}
	r.query()
	return r.out
}

type rough struct {
	*maker
	seed plumbline.Request
	out  []plumbline.Case
}

func (r *rough) add(keyword, at, words string, change func(*plumbline.Request)) {
	req := r.seed
	req.Header = maps.Clone(req.Header)
	req.Body = slices.Clone(req.Body)
	change(&req)
	binds := slices.DeleteFunc(slices.Clone(r.binds), func(b plumbline.Bind) bool { return b.In == strings.Split(at, "/")[0] && b.In == "body" })
	r.out = append(r.out, plumbline.Case{
		ID: r.id("robust-", at, keyword), Operation: r.op.ID, Kind: plumbline.CaseRobust, Keyword: keyword, Pointer: at,
		Violates: "robustness: " + words, Proof: "neither validity nor invalidity is claimed", Origin: "malformed", Request: req,
		Binds: binds, Expect: statuses(r.op.Op, "4"),
	})
}

func (r *rough) body() {
	text := func(keyword, words, body string) {
		r.add(keyword, "body", words, func(q *plumbline.Request) { q.Body = []byte(body) })
	}
	if rank(r.seedMedia()) <= rankPlusJSON {
		for _, x := range jsonPack(string(r.seed.Body)) {
			text(x[0], x[1], x[2])
		}
	} else {
		r.add("utf-8", "body", "invalid UTF-8", func(q *plumbline.Request) { q.Body = append(q.Body, 0xff, 0xfe) })
		r.add("nul", "body", "a NUL byte", func(q *plumbline.Request) { q.Body = append(q.Body, 0) })
	}
	r.add("charset", "body", "a charset that the bytes are not in", func(q *plumbline.Request) {
		q.Header["Content-Type"] = []string{baseMedia(r.seedMedia()) + "; charset=utf-16"}
	})
	if !r.required(place{mt: r.maker.seed.mt}) {
		r.add("empty", "body", "an empty body where it is optional", func(q *plumbline.Request) { q.Body = nil })
	}
}

// jsonPack are bodies on which parsers of JSON differ, or which are too much for
// careless ones: keyword, words, bytes (RFC 8259 §4, §6, §8 and §9).
func jsonPack(seed string) [][3]string {
	return [][3]string{
		{"nesting", "nested 100 deep", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)},
		{"utf-8", "invalid UTF-8", "{\"a\":\"\xff\xfe\"}"},
		{"nul", "a NUL character", `{"a":"\u0000"}`},
		{"duplicate-keys", "duplicate keys", `{"a":1,"a":2}`},
		{"overflow", "number overflow", `{"a":1e400}`},
		{"trailing", "text after the value", seed + " plumbline"},
		{"two-values", "the value twice", seed + seed},
		{"order-mark", "a byte-order mark before the value", "\ufeff" + seed},
		{"blank", "nothing but white space", " \n\t "},
		{"null", "null", "null"},
		{"comma", "a comma too many", `{"a":1,}`},
		{"comment", "a comment", "/* plumbline */ " + seed},
		{"single-quotes", "single quotes", `{'a':'b'}`},
		{"nan", "NaN", `{"a":NaN}`},
		{"digits", "a number of 400 digits", `{"a":` + strings.Repeat("9", 400) + "}"},
		{"surrogate", "half a surrogate pair", `{"a":"\ud800"}`},
		{"prototype", "names that mean something to runtimes", `{"__proto__":{"a":1},"constructor":{"prototype":{}},"":0}`},
		{"deep-list", "lists nested 1000 deep", strings.Repeat("[", 1000) + strings.Repeat("]", 1000)},
	}
}

func (r *rough) seedMedia() string { return strings.Join(r.seed.Header["Content-Type"], "") }

// query spoils the first query parameter whose value is a text.
func (r *rough) query() {
	for _, p := range r.op.Params {
		if p.In != openapi3.ParameterInQuery || p.Schema == nil || kind(p.Schema.Value) != "string" {
			continue
		}
		for _, x := range [][3]string{{"utf-8", "invalid UTF-8", "%FF%FE"}, {"nul", "a NUL byte", "a%00b"}, {"long", "2000 characters", strings.Repeat("x", 2000)}} {
			r.add(x[0], "query/"+p.Name, x[1], func(q *plumbline.Request) { q.Query = setQuery(q.Query, p.Name, x[2]) })
		}
		return
	}
}

// setQuery gives a query parameter one raw value.
func setQuery(raw, name, value string) string {
	var out []string
	for _, part := range strings.Split(raw, "&") {
		if k, _, _ := strings.Cut(part, "="); part != "" && unescape(k) != name {
			out = append(out, part)
		}
	}
	return strings.Join(append(out, url.QueryEscape(name)+"="+value), "&")
}
