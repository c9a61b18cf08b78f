package main

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestResultsAreOfAllThatWasMeasured(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := config{rows: filepath.Join(dir, "r.json"), results: filepath.Join(dir, "r.md")}
	for _, r := range []row{
		{Kind: kindDefect, Name: "bola", Number: 1, Exit: 0, Passed: 9},
		{Kind: kindDefect, Name: "bola", Number: 1, Exit: 1, Passed: 9, Failed: []string{"auth/bola/getOrder"}}, // measured again
		{Kind: kindDefect, Name: "bfla", Number: 1, Exit: 1, Passed: 9, Failed: []string{"auth/bola/getOrder"}},
		{Kind: kindDefect, Name: "was-once", Number: 1, Exit: 1, Passed: 9},
		{Kind: kindRight, Name: "none", Number: 1, Passed: 100, Requests: 50, Seconds: 60},
		{Kind: kindRight, Name: "none", Number: 2, Passed: 100, Requests: 70, Seconds: 90},
		{Kind: kindRight, Name: "none", Number: 3, Passed: 99, Exit: 3, Requests: 60, Seconds: 70, Unproven: []string{"load/slo-at-target/x: noise"}},
		{Kind: kindRight, Name: "none", Number: 1, Noise: busy, Passed: 98, Exit: 1, Failed: []string{"auth/bola/getOrder"}, Unproven: []string{"load/slo-at-target/x: noise"}},
		{Kind: kindRight, Name: "none", Number: 1, Noise: redeploy, Disturbed: "started anew", Passed: 95, Exit: 3, Unproven: []string{"load/slo-at-target/x: target-restarted"}},
		{Kind: kindNull, Name: "echo", Number: 1, Exit: 3, Kept: []string{"auth/bola/getOrder"}},
	} {
		if err := c.store(r); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := stored(c.rows)
	if err != nil || len(rows) != 9 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := results(rows)
	for _, want := range []string{
		"| All defects found | ≥ 95 % | 1 of 2 (50 %)",
		"| 48 of 48 | 1 of 1 that were run |",
		"≤ 0.2 % | 1 of 319",
		"| 0 of 20 | 1 of 3 (33 %) |",
		"| 0 | 1 on 1 targets |",
		"| ≤ 0.5 % | 1 of 300 (0.33 %) in 3 runs |",
		"| ≤ 2 % | 1 of 300 (0.33 %) |",
		"| Unproven beside busy | ≤ 15 % | 1 of 100 (1 %) in 1 runs |",
		"| Unproven beside foreign | – | not measured in 0 runs |",
		"| Unproven beside redeploy | more than none | 1 of 96 (1 %) in 1 runs |",
		"| redeploy | right `none` 1 | started anew | 3 |",
		"| Verdicts that noise has turned | 0 | 1 |",
		"| 1m10s, 60 requests |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "was-once") {
		t.Error("a defect that is no more is told")
	}
}

// Calls that measure at once, each on its own, lose nothing of each other.
func TestRowsOfSeveralCallsAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var g sync.WaitGroup
	for n := range 8 {
		c := config{rows: filepath.Join(dir, "r.json"), results: filepath.Join(dir, "r.md")}
		g.Go(func() {
			if err := c.store(row{Kind: kindRight, Name: "none", Number: n + 1}); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	if rows, err := stored(filepath.Join(dir, "r.json")); err != nil || len(rows) != 8 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

func TestWhatIsNotMeasuredIsSaid(t *testing.T) {
	t.Parallel()
	if got := results(nil); strings.Count(got, "not measured") < 6 {
		t.Error(got)
	}
	if got := share(50, 50); got != "50 of 50 (100 %)" {
		t.Error(got)
	}
	if got := bound(0, 20); !strings.Contains(got, "up to 14 %") {
		t.Error(got)
	}
}
