package scenarios

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/plumbline-dev/plumbline"
)

func taughtDesign() plumbline.Design {
	op := func(method, id, path string) plumbline.Operation {
		return plumbline.Operation{
			ID: id, Method: method, Path: path, Produces: []string{"id"}, Statuses: []string{"201"},
			Lessons: []plumbline.Lesson{{In: "body", Name: "/lines/*/sku", From: "listProducts", Pointer: "/*/sku"}},
			Cases:   []plumbline.Case{{ID: id + "/required", Operation: id, Request: plumbline.Request{Method: method, Path: path}}},
		}
	}
	return plumbline.Design{Mode: plumbline.ModeOwn, Operations: []plumbline.Operation{op("POST", "createOrder", "/orders"), op("POST", "refundProduct", "/refund"), op("POST", "makeOther", "/others")}}
}

// What is learnt is learnt before everything else, for the operations that the
// plan calls and that are not called as something that acts on what is there.
func TestLearningComesFirst(t *testing.T) {
	t.Parallel()
	d := taughtDesign()
	plan, err := Draw(d, Functions(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if x := plan.Experiments[0]; x.ID != contractLearn {
		t.Errorf("the first experiment is %s", x.ID)
	}
	called := []plumbline.Experiment{{Phases: []plumbline.Phase{
		{Calls: []plumbline.Call{{Operation: "createOrder"}}},
		{Flows: []plumbline.Flow{{Steps: []plumbline.Step{{Call: plumbline.Call{Operation: "refundProduct"}}}}}},
	}}}
	x, ok := learning(d, called)
	if diff := cmp.Diff([]string{"createOrder"}, x.Phases[0].Learn); diff != "" || !ok {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A refusal of a value that was made up is no refusal of valid input where one
// that is there is accepted; that of another place is one.
func TestWhatWasMadeUpIsNotHeldAgainstIt(t *testing.T) {
	t.Parallel()
	const learnt = "body/lines/*/sku from listProducts /0/sku"
	sent := func(pointer string, status int, learnt ...string) plumbline.Observation {
		return plumbline.Observation{Experiment: contractValid, Operation: "createOrder", Pointer: pointer, Status: status, Learnt: learnt}
	}
	for name, c := range map[string]struct {
		seen    []plumbline.Observation
		refused int
	}{
		"made up":            {[]plumbline.Observation{sent("", http.StatusCreated, learnt), sent("body/lines/0/sku", 422)}, 0},
		"nothing is known":   {[]plumbline.Observation{sent("", 422, learnt), sent("body/lines/0/sku", 422)}, 2},
		"another place":      {[]plumbline.Observation{sent("", http.StatusCreated, learnt), sent("body/quantity", 422)}, 1},
		"learnt and refused": {[]plumbline.Observation{sent("", http.StatusCreated, learnt), sent("body/quantity", 422, learnt)}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := taughtDesign()
			w := welcomeOf(d, d.Operations[0], &plumbline.Evidence{Observations: c.seen})
			if len(w.refused) != c.refused {
				t.Errorf("%d refused, want %d", len(w.refused), c.refused)
			}
		})
	}
}

// Whatever a finding is about, what it shows says which values were learnt, and
// where.
func TestWhatWasLearntIsShown(t *testing.T) {
	t.Parallel()
	seen := []plumbline.Observation{{Case: "createOrder/required", Operation: "createOrder", Status: 500, Learnt: []string{"body/sku from listProducts /0/sku"}}}
	got := exhibits(&plumbline.Evidence{}, seen)[0]
	const want = "createOrder/required: 500 after 0s, with learnt body/sku from listProducts /0/sku"
	if got.Summary != want || len(got.Observation.Learnt) != 1 {
		t.Errorf("%q, want %q", got.Summary, want)
	}
}
