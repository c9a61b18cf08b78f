package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-dev/plumbline/contracts/crew"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// treeOf is a document for the engine: as it was read, or, where that is not
// all of it, as the loader has put it together.
func treeOf(d *openapi.Doc) (any, error) {
	if tree := d.Take(); tree != nil {
		return lean{}.object(tree), nil
	}
	return plain(d.T)
}

// plain is the document as JSON decodes it, each text in it once: most are
// keywords and names that stand in a document a thousand times. Its shared
// examples, a fifth of some documents, are left out: no schema leads to them.
func plain(t *openapi3.T) (any, error) {
	rest := *t
	rest.Paths = openapi3.NewPaths()
	rest.Paths.Extensions = t.Paths.Extensions
	var schemas openapi3.Schemas
	if t.Components != nil {
		parts := *t.Components
		schemas = parts.Schemas
		parts.Examples, parts.Schemas = nil, nil
		rest.Components = &parts
	}
	v, err := plainPart(&rest)
	if err != nil {
		return nil, err
	}
	tree, _ := v.(map[string]any)
	if tree["paths"], err = plainEach(t.Paths.Map(), tree["paths"]); err != nil {
		return nil, err
	}
	if components, ok := tree["components"].(map[string]any); ok && len(schemas) > 0 {
		if components["schemas"], err = plainEach(schemas, nil); err != nil {
			return nil, err
		}
	}
	return lean{}.object(tree), nil
}

// plainEach decodes parts of a document, on all processors, and adds them to
// what is there.
func plainEach[T any](parts map[string]*T, there any) (map[string]any, error) {
	out, _ := there.(map[string]any)
	if out == nil {
		out = make(map[string]any, len(parts))
	}
	names := slices.Collect(maps.Keys(parts))
	values, errs := make([]any, len(names)), make([]error, len(names))
	crew.Each(len(names), func() func(int) {
		return func(i int) { values[i], errs[i] = plainPart(parts[names[i]]) }
	})
	for i, name := range names {
		out[name] = values[i]
	}
	return out, errors.Join(errs...)
}

func plainPart(part any) (any, error) {
	data, err := json.Marshal(part)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// longestPooled bounds the texts that are looked up: long ones are descriptions
// that stand in one place.
const longestPooled = 40

// A lean rewrites a document so that equal texts are the same one, and leaves
// out what is for people and forbids nothing: descriptions and examples, a third
// of some documents. Of what it is given nothing is in the new document but
// what cannot be changed. It holds the texts.
type lean map[string]any

func (p lean) text(s string, v any) any {
	if t, known := p[s]; known || len(s) > longestPooled {
		return cmp.Or(t, v)
	}
	p[s] = v
	return v
}

func (p lean) key(k string) string {
	key, _ := p.text(k, k).(string)
	return key
}

// object rewrites an object of OpenAPI or a schema.
func (p lean) object(x map[string]any) map[string]any {
	out := make(map[string]any, len(x))
	for k, e := range x {
		_, said := e.(string)
		switch {
		case silent(k, e), k == "example" || k == "examples" || k == "externalDocs" || said && (k == "description" || k == "summary"):
		case isData(k):
			out[p.key(k)] = p.data(e)
		default:
			out[p.key(k)] = p.value(e, hasNames(k))
		}
	}
	return out
}

// value rewrites what stands in an object; the keys of a map with names say
// nothing about what is below them.
func (p lean) value(v any, names bool) any {
	switch x := v.(type) {
	case string:
		return p.text(x, v)
	case []any:
		return each(x, func(e any) any { return p.value(e, false) })
	case map[string]any:
		if !names {
			return p.object(x)
		}
		out := make(map[string]any, len(x))
		for k, e := range x {
			if e != nil {
				out[p.key(k)] = p.value(e, false)
			}
		}
		return out
	}
	return number(v)
}

// silent tells a member of an object that says nothing: no value, no text, a
// list of nothing. The loader has none of them, and some the engine refuses.
func silent(key string, v any) bool {
	switch x := v.(type) {
	case nil:
		return key != "const"
	case string:
		return x == "" && (key == "enum" || !isData(key))
	case []any:
		return len(x) == 0 && (key == "enum" || !isData(key))
	}
	return key == "multipleOf" && fmt.Sprint(v) == "0"
}

// number is a number of YAML as JSON has it.
func number(v any) any {
	switch v.(type) {
	case uint64, int64, int, float64:
		if data, err := json.Marshal(v); err == nil {
			return json.Number(data)
		}
	}
	return v
}

func each(list []any, rewrite func(any) any) []any {
	out := make([]any, len(list))
	for i, e := range list {
		out[i] = rewrite(e)
	}
	return out
}

// data rewrites a value that instances are compared with.
func (p lean) data(v any) any {
	switch x := v.(type) {
	case string:
		return p.text(x, v)
	case []any:
		return each(x, p.data)
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = p.data(e)
		}
		return out
	}
	return number(v)
}

// isData tells whether a value of instances stands under a key, or what only
// an extension knows.
func isData(key string) bool {
	return key == "enum" || key == "const" || key == "default" || strings.HasPrefix(key, "x-")
}

// hasNames tells whether the keys below one are names that somebody has chosen.
func hasNames(key string) bool {
	switch key {
	case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependentRequired", "dependencies",
		"schemas", "responses", "parameters", "headers", "requestBodies", "securitySchemes", "links", "callbacks", "pathItems",
		"paths", "webhooks", "content", "encoding", "variables", "mapping", "scopes":
		return true
	}
	return false
}
