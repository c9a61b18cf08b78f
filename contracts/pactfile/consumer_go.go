package pactfile

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"go/format"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

//go:embed consumer_go.tmpl
var consumerTemplate string

// ConsumerTests writes a Go test file on the DSL of pact-go/v2 for the
// operations: one test for the documented success of each and one for its main
// error. It is where a consumer's team begins: what the tests expect is what
// every right provider answers, and the calls are to be replaced by those of
// the team's own client. Why says what could not be written. Same arguments,
// same bytes; an error says that there is nothing to write.
func ConsumerTests(d *openapi.Doc, s *schema.Set, ops []plumbline.Operation, o Options) (source []byte, why []string, err error) {
	byID := index(d)
	k := newKit(s)
	file := testFile{Package: identifier(o.Provider, false) + "_test", Consumer: o.Consumer, Provider: o.Provider}
	names := map[string]int{}
	for _, op := range ops {
		all, left := consumptions(byID[op.ID], op, k)
		why = append(why, left...)
		for _, c := range all {
			t := c.test()
			if names[t.Name]++; names[t.Name] > 1 {
				t.Name += "_" + strconv.Itoa(names[t.Name])
			}
			file.Tests = append(file.Tests, t)
		}
	}
	if len(file.Tests) == 0 {
		return nil, why, fmt.Errorf("no consumer test can be written: %s", strings.Join(why, "; "))
	}
	file.note()
	t, err := template.New("consumer").Parse(consumerTemplate)
	if err != nil {
		return nil, why, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, file); err != nil {
		return nil, why, err
	}
	source, err = format.Source(b.Bytes())
	return source, why, err
}

// A testFile is what the template is filled with.
type testFile struct {
	Package, Consumer, Provider  string
	Tests                        []goTest
	Bodies, States, Lists, Match bool // what the file has to import or to define
}

// A goTest is one test: an interaction as Go expressions.
type goTest struct {
	Name        string
	Comment     []string
	States      []goState
	Description string
	Method      string // as a string
	Path        string // matcher, or string
	Matched     bool   // Path is a matcher
	Request     []string
	Status      string // constant of net/http
	Response    []string
	Call        goCall
}

type goState struct{ Name, Parameters string }

// A goCall is the request that the test sends.
type goCall struct {
	Method, Target, Body string // as Go expressions
	Headers              [][2]string
}

func (f *testFile) note() {
	for _, t := range f.Tests {
		f.Bodies = f.Bodies || t.Call.Body != "nil"
		f.States = f.States || len(t.States) > 0
		for _, line := range slices.Concat(t.Request, t.Response, []string{t.Path}) {
			f.Lists = f.Lists || strings.Contains(line, "list(")
			f.Match = f.Match || strings.Contains(line, "matchers.") || strings.Contains(line, "list(")
		}
	}
}

func (c consumed) test() goTest {
	t := goTest{
		Name: "Test" + identifier(c.operation, true) + "Answers" + strconv.Itoa(c.Response.Status), Description: strconv.Quote(c.Description),
		Method: strconv.Quote(c.Request.Method), Path: strconv.Quote(c.Request.Path), Status: statusName(c.Response.Status),
	}
	if c.expression != "" {
		t.Path, t.Matched = fmt.Sprintf("matchers.FromProviderState(%q, %q)", c.expression, c.Request.Path), true
	}
	if c.remark != "" {
		t.Comment = strings.Split(c.remark, "\n")
	}
	if len(c.optional) > 0 {
		t.Comment = append(t.Comment, "The document has these too, and does not promise them: "+strings.Join(c.optional, ", ")+".")
	}
	for _, s := range c.ProviderStates {
		t.States = append(t.States, goState{strconv.Quote(s.Name), literal(s.Params)})
	}
	t.sends(c)
	if c.Response.Body != nil {
		media := c.Response.Body.ContentType
		t.Response = []string{
			fmt.Sprintf("b.Header(%q, matchers.Regex(%q, %q))", "Content-Type", media, "^"+regexp.QuoteMeta(media)+"(;.*)?$"),
			"b.JSONBody(" + c.rules.expression(c.Response.Body.Content, "$") + ")",
		}
	}
	return t
}

// sends states the request, as an expectation and as a call.
func (t *goTest) sends(c consumed) {
	target := c.Request.Path
	var query []string
	for _, name := range slices.Sorted(maps.Keys(c.Request.Query)) {
		var values []string
		for _, v := range c.Request.Query[name] {
			values = append(values, fmt.Sprintf("matchers.String(%q)", v))
			query = append(query, url.QueryEscape(name)+"="+url.QueryEscape(v))
		}
		t.Request = append(t.Request, fmt.Sprintf("b.Query(%q, %s)", name, strings.Join(values, ", ")))
	}
	if len(query) > 0 {
		target += "?" + strings.Join(query, "&")
	}
	t.Call = goCall{Method: t.Method, Target: strconv.Quote(target), Body: "nil"}
	for _, name := range slices.Sorted(maps.Keys(c.Request.Headers)) {
		value := strings.Join(c.Request.Headers[name], ", ")
		t.Request = append(t.Request, fmt.Sprintf("b.Header(%q, matchers.String(%q))", name, value))
		t.Call.Headers = append(t.Call.Headers, [2]string{strconv.Quote(name), strconv.Quote(value)})
	}
	if c.Request.Body == nil {
		return
	}
	t.Request = append(t.Request, "b.JSONBody("+c.asked.expression(c.Request.Body.Content, "$")+")")
	data, err := json.Marshal(c.Request.Body.Content)
	if err == nil {
		t.Call.Body = "strings.NewReader(" + quoted(string(data)) + ")"
	}
}
