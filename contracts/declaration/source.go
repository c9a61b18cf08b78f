package declaration

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/slo"
)

// A Problem is a mistake in plumbline.yaml. Code is stable; `plumbline
// explain` knows it.
type Problem struct {
	Code    string // CFG001 …
	Source  plumbline.Source
	Message string
	Snippet string // lines around it, with a mark
	Help    string
}

// Error tells code, mistake, position, lines around it and help.
func (p *Problem) Error() string {
	s := fmt.Sprintf("error[%s]: %s", p.Code, p.Message)
	if p.Source.File != "" {
		s += "\n  --> " + p.Source.File
		if p.Source.Line > 0 {
			s += fmt.Sprintf(":%d:%d", p.Source.Line, max(p.Source.Column, 1))
		}
	}
	if p.Snippet != "" {
		s += "\n" + strings.TrimRight(p.Snippet, "\n")
	}
	if p.Help != "" {
		s += "\n  help: " + p.Help
	}
	return s
}

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
		return nil, wrap(name, "CFG001", err, "")
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
		_, p.Snippet, _ = strings.Cut(yaml.FormatError(err, false, true), "\n")
	}
	return p
}

// decode fills a struct; unknown keys are mistakes, with the nearest known one.
func (s *source) decode(into any) error {
	err := unmarshal(s.data, into)
	var unknown *yaml.UnknownFieldError
	if errors.As(err, &unknown) {
		word := strings.Trim(strings.TrimPrefix(unknown.GetMessage(), "unknown field "), `"`)
		return wrap(s.name, "CFG002", err, didYouMean(word, fields(reflect.TypeOf(into))))
	}
	if err != nil {
		return wrap(s.name, "CFG003", err, "")
	}
	return nil
}

// unmarshal turns a panic of the YAML library, which some tags and anchors
// bring about, into an error.
func unmarshal(data []byte, into any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML cannot be decoded: %v", p)
		}
	}()
	return yaml.UnmarshalWithOptions(data, into, yaml.Strict())
}

func didYouMean(word string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if d := slo.Distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return "see `plumbline init` for a commented file with every key"
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// fields lists the keys that a wire form knows, at any depth.
func fields(t reflect.Type) []string {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return fields(t.Elem())
	case reflect.Struct:
		var out []string
		for f := range t.Fields() {
			out = append(out, strings.Split(f.Tag.Get("yaml"), ",")[0])
			out = append(out, fields(f.Type)...)
		}
		return out
	default:
		return nil
	}
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

// wrong books a mistake at a YAML path.
func (s *source) wrong(code, path, help, format string, args ...any) {
	p := &Problem{Code: code, Source: s.at(path), Message: fmt.Sprintf(format, args...), Help: help}
	if y, err := yaml.PathString(path); err == nil && p.Source.Line > 0 {
		if text, err := y.AnnotateSource(s.data, false); err == nil {
			p.Snippet = string(text)
		}
	}
	s.errs = append(s.errs, p)
}

// keys lists the keys of a mapping in the order in which they were written.
func (s *source) keys(path string) []string {
	p, err := yaml.PathString(path)
	if err != nil {
		return nil
	}
	n, err := p.FilterFile(s.tree)
	if err != nil {
		return nil
	}
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	}
	var out []string
	for _, v := range values {
		key := v.Key.String()
		if unquoted, err := strconv.Unquote(key); err == nil {
			key = unquoted
		}
		out = append(out, key)
	}
	return out
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
			s.expand(c, path+"."+fmt.Sprint(k), env)
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
