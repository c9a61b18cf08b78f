package schema

import (
	"encoding/json"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A node is a compiled schema in the form in which a value is accepted without
// an allocation. It answers yes or no only when it is sure; what it does not
// know is left to the engine, which also tells what a breach is. So it can
// make inspection cheaper, and must never change its outcome.
type node struct {
	s          *jsonschema.Schema
	types      jsonschema.Types
	enum       []any
	ref        *node
	not        *node
	all        []*node
	anyOf      []*node
	oneOf      []*node
	branch     [3]*node // if, then, else
	properties map[string]*node
	patterns   []patterned
	additional *node
	closed     bool // additionalProperties: false
	prefix     []*node
	items      *node
	dependent  map[string]*node
	bounds     [5]decimal // minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf
	bounded    bool
	beyond     bool // holds a keyword that only the engine knows
}

type patterned struct {
	re   jsonschema.Regexp
	node *node
}

// A verdict is what a node says of a value.
type verdict int8

const (
	unsure verdict = iota
	accepted
	refused
)

// nodes builds the form of a schema and of all that it leads to.
type nodes map[*jsonschema.Schema]*node

func (m nodes) of(s *jsonschema.Schema) *node {
	if s == nil {
		return nil
	}
	if n, done := m[s]; done {
		return n
	}
	n := &node{s: s, beyond: foreign(s) || alien(s)}
	m[s] = n
	m.parts(n, s)
	n.values(s)
	return n
}

// values are what a schema says of plain values.
func (n *node) values(s *jsonschema.Schema) {
	if s.Types != nil {
		n.types = *s.Types
	}
	if s.Enum != nil {
		n.enum = s.Enum.Values
	}
	for i, r := range []*big.Rat{s.Minimum, s.Maximum, s.ExclusiveMinimum, s.ExclusiveMaximum, s.MultipleOf} {
		n.bounds[i] = ofRat(r)
		n.bounded = n.bounded || r != nil
		n.beyond = n.beyond || r != nil && !n.bounds[i].ok
	}
}

// parts are the schemas that a schema is made of.
func (m nodes) parts(n *node, s *jsonschema.Schema) {
	n.ref, n.not = m.of(s.Ref), m.of(s.Not)
	n.all, n.anyOf, n.oneOf, n.prefix = m.list(s.AllOf), m.list(s.AnyOf), m.list(s.OneOf), m.list(s.PrefixItems)
	n.branch = [3]*node{m.of(s.If), m.of(s.Then), m.of(s.Else)}
	n.properties, n.dependent = m.table(s.Properties), m.table(s.DependentSchemas)
	for re, sub := range s.PatternProperties {
		n.patterns = append(n.patterns, patterned{re, m.of(sub)})
	}
	switch a := s.AdditionalProperties.(type) {
	case bool:
		n.closed = !a
	case *jsonschema.Schema:
		n.additional = m.of(a)
	}
	n.items = m.of(s.Items2020)
}

// foreign tells whether a schema has a keyword that nodes do not know.
func foreign(s *jsonschema.Schema) bool {
	return s.DynamicRef != nil || s.RecursiveRef != nil || s.UnevaluatedProperties != nil || s.UnevaluatedItems != nil ||
		s.PropertyNames != nil || s.Contains != nil || len(s.Dependencies) > 0 || s.Items != nil || s.AdditionalItems != nil
}

// alien tells whether a schema compares with values that have parts.
func alien(s *jsonschema.Schema) bool {
	return s.Const != nil && !simple(*s.Const) || s.Enum != nil && !slices.ContainsFunc(s.Enum.Values, simple)
}

func simple(v any) bool {
	switch v.(type) {
	case string, bool, nil, json.Number:
		return true
	}
	return false
}

func (m nodes) list(in []*jsonschema.Schema) []*node {
	var out []*node
	for _, s := range in {
		out = append(out, m.of(s))
	}
	return out
}

func (m nodes) table(in map[string]*jsonschema.Schema) map[string]*node {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]*node, len(in))
	for k, s := range in {
		out[k] = m.of(s)
	}
	return out
}

// deepest bounds the references and levels that a node follows.
const deepest = 64

// check says whether the node accepts a value.
func (n *node) check(v any, depth int) verdict {
	if n.s.Bool != nil {
		if *n.s.Bool {
			return accepted
		}
		return refused
	}
	if n.beyond || depth > deepest {
		return unsure
	}
	out := n.plain(v)
	out = out.and(n.shape(v, depth+1))
	if out == refused {
		return refused
	}
	return out.and(n.composed(v, depth+1))
}

