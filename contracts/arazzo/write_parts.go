package arazzo

import (
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/plumbline-dev/plumbline"
)

// criteriaOf writes criteria as they were read. That a step succeeds goes
// without saying.
func criteriaOf(all []plumbline.Criterion) []yaml.MapSlice {
	if len(all) == 1 && reflect.DeepEqual(all[0], succeeds()) {
		return nil
	}
	var out []yaml.MapSlice
	for _, c := range all {
		kind := map[string]string{plumbline.TermMatches: "regex", plumbline.TermSelects: "jsonpath"}[c.Term.Op]
		context, condition, ok := strings.Cut(c.Text, " "+c.Term.Op+" ")
		if kind == "" || !ok {
			out = append(out, yaml.MapSlice{{Key: "condition", Value: c.Text}})
			continue
		}
		out = append(out, yaml.MapSlice{{Key: "context", Value: context}, {Key: "type", Value: kind}, {Key: "condition", Value: condition}})
	}
	return out
}

func retryOf(p plumbline.Poll) yaml.MapSlice {
	out := yaml.MapSlice{
		{Key: "name", Value: "again"},
		{Key: "type", Value: "retry"},
		{Key: "retryAfter", Value: p.Every.Seconds()},
		{Key: "retryLimit", Value: p.Most},
	}
	if c := criteriaOf(p.When); len(c) > 0 {
		out = append(out, yaml.MapItem{Key: "criteria", Value: c})
	}
	return out
}

// novelOf are the places of a case that get a new value in every run.
func novelOf(c plumbline.Case) []yaml.MapSlice {
	var out []yaml.MapSlice
	for _, b := range slices.Concat(c.Binds, c.Unique) {
		if b.From == plumbline.FromNew {
			out = append(out, yaml.MapSlice{{Key: "in", Value: b.In}, {Key: "name", Value: b.Name}, {Key: "kind", Value: b.Pointer}})
		}
	}
	return out
}

func bindOf(c plumbline.Case, in, name string) (plumbline.Bind, bool) {
	i := slices.IndexFunc(c.Binds, func(b plumbline.Bind) bool { return b.In == in && b.Name == name })
	if i < 0 {
		return plumbline.Bind{}, false
	}
	return c.Binds[i], true
}

// places are the parameters of a path.
func places(path string) []string {
	var out []string
	for part := range strings.SplitSeq(path, "{") {
		if name, _, ok := strings.Cut(part, "}"); ok {
			out = append(out, name)
		}
	}
	return out
}

// placed reads the values of a path off its template.
func placed(template, path string) map[string]string {
	out := map[string]string{}
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, "{"); ok && strings.HasSuffix(name, "}") && i < len(got) {
			if plain, err := url.PathUnescape(got[i]); err == nil {
				out[strings.TrimSuffix(name, "}")] = plain
			}
		}
	}
	return out
}

// whole has numbers that are whole as such, so that YAML writes them so.
func whole(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = whole(e)
		}
	case []any:
		for i, e := range x {
			x[i] = whole(e)
		}
	case float64:
		if n := int64(x); float64(n) == x {
			return n
		}
	}
	return v
}
