package arazzo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

// A stepping makes one step.
type stepping struct {
	*scope
	playing  *playing
	workflow *node
	step     *node
	name     string // in the flow
	op       plumbline.Operation
	own      plumbline.Case
}

// call adds a step that calls an operation, and returns what it hands on.
func (b *stepping) call() outputs {
	op, ok := b.operation()
	if !ok {
		return outputs{}
	}
	b.op = op
	b.seed()
	b.parameters()
	b.body()
	b.novel()
	b.complete()
	inPlace(&b.own)
	own := b.own
	s := plumbline.Step{Call: plumbline.Call{Name: b.name, Operation: op.ID, Own: &own}, Must: true}
	b.here = plumbline.TermAnswer
	s.Criteria = b.criteria(b.step.list("successCriteria"))
	if len(b.step.list("successCriteria")) == 0 {
		s.Criteria = []plumbline.Criterion{succeeds()}
	}
	s.Poll, s.Think = b.retry(), b.think()
	b.playing.flow.Steps = append(b.playing.flow.Steps, s)
	b.here = "step:" + b.name
	out := b.playing.handed(b.scope, b.step)
	b.here = ""
	return out
}

// inPlace puts the places of a case in one order, whoever wrote them down.
func inPlace(c *plumbline.Case) {
	for _, all := range [][]plumbline.Bind{c.Binds, c.Unique} {
		slices.SortStableFunc(all, func(x, y plumbline.Bind) int {
			return cmp.Or(cmp.Compare(x.In, y.In), cmp.Compare(x.Name, y.Name))
		})
	}
	if len(c.Binds) == 0 {
		c.Binds = nil
	}
	if len(c.Unique) == 0 {
		c.Unique = nil
	}
}

// thinkTime is an extension, for Arazzo cannot say it: how long a user takes
// before a step when the flow is sent as load.
const thinkTime = "x-plumbline-think-time"

// think is the think time before the step; negative for one of zero, which beats
// that of the load.
func (b *stepping) think() plumbline.Think {
	n := b.step.get(thinkTime)
	if n == nil {
		return plumbline.Think{}
	}
	t, err := plumbline.ParseThink(n.text())
	switch {
	case err != nil:
		b.wrong(n, "%s: %v", thinkTime, err)
	case t == plumbline.Think{}:
		t.Least = -1
	}
	return t
}

// succeeds is the criterion of a step that states none.
func succeeds() plumbline.Criterion {
	status := plumbline.Term{From: plumbline.TermAnswer, Pointer: "status:"}
	return plumbline.Criterion{Text: "$statusCode >= 200 && $statusCode < 300", Term: plumbline.Term{Op: plumbline.TermAnd, Terms: []plumbline.Term{
		{Op: plumbline.TermLeast, Terms: []plumbline.Term{status, {Value: 200.0}}},
		{Op: plumbline.TermLess, Terms: []plumbline.Term{status, {Value: 300.0}}},
	}}}
}

// operation is what a step calls.
func (b *stepping) operation() (plumbline.Operation, bool) {
	byID, byPath := b.step.get("operationId"), b.step.get("operationPath")
	switch {
	case byID != nil:
		return b.named(byID)
	case byPath != nil:
		return b.pointed(byPath)
	case b.step.get("channelPath") != nil:
		return b.op, false // told as an unknown key
	}
	b.wrong(b.step, "the step %s says neither operationId nor operationPath nor workflowId", b.name)
	return b.op, false
}

func (b *stepping) named(at *node) (plumbline.Operation, bool) {
	id := at.text()
	if rest, ok := strings.CutPrefix(id, "$sourceDescriptions."); ok {
		source, name, _ := strings.Cut(rest, ".")
		if source != b.source {
			b.unknown(at, "", "there is no source %q", source)
			return b.op, false
		}
		id = name
	}
	i := slices.IndexFunc(b.ops, func(o plumbline.Operation) bool { return o.ID == id })
	if i < 0 {
		b.unknown(at, "", "the OpenAPI document has no operation %q", id)
		return b.op, false
	}
	return b.ops[i], true
}

// pointed is the operation at {$sourceDescriptions.NAME.url}#/paths/~1orders/get.
func (b *stepping) pointed(at *node) (plumbline.Operation, bool) {
	source, pointer, ok := strings.Cut(at.text(), "#")
	name := strings.TrimSuffix(strings.TrimPrefix(source, "{$sourceDescriptions."), ".url}")
	if !ok || name != b.source {
		b.unknown(at, "write '{$sourceDescriptions."+b.source+".url}#/paths/~1orders/get'", "%s leads to no operation of the document", at.text())
		return b.op, false
	}
	i := slices.IndexFunc(b.ops, func(o plumbline.Operation) bool { return o.Source.Pointer == pointer })
	if i < 0 {
		b.unknown(at, "", "the OpenAPI document has no operation at %s", pointer)
		return b.op, false
	}
	return b.ops[i], true
}

// seed begins the request with the seed request of the operation: what it has
// is what the document demands.
func (b *stepping) seed() {
	b.own = plumbline.Case{ID: b.playing.flow.Name + "/" + b.name, Operation: b.op.ID, Kind: plumbline.CaseRobust, Origin: "flow"}
	b.own.Request = plumbline.Request{Method: b.op.Method, Path: b.op.Path}
	if len(b.op.Cases) == 0 {
		return
	}
	seed := b.op.Cases[0]
	b.own.Request.Query, b.own.Request.Body = seed.Request.Query, slices.Clone(seed.Request.Body)
	for k, v := range seed.Request.Header {
		b.header(k, v...)
	}
	b.own.Binds = slices.DeleteFunc(slices.Clone(seed.Binds), func(x plumbline.Bind) bool { return x.In == "path" })
	b.own.Unique = slices.Clone(seed.Unique)
}

