package schema

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// A house serves parts of the document to the engine as resources of their
// own: each component, and each schema that stands in an operation. The engine
// copies what it knows of a resource for every schema of it that it compiles,
// so one resource for all makes the time grow with the square of the document.
type house struct{ tree any }

// home splits a JSON pointer into that of the resource and the rest.
func home(pointer string) (base, rest string) {
	const components = "/components/schemas/"
	if after, ok := strings.CutPrefix(pointer, components); ok {
		name, _, _ := strings.Cut(after, "/")
		return components + name, after[len(name):]
	}
	const word = "/schema"
	for from := 0; ; {
		i := strings.Index(pointer[from:], word)
		if i < 0 {
			return "", pointer
		}
		end := from + i + len(word)
		if end == len(pointer) || pointer[end] == '/' {
			return pointer[:end], pointer[end:]
		}
		from = end
	}
}

// address is the URL of what stands at a JSON pointer.
func address(pointer string) string {
	base, rest := home(pointer)
	return resource + strings.ReplaceAll(fragment(base), "?", "%3F") + "#" + fragment(rest)
}

// pointerTo is the JSON pointer of a URL that address made.
func pointerTo(place string) string {
	base, rest, _ := strings.Cut(place, "#")
	base = strings.TrimPrefix(base, resource)
	if plain, err := url.PathUnescape(base); err == nil {
		base = plain
	}
	return base + rest
}

// Load gives the engine a resource.
func (h house) Load(place string) (any, error) {
	if !strings.HasPrefix(place, resource) {
		return nil, fmt.Errorf("%s is not of the document", place)
	}
	at := h.tree
	for _, t := range strings.Split(strings.TrimPrefix(pointerTo(place), "/"), "/") {
		t = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
		switch x := at.(type) {
		case map[string]any:
			next, ok := x[t]
			if !ok {
				return nil, fmt.Errorf("%s is not in the document", place)
			}
			at = next
		case []any:
			i, err := strconv.Atoi(t)
			if err != nil || i < 0 || i >= len(x) {
				return nil, fmt.Errorf("%s is not in the document", place)
			}
			at = x[i]
		default:
			return nil, fmt.Errorf("%s is not in the document", place)
		}
	}
	return at, nil
}

// settle makes every reference inside of the document one to the resource that
// its target is in. What is no schema but a value is left alone.
func settle(v any) { settled(v, false) }

func settled(v any, named bool) {
	switch x := v.(type) {
	case map[string]any:
		if ref, ok := x["$ref"].(string); ok && strings.HasPrefix(ref, "#") {
			if plain, err := url.PathUnescape(ref[1:]); err == nil {
				x["$ref"] = address(plain)
			}
		}
		for k, e := range x {
			if named || !data(k) {
				settled(e, !named && naming(k))
			}
		}
	case []any:
		for _, e := range x {
			settled(e, false)
		}
	}
}
