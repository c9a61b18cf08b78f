// Package schema checks values against the schemas of an OpenAPI document, and
// responses against its operations. Every schema is compiled once, when it is
// first used; both are safe for concurrent use, and take no lock once a schema
// is compiled.
package schema

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-dev/plumbline/contracts/crew"
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

// A Set holds the schemas of one document.
type Set struct {
	index indexer
	sides [2]*side
}

// A side is the document in the dialect of JSON Schema, for one direction.
type side struct {
	compiled sync.Map // *openapi3.Schema, or *openapi3.SchemaRef where something stands beside the $ref, to *entry
	mu       sync.Mutex
	compiler *jsonschema.Compiler
	moved    map[string]bool
	nodes    nodes
}

// An entry is a schema that was compiled: the engine's form, which tells
// breaches, and the form that accepts quickly. Both are nil for one that
// cannot be compiled.
type entry struct {
	schema  *jsonschema.Schema
	node    *node
	walkers pool
}

const resource = "plumbline:///document.json"

// Compile prepares the schemas of a document. Nothing is compiled yet.
func Compile(d *openapi.Doc) (*Set, error) {
	s := &Set{}
	var tree any
	var err error
	crew.Beside(func() { s.index = index(d.T) }, func() { tree, err = treeOf(d) })
	if err != nil {
		return nil, fmt.Errorf("schemas of %s: %w", d.File, err)
	}
	trees := [2]any{Request: openapi.Clone(tree), Response: tree}
	var errs [2]error
	crew.Beside(
		func() { s.sides[Request], errs[Request] = newSide(d, trees[Request], Request) },
		func() { s.sides[Response], errs[Response] = newSide(d, trees[Response], Response) },
	)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("schemas of %s: %w", d.File, err)
	}
	share(trees[Request], trees[Response])
	return s, nil
}

// share lets one tree have the parts of another that are equal to its own, and
// tells whether all of them are: most of a document reads the same in both
// directions. Nobody changes them any more.
func share(mine, other any) (equal bool) {
	switch a := mine.(type) {
	case map[string]any:
		b, ok := other.(map[string]any)
		equal = ok && len(a) == len(b)
		for k, v := range a {
			w, there := b[k]
			if !there || !share(v, w) {
				equal = false
				continue
			}
			a[k] = w
		}
		return equal
	case []any:
		b, ok := other.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		equal = true
		for i, v := range a {
			if !share(v, b[i]) {
				equal = false
				continue
			}
			a[i] = b[i]
		}
		return equal
	}
	switch other.(type) {
	case map[string]any, []any:
		return false
	}
	return mine == other
}

// newSide brings the document into the dialect of JSON Schema. The tree is
// changed.
func newSide(d *openapi.Doc, tree any, way Direction) (*side, error) {
	root, _ := tree.(map[string]any)
	n := normaliser{root: root, way: way, three: strings.HasPrefix(d.Version, "3.0") || strings.HasPrefix(d.Version, "2"), moved: map[string]bool{}, twice: map[string]int{}}
	n.count(root)
	n.walk(root, "", nil)
	settle(tree)
	c, err := compiler(tree)
	return &side{compiler: c, moved: n.moved, nodes: nodes{}}, err
}

func compiler(tree any) (*jsonschema.Compiler, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseRegexpEngine(pattern)
	c.AssertFormat()
	for _, f := range formats() {
		c.RegisterFormat(f)
	}
	v, err := vocabulary()
	if err != nil {
		return nil, err
	}
	c.AssertVocabs()
	c.RegisterVocabulary(v)
	if err := c.AddResource(resource, tree); err != nil {
		return nil, fmt.Errorf("add resource: %w", err)
	}
	c.UseLoader(house{tree})
	return c, nil
}

// Check tells how a value, as encoding/json decodes it with UseNumber, breaks
// a schema. A nil schema, and one that cannot be compiled, accept everything.
func (s *Set) Check(ref *openapi3.SchemaRef, way Direction, value any) []Breach {
	return s.entry(ref, way).check(value)
}

func (e *entry) check(value any) []Breach {
	if e == nil || e.schema == nil || e.node.check(value, 0) == accepted || outlandish(value) {
		return nil
	}
	err := e.schema.Validate(value)
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
	e := s.entry(ref, way)
	return e != nil && e.schema != nil
}

func (s *Set) entry(ref *openapi3.SchemaRef, way Direction) *entry {
	if ref == nil || ref.Value == nil {
		return nil
	}
	var key any = ref.Value
	pointer, beside := s.index.refs[ref]
	if beside {
		key = ref
	}
	side := s.sides[way]
	if e, ok := side.compiled.Load(key); ok {
		return e.(*entry)
	}
	if !beside {
		if pointer = s.index.at[ref.Value]; pointer == "" {
			return nil
		}
	}
	side.mu.Lock()
	defer side.mu.Unlock()
	if e, ok := side.compiled.Load(key); ok {
		return e.(*entry)
	}
	e := &entry{}
	if sch, err := side.compiler.Compile(address(side.place(pointer))); err == nil {
		e.schema, e.node = sch, side.nodes.of(sch) // one that fails accepts everything: a broken schema accuses nobody
	}
	side.compiled.Store(key, e)
	return e
}

// place is where a schema stands after normalisation.
func (s *side) place(pointer string) string {
	if len(s.moved) == 0 {
		return pointer
	}
	var b strings.Builder
	for i, n := 0, len(pointer); i < n; {
		end := i + 1
		for end < n && pointer[end] != '/' {
			end++
		}
		if s.moved[pointer[:end]] {
			b.WriteString("/anyOf/0")
		}
		b.WriteString(pointer[i:end])
		i = end
	}
	return b.String()
}

// fragment escapes a JSON pointer for a URL.
func fragment(pointer string) string {
	const unsafe = "% {}\"<>^`|\\#[]"
	if !strings.ContainsAny(pointer, unsafe) {
		return pointer
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(pointer) {
		if c := pointer[i]; strings.IndexByte(unsafe, c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
