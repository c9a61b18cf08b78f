package schema

import (
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/message"
)

// kept is the key under which the names of the properties are put that an
// object does not show in a response.
const kept = "x-plumbline-kept"

// withhold books the properties of an object that are writeOnly: they are not
// part of a response (OpenAPI 3.0.3 §4.7.24.2, JSON Schema 2020-12 validation
// §9.4).
func (n normaliser) withhold(x map[string]any) {
	properties, ok := x["properties"].(map[string]any)
	if !ok || n.way != Response {
		return
	}
	var names []any
	for _, name := range sortedKeys(properties) {
		if n.hidden(properties[name], 0) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		x[kept] = names
	}
}

// A withheld is the compiled form of the properties that are writeOnly.
type withheld struct{ names []string }

// compileWithheld makes it of a schema; nil where all its properties are shown.
func compileWithheld(x map[string]any) *withheld {
	list, _ := x[kept].([]any)
	if len(list) == 0 {
		return nil
	}
	w := &withheld{}
	for _, e := range list {
		s, _ := e.(string)
		w.names = append(w.names, s)
	}
	return w
}

// shown are the withheld properties that an object has. A null tells nothing
// of what was written, and is let through.
func (w *withheld) shown(v any) []string {
	m, _ := v.(map[string]any)
	var out []string
	for _, k := range w.names {
		if m[k] != nil {
			out = append(out, k)
		}
	}
	return out
}

// Validate reports the properties that a response must not have.
func (w *withheld) Validate(ctx *jsonschema.ValidatorContext, v any) {
	if names := w.shown(v); len(names) > 0 {
		ctx.AddError(&disclosed{names})
	}
}

// A disclosed is what a response shows although it is writeOnly.
type disclosed struct{ names []string }

// KeywordPath is the keyword's name.
func (*disclosed) KeywordPath() []string { return []string{"writeOnly"} }

// LocalizedString is the message.
func (d *disclosed) LocalizedString(p *message.Printer) string {
	return p.Sprintf("writeOnly and in a response: %s", strings.Join(slices.Clone(d.names), ", "))
}

// An extension holds what the schema of an object says beyond JSON Schema.
type extension []jsonschema.SchemaExt

// Validate asks all of them.
func (e extension) Validate(ctx *jsonschema.ValidatorContext, v any) {
	for _, x := range e {
		x.Validate(ctx, v)
	}
}
