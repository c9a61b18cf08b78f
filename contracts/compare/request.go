package compare

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

func (j *judgement) walker(way schema.Direction, rs rules) *walker {
	return &walker{set: j.comparator.set, doc: j.comparator.doc.T, way: way, rules: rs}
}

// pathValues holds the literal parameters of the path against their schemas. A
// rule on the path makes it an example.
func (j *judgement) pathValues(values map[string]string) {
	if len(j.in.pathRules) > 0 {
		return
	}
	for _, p := range j.op.Params {
		v, ok := values[p.Name]
		if p.In != openapi3.ParameterInPath || !ok {
			continue
		}
		if text, err := url.PathUnescape(v); err == nil {
			v = text
		}
		if why := j.text([]string{v}, p.Schema, schema.Request, ""); why != "" {
			j.breach(codeOperation, "/request/path", j.schemaOf(), "the path parameter %s does not take %q: %s", p.Name, v, why)
		}
	}
}

func (j *judgement) schemaOf() string { return j.op.Source.Pointer }

// text holds the text form of a parameter or header against its schema: it is
// right when any legal reading of it is. The separator of lists is the comma
// unless said.
func (j *judgement) text(values []string, ref *openapi3.SchemaRef, way schema.Direction, separator string) string {
	if ref == nil || ref.Value == nil || len(values) == 0 {
		return ""
	}
	set := j.comparator.set
	why := ""
	for _, v := range readingsOf(values, separator) {
		got := set.Check(ref, way, v)
		if len(got) == 0 {
			return ""
		}
		if why == "" {
			why = got[0].Message
		}
	}
	return why
}

// readingsOf are the legal readings of texts: as texts, as numbers or
// booleans, as lists of those, as the members of an object.
func readingsOf(values []string, separator string) []any {
	var out []any
	if len(values) == 1 {
		out = append(out, scalars(values[0])...)
		if separator == "" {
			separator = ","
		}
		values = strings.Split(values[0], separator)
	}
	texts, typed, object := []any{}, []any{}, map[string]any{}
	for _, v := range values {
		s := scalars(v)
		texts, typed = append(texts, v), append(typed, s[len(s)-1])
	}
	for i := 0; i+1 < len(values); i += 2 {
		s := scalars(values[i+1])
		object[values[i]] = s[len(s)-1]
	}
	return append(out, texts, typed, object)
}

func scalars(s string) []any {
	out := []any{s}
	if _, err := strconv.ParseFloat(s, 64); err == nil && json.Valid([]byte(s)) {
		out = append(out, json.Number(s))
	}
	switch s {
	case "true", "false":
		out = append(out, s == "true")
	case "":
		out = append(out, nil)
	}
	return out
}

// parameters holds query and headers against the document.
func (j *judgement) parameters() {
	known := map[string]bool{}
	for _, p := range j.op.Params {
		switch p.In {
		case openapi3.ParameterInQuery:
			j.queryParameter(p, known)
		case openapi3.ParameterInHeader:
			j.headerParameter(p, known)
		}
	}
	for _, key := range sortedKeys(j.in.query) {
		if !known["query "+key] && !j.credential("query", key) {
			j.warn("request.query"+unknown, "/request/query/"+escape(key), j.schemaOf(), "the document has no query parameter %s", key)
		}
	}
	for _, key := range sortedKeys(j.in.request.header) {
		if !known["header "+strings.ToLower(key)] && !standard(key) && !j.credential("header", key) {
			j.warn("request.header"+unknown, "/request/headers/"+escape(key), j.schemaOf(), "the document has no header %s", key)
		}
	}
}

