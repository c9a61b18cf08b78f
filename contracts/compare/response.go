package compare

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// authorisation asks whether the request carries what the document wants of
// it: all schemes of one of the alternatives.
func (j *judgement) authorisation() {
	wanted := j.comparator.doc.T.Security
	if j.op.Op.Security != nil {
		wanted = *j.op.Op.Security
	}
	if len(wanted) == 0 {
		return
	}
	for _, alternative := range wanted {
		met := true
		for name := range alternative {
			met = met && j.carries(name)
		}
		if met {
			return
		}
	}
	if j.comparator.Credentials {
		j.warn(codeAuth, "/request/headers", j.schemaOf(), "the request carries no credentials; they are added when it is verified")
		return
	}
	j.breach(codeAuth, "/request/headers", j.schemaOf(), "the request carries none of the credentials that the document wants")
}

func (j *judgement) scheme(name string) *openapi3.SecurityScheme {
	c := j.comparator.doc.T.Components
	if c == nil || c.SecuritySchemes[name] == nil {
		return nil
	}
	return c.SecuritySchemes[name].Value
}

func (j *judgement) carries(name string) bool {
	s := j.scheme(name)
	if s == nil || s.Type == "mutualTLS" {
		return true
	}
	if s.Type == "apiKey" {
		switch s.In {
		case "query":
			return len(j.in.query[s.Name]) > 0
		case "cookie":
			_, v := header(j.in.request.header, "Cookie")
			return strings.Contains(strings.Join(v, ";"), s.Name+"=")
		}
		k, _ := header(j.in.request.header, s.Name)
		return k != ""
	}
	_, values := header(j.in.request.header, "Authorization")
	text := strings.Join(values, "")
	kind, rest, _ := strings.Cut(text, " ")
	switch {
	case text == "":
		return false
	case s.Type != "http":
		return true
	case strings.EqualFold(s.Scheme, "basic"):
		_, err := base64.StdEncoding.DecodeString(rest)
		return strings.EqualFold(kind, "basic") && err == nil
	}
	return strings.EqualFold(kind, s.Scheme)
}

// credential tells whether a header or query parameter belongs to a security
// scheme.
func (j *judgement) credential(in, name string) bool {
	c := j.comparator.doc.T.Components
	if c == nil {
		return false
	}
	for _, s := range c.SecuritySchemes {
		if s != nil && s.Value != nil && s.Value.In == in && strings.EqualFold(s.Value.Name, name) {
			return true
		}
	}
	return false
}

// accept asks whether the response can be of a media type that the request
// wants.
func (j *judgement) accept() {
	_, values := header(j.in.request.header, "Accept")
	r, _ := j.documented()
	if len(values) == 0 || r == nil {
		return
	}
	if len(r.Content) == 0 {
		j.warn("request.accept"+unknown, "/request/headers/Accept", j.schemaOf(), "the document has no content for this response")
		return
	}
	for _, want := range strings.Split(strings.Join(values, ","), ",") {
		want, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(want)), ";")
		for name := range r.Content {
			have, _, _ := strings.Cut(strings.ToLower(name), ";")
			group, _, _ := strings.Cut(have, "/")
			if want == have || want == "*/*" || want == group+"/*" || strings.HasSuffix(have, "/*") {
				return
			}
		}
	}
	j.breach("request.accept"+incompatible, "/request/headers/Accept", j.schemaOf(), "the document has no response of %q", values)
}

// documented is the response that the document has for the expected status: by
// the status, by its class, by default. A rule on the status may stand for
// several.
func (j *judgement) documented() (*openapi3.Response, string) {
	if j.op.Op.Responses == nil {
		return nil, ""
	}
	all := j.op.Op.Responses.Map()
	code := strconv.Itoa(j.in.status)
	for _, key := range []string{code, code[:1] + "XX", code[:1] + "xx"} {
		if r := all[key]; r != nil && r.Value != nil {
			return r.Value, key
		}
	}
	for _, k := range slices.Sorted(maps.Keys(all)) {
		if all[k].Value != nil && j.in.acceptsStatus(k) {
			return all[k].Value, k
		}
	}
	if r := all["default"]; r != nil && r.Value != nil {
		return r.Value, "default"
	}
	return nil, ""
}

