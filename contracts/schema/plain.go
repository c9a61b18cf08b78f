package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"

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
	return pooled(tree, map[string]any{}), nil
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

// pooled replaces equal texts by the same one.
func pooled(v any, texts map[string]any) any {
	one := func(s string, v any) any {
		if t, known := texts[s]; known || len(s) > longestPooled {
			return cmp.Or(t, v)
		}
		texts[s] = v
		return v
	}
	switch x := v.(type) {
	case string:
		return one(x, v)
	case []any:
		for i, e := range x {
			x[i] = pooled(e, texts)
		}
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			key, _ := one(k, k).(string)
			out[key] = pooled(e, texts)
		}
		return out
	}
	return v
}
