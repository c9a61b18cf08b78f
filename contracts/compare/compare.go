// Package compare holds pacts of consumers against an OpenAPI document without
// the deployment: bi-directional contract testing
// (https://docs.pactflow.io/docs/bi-directional-contract-testing). Unlike the
// usual comparators it is aware of matching rules: a value that stands under a
// rule is only an example of what the consumer accepts or sends, and the rule
// decides.
//
// A response is compatible when the document allows at least one answer that
// the consumer accepts: what the consumer reads has to be declared, objects
// being closed unless the document opens them, and required is no matter. A
// request is compatible when the provider has to accept all that the consumer
// says it sends.
package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// A Comparator compares pacts with one document. It is safe for concurrent use.
type Comparator struct {
	// Credentials says that whoever verifies adds them, so that a pact without
	// them is a warning, not a breach.
	Credentials bool

	doc *openapi.Doc
	set *schema.Set
}

// New makes a comparator of a document and its schemas.
func New(d *openapi.Doc, s *schema.Set) *Comparator { return &Comparator{doc: d, set: s} }

// Compare reads a pact of version 1 to 4 and judges each of its HTTP
// interactions; messages are left out. The error says that the data is no
// pact.
func (c *Comparator) Compare(file string, data []byte) ([]plumbline.Consumer, error) {
	p, err := read(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	out := []plumbline.Consumer{}
	for _, i := range p.interactions {
		j := &judgement{comparator: c, in: i}
		j.Consumer = plumbline.Consumer{File: file, Consumer: p.consumer, Key: i.key, Description: i.description}
		j.judge()
		out = append(out, j.Consumer)
	}
	return out, nil
}

// A judgement is the comparison of one interaction.
type judgement struct {
	plumbline.Consumer
	comparator *Comparator
	in         interaction
	op         openapi.Op
}

func (j *judgement) breach(code, pointer, schema, format string, args ...any) {
	j.Breaches = append(j.Breaches, plumbline.Breach{Code: code, Pointer: j.in.at + pointer, Schema: schema, Message: fmt.Sprintf(format, args...)})
}

func (j *judgement) warn(code, pointer, schema, format string, args ...any) {
	j.Warnings = append(j.Warnings, plumbline.Breach{Code: code, Pointer: j.in.at + pointer, Schema: schema, Message: fmt.Sprintf(format, args...)})
}

// Codes of bi-directional contract testing, as published, and our own where
// the published ones have none: request.body.ambiguous (a body that matches
// several branches of a oneOf), request.body.wider (a cascading type rule
// allows more than the document), response.body.wider (the document allows
// answers that the consumer does not accept).
const (
	codeOperation = "request.path-or-method.unknown"
	codeAuth      = "request.authorization.missing"
	requestBody   = "request.body"
	responseBody  = "response.body"
	incompatible  = ".incompatible"
	unknown       = ".unknown"
	unvalidatable = ".unvalidatable"
	wider         = ".wider"
)

func (j *judgement) judge() {
	op, values, ok := j.find()
	if !ok {
		j.breach(codeOperation, "/request/path", "/paths", "the document has no %s %s", j.in.method, j.in.path)
		return
	}
	j.op, j.Operation = op, op.ID
	j.pathValues(values)
	j.authorisation()
	j.parameters()
	j.accept()
	j.requestBody()
	j.response()
}

// find is the operation that the interaction calls, with the values of its
// path parameters. The path may be given with or without the base path of any
// server of the document. Literal segments beat templates.
func (j *judgement) find() (openapi.Op, map[string]string, bool) {
	paths := []string{j.in.path}
	base := j.comparator.doc.Base()
	for _, b := range bases(j.comparator.doc.T) {
		if rest, ok := strings.CutPrefix(j.in.path, b); ok && b != base {
			paths = append(paths, base+rest)
		}
	}
	if base != "" {
		paths = append(paths, base+j.in.path)
	}
	for _, p := range paths {
		best, literal := -1, -1
		var values map[string]string
		for i, op := range j.comparator.doc.Operations {
			if !strings.EqualFold(op.Method, j.in.method) {
				continue
			}
			if v, n, ok := fits(op.Path, p); ok && n > literal {
				best, literal, values = i, n, v
			}
		}
		if best >= 0 {
			return j.comparator.doc.Operations[best], values, true
		}
	}
	return openapi.Op{}, nil, false
}

// bases are the paths of all servers.
func bases(t *openapi3.T) []string {
	var out []string
	for i := range t.Servers {
		d := openapi.Doc{T: &openapi3.T{Servers: t.Servers[i : i+1]}}
		if b := d.Base(); b != "" && !slices.Contains(out, b) {
			out = append(out, b)
		}
	}
	return out
}

// fits lays a path over a template; literal is how many segments are equal.
func fits(template, path string) (values map[string]string, literal int, ok bool) {
	want, got := strings.Split(strings.Trim(template, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	if len(want) != len(got) {
		return nil, 0, false
	}
	values = map[string]string{}
	for i, w := range want {
		name, prefix, suffix := hole(w)
		switch {
		case w == got[i]:
			literal++
		case name == "" || len(got[i]) <= len(prefix)+len(suffix) || !strings.HasPrefix(got[i], prefix) || !strings.HasSuffix(got[i], suffix):
			return nil, 0, false
		default:
			values[name] = got[i][len(prefix) : len(got[i])-len(suffix)]
		}
	}
	return values, literal, true
}

// hole is the parameter of a segment such as "{id}.json".
func hole(segment string) (name, prefix, suffix string) {
	i, k := strings.Index(segment, "{"), strings.LastIndex(segment, "}")
	if i < 0 || k < i {
		return "", "", ""
	}
	return segment[i+1 : k], segment[:i], segment[k+1:]
}
