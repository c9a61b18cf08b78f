package overlay

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

func tree(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestApply(t *testing.T) {
	t.Parallel()
	const doc = `{info: {title: a}, tags: [{name: x}, {name: y}, {name: z}], paths: {/a: {get: {summary: s, tags: [q]}, post: {}}, /b: {get: {}}}}`
	for name, c := range map[string]struct{ actions, want, notice string }{
		"merge":                   {"[{target: $.info, update: {title: b, license: {name: MIT}}}]", `"info":{"license":{"name":"MIT"},"title":"b"}`, ""},
		"several places":          {"[{target: '$.paths.*.get', update: {x-a: 1}}]", `"/b":{"get":{"x-a":1}}`, ""},
		"not one and the same":    {"[{target: '$.paths.*.get', update: {x-a: {b: 1}}}, {target: \"$.paths['/b'].get['x-a']\", update: {b: 2}}]", `"x-a":{"b":1}`, ""},
		"append":                  {"[{target: $.tags, update: {name: w}}]", `{"name":"z"},{"name":"w"}`, ""},
		"lists in an update grow": {"[{target: \"$.paths['/a'].get\", update: {tags: [r]}}]", `"tags":["q","r"]`, ""},
		"remove":                  {"[{target: \"$.paths['/b']\", remove: true}]", `"paths":{"/a":{"get":{"summary":"s","tags":["q"]},"post":{}}}`, ""},
		"remove from a list":      {"[{target: \"$.tags[?@.name != 'y']\", remove: true}]", `"tags":[{"name":"y"}]`, ""},
		"remove beats update":     {"[{target: $.info, update: {title: b}, remove: true}]", `{"paths":`, ""},
		"a value":                 {"[{target: $.info.title, update: c}]", `"title":"c"`, ""},
		"in order":                {"[{target: $.info, update: {a: {b: 1}}}, {target: $.info.a, update: {b: 2}}]", `"a":{"b":2}`, ""},
		"copy":                    {"[{target: \"$.paths['/b'].get\", copy: \"$.paths['/a'].get\"}]", `"/b":{"get":{"summary":"s","tags":["q"]}}`, ""},
		"nothing":                 {"[{target: $.no.such, remove: true}]", `"title":"a"`, "action 1: the target $.no.such matches nothing"},
		"the whole":               {"[{target: $, remove: true}]", `"title":"a"`, "cannot be removed"},
		"a text for a mapping":    {"[{target: $.info, update: c}]", `"title":"a"`, "the update is none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, err := Parse("o.yaml", []byte("overlay: 1.0.0\ninfo: {title: t, version: 1.0.0}\nactions: "+c.actions))
			if err != nil {
				t.Fatal(err)
			}
			at := tree(t, doc)
			notices := strings.Join(o.Apply(at), "\n")
			if (c.notice == "") != (notices == "") || !strings.Contains(notices, c.notice) {
				t.Errorf("notices %q, want %q", notices, c.notice)
			}
			if got := text(t, at); !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s in it", got, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"a: [":                        "o.yaml",
		"overlay: 2.0.0":              "version",
		"overlay: 1.0.0\nactions: []": "no action",
		"overlay: 1.0.0\nactions: [{target: 'paths', update: 1}]":                   "action 1: target",
		"overlay: 1.0.0\nactions: [{target: '$'}]":                                  "neither updates nor removes",
		"overlay: 1.0.0\nactions: [{target: '$.a', copy: 'b'}]":                     "copy",
		"overlay: 1.0.0\nactions: [{target: 'x', remove: true}, {target: '$.a[?'}]": "action 2",
	} {
		if _, err := Parse("o.yaml", []byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", in, err, want)
		}
	}
}

// What Write prints, Parse reads, and it selects what the pointer names.
func TestWriteIsRead(t *testing.T) {
	t.Parallel()
	const doc = `{paths: {"/a'b/{id}": {get: {parameters: [{name: p}, {name: q, example: "007"}], responses: {"200": {description: d}}}}}}`
	for pointer, value := range map[string]any{
		"/paths/~1a'b~1{id}/get/parameters/1":  map[string]any{"example": "true"},
		"/paths/~1a'b~1{id}/get/responses/200": map[string]any{"links": map[string]any{"x": map[string]any{"operationId": "no", "parameters": map[string]any{"id": "$response.body#/id"}}}},
	} {
		out := Write("suggestion: a # title", Update(pointer, value, "because: it is"))
		o, err := Parse("o.yaml", []byte(out))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if o.Title != "suggestion: a # title" || o.Actions[0].Description != "because: it is" || !cmp.Equal(o.Actions[0].Update, value) {
			t.Errorf("read back as %+v\n%s", o, out)
		}
		if n := o.Apply(tree(t, doc)); len(n) > 0 {
			t.Errorf("%v\n%s", n, out)
		}
	}
	at := tree(t, doc)
	o, err := Parse("o.yaml", []byte(Write("t", Remove("/paths/~1a'b~1{id}/get/parameters/1/example", ""))))
	if err != nil || len(o.Apply(at)) > 0 || strings.Contains(text(t, at), "007") {
		t.Errorf("%v: %s", err, text(t, at))
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	for pointer, want := range map[string]string{
		"":                            "$",
		"/paths/~1orders/get":         "$.paths['/orders'].get",
		"/a/0/b-c":                    "$.a[0]['b-c']",
		"/responses/200/content/a~1b": "$.responses['200'].content['a/b']",
	} {
		if got := Target(pointer); got != want {
			t.Errorf("%q: %s, want %s", pointer, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("overlay: 1.0.0\ninfo: {title: t}\nactions: [{target: '$..a[?@.b==1]', update: {c: [1]}}, {target: $.x, remove: true}]"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if o, err := Parse("f", data); err == nil {
			o.Apply(map[string]any{"a": map[string]any{"b": 1.0}, "x": []any{1.0, map[string]any{"a": nil}}})
		}
	})
}
