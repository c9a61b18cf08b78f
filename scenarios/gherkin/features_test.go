package gherkin

import (
	"bytes"
	"io/fs"
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
