package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// repairs mends the tree of a document before it is loaded.
type repairs struct {
	doc    *Doc
	root   map[string]any
	dir    string
	remote bool
}

func (r *repairs) all() {
	if _, ok := r.root["info"].(map[string]any); !ok {
		r.root["info"] = map[string]any{"title": "untitled", "version": "0"}
		r.doc.notice("", "info is missing")
	}
	info, _ := r.root["info"].(map[string]any)
	for _, k := range []string{"title", "version"} {
		if _, ok := info[k].(string); !ok {
			info[k] = fmt.Sprint(info[k])
		}
	}
	if _, ok := r.root["paths"].(map[string]any); !ok {
		r.root["paths"] = map[string]any{}
	}
	if r.doc.newer {
		r.newer()
		if c, ok := r.root["components"].(map[string]any); ok {
			delete(c, "mediaTypes")
		}
	}
	r.node(r.root, "", false)
	r.paths()
}

// node walks the tree. Inside examples nothing is touched: they are data.
func (r *repairs) node(v any, pointer string, data bool) any {
	switch x := v.(type) {
	case map[string]any:
		if data {
			if strings.HasSuffix(pointer, "/examples") {
				r.examples(x, pointer)
			}
			return x
		}
		if ref, ok := x["$ref"]; ok {
			if m, mended := r.reference(ref, pointer); mended {
				return m
			}
		}
		r.schema(x, pointer)
		for k, e := range x {
			x[k] = r.node(e, pointer+"/"+escape(k), isData(pointer, k))
		}
		return x
	case []any:
		for i, e := range x {
			x[i] = r.node(e, pointer+"/"+strconv.Itoa(i), data)
		}
	}
	return v
}

// examples takes out the named examples whose references lead nowhere.
func (r *repairs) examples(named map[string]any, pointer string) {
	for _, k := range sortedKeys(named) {
		if e, ok := named[k].(map[string]any); ok && e["$ref"] != nil {
			if _, lost := r.reference(e["$ref"], pointer+"/"+escape(k)); lost {
				delete(named, k)
			}
		}
	}
}

// isData tells whether what stands under a key is an example, not structure.
func isData(pointer, key string) bool {
	if holdsNames(pointer) {
		return false
	}
	switch key {
	case "example", "default", "enum", "const", "value":
		return true
	case "examples":
		return !strings.HasPrefix(pointer, "/components")
	}
	return strings.HasPrefix(key, "x-")
}

// reference mends references that lead nowhere: they then mean anything.
func (r *repairs) reference(ref any, pointer string) (any, bool) {
	text, ok := ref.(string)
	if !ok {
		if _, property := ref.(map[string]any); property {
			return nil, false // a property that is called $ref
		}
		r.doc.notice(pointer, "a $ref that is no text is taken as anything")
		return map[string]any{}, true
	}
	file, fragment, _ := strings.Cut(text, "#")
	switch {
	case file == "":
		if r.resolves(fragment) {
			return r.typed(text, pointer)
		}
	case strings.Contains(file, "://"):
		if r.remote {
			return nil, false
		}
	default:
		path := filepath.FromSlash(file)
		if !filepath.IsAbs(path) {
			path = filepath.Join(r.dir, path)
		}
		if _, err := os.Stat(path); err == nil {
			return nil, false
		}
	}
	r.doc.notice(pointer, "the reference "+text+" leads nowhere that may be read; it is taken as anything")
	return r.anything(pointer), true
}

// anything is the least that may stand at a place.
func (r *repairs) anything(pointer string) any {
	parts := strings.Split(pointer, "/")
	last := parts[len(parts)-1]
	before := ""
	if len(parts) > 1 {
		before = parts[len(parts)-2]
	}
	switch {
	case before == "responses":
		return map[string]any{"description": ""}
	case before == "parameters":
		return map[string]any{"name": "x-unknown-" + last, "in": "header", "schema": map[string]any{"type": "string"}, "type": "string"}
	case last == "requestBody":
		return map[string]any{"content": map[string]any{}}
	}
	return map[string]any{}
}

func (r *repairs) resolves(fragment string) bool {
	_, ok := r.find(fragment)
	return ok
}

