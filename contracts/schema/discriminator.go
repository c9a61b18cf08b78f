package schema

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/message"
)

// names is the key under which the values of a discriminator are put that
// choose a branch.
const names = "x-plumbline-names"

// discriminator books the values by which a oneOf or anyOf chooses a branch:
// the keys of the mapping, the names of the branches' schemas, and the values
// that the branches themselves give to the property. It never changes what is
// valid beyond that: a value that chooses no branch is a breach (OpenAPI 3.1.1
// §4.8.25). Where a branch has no name, every value may choose it.
func (n normaliser) discriminator(x map[string]any) {
	d, ok := x["discriminator"].(map[string]any)
	if !ok {
		return
	}
	property, _ := d["propertyName"].(string)
	var branches []any
	for _, k := range []string{"oneOf", "anyOf"} {
		list, _ := x[k].([]any)
		branches = append(branches, list...)
	}
	if property == "" || len(branches) == 0 {
		return
	}
	var values []any
	mapping, _ := d["mapping"].(map[string]any)
	for k := range mapping {
		values = append(values, k)
	}
	for _, b := range branches {
		m, _ := b.(map[string]any)
		ref, _ := m["$ref"].(string)
		given := n.given(b, property, 0)
		if ref == "" && len(given) == 0 {
			return
		}
		values = append(append(values, given...), path.Base(ref))
	}
	slices.SortFunc(values, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	d[names] = slices.Compact(values)
}

// given are the texts that a schema allows for a property.
func (n normaliser) given(v any, property string, depth int) []any {
	m := n.resolve(v)
	if m == nil || depth > 4 {
		return nil
	}
	var out []any
	properties, _ := m["properties"].(map[string]any)
	p := n.resolve(properties[property])
	list, _ := p["enum"].([]any)
	for _, e := range append(slices.Clone(list), p["const"]) {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	for _, k := range []string{"allOf", "oneOf", "anyOf"} {
		parts, _ := m[k].([]any)
		for _, e := range parts {
			out = append(out, n.given(e, property, depth+1)...)
		}
	}
	return out
}

// A discriminator is the compiled form of the keyword.
type discriminator struct {
	property string
	names    []string
}

// vocabulary makes the keywords discriminator and writeOnly known to the engine.
func vocabulary() (*jsonschema.Vocabulary, error) {
	const url = "plumbline:///discriminator.json"
	c := jsonschema.NewCompiler()
	if err := c.AddResource(url, true); err != nil {
		return nil, fmt.Errorf("discriminator: %w", err)
	}
	anything, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("discriminator: %w", err)
	}
	return &jsonschema.Vocabulary{URL: url, Schema: anything, Compile: func(_ *jsonschema.CompilerContext, x map[string]any) (jsonschema.SchemaExt, error) {
		var out extension
		if d := compileDiscriminator(x); d != nil {
			out = append(out, d)
		}
		if w := compileWithheld(x); w != nil {
			out = append(out, w)
		}
		if len(out) == 0 {
			return nil, nil
		}
		return out, nil
	}}, nil
}

// compileDiscriminator makes it of a schema; nil where every value may choose.
func compileDiscriminator(x map[string]any) *discriminator {
	d, _ := x["discriminator"].(map[string]any)
	list, _ := d[names].([]any)
	if len(list) == 0 {
		return nil
	}
	out := &discriminator{}
	out.property, _ = d["propertyName"].(string)
	for _, e := range list {
		s, _ := e.(string)
		out.names = append(out.names, s)
	}
	return out
}

// accepts tells whether the property of an object chooses a branch; what is
// absent, or no text, is left to the branches.
func (d *discriminator) accepts(v any) (string, bool) {
	m, _ := v.(map[string]any)
	s, text := m[d.property].(string)
	return s, !text || slices.Contains(d.names, s)
}

// Validate reports a value that chooses no branch.
func (d *discriminator) Validate(ctx *jsonschema.ValidatorContext, v any) {
	if got, ok := d.accepts(v); !ok {
		ctx.AddError(&wrongName{d.property, got, d.names})
	}
}

// A wrongName is a value of a discriminator that chooses no branch.
type wrongName struct {
	property, got string
	names         []string
}

// KeywordPath is the keyword's name.
func (*wrongName) KeywordPath() []string { return []string{"discriminator"} }

// LocalizedString is the message.
func (w *wrongName) LocalizedString(p *message.Printer) string {
	return p.Sprintf("%s is %q, which names none of %s", w.property, w.got, strings.Join(w.names, ", "))
}
