package openapi

import "strings"

// typed mends a reference that leads to a thing of another kind than may stand
// at its place: a response where a schema is wanted, a schema where a response
// is.
func (r *repairs) typed(ref, pointer string) (any, bool) {
	want, have := kindOf(pointer), sectionOf(ref)
	if want == "" || have == "" || want == have {
		return nil, false
	}
	target, _ := r.find(strings.TrimPrefix(ref, "#"))
	m, _ := target.(map[string]any)
	r.doc.notice(pointer, "the reference "+ref+" leads to one of the "+have+", where one of the "+want+" is wanted")
	switch {
	case want == "schemas":
		return innerSchema(r.resolve(m)), true
	case have == "schemas" && want != "parameters" && want != "headers":
		if r.doc.Version == "2.0" {
			return map[string]any{"description": "", "schema": map[string]any{"$ref": ref}}, true
		}
		return map[string]any{"description": "", "content": map[string]any{"application/json": map[string]any{"schema": map[string]any{"$ref": ref}}}}, true
	}
	return r.anything(pointer), true
}

// kindOf is the section of the components that things at a place belong to;
// empty where that is not sure.
func kindOf(pointer string) string {
	parent, last := cutLast(pointer)
	if holdsNames(parent) {
		_, section := cutLast(parent)
		switch section {
		case "properties", "patternProperties", "$defs", "dependentSchemas", "schemas", "definitions":
			return "schemas"
		case "responses", "headers", "requestBodies":
			return section
		case "parameters":
			return "parameters"
		}
		return ""
	}
	switch last {
	case "schema", "items", "not", "additionalProperties", "if", "then", "else", "contains":
		return "schemas"
	case "requestBody":
		return "requestBodies"
	}
	_, list := cutLast(parent)
	switch list {
	case "allOf", "anyOf", "oneOf", "prefixItems":
		return "schemas"
	case "parameters":
		return "parameters"
	}
	return ""
}

// sectionOf is the section of the components that a reference names.
func sectionOf(ref string) string {
	tokens := strings.Split(ref, "/")
	if len(tokens) == 4 && tokens[0] == "#" && tokens[1] == "components" {
		return tokens[2]
	}
	if len(tokens) != 3 || tokens[0] != "#" {
		return ""
	}
	switch tokens[1] {
	case "definitions":
		return "schemas"
	case "parameters", "responses":
		return tokens[1]
	}
	return ""
}

// innerSchema is the schema inside of a response, a body or a parameter.
func innerSchema(m map[string]any) any {
	if s, ok := m["schema"].(map[string]any); ok {
		return Clone(s)
	}
	content, _ := m["content"].(map[string]any)
	for _, media := range sortedKeys(content) {
		if t, ok := content[media].(map[string]any); ok {
			if s, ok := t["schema"].(map[string]any); ok {
				return Clone(s)
			}
		}
	}
	return map[string]any{}
}

func cutLast(pointer string) (parent, last string) {
	i := strings.LastIndexByte(pointer, '/')
	if i < 0 {
		return "", ""
	}
	return pointer[:i], pointer[i+1:]
}
