package main

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestTestabilityNamesWhatTheDocumentLeavesOut(t *testing.T) {
	t.Parallel()
	full := plumbline.Operation{
		ID: "full", Method: "GET", Path: "/full/{id}", Statuses: []string{"200", "404"},
		Cases:   []plumbline.Case{{Origin: "example", Request: plumbline.Request{Query: "a=1"}}},
		Invalid: []plumbline.Case{{Kind: plumbline.CaseInvalid}}, Fields: []plumbline.Field{{Status: "200", Pointer: "/a"}},
	}
	if got := testability([]plumbline.Operation{full}); len(got) > 0 {
		t.Error(got)
	}
	bare := plumbline.Operation{ID: "bare", Method: "GET", Path: "/bare/{id}", Statuses: []string{"302"}, Cases: []plumbline.Case{{Origin: "generated", Request: plumbline.Request{Query: "a=1"}}}}
	got := strings.Join(testability([]plumbline.Operation{full, bare, {ID: "none", Statuses: []string{"default"}}}), "\n")
	for _, want := range []string{
		"1 of 3 operations have no request that can be made (never called): none",
		"without a source (called with values that the service does not know): bare",
		"1 of 3 operations have no 2xx documented (any success is a breach): bare",
		"no 4xx documented", "2 of 3 operations have an answer without a schema", "nothing forbidden", "no example (seed data is made up): bare",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
