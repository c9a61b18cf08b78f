package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

// Checks are listed as lines and as JSON, and what does not hold is counted in
// both.
func TestChecksAreListed(t *testing.T) {
	t.Parallel()
	checks := proved(plumbline.Design{Dependencies: []plumbline.Dependency{{Name: "pay"}, {Name: "db", Wire: plumbline.WireTCP}, {Name: "mail"}, {Name: "dead"}}}, 7,
		map[string]sighting{"pay": {ours: 3}, "db": {others: 2}, "mail": {others: 1}})
	var lines, text strings.Builder
	bad, err := (&app{out: &lines}).listChecks(checks, false)
	if err != nil || bad != 1 || strings.Count(lines.String(), "✓") != 3 || !strings.Contains(lines.String(), "✗ wire dead") {
		t.Errorf("%d bad, %v:\n%s", bad, err, lines.String())
	}
	bad, err = (&app{out: &text}).listChecks(checks, true)
	var got []plumbline.Check
	if err != nil || bad != 1 || json.Unmarshal([]byte(text.String()), &got) != nil {
		t.Fatalf("%d bad, %v:\n%s", bad, err, text.String())
	}
	if d := cmp.Diff(checks, got); d != "" {
		t.Error(d)
	}
}
