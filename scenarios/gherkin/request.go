package gherkin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/plumbline-dev/plumbline"
)

// requestWords are the steps about what a step of a flow sends.
func requestWords() []Word {
	const place = `its (?P<in>path parameter|query parameter|header|body member) (?P<name>` + quoted + `) is `
	const places = `its [path parameter|query parameter|header|body member] "<name>" is `
	const origin = `(?:(?P<of>the answer to|an answer of) (?P<whom>` + quoted + `)|what (?P<sender>` + quoted + `) sent|(?P<source>` + quoted + `))`
	const known = `(?:, written (?P<format>` + quoted + `))?(?:, after (?P<after>` + quoted + `))?(?:, known by (?P<known>` + quoted + `))?`
	const knowns = `[, written "<format>"][, after "<operation>"][, known by "<source>"]`
	return []Word{
		{
			Form: `it sends:`, Example: `it sends:`,
			Doc:   "The request, as HTTP writes it, in the text below: method and path, headers, and, after an empty line, the body. A place in braces in the path, or the value of a header or body, is filled as the steps below say. With the word json the text is a request as `plan.json` has it.",
			takes: aText,
			expr:  step(`it sends:`),
			apply: func(b *Builder, _ groups, a Argument) error {
				return b.inStep(func(_ *plumbline.Step, err *error) { b.own().Request, *err = readRequest(a) })
			},
		},
		{
			Form: places + `a new "<kind>"` + knowns, Example: `its header "Idempotency-Key" is a new "uuid"`,
			Doc:   "Fills a place of the request with a value that nothing has had before, in every request: a uuid, a text (text:1-80), a number (integer:1-80) or one of a list (list:[…]).",
			expr:  step(place + `a new (?P<pointer>` + quoted + `)` + known),
			apply: func(b *Builder, g groups, _ Argument) error { return b.inStep(b.anew(g)) },
		},
		{
			Form:    `[failing that, ]` + places + `[what "<step>" sent there|[the header ]"<pointer>" of [the answer to "<step>"|what "<step>" sent|an answer of "<operation>"|"<source>"]]` + knowns,
			Example: `its path parameter "orderId" is "/id" of the answer to "create"`,
			Doc: "Fills a place of the request from an earlier step of the flow, or from what an operation has answered. Pointers are into the body, and header:Location is the last segment of that header; of what was sent, path:id, query:id and sent:Idempotency-Key are parameters, and request:/note is in the body. " +
				"Failing that is where the value comes from when the place before it has none.",
			expr:  step(`(?P<failing>failing that, )?` + place + `(?:what (?P<there>` + quoted + `) sent there|(?P<field>the header )?(?P<pointer>` + quoted + `) of ` + origin + `)` + known),
			apply: func(b *Builder, g groups, _ Argument) error { return b.inStep(b.bind(g)) },
		},
		{
			Form:    `its case comes from "<origin>"[, at "<keyword>" of "<pointer>"][, of the schema "<pointer>"][, breaks "<what>"][, proved by "<proof>"][, documented to be answered "<status>"[ or "<status>"]]`,
			Example: `its case comes from "example", proved by "body reads as an object of 2: valid", documented to be answered "201"`,
			Doc:     "What is known of the request and is told with it.",
			expr: step(`its case comes from (?P<origin>` + quoted + `)(?:, at (?P<keyword>` + quoted + `) of (?P<pointer>` + quoted + `))?(?:, of the schema (?P<schema>` + quoted + `))?` +
				`(?:, breaks (?P<violates>` + quoted + `))?(?:, proved by (?P<proof>` + quoted + `))?(?:, documented to be answered (?P<expect>` + quoted + `(?: or ` + quoted + `)*))?`),
			apply: func(b *Builder, g groups, _ Argument) error { return b.inStep(b.provenance(g)) },
		},
	}
}

// flowWhy is the provenance of what the author of a flow takes from where.
const flowWhy = "flow"

