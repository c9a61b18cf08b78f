package openapi

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// Every token is found: below the index, after odd texts, and in YAML. What is
// not there is where the next thing around it is.
func TestPositions(t *testing.T) {
	t.Parallel()
	text := "\xef\xbb\xbf{\n" +
		"  \"openapi\": \"3.0.3\",\n" +
		"  \"paths\": {\n" +
		"    \"/a~b\": {\"get\": {\n" +
		"      \"parameters\": [{\"name\": \"x, ]}\\\" \\\\\"},\n" +
		"        {\"name\": \"y\", \"schema\": {\"minimum\": -1e3, \"enum\": [[], {}, [1, {\"z\": 5}]]}}\n" +
		"      ],\n" +
		"      \"x\\u002dodd\": {\"deep\": {\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {\"f\": true}}}}}}}\n" +
		"    }}\n  }\n}\n"
	p := &positions{name: "d.json", data: []byte(text)}
	for pointer, want := range map[string][2]int{
		"":                               {1, 1},
		"/nothing":                       {1, 1},
		"/openapi":                       {2, 3},
		"/paths":                         {3, 3},
		"/paths/~1a~0b":                  {4, 5},
		"/paths/~1a~0b/get":              {4, 14},
		"/paths/~1a~0b/get/parameters":   {5, 7},
		"/paths/~1a~0b/get/parameters/0": {5, 22},
		"/paths/~1a~0b/get/parameters/1": {6, 9},
		"/paths/~1a~0b/get/parameters/2": {5, 7}, // there is none: where the list is
		"/paths/~1a~0b/get/x-odd":        {8, 7},
		"/paths/~1a~0b/get/parameters/1/schema/enum":     {6, 51},
		"/paths/~1a~0b/get/parameters/1/schema/enum/2/1": {6, 72},
		"/paths/~1a~0b/get/x-odd/deep/a/b/c/d/e/f":       {8, strings.Index("      \"x\\u002dodd\": {\"deep\": {\"a\": {\"b\": {\"c\": {\"d\": {\"e\": {\"f\"", `"f"`) + 1},
	} {
		if got, w := p.at(pointer), (plumbline.Source{File: "d.json", Line: want[0], Column: want[1]}); got != w {
			t.Errorf("%s: %d:%d, want %d:%d", pointer, got.Line, got.Column, want[0], want[1])
		}
	}
	y := &positions{name: "d.yaml", data: []byte("openapi: 3.0.3\npaths:\n  /a:\n    get: {responses: {}}\n")}
	for pointer, want := range map[string][2]int{"/paths": {2, 1}, "/paths/~1a/get": {4, 5}, "/paths/~1a/put": {3, 3}} {
		if got := y.at(pointer); got.Line != want[0] || got.Column != want[1] {
			t.Errorf("%s: %d:%d, want %v", pointer, got.Line, got.Column, want)
		}
	}
}
