// Package overlay reads, applies and writes OpenAPI overlays: lists of changes
// to a document that stand beside it, so that somebody who may not edit the
// document can still complete or correct it (OpenAPI Overlay Specification
// 1.0, https://spec.openapis.org/overlay/v1.0.0.html; copy is of 1.1). Targets
// are JSONPath expressions of RFC 9535.
package overlay

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/theory/jsonpath"
	"github.com/theory/jsonpath/spec"
)

// An Overlay is a list of changes, in the order in which they are made.
type Overlay struct {
	File    string
	Title   string
	Version string
	Extends string // URI or path of the document that it is for; empty for any
	Actions []Action
}

// An Action changes every place that its target selects.
type Action struct {
	Target      string // JSONPath of RFC 9535
	Description string
	Update      any    // merged into objects, appended to arrays, put in the place of other values
	Remove      bool   // beats Update
	Copy        string // JSONPath of one place whose value is taken for Update
	path, from  *jsonpath.Path
}

// file is the wire form of an overlay.
type file struct {
	Overlay string       `yaml:"overlay"`
	Info    infoFile     `yaml:"info"`
	Extends string       `yaml:"extends,omitempty"`
	Actions []actionFile `yaml:"actions"`
}

type infoFile struct {
	Title   string `yaml:"title"`
	Version string `yaml:"version"`
}

type actionFile struct {
	Target      string `yaml:"target"`
	Description string `yaml:"description,omitempty"`
	Update      any    `yaml:"update,omitempty"`
	Remove      bool   `yaml:"remove,omitempty"`
	Copy        string `yaml:"copy,omitempty"`
}

// Load reads an overlay from a file.
func Load(name string) (*Overlay, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("overlay %s: cannot be read: %w", name, errors.Unwrap(err))
	}
	return Parse(name, data)
}

// Parse reads an overlay in YAML or JSON. Errors name the file and the action,
// counted from 1; all mistakes of the file are told at once.
func Parse(name string, data []byte) (*Overlay, error) {
	var f file
	if err := unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("overlay %s: %w", name, err)
	}
	if !strings.HasPrefix(f.Overlay, "1.") {
		return nil, fmt.Errorf("overlay %s: version %q is not known\n  help: an overlay begins with overlay: 1.0.0", name, f.Overlay)
	}
	o := &Overlay{File: name, Title: f.Info.Title, Version: f.Info.Version, Extends: f.Extends}
	var errs []error
	if len(f.Actions) == 0 {
		errs = append(errs, fmt.Errorf("overlay %s: it has no action", name))
	}
	for i, a := range f.Actions {
		act := Action{Target: a.Target, Description: a.Description, Update: plain(a.Update), Remove: a.Remove, Copy: a.Copy}
		var err error
		if act.path, err = jsonpath.Parse(a.Target); err != nil {
			errs = append(errs, fmt.Errorf("overlay %s: action %d: target %q: %w", name, i+1, a.Target, err))
		}
		if a.Copy != "" {
			if act.from, err = jsonpath.Parse(a.Copy); err != nil {
				errs = append(errs, fmt.Errorf("overlay %s: action %d: copy %q: %w", name, i+1, a.Copy, err))
			}
		}
		if a.Update == nil && !a.Remove && a.Copy == "" {
			errs = append(errs, fmt.Errorf("overlay %s: action %d: it neither updates nor removes", name, i+1))
		}
		o.Actions = append(o.Actions, act)
	}
	return o, errors.Join(errs...)
}

// unmarshal turns a panic of the YAML library, which some tags and anchors
// bring about, into an error.
func unmarshal(data []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML cannot be decoded: %v", p)
		}
	}()
	return yaml.Unmarshal(data, into)
}

// plain makes every key of every mapping text.
func plain(v any) any {
	switch x := v.(type) {
	case map[string]any:
		for k, e := range x {
			x[k] = plain(e)
		}
	case map[any]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[fmt.Sprint(k)] = plain(e)
		}
		return out
	case []any:
		for i, e := range x {
			x[i] = plain(e)
		}
	}
	return v
}

// Apply changes the tree of a document in place and returns what it could not
// do: a target that selects nothing changes nothing.
func (o *Overlay) Apply(tree map[string]any) (notices []string) {
	for i, a := range o.Actions {
		if what := a.apply(tree); what != "" {
			notices = append(notices, fmt.Sprintf("overlay %s: action %d: %s", o.File, i+1, what))
		}
	}
	return notices
}

func (a Action) apply(tree map[string]any) string {
	found := a.path.SelectLocated(tree)
	if len(found) == 0 {
		return "the target " + a.Target + " matches nothing"
	}
	update := a.Update
	if a.from != nil {
		source := a.from.Select(tree)
		if len(source) != 1 {
			return fmt.Sprintf("copy: %s matches %d places, not one", a.Copy, len(source))
		}
		update = source[0]
	}
	paths := make([]spec.NormalizedPath, 0, len(found))
	for _, n := range found {
		paths = append(paths, n.Path)
	}
	// The last first: what is taken out of an array moves only what is done.
	slices.SortFunc(paths, func(x, y spec.NormalizedPath) int { return y.Compare(x) })
	wrong := ""
	for _, p := range paths {
		if len(p) == 0 && a.Remove {
			return "the whole document cannot be removed"
		}
		edit(tree, p, func(old any) (any, bool) {
			if a.Remove {
				return nil, false
			}
			merged, ok := merged(old, update)
			if !ok {
				wrong = fmt.Sprintf("at %s stands a mapping and the update is none", p)
			}
			return merged, true
		})
	}
	return wrong
}

// edit replaces, or takes out, what stands at a path, and returns the node
// with that done.
func edit(node any, at spec.NormalizedPath, f func(old any) (value any, keep bool)) any {
	if len(at) == 0 {
		v, _ := f(node)
		return v
	}
	inner := func(child any) (any, bool) {
		if len(at) == 1 {
			return f(child)
		}
		return edit(child, at[1:], f), true
	}
	switch x := node.(type) {
	case map[string]any:
		name, ok := at[0].(spec.Name)
		child, has := x[string(name)]
		if !ok || !has {
			return node
		}
		if v, keep := inner(child); keep {
			x[string(name)] = v
		} else {
			delete(x, string(name))
		}
	case []any:
		index, ok := at[0].(spec.Index)
		if i := int(index); ok && i >= 0 && i < len(x) {
			v, keep := inner(x[i])
			if !keep {
				return slices.Delete(x, i, i+1)
			}
			x[i] = v
		}
	}
	return node
}

// merged is what an update makes of a value. Arrays grow: at the target itself
// by the update as one entry, deeper by its entries.
func merged(old, update any) (any, bool) {
	switch x := old.(type) {
	case map[string]any:
		u, ok := update.(map[string]any)
		if !ok {
			return old, false
		}
		mergeMaps(x, u)
		return x, true
	case []any:
		return append(x, clone(update)), true
	}
	return clone(update), true
}

func mergeMaps(into, update map[string]any) {
	for k, v := range update {
		have, ok := into[k].(map[string]any)
		add, isMap := v.(map[string]any)
		list, isList := into[k].([]any)
		more, moreList := v.([]any)
		switch {
		case ok && isMap:
			mergeMaps(have, add)
		case isList && moreList:
			into[k] = append(list, clone(more).([]any)...)
		default:
			into[k] = clone(v)
		}
	}
}

// clone copies a value, so that one update at two places does not make them
// one.
func clone(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