// find follows the fragment of a local reference.
func (r *repairs) find(fragment string) (any, bool) {
	var at any = r.root
	for _, t := range strings.Split(strings.TrimPrefix(fragment, "/"), "/") {
		if t == "" && fragment == "" {
			break
		}
		if u, err := url.PathUnescape(t); err == nil {
			t = u
		}
		t = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
		switch x := at.(type) {
		case map[string]any:
			next, ok := x[t]
			if !ok {
				return nil, false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			at = x[i]
		default:
			return nil, false
		}
	}
	return at, true
}

// resolve follows one local reference.
func (r *repairs) resolve(m map[string]any) map[string]any {
	for range 8 {
		ref, ok := m["$ref"].(string)
		if !ok || !strings.HasPrefix(ref, "#/") {
			return m
		}
		var at any = r.root
		for _, t := range strings.Split(ref[2:], "/") {
			t = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
			next, ok := at.(map[string]any)
			if !ok {
				return m
			}
			at = next[t]
		}
		next, ok := at.(map[string]any)
		if !ok {
			return m
		}
		m = next
	}
	return m
}

// holdsNames tells whether the keys at a place are names that the document
// gives, not keywords. A name may itself be such a keyword: what stands under a
// property that is called properties is a schema.
func holdsNames(pointer string) bool {
	i := strings.LastIndexByte(pointer, '/')
	if i < 0 {
		return false
	}
	switch pointer[i+1:] {
	case "properties", "patternProperties", "$defs", "dependentSchemas", "schemas", "definitions", "responses", "headers", "requestBodies", "securitySchemes", "securityDefinitions", "links", "callbacks", "pathItems", "content":
		return !holdsNames(pointer[:i])
	case "paths":
		return i == 0
	case "parameters":
		return i == 0 || pointer[:i] == "/components"
	}
	return false
}

// schema mends what schemas get wrong.
func (r *repairs) schema(x map[string]any, pointer string) {
	if holdsNames(pointer) {
		return
	}
	r.items(x, pointer)
	r.required(x, pointer)
	for _, k := range []string{"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "multipleOf", "minProperties", "maxProperties"} {
		r.number(x, k, pointer)
	}
	for _, k := range []string{"nullable", "readOnly", "writeOnly", "deprecated", "uniqueItems", "allowEmptyValue", "explode"} {
		truth(x, k)
	}
	r.enum(x, pointer)
	textPattern(x)
}

func (r *repairs) items(x map[string]any, pointer string) {
	if list, ok := x["items"].([]any); ok {
		x["items"] = map[string]any{}
		if len(list) == 1 {
			x["items"] = list[0]
		}
		r.doc.notice(pointer, "items is a list; an array has one schema for its items")
	}
	// Since version 3.1 a list may go without, and unevaluatedItems sees the
	// difference.
	old := r.doc.Version == "2.0" || strings.HasPrefix(r.doc.Version, "3.0")
	if old && x["type"] == "array" && x["items"] == nil && !strings.HasPrefix(pointer, "/info") {
		x["items"] = map[string]any{}
	}
}

// required drops a truth value of a schema; that of a parameter is right.
func (r *repairs) required(x map[string]any, pointer string) {
	if _, truth := x["required"].(bool); !truth {
		return
	}
	parameter := x["in"] != nil || x["name"] != nil
	if x["properties"] != nil || x["type"] != nil && !parameter {
		delete(x, "required")
		r.doc.notice(pointer, "required is a list of property names in a schema")
	}
}

// truth reads a truth value that was written as text.
func truth(x map[string]any, k string) {
	if s, ok := x[k].(string); ok {
		if b, err := strconv.ParseBool(s); err == nil {
			x[k] = b
		}
	}
}

func (r *repairs) enum(x map[string]any, pointer string) {
	s, ok := x["enum"]
	if !ok {
		return
	}
	if _, list := s.([]any); !list {
		delete(x, "enum")
		r.doc.notice(pointer, "enum is not a list")
	}
}

func textPattern(x map[string]any) {
	if s, ok := x["pattern"]; ok && x["type"] != nil {
		if _, text := s.(string); !text {
			delete(x, "pattern")
		}
	}
}

func (r *repairs) number(x map[string]any, k, pointer string) {
	switch v := x[k].(type) {
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			delete(x, k)
			r.doc.notice(pointer, k+" is not a number")
			return
		}
		x[k] = json.Number(strconv.FormatFloat(f, 'f', -1, 64))
	case json.Number:
		counts := strings.HasSuffix(k, "Length") || strings.HasSuffix(k, "Items") || strings.HasSuffix(k, "Properties")
		if f, err := v.Float64(); counts && err == nil {
			if f < 0 || f > 1<<62 {
				delete(x, k)
				return
			}
			x[k] = json.Number(strconv.FormatUint(uint64(f), 10))
		}
	}
}
