package schema

import (
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// A Breach is one way in which a value does not match.
type Breach struct {
	Pointer string // JSON pointer into the value
	Message string
	Keyword string // "type", "required", …
	Schema  string // JSON pointer into the document
}

// mostBreaches bounds what is reported of one value.
const mostBreaches = 8

// leaves are the causes of an error that have no further cause. Where all of
// several branches refuse a value, the one is told that comes closest.
func leaves(v *jsonschema.ValidationError, out []Breach) []Breach {
	if len(out) >= mostBreaches {
		return out
	}
	if len(v.Causes) == 0 {
		return append(out, leaf(v))
	}
	switch v.ErrorKind.(type) {
	case *kind.OneOf, *kind.AnyOf:
		return leaves(closest(v.Causes), out)
	case *kind.Contains, *kind.MinContains:
		return append(out, leaf(v))
	}
	for _, c := range v.Causes {
		out = leaves(c, out)
	}
	return out
}

func leaf(v *jsonschema.ValidationError) Breach {
	at := pointerTo(v.SchemaURL)
	b := Breach{
		Pointer: pointerOf(v.InstanceLocation), Schema: unmoved(at),
		Message: v.ErrorKind.LocalizedString(message.NewPrinter(language.English)),
	}
	if path := v.ErrorKind.KeywordPath(); len(path) > 0 {
		b.Keyword = path[0]
	}
	switch v.ErrorKind.(type) {
	case *kind.Not:
		b.Keyword = "not"
	case *kind.FalseSchema:
		b.Keyword = forbidding(at)
	}
	return b
}

// forbidding is the keyword that holds a schema which is false.
func forbidding(at string) string {
	switch k := at[strings.LastIndexByte(at, '/')+1:]; k {
	case "unevaluatedProperties", "unevaluatedItems", "items", "additionalProperties":
		return k
	}
	return "false"
}

// unmoved is where a schema stood before it was made nullable.
func unmoved(at string) string {
	for _, k := range []string{"$ref", "allOf", "oneOf", "anyOf", "not", "const", "if", "then", "else"} {
		at = strings.ReplaceAll(at, "/anyOf/0/"+k, "/"+k)
	}
	return at
}

// closest is the branch that got furthest into the value, then the one with
// the fewest breaches.
func closest(branches []*jsonschema.ValidationError) *jsonschema.ValidationError {
	best, depth, count := branches[0], -1, 0
	for _, b := range branches {
		d, n := reach(b)
		if b.ErrorKind != nil && wrongKind(b) {
			d = -1
		}
		if d > depth || d == depth && n < count {
			best, depth, count = b, d, n
		}
	}
	return best
}

// wrongKind tells whether a branch refuses the very kind of the value, or the
// value that would have chosen it.
func wrongKind(v *jsonschema.ValidationError) bool {
	for len(v.Causes) == 1 {
		v = v.Causes[0]
	}
	switch v.ErrorKind.(type) {
	case *kind.Type, *kind.Const, *kind.Enum:
		return true
	}
	return false
}

// reach is how deep the breaches of an error lie, and how many there are.
func reach(v *jsonschema.ValidationError) (depth, count int) {
	if len(v.Causes) == 0 {
		return len(v.InstanceLocation), 1
	}
	for _, c := range v.Causes {
		d, n := reach(c)
		depth, count = max(depth, d), count+n
	}
	return depth, count
}

func pointerOf(tokens []string) string {
	var b strings.Builder
	for _, t := range tokens {
		b.WriteString("/" + token(t))
	}
	return b.String()
}
