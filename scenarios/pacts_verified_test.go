package scenarios

import (
	"testing"

	"github.com/plumbline-dev/plumbline"
)

func TestLockedOut(t *testing.T) {
	d := plumbline.Design{Operations: []plumbline.Operation{{ID: "open"}, {ID: "closed", Secured: true}}}
	refused := func(op, detail string) plumbline.PactResult {
		return plumbline.PactResult{Operation: op, Result: plumbline.PactMismatch, Detail: []string{detail}}
	}
	for _, c := range []struct {
		name string
		r    plumbline.PactResult
		want bool
	}{
		{"secured, 401", refused("closed", "expected 200 but was 401"), true},
		{"secured, wrong body", refused("closed", "body $.name: expected 7"), false},
		{"open, 401", refused("open", "expected 200 but was 401"), false},
	} {
		if got := lockedOut(d, c.r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	d.Identities = []plumbline.Identity{{Name: "alice"}}
	if lockedOut(d, refused("closed", "expected 200 but was 401")) {
		t.Error("who is declared and refused is not locked out for want of a declaration")
	}
}

func TestWithoutTheLibraryTheReasonSaysSo(t *testing.T) {
	notRun := []plumbline.PactResult{{Result: plumbline.PactNotRun, Detail: []string{"libpact_ffi 0.5.8 is not installed; `plumbline setup` fetches it"}}}
	if v := pactsNotRun(notRun, notRun); v.Reason != plumbline.ReasonNoLibrary || v.Remedy == "" {
		t.Errorf("%s, remedy %q", v.Reason, v.Remedy)
	}
	crashed := []plumbline.PactResult{{Result: plumbline.PactNotRun, Detail: []string{"the pact worker crashed: EOF"}}}
	if v := pactsNotRun(crashed, crashed); v.Reason != plumbline.ReasonIncomplete {
		t.Errorf("a crash: %s", v.Reason)
	}
}

func TestWhatTheRunMayNotSendAndWhatIsRefusedIsNotBroken(t *testing.T) {
	d := plumbline.Design{Service: "shop", Operations: []plumbline.Operation{{ID: "make", Cases: []plumbline.Case{{ID: "c"}}}}, Pacts: []string{"web.json"}}
	result := func(file, result string, detail ...string) plumbline.PactResult {
		return plumbline.PactResult{File: file, Description: "make answers 201", Result: result, Detail: detail}
	}
	own := generatedPact(d)
	for name, c := range map[string]struct {
		file string
		r    plumbline.PactResult
		want plumbline.Outcome
	}{
		"withheld":                {own, result(own, plumbline.PactWithheld, "DELETE /all"), plumbline.Pass},
		"withheld, of a consumer": {"web.json", result("web.json", plumbline.PactWithheld, "DELETE /all"), plumbline.Pass},
		"refused":                 {own, result(own, plumbline.PactMismatch, "expected 201 but was 422"), plumbline.Pass},
		"refused, of a consumer":  {"web.json", result("web.json", plumbline.PactMismatch, "expected 201 but was 422"), plumbline.Fail},
		"broken":                  {own, result(own, plumbline.PactMismatch, "expected 201 but was 500"), plumbline.Fail},
		"another body":            {own, result(own, plumbline.PactMismatch, "body $.name: expected 7"), plumbline.Fail},
	} {
		e := &plumbline.Evidence{Pacts: []plumbline.PactResult{{File: c.file, Result: plumbline.PactOK}, c.r}}
		claim := plumbline.Claim{ID: pactsVerified + "/" + c.file, Source: plumbline.Source{File: c.file}}
		if v := judgePacts(d, claim, e); v.Outcome != c.want {
			t.Errorf("%s: %s %s", name, v.Outcome, v.Statement)
		}
		e.Pacts = e.Pacts[1:]
		if v := judgePacts(d, claim, e); c.want == plumbline.Pass && v.Outcome != plumbline.Inconclusive {
			t.Errorf("%s alone: %s %s", name, v.Outcome, v.Statement)
		}
	}
}