func sortedKeys(m map[string][]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func (j *judgement) queryParameter(p *openapi3.Parameter, known map[string]bool) {
	const code = "request.query" + incompatible
	found := false
	for key, values := range j.in.query {
		if key != p.Name && strings.TrimSuffix(key, "[]") != p.Name {
			// deepObject, and the members of an exploded object
			if strings.HasPrefix(key, p.Name+"[") || isObject(p.Schema) && p.Schema.Value.Properties[key] != nil {
				known["query "+key], found = true, true
			}
			continue
		}
		known["query "+key], found = true, true
		sep := map[string]string{"pipeDelimited": "|", "spaceDelimited": " "}[p.Style]
		if why := j.text(values, p.Schema, schema.Request, sep); why != "" {
			j.breach(code, "/request/query/"+escape(key), j.schemaOf(), "the query parameter %s does not take %q: %s", key, values, why)
			continue
		}
		j.queryRule(p, key)
	}
	if p.Required && !found {
		j.breach(code, "/request/query", j.schemaOf(), "the required query parameter %s is missing", p.Name)
	}
}

// queryRule holds the texts that a finite pattern lists against the schema.
func (j *judgement) queryRule(p *openapi3.Parameter, key string) {
	r, _ := j.in.queryRules.at([]string{key})
	for _, m := range r.matchers {
		all, finite := texts(m.Regex)
		for _, text := range all {
			if why := j.text([]string{text}, p.Schema, schema.Request, ""); m.Match == "regex" && finite && why != "" {
				j.breach("request.query"+incompatible, "/request/query/"+escape(key), j.schemaOf(), "the consumer says that it sends %s=%q: %s", key, text, why)
				return
			}
		}
	}
}

func isObject(ref *openapi3.SchemaRef) bool {
	return ref != nil && ref.Value != nil && ref.Value.Type != nil && ref.Value.Type.Is("object")
}

func (j *judgement) headerParameter(p *openapi3.Parameter, known map[string]bool) {
	const code = "request.header" + incompatible
	known["header "+strings.ToLower(p.Name)] = true
	if slices.Contains([]string{"accept", "content-type", "authorization"}, strings.ToLower(p.Name)) {
		return // governed by other parts of the document (OpenAPI 3.1 §4.8.12.1)
	}
	name, values := header(j.in.request.header, p.Name)
	if name == "" {
		if p.Required {
			j.breach(code, "/request/headers", j.schemaOf(), "the required header %s is missing", p.Name)
		}
		return
	}
	if r, _ := j.in.request.headerRules.at([]string{name}); len(r.matchers) > 0 && r.matchers[0].Match == "type" {
		return
	}
	if why := j.text(values, p.Schema, schema.Request, ""); why != "" {
		j.breach(code, "/request/headers/"+escape(name), j.schemaOf(), "the header %s does not take %q: %s", p.Name, values, why)
	}
}

// header finds a header by its name, whatever its case.
func header(h map[string][]string, name string) (string, []string) {
	for _, k := range sortedKeys(h) {
		if strings.EqualFold(k, name) {
			return k, h[k]
		}
	}
	return "", nil
}

// standard names headers that HTTP itself governs.
func standard(name string) bool {
	return slices.Contains([]string{
		"accept", "accept-charset", "accept-encoding", "accept-language", "authorization", "cache-control", "connection", "content-length", "content-type",
		"cookie", "date", "etag", "expect", "host", "if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "last-modified", "location",
		"origin", "pragma", "referer", "server", "traceparent", "tracestate", "transfer-encoding", "user-agent", "vary",
	}, strings.ToLower(name))
}

// requestBody holds the body against the document, with the usual meaning of
// required, and then what its rules allow beside the example.
func (j *judgement) requestBody() {
	ref := j.op.Op.RequestBody
	b := j.in.request.body
	if ref == nil || ref.Value == nil {
		j.unwanted(b)
		return
	}
	if !b.given {
		if ref.Value.Required {
			j.breach(requestBody+incompatible, "/request/body", j.schemaOf()+"/requestBody", "the required body is missing")
		}
		return
	}
	name, m := media(ref.Value.Content, b)
	at := j.schemaOf() + "/requestBody/content"
	switch {
	case len(ref.Value.Content) == 0:
	case m == nil:
		j.breach("request.content-type"+incompatible, "/request/headers", at, "the document does not take %q", b.media)
	case !b.json || !isJSON(name):
		j.warn(requestBody+unvalidatable, "/request/body", at, "bodies of %s are not compared", name)
	case m.Schema != nil:
		j.jsonRequest(b, m.Schema, at+"/"+escape(name)+"/schema")
	}
}

func (j *judgement) unwanted(b body) {
	if b.given {
		j.warn(requestBody+unknown, "/request/body", j.schemaOf(), "the document has no request body here")
	} else if name, _ := header(j.in.request.header, "Content-Type"); name != "" {
		j.warn("request.content-type"+unknown, "/request/headers/"+name, j.schemaOf(), "the document has no request body here")
	}
}

func (j *judgement) jsonRequest(b body, ref *openapi3.SchemaRef, at string) {
	const where = "/request/body"
	full := j.comparator.set.Check(ref, schema.Request, b.value)
	for _, x := range full {
		if x.Keyword == "oneOf" && strings.Contains(x.Message, "match") && len(full) == 1 {
			j.warn("request.body.ambiguous", where+x.Pointer, x.Schema, "the body matches more than one alternative")
			continue
		}
		j.breach(requestBody+incompatible, where+x.Pointer, x.Schema, "%s", x.Message)
	}
	r := j.walker(schema.Request, b.rules).walk(b.value, place{}, openapi3.SchemaRefs{ref})
	for _, p := range r.problems {
		switch {
		case p.kind == wider:
			j.warn(requestBody+wider, where+p.pointer, at, "%s", p.message)
		case len(full) == 0:
			j.breach(requestBody+incompatible, where+p.pointer, at, "%s", p.message)
		}
	}
}

// media is the documented media type of a body: exactly, by wildcard, or the
// only JSON one where the pact states none.
func media(c openapi3.Content, b body) (string, *openapi3.MediaType) {
	want, _, _ := strings.Cut(strings.ToLower(b.media), ";")
	want = strings.TrimSpace(want)
	group, _, _ := strings.Cut(want, "/")
	wild := ""
	for _, name := range sortedMedia(c) {
		have, _, _ := strings.Cut(strings.ToLower(name), ";")
		have = strings.TrimSpace(have)
		switch {
		case have == want, want == "" && isJSON(have):
			return name, c[name]
		case have == group+"/*", have == "*/*" && wild == "":
			wild = name
		}
	}
	return wild, c[wild]
}

func sortedMedia(c openapi3.Content) []string {
	out := make([]string, 0, len(c))
	for k := range c {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
