package declaration

import (
	"fmt"
	"reflect"
	"strings"
)

// A Key is one key of plumbline.yaml, as the reference describes it.
type Key struct {
	Path    string // "dependencies.NAME.retry.max_attempts", "waivers[].claim"
	Type    string // "text", "number", "list of text", "mapping" …
	Default string // what holds without it; empty: nothing
	Meaning string
	Example string // one line of YAML
}

// Reference lists every key that plumbline.yaml knows, in the order in which
// they are written, and the keys that nobody has described.
func Reference() (keys []Key, undescribed []string) {
	d := descriptions()
	r := &reference{described: d, met: map[string]bool{}}
	r.fields(reflect.TypeFor[file](), "")
	for path := range d {
		if !r.met[path] {
			undescribed = append(undescribed, path+" (described, and unknown)")
		}
	}
	return r.keys, append(undescribed, r.missing...)
}

// A reference walks the wire form of plumbline.yaml.
type reference struct {
	described map[string]description
	met       map[string]bool
	keys      []Key
	missing   []string
}

func (r *reference) fields(t reflect.Type, prefix string) {
	for f := range t.Fields() {
		name := strings.Split(f.Tag.Get("yaml"), ",")[0]
		if name == "" || name == "-" {
			continue
		}
		r.field(f.Type, prefix+name)
	}
}

func (r *reference) field(t reflect.Type, path string) {
	d, ok := r.described[path]
	if !ok {
		r.missing = append(r.missing, path)
		return
	}
	r.met[path] = true
	kind := d.kind
	if kind == "" {
		kind = word(t)
	}
	r.keys = append(r.keys, Key{Path: path, Type: kind, Default: d.fallback, Meaning: d.meaning, Example: d.example})
	for _, more := range d.inside {
		r.met[path+more.path] = true
		r.keys = append(r.keys, Key{path + more.path, more.kind, more.fallback, more.meaning, more.example})
	}
	if d.closed {
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Struct:
		r.fields(t, path+".")
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		r.fields(t.Elem(), path+"[].")
	case t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct:
		r.fields(t.Elem(), path+".NAME.")
	}
}

// word is a type in words.
func word(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return word(t.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct || t.Elem().Kind() == reflect.Map {
			return "list of mappings"
		}
		return "list of " + strings.ReplaceAll(word(t.Elem()), "whole number", "whole numbers")
	case reflect.Struct:
		return "mapping"
	case reflect.Map:
		return "mapping by name"
	default:
		return "any"
	}
}

// WriteReference writes the reference as Markdown. The error names the keys that
// nobody has described.
func WriteReference() (string, error) {
	keys, undescribed := Reference()
	if len(undescribed) > 0 {
		return "", fmt.Errorf("not described in descriptions.go: %s", strings.Join(undescribed, ", "))
	}
	var b strings.Builder
	b.WriteString(`# plumbline.yaml

Every key of the declaration; [plumbline.schema.json](plumbline.schema.json) says the same to editors, by the first line that ` + "`plumbline init`" + ` writes. It is generated from the code (` + "`UPDATE=1 go test ./contracts/declaration -run Reference`" + `): a test fails when a key has no description here, or when this page is stale.

Nothing is required but an OpenAPI document and a target, and both can come from the command line. What is not declared is not claimed: its functions are skipped, never failed. Durations are written ` + "`300ms`, `1.5s`, `2m`" + `. Paths are relative to the file. In every text ` + "`${NAME}` is the environment's value and `${NAME:-default}`" + ` one with a default. Operations are named by operationId, by ` + "`METHOD /path`" + `, or by ` + "`*`" + ` for all. NAME stands for a name of your own, and ` + "`[]`" + ` for each item of a list.
`)
	top := ""
	for _, k := range keys {
		if first := strings.FieldsFunc(k.Path, func(r rune) bool { return r == '.' || r == '[' })[0]; first != top {
			top = first
			fmt.Fprintf(&b, "\n## %s\n\n| key | type | default | meaning | example |\n|---|---|---|---|---|\n", top)
		}
		example := ""
		if k.Example != "" {
			example = "`" + cell(k.Example) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Path, k.Type, cell(k.Default), cell(k.Meaning), example)
	}
	return b.String(), nil
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
