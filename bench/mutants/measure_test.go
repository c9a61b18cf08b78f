package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline/examples/shop"
)

func of1(k kind, exit int, failed ...string) measurement {
	m := measurement{row: row{Kind: k, Name: "x", Number: 1, Exit: exit, Passed: 1}}
	for _, f := range failed {
		m.Failed = append(m.Failed, f+"/x")
	}
	return m
}

func TestWrong(t *testing.T) {
	t.Parallel()
	defect := func(m measurement) measurement {
		m.defect = shop.Mutant{Name: "no-timeout", Caught: "resilience/timeout-bounds-hang", May: []string{"resilience/fault-matrix"}}
		return m
	}
	vacuous := of1(kindNull, 3)
	vacuous.Kept = []string{"auth/bola/x"}
	beside := func(noise string, m measurement, unproven ...string) measurement {
		m.Noise, m.Unproven = noise, unproven
		return m
	}
	noisy := beside(busy, of1(kindRight, 3))
	for _, tt := range []struct {
		name string
		m    measurement
		want string
	}{
		{"caught first", defect(of1(kindDefect, 1, "resilience/timeout-bounds-hang")), ""},
		{"caught second, the first is explained", defect(of1(kindDefect, 1, "resilience/fault-matrix", "resilience/timeout-bounds-hang")), ""},
		{"caught third", defect(of1(kindDefect, 1, "resilience/fault-matrix", "resilience/fault-matrix", "resilience/timeout-bounds-hang")), "caught at place 3"},
		{"not caught", defect(of1(kindDefect, 1, "resilience/fault-matrix")), "not caught"},
		{"caught, but taken for fit", defect(of1(kindDefect, 0, "resilience/timeout-bounds-hang")), "exit 0"},
		{"false alarm", defect(of1(kindDefect, 1, "resilience/timeout-bounds-hang", "security/error-leak")), "false alarm: security/error-leak/x"},
		{"right system", of1(kindRight, 0), ""},
		{"right system, failed", of1(kindRight, 1, "security/error-leak"), "false alarm: security/error-leak/x"},
		{"right system, not proven", of1(kindRight, 3), "exit 3 on the right system"},
		{"right system, not proven beside noise", noisy, ""},
		{"not proven beside noise", defect(beside(paused, of1(kindDefect, 3), "resilience/timeout-bounds-hang/x: noise")), ""},
		{"kept beside noise", defect(beside(paused, of1(kindDefect, 3), "resilience/fault-matrix/x: noise")), "not caught"},
		{"not proven without noise", defect(beside("", of1(kindDefect, 3), "resilience/timeout-bounds-hang/x: noise")), "not caught"},
		{"accused beside noise", defect(beside(redeploy, of1(kindDefect, 1, "security/error-leak"), "resilience/timeout-bounds-hang/x: target-restarted")), "false alarm: security/error-leak/x"},
		{"started anew, and noticed", beside(redeploy, of1(kindRight, 3), "load/slo-at-target/x: target-restarted"), ""},
		{"started anew, and not noticed", beside(redeploy, of1(kindRight, 3), "harness/wire-is-live/x: wire-dark"), "nothing is unproven because the shop was started anew"},
		{"started anew, accused", beside(redeploy, of1(kindRight, 1, "security/error-leak")), "false alarm: security/error-leak/x"},
		{"under overload, not proven", of1(kindLoaded, 3), "exit 3 on the right system"},
		{"another shape, failed", of1(kindBenign, 1, "auth/bola"), "false alarm: auth/bola/x"},
		{"what is empty, failed", of1(kindNull, 1, "auth/bola"), ""},
		{"what is empty, kept", vacuous, "kept for nothing: auth/bola/x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.m.wrong(); got != tt.want {
				t.Errorf("wrong() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMainJobAndCoreAreWhole(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]int{"main": 16, "core": 48, "all": len(shop.Mutants()), "none": 0} {
		if got, err := selected(names); err != nil || len(got) != want {
			t.Errorf("%s: %d defects, %v", names, len(got), err)
		}
	}
}

func TestSeveralRunsOfOneAreTold(t *testing.T) {
	t.Parallel()
	c := config{target: processes, mutants: "no-timeout*2,bola", good: 2, first: 5, out: "out"}
	jobs, err := c.jobs()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range jobs {
		got = append(got, c.dir(j))
	}
	want := []string{"out/no-timeout-01", "out/no-timeout-02", "out/bola-01", "out/none-05", "out/none-06"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// What is empty keeps for nothing what was promised; the harness, the document
// and what the target keeps by itself do not count.
func TestReadTellsWhatWasKeptForNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, err := json.Marshal(map[string]any{"exit_code": 3, "seed": 7, "seconds": 2.5, "requests": map[string]int{"sent": 9}, "findings": []finding{
		{"contract/response-conforms", "contract/response-conforms/getMe", "fail", ""},
		{"resilience/breaker-opens", "resilience/breaker-opens/recs", "inconclusive", "no-stimulus"},
		{"harness/wire-is-live", "harness/wire-is-live/payment", "pass", ""},
		{"auth/bola", "auth/bola/getOrder", "pass", ""},
		{"resilience/retry-bounded", "resilience/retry-bounded/recs", "pass", ""},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "report.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	m := measurement{row: row{Kind: kindNull}, variant: shop.Variant{Kept: []string{"auth/"}}}
	if err := m.read(dir); err != nil {
		t.Fatal(err)
	}
	if got := list(m.Kept); got != "resilience/retry-bounded/recs" {
		t.Errorf("kept for nothing: %s", got)
	}
	if m.Seed != 7 || m.Requests != 9 || m.Passed != 3 || list(m.Failed) != "contract/response-conforms/getMe" || list(m.Unproven) != "resilience/breaker-opens/recs: no-stimulus" {
		t.Errorf("%+v", m.row)
	}
	if m.Kind = kindRight; m.vacuous() != nil {
		t.Errorf("of a right shop: %v", m.vacuous())
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pattern, claim string
		want           bool
	}{
		{"auth/", "auth/bola/getOrder", true},
		{"resilience/*/store", "resilience/db-outage/store", true},
		{"resilience/*/store", "resilience/db-outage/payment", false},
		{"resilience/*/store", "resilience/db-outage", false},
		{"obs/metrics", "obs/metrics-truthful/shop", false},
	} {
		if got := covers(tt.pattern, tt.claim); got != tt.want {
			t.Errorf("%s covers %s: %t", tt.pattern, tt.claim, got)
		}
	}
}

func TestOtherwise(t *testing.T) {
	t.Parallel()
	m := measurement{
		findings: []finding{{"harness/baseline-healthy", "harness/baseline-healthy/x", "pass", ""}, {"auth/bola", "auth/bola/x", "fail", ""}},
		beside:   &measurement{findings: []finding{{"auth/bola", "auth/bola/x", "pass", ""}, {"auth/bfla", "auth/bfla/x", "pass", ""}}},
	}
	want := "harness/baseline-healthy/x (pass, in processes not judged), auth/bola/x (fail, in processes pass), auth/bfla/x (not judged, in processes pass)"
	if got := list(m.otherwise()); got != want {
		t.Errorf("%s", got)
	}
}
