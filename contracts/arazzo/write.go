package arazzo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/plumbline-dev/plumbline"
)

// Write writes flows as an Arazzo file for the OpenAPI document of that name,
// so that Parse reads the same flows out of it. Flows that Arazzo cannot say
// are left out, and named with the reason.
func Write(w io.Writer, title, document string, flows []plumbline.Flow, ops []plumbline.Operation) (left []string, err error) {
	var workflows []yaml.MapSlice
	for _, f := range flows {
		x := writing{flow: f, ops: ops}
		one, err := x.workflow()
		if err != nil {
			left = append(left, f.Name+": "+err.Error())
			continue
		}
		workflows = append(workflows, one)
	}
	data, err := yaml.MarshalWithOptions(yaml.MapSlice{
		{Key: "arazzo", Value: "1.0.1"},
		{Key: "info", Value: yaml.MapSlice{{Key: "title", Value: title}, {Key: "version", Value: "1.0.0"}}},
		{Key: "sourceDescriptions", Value: []yaml.MapSlice{{{Key: "name", Value: "api"}, {Key: "url", Value: document}, {Key: "type", Value: "openapi"}}}},
		{Key: "workflows", Value: workflows},
	}, yaml.IndentSequence(true))
	if err == nil {
		_, err = w.Write(data)
	}
	return left, err
}

// A writing writes one flow.
type writing struct {
	flow plumbline.Flow
	ops  []plumbline.Operation
}

func (x *writing) workflow() (yaml.MapSlice, error) {
	var steps []yaml.MapSlice
	for _, s := range x.flow.Steps {
		one, err := x.step(s)
		if err != nil {
			return nil, fmt.Errorf("the step %s: %w", s.Name, err)
		}
		steps = append(steps, one)
	}
	out := yaml.MapSlice{{Key: "workflowId", Value: x.flow.Name}}
	if x.flow.Why != "" {
		out = append(out, yaml.MapItem{Key: "summary", Value: x.flow.Why})
	}
	if len(x.flow.After) > 0 {
		out = append(out, yaml.MapItem{Key: "dependsOn", Value: x.flow.After})
	}
	return append(out, yaml.MapItem{Key: "steps", Value: steps}), nil
}

func (x *writing) step(s plumbline.Step) (yaml.MapSlice, error) {
	i := slices.IndexFunc(x.ops, func(o plumbline.Operation) bool { return o.ID == s.Operation })
	if i < 0 || !sayable(s) {
		return nil, errors.New("it asks for what Arazzo has no words for")
	}
	op := x.ops[i]
	out := yaml.MapSlice{{Key: "stepId", Value: s.Name}, callOf(op)}
	parameters, err := x.parameters(op, *s.Own)
	if err != nil {
		return nil, err
	}
	if len(parameters) > 0 {
		out = append(out, yaml.MapItem{Key: "parameters", Value: parameters})
	}
	body, err := x.body(op, *s.Own)
	if err != nil {
		return nil, err
	}
	if body != nil {
		out = append(out, yaml.MapItem{Key: "requestBody", Value: body})
	}
	if c := criteriaOf(s.Criteria); len(c) > 0 {
		out = append(out, yaml.MapItem{Key: "successCriteria", Value: c})
	}
	if s.Poll != nil {
		out = append(out, yaml.MapItem{Key: "onFailure", Value: []yaml.MapSlice{retryOf(*s.Poll)}})
	}
	if s.Think != (plumbline.Think{}) {
		out = append(out, yaml.MapItem{Key: thinkTime, Value: s.Text()})
	}
	out = append(out, x.outputs(s.Name)...)
	if n := novelOf(*s.Own); len(n) > 0 {
		out = append(out, yaml.MapItem{Key: "x-plumbline-new", Value: n})
	}
	return out, nil
}

// sayable tells whether Arazzo has words for all that a step asks for.
func sayable(s plumbline.Step) bool {
	plain := s.Identity == "" && s.Auth == "" && len(s.Compare) == 0 && s.Walk == nil
	return plain && s.Own != nil && s.Must && !strings.ContainsAny(s.Name, "/ ")
}

func callOf(op plumbline.Operation) yaml.MapItem {
	if strings.HasPrefix(op.ID, op.Method+" ") {
		return yaml.MapItem{Key: "operationPath", Value: "{$sourceDescriptions.api.url}#" + op.Source.Pointer}
	}
	return yaml.MapItem{Key: "operationId", Value: op.ID}
}

// parameters are those of path, query and header.
func (x *writing) parameters(op plumbline.Operation, c plumbline.Case) ([]yaml.MapSlice, error) {
	out, err := x.ofPath(op, c)
	if err != nil {
		return nil, err
	}
	query, err := ofQuery(c.Request.Query)
	if err != nil {
		return nil, err
	}
	out = append(out, query...)
	for _, name := range slices.Sorted(maps.Keys(c.Request.Header)) {
		if !slices.Contains([]string{"accept", "content-type"}, strings.ToLower(name)) && len(c.Request.Header[name]) > 0 {
			out = append(out, parameter("header", name, c.Request.Header[name][0]))
		}
	}
	for _, b := range c.Binds {
		if (b.In == "query" || b.In == "header") && strings.HasPrefix(b.From, "step:") {
			text, err := x.expression(b)
			if err != nil {
				return nil, err
			}
			out = append(out, parameter(b.In, b.Name, text))
		}
	}
	return out, nil
}

func parameter(in, name, text string) yaml.MapSlice {
	return yaml.MapSlice{{Key: "name", Value: name}, {Key: "in", Value: in}, {Key: "value", Value: text}}
}

