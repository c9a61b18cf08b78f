package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/plumbline-dev/plumbline/runners/pact"
)

// TestMain lets the test binary be its own worker of the default engine.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "pact-worker" {
		if err := pact.WorkerMain(os.Stdin, os.NewFile(3, "results"), os.Args[2], os.Args[3]); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestGeneratedPactsAreAcceptedOfTheRightServer verifies the pacts of the sample
// system, and of the documents that hold every keyword, against the server that
// each document describes. The second engine takes part where it was built.
func TestGeneratedPactsAreAcceptedOfTheRightServer(t *testing.T) {
	if _, _, err := pact.Library(""); err != nil {
		if os.Getenv("PLUMBLINE_REQUIRE_PACT") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join("..", "..")
	b := &bench{plumbline: self, second: filepath.Join(root, "bin", "plumbline-pact-go")}
	for _, name := range []string{"examples/shop/openapi.yaml", "contracts/mock/testdata/keywords-3.0.yaml", "contracts/mock/testdata/keywords-3.1.yaml"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.verified(t.Context(), filepath.Join(t.TempDir(), "p.json"), name, data)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Same || got.Interactions == 0 || got.OK[0] != got.Interactions || got.Took[1] > time.Nanosecond && got.OK[1] != got.Interactions {
			t.Errorf("%s: of %d interactions %v accepted, %v without a state; the same bytes twice: %t\n%q", name, got.Interactions, got.OK, got.Unset, got.Same, got.Lines)
		}
	}
}
