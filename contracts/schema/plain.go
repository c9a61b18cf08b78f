package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/plumbline-dev/plumbline/contracts/crew"
)

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
// of some documents. It holds the texts.
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
		case k == "example" || k == "examples" || k == "externalDocs" || said && (k == "description" || k == "summary"):
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
		for i, e := range x {
			x[i] = p.value(e, false)
		}
	case map[string]any:
		if !names {
			return p.object(x)
		}
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[p.key(k)] = p.value(e, false)
		}
		return out
	}
	return v
}

// data rewrites a value that instances are compared with.
func (p lean) data(v any) any {
	switch x := v.(type) {
	case string:
		return p.text(x, v)
	case []any:
		for i, e := range x {
			x[i] = p.data(e)
		}
	case map[string]any:
		for k, e := range x {
			x[k] = p.data(e)
		}
	}
	return v
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
