package declaration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
)

// SchemaURL is where the schema of the main branch is published.
const SchemaURL = "https://raw.githubusercontent.com/plumbline-dev/plumbline/main/docs/plumbline.schema.json"

// WriteSchema writes the JSON Schema of plumbline.yaml, for editors: draft 7,
// which is what the language servers for YAML understand. It comes from the
// wire form and the descriptions, as the reference does.
func WriteSchema() ([]byte, error) {
	s := schemer{described: descriptions()}
	top := s.object(reflect.TypeFor[file](), "")
	top["$schema"], top["$id"] = "http://json-schema.org/draft-07/schema#", SchemaURL
	top["title"] = "plumbline.yaml"
	top["description"] = "What the architecture of a service claims, and how its deployment is reached."
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(top)
	return b.Bytes(), err
}

// A schemer walks the wire form; paths are those of the reference.
type schemer struct{ described map[string]description }

type node = map[string]any

func (s schemer) object(t reflect.Type, path string) node {
	properties := node{}
	for f := range t.Fields() {
		name := strings.Split(f.Tag.Get("yaml"), ",")[0]
		if name == "" || name == "-" {
			continue
		}
		child := strings.TrimPrefix(path+"."+name, ".")
		properties[name] = told(s.of(f.Type, child), s.about(child))
	}
	return node{"type": "object", "additionalProperties": false, "properties": properties}
}

// of is the schema of a type of the wire form.
func (s schemer) of(t reflect.Type, path string) node {
	switch {
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem(), path)
	case twoForms(t):
		return s.twice(t, path)
	case len(s.about(path).inside) > 0:
		return s.list(path)
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.object(t, path)
	case reflect.Slice:
		return node{"type": "array", "items": s.of(t.Elem(), path+"[]")}
	case reflect.Map:
		return node{"type": "object", "additionalProperties": s.of(t.Elem(), path+".NAME")}
	case reflect.Bool:
		return node{"type": "boolean"}
	case reflect.Int:
		return node{"type": "integer"}
	case reflect.Float64:
		return node{"type": "number"}
	case reflect.String:
		return text(s.about(path).kind, choices()[path])
	default:
		return node{} // anything
	}
}

// twice is the schema of what is a text, mostly a list of texts, or a mapping.
func (s schemer) twice(t reflect.Type, path string) node {
	words := text("", nil)
	forms := []any{words, s.object(t, path)}
	if t == reflect.TypeFor[pactsFile]() {
		forms = append(forms, node{"type": "array", "items": words})
	}
	return node{"anyOf": forms}
}

// list is the schema of a list of mappings whose keys are described, and read,
// by themselves: the objectives.
func (s schemer) list(path string) node {
	properties, goals := node{}, node{}
	for _, k := range s.about(path).inside {
		name := strings.TrimPrefix(k.path, "[].")
		n := node{}
		switch {
		case name == "window": // in days and weeks, too
			n = text("", nil)
		case k.kind == "duration" || k.kind == "share" || k.kind == "rate" || k.kind == "text":
			n = text(k.kind, choices()[path+k.path])
		case k.kind == "list of text":
			n = node{"type": "array", "items": text("", nil)}
		}
		n = told(n, description{meaning: k.meaning, fallback: k.fallback, example: k.example})
		properties[name] = n
		if (k.kind == "share" || k.kind == "rate") && name != "confidence" {
			goals[name] = n
		}
	}
	percentiles := node{percentile: text("duration", nil)}
	delete(properties, "p99") // one of them
	goals["dependencies"] = node{"type": "array", "items": text("", nil)}
	role := node{"type": "object", "additionalProperties": false, "properties": goals, "patternProperties": percentiles}
	closed(properties["during"], node{"fault": role, "recovery": role})
	closed(properties["regression"], node{"tolerance": text("share", nil), "floor": text("duration", nil), "confirm": node{"type": "boolean"}})
	return node{"type": "array", "items": node{
		"type": "object", "additionalProperties": false, "properties": properties, "patternProperties": percentiles,
	}}
}

// closed makes a schema that of a mapping with these keys and no others.
func closed(of any, properties node) {
	if n, ok := of.(node); ok {
		n["type"], n["additionalProperties"], n["properties"] = "object", false, properties
	}
}

// percentile is how the keys of percentiles are written.
const percentile = `^p(\([0-9.]+\)|[0-9.]+)$`

// text is the schema of a text. Numbers and truth values are read as texts; what
// holds a variable may become anything.
func text(kind string, words []string) node {
	const variable = `\$\{`
	const span = `([0-9]*\.?[0-9]+(ns|us|µs|ms|s|m|h))+`
	switch {
	case len(words) > 0:
		known := []any{}
		for _, w := range words {
			known = append(known, w)
		}
		return node{"anyOf": []any{node{"enum": known}, node{"type": "string", "pattern": variable}}}
	case kind == "duration":
		return node{"type": "string", "pattern": `^(.*\$\{.*|` + span + `)$`}
	case kind == "duration or range":
		return node{"type": "string", "pattern": `^(.*\$\{.*|` + span + `(\.\.` + span + `)?)$`}
	}
	return node{"type": []any{"string", "number", "boolean"}}
}

// about is the description of a path; what stands in pact: of a dependency is
// described where it stands in pacts.
func (s schemer) about(path string) description {
	if d, ok := s.described[path]; ok {
		return d
	}
	_, rest, _ := strings.Cut(path, ".pact.")
	return s.described["pacts."+rest]
}

// told adds what the reference says of a key.
func told(n node, d description) node {
	if d.meaning != "" {
		n["description"] = d.meaning
	}
	if d.fallback != "" {
		n["description"] = fmt.Sprintf("%s (without it: %s)", d.meaning, d.fallback)
	}
	var pair map[string]any
	if err := yaml.Unmarshal([]byte(d.example), &pair); err == nil {
		for _, v := range pair {
			n["examples"] = []any{v}
		}
	}
	return n
}
