package openapi

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	r.node(r.root, "", false)
	r.paths()
}

// node walks the tree. Inside examples nothing is touched: they are data.
func (r *repairs) node(v any, pointer string, data bool) any {
	switch x := v.(type) {
	case map[string]any:
		if data {
			return x
		}
		if ref, ok := x["$ref"]; ok {
			if m, mended := r.reference(x, ref, pointer); mended {
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

// isData tells whether what stands under a key is an example, not structure.
func isData(pointer, key string) bool {
	under := pointer[strings.LastIndexByte(pointer, '/')+1:]
	if under == "properties" || under == "schemas" || under == "definitions" {
		return false
	}
	return key == "example" || key == "default" || key == "enum" || key == "const" || key == "value" || strings.HasPrefix(key, "x-") || key == "examples" && !strings.HasPrefix(pointer, "/components")
}

// reference mends references that lead nowhere: they then mean anything.
func (r *repairs) reference(x map[string]any, ref any, pointer string) (any, bool) {
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
			return nil, false
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
				return false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(x) {
				return false
			}
			at = x[i]
		default:
			return false
		}
	}
	return true
}

// schema mends what schemas get wrong.
func (r *repairs) schema(x map[string]any, pointer string) {
	if under := pointer[strings.LastIndexByte(pointer, '/')+1:]; under == "properties" || under == "schemas" || under == "definitions" {
		return // the keys are names here
	}
	if list, ok := x["items"].([]any); ok {
		x["items"] = map[string]any{}
		if len(list) == 1 {
			x["items"] = list[0]
		}
		r.doc.notice(pointer, "items is a list; an array has one schema for its items")
	}
	if x["type"] == "array" && x["items"] == nil && !strings.HasPrefix(pointer, "/info") {
		x["items"] = map[string]any{}
	}
	if _, isBool := x["required"].(bool); isBool && (x["properties"] != nil || x["type"] != nil && x["in"] == nil && x["name"] == nil) {
		delete(x, "required")
		r.doc.notice(pointer, "required is a list of property names in a schema")
	}
	for _, k := range []string{"minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "multipleOf", "minProperties", "maxProperties"} {
		r.number(x, k, pointer)
	}
	for _, k := range []string{"nullable", "readOnly", "writeOnly", "deprecated", "uniqueItems", "allowEmptyValue", "explode"} {
		if s, ok := x[k].(string); ok {
			if b, err := strconv.ParseBool(s); err == nil {
				x[k] = b
			}
		}
	}
	if s, ok := x["enum"]; ok {
		if _, list := s.([]any); !list {
			delete(x, "enum")
			r.doc.notice(pointer, "enum is not a list")
		}
	}
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

// paths mends operations: responses that are missing, parameters of the path
// that are declared and not in it or the other way round, and templates that
// differ in the names of their parameters alone.
func (r *repairs) paths() {
	paths, _ := r.root["paths"].(map[string]any)
	shapes := map[string]string{}
	for _, p := range sortedKeys(paths) {
		pointer := "/paths/" + escape(p)
		item, ok := paths[p].(map[string]any)
		if !ok || strings.HasPrefix(p, "x-") {
			delete(paths, p)
			continue
		}
		if !strings.HasPrefix(p, "/") {
			delete(paths, p)
			r.doc.notice(pointer, "the path does not begin with a slash")
			p = "/" + p
			paths[p] = item
		}
		if i := strings.IndexAny(p, "?#"); i >= 0 {
			r.doc.notice(pointer, "query or fragment in a path template is cut off")
			delete(paths, p)
			p = p[:i]
			if _, taken := paths[p]; taken {
				continue
			}
			paths[p] = item
		}
		shape := templateParameter().ReplaceAllString(p, "{}")
		if other, dup := shapes[shape]; dup {
			r.merge(paths, other, p)
			continue
		}
		shapes[shape] = p
		r.operations(item, p, pointer)
	}
}

// merge moves the operations of a path template that another one has already
// under it, where they do not collide.
func (r *repairs) merge(paths map[string]any, kept, dropped string) {
	a, _ := paths[kept].(map[string]any)
	b, _ := paths[dropped].(map[string]any)
	r.operations(b, dropped, "/paths/"+escape(dropped))
	for k, v := range b {
		if _, taken := a[k]; !taken && slices.Contains(methods(), k) {
			names := templateParameter().FindAllStringSubmatch(kept, -1)
			for i, m := range templateParameter().FindAllStringSubmatch(dropped, -1) {
				rename(v, m[1], names[i][1])
			}
			a[k] = v
		}
	}
	delete(paths, dropped)
	r.doc.notice("/paths/"+escape(dropped), "the template cannot be told from "+kept+"; its operations are read there")
}

func rename(op any, from, to string) {
	m, _ := op.(map[string]any)
	list, _ := m["parameters"].([]any)
	for _, p := range list {
		if q, ok := p.(map[string]any); ok && q["in"] == "path" && q["name"] == from {
			q["name"] = to
		}
	}
}

func methods() []string {
	return []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}
}

func templateParameter() *regexp.Regexp { return regexp.MustCompile(`\{([^{}/]+)\}`) }

func (r *repairs) operations(item map[string]any, path, pointer string) {
	var inPath []string
	for _, m := range templateParameter().FindAllStringSubmatch(path, -1) {
		inPath = append(inPath, m[1])
	}
	shared := r.parameters(item, inPath, nil, pointer)
	for _, m := range methods() {
		op, ok := item[m].(map[string]any)
		if !ok {
			if item[m] != nil {
				delete(item, m)
				r.doc.notice(pointer+"/"+m, "the operation is no mapping and is left out")
			}
			continue
		}
		at := pointer + "/" + m
		r.parameters(op, inPath, shared, at)
		r.undeclared(op, inPath, shared, at)
		if _, ok := op["responses"].(map[string]any); !ok {
			op["responses"] = map[string]any{"default": map[string]any{"description": ""}}
			r.doc.notice(at, "responses is missing; any answer is taken as documented")
		}
		r.responses(op["responses"].(map[string]any), at) //nolint:forcetypeassert // made above
		if id, ok := op["operationId"]; ok {
			op["operationId"] = strings.TrimSpace(fmt.Sprint(id))
		}
	}
}

func (r *repairs) responses(m map[string]any, at string) {
	for k, v := range m {
		resp, ok := v.(map[string]any)
		if !ok {
			if !strings.HasPrefix(k, "x-") {
				m[k] = map[string]any{"description": ""}
			}
			continue
		}
		if _, ok := resp["description"].(string); !ok && resp["$ref"] == nil {
			resp["description"] = ""
		}
		if !regexp.MustCompile(`^([1-5][0-9]{2}|[1-5][xX]{2}|default|x-.*)$`).MatchString(k) {
			delete(m, k)
			r.doc.notice(at+"/responses/"+escape(k), "the status "+k+" is none")
		}
	}
}

// parameters drops what is no parameter and what is said to be in the path and
// is not. It returns the names that are declared for the path.
func (r *repairs) parameters(holder map[string]any, inPath, shared []string, pointer string) []string {
	list, ok := holder["parameters"].([]any)
	if !ok {
		delete(holder, "parameters")
		return shared
	}
	out := list[:0:0]
	var names []string
	seen := map[string]bool{}
	for i, p := range list {
		m, ok := p.(map[string]any)
		if !ok {
			continue
		}
		real := r.resolve(m)
		name, _ := real["name"].(string)
		in, _ := real["in"].(string)
		at := fmt.Sprintf("%s/parameters/%d", pointer, i)
		switch {
		case name == "" || in == "":
			r.doc.notice(at, "a parameter without name or place is left out")
			continue
		case seen[in+" "+name]:
			r.doc.notice(at, "the parameter "+name+" is declared twice")
			continue
		case in == "path" && !slices.Contains(inPath, name):
			r.doc.notice(at, "the parameter "+name+" is said to be in the path and is not")
			continue
		case in == "path":
			names = append(names, name)
			real["required"] = true
		}
		if real["schema"] == nil && real["content"] == nil && r.doc.Version != "2.0" {
			real["schema"] = map[string]any{}
		}
		if r.doc.Version == "2.0" && in != "body" && real["type"] == nil {
			real["type"] = "string"
		}
		seen[in+" "+name] = true
		out = append(out, p)
	}
	holder["parameters"] = out
	return append(names, shared...)
}

func (r *repairs) undeclared(op map[string]any, inPath, shared []string, pointer string) {
	declared := slices.Clone(shared)
	list, _ := op["parameters"].([]any)
	for _, p := range list {
		if m, ok := p.(map[string]any); ok {
			if real := r.resolve(m); real["in"] == "path" {
				declared = append(declared, fmt.Sprint(real["name"]))
			}
		}
	}
	for _, name := range inPath {
		if slices.Contains(declared, name) {
			continue
		}
		p := map[string]any{"name": name, "in": "path", "required": true}
		if r.doc.Version == "2.0" {
			p["type"] = "string"
		} else {
			p["schema"] = map[string]any{"type": "string"}
		}
		list = append(list, p)
		op["parameters"] = list
		r.doc.notice(pointer, "the parameter "+name+" of the path is not declared; it is taken as text")
	}
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

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
