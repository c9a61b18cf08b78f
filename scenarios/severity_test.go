package scenarios

import (
	"slices"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestSeverityOfAClaim(t *testing.T) {
	t.Parallel()
	const claim = "resilience/retry-bounded/payment"
	for name, c := range map[string]struct {
		weightings map[string]plumbline.Severity
		want       plumbline.Severity
	}{
		"nothing is said":             {nil, plumbline.SeverityGate},
		"the group":                   {map[string]plumbline.Severity{"resilience": "warn"}, "warn"},
		"the function":                {map[string]plumbline.Severity{"resilience/retry-bounded": "info"}, "info"},
		"the claim":                   {map[string]plumbline.Severity{claim: "warn"}, "warn"},
		"a pattern":                   {map[string]plumbline.Severity{"resilience/retry-*": "info"}, "info"},
		"the longest holds":           {map[string]plumbline.Severity{"resilience": "warn", "resilience/retry-bounded": "gate"}, "gate"},
		"another claim":               {map[string]plumbline.Severity{"resilience/retry-bounded/pay": "warn"}, "gate"},
		"a star stands for one part":  {map[string]plumbline.Severity{"*": "warn"}, "gate"},
		"two stars stand for all two": {map[string]plumbline.Severity{"*/*": "warn"}, "warn"},
	} {
		d := plumbline.Design{}
		for pattern, s := range c.weightings {
			d.Severities = append(d.Severities, plumbline.Weighting{Claims: pattern, Severity: s})
		}
		if got := severityOf(d, plumbline.Claim{ID: claim, Function: "resilience/retry-bounded"}); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestNamesOfTheCatalogueAreKnown(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"load": true, "load/slo-at-target": true, "load/slo-at-target/fast": true, "load/*": true, "*/*": true,
		"lod": false, "load/slo": false, "resilience/retry-*-x": false, "": false,
	} {
		if got := Known(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}

// A broken claim at warn or info stays broken, and the run does not fail.
func TestBrokenAtALowerSeverityDoesNotFailTheRun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		severity plumbline.Severity
		outcome  plumbline.Overall
		exit     int
		gates    bool
	}{
		{"", plumbline.Unfit, plumbline.ExitUnfit, true},
		{plumbline.SeverityGate, plumbline.Unfit, plumbline.ExitUnfit, true},
		{plumbline.SeverityWarn, plumbline.Fit, plumbline.ExitFit, false},
		{plumbline.SeverityInfo, plumbline.Fit, plumbline.ExitFit, false},
	} {
		for where, say := range map[string]func(*plumbline.Design){
			"objective": func(d *plumbline.Design) { d.Objectives[0].Severity = c.severity },
			"function": func(d *plumbline.Design) {
				if c.severity != "" {
					d.Severities = []plumbline.Weighting{{Claims: sloAtTarget + "/orders-latency", Severity: c.severity}}
				}
			},
		} {
			d, _, e := spoil(sloAtTarget+"/orders-latency", slow(60), say)(t)
			p := drawn(t, d, sloAtTarget)
			r := Judge(d, p, Functions(), e)
			i := slices.IndexFunc(r.Findings, func(f plumbline.Finding) bool { return f.Claim == sloAtTarget+"/orders-latency" })
			f := r.Findings[i]
			if r.Outcome != c.outcome || r.ExitCode != c.exit || f.Outcome != plumbline.Fail || f.Gates != c.gates {
				t.Errorf("%s %q: %s, exit %d, %s, gates %v: %s", where, c.severity, r.Outcome, r.ExitCode, f.Outcome, f.Gates, r.Sentence)
			}
			if told := strings.Contains(r.Sentence, "broken without failing the run"); told == c.gates {
				t.Errorf("%s %q: %s", where, c.severity, r.Sentence)
			}
		}
	}
}

// What is kept counts as kept, whatever it would do if it were broken; what
// cannot be told gates no more than a breach.
func TestKeptAndUnprovenAtALowerSeverity(t *testing.T) {
	t.Parallel()
	for o, gates := range map[plumbline.Outcome]bool{plumbline.Pass: true, plumbline.Inconclusive: false, plumbline.Fail: false, plumbline.Error: false} {
		f := plumbline.Finding{Outcome: o, Gates: true}
		if soften(&f, plumbline.SeverityWarn); f.Gates != gates || f.Severity != plumbline.SeverityWarn || f.Outcome != o {
			t.Errorf("%s: %+v", o, f)
		}
	}
	f := plumbline.Finding{Outcome: plumbline.Fail, Gates: true}
	if soften(&f, plumbline.SeverityGate); !f.Gates || f.Severity != "" {
		t.Errorf("%+v", f)
	}
}

// A cause that only warns does not take the gate from a symptom that fails the
// run.
func TestTheSeverestTellsTheCause(t *testing.T) {
	t.Parallel()
	findings := []plumbline.Finding{
		{Function: "a/mild", Claim: "a/mild/x", Outcome: plumbline.Fail, Severity: plumbline.SeverityWarn, Level: plumbline.LevelProved},
		{Function: "b/severe", Claim: "b/severe/x", Outcome: plumbline.Fail, Gates: true, Level: plumbline.LevelProved},
	}
	joinCauses(findings, []string{"one", "one"}, map[string]plumbline.Function{"a/mild": {Order: 1}, "b/severe": {Order: 2}})
	if !findings[1].Gates || findings[1].Because != "" || findings[0].Because != "b/severe/x" {
		t.Errorf("%+v", findings)
	}
}

func TestASeverityOfNothingIsTold(t *testing.T) {
	t.Parallel()
	d := shop()
	d.Severities = []plumbline.Weighting{{Claims: "load", Severity: "warn"}, {Claims: "auth/bola", Severity: "info"}}
	notes := severityNotes(d, drawn(t, d, sloAtTarget))
	if len(notes) != 1 || !strings.Contains(notes[0], "auth/bola") {
		t.Errorf("%q", notes)
	}
}
