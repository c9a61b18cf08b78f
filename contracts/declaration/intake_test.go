package declaration

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIntake(t *testing.T) {
	t.Parallel()
	const text = `openapi: o.yaml
overlays: [a.yaml, "${DIR:-/abs}/b.yaml"]
base: "git:v1:api/o.yaml"
allowed_breaking: [{change: response-property-removed, reason: ADR 3}]
served: /openapi.json
`
	d, err := Parse("dir/plumbline.yaml", []byte(text), env)
	if err != nil {
		t.Fatal(err)
	}
	want := Intake{
		Overlays: []string{"dir/a.yaml", "/abs/b.yaml"}, Base: "git:v1:api/o.yaml", Served: "/openapi.json",
		Allowed: []Allowed{{"response-property-removed", "ADR 3"}},
	}
	if diff := cmp.Diff(want, d.Intake); diff != "" {
		t.Error(diff)
	}
	for in, want := range map[string]string{
		"served: openapi.json":                  "not a path of the target",
		"allowed_breaking: [{change: a}]":       "says change and reason",
		"overlays: [\"${NO_SUCH}\"]":            "--> plumbline.yaml:1:12",
		"overlay: [a.yaml]":                     "did you mean \"overlays\"?",
		"base: ./old.yaml\nserverd: /openapi.x": "did you mean \"served\"?",
	} {
		if _, err := Parse("plumbline.yaml", []byte(in), env); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}
