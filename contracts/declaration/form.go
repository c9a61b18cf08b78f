package declaration

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// form holds a tree against the wire form: keys that are not known and values
// of another kind are mistakes, all of them. The YAML library would stop at the
// first. The path is that of the reference.
func (s *source) form(n ast.Node, t reflect.Type, path string) {
	n = plain(n)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n == nil || n.Type() == ast.NullType || twoForms(t) && !isMapping(n) {
		return // the reader of two forms takes texts and lists as well
	}
	switch t.Kind() {
	case reflect.Struct:
		s.formMapping(n, t, path)
	case reflect.Map:
		s.expect(n, isMapping(n), "a mapping", path)
		for _, v := range pairs(n) { // none of what is no mapping
			s.form(v.Value, t.Elem(), path+".NAME")
		}
	case reflect.Slice:
		s.formList(n, t, path)
	case reflect.Interface:
	default:
		s.formScalar(n, t, path)
	}
}

func (s *source) formMapping(n ast.Node, t reflect.Type, path string) {
	if !s.expect(n, isMapping(n), "a mapping", path) {
		return
	}
	known := keysOf(t)
	for _, v := range pairs(n) {
		key := v.Key.GetToken().Value
		if _, merges := v.Key.(*ast.MergeKeyNode); merges {
			continue
		}
		field, ok := known[key]
		if !ok {
			s.unknown(v.Key.GetToken(), key, known)
			continue
		}
		s.form(v.Value, field, strings.TrimPrefix(path+"."+key, "."))
	}
}

func (s *source) formList(n ast.Node, t reflect.Type, path string) {
	list, ok := n.(*ast.SequenceNode)
	if !s.expect(n, ok, "a list", path) {
		return
	}
	for _, v := range list.Values {
		s.form(v, t.Elem(), path+"[]")
	}
}

// formScalar tells what no number and no truth value can be. Texts take every
// scalar, as the YAML library does.
func (s *source) formScalar(n ast.Node, t reflect.Type, path string) {
	if isMapping(n) || n.Type() == ast.SequenceType {
		s.expect(n, false, word(t), path)
		return
	}
	text := n.GetToken().Value
	switch t.Kind() {
	case reflect.Bool:
		s.expect(n, n.Type() == ast.BoolType, "true or false", path)
	case reflect.Int, reflect.Int64:
		s.expect(n, n.Type() == ast.IntegerType, "a whole number", path)
	case reflect.Float64:
		_, err := strconv.ParseFloat(text, 64)
		s.expect(n, err == nil || n.Type() == ast.IntegerType || n.Type() == ast.FloatType, "a number", path)
	default: // texts
	}
}

// expect books a value of the wrong kind.
func (s *source) expect(n ast.Node, ok bool, what, path string) bool {
	if !ok {
		s.book(n.GetToken(), "CFG003", written(path), "%s is not %s", kindOf(n), what)
	}
	return ok
}

// written is how the value at a path of the reference is written.
func written(path string) string {
	keys, _ := Reference()
	for _, k := range keys {
		if k.Path == strings.TrimSuffix(path, "[]") && k.Example != "" {
			return "write for example " + k.Example
		}
	}
	return "docs/CONFIGURATION.md has the type of every key"
}

func kindOf(n ast.Node) string {
	switch {
	case isMapping(n):
		return "a mapping"
	case n.Type() == ast.SequenceType:
		return "a list"
	}
	return fmt.Sprintf("%q", n.GetToken().Value)
}

// unknown books a key that is not known where it stands: the nearest one that
// is, else where the same key would be.
func (s *source) unknown(at *token.Token, key string, known map[string]reflect.Type) {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	help := mistake.DidYouMean(key, names)
	if help == "" {
		help = elsewhere(key)
	}
	const most = 12
	switch {
	case help == "" && len(names) <= most:
		help = "here can stand " + strings.Join(names, ", ")
	case help == "":
		help = "docs/CONFIGURATION.md lists the keys"
	}
	s.book(at, "CFG002", help, "unknown field %q", key)
}

// elsewhere tells where a key is known.
func elsewhere(key string) string {
	keys, _ := Reference()
	for _, k := range keys {
		if strings.HasSuffix("."+k.Path, "."+key) {
			return fmt.Sprintf("it is known as %s: is the indentation right?", k.Path)
		}
	}
	return ""
}

func (s *source) book(at *token.Token, code, help, format string, args ...any) {
	p := &Problem{Code: code, Source: plumbline.Source{File: s.name}, Message: fmt.Sprintf(format, args...), Help: help}
	if at != nil {
		p.Source.Line, p.Source.Column = at.Position.Line, at.Position.Column
	}
	s.errs = append(s.errs, p)
}

// keysOf are the keys of a struct of the wire form.
func keysOf(t reflect.Type) map[string]reflect.Type {
	out := map[string]reflect.Type{}
	for f := range t.Fields() {
		if name := strings.Split(f.Tag.Get("yaml"), ",")[0]; name != "" && name != "-" {
			out[name] = f.Type
		}
	}
	return out
}

// twoForms tells whether a type reads a shorter form than its mapping, too.
func twoForms(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[interface {
		UnmarshalYAML(read func(any) error) error
	}]())
}

// plain is a node without its anchor; nil where it is an alias or has a tag,
// which the library resolves.
func plain(n ast.Node) ast.Node {
	switch x := n.(type) {
	case *ast.AnchorNode:
		return plain(x.Value)
	case *ast.AliasNode, *ast.TagNode:
		return nil
	}
	return n
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

// pairs are the keys of a mapping with their values.
func pairs(n ast.Node) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}
