package mistake

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestAMarkStandsUnderTheWord(t *testing.T) {
	t.Parallel()
	long := `{"a":` + strings.Repeat(" ", 500) + `"here", "b": 1}`
	for name, c := range map[string]struct {
		text         string
		line, column int
		want         string
	}{
		"a word":         {"a: 1\nbee: two\n", 2, 6, "  1 | a: 1\n  2 | bee: two\n    |      ^^^"},
		"quoted":         {"a: \"x y\", b", 1, 4, "  1 | a: \"x y\", b\n    |    ^^^^^"},
		"an address":     {"at: 127.0.0.1:80}", 1, 5, "  1 | at: 127.0.0.1:80}\n    |     ^^^^^^^^^^^^"},
		"end of line":    {"a:", 1, 9, "  1 | a:\n    |   ^"},
		"tabs and CR":    {"\ta: é\r\n", 1, 5, "  1 |  a: é\n    |     ^"},
		"no such line":   {"a", 7, 1, ""},
		"line zero":      {"a", 0, 1, ""},
		"a minified one": {long, 1, 506, "  1 | …" + strings.Repeat(" ", 50) + "\"here\", \"b\": 1}\n    | " + strings.Repeat(" ", 51) + "^^^^^^"},
	} {
		if got := Snippet([]byte(c.text), c.line, c.column); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func FuzzSnippet(f *testing.F) {
	f.Add("a: \"x", 1, 4)
	f.Fuzz(func(_ *testing.T, text string, line, column int) { Snippet([]byte(text), line, column) })
}

func TestAllProblemsOfATree(t *testing.T) {
	t.Parallel()
	a := &Problem{Code: "CFG001", Source: plumbline.Source{File: "f", Line: 1, Column: 1}, Message: "m", Help: "h"}
	b := &Problem{Code: "CFG002", Message: "n"}
	err := errors.Join(fmt.Errorf("around: %w", a), errors.Join(b, errors.New("other")))
	if all := All(Show(err, "f", []byte("x"))); len(all) != 2 || all[0] != a || all[1] != b {
		t.Errorf("%v", all)
	}
	if want := "error[CFG001]: m\n  --> f:1:1\n  1 | x\n    | ^\n  help: h"; a.Error() != want {
		t.Errorf("got %s", a.Error())
	}
	if b.Error() != "error[CFG002]: n" || All(nil) != nil {
		t.Error(b.Error())
	}
}

func TestOnlyNearWordsAreMeant(t *testing.T) {
	t.Parallel()
	known := []string{"service", "slos", "timeout"}
	for word, want := range map[string]string{"serivce": "service", "SLOS": "slos", "timout": "timeout", "banana": "", "x": ""} {
		got := DidYouMean(word, known)
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
