package reports

import (
	"bytes"
	"strings"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// What the target says stands beside what its client saw.
func TestAccountOnThePage(t *testing.T) {
	t.Parallel()
	both := plumbline.AccountPhase{
		Experiment: "load/target", Phase: "steady", Client: plumbline.AccountCount{Requests: 2440, Failed: 3, Mean: 2.5}, Target: plumbline.AccountCount{Requests: 2485, Failed: 1, Mean: 1.5},
		CPU: 0.25, Before: 50 << 20, After: 51 << 20, Opened: -3, Requested: true,
	}
	for _, c := range []struct {
		account *plumbline.Account
		want    []string
	}{
		{nil, nil},
		{&plumbline.Account{Phases: []plumbline.AccountPhase{both}}, []string{"What the target says of itself", ">2440<", ">2485<", ">51.0<", ">-3<"}},
		{&plumbline.Account{Phases: []plumbline.AccountPhase{{Experiment: "load/target", Phase: "steady"}}}, []string{"not told"}},
	} {
		var b bytes.Buffer
		if err := HTML(&b, plumbline.Report{Account: c.account}); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("the page lacks %q", w)
			}
		}
		if c.want == nil && strings.Contains(b.String(), "says of itself") {
			t.Error("an account of a target that was not asked")
		}
	}
}
