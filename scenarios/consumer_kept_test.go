package scenarios

import (
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

const keptClaim = consumerKept + "/pacts/web.json/0"

// web changes the interaction that the design has.
func web(change ...func(*plumbline.Consumer)) func(*plumbline.Design) {
	return func(d *plumbline.Design) {
		for _, f := range change {
			f(&d.Consumers[0])
		}
	}
}

// saw says what answers held, and nothing else did.
func saw(status int, fields ...string) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		s := plumbline.Seen{Operation: "getOrder", Status: status, Media: "application/json", Count: 4, Fields: map[string]int64{}}
		for _, f := range fields {
			s.Fields[f] = 2
		}
		e.Seen = []plumbline.Seen{s}
	}
}

func init() {
	specimens[consumerKept] = specimen{
		kept:     spoil(keptClaim, saw(200, "/id", "/note", "/total"), web()),
		broken:   spoil(keptClaim, both(saw(200, "/id", "/note"), results(plumbline.PactMismatch, "body $.note: expected text")), web()),
		unproven: spoil(keptClaim, saw(200, "/id"), web()),
	}
}

func both(a, b func(*plumbline.Evidence)) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) { a(e); b(e) }
}

func TestConsumerKept(t *testing.T) {
	breach := func(c *plumbline.Consumer) {
		c.Breaches = []plumbline.Breach{{Code: "response.body.incompatible", Pointer: "/interactions/0/response/body/note", Message: "the document declares no property note"}}
	}
	all := saw(200, "/id", "/note")
	asPending := func(c *plumbline.Consumer) { c.Pending = true }
	for _, c := range []struct {
		name    string
		change  func(*plumbline.Evidence)
		design  func(*plumbline.Design)
		outcome plumbline.Outcome
		says    string
	}{
		{"incompatible, though verified and seen", all, web(breach), plumbline.Fail, "declares no property note"},
		{"seen with another status only", saw(201, "/id", "/note"), web(), plumbline.Inconclusive, "/id, /note"},
		{"a field is missing", saw(200, "/id"), web(), plumbline.Inconclusive, "/note"},
		{"the verifier did not run", both(all, results(plumbline.PactNotRun, "crashed")), web(), plumbline.Inconclusive, "not run"},
		{"no result", both(all, func(e *plumbline.Evidence) { e.Pacts = nil }), web(), plumbline.Inconclusive, "no result"},
		{"the state could not be created", both(all, results(plumbline.PactStateUnset, "nothing creates one")), web(), plumbline.Inconclusive, "state"},
		{"no answer", both(all, results(plumbline.PactError, "reset")), web(), plumbline.Inconclusive, "reset"},
		{"a pending pact that is incompatible is told only", all, web(breach, asPending), plumbline.Fail, "pending"},
		{"a pending pact that is unproven gates nothing", saw(200), web(asPending), plumbline.Skipped, "pending"},
		{"it reads nothing", func(*plumbline.Evidence) {}, web(func(c *plumbline.Consumer) { c.Reads = nil }), plumbline.Pass, "0 fields"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, claim, e := spoil(keptClaim, c.change, c.design)(t)
			if v := judgeKept(d, claim, e); d.Consumers[0].Pending && v.Outcome == plumbline.Fail && v.Level != plumbline.LevelAdvisory {
				t.Errorf("level %q of a pending pact", v.Level)
			}
			v := judgeKept(d, claim, e)
			if v.Outcome != c.outcome || !strings.Contains(v.Statement, c.says) {
				t.Errorf("%s: %s; want %s with %q", v.Outcome, v.Statement, c.outcome, c.says)
			}
		})
	}
}

func TestInteractionsOfEqualNameHaveClaimsOfTheirOwn(t *testing.T) {
	d := plumbline.Design{Consumers: []plumbline.Consumer{{File: "a.json", Description: "asks for it"}, {File: "a.json", Description: "asks for it"}, {File: "b.json", Key: "k"}}}
	want := []string{consumerKept + "/a.json/asks-for-it", consumerKept + "/a.json/asks-for-it-2", consumerKept + "/b.json/k"}
	for i, w := range want {
		if got := keptID(d, i); got != w {
			t.Errorf("%q, want %q", got, w)
		}
	}
}
