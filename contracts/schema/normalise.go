package schema

import (
	"slices"
	"strings"
)

// A normaliser turns the dialect of OpenAPI 3.0 into that of JSON Schema
// 2020-12, in place, for one direction.
type normaliser struct {
	root map[string]any
	way  Direction
}

func (n normaliser) walk(v any) {
	switch x := v.(type) {
	case map[string]any:
		n.schema(x)
		for k, e := range x {
			if k != "example" && k != "default" && k != "enum" && k != "const" || isMap(e) && hasSchema(e) {
				n.walk(e)
			}
		}
	case []any:
		for _, e := range x {
			n.walk(e)
		}
	}
}

func isMap(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// hasSchema tells a property that is called "example" from an example.
func hasSchema(v any) bool {
	m, _ := v.(map[string]any)
	_, typed := m["type"].(string)
	_, ref := m["$ref"].(string)
	return typed || ref
}

func (n normaliser) schema(x map[string]any) {
	if b, ok := x["nullable"].(bool); ok {
		delete(x, "nullable")
		if b {
			nullable(x)
		}
	}
	exclusive(x, "exclusiveMinimum", "minimum")
	exclusive(x, "exclusiveMaximum", "maximum")
	for _, k := range []string{"$schema", "$id", "id"} {
		if s, ok := x[k].(string); ok && (strings.Contains(s, "://") || k == "$schema") {
			delete(x, k)
		}
	}
	if t, ok := x["type"].(string); ok && !known(t) {
		delete(x, "type")
	}
	n.required(x)
}

// exclusive turns a truth value beside a bound into the bound itself.
func exclusive(x map[string]any, keyword, bound string) {
	b, ok := x[keyword].(bool)
	if !ok {
		return
	}
	delete(x, keyword)
	if v, has := x[bound]; b && has {
		x[keyword] = v
		delete(x, bound)
	}
}

func known(t string) bool {
	return slices.Contains([]string{"null", "boolean", "object", "array", "number", "string", "integer"}, t)
}

func nullable(x map[string]any) {
	if t, ok := x["type"].(string); ok {
		x["type"] = []any{t, "null"}
	}
	if e, ok := x["enum"].([]any); ok && !slices.Contains(e, nil) {
		x["enum"] = append(e, nil)
	}
	if x["type"] == nil && x["enum"] == nil {
		for _, k := range []string{"allOf", "oneOf", "anyOf"} {
			if list, ok := x[k].([]any); ok {
				delete(x, k)
				x["anyOf"] = []any{map[string]any{k: list}, map[string]any{"type": "null"}}
				return
			}
		}
	}
}

// required leaves out the properties that do not go this way.
func (n normaliser) required(x map[string]any) {
	list, ok := x["required"].([]any)
	if !ok {
		if _, b := x["required"].(bool); b && (x["properties"] != nil || x["in"] == nil) {
			delete(x, "required")
		}
		return
	}
	properties, _ := x["properties"].(map[string]any)
	mark := "readOnly"
	if n.way == Response {
		mark = "writeOnly"
	}
	x["required"] = slices.DeleteFunc(list, func(name any) bool {
		key, _ := name.(string)
		p := n.resolve(properties[key])
		b, _ := p[mark].(bool)
		return b
	})
}

// resolve follows local references a few steps.
func (n normaliser) resolve(v any) map[string]any {
	m, _ := v.(map[string]any)
	for range 4 {
		ref, ok := m["$ref"].(string)
		if !ok || !strings.HasPrefix(ref, "#/") {
			return m
		}
		var at any = n.root
		for _, t := range strings.Split(ref[2:], "/") {
			next, _ := at.(map[string]any)
			at = next[strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")]
		}
		m, _ = at.(map[string]any)
	}
	return m
}
