package main

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

func failures(functions ...string) []finding {
	out := []finding{{Function: "harness/baseline-healthy", Claim: "harness/baseline-healthy/x", Outcome: "pass"}}
	for _, f := range functions {
		out = append(out, finding{Function: f, Claim: f + "/x", Outcome: "fail"})
	}
	return out
}

func TestWrong(t *testing.T) {
	defect := shop.Mutant{Name: "no-timeout", Caught: "resilience/timeout-bounds-hang", May: []string{"resilience/fault-matrix"}}
	for _, tt := range []struct {
		name string
		m    measurement
		want string
	}{
		{"caught first", measurement{Mutant: defect, Exit: 1, Findings: failures("resilience/timeout-bounds-hang")}, ""},
		{"caught second, the first is explained", measurement{Mutant: defect, Exit: 1, Findings: failures("resilience/fault-matrix", "resilience/timeout-bounds-hang")}, ""},
		{"caught third", measurement{Mutant: defect, Exit: 1, Findings: failures("resilience/fault-matrix", "resilience/fault-matrix", "resilience/timeout-bounds-hang")}, "caught at place 3"},
		{"not caught", measurement{Mutant: defect, Exit: 1, Findings: failures("resilience/fault-matrix")}, "not caught"},
		{"caught, but taken for fit", measurement{Mutant: defect, Findings: failures("resilience/timeout-bounds-hang")}, "exit 0"},
		{"false alarm", measurement{Mutant: defect, Exit: 1, Findings: failures("resilience/timeout-bounds-hang", "security/error-leak")}, "false alarm: security/error-leak/x"},
		{"right system", measurement{Findings: failures()}, ""},
		{"right system, failed", measurement{Exit: 1, Findings: failures("security/error-leak")}, "a failure on the right system"},
		{"right system, not proven", measurement{Exit: 3, Findings: failures()}, "exit 3 on the right system"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.m.wrong(); got != tt.want {
				t.Errorf("wrong() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTableCounts(t *testing.T) {
	defect := shop.Mutant{Name: "no-timeout", Caught: "resilience/timeout-bounds-hang"}
	got := table([]measurement{
		{Mutant: defect, Exit: 1, Findings: failures("resilience/timeout-bounds-hang")},
		{Mutant: defect, Exit: 1, Findings: failures("resilience/fault-matrix")},
		{Mutant: shop.Mutant{Name: "none-01"}, Findings: failures()},
	}, "bench-mutants", "a host")
	for _, want := range []string{"Detected: 1 of 2 defects", "Wrong: 0 of 1 runs", "up to 95 %"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestMainJobHasItsSixteen(t *testing.T) {
	t.Parallel()
	got, err := selected("main")
	if err != nil || len(got) != 16 {
		t.Errorf("%d defects, %v", len(got), err)
	}
}
