package reports

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("gitlab", "", GitLab) }

type gitlabIssue struct {
	Description string         `json:"description"`
	Check       string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// GitLab writes a code quality report: the failures that have a line in a
// document, for the widget of a merge request. Waived ones are left out.
func GitLab(w io.Writer, r plumbline.Report) error {
	out := []gitlabIssue{}
	for _, f := range placed(r) {
		if f.Outcome == plumbline.Waived {
			continue
		}
		sum := sha256.Sum256([]byte(f.Claim))
		x := gitlabIssue{Description: f.Claim + ": " + f.Reason, Check: f.Function, Fingerprint: hex.EncodeToString(sum[:16]), Severity: gitlabSeverity(f)}
		x.Location.Path, x.Location.Lines.Begin = f.Source.File, f.Source.Line
		out = append(out, x)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func gitlabSeverity(f plumbline.Finding) string {
	switch {
	case f.Gates:
		return "critical"
	case f.Level == plumbline.LevelAdvisory, f.Severity == plumbline.SeverityInfo:
		return "info"
	}
	return "minor"
}
