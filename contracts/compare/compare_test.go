package compare

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/contracts/openapi"
	"github.com/plumbline-dev/plumbline/contracts/schema"
)

// Every pair of testdata is a document, a pact, and the codes that the
// published rules give it. Where it says want-by-example, a comparator that
// looks at examples alone comes to those codes instead.
func TestPairs(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d pairs: %v", len(names), err)
	}
	wrong := 0
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, f := range a.Files {
			files[f.Name] = f.Data
		}
		if byExample, ok := files["want-by-example"]; ok && string(byExample) != string(files["want"]) {
			wrong++
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			pair(t, files)
		})
	}
	if wrong < 10 {
		t.Errorf("example-only comparison is wrong in %d pairs", wrong)
	}
	t.Logf("%d pairs; comparing examples alone is wrong in %d of them", len(names), wrong)
}

func pair(t *testing.T, files map[string][]byte) {
	t.Helper()
	c := comparator(t, files["openapi.yaml"])
	got, err := c.Compare("pact.json", files["pact.json"])
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(lines(files["want"]), codes(got)); d != "" {
		t.Errorf("codes (-want +got):\n%s%+v", d, got)
	}
	if want, ok := files["want-by-example"]; ok {
		plain, err := c.Compare("pact.json", unruled(files["pact.json"]))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(lines(want), codes(plain)); d != "" {
			t.Errorf("by the example alone (-want +got):\n%s%+v", d, plain)
		}
	}
	if want, ok := files["reads"]; ok {
		if d := cmp.Diff(lines(want), append([]string{}, got[0].Reads...)); d != "" {
			t.Errorf("reads (-want +got):\n%s", d)
		}
	}
}

func comparator(t *testing.T, document []byte) *Comparator {
	t.Helper()
	d, err := openapi.Parse("openapi.yaml", document, openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := schema.Compile(d)
	if err != nil {
		t.Fatal(err)
	}
	return New(d, s)
}

func lines(data []byte) []string {
	return append([]string{}, strings.Fields(strings.ReplaceAll(string(data), "warning ", "warning="))...)
}

// codes are the distinct codes, breaches first.
func codes(list []plumbline.Consumer) []string {
	out := []string{}
	for _, c := range list {
		for _, b := range c.Breaches {
			out = append(out, b.Code)
		}
		for _, w := range c.Warnings {
			out = append(out, "warning="+w.Code)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unruled is a pact without its matching rules: what a comparator of examples
// sees. The text is changed, not its values: 1.0 is not 1.
func unruled(pact []byte) []byte {
	return bytes.ReplaceAll(pact, []byte(`"matchingRules"`), []byte(`"unread"`))
}

func TestCredentialsMayBeAddedLater(t *testing.T) {
	t.Parallel()
	a, err := txtar.ParseFile("testdata/security-missing.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c := comparator(t, a.Files[0].Data)
	c.Credentials = true
	got, err := c.Compare("pact.json", a.Files[1].Data)
	if err != nil || len(got) != 1 || len(got[0].Breaches) != 0 || len(got[0].Warnings) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhatIsNoPactIsAnError(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/query.txtar")
	if err != nil {
		t.Fatal(err)
	}
	c := comparator(t, txtar.Parse(data).Files[0].Data)
	for _, text := range []string{"", "[]", "{}", `{"interactions": 7}`} {
		if got, err := c.Compare("p.json", []byte(text)); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
	if got, err := c.Compare("p.json", []byte(`{"consumer": {"name": "c"}, "messages": []}`)); err != nil || len(got) != 0 {
		t.Errorf("messages are left out: %+v, %v", got, err)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"$": "", "$.a.b": "a b", "$['a-b'][0]": "a-b 0", "$[*].id": "* id", "$.a['b.c'].*": "a b.c *", `$["x"].y`: "x y", "$.body.items[*].*": "body items * *", "$..a": "a", "$['open": "['open",
	} {
		if got := strings.Join(tokenise(text), " "); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// FuzzCompare: whatever stands in a pact, the comparison ends and does not
// change from one time to the next.
func FuzzCompare(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.txtar")
	for _, name := range names {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Files[0].Data, a.Files[1].Data)
	}
	f.Fuzz(func(t *testing.T, document, pact []byte) {
		d, err := openapi.Parse("openapi.yaml", document, openapi.Options{})
		if err != nil {
			t.Skip()
		}
		s, err := schema.Compile(d)
		if err != nil {
			t.Skip()
		}
		one, err := New(d, s).Compare("p", pact)
		if err != nil {
			return
		}
		two, err := New(d, s).Compare("p", pact)
		if err != nil || cmp.Diff(codes(one), codes(two)) != "" {
			t.Errorf("not the same twice: %v", err)
		}
	})
}
