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
