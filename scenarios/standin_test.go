package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// A stand-in that answers the examples of the document and checks credentials,
// but calls nothing.
func TestMockGetsNoCertificateOfSecurity(t *testing.T) {
	d := shop()
	fns := own()
	p := drawn(t, d, "harness", "contract", "load", "auth", "security", "obs")
	e := goodRun(d, p)
	e.Exchanges = nil
	r := Judge(d, p, fns, e)
	for _, f := range r.Findings {
		if f.Outcome == plumbline.Pass && f.Gates && !strings.HasPrefix(f.Claim, "contract/") && !strings.HasPrefix(f.Claim, "load/") {
			t.Errorf("a mock passes %s: %s", f.Claim, f.Reason)
		}
	}
	if r.Outcome != plumbline.NotProven {
		t.Errorf("%s: %s", r.Outcome, r.Sentence)
	}
}

// A target that answers everything alike must not get a certificate.
func TestNullTargetsPassNothingThatNeedsAProof(t *testing.T) {
	d := shop()
	fns := own()
	p := drawn(t, d, "harness", "contract", "load", "auth", "security", "obs")
	for name, change := range map[string]func(o *plumbline.Observation){
		"dead port": func(o *plumbline.Observation) { o.Status, o.Error = 0, plumbline.ErrorRefused },
		"401":       func(o *plumbline.Observation) { o.Status = 401 },
		"404":       func(o *plumbline.Observation) { o.Status = 404 },
		"503":       func(o *plumbline.Observation) { o.Status = 503 },
	} {
		e := goodRun(d, p)
		for i := range e.Observations {
			change(&e.Observations[i])
		}
		class := map[string]string{"dead port": "refused", "401": "4xx", "404": "4xx", "503": "5xx"}[name]
		for i := range e.Series {
			e.Series[i].Class = class
		}
		e.Exchanges, e.Pacts = nil, nil
		r := Judge(d, p, fns, e)
		for _, f := range r.Findings {
			// What compares two documents says nothing about the target.
			if f.Outcome == plumbline.Pass && f.Gates && f.Function != noBreakingChange {
				t.Errorf("%s passes %s: %s", name, f.Claim, f.Reason)
			}
		}
		if r.ExitCode == plumbline.ExitFit {
			t.Errorf("%s is fit: %s", name, r.Sentence)
		}
	}
}