func (x *writing) ofPath(op plumbline.Operation, c plumbline.Case) ([]yaml.MapSlice, error) {
	var out []yaml.MapSlice
	for _, name := range places(op.Path) {
		text := placed(op.Path, c.Request.Path)[name]
		if b, live := bindOf(c, "path", name); live && b.From == plumbline.FromNew {
			text = "new"
		} else if live {
			var err error
			if text, err = x.expression(b); err != nil {
				return nil, err
			}
		}
		out = append(out, parameter("path", name, text))
	}
	return out, nil
}

func ofQuery(query string) ([]yaml.MapSlice, error) {
	var out []yaml.MapSlice
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		name, errK := url.QueryUnescape(k)
		text, errV := url.QueryUnescape(v)
		switch {
		case pair == "":
		case seen[name] || errK != nil || errV != nil:
			return nil, fmt.Errorf("the query %s cannot be parted", query)
		default:
			seen[name] = true
			out = append(out, parameter("query", name, text))
		}
	}
	return out, nil
}

// body is the requestBody; nil where it is that of the seed request.
func (x *writing) body(op plumbline.Operation, c plumbline.Case) (yaml.MapSlice, error) {
	if len(c.Request.Body) == 0 || isSeed(op, c) {
		return nil, nil
	}
	media := ""
	for k, v := range c.Request.Header {
		if strings.EqualFold(k, "Content-Type") && len(v) > 0 {
			media = v[0]
		}
	}
	out := yaml.MapSlice{{Key: "contentType", Value: media}}
	var doc any
	isJSON := json.Unmarshal(c.Request.Body, &doc) == nil
	if !isJSON || !strings.Contains(media, "json") {
		return append(out, yaml.MapItem{Key: "payload", Value: string(c.Request.Body)}), nil
	}
	for _, b := range c.Binds {
		if b.In != "body" {
			continue
		}
		text, err := x.expression(b)
		if err != nil {
			return nil, err
		}
		if !setAt(doc, b.Name, text) {
			return nil, fmt.Errorf("its body has nothing at %s", b.Name)
		}
	}
	return append(out, yaml.MapItem{Key: "payload", Value: whole(doc)}), nil
}

// isSeed tells whether the body is that of the seed request, binds included.
func isSeed(op plumbline.Operation, c plumbline.Case) bool {
	if len(op.Cases) == 0 || string(op.Cases[0].Request.Body) != string(c.Request.Body) {
		return false
	}
	inBody := func(all []plumbline.Bind) []string {
		var out []string
		for _, b := range all {
			if b.In == "body" {
				out = append(out, b.Name+" "+b.From+" "+b.Pointer)
			}
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(inBody(op.Cases[0].Binds), inBody(c.Binds)) && slices.Equal(inBody(op.Cases[0].Unique), inBody(c.Unique))
}

func setAt(doc any, pointer string, v any) bool {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, t := range tokens {
		next, ok := step(doc, unescaped(t), i == len(tokens)-1, v)
		if !ok {
			return false
		}
		doc = next
	}
	return true
}

// expression is what a bind takes out of an earlier step.
func (x *writing) expression(b plumbline.Bind) (string, error) {
	name, ok := strings.CutPrefix(b.From, "step:")
	if _, said := outputOf(b.Pointer); !ok || !said {
		return "", fmt.Errorf("%s comes from %s %s", b.Name, b.From, b.Pointer)
	}
	text := "$steps." + name + ".outputs." + outputName(b.Pointer)
	if b.Format != "" {
		text = strings.Replace(b.Format, "{}", "{"+text+"}", 1)
	}
	return text, nil
}

// outputs are those of a step that later ones ask for.
func (x *writing) outputs(step string) yaml.MapSlice {
	var out yaml.MapSlice
	var segments []string
	seen := map[string]bool{}
	for _, s := range x.flow.Steps {
		for _, b := range s.Own.Binds {
			text, ok := outputOf(b.Pointer)
			if b.From != "step:"+step || !ok || seen[b.Pointer] {
				continue
			}
			seen[b.Pointer] = true
			out = append(out, yaml.MapItem{Key: outputName(b.Pointer), Value: text})
			if strings.HasPrefix(b.Pointer, "header:") {
				segments = append(segments, outputName(b.Pointer))
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	item := yaml.MapSlice{{Key: "outputs", Value: out}}
	if len(segments) > 0 {
		item = append(item, yaml.MapItem{Key: "x-plumbline-segment", Value: segments})
	}
	return item
}

// outputOf is the runtime expression for a place of an answer.
func outputOf(pointer string) (string, bool) {
	for _, form := range []struct{ before, after string }{
		{"header:", "$response.header."},
		{"field:", "$response.header."},
		{"request:", "$request.body#"},
		{"path:", "$request.path."},
		{"query:", "$request.query."},
		{"sent:", "$request.header."},
	} {
		if rest, ok := strings.CutPrefix(pointer, form.before); ok {
			return form.after + rest, true
		}
	}
	return "$response.body#" + pointer, strings.HasPrefix(pointer, "/")
}

// outputName is a name of letters and digits that no other place has.
func outputName(pointer string) string {
	var b strings.Builder
	for _, r := range strings.Trim(pointer, "/") {
		switch {
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_':
			b.WriteRune(r)
		default:
			b.WriteString("-" + strings.TrimLeft(strconv.FormatInt(int64(r), 16), "0") + "-")
		}
	}
	return strings.ReplaceAll(b.String(), "-2f-", "-")
}