// acceptsStatus tells whether a rule on the status stands for a documented one.
func (i interaction) acceptsStatus(key string) bool {
	n, err := strconv.Atoi(strings.ReplaceAll(strings.ToUpper(key), "X", "0"))
	return err == nil && len(i.statusRules) > 0 && slices.ContainsFunc(i.statusRules[0].matchers, func(m matcher) bool { return m.accepts(n) })
}

func (j *judgement) response() {
	j.Status = j.in.status
	r, key := j.documented()
	at := j.schemaOf() + "/responses"
	if r == nil {
		j.breach("response.status"+unknown, "/response/status", at, "the document has no response %d", j.in.status)
		return
	}
	if key == "default" {
		j.warn("response.status.default", "/response/status", at+"/default", "status %d is covered by default alone", j.in.status)
	}
	at += "/" + key
	j.responseHeaders(r, at)
	j.responseBody(r, at)
}

func (j *judgement) responseBody(r *openapi3.Response, at string) {
	b := j.in.response.body
	if len(r.Content) == 0 {
		if b.given {
			j.warn(responseBody+unknown, "/response/body", at, "the document has no body for this response")
		} else if b.media != "" {
			j.warn("response.content-type"+unknown, "/response/headers", at, "the document has no content for this response")
		}
		return
	}
	name, m := media(r.Content, b)
	j.Media = name
	switch {
	case m == nil && (b.media != "" || b.given):
		j.breach("response.content-type"+incompatible, "/response/headers", at+"/content", "the document has no response of %q", b.media)
	case !b.given:
	case !b.json || !isJSON(name):
		j.warn(responseBody+unvalidatable, "/response/body", at+"/content", "bodies of %s are not compared", name)
	case m.Schema != nil:
		j.jsonResponse(b, m.Schema, at+"/content/"+escape(name)+"/schema")
	}
}

func (j *judgement) jsonResponse(b body, ref *openapi3.SchemaRef, at string) {
	const where = "/response/body"
	r := j.walker(schema.Response, b.rules).walk(b.value, place{}, openapi3.SchemaRefs{ref})
	for _, p := range r.problems {
		if p.kind == wider {
			j.warn(responseBody+wider, where+p.pointer, at, "%s", p.message)
		} else {
			j.breach(responseBody+incompatible, where+p.pointer, at, "%s", p.message)
		}
	}
	slices.Sort(r.reads)
	j.Reads = slices.Compact(r.reads)
}

func (j *judgement) responseHeaders(r *openapi3.Response, at string) {
	for _, key := range sortedKeys(j.in.response.header) {
		if strings.EqualFold(key, "Content-Type") {
			continue
		}
		h := documentedHeader(r, key)
		switch {
		case h == nil:
			if !standard(key) {
				j.warn("response.header"+unknown, "/response/headers/"+escape(key), at+"/headers", "the document has no response header %s", key)
			}
		case j.ruled(key):
		default:
			if why := j.text(j.in.response.header[key], h.Schema, schema.Response, ""); why != "" {
				j.breach("response.header"+incompatible, "/response/headers/"+escape(key), at+"/headers/"+escape(key), "the header %s cannot be %q: %s", key, j.in.response.header[key], why)
			}
		}
	}
}

// ruled tells whether a response header is only an example.
func (j *judgement) ruled(key string) bool {
	r, _ := j.in.response.headerRules.at([]string{key})
	return len(r.matchers) > 0
}

func documentedHeader(r *openapi3.Response, name string) *openapi3.Header {
	for k, h := range r.Headers {
		if strings.EqualFold(k, name) && h != nil {
			return h.Value
		}
	}
	return nil
}