func (b *stepping) header(name string, values ...string) {
	if b.own.Request.Header == nil {
		b.own.Request.Header = map[string][]string{}
	}
	for k := range b.own.Request.Header {
		if strings.EqualFold(k, name) {
			delete(b.own.Request.Header, k)
		}
	}
	b.own.Request.Header[name] = values
}

// parameters are those of the step; they beat those of the workflow.
func (b *stepping) parameters() {
	given := map[string]bool{}
	for _, list := range [][]*node{b.step.list("parameters"), b.workflow.list("parameters")} {
		for _, n := range list {
			whole := b.referred(n, "parameters")
			if whole == nil {
				continue
			}
			b.only(whole, "a parameter", "name", "in", "value")
			in, name := whole.get("in").text(), whole.get("name").text()
			if given[in+" "+name] {
				continue
			}
			given[in+" "+name] = true
			if v := n.get("value"); v != nil && whole != n {
				whole = &node{at: n.at, kind: objectNode, fields: map[string]*node{"value": v}}
			}
			if v, ok := b.argument(whole); ok {
				b.parameter(n, in, name, v)
			}
		}
	}
}

// parameter puts a value into its place.
func (b *stepping) parameter(at *node, in, name string, v value) {
	drop := func(x plumbline.Bind) bool { return x.In == in && strings.EqualFold(x.Name, name) }
	b.own.Binds, b.own.Unique = slices.DeleteFunc(b.own.Binds, drop), slices.DeleteFunc(b.own.Unique, drop)
	text, scalar := textOf(v.constant)
	switch {
	case name == "":
		b.wrong(at, "a parameter has no name")
		return
	case v.live == nil && !scalar:
		b.unsupported(at, "write it as the text that is sent", "the parameter %s is no single value", name)
		return
	}
	r := &b.own.Request
	switch in {
	case "path":
		if !strings.Contains(r.Path, "{"+name+"}") {
			b.unknown(at, "", "the path %s has no place %s", b.op.Path, name)
			return
		}
	case "query":
		r.Query = without(r.Query, name)
	case "header":
		b.header(name)
		delete(r.Header, name)
	case "cookie":
		b.cookie(at, name, text, v)
		return
	default:
		b.wrong(at, "a parameter stands in path, query, header or cookie, not in %q", in)
		return
	}
	if v.live != nil {
		b.bind(in, name, v)
		return
	}
	b.constant(in, name, text)
}

// constant puts a text into its place.
func (b *stepping) constant(in, name, text string) {
	r := &b.own.Request
	switch in {
	case "path":
		r.Path = strings.ReplaceAll(r.Path, "{"+name+"}", url.PathEscape(text))
	case "query":
		r.Query = strings.TrimPrefix(r.Query+"&"+url.QueryEscape(name)+"="+url.QueryEscape(text), "&")
	case "header":
		b.header(name, text)
	}
}

func (b *stepping) cookie(at *node, name, text string, v value) {
	if v.live == nil {
		b.header("Cookie", strings.TrimPrefix(strings.Join(b.own.Request.Header["Cookie"], "; ")+"; "+name+"="+text, "; "))
		return
	}
	if len(b.own.Request.Header["Cookie"]) > 0 || v.live.format != "" {
		b.unsupported(at, "", "the cookie %s cannot be set beside others", name)
		return
	}
	l := *v.live
	l.format = name + "={}"
	b.bind("header", "Cookie", value{live: &l})
}

func (b *stepping) bind(in, name string, v value) {
	if v.live != nil {
		b.own.Binds = append(b.own.Binds, plumbline.Bind{In: in, Name: name, From: v.live.from, Pointer: v.live.pointer, Format: v.live.format, Why: "flow"})
	}
}

// complete books the places of the path that nothing fills.
func (b *stepping) complete() {
	for rest := b.own.Request.Path; ; {
		_, after, ok := strings.Cut(rest, "{")
		name, tail, closed := strings.Cut(after, "}")
		if !ok || !closed {
			return
		}
		if !slices.ContainsFunc(b.own.Binds, func(x plumbline.Bind) bool { return x.In == "path" && x.Name == name }) {
			b.wrong(b.step, "the step %s gives no value to %s of %s", b.name, name, b.op.Path)
		}
		rest = tail
	}
}

// novel are the places that get a new value in every run: an extension, for
// Arazzo cannot say that.
func (b *stepping) novel() {
	for _, n := range b.step.list("x-plumbline-new") {
		x := plumbline.Bind{In: n.get("in").text(), Name: n.get("name").text(), From: plumbline.FromNew, Pointer: n.get("kind").text(), Why: "flow"}
		drop := func(y plumbline.Bind) bool { return x.In == y.In && x.Name == y.Name }
		b.own.Binds, b.own.Unique = slices.DeleteFunc(b.own.Binds, drop), slices.DeleteFunc(b.own.Unique, drop)
		switch x.In {
		case "path":
			b.own.Request.Path = b.op.Path
			b.own.Binds = append(b.own.Binds, x)
		case "body", "header", "query":
			b.own.Unique = append(b.own.Unique, x)
		default:
			b.wrong(n, "x-plumbline-new lists {in, name, kind}")
		}
	}
}

func without(query, name string) string {
	parts := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		k, _, _ := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(k)
		return pair == "" || err == nil && plain == name
	})
	return strings.Join(parts, "&")
}

// textOf is a scalar as it stands in a URL or header.
func textOf(v any) (string, bool) {
	switch x := v.(type) {
	case nil, map[string]any, []any:
		return "", false
	case string:
		return x, true
	case float64:
		data, err := json.Marshal(x)
		return string(data), err == nil
	}
	return fmt.Sprint(v), true
}
