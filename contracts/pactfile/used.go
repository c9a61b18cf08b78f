package pactfile

import (
	"maps"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Used is the pact of Build cut down to what was used of the API: the operations
// whose success was seen, and of each answer the fields that it held, by
// operation and status as in plumbline.Field. What nobody uses may change; such
// a file protects those whose traffic was recorded, and it is no consumer's own
// word all the same. Same arguments, same pact.
func Used(d *openapi.Doc, s *schema.Set, ops []plumbline.Operation, used map[string]map[int]map[string]bool, o Options) Pact {
	p, _ := Build(d, s, ops, o)
	p.Metadata["plumbline"] = map[string]any{"kind": "used-surface", "document": d.SHA256}
	out := p.Interactions[:0:0]
	for _, i := range p.Interactions {
		id, _ := i.Comments["operation"].(string)
		fields := map[string]bool{}
		seen := false
		for _, status := range i.statuses() {
			now, is := used[id][status]
			seen = seen || is
			maps.Copy(fields, now)
		}
		if !seen {
			continue
		}
		i.Comments["text"] = []string{"used surface: what recorded traffic used of the OpenAPI document"}
		if i.Response.Body != nil {
			i.cut(fields)
		}
		out = append(out, i)
	}
	p.Interactions = out
	return p
}

// cut takes what was not used out of the answer, with its rules.
func (i *interaction) cut(fields map[string]bool) {
	rules, _ := i.Response.MatchingRules["body"].(map[string]any)
	w := &writer{rules: rules}
	if w.rules == nil {
		w.rules = map[string]any{}
	}
	i.Response.Body.Content = w.cut(i.Response.Body.Content, "$", "", fields)
	delete(i.Response.MatchingRules, "body")
	if len(w.rules) > 0 {
		if i.Response.MatchingRules == nil {
			i.Response.MatchingRules = map[string]any{}
		}
		i.Response.MatchingRules["body"] = w.rules
	}
}

func (w *writer) cut(v any, path, at string, fields map[string]bool) any {
	switch x := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, e := range x {
			here, place := at+"/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), child(path, name)
			if !reaches(fields, here) {
				w.restore(len(w.points), place)
				continue
			}
			out[name] = w.cut(e, place, here, fields)
		}
		if len(out) == 0 && len(x) > 0 {
			w.rule(path, map[string]any{"match": "type"})
		}
		return out
	case []any:
		out := slices.Clone(x)
		for n, e := range x {
			out[n] = w.cut(e, path+"[*]", at+"/*", fields)
		}
		return out
	}
	return v
}

// reaches tells whether a field, or something in it, was used.
func reaches(fields map[string]bool, at string) bool {
	if fields[at] {
		return true
	}
	for f := range fields {
		if strings.HasPrefix(f, at+"/") {
			return true
		}
	}
	return false
}
