package history

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
	"github.com/plumbline-dev/plumbline/reports"
)

// asOf is a report of the sample system on a day of November.
func asOf(t *testing.T, name string, day int) plumbline.Report {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := reports.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r.Run.Began = time.Date(2026, 11, day, 2, 0, 0, 0, time.UTC)
	r.Run.ID = r.Run.Began.Format("20060102") + "beef"
	return r
}

const breaker = "resilience/breaker-opens/inventory"

// with gives the claim about the breaker an outcome.
func with(r plumbline.Report, o plumbline.Outcome, w *plumbline.Waiver) plumbline.Report {
	r.Findings = append([]plumbline.Finding{}, r.Findings...)
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Claim == breaker {
			f.Outcome, f.Waiver, f.Gates = o, w, o != plumbline.Waived
			f.Reason = "13 calls after the breaker should have opened"
		}
	}
	if o == plumbline.Fail {
		r.Outcome, r.Sentence = plumbline.Unfit, "unfit: 1 of 42 claims broken"
	}
	return r
}

// TestTheDeltaComesFirst writes comments for the mornings that matter.
func TestTheDeltaComesFirst(t *testing.T) {
	t.Parallel()
	waiver := &plumbline.Waiver{Claim: breaker, Reason: "ADR 12", Owner: "team-payments", Until: "2026-11-21"}
	good := asOf(t, "fit", 20)
	for name, c := range map[string]struct {
		past []plumbline.Report
		now  plumbline.Report
	}{
		"first-run":       {nil, good},
		"new-failure":     {[]plumbline.Report{good}, with(asOf(t, "fit", 21), plumbline.Fail, nil)},
		"still-failing":   {[]plumbline.Report{good, with(asOf(t, "fit", 21), plumbline.Fail, nil)}, with(asOf(t, "fit", 22), plumbline.Fail, nil)},
		"fixed":           {[]plumbline.Report{good, with(asOf(t, "fit", 21), plumbline.Fail, nil)}, asOf(t, "fit", 22)},
		"waiver-expired":  {[]plumbline.Report{good, with(asOf(t, "fit", 21), plumbline.Waived, waiver)}, with(asOf(t, "fit", 22), plumbline.Fail, waiver)},
		"killed-half-way": {[]plumbline.Report{good}, asOf(t, "not-proven", 21)},
	} {
		c.now.Since = filled(t, c.past...).Since(c.now)
		var out bytes.Buffer
		if err := reports.Comment(&out, c.now); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".md", out.Bytes())
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll("testdata", 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil { //nolint:gosec // a golden file
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got; UPDATE=1 rewrites):\n%s", path, d)
	}
}
