package pactfile

import (
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

func (w *writer) object(parts openapi3.SchemaRefs, path string, depth int) (any, bool) {
	out := map[string]any{}
	properties, required := members(parts)
	for _, name := range sorted(properties) {
		p, at := properties[name], child(path, name)
		if p == nil || p.Value == nil || p.Value.WriteOnly {
			continue
		}
		if !required[name] && (!w.full || depth >= optional) {
			w.lose(at, "properties", "an optional property cannot be stated: it would be required")
			continue
		}
		if v, ok := w.member(p, at, depth, required[name]); ok {
			out[name] = v
		} else if required[name] && !w.sound {
			return nil, false
		}
	}
	if len(out) == 0 {
		w.kind(path, "type")
	}
	return out, true
}

// member states a property; one that cannot be leaves nothing behind.
func (w *writer) member(p *openapi3.SchemaRef, at string, depth int, required bool) (any, bool) {
	before := len(w.points)
	v, ok := w.value(p, at, depth+1)
	if !ok {
		w.restore(before, at)
		w.partial = w.partial || required
	}
	return v, ok
}

// restore takes back the rules and the points below a place that is not stated.
func (w *writer) restore(points int, path string) {
	w.points = w.points[:points]
	for at := range w.rules {
		if at == path || strings.HasPrefix(at, path+".") || strings.HasPrefix(at, path+"[") {
			delete(w.rules, at)
		}
	}
}

// members are the properties of all parts, and which of them are required.
func members(parts openapi3.SchemaRefs) (properties openapi3.Schemas, required map[string]bool) {
	properties, required = openapi3.Schemas{}, map[string]bool{}
	for _, p := range parts {
		for name, r := range p.Value.Properties {
			if _, known := properties[name]; !known {
				properties[name] = r
			}
		}
		for _, name := range p.Value.Required {
			required[name] = true
		}
	}
	return properties, required
}

func (w *writer) array(parts openapi3.SchemaRefs, path string, depth int) (any, bool) {
	items, least, most := lengths(parts)
	rule := map[string]any{"match": "type", "min": least}
	if most != nil {
		rule["max"] = *most
	}
	w.rule(path, rule)
	if !w.sound && least == 0 && w.choose(path, "empty", 2) == 1 {
		return []any{}, true
	}
	before, was := len(w.points), w.partial
	v, ok := w.value(items, path+"[*]", depth+1)
	if !ok || most != nil && *most == 0 {
		w.restore(before, path+"[*]")
		w.partial = was || w.sound && least > 0
		w.lose(path, "items", "the items of the list cannot be stated")
		return []any{}, w.sound || least == 0
	}
	out := []any{v}
	for uint64(len(out)) < min(least, 8) {
		out = append(out, v)
	}
	return out, true
}

// lengths are the schema of the items, and their least and greatest number.
func lengths(parts openapi3.SchemaRefs) (items *openapi3.SchemaRef, least uint64, most *uint64) {
	for _, p := range parts {
		if items == nil {
			items = p.Value.Items
		}
		least = max(least, p.Value.MinItems)
		if most == nil {
			most = p.Value.MaxItems
		}
	}
	return items, least, most
}
