package reports

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("ctrf", "ctrf.json", CTRF) }

type ctrfReport struct {
	Format  string `json:"reportFormat"`
	Version string `json:"specVersion"`
	Results struct {
		Tool struct {
			Name    string `json:"name"`
			Version string `json:"version,omitempty"`
		} `json:"tool"`
		Summary     ctrfSummary    `json:"summary"`
		Tests       []ctrfTest     `json:"tests"`
		Environment map[string]any `json:"environment,omitempty"`
		Extra       map[string]any `json:"extra,omitempty"`
	} `json:"results"`
}

type ctrfSummary struct {
	Tests   int   `json:"tests"`
	Passed  int   `json:"passed"`
	Failed  int   `json:"failed"`
	Pending int   `json:"pending"`
	Skipped int   `json:"skipped"`
	Other   int   `json:"other"`
	Start   int64 `json:"start"` // milliseconds since 1970
	Stop    int64 `json:"stop"`
}

type ctrfTest struct {
	Name      string         `json:"name"`
	Status    string         `json:"status"`
	Duration  int64          `json:"duration"`
	Suite     []string       `json:"suite,omitempty"`
	Message   string         `json:"message,omitempty"`
	Trace     string         `json:"trace,omitempty"`
	Line      int            `json:"line,omitempty"`
	RawStatus string         `json:"rawStatus,omitempty"`
	FilePath  string         `json:"filePath,omitempty"`
	Extra     map[string]any `json:"extra,omitempty"`
}

// CTRF writes the Common Test Report Format (https://ctrf.io), one test a
// claim. What could not be judged is "other": the format has no word for it,
// and neither passed nor failed would be true.
func CTRF(w io.Writer, r plumbline.Report) error {
	var out ctrfReport
	out.Format, out.Version = "CTRF", "0.0.0"
	out.Results.Tool.Name, out.Results.Tool.Version = "plumbline", r.Run.Tool
	out.Results.Environment = map[string]any{"appName": r.Service, "appVersion": or(r.Document.Version, "unknown"), "extra": map[string]any{"target": r.Target}}
	out.Results.Extra = map[string]any{"plumbline": map[string]any{"outcome": r.Outcome, "sentence": r.Sentence, "run": r.Run.ID, "seed": r.Seed}}
	out.Results.Tests = []ctrfTest{}
	s := &out.Results.Summary
	s.Start = r.Run.Began.UnixMilli()
	s.Stop = s.Start + int64(1000*r.Seconds)
	for _, f := range r.Findings {
		out.Results.Tests = append(out.Results.Tests, s.count(f))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func (s *ctrfSummary) count(f plumbline.Finding) ctrfTest {
	group, _, _ := strings.Cut(f.Function, "/")
	t := ctrfTest{Name: f.Claim, Suite: []string{group}, Message: f.Reason, RawStatus: string(f.Outcome), Line: f.Source.Line, FilePath: f.Source.File, Extra: ctrfExtra(f)}
	s.Tests++
	switch {
	case f.Outcome == plumbline.Pass:
		t.Status = "passed"
		s.Passed++
	case f.Outcome == plumbline.Fail && f.Gates:
		t.Status, t.Trace = "failed", details(f)
		s.Failed++
	case f.Outcome == plumbline.Skipped:
		t.Status = "skipped"
		s.Skipped++
	default:
		if mildly(f) {
			t.Message = told(f) + ": " + t.Message
		}
		t.Status, t.Trace = "other", details(f)
		s.Other++
	}
	return t
}

// ctrfExtra are the figures of a claim, under our name.
func ctrfExtra(f plumbline.Finding) map[string]any {
	x := map[string]any{"gates": f.Gates}
	if f.Severity != "" {
		x["severity"] = f.Severity
	}
	if f.Unit != "" {
		x["measured"], x["allowed"], x["unit"], x["samples"] = f.Measured, f.Allowed, f.Unit, f.Samples
		if f.Floor {
			x["floor"] = true
		}
	}
	if f.Replay != "" {
		x["replay"] = f.Replay
	}
	return map[string]any{"plumbline": x}
}
