package declaration

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestSeverities(t *testing.T) {
	t.Parallel()
	none := func(string) (string, bool) { return "", false }
	d, err := Parse("plumbline.yaml", []byte("severity:\n  load/regression: warn\n  resilience/retry-*: info\n  auth: gate\n"), none)
	if err != nil {
		t.Fatal(err)
	}
	var design plumbline.Design
	if _, err := d.Fill(&design); err != nil {
		t.Fatal(err)
	}
	want := []plumbline.Weighting{
		{Claims: "load/regression", Severity: plumbline.SeverityWarn, Source: plumbline.Source{File: "plumbline.yaml", Line: 2, Column: 3}},
		{Claims: "resilience/retry-*", Severity: plumbline.SeverityInfo, Source: plumbline.Source{File: "plumbline.yaml", Line: 3, Column: 3}},
		{Claims: "auth", Severity: plumbline.SeverityGate, Source: plumbline.Source{File: "plumbline.yaml", Line: 4, Column: 3}},
	}
	if len(design.Severities) != len(want) {
		t.Fatalf("%+v", design.Severities)
	}
	for i, w := range want {
		if design.Severities[i] != w {
			t.Errorf("%+v, want %+v", design.Severities[i], w)
		}
	}
	for text, wrong := range map[string]string{"severity: {load: fatal}": `"fatal" is not a known value`, "severity: {\"load/[\": warn}": "is not a pattern"} {
		if _, err := Parse("plumbline.yaml", []byte(text+"\n"), none); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
