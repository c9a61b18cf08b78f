package plumbline_test

import (
	"cmp"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is the architecture: every package of this module and the packages
// of this module that it may import. It is our own first fitness function.
//
// The test reads the files itself: one that asked the go command would be
// answered from the test cache and stay green after a forbidden import.
func mayImport() map[string][]string {
	return map[string][]string{
		".":        {},
		"features": {},

		"contracts/mistake":     {"."},
		"contracts/openapi":     {".", "contracts/crew", "contracts/mistake"},
		"contracts/diff":        {".", "contracts/openapi", "contracts/schema"},
		"contracts/examples":    {".", "contracts/openapi", "contracts/schema"},
		"contracts/overlay":     {},
		"contracts/crew":        {},
		"contracts/schema":      {".", "contracts/crew", "contracts/openapi"},
		"contracts/sample":      {".", "contracts/crew", "contracts/openapi", "contracts/schema"},
		"contracts/pactfile":    {".", "contracts/crew", "contracts/openapi", "contracts/schema", "contracts/sample"},
		"contracts/compare":     {".", "contracts/openapi", "contracts/outbound", "contracts/schema"},
		"contracts/mock":        {".", "contracts/openapi", "contracts/schema", "contracts/sample"},
		"contracts/outbound":    {".", "contracts/openapi", "contracts/schema"},
		"contracts/arazzo":      {"."},
		"contracts/har":         {".", "contracts/openapi", "contracts/outbound", "contracts/schema"},
		"contracts/slo":         {".", "contracts/mistake"},
		"contracts/wfc":         {"."},
		"contracts/workload":    {"."},
		"contracts/declaration": {".", "contracts/mistake", "contracts/slo", "contracts/wfc", "contracts/workload"},

		"scenarios":         {".", "contracts/crew", "contracts/overlay", "features"},
		"scenarios/gherkin": {"."},
		"scenarios/profile": {"."},

		"runners":               {".", "scenarios/gherkin", "runners/target", "runners/load", "runners/faults", "runners/wire", "runners/pact", "runners/progress"},
		"runners/progress":      {"."},
		"runners/lean":          {},
		"runners/ports":         {},
		"runners/target":        {".", "runners/lean"},
		"runners/forge":         {"."},
		"runners/scrape":        {"."},
		"runners/credentials":   {".", "runners/target"},
		"runners/load":          {".", "runners/lean", "runners/target"},
		"runners/wire":          {".", "runners/lean"},
		"runners/faults":        {".", "runners/wire"},
		"runners/pact":          {"."},
		"runners/broker":        {},
		"runners/token":         {},
		"runners/gate":          {"runners/token"},
		"runners/pact/pactgo":   {".", "runners/pact"},
		"runners/deploy":        {".", "runners/ports"},
		"runners/deploy/kube":   {".", "runners/wire"},
		"runners/deploy/docker": {".", "runners/ports", "runners/wire"},

		"reports":         {"."},
		"reports/readers": {"."},
		"reports/history": {"."},
		"reports/site":    {".", "reports", "reports/history", "runners/progress", "runners/token"},
	}
}

// wires are the places that tie the packages together.
func isWiring(pkg string) bool {
	return strings.HasPrefix(pkg, "cmd/") || strings.HasPrefix(pkg, "bench/") || pkg == "bench"
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	const module = "github.com/plumbline-dev/plumbline"
	layers := mayImport()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		pkg := path.Dir(name)
		if isWiring(pkg) {
			return nil
		}
		allowed, known := layers[pkg]
		if !known && !strings.HasPrefix(pkg, "examples/") {
			t.Errorf("package %s has no place in the architecture", pkg)
		}
		for _, imp := range importsOf(t, name) {
			if imp != module && !strings.HasPrefix(imp, module+"/") {
				continue
			}
			rel := cmp.Or(strings.TrimPrefix(strings.TrimPrefix(imp, module), "/"), ".")
			sample := strings.HasPrefix(pkg, "examples/") && strings.HasPrefix(rel, "examples/")
			if !slices.Contains(allowed, rel) && !sample {
				t.Errorf("%s imports %s; %s may import only %q", name, rel, pkg, allowed)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func importsOf(t *testing.T, name string) []string {
	t.Helper()
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, spec := range f.Imports {
		imp, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, imp)
	}
	return out
}
