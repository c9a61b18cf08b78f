package main

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline/examples/shop"
	"github.com/plumbline-dev/plumbline/scenarios"
)

// The page of the catalogue is what the functions say of themselves.
func TestCataloguePage(t *testing.T) {
	const page = "../../docs/CATALOGUE.md"
	var out bytes.Buffer
	(&app{out: &out}).functionsMarkdown()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s is not what `plumbline functions --markdown` writes; `make golden` writes it anew", page)
	}
}

// Every defect that a function says it is shown to fail on can be switched on,
// and every defect is caught by the function that says so.
func TestDefectsAndFunctionsKnowEachOther(t *testing.T) {
	caught := map[string]string{}
	for _, m := range shop.Mutants() {
		caught[m.Name] = m.Caught
	}
	claimed := map[string][]string{}
	for _, f := range scenarios.Functions() {
		for _, name := range f.Mutants {
			if _, ok := caught[name]; !ok {
				t.Errorf("%s: no defect is called %s", f.ID, name)
			}
			claimed[name] = append(claimed[name], f.ID)
		}
	}
	for name, function := range caught {
		if !slices.Contains(claimed[name], function) {
			t.Errorf("%s is to be caught by %s, which does not say so; %v do", name, function, claimed[name])
		}
	}
}
