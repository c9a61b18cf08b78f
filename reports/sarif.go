package reports

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/plumbline-dev/plumbline"
)

func init() { register("sarif", "report.sarif", SARIF) }

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool struct {
		Driver sarifDriver `json:"driver"`
	} `json:"tool"`
	AutomationDetails struct {
		ID string `json:"id"`
	} `json:"automationDetails"`
	Language string        `json:"language"`
	Newlines []string      `json:"newlineSequences"`
	Results  []sarifResult `json:"results"`
}

type sarifDriver struct {
	Name           string      `json:"name"`
	Version        string      `json:"version,omitempty"`
	InformationURI string      `json:"informationUri"`
	Language       string      `json:"language"`
	Rules          []sarifRule `json:"rules"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID               string     `json:"id"`
	ShortDescription sarifText  `json:"shortDescription"`
	Help             *sarifText `json:"help,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region sarifRegion `json:"region"`
	} `json:"physicalLocation"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

// SARIF writes the failures that have a line in a document as a SARIF 2.1.0
// log (OASIS). Fingerprints are made of the claim, so that a finding stays one
// finding when lines move.
func SARIF(w io.Writer, r plumbline.Report) error {
	var run sarifRun
	run.Tool.Driver = sarifDriver{Name: "Plumbline", Version: r.Run.Tool, InformationURI: "https://github.com/plumbline-dev/plumbline", Language: "en", Rules: []sarifRule{}}
	run.AutomationDetails.ID = "plumbline/" + r.Service + "/" + r.Run.ID
	run.Language, run.Newlines = "en", []string{"\r\n", "\n"}
	run.Results = []sarifResult{}
	for _, f := range placed(r) {
		run.add(f)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// placed are the failures, waived ones too, that have a line in a document.
// Those whose cause another one tells are not told again.
func placed(r plumbline.Report) []plumbline.Finding {
	return slices.DeleteFunc(withOutcome(r, plumbline.Fail, plumbline.Waived), func(f plumbline.Finding) bool {
		return symptom(f) || f.Source.File == "" || f.Source.Line == 0
	})
}

func (run *sarifRun) add(f plumbline.Finding) {
	rules := &run.Tool.Driver.Rules
	at := slices.IndexFunc(*rules, func(x sarifRule) bool { return x.ID == f.Function })
	if at < 0 {
		at = len(*rules)
		rule := sarifRule{ID: f.Function, ShortDescription: sarifText{or(f.Title, f.Function)}}
		if f.Standard != "" {
			rule.Help = &sarifText{"Rests on: " + f.Standard}
		}
		*rules = append(*rules, rule)
	}
	x := sarifResult{RuleID: f.Function, RuleIndex: at, Level: "error", Message: sarifText{f.Claim + ": " + f.Reason}, Fingerprints: map[string]string{"claim/v1": anchorOf(f.Claim)}}
	switch {
	case f.Outcome == plumbline.Waived:
		x.Suppressions = []sarifSuppression{{Kind: "external", Justification: f.Reason}}
	case f.Level == plumbline.LevelAdvisory, f.Severity == plumbline.SeverityInfo:
		x.Level = "note"
	case !f.Gates:
		x.Level = "warning"
	}
	if f.Remedy != "" {
		x.Message.Text += ". Remedy: " + f.Remedy
	}
	var l sarifLocation
	l.Physical.Artifact.URI = (&url.URL{Path: filepath.ToSlash(f.Source.File)}).String()
	l.Physical.Region = sarifRegion{StartLine: f.Source.Line, StartColumn: f.Source.Column}
	x.Locations = []sarifLocation{l}
	run.Results = append(run.Results, x)
}
