package declaration

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/mistake"
)

// A Problem is a mistake in plumbline.yaml.
type Problem = mistake.Problem

// source is a YAML file with positions.
type source struct {
	name string
	data []byte
	tree *ast.File
	errs []error
}

func parse(name string, data []byte) (*source, error) {
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, mistake.Show(wrap(name, "CFG001", err, "what stands at the mark, or before it, breaks the syntax: indentation, a quote or a bracket"), name, data)
	}
	return &source{name: name, data: data, tree: tree}, nil
}

// wrap turns an error of the YAML library into a Problem with its position.
func wrap(name, code string, err error, help string) error {
	p := &Problem{Code: code, Source: plumbline.Source{File: name}, Message: err.Error(), Help: help}
	var y yaml.Error
	if errors.As(err, &y) {
		p.Message = y.GetMessage()
		if t := y.GetToken(); t != nil {
			p.Source.Line, p.Source.Column = t.Position.Line, t.Position.Column
		}
	}
	return p
}

// decode fills a struct with what can be read, and books what cannot. It tells
// whether the struct is of use.
func (s *source) decode(into any) bool {
	if len(s.tree.Docs) > 0 {
		s.form(s.tree.Docs[0].Body, reflect.TypeOf(into).Elem(), "")
	}
	err := unmarshal(s.data, into)
	if err == nil {
		return true
	}
	if !slices.ContainsFunc(s.errs, func(e error) bool { return mistake.All(e)[0].Code == "CFG003" }) {
		s.errs = append(s.errs, wrap(s.name, "CFG003", err, "docs/CONFIGURATION.md has the type of every key"))
	}
	return false
}

// err is everything that was booked, in the order of the lines. What is only
// wrong because a variable is not set is not told.
func (s *source) err() error {
	all := mistake.All(errors.Join(s.errs...))
	unset := map[int]bool{}
	for _, p := range all {
		unset[p.Source.Line] = unset[p.Source.Line] || p.Code == "CFG005"
	}
	all = slices.DeleteFunc(all, func(p *Problem) bool { return p.Code == "CFG004" && unset[p.Source.Line] })
	slices.SortStableFunc(all, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Source.Line, b.Source.Line), cmp.Compare(a.Source.Column, b.Source.Column), cmp.Compare(a.Message, b.Message))
	})
	var out []error
	for _, p := range all {
		out = append(out, p)
	}
	return mistake.Show(errors.Join(out...), s.name, s.data)
}

// unmarshal turns a panic of the YAML library, which some tags and anchors
// bring about, into an error.
func unmarshal(data []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML cannot be decoded: %v", p)
		}
	}()
	return yaml.UnmarshalWithOptions(data, into)
}

// at is the position of a YAML path such as $.slos[0].p99; zero lines when
// there is no such place.
func (s *source) at(path string) plumbline.Source {
	out := plumbline.Source{File: s.name}
	p, err := yaml.PathString(path)
	if err != nil {
		return out
	}
	n, err := p.FilterFile(s.tree)
	if err != nil || n == nil || n.GetToken() == nil {
		return out
	}
	pos := n.GetToken().Position
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		pos = m.Values[0].Key.GetToken().Position
	}
	out.Line, out.Column = pos.Line, pos.Column
	return out
}

// atKey is the position of a key of the mapping at a YAML path.
func (s *source) atKey(path, name string) plumbline.Source {
	out := plumbline.Source{File: s.name}
	for _, v := range s.pairs(path) {
		if v.Key.GetToken().Value == name {
			pos := v.Key.GetToken().Position
			out.Line, out.Column = pos.Line, pos.Column
		}
	}
	return out
}

// wrong books a mistake at a YAML path.
func (s *source) wrong(code, path, help, format string, args ...any) {
	s.errs = append(s.errs, &Problem{Code: code, Source: s.at(path), Message: fmt.Sprintf(format, args...), Help: help})
}

