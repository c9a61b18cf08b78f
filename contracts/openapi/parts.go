package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/crew"
)

// inParts reads a tree as the loader of kin-openapi does, its paths and schemas
// on all processors: to read them takes most of the time that a large document
// takes. It is for documents that stand alone, and ok is false for any other,
// and where anything is wrong: then the loader is asked, whose words are good.
func inParts(tree map[string]any, loader *openapi3.Loader) (t *openapi3.T, ok bool) {
	paths, isMap := tree["paths"].(map[string]any)
	components, _ := tree["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	if !isMap || !alone(tree) {
		return nil, false
	}
	rest := maps.Clone(tree)
	delete(rest, "paths")
	if schemas != nil {
		rest["components"] = maps.Clone(components)
		delete(rest["components"].(map[string]any), "schemas") //nolint:forcetypeassert // made in the line before
	}
	t = &openapi3.T{}
	if !recoded(rest, t) {
		return nil, false
	}
	if !items(paths, t) || !shared(schemas, t) {
		return nil, false
	}
	return t, loader.ResolveRefsIn(t, nil) == nil
}

// items reads the paths.
func items(paths map[string]any, t *openapi3.T) bool {
	t.Paths = openapi3.NewPaths()
	t.Paths.Extensions = map[string]any{}
	var names []string
	for _, name := range sortedKeys(paths) {
		if strings.HasPrefix(name, "x-") {
			var v any
			if !recoded(paths[name], &v) {
				return false
			}
			t.Paths.Extensions[name] = v
			continue
		}
		names = append(names, name)
	}
	read, ok := each[openapi3.PathItem](names, paths)
	for i, name := range names {
		t.Paths.Set(name, read[i])
	}
	return ok
}

// shared reads the schemas of the components.
func shared(schemas map[string]any, t *openapi3.T) bool {
	if schemas == nil {
		return true
	}
	names := sortedKeys(schemas)
	read, ok := each[openapi3.SchemaRef](names, schemas)
	t.Components.Schemas = make(openapi3.Schemas, len(names))
	for i, name := range names {
		t.Components.Schemas[name] = read[i]
	}
	return ok
}

// each reads the named parts; ok is false if one of them cannot be read.
func each[T any](names []string, parts map[string]any) (out []*T, ok bool) {
	out = make([]*T, len(names))
	wrong := make([]bool, len(names))
	crew.Each(len(names), func() func(int) {
		return func(i int) {
			out[i] = new(T)
			wrong[i] = parts[names[i]] == nil || !recoded(parts[names[i]], out[i])
		}
	})
	for _, w := range wrong {
		if w {
			return out, false
		}
	}
	return out, true
}

// recoded reads a tree into a type of kin-openapi. A panic of its is a refusal.
func recoded(tree, into any) (ok bool) {
	defer func() { ok = ok && recover() == nil }()
	data, err := json.Marshal(tree)
	return err == nil && json.Unmarshal(data, into) == nil
}

// alone says whether every reference of a tree leads to a place in it, those
// of discriminators as well, and none to an extension of the paths, which the loader refuses
// to follow.
func alone(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		for key, e := range x {
			if outward(key, e) || !alone(e) {
				return false
			}
		}
	case []any:
		return !slices.ContainsFunc(x, func(e any) bool { return !alone(e) })
	}
	return true
}

// outward says whether a member is a reference that inParts does not follow.
func outward(key string, v any) bool {
	switch key {
	case "$ref":
		ref, text := v.(string)
		return text && (!strings.HasPrefix(ref, "#") || strings.HasPrefix(ref, "#/paths/x-"))
	case "mapping":
		return leads(v)
	}
	return false
}

// leads says whether a mapping may name other files.
func leads(v any) bool {
	m, _ := v.(map[string]any)
	for _, e := range m {
		if name, _ := e.(string); strings.Contains(name, "/") && !strings.HasPrefix(name, "#") {
			return true
		}
	}
	return false
}
