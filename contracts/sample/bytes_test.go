package sample

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// TestParametersAreWrittenByTheBook holds the bytes of every style against the
// table of OpenAPI 3.1.0 §4.8.12.2.3 (Style Examples) and RFC 6570, for each
// place and both values of explode. No bytes: the value cannot be written so
// that every server reads it back.
func TestParametersAreWrittenByTheBook(t *testing.T) {
	t.Parallel()
	yes, no := openapi3.Ptr(true), openapi3.Ptr(false)
	list := []any{"blue", "black", "brown"}
	object := map[string]any{"B": 150, "G": 200, "R": 100}
	for _, c := range []struct {
		in, style string
		explode   *bool
		value     any
		want      string
	}{
		{"path", "matrix", no, "blue", ";color=blue"},
		{"path", "matrix", no, list, ";color=blue,black,brown"},
		{"path", "matrix", no, object, ";color=B,150,G,200,R,100"},
		{"path", "matrix", yes, list, ";color=blue;color=black;color=brown"},
		{"path", "matrix", yes, object, ";B=150;G=200;R=100"},
		{"path", "label", no, "blue", ".blue"},
		{"path", "label", no, list, ".blue,black,brown"},
		{"path", "label", no, object, ".B,150,G,200,R,100"},
		{"path", "label", yes, list, ".blue.black.brown"},
		{"path", "label", yes, object, ".B=150.G=200.R=100"},
		{"path", "", nil, "blue", "blue"},
		{"path", "simple", no, list, "blue,black,brown"},
		{"path", "simple", no, object, "B,150,G,200,R,100"},
		{"path", "simple", yes, list, "blue,black,brown"},
		{"path", "simple", yes, object, "B=150,G=200,R=100"},
		{"path", "", nil, "a b", "a%20b"},
		{"path", "", nil, "zoë €", "zo%C3%AB%20%E2%82%AC"},
		{"path", "", nil, "a/b", ""},
		{"path", "", nil, "..", ""},
		{"path", "", nil, "", ""},
		{"path", "simple", no, []any{"a,b"}, ""},
		{"path", "label", yes, []any{"a.b"}, ""},

		{"query", "", nil, "blue", "color=blue"},
		{"query", "form", nil, list, "color=blue&color=black&color=brown"},
		{"query", "form", no, list, "color=blue,black,brown"},
		{"query", "form", yes, object, "B=150&G=200&R=100"},
		{"query", "form", no, object, "color=B,150,G,200,R,100"},
		{"query", "spaceDelimited", no, list, "color=blue%20black%20brown"},
		{"query", "spaceDelimited", no, object, "color=B%20150%20G%20200%20R%20100"},
		{"query", "spaceDelimited", yes, list, "color=blue&color=black&color=brown"},
		{"query", "pipeDelimited", no, list, "color=blue%7Cblack%7Cbrown"},
		{"query", "pipeDelimited", no, object, "color=B%7C150%7CG%7C200%7CR%7C100"},
		{"query", "pipeDelimited", yes, list, "color=blue&color=black&color=brown"},
		{"query", "deepObject", yes, object, "color%5BB%5D=150&color%5BG%5D=200&color%5BR%5D=100"},
		{"query", "", nil, "", "color="},
		{"query", "", nil, "a b&c=d+e", "color=a%20b%26c%3Dd%2Be"},
		{"query", "", nil, "zoë 🦊", "color=zo%C3%AB%20%F0%9F%A6%8A"},
		{"query", "", nil, true, "color=true"},
		{"query", "", nil, 1.5, "color=1.5"},
		{"query", "", nil, nil, ""},
		{"query", "form", nil, []any{}, ""},
		{"query", "form", no, []any{"a,b"}, ""},
		{"query", "spaceDelimited", no, []any{"a b"}, ""},
		{"query", "pipeDelimited", no, []any{"a|b"}, ""},
		{"query", "deepObject", yes, map[string]any{"a": map[string]any{"b": 1}}, ""},

		{"header", "", nil, "blue", "blue"},
		{"header", "simple", no, list, "blue,black,brown"},
		{"header", "simple", no, object, "B,150,G,200,R,100"},
		{"header", "simple", yes, object, "B=150,G=200,R=100"},
		{"header", "", nil, " blue", ""},
		{"header", "", nil, "blu\r\ne", ""},
		{"header", "", nil, "zoë", ""},

		{"cookie", "", nil, "blue", "color=blue"},
		{"cookie", "form", no, list, "color=blue,black,brown"},
		{"cookie", "form", no, object, "color=B,150,G,200,R,100"},
		{"cookie", "form", yes, list, "color=blue&color=black&color=brown"},
	} {
		p := &openapi3.Parameter{Name: "color", In: c.in, Style: c.style, Explode: c.explode}
		parts, ok := encodeParameter(p, c.value)
		got := strings.Join(parts, "&")
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s %s explode %v %v: %q, want %q", c.in, c.style, styleOf(p).explode, c.value, got, c.want)
		}
	}
}