// place gives the problems of an error that know only their path below another
// their positions.
func (s *source) place(err error, base string) error {
	for _, p := range mistake.All(err) {
		if p.Path == "" {
			continue
		}
		path := below(base, p.Path)
		p.Path, p.Source.File = "", cmp.Or(p.Source.File, s.name)
		for _, at := range []string{path, base} {
			if at := s.at(at); at.Line > 0 {
				p.Source = at
				break
			}
		}
	}
	return mistake.Show(err, s.name, s.data)
}

// below joins YAML paths; one that begins with $ stands for itself.
func below(base, path string) string {
	switch {
	case strings.HasPrefix(path, "$"):
		return path
	case strings.HasPrefix(path, "["):
		return base + path
	}
	return base + "." + path
}

// Wrong is a mistake at a YAML path of the declaration that only shows when it
// is held against something else: code, the path or as much of it as there is,
// and the way out.
func (d *Declaration) Wrong(code, path, help string, err error) error {
	p := &Problem{Code: code, Source: plumbline.Source{File: d.File}, Message: err.Error(), Help: help}
	for at := path; d.text != nil && at != "" && p.Source.Line == 0; at = at[:max(strings.LastIndexAny(at, ".["), 0)] {
		p.Source = d.text.at(at)
	}
	if d.text == nil {
		return p
	}
	return mistake.Show(p, d.text.name, d.text.data)
}

// Named is the YAML path of what has a name below another path.
func Named(path, name string) string { return path + "." + key(name) }

// key is a key as YAML paths want it.
func key(name string) string { return "'" + strings.ReplaceAll(name, "'", `\'`) + "'" }

// keys lists the keys of a mapping in the order in which they were written.
func (s *source) keys(path string) []string {
	var out []string
	for _, v := range s.pairs(path) {
		name := v.Key.String()
		if unquoted, err := strconv.Unquote(name); err == nil {
			name = unquoted
		}
		out = append(out, name)
	}
	return out
}

// pairs are the keys and values of the mapping at a YAML path.
func (s *source) pairs(path string) []*ast.MappingValueNode {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.FilterFile(s.tree)
	if err != nil || n == nil {
		return nil
	}
	return pairs(n)
}

// expand replaces ${NAME} in every string of v by the environment's value and
// books a mistake for every name that is not set.
func (s *source) expand(v reflect.Value, path string, env func(string) (string, bool)) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(s.substitute(v.String(), path, env))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := strings.Split(v.Type().Field(i).Tag.Get("yaml"), ",")[0]
			s.expand(v.Field(i), path+"."+name, env)
		}
	case reflect.Pointer, reflect.Interface:
		s.expandInner(v, path, env)
	case reflect.Slice:
		for i := range v.Len() {
			s.expand(v.Index(i), fmt.Sprintf("%s[%d]", path, i), env)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			c := reflect.New(v.Type().Elem()).Elem()
			c.Set(v.MapIndex(k))
			s.expand(c, path+"."+key(fmt.Sprint(k)), env)
			v.SetMapIndex(k, c)
		}
	default: // numbers and truth values hold no variables
	}
}

func (s *source) expandInner(v reflect.Value, path string, env func(string) (string, bool)) {
	if v.IsNil() {
		return
	}
	if v.Kind() == reflect.Pointer {
		s.expand(v.Elem(), path, env)
		return
	}
	c := reflect.New(v.Elem().Type()).Elem()
	c.Set(v.Elem())
	s.expand(c, path, env)
	v.Set(c)
}

func (s *source) substitute(text, path string, env func(string) (string, bool)) string {
	return regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`).ReplaceAllStringFunc(text, func(m string) string {
		name, fallback, has := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(m, "${"), "}"), ":-")
		if v, ok := env(name); ok {
			return v
		}
		if !has {
			s.wrong("CFG005", path, fmt.Sprintf("export %s, or write ${%s:-default}", name, name), "the environment variable %s is not set", name)
		}
		return fallback
	})
}
