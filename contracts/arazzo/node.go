package arazzo

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plumbline-dev/plumbline"
)

// A node is a value of the file with its position.
type node struct {
	at     plumbline.Source
	kind   kind
	scalar any
	keys   []string // of an object, in the order of the file
	fields map[string]*node
	items  []*node
}

type kind int

const (
	scalarNode kind = iota
	objectNode
	arrayNode
)

// get is a member of an object; nil when it has none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	return n.fields[key]
}

// list are the elements of an array below a key.
func (n *node) list(key string) []*node {
	if v := n.get(key); v != nil {
		return v.items
	}
	return nil
}

// text is the value of a text; empty for anything else.
func (n *node) text() string {
	if n == nil {
		return ""
	}
	s, _ := n.scalar.(string)
	return s
}

// value is the node as JSON has it: numbers are of type int, uint64 or float64.
func (n *node) value() any {
	switch {
	case n == nil:
		return nil
	case n.kind == objectNode:
		m := map[string]any{}
		for _, k := range n.keys {
			m[k] = n.fields[k].value()
		}
		return m
	case n.kind == arrayNode:
		out := make([]any, 0, len(n.items))
		for _, i := range n.items {
			out = append(out, i.value())
		}
		return out
	}
	return n.scalar
}

// only books every key that an object has and may not have. Extensions may be
// there.
func (r *reader) only(n *node, what string, known ...string) {
	if n == nil {
		return
	}
	if n.kind != objectNode {
		r.wrong(n, "%s is no mapping", what)
		return
	}
	for _, k := range n.keys {
		if !slices.Contains(known, k) && !strings.HasPrefix(k, "x-") && !slices.Contains([]string{"description", "summary"}, k) {
			r.unsupported(n.fields[k], "known are "+strings.Join(known, ", "), "%s has %q, which is not known", what, k)
		}
	}
}

// parseNode reads a file into nodes.
func parseNode(name string, data []byte) (n *node, err error) {
	defer func() {
		if p := recover(); p != nil {
			n, err = nil, &Problem{Code: CodeFile, Source: plumbline.Source{File: name}, Message: fmt.Sprintf("the YAML cannot be read: %v", p)}
		}
	}()
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		p := &Problem{Code: CodeFile, Source: plumbline.Source{File: name}, Message: err.Error()}
		var y yaml.Error
		if errors.As(err, &y) && y.GetToken() != nil {
			p.Message, p.Source.Line, p.Source.Column = y.GetMessage(), y.GetToken().Position.Line, y.GetToken().Position.Column
		}
		return nil, p
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, &Problem{Code: CodeFile, Source: plumbline.Source{File: name}, Message: "the file holds no single document"}
	}
	b := building{file: name, anchors: map[string]*node{}}
	n = b.node(tree.Docs[0].Body)
	if b.err != nil {
		return nil, b.err
	}
	if n.kind != objectNode {
		return nil, &Problem{Code: CodeFile, Source: n.at, Message: "the file is no mapping"}
	}
	return n, nil
}

// A building makes nodes of the tree of the YAML library.
type building struct {
	file    string
	anchors map[string]*node
	err     error
}

func (b *building) refuse(at plumbline.Source, format string, args ...any) {
	if b.err == nil {
		b.err = &Problem{Code: CodeWrong, Source: at, Message: fmt.Sprintf(format, args...)}
	}
}

func (b *building) node(a ast.Node) *node {
	n := &node{at: b.position(a)}
	switch x := a.(type) {
	case *ast.MappingNode:
		b.object(n, x.Values)
	case *ast.MappingValueNode:
		b.object(n, []*ast.MappingValueNode{x})
	case *ast.SequenceNode:
		n.kind = arrayNode
		for _, v := range x.Values {
			n.items = append(n.items, b.node(v))
		}
	case *ast.AnchorNode:
		inner := b.node(x.Value)
		b.anchors[x.Name.String()] = inner
		return inner
	case *ast.AliasNode:
		if known := b.anchors[x.Value.String()]; known != nil {
			return known
		}
		b.refuse(n.at, "there is no anchor %s before this place", x.Value)
	default:
		var ok bool
		if n.scalar, ok = scalarOf(a); !ok {
			b.refuse(n.at, "YAML of the kind %s is not read here", a.Type())
		}
	}
	return n
}

func scalarOf(a ast.Node) (v any, ok bool) {
	switch x := a.(type) {
	case *ast.NullNode:
		return nil, true
	case *ast.StringNode:
		return x.Value, true
	case *ast.LiteralNode:
		return x.Value.Value, true
	case *ast.IntegerNode:
		return x.Value, true
	case *ast.FloatNode:
		return x.Value, true
	case *ast.BoolNode:
		return x.Value, true
	}
	return nil, false
}

func (b *building) object(n *node, values []*ast.MappingValueNode) {
	n.kind, n.fields = objectNode, map[string]*node{}
	for i, v := range values {
		key, ok := v.Key.(ast.Node)
		if !ok {
			continue
		}
		name := b.key(key)
		if i == 0 {
			n.at = b.position(key)
		}
		if _, twice := n.fields[name]; twice {
			b.refuse(b.position(key), "the key %q is there twice", name)
			continue
		}
		n.keys = append(n.keys, name)
		n.fields[name] = b.node(v.Value)
	}
}

func (b *building) key(a ast.Node) string {
	if s, ok := a.(*ast.StringNode); ok {
		return s.Value
	}
	if a.Type() == ast.MergeKeyType {
		b.refuse(b.position(a), "merge keys are not read here")
	}
	return a.String()
}

func (b *building) position(a ast.Node) plumbline.Source {
	out := plumbline.Source{File: b.file}
	if t := a.GetToken(); t != nil {
		out.Line, out.Column = t.Position.Line, t.Position.Column
	}
	return out
}
