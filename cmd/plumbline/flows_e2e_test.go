//go:build e2e

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// flowsLoad is a load of flows of the shop, one that it states and one that is
// learned, beside single requests.
const flowsLoad = `load: {rate: 60, duration: 12s, think_time: 200ms, mix: {"flow:order-life": 1, "flow:life-of-orders": 1, listOrders: 4}}` + "\n"

// TestFlowsOfTheShop loads the shop with flows: the report tells of each flow, of
// its steps, and of nothing twice.
func TestFlowsOfTheShop(t *testing.T) {
	s, dir, out := stage(t), t.TempDir(), filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(dir, os.DirFS("../../examples/shop")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "plumbline.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "load:"):
			line = flowsLoad
		case strings.HasPrefix(line, "slos:"):
			line += `  - {name: lives, operations: ["flow:order-life", "flow:life-of-orders"], availability: 90%, p90: 2s}` + "\n"
		}
		lines = append(lines, line)
	}
	if err := os.WriteFile(name, []byte(strings.Join(lines, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), s.bin, "load", "-c", name, "--out", out)
	cmd.Env = append(os.Environ(), s.env...)
	said, err := cmd.CombinedOutput()
	t.Logf("%v\n%s", err, said)
	data, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r plumbline.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Flows) != 2 {
		t.Fatalf("the report tells of %+v", r.Flows)
	}
	for _, f := range r.Flows {
		if f.Whole == 0 || f.Whole < f.Hits*9/10 || len(f.Steps) < 3 || len(f.Steps[0].Quantiles) == 0 {
			t.Errorf("got %+v", f)
		}
		for i, step := range f.Steps {
			if step.Reached > f.Hits || i > 0 && step.Reached > f.Steps[i-1].Reached || step.Reached < f.Whole {
				t.Errorf("%d of %d came to %s", step.Reached, f.Hits, step.Step)
			}
		}
	}
	for _, c := range r.Findings {
		if c.Outcome == plumbline.Fail {
			t.Errorf("the right shop is accused: %s: %s", c.Claim, c.Reason)
		}
		if strings.HasSuffix(c.Claim, "/lives") && c.Outcome == plumbline.Pass && int64(c.Samples) != r.Flows[0].Hits+r.Flows[1].Hits {
			t.Errorf("%d flows were judged of %d", c.Samples, r.Flows[0].Hits+r.Flows[1].Hits)
		}
	}
	page, err := os.ReadFile(filepath.Join(out, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{string(page), string(said)} {
		for _, want := range []string{"flow:order-life", "read-again", "were made whole"} {
			if !strings.Contains(where, want) {
				t.Errorf("%q is not told", want)
			}
		}
	}
	if left := r.Requests.Survived; left != 0 {
		t.Errorf("%d things survive", left)
	}
}