// and is the verdict of two that must both accept.
func (a verdict) and(b verdict) verdict {
	switch {
	case a == refused || b == refused:
		return refused
	case a == unsure || b == unsure:
		return unsure
	}
	return accepted
}

func yes(ok bool) verdict {
	if ok {
		return accepted
	}
	return refused
}

// The bits of jsonschema.Types, in the order of its own constants.
const (
	bitNull jsonschema.Types = 1 << (iota + 1)
	bitBoolean
	bitNumber
	bitInteger
	bitString
	bitArray
	bitObject
)

// plain checks type, const, enum, format and what goes for numbers and texts.
func (n *node) plain(v any) verdict {
	out := n.typed(v)
	if out == refused {
		return refused
	}
	if n.s.Const != nil {
		out = out.and(same(v, *n.s.Const))
	}
	if n.enum != nil {
		out = out.and(among(v, n.enum))
	}
	if n.s.Format != nil {
		out = out.and(yes(n.s.Format.Validate(v) == nil))
	}
	switch x := v.(type) {
	case string:
		return out.and(n.text(x))
	case json.Number:
		if n.bounded {
			return out.and(n.number(parseDecimal(string(x))))
		}
	}
	return out
}

func (n *node) typed(v any) verdict {
	if n.types == 0 {
		return accepted
	}
	switch x := v.(type) {
	case nil:
		return yes(n.types&bitNull != 0)
	case bool:
		return yes(n.types&bitBoolean != 0)
	case string:
		return yes(n.types&bitString != 0)
	case []any:
		return yes(n.types&bitArray != 0)
	case map[string]any:
		return yes(n.types&bitObject != 0)
	case json.Number:
		if n.types&bitNumber != 0 {
			return accepted
		}
		if n.types&bitInteger == 0 {
			return refused
		}
		d := parseDecimal(string(x))
		if !d.ok {
			return unsure
		}
		return yes(d.whole())
	}
	return unsure
}

// same compares a value with one that is no list and no object.
func same(v, want any) verdict {
	a, number := v.(json.Number)
	b, wanted := want.(json.Number)
	if number && wanted {
		sign, sure := parseDecimal(string(a)).compare(parseDecimal(string(b)))
		if !sure {
			return unsure
		}
		return yes(sign == 0)
	}
	switch v.(type) {
	case []any, map[string]any:
		return yes(false)
	}
	return yes(v == want)
}

func among(v any, values []any) verdict {
	out := refused
	for _, want := range values {
		if !simple(want) {
			out = unsure
			continue
		}
		switch same(v, want) {
		case accepted:
			return accepted
		case unsure:
			out = unsure
		case refused:
		}
	}
	return out
}

func (n *node) text(s string) verdict {
	if n.s.MinLength != nil || n.s.MaxLength != nil {
		count := utf8.RuneCountInString(s)
		if n.s.MinLength != nil && count < *n.s.MinLength || n.s.MaxLength != nil && count > *n.s.MaxLength {
			return refused
		}
	}
	if n.s.ContentEncoding != nil || n.s.ContentMediaType != nil {
		return unsure
	}
	return yes(n.s.Pattern == nil || n.s.Pattern.MatchString(s))
}

// welcomes tells whether the node surely accepts a text that is no value yet:
// to make it one takes an allocation. It knows schemas of plain texts without a
// format, and is false for all others.
func (n *node) welcomes(s string) bool {
	if n.s.Bool != nil || n.beyond || n.s.Const != nil || n.s.Format != nil || n.made() {
		return false
	}
	kind := n.types == 0 || n.types&bitString != 0
	return kind && n.text(s) == accepted && (n.enum == nil || slices.ContainsFunc(n.enum, func(v any) bool {
		want, ok := v.(string)
		return ok && want == s
	}))
}

// made tells whether a schema is made of others that speak of the same value.
func (n *node) made() bool {
	return n.ref != nil || n.not != nil || n.branch[0] != nil || len(n.all)+len(n.anyOf)+len(n.oneOf)+len(n.s.Extensions) > 0
}

// outside tells whether a number lies beyond the i-th bound, of which sign is
// its difference.
func outside(i, sign int) bool {
	return [4]bool{sign < 0, sign > 0, sign <= 0, sign >= 0}[i]
}

func (n *node) number(d decimal) verdict {
	if !d.ok {
		return unsure
	}
	for i, b := range n.bounds[:4] {
		if !b.ok {
			continue
		}
		sign, sure := d.compare(b)
		if !sure {
			return unsure
		}
		if outside(i, sign) {
			return refused
		}
	}
	if !n.bounds[4].ok {
		return accepted
	}
	multiple, sure := d.multiple(n.bounds[4])
	if !sure {
		return unsure
	}
	return yes(multiple)
}
