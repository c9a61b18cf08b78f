package schema

import "github.com/santhosh-tekuri/jsonschema/v6"

// shape checks what an array or an object is made of.
func (n *node) shape(v any, depth int) verdict {
	switch x := v.(type) {
	case []any:
		return n.array(x, depth)
	case map[string]any:
		return n.object(x, depth)
	}
	return accepted
}

func (n *node) array(list []any, depth int) verdict {
	if n.s.MinItems != nil && len(list) < *n.s.MinItems || n.s.MaxItems != nil && len(list) > *n.s.MaxItems {
		return refused
	}
	out := accepted
	if n.s.UniqueItems {
		out = unique(list)
	}
	for i, e := range list {
		item := n.items
		if i < len(n.prefix) {
			item = n.prefix[i]
		}
		if item == nil || out == refused {
			break
		}
		out = out.and(item.check(e, depth))
	}
	return out
}

// unique compares every two elements of a short list.
func unique(list []any) verdict {
	if len(list) > 32 {
		return unsure
	}
	for i, a := range list {
		if !simple(a) {
			return unsure
		}
		for _, b := range list[:i] {
			if got := same(a, b); got != refused {
				return yes(false).or(got)
			}
		}
	}
	return accepted
}

// or turns a verdict on equality into one on uniqueness.
func (a verdict) or(equal verdict) verdict {
	if equal == unsure {
		return unsure
	}
	return a
}

func (n *node) object(m map[string]any, depth int) verdict {
	s := n.s
	if s.MinProperties != nil && len(m) < *s.MinProperties || s.MaxProperties != nil && len(m) > *s.MaxProperties {
		return refused
	}
	if !has(m, s.Required) {
		return refused
	}
	out := accepted
	for k, e := range m {
		if out = out.and(n.member(k, e, depth)); out == refused {
			return refused
		}
	}
	return out.and(n.dependents(m, depth))
}

// dependents checks what the presence of a property asks for.
func (n *node) dependents(m map[string]any, depth int) verdict {
	out := accepted
	for k, list := range n.s.DependentRequired {
		if _, there := m[k]; there && !has(m, list) {
			return refused
		}
	}
	for k, sub := range n.dependent {
		if _, there := m[k]; there {
			out = out.and(sub.check(m, depth))
		}
	}
	return out
}

func has(m map[string]any, names []string) bool {
	for _, k := range names {
		if _, ok := m[k]; !ok {
			return false
		}
	}
	return true
}

// member checks one property of an object.
func (n *node) member(k string, v any, depth int) verdict {
	out, known := accepted, false
	if p, ok := n.properties[k]; ok {
		out, known = p.check(v, depth), true
	}
	for _, p := range n.patterns {
		if p.re.MatchString(k) {
			out, known = out.and(p.node.check(v, depth)), true
		}
	}
	switch {
	case known:
	case n.closed:
		return refused
	case n.additional != nil:
		return n.additional.check(v, depth)
	}
	return out
}

// composed checks references, allOf, anyOf, oneOf, not, if and discriminator.
func (n *node) composed(v any, depth int) verdict {
	out := accepted
	if n.ref != nil {
		out = n.ref.check(v, depth)
	}
	for _, e := range n.all {
		if out == refused {
			return refused
		}
		out = out.and(e.check(v, depth))
	}
	if len(n.anyOf) > 0 {
		out = out.and(count(n.anyOf, v, depth, false))
	}
	if len(n.oneOf) > 0 {
		out = out.and(count(n.oneOf, v, depth, true))
	}
	if n.not != nil {
		out = out.and(n.not.check(v, depth).inverse())
	}
	if n.branch[0] != nil {
		out = out.and(n.conditional(v, depth))
	}
	for _, e := range n.s.Extensions {
		out = out.and(beyond(e, v))
	}
	return out
}

// beyond asks what a schema says beyond JSON Schema.
func beyond(e jsonschema.SchemaExt, v any) verdict {
	list, ok := e.(extension)
	if !ok {
		return unsure
	}
	for _, x := range list {
		var fits bool
		switch x := x.(type) {
		case *discriminator:
			_, fits = x.accepts(v)
		case *withheld:
			fits = len(x.shown(v)) == 0
		default:
			return unsure
		}
		if !fits {
			return refused
		}
	}
	return accepted
}

func (a verdict) inverse() verdict {
	switch a {
	case accepted:
		return refused
	case refused:
		return accepted
	case unsure:
	}
	return unsure
}

// count says whether one, or exactly one, of the branches accepts.
func count(branches []*node, v any, depth int, exactly bool) verdict {
	n, open := 0, false
	for _, b := range branches {
		switch b.check(v, depth) {
		case accepted:
			if n++; !exactly {
				return accepted
			}
		case unsure:
			open = true
		case refused:
		}
	}
	switch {
	case n > 1:
		return refused
	case open:
		return unsure
	}
	return yes(n == 1)
}

func (n *node) conditional(v any, depth int) verdict {
	var then *node
	switch n.branch[0].check(v, depth) {
	case accepted:
		then = n.branch[1]
	case refused:
		then = n.branch[2]
	case unsure:
		return unsure
	}
	if then == nil {
		return accepted
	}
	return then.check(v, depth)
}
