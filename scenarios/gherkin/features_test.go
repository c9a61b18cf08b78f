package gherkin

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/features"
)

// The worked examples are read by the parser that reads a user's own, and say
// the same after they were rendered again.
func TestFeaturesAreUnderstood(t *testing.T) {
	names, err := fs.Glob(features.Files, "*.feature")
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(features.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		scenarios, err := Parse(name, bytes.NewReader(data))
		if err != nil || len(scenarios) == 0 {
			t.Errorf("%s: %d scenarios, %v", name, len(scenarios), err)
		}
	}
}

// What would not be run is refused when it is read.
func TestParseRefusesWhatIsNotRun(t *testing.T) {
	const head = "Feature: f\n\n  %s: s\n    Given the experiment \"outage/payment\"\n    When the baseline phase \"baseline\" lasts 2s\n"
	for name, text := range map[string]string{
		"outline":    fmt.Sprintf(head, "Scenario Outline") + "\n    Examples:\n      | a |\n      | 1 |\n",
		"doc string": fmt.Sprintf(head, "Scenario") + "      \"\"\"\n      more\n      \"\"\"\n",
	} {
		if got, err := Parse("x.feature", strings.NewReader(text)); err == nil {
			t.Errorf("%s: %d scenarios", name, len(got))
		}
	}
}