// fieldOf begins the pointer to a header of an answer.
const fieldOf = "field:"

// A part of a request: what it is in a bind and in words, and how the pointer
// to what was sent there begins.
type part struct{ in, said, sent string }

func parts() []part {
	return []part{{"path", "path parameter", "path:"}, {"query", "query parameter", "query:"}, {"header", "header", "sent:"}, {"body", "body member", "request:"}}
}

// partOf is the part of a bind; of none where there is no word for it.
func partOf(v plumbline.Bind) part {
	for _, p := range parts() {
		if p.in == v.In {
			return p
		}
	}
	return part{}
}

func (g groups) place(err *error) plumbline.Bind {
	v := plumbline.Bind{Name: g.text("name", err), Pointer: g.text("pointer", err), Why: flowWhy, Format: g.text("format", err), After: g.text("after", err)}
	if g.at("known") != "" {
		v.Why = g.text("known", err)
	}
	for _, p := range parts() {
		if p.said == g.at("in") {
			v.In = p.in
		}
	}
	return v
}

func (b *Builder) anew(g groups) func(*plumbline.Step, *error) {
	return func(_ *plumbline.Step, err *error) {
		v, own := g.place(err), b.own()
		v.From = plumbline.FromNew
		own.Unique = append(own.Unique, v)
	}
}

func (b *Builder) bind(g groups) func(*plumbline.Step, *error) {
	return func(_ *plumbline.Step, err *error) {
		v, own := g.place(err), b.own()
		if g.at("field") != "" {
			v.Pointer = fieldOf + v.Pointer
		}
		switch there := b.step(g, "there", err); {
		case there != "":
			v.From, v.Pointer = stepPrefix+there, partOf(v).sent+v.Name
		case g.at("of") == "an answer of":
			v.From = g.text("whom", err)
		case g.at("source") != "":
			v.From = g.text("source", err)
		default:
			v.From = stepPrefix + b.step(g, "whom", err) + b.step(g, "sender", err)
		}
		if g.at("failing") == "" {
			own.Binds = append(own.Binds, v)
			return
		}
		if len(own.Binds) == 0 {
			*err = errors.New("say first what it is that may fail")
			return
		}
		last := &own.Binds[len(own.Binds)-1]
		last.Else = append(slices.Clip(last.Else), v)
	}
}

func (b *Builder) provenance(g groups) func(*plumbline.Step, *error) {
	return func(_ *plumbline.Step, err *error) {
		own := b.own()
		own.Origin, own.Keyword, own.Pointer = g.text("origin", err), g.text("keyword", err), g.text("pointer", err)
		own.Schema, own.Violates, own.Proof = g.text("schema", err), g.text("violates", err), g.text("proof", err)
		own.Expect = g.texts("expect", err)
	}
}

// writeOwn says the request that a step has of its own.
func writeOwn(c plumbline.Case) []string {
	out := slices.Concat([]string{"it sends:"}, writeRequest(c.Request))
	for _, v := range c.Unique {
		out = append(out, writePlace(v)+"a new "+strconv.Quote(v.Pointer)+writeKnown(v))
	}
	for _, v := range c.Binds {
		out = append(out, writeBind(v))
		for _, e := range v.Else {
			out = append(out, "failing that, "+writeBind(e))
		}
	}
	s := clause(", of the schema ", c.Schema) + clause(", breaks ", c.Violates) + clause(", proved by ", c.Proof)
	if c.Keyword != "" || c.Pointer != "" {
		s = ", at " + strconv.Quote(c.Keyword) + " of " + strconv.Quote(c.Pointer) + s
	}
	for i, e := range c.Expect {
		s += []string{", documented to be answered ", " or "}[min(i, 1)] + strconv.Quote(e)
	}
	if s == "" && c.Origin == "" {
		return out
	}
	return append(out, "its case comes from "+strconv.Quote(c.Origin)+s)
}

