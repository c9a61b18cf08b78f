package sample

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/plumbline-dev/plumbline/contracts/openapi"
)

// exampleText is the value that the document gives to a parameter.
func exampleText(p *openapi3.Parameter) (string, bool) {
	all := examples(p.Example, p.Examples)
	if p.Schema != nil && p.Schema.Value != nil && p.Schema.Value.Example != nil {
		all = append(all, p.Schema.Value.Example)
	}
	for _, v := range all {
		switch v.(type) {
		case nil, map[string]any, []any:
			continue
		}
		if text := fmt.Sprint(v); text != "" {
			return text, true
		}
	}
	return "", false
}

// schemaType is the first type of a schema, or of the parts that it is made of;
// empty when it says none.
func schemaType(s *openapi3.Schema) string {
	if s.Type != nil {
		for _, t := range *s.Type {
			if t != "null" {
				return t
			}
		}
	}
	for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
		for _, p := range refs {
			if p != nil && p.Value != nil && p.Value.Type != nil && len(*p.Value.Type) > 0 && (*p.Value.Type)[0] != "null" {
				return (*p.Value.Type)[0]
			}
		}
	}
	return ""
}

// skeleton is a path with its parameters unnamed.
func skeleton(path string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		_, after, closed := strings.Cut(rest, "}")
		if !closed {
			return b.String()
		}
		b.WriteString("{}")
		path = after
	}
}

// placeNames are the parameters of a path, outermost first.
func placeNames(path string) []string {
	var out []string
	for {
		_, rest, ok := strings.Cut(path, "{")
		if !ok {
			return out
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return out
		}
		out, path = append(out, name), after
	}
}

func pathParam(op openapi.Op, name string) *openapi3.Parameter {
	for _, p := range op.Params {
		if p.In == openapi3.ParameterInPath && p.Name == name {
			return p
		}
	}
	return nil
}

// collection is the path before a parameter: /orders of /orders/{id}/items.
func collection(path, name string) (string, bool) {
	before, _, ok := strings.Cut(path, "/{"+name+"}")
	return before, ok
}

func hasEnum(ref *openapi3.SchemaRef) bool {
	return ref != nil && ref.Value != nil && len(ref.Value.Enum) > 0
}
