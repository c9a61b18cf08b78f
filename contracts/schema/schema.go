// Package schema checks values against the schemas of an OpenAPI document, and
// responses against its operations. Every schema is compiled once, when it is
// first used; both are safe for concurrent use.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// A Direction says which way a value goes: readOnly properties need not be in
// a request, writeOnly ones not in a response.
type Direction int

// The directions.
const (
	Request Direction = iota
	Response
)

// A Breach is one way in which a value does not match.
type Breach struct {
	Pointer string // JSON pointer into the value
	Message string
	Keyword string // "type", "required", …
	Schema  string // JSON pointer into the document
}

// A Set holds the schemas of one document.
type Set struct {
	pointers  map[*openapi3.Schema]string
	compilers [2]*jsonschema.Compiler
	mu        sync.Mutex
	compiled  [2]map[string]*jsonschema.Schema
}

// mostBreaches bounds what is reported of one value.
const mostBreaches = 8

// patternTime bounds one match of a pattern.
const patternTime = 100 * time.Millisecond

// Compile prepares the schemas of a document. Nothing is compiled yet.
func Compile(d *openapi.Doc) (*Set, error) {
	s := &Set{pointers: index(d.T)}
	data, err := d.T.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("schemas of %s: %w", d.File, err)
	}
	for _, way := range []Direction{Request, Response} {
		tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("schemas of %s: %w", d.File, err)
		}
		root, _ := tree.(map[string]any)
		n := normaliser{root: root, way: way}
		n.walk(root)
		c := jsonschema.NewCompiler()
		c.DefaultDraft(jsonschema.Draft2020)
		c.UseRegexpEngine(pattern)
		c.AssertFormat()
		for _, f := range formats() {
			c.RegisterFormat(f)
		}
		if err := c.AddResource(resource, tree); err != nil {
			return nil, fmt.Errorf("schemas of %s: %w", d.File, err)
		}
		s.compilers[way], s.compiled[way] = c, map[string]*jsonschema.Schema{}
	}
	return s, nil
}

const resource = "plumbline:///document.json"

// Check tells how a value, as encoding/json decodes it with UseNumber, breaks
// a schema. A nil schema, and one that cannot be compiled, accept everything.
func (s *Set) Check(ref *openapi3.SchemaRef, way Direction, value any) []Breach {
	if ref == nil || ref.Value == nil {
		return nil
	}
	sch := s.at(ref.Value, way)
	if sch == nil {
		return nil
	}
	err := sch.Validate(value)
	if err == nil {
		return nil
	}
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return []Breach{{Message: err.Error()}}
	}
	return leaves(v, nil)
}

// Known tells whether the schema can be checked at all.
func (s *Set) Known(ref *openapi3.SchemaRef, way Direction) bool {
	return ref != nil && ref.Value != nil && s.at(ref.Value, way) != nil
}

func (s *Set) at(v *openapi3.Schema, way Direction) *jsonschema.Schema {
	pointer, ok := s.pointers[v]
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	sch, done := s.compiled[way][pointer]
	if !done {
		var err error
		if sch, err = s.compilers[way].Compile(resource + "#" + fragment(pointer)); err != nil {
			sch = nil // accepts everything: a broken schema accuses nobody
		}
		s.compiled[way][pointer] = sch
	}
	return sch
}

// fragment escapes a JSON pointer for a URL.
func fragment(pointer string) string {
	return strings.NewReplacer("%", "%25", " ", "%20", "{", "%7B", "}", "%7D", "\"", "%22", "<", "%3C", ">", "%3E", "^", "%5E", "`", "%60", "|", "%7C", "\\", "%5C", "#", "%23", "[", "%5B", "]", "%5D").Replace(pointer)
}

// leaves are the causes of an error that have no further cause.
func leaves(v *jsonschema.ValidationError, out []Breach) []Breach {
	if len(out) >= mostBreaches {
		return out
	}
	if len(v.Causes) == 0 {
		_, at, _ := strings.Cut(v.SchemaURL, "#")
		keyword := ""
		if path := v.ErrorKind.KeywordPath(); len(path) > 0 {
			keyword = path[len(path)-1]
		}
		return append(out, Breach{
			Pointer: pointerOf(v.InstanceLocation), Keyword: keyword, Schema: at,
			Message: v.ErrorKind.LocalizedString(message.NewPrinter(language.English)),
		})
	}
	for _, c := range v.Causes {
		out = leaves(c, out)
	}
	return out
}

func pointerOf(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString("/" + strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// pattern compiles an ECMA pattern. One that does not compile matches
// everything, as does one that takes too long: neither can accuse.
func pattern(expr string) (jsonschema.Regexp, error) {
	for _, o := range []regexp2.RegexOptions{regexp2.ECMAScript | regexp2.Unicode, regexp2.ECMAScript} {
		if re, err := regexp2.Compile(expr, o); err == nil {
			re.MatchTimeout = patternTime
			return lenient{expr, re}, nil
		}
	}
	return lenient{expr, nil}, nil
}

type lenient struct {
	expr string
	re   *regexp2.Regexp
}

func (l lenient) String() string { return l.expr }

func (l lenient) MatchString(s string) bool {
	if l.re == nil {
		return true
	}
	ok, err := l.re.MatchString(s)
	return ok || err != nil
}

// formats are those of OpenAPI that JSON Schema does not have.
func formats() []*jsonschema.Format {
	bounded := func(name string, low, high int64) *jsonschema.Format {
		return &jsonschema.Format{Name: name, Validate: func(v any) error {
			n, ok := v.(json.Number)
			if !ok {
				return nil
			}
			f, err := n.Float64()
			if err != nil || f < float64(low) || f > float64(high) {
				return fmt.Errorf("%s is outside of %s", n, name)
			}
			return nil
		}}
	}
	return []*jsonschema.Format{bounded("int32", -1<<31, 1<<31-1), bounded("int64", -1<<63, 1<<63-1)}
}