func writePlace(v plumbline.Bind) string {
	return "its " + partOf(v).said + " " + strconv.Quote(v.Name) + " is "
}

func writeKnown(v plumbline.Bind) string {
	s := clause(", written ", v.Format) + clause(", after ", v.After)
	if v.Why != flowWhy {
		s += ", known by " + strconv.Quote(v.Why)
	}
	return s
}

func writeBind(v plumbline.Bind) string { return writePlace(v) + writeSource(v) + writeKnown(v) }

func writeSource(v plumbline.Bind) string {
	what := strconv.Quote(v.Pointer)
	if field, ok := strings.CutPrefix(v.Pointer, fieldOf); ok {
		what = "the header " + strconv.Quote(field)
	}
	name, ok := strings.CutPrefix(v.From, stepPrefix)
	switch {
	case ok && name != "" && v.Pointer == partOf(v).sent+v.Name:
		return "what " + strconv.Quote(name) + " sent there"
	case ok && ofRequest(v.Pointer):
		return what + " of what " + strconv.Quote(name) + " sent"
	case ok:
		return what + " of the answer to " + strconv.Quote(name)
	case v.From == plumbline.FromNew, v.From == plumbline.FromGiven:
		return what + " of " + strconv.Quote(v.From)
	}
	return what + " of an answer of " + strconv.Quote(v.From)
}

func ofRequest(pointer string) bool {
	return slices.ContainsFunc(parts(), func(p part) bool { return strings.HasPrefix(pointer, p.sent) })
}

// writeRequest says a request as HTTP writes it, or, where that would not read
// back, as JSON.
func writeRequest(r plumbline.Request) []string {
	var text strings.Builder
	text.WriteString(r.Method + " " + r.Path)
	if r.Query != "" {
		text.WriteString("?" + r.Query)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			text.WriteString("\n" + strings.TrimSuffix(name+": "+v, " "))
		}
	}
	if len(r.Body) > 0 {
		text.WriteString("\n\n" + string(r.Body))
	}
	if got, err := readRequest(Argument{Text: text.String()}); err == nil && plainText(text.String()) && same(got, r) {
		return docString("", text.String())
	}
	return jsonText(r)
}

// plainText tells whether Gherkin gives a text back as it is.
func plainText(s string) bool {
	odd := func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }
	return utf8.ValidString(s) && !strings.ContainsFunc(s, odd) && !strings.Contains(s, `"""`) && !strings.Contains(s, `\"\"\"`)
}

// readRequest reads a request in either form.
func readRequest(a Argument) (plumbline.Request, error) {
	var r plumbline.Request
	if a.Media == "json" {
		return r, exactly(a.Text, &r)
	}
	head, body, _ := strings.Cut(a.Text, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, ok := strings.Cut(lines[0], " ")
	if !ok || method == "" || target == "" {
		return r, fmt.Errorf("%q is no method with a path", lines[0])
	}
	r.Method = method
	r.Path, r.Query, _ = strings.Cut(target, "?")
	for _, line := range lines[1:] {
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return r, fmt.Errorf("%q is no header", line)
		}
		if r.Header == nil {
			r.Header = map[string][]string{}
		}
		r.Header[name] = append(r.Header[name], strings.TrimPrefix(value, " "))
	}
	if body != "" {
		r.Body = []byte(body)
	}
	return r, nil
}

// jsonText is JSON below a step. Gherkin makes three quotes of three that are
// escaped, so none is.
func jsonText(v any) []string {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return docString("json", strings.NewReplacer(`\\`, `\\`, `\"`, `\u0022`).Replace(string(data)))
}

// docString is a text below a step, line by line.
func docString(media, text string) []string {
	out := []string{`  """` + media}
	for _, line := range strings.Split(text, "\n") {
		if line != "" {
			line = "  " + line
		}
		out = append(out, line)
	}
	return append(out, `  """`)
}
