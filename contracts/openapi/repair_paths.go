package openapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// paths mends operations: responses that are missing, parameters of the path
// that are declared and not in it or the other way round, and templates that
// differ in the names of their parameters alone.
func (r *repairs) paths() {
	paths, _ := r.root["paths"].(map[string]any)
	shapes := map[string]string{}
	for _, p := range sortedKeys(paths) {
		pointer := "/paths/" + escape(p)
		item, ok := paths[p].(map[string]any)
		if strings.HasPrefix(p, "x-") {
			continue
		}
		if !ok {
			delete(paths, p)
			r.doc.notice(pointer, "the path item is no mapping and is left out")
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
	return []string{"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"}
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
		r.responses(op, at)
		if id, ok := op["operationId"]; ok {
			op["operationId"] = strings.TrimSpace(fmt.Sprint(id))
		}
	}
}

func (r *repairs) responses(op map[string]any, at string) {
	m, ok := op["responses"].(map[string]any)
	if !ok {
		m = map[string]any{"default": map[string]any{"description": ""}}
		op["responses"] = m
		r.doc.notice(at, "responses is missing; any answer is taken as documented")
	}
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
		if why := unusable(name, in, inPath, seen); why != "" {
			r.doc.notice(fmt.Sprintf("%s/parameters/%d", pointer, i), why)
			continue
		}
		if in == "path" {
			names = append(names, name)
			real["required"] = true
		}
		r.shape(real)
		seen[in+" "+name] = true
		out = append(out, p)
	}
	holder["parameters"] = out
	return append(names, shared...)
}

// unusable says why a parameter is left out.
func unusable(name, in string, inPath []string, seen map[string]bool) string {
	switch {
	case name == "" || in == "":
		return "a parameter without name or place is left out"
	case seen[in+" "+name]:
		return "the parameter " + name + " is declared twice"
	case in == "path" && !slices.Contains(inPath, name):
		return "the parameter " + name + " is said to be in the path and is not"
	}
	return ""
}

// shape gives a parameter the schema or type that it does not state.
func (r *repairs) shape(p map[string]any) {
	if r.doc.Version == "2.0" {
		if p["in"] != "body" && p["type"] == nil {
			p["type"] = "string"
		}
		return
	}
	if p["schema"] == nil && p["content"] == nil {
		p["schema"] = map[string]any{}
	}
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

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
