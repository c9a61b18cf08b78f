package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// A broken claim of a lower severity is broken in every format, and kept in
// none.
func TestALowerSeverityIsToldAsBrokenInEveryFormat(t *testing.T) {
	t.Parallel()
	for format, want := range map[string][]string{
		"text":        {"✗ broken (warn)", "severity  warn: it is broken", "1 kept · 0 broken", "1 broken without gating"},
		"html":        {"broken (warn)", "warn: it is broken, and the run does not fail for it"},
		"markdown":    {"— broken (warn)", "severity warn: it is broken", "1 broken without gating"},
		"comment":     {"broken (warn)", "severity warn: it is broken"},
		"junit":       {`<failure message="severity warn:`, `type="warn"`},
		"ctrf":        {`"rawStatus": "fail"`, `"severity": "warn"`, "broken (warn): "},
		"sarif":       {`"level": "warning"`},
		"gitlab":      {`"severity": "minor"`},
		"github":      {"::warning file=plumbline.yaml,line=21,title=broken (warn)%3A "},
		"openmetrics": {`outcome="broken-not-gating"} 1`, `outcome="kept"} 1`, `outcome="broken"} 0`},
		"json":        {`"severity": "warn"`, `"outcome": "fail"`},
	} {
		f := broken()
		f.Gates, f.Severity = false, plumbline.SeverityWarn
		r := plumbline.Report{Schema: plumbline.ReportSchema, Outcome: plumbline.Fit, Service: "shop", Sentence: "fit: 1 of 1 claim kept", Findings: []plumbline.Finding{f, kept()}}
		write, ok := Lookup(format)
		if !ok {
			t.Fatalf("no format %s", format)
		}
		var out bytes.Buffer
		if err := write(&out, r); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s lacks %q:\n%s", format, w, bare(out.Bytes()))
			}
		}
	}
}

func TestInformationIsLessThanAWarning(t *testing.T) {
	t.Parallel()
	f := broken()
	f.Gates, f.Severity = false, plumbline.SeverityInfo
	r := plumbline.Report{Schema: plumbline.ReportSchema, Outcome: plumbline.Fit, Service: "shop", Findings: []plumbline.Finding{f}}
	for format, want := range map[string]string{"sarif": `"level": "note"`, "gitlab": `"severity": "info"`, "github": "::notice file=plumbline.yaml", "text": "broken (info)"} {
		write, _ := Lookup(format)
		var out bytes.Buffer
		if err := write(&out, r); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v, lacks %q:\n%s", format, err, want, out.String())
		}
	}
}

// What the first screen says of a history: that there is no baseline, what
// flips, and where a claim was first bad.
func TestFirstScreenOfAHistory(t *testing.T) {
	t.Parallel()
	r := plumbline.Report{
		Schema: plumbline.ReportSchema, Outcome: plumbline.Unfit, Service: "shop", Sentence: "unfit: 1 of 1 claim broken", Findings: []plumbline.Finding{broken()},
		NoBaseline: "No baseline yet: latencies were held against no earlier run, for this is the first run of the history.",
		Since: &plumbline.Since{
			Against: &plumbline.Past{Run: "0123456789ab", Outcome: plumbline.Fit}, Good: true,
			New:   []plumbline.Turn{{Claim: "a/b/c", Outcome: plumbline.Fail, Age: 1, First: &plumbline.Past{Revision: "4e5f"}, After: &plumbline.Past{Revision: "1a2b"}, Kept: true}},
			Flaky: []plumbline.Flaky{{Claim: "d/e/f", Flips: 3, Runs: 9, Broken: 2}},
		},
	}
	for _, format := range []string{"text", "html", "markdown", "comment"} {
		write, _ := Lookup(format)
		var out bytes.Buffer
		if err := write(&out, r); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(strings.Fields(out.String()), " ")
		for _, want := range []string{"No baseline yet: latencies were held against no earlier run", "first bad: 1a2b..4e5f", "d/e/f: 3 flips in 9 runs with no change that is known, broken in 2"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %q", format, want)
			}
		}
	}
}

func TestFirstBad(t *testing.T) {
	t.Parallel()
	past := func(revision string) *plumbline.Past { return &plumbline.Past{Revision: revision} }
	for want, turn := range map[string]plumbline.Turn{
		"":                            {Outcome: plumbline.Pass, First: past("b")},
		"first bad: revision unknown": {Outcome: plumbline.Fail, First: past(""), After: past("a"), Kept: true},
		"first bad: a..b":             {Outcome: plumbline.Fail, First: past("b"), After: past("a"), Kept: true},
		"first bad at b, and never seen kept before":            {Outcome: plumbline.Fail, First: past("b"), After: past("a")},
		"first bad at b; revision of the last good run unknown": {Outcome: plumbline.Fail, First: past("b"), After: past(""), Kept: true},
		"first bad at b, which was good before":                 {Outcome: plumbline.Fail, First: past("b"), After: past("b"), Kept: true},
	} {
		if got := firstBad(turn); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
