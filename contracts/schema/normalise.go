package schema

import (
	"slices"
	"strconv"
	"strings"
)

// A normaliser turns the dialect of OpenAPI 3.0 into that of JSON Schema
// 2020-12, in place, for one direction.
type normaliser struct {
	root  map[string]any
	way   Direction
	three bool            // version 2.0 or 3.0: what stands beside a $ref is ignored
	moved map[string]bool // parts that now stand in anyOf/0 beside their old place
	twice map[string]int  // how often each dynamic anchor is set
}

// walk visits everything that may be a schema. The names in hidden belong to
// properties that do not go this way, wherever an allOf around declares them.
func (n normaliser) walk(v any, at string, hidden []string) { n.visit(v, at, hidden, false) }

// visit is walk; named says that the keys of an object are names that its
// author gave, and not keywords: a response that is called "default" is none.
func (n normaliser) visit(v any, at string, hidden []string, named bool) {
	switch x := v.(type) {
	case map[string]any:
		if !named {
			hidden = n.schema(x, at, hidden)
		}
		for k, e := range x {
			if named || !data(k) {
				n.visit(e, at+"/"+token(k), inherited(k, hidden), !named && naming(k))
			}
		}
		if !named {
			n.nullable(x, at)
		}
	case []any:
		for i, e := range x {
			n.visit(e, at+"/"+strconv.Itoa(i), hidden, false)
		}
	}
}

// inherited are the hidden names that a keyword hands to its schemas: only
// those of the same object.
func inherited(keyword string, hidden []string) []string {
	switch keyword {
	case "allOf", "oneOf", "anyOf", "if", "then", "else":
		return hidden
	}
	return nil
}

// data tells a keyword whose value is no schema: what an example holds is none,
// even if it looks like one.
func data(keyword string) bool {
	switch keyword {
	case "example", "default", "enum", "const", "examples", "mapping":
		return true
	}
	return false
}

// naming tells a keyword below which every key is a name.
func naming(keyword string) bool {
	switch keyword {
	case "properties", "patternProperties", "dependentSchemas", "$defs", "definitions",
		"paths", "webhooks", "pathItems", "callbacks", "responses", "content", "encoding", "headers", "links",
		"schemas", "parameters", "requestBodies", "securitySchemes":
		return true
	}
	return false
}

func (n normaliser) schema(x map[string]any, at string, hidden []string) []string {
	n.alone(x, at)
	exclusive(x, "exclusiveMinimum", "minimum")
	exclusive(x, "exclusiveMaximum", "maximum")
	for _, k := range []string{"$schema", "$id", "id"} {
		if s, ok := x[k].(string); ok && (strings.Contains(s, "://") || k != "id") {
			delete(x, k)
		}
	}
	n.dynamic(x)
	if t, ok := x["type"].(string); ok && !known(t) {
		delete(x, "type")
	}
	if x["format"] == "regex" {
		x["format"] = expressionFormat
	}
	n.discriminator(x)
	hidden = slices.Concat(hidden, n.hides(x, 0))
	n.required(x, hidden)
	n.withhold(x)
	return hidden
}

// alone removes what stands beside a reference in a document of version 3.0,
// where it has no meaning (OpenAPI 3.0.3 §4.7.23). Whether null is allowed is
// kept: nobody is accused of a null that the document's author had in mind.
func (n normaliser) alone(x map[string]any, at string) {
	if ref, ok := x["$ref"].(string); !n.three || !ok || ref == "" || strings.HasPrefix(at, "/paths/") && strings.Count(at, "/") == 2 {
		return
	}
	for k := range x {
		if k != "$ref" && k != "nullable" {
			delete(x, k)
		}
	}
}

// count counts the dynamic anchors of a document.
func (n normaliser) count(v any) {
	switch x := v.(type) {
	case map[string]any:
		if a, ok := x["$dynamicAnchor"].(string); ok {
			n.twice[a]++
		}
		for _, e := range x {
			n.count(e)
		}
	case []any:
		for _, e := range x {
			n.count(e)
		}
	}
}

// dynamic removes dynamic references to what is set more than once: without
// the identifiers of the schemas around them they lead nowhere, and accuse
// nobody.
func (n normaliser) dynamic(x map[string]any) {
	if a, ok := x["$dynamicAnchor"].(string); ok && n.twice[a] > 1 {
		delete(x, "$dynamicAnchor")
	}
	if r, ok := x["$dynamicRef"].(string); ok && n.twice[strings.TrimPrefix(r, "#")] > 1 {
		delete(x, "$dynamicRef")
	}
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

// nullable lets a schema accept null: its type and its enumeration do, and
// whatever else could refuse it becomes one of two alternatives.
func (n normaliser) nullable(x map[string]any, at string) {
	b, ok := x["nullable"].(bool)
	if !ok {
		return
	}
	delete(x, "nullable")
	if !b {
		return
	}
	switch t := x["type"].(type) {
	case string:
		x["type"] = []any{t, "null"}
	case []any:
		if !slices.Contains(t, any("null")) {
			x["type"] = append(t, "null")
		}
	}
	if e, ok := x["enum"].([]any); ok && !slices.Contains(e, nil) {
		x["enum"] = append(e, nil)
	}
	part := map[string]any{}
	for _, k := range []string{"$ref", "allOf", "oneOf", "anyOf", "not", "const", "if", "then", "else"} {
		if v, has := x[k]; has {
			part[k] = v
			delete(x, k)
			n.moved[at+"/"+k] = true
		}
	}
	if len(part) > 0 {
		x["anyOf"] = []any{part, map[string]any{"type": "null"}}
	}
}

// hides lists the properties of a schema, and of all that it is made of, which
// do not go this way.
func (n normaliser) hides(x map[string]any, depth int) []string {
	if depth > 4 {
		return nil
	}
	var out []string
	properties, _ := x["properties"].(map[string]any)
	for name, p := range properties {
		if n.hidden(p, 0) {
			out = append(out, name)
		}
	}
	list, _ := x["allOf"].([]any)
	for _, e := range list {
		out = append(out, n.hides(n.resolve(e), depth+1)...)
	}
	return out
}

// hidden tells whether a property does not go this way, also when a reference
// or an allOf says so.
func (n normaliser) hidden(v any, depth int) bool {
	mark := "readOnly"
	if n.way == Response {
		mark = "writeOnly"
	}
	if m, _ := v.(map[string]any); m[mark] == true && (!n.three || m["$ref"] == nil) {
		return true
	}
	p := n.resolve(v)
	if p[mark] == true {
		return true
	}
	list, _ := p["allOf"].([]any)
	return depth < 4 && slices.ContainsFunc(list, func(e any) bool { return n.hidden(e, depth+1) })
}

// required leaves out the properties that do not go this way.
func (n normaliser) required(x map[string]any, hidden []string) {
	list, ok := x["required"].([]any)
	if !ok {
		if _, b := x["required"].(bool); b && (x["properties"] != nil || x["in"] == nil) {
			delete(x, "required")
		}
		return
	}
	x["required"] = slices.DeleteFunc(list, func(name any) bool {
		key, _ := name.(string)
		return slices.Contains(hidden, key)
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
