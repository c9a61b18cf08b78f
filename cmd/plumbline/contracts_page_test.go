package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// Every row of docs/CONTRACTS.md names what does it and a test, and each of the
// names is there.
func TestTheRowsOfContractsAreThere(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "CONTRACTS.md"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"A": 8, "B": 15, "C": 10, "D": 17, "E": 12, "F": 7, "G": 10, "H": 4}
	declared := map[string]map[string]bool{}
	for line := range strings.SplitSeq(string(page), "\n") {
		row := regexp.MustCompile(`^\| ([A-H])\d+ \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`).FindStringSubmatch(line)
		if row == nil {
			continue
		}
		want[row[1]]--
		for i, cell := range row[3:] {
			names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1)
			if len(names) == 0 {
				t.Errorf("%.8s names nothing", line)
			}
			for _, n := range names {
				if !thereIs(t, declared, n[1]) || i == 1 && !regexp.MustCompile(`\.(Test|Fuzz)[A-Z]`).MatchString(n[1]) {
					t.Errorf("%.8s there is no %s", line, n[1])
				}
			}
		}
	}
	for table, left := range want {
		if left != 0 {
			t.Errorf("table %s: %d rows are missing", table, left)
		}
	}
}

// The binary is built without C, and nothing that it is made of needs any.
func TestTheBinaryNeedsNoC(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join("..", "..", "Makefile"))
	if err != nil || !regexp.MustCompile(`(?m)^\tCGO_ENABLED=0 go build .* -o bin/plumbline ./cmd/plumbline$`).Match(makefile) {
		t.Errorf("make build does not build bin/plumbline without cgo (%v)", err)
	}
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", ".") // a package that is nothing without C is an error
	list.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := list.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

// thereIs tells whether a name of the page is a function of the catalogue, a
// command, or declared in Go.
func thereIs(t *testing.T, declared map[string]map[string]bool, name string) bool {
	t.Helper()
	if strings.HasPrefix(name, "make ") {
		return true
	}
	if command, ok := strings.CutPrefix(name, "plumbline "); ok {
		c, _, err := (&app{}).root().Find([]string{command})
		return err == nil && c.Name() == command
	}
	folder, symbol, ok := strings.Cut(name, ".")
	if !ok {
		return slices.ContainsFunc(scenarios.Functions(), func(f plumbline.Function) bool { return f.ID == name })
	}
	if folder == "plumbline" {
		folder = "."
	}
	if declared[folder] == nil {
		declared[folder] = declarations(t, filepath.Join("..", "..", folder))
	}
	return declared[folder][symbol]
}

// declarations are the names that the files of a folder declare, tests included.
func declarations(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				out[d.Name.Name] = true
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.TypeSpec:
						out[s.Name.Name] = true
					case *ast.ValueSpec:
						for _, n := range s.Names {
							out[n.Name] = true
						}
					}
				}
			}
		}
	}
	return out
}
