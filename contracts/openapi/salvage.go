package openapi

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// A salvager takes out of a tree what the loader refuses, so that the rest of
// the document can be used. Everything that goes is a notice.
type salvager struct {
	doc  *Doc
	tree map[string]any
	try  func(tree map[string]any) error
}

// mostMends bounds how many references are mended by what the loader says of
// them, one after the other.
const mostMends = 16

// salvage reports whether the tree loads now. First the references that the
// loader names are replaced, then whole parts of the document are left out:
// keys of its top, components, paths.
func (s *salvager) salvage(err error) error {
	for range mostMends {
		if !s.mend(err.Error()) {
			break
		}
		if err = s.try(s.tree); err == nil {
			return nil
		}
	}
	paths, _ := s.tree["paths"].(map[string]any)
	bare := maps.Clone(s.tree)
	bare["paths"] = map[string]any{}
	if bad := s.try(bare); bad != nil {
		if bad = s.around(bare); bad != nil {
			return bad
		}
	}
	for k := range s.tree {
		if _, kept := bare[k]; !kept {
			delete(s.tree, k)
		}
	}
	maps.Copy(s.tree, bare)
	kept := s.surviving("/paths", paths, func(some map[string]any) error {
		bare["paths"] = some
		return s.try(bare)
	})
	if len(kept) == 0 && len(paths) > 0 {
		return err
	}
	s.tree["paths"] = kept
	return nil
}

// around leaves out what the loader refuses beside the paths. The tree has
// none.
func (s *salvager) around(bare map[string]any) error {
	fixed := []string{"openapi", "swagger", "info", "paths"}
	top := maps.Clone(bare)
	maps.DeleteFunc(top, func(k string, _ any) bool { return slices.Contains(fixed, k) })
	without := maps.Clone(bare)
	maps.DeleteFunc(without, func(k string, _ any) bool { return !slices.Contains(fixed, k) })
	if err := s.try(without); err != nil {
		return err
	}
	for _, k := range sortedKeys(top) {
		without[k] = top[k]
		if s.try(without) == nil {
			continue
		}
		if without[k] = map[string]any{}; s.try(without) == nil {
			m, _ := top[k].(map[string]any)
			without[k] = s.parts(without, k, m)
			continue
		}
		delete(without, k)
		s.doc.notice("/"+escape(k), "cannot be read and is left out")
	}
	clear(bare)
	maps.Copy(bare, without)
	return nil
}

// parts keeps the readable members of one key of the document's top; components
// hold theirs one step deeper.
func (s *salvager) parts(without map[string]any, key string, m map[string]any) map[string]any {
	if key != "components" {
		return s.surviving("/"+escape(key), m, func(some map[string]any) error {
			without[key] = some
			return s.try(without)
		})
	}
	out := map[string]any{}
	without[key] = out
	for _, section := range sortedKeys(m) {
		members, ok := m[section].(map[string]any)
		if !ok {
			s.doc.notice("/components/"+escape(section), "cannot be read and is left out")
			continue
		}
		out[section] = s.surviving("/components/"+escape(section), members, func(some map[string]any) error {
			out[section] = some
			return s.try(without)
		})
	}
	return out
}

// surviving halves a mapping until what the loader refuses stands alone, and
// returns the rest.
func (s *salvager) surviving(pointer string, m map[string]any, try func(some map[string]any) error) map[string]any {
	kept := map[string]any{}
	var add func(keys []string)
	add = func(keys []string) {
		some := maps.Clone(kept)
		for _, k := range keys {
			some[k] = m[k]
		}
		err := try(some)
		switch {
		case err == nil:
			kept = some
		case len(keys) == 1:
			s.doc.notice(pointer+"/"+escape(keys[0]), "cannot be read and is left out: "+firstLine(err))
		default:
			add(keys[:len(keys)/2])
			add(keys[len(keys)/2:])
		}
	}
	if len(m) > 0 {
		add(sortedKeys(m))
	}
	return kept
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// mend replaces the references that an error of the loader names: by a copy of
// what they lead to where that is in this file, else by anything.
func (s *salvager) mend(text string) bool {
	r := &repairs{doc: s.doc, root: s.tree}
	mended := false
	for _, m := range regexp.MustCompile(`"([^"]*#?[^"]*)"`).FindAllStringSubmatch(text, -1) {
		if strings.ContainsAny(m[1], "#/.") && r.replace(s.tree, "", m[1]) {
			mended = true
		}
	}
	return mended
}

// replace puts something in the place of every reference with the text.
func (r *repairs) replace(v any, pointer, ref string) bool {
	done := false
	put := func(e any, at string) (any, bool) {
		m, ok := e.(map[string]any)
		if !ok || m["$ref"] != ref {
			return e, false
		}
		r.doc.notice(at, "the reference "+ref+" cannot be followed from here")
		return r.inlined(ref, at), true
	}
	switch x := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(x) {
			at := pointer + "/" + escape(k)
			if isData(pointer, k) {
				continue
			}
			e, put := put(x[k], at)
			x[k] = e
			done = put || r.replace(e, at, ref) || done
		}
	case []any:
		for i := range x {
			at := fmt.Sprintf("%s/%d", pointer, i)
			e, put := put(x[i], at)
			x[i] = e
			done = put || r.replace(e, at, ref) || done
		}
	}
	return done
}

// inlined is a copy of what a local reference leads to, without references of
// its own that would lead back; anything where there is none.
func (r *repairs) inlined(ref, at string) any {
	_, fragment, _ := strings.Cut(ref, "#")
	target, ok := r.find(fragment)
	if !ok || !strings.HasPrefix(ref, "#") {
		if target, ok = r.find(strings.ReplaceAll(fragment, "+", " ")); !ok {
			return r.anything(at)
		}
	}
	m, ok := target.(map[string]any)
	if !ok || strings.HasPrefix(at, "/"+strings.Trim(fragment, "/")) {
		return r.anything(at)
	}
	if _, again := m["$ref"]; again {
		return r.anything(at)
	}
	return Clone(m)
}

// Clone copies the maps and lists of a decoded document, however deep.
func Clone(v any) any {
	switch x := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = Clone(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = Clone(e)
		}
		return out
	}
	return v
}
