package declaration

import (
	"os"
	"strings"
	"testing"
)

const referencePage = "../../docs/CONFIGURATION.md"

// Every key is described, and docs/CONFIGURATION.md tells it.
func TestReference(t *testing.T) {
	t.Parallel()
	want, err := WriteReference()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(referencePage, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referencePage)
	if err != nil || string(got) != want {
		t.Errorf("docs/CONFIGURATION.md is stale (%v): UPDATE=1 go test ./contracts/declaration -run Reference", err)
	}
}

// Every example of the reference is YAML that the reader takes at its place.
func TestExamplesOfTheReferenceAreRead(t *testing.T) {
	t.Parallel()
	keys, _ := Reference()
	set := func(string) (string, bool) { return "http://127.0.0.1:8080", true }
	for _, k := range keys {
		if k.Meaning == "" || k.Type == "" {
			t.Errorf("%s has no meaning or type", k.Path)
		}
		if k.Example == "" {
			continue
		}
		_, err := Parse("plumbline.yaml", []byte(nested(k.Path, k.Example)), set)
		for _, code := range []string{"CFG001", "CFG002", "CFG003: cannot"} {
			if err != nil && strings.Contains(err.Error(), code) {
				t.Errorf("%s: %s: %v", k.Path, k.Example, err)
			}
		}
	}
}

// nested puts an example, "key: value", at the place of its path.
func nested(path, example string) string {
	parts := strings.Split(path, ".")
	var b strings.Builder
	indent := ""
	for _, p := range parts[:len(parts)-1] {
		name, list := strings.CutSuffix(p, "[]")
		b.WriteString(indent + name + ":\n")
		indent += "  "
		if list {
			b.WriteString(indent + "-\n")
			indent += "  "
		}
	}
	return b.String() + indent + example + "\n"
}
