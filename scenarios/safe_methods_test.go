package scenarios

import (
	"slices"
	"testing"

	"github.com/plumbline-dev/plumbline"
)

// alters makes the operation that is tried change a value of both members.
func alters(pointer string) func(*plumbline.Evidence) {
	return func(e *plumbline.Evidence) {
		step(contractSafe, plumbline.TrialAfter, differs("answer:"+plumbline.TrialQuiet, pointer, "is 3, was 2"))(e)
		step(contractSafe, plumbline.TrialEnd, differs("answer:"+plumbline.TrialCalm, pointer, "is 3, was 2"))(e)
	}
}

func TestSafeMethods(t *testing.T) {
	t.Parallel()
	claim := safeMethods + "/getInvoice"
	both := func(changes ...func(*plumbline.Evidence)) func(*plumbline.Evidence) {
		return func(e *plumbline.Evidence) {
			for _, f := range changes {
				f(e)
			}
		}
	}
	gone := both(step(contractSafe, plumbline.TrialAfter, status(404)), step(contractSafe, plumbline.TrialEnd, status(410)))
	judgings(t, []judging{
		{"a value changes on both", claim, alters("/quantity"), plumbline.Fail, plumbline.LevelLikely, nil},
		{"it deletes", claim, gone, plumbline.Fail, plumbline.LevelLikely, nil},
		{"a value changes on one", claim, step(contractSafe, plumbline.TrialAfter, differs("answer:"+plumbline.TrialQuiet, "/status", `is "done", was "pending"`)), plumbline.Pass, "", nil},
		{"a value moves by itself", claim, both(alters("/age"), step(contractSafe, plumbline.TrialCalm, differs("answer:"+plumbline.TrialStill, "/age", "is 2, was 1"))), plumbline.Pass, "", nil},
		{"a count of visits", claim, alters("/visits"), plumbline.Pass, "", nil},
		{"one is gone", claim, step(contractSafe, plumbline.TrialAfter, status(404)), plumbline.Skipped, "", nil},
		{"the call is refused", claim, step(contractSafe, plumbline.TrialAgain, status(409)), plumbline.Skipped, "", nil},
	})
}

// What was seen to change data is named among what was not tested.
func TestWhatChangesDataIsNoLoad(t *testing.T) {
	t.Parallel()
	const said = "not sent under load: it was seen to change data although its method is safe"
	for name, c := range map[string]struct {
		change func(*plumbline.Evidence)
		want   bool
	}{"changed": {alters("/quantity"), true}, "right": {func(*plumbline.Evidence) {}, false}} {
		d := shop()
		withOrders(&d)
		p := drawn(t, d, safeMethods)
		e := goodRun(d, p)
		c.change(e)
		op, _ := d.Operation("getInvoice")
		if got, _ := operationCoverage(op, d, e); slices.Contains(got.Untested, said) != c.want {
			t.Errorf("%s: %q", name, got.Untested)
		}
	}
}
